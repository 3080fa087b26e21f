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

    /// <summary>The long information of GDPR art. 13: who, why, how long, rights, data protection officer.</summary>
    public const string FullNotice = "full-notice";

    /// <summary>Asks which language to speak; every choice in its own language.</summary>
    public const string Language = "language";

    /// <summary>Said in the call after a withdrawal, once the recording is seen to have stopped.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>Said in the call when the recording pauses.</summary>
    public const string Paused = "paused";

    /// <summary>Said in the call when the recording goes on.</summary>
    public const string Resumed = "resumed";

    /// <summary>The notice of lines where staying on the line is acceptance.</summary>
    public const string NoticeAnnounce = "notice-announce";

    /// <summary>The notice of lines whose ground is another than consent.</summary>
    public const string NoticeInform = "notice-inform";

    /// <summary>The notice of lines with a key for each purpose.</summary>
    public const string NoticeGranular = "notice-granular";

    /// <summary>Said to both parties when one of them starts the recording in the call.</summary>
    public const string NoticeInCall = "notice-in-call";

    /// <summary>The notice of lines on which callers put themselves on the do-not-call list.</summary>
    public const string NoticeOptOut = "notice-opt-out";

    /// <summary>Said when the caller is on that list.</summary>
    public const string OptedOut = "opted-out";

    /// <summary>Said in place of that list's notice to a caller whose number is withheld.</summary>
    public const string NumberHidden = "number-hidden";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Notice, Reminder, Accepted, Declined, WrongKey, Goodbye, FullNotice, Language, Withdrawn, Paused, Resumed,
        NoticeAnnounce, NoticeInform, NoticeGranular, NoticeInCall, NoticeOptOut, OptedOut, NumberHidden,
    ];
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
