using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Host.Settings.Reading;

namespace IvrConsent.Host.Consents;

/// <summary>The purposes by the settings in force: which there are, and on which ground each stands.</summary>
/// <param name="Lines">The lines in force.</param>
/// <param name="Ids">The ids of all purposes that the settings describe; where they describe none, any id is as good as another.</param>
internal sealed record PurposeBook(Func<IEnumerable<LineOptions>> Lines, Func<IEnumerable<string>> Ids)
{
    /// <summary>
    /// The line's own ground, or that of whichever line has the purpose. Consent, the strictest, where the lines do not agree, and for a purpose that
    /// nobody has: what is not known is not allowed.
    /// </summary>
    public LawfulBasis BasisOf(string purpose, string? line)
    {
        var grounds = Lines().Where(one => line is null || one.Name == line).SelectMany(one => one.Purposes).Where(one => one.Id == purpose).Select(one => one.Basis).Distinct().ToArray();
        return grounds is [var ground] ? ground : LawfulBasis.Consent;
    }

    /// <summary>
    /// What is wrong with a purpose that the settings do not describe; null where it is known. What was written is not repeated; what it may have been
    /// meant for is. An opt-out from a mistyped purpose would protect nobody, so this holds for whatever is said to it.
    /// </summary>
    public string? WhyUnknown(string purpose)
    {
        string[] known = [.. Ids()];
        if (known.Length == 0 || known.Contains(purpose, StringComparer.Ordinal))
        {
            return null;
        }

        var nearest = NearestWord.Find(purpose, known);
        return $"the settings have no such purpose{(nearest is null ? "" : $" (did you mean {nearest}?)")}; they have {string.Join(", ", known)}";
    }
}
