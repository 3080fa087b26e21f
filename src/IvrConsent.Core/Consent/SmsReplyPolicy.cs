namespace IvrConsent.Core.Consent;

/// <summary>What a text message says.</summary>
public enum SmsReply
{
    /// <summary>Neither yes nor no.</summary>
    Unclear,

    /// <summary>Yes, and nothing else.</summary>
    Yes,

    /// <summary>No.</summary>
    No,

    /// <summary>No messages and calls any more.</summary>
    Stop,
}

/// <summary>
/// Reads an answer. A yes must be the one word of the question's own language and stand alone, as consent is to be unambiguous (GDPR art. 4(11)). A no or
/// a stop counts in any language, and also with more behind it: refusing must not be hard.
/// </summary>
public static class SmsReplyPolicy
{
    private static readonly Dictionary<string, string[]> _yes = new(StringComparer.Ordinal)
    {
        ["en"] = ["yes"],
        ["pl"] = ["tak"],
        ["de"] = ["ja"],
        ["cs"] = ["ano"],
        ["it"] = ["si", "sì"],
        ["fr"] = ["oui"],
        ["es"] = ["si", "sí"],
    };

    private static readonly HashSet<string> _no = ["no", "nie", "nein", "ne", "non"];

    private static readonly HashSet<string> _stop = ["stop", "stopp", "unsubscribe", "koniec", "abmelden", "konec", "basta", "arret", "arrêt", "baja"];

    /// <summary>Languages in which a question can be answered.</summary>
    public static IReadOnlyCollection<string> Languages => _yes.Keys;

    /// <summary>What it says.</summary>
    /// <param name="text">The message.</param>
    /// <param name="language">The question's language, a BCP 47 tag; null: there was no question.</param>
    public static SmsReply Read(string text, string? language)
    {
        var words = new string([.. text.Normalize().Select(character => char.IsLetter(character) ? char.ToLowerInvariant(character) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => SmsReply.Unclear,
            [var first, ..] when _stop.Contains(first) => SmsReply.Stop,
            [var first, ..] when _no.Contains(first) => SmsReply.No,
            [var only] when language is not null && _yes.GetValueOrDefault(language.Split('-')[0].ToLowerInvariant())?.Contains(only) == true => SmsReply.Yes,
            _ => SmsReply.Unclear,
        };
    }
}
