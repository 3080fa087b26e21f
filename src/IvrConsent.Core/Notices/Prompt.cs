namespace IvrConsent.Core.Notices;

/// <summary>The prompts that a line's dialogue is made of; each is a file <c>LANGUAGE/NAME.wav</c>.</summary>
public static class PromptNames
{
    /// <summary>The recording announcement itself: who records, why, and how to say yes or no.</summary>
    public const string Notice = "notice";

    /// <summary>Asked again after silence.</summary>
    public const string Reminder = "reminder";

    /// <summary>Said after yes.</summary>
    public const string Accepted = "accepted";

    /// <summary>Said after no.</summary>
    public const string Declined = "declined";

    /// <summary>Said after a key that means nothing here; puts the question again.</summary>
    public const string WrongKey = "wrong-key";

    /// <summary>Said before we hang up.</summary>
    public const string Goodbye = "goodbye";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Notice, Reminder, Accepted, Declined, WrongKey, Goodbye];
}

/// <summary>One audio file ready to be played, named by what it contains.</summary>
/// <param name="Name">Its name, for example <c>notice</c>.</param>
/// <param name="Language">BCP 47 tag, for example <c>pl</c>.</param>
/// <param name="Sha256">SHA-256 of the 8 kHz WAV file, 64 lower-case hexadecimal digits.</param>
/// <param name="WidebandSha256">The same of the 16 kHz file; null when there is none.</param>
/// <param name="Length">How long it plays.</param>
/// <param name="Text">The spoken words, from the file beside it; null when there is none.</param>
public sealed record Prompt(string Name, string Language, string Sha256, string? WidebandSha256, TimeSpan Length, string? Text);

/// <summary>Which prompts there are. A snapshot: it does not change under a call.</summary>
public interface IPromptCatalogue
{
    /// <summary>The prompt of that language and name; null when there is none.</summary>
    Prompt? Find(string language, string name);
}
