using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>Which language a caller is spoken to in, as far as his number tells.</summary>
public static class LanguagePolicy
{
    /// <summary>The language of the longest prefix that the number begins with; the line's own when none does, or the number is withheld.</summary>
    public static string ByNumber(LineOptions line, string? number)
    {
        var language = line.Language;
        if (line.Languages.ByPrefix.Count == 0 || PhoneNumber.Normalise(number) is not { } caller)
        {
            return language;
        }

        var longest = 0;
        foreach (var (prefix, other) in line.Languages.ByPrefix)
        {
            if (prefix.Length > longest && caller.StartsWith(prefix, StringComparison.Ordinal))
            {
                (longest, language) = (prefix.Length, other);
            }
        }

        return language;
    }
}
