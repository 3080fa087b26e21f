using IvrConsent.Core.Consent;

namespace IvrConsent.Host.PublicPages;

/// <summary>
/// The fixed words of the public notice in one language (GDPR art. 13, ISO/IEC 29184). <c>{0}</c> stands for what the settings say: a key, a
/// name, a number of days.
/// </summary>
internal sealed record NoticeWords
{
    /// <summary>BCP 47 tag of these words.</summary>
    public required string Language { get; init; }

    /// <summary>The language's own name.</summary>
    public required string Name { get; init; }

    public required string Title { get; init; }

    public required string Line { get; init; }

    public required string OtherLanguages { get; init; }

    public required string NeverRecorded { get; init; }

    /// <summary>Accept key, decline key, on a line for opt-outs.</summary>
    public required string OptOut { get; init; }

    public required string Controller { get; init; }

    public required string Address { get; init; }

    public required string Contact { get; init; }

    public required string Officer { get; init; }

    public required string Purposes { get; init; }

    /// <summary>"Lawful basis" as a label.</summary>
    public required string Basis { get; init; }

    /// <summary>The six grounds of GDPR art. 6(1), in its order.</summary>
    public required IReadOnlyList<string> Bases { get; init; }

    /// <summary>"Kept for" as a label.</summary>
    public required string Kept { get; init; }

    /// <summary>Days after the end of the call: one, few (2 to 4, where the language tells them apart), many.</summary>
    public required IReadOnlyList<string> Days { get; init; }

    public required string Erasure { get; init; }

    public required string Choice { get; init; }

    /// <summary>Accept key, decline key.</summary>
    public required string Explicit { get; init; }

    /// <summary>Accept key, decline key; the purposes' own keys stand with the purposes.</summary>
    public required string Granular { get; init; }

    /// <summary>A purpose's key.</summary>
    public required string PurposeKey { get; init; }

    /// <summary>Decline key.</summary>
    public required string Announce { get; init; }

    /// <summary>Decline key.</summary>
    public required string Inform { get; init; }

    public required string AskInCall { get; init; }

    public required string RefusalGoesOn { get; init; }

    public required string RefusalEnds { get; init; }

    public required string Withdrawal { get; init; }

    /// <summary>The keys that withdraw.</summary>
    public required string WithdrawKeys { get; init; }

    public required string WithdrawLater { get; init; }

    public required string Erased { get; init; }

    public required string KeptLawful { get; init; }

    public required string WholePerson { get; init; }

    public required string Recipients { get; init; }

    public required string Processor { get; init; }

    public required string Recipient { get; init; }

    public required string Stored { get; init; }

    public required string NoRecipients { get; init; }

    /// <summary>Where something is outside the European Economic Area: who tells what protects it there (GDPR art. 13(1)(f), 15(2)).</summary>
    public required string ThirdCountries { get; init; }

    public required string Rights { get; init; }

    /// <summary>By the words of <see cref="Core.Records.PrivacyRights"/>.</summary>
    public required IReadOnlyDictionary<string, string> RightTexts { get; init; }

    /// <summary>In place of the right to complain where the settings name the authority.</summary>
    public required string ComplaintTo { get; init; }

    public required string Spoken { get; init; }

    /// <summary>The key that plays the long information.</summary>
    public required string SpokenInFull { get; init; }

    /// <summary>Id and version of the notice.</summary>
    public required string Version { get; init; }

    public required string NotFoundTitle { get; init; }

    public required string NotFound { get; init; }

    /// <summary>The languages that there are.</summary>
    public static IReadOnlyDictionary<string, NoticeWords> All { get; } =
        new[] { NoticeWordsGermanic.English, NoticeWordsSlavic.Polish, NoticeWordsGermanic.German, NoticeWordsSlavic.Czech, NoticeWordsItalian.Italian }
            .ToDictionary(words => words.Language, StringComparer.OrdinalIgnoreCase);

    /// <summary>The words for a BCP 47 tag, by its first part; null where there are none.</summary>
    public static NoticeWords? Of(string tag) => All.GetValueOrDefault(tag.Split('-')[0]);

    /// <summary>So many days after the end of the call.</summary>
    public string DaysText(int days) => string.Format(
        System.Globalization.CultureInfo.InvariantCulture,
        Days[days switch { 1 => 0, >= 2 and <= 4 => 1, _ => 2 }],
        days);

    /// <summary>A ground in words, with its place in the GDPR.</summary>
    public string BasisText(LawfulBasis basis) => Bases[(int)basis];

    /// <summary>The rights' words in the order of <see cref="Core.Records.PrivacyRights"/>.</summary>
    public static IReadOnlyDictionary<string, string> RightsOf(
        string withdraw, string access, string rectification, string erasure, string restriction, string portability, string objection, string complaint) => new Dictionary<string, string>
        {
            ["withdraw"] = withdraw,
            ["access"] = access,
            ["rectification"] = rectification,
            ["erasure"] = erasure,
            ["restriction"] = restriction,
            ["portability"] = portability,
            ["objection"] = objection,
            ["complaint"] = complaint,
        };
}
