using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>What is done with the call when the dialogue is over.</summary>
public enum AfterwardsKind
{
    /// <summary>The call goes on in the dialplan behind the step it came from.</summary>
    Continue,

    /// <summary>The goodbye prompt, then we hang up.</summary>
    HangUp,

    /// <summary>The call goes on at another place of the dialplan.</summary>
    ContinueAt,
}

/// <summary>What is done with the call when the dialogue is over.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="Target">Where, for <see cref="AfterwardsKind.ContinueAt"/>; else null.</param>
public sealed record Afterwards(AfterwardsKind Kind, DialplanTarget? Target = null)
{
    /// <summary>On in the dialplan: the default.</summary>
    public static Afterwards Continue { get; } = new(AfterwardsKind.Continue);

    /// <summary>Goodbye, and hang up.</summary>
    public static Afterwards HangUp { get; } = new(AfterwardsKind.HangUp);
}

/// <summary>A notice (ISO/IEC 29184): what callers are told, under a name and a version that the ledger keeps.</summary>
/// <param name="Id">Its name in the settings.</param>
/// <param name="Version">Changed by its author whenever the words change; any text of 1 to 64 characters.</param>
/// <param name="Prompt">The prompt that speaks it: <c>LANGUAGE/PROMPT.wav</c>.</param>
public sealed record NoticeOptions(string Id, string Version, string Prompt = PromptNames.Notice);

/// <summary>A called number or name with its settings.</summary>
public sealed record LineOptions
{
    /// <summary>Its name: letters, digits, dot, hyphen, underscore; 1 to 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The called numbers that lead to it, compared exactly as the dialplan passes them. May be empty: then only the dialplan's argument does.</summary>
    public IReadOnlyList<string> Numbers { get; init; } = [];

    /// <summary>BCP 47 tag of the language spoken; a folder of that name holds the prompts.</summary>
    public required string Language { get; init; }

    /// <summary>What the caller is told.</summary>
    public required NoticeOptions Notice { get; init; }

    /// <summary>How the line comes to record lawfully. Default by a key.</summary>
    public ConsentMode Mode { get; init; } = ConsentMode.Explicit;

    /// <summary>
    /// Whether callers put themselves on the do-not-call list here: the accept key is an opt-out from every purpose (<see cref="Ledger.ConsentEntered"/>),
    /// and nothing is ever recorded. Default no.
    /// </summary>
    public bool OptOut { get; init; }

    /// <summary>Whether nothing on this line is recorded, whoever asks for it.</summary>
    public bool NeverRecorded => OptOut || Mode == ConsentMode.Never;

    /// <summary>What the line records for. May be empty only where the settings name no purposes at all.</summary>
    public IReadOnlyList<PurposeOptions> Purposes { get; init; } = [];

    /// <summary>Who is responsible; null where the settings name nobody.</summary>
    public PartyOptions? Controller { get; init; }

    /// <summary>Who works for the controller.</summary>
    public IReadOnlyList<PartyOptions> Processors { get; init; } = [];

    /// <summary>Country of the line, ISO 3166-1 alpha-2, a US state as <c>US-CA</c>; null when unknown.</summary>
    public string? Country { get; init; }

    /// <summary>Who took the decision to use a mode that the jurisdiction table forbids, and why; null: nobody had to.</summary>
    public string? Override { get; init; }

    /// <summary>How the caller's language is found. Default: the line's own.</summary>
    public LanguageOptions Languages { get; init; } = new();

    /// <summary>What may be pressed in the call. Default withdraw, give and pause.</summary>
    public InCallOptions InCall { get; init; } = new();

    /// <summary>Whether a caller who has answered before is asked again. Default always.</summary>
    public AskAgainOptions AskAgain { get; init; } = new();

    /// <summary>The key that plays the long information (GDPR art. 13) and returns to the question; null: none. Default none.</summary>
    public char? InfoKey { get; init; }

    /// <summary>The key for yes. Default 1.</summary>
    public char AcceptKey { get; init; } = '1';

    /// <summary>The key for no. Default 2.</summary>
    public char DeclineKey { get; init; } = '2';

    /// <summary>The key that plays the notice again; null: none. Default none.</summary>
    public char? RepeatKey { get; init; }

    /// <summary>Whether a key counts while a prompt still plays. Default yes. When not, keys pressed before its end are ignored.</summary>
    public bool BargeIn { get; init; } = true;

    /// <summary>How much of the notice must have been heard before the accept key counts; a refusal always counts. Default 0, at most 60 s.</summary>
    public TimeSpan MinimumHeard { get; init; } = TimeSpan.Zero;

    /// <summary>How long to wait for a key once the prompt is over. Default 5 s, 1 to 60 s.</summary>
    public TimeSpan FirstDigitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the question is put again after silence or a wrong key, and how often the repeat key is obeyed. Default 1, 0 to 5.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>After yes. Default: go on.</summary>
    public Afterwards OnAccept { get; init; } = Afterwards.Continue;

    /// <summary>After no. Default: go on, unrecorded.</summary>
    public Afterwards OnDecline { get; init; } = Afterwards.Continue;

    /// <summary>When no key came. Default: go on, unrecorded.</summary>
    public Afterwards OnNoAnswer { get; init; } = Afterwards.Continue;

    /// <summary>When only wrong keys came. Default: go on, unrecorded.</summary>
    public Afterwards OnWrongKeys { get; init; } = Afterwards.Continue;

    /// <summary>Whether the caller hears "accepted" or "declined" after the key. Default yes.</summary>
    public bool Confirm { get; init; } = true;

    /// <summary>Whether who consents gets the reference of the receipt by a text message. Default no.</summary>
    public bool ReceiptBySms { get; init; }

    /// <summary>File format of the recording, a name that the PBX knows: <c>wav</c> (8 kHz) or <c>wav16</c>. Default wav.</summary>
    public string RecordingFormat { get; init; } = "wav";

    /// <summary>Whether the two parties are recorded into one channel or two. Default one.</summary>
    public RecordingChannels Channels { get; init; } = RecordingChannels.Mono;

    /// <summary>Every language that this line can come to speak, its own first.</summary>
    public IEnumerable<string> SpokenLanguages() => Languages.ByPrefix.Values.Concat(Languages.ByKey.Values).Prepend(Language).Distinct(StringComparer.Ordinal);
}

/// <summary>The settings and prompts that a call is led by: one immutable snapshot per call, so a change takes effect with the next call.</summary>
public interface ICallSettings
{
    /// <summary>Name of this worker, as the ledger has it.</summary>
    string Worker { get; }

    /// <summary>
    /// The line of a call: by <paramref name="lineArgument"/> if the dialplan gave one other than the number itself (and then
    /// only by it), else the line that lists <paramref name="calledNumber"/>, else the line of that very name; null when there
    /// is none.
    /// </summary>
    LineOptions? FindLine(string? lineArgument, string calledNumber);

    /// <summary>What happens on an unknown line.</summary>
    Afterwards OnUnknownLine { get; }

    /// <summary>Language of the goodbye on an unknown line.</summary>
    string DefaultLanguage { get; }

    /// <summary>The prompts.</summary>
    IPromptCatalogue Prompts { get; }

    /// <summary>The staff of whom the settings say whether they may be recorded, by name; none where they say nothing.</summary>
    IReadOnlyDictionary<string, AgentOptions> Agents => System.Collections.ObjectModel.ReadOnlyDictionary<string, AgentOptions>.Empty;

    /// <summary>The jurisdiction table that decides between the line's mode and a stricter one; empty where nobody keeps one.</summary>
    IReadOnlyList<JurisdictionRow> Jurisdictions => [];

    /// <summary>What the settings say besides of where recordings are, who gets them, and how consent is withdrawn later; null: nothing.</summary>
    Records.RecordOptions? Records => null;

    /// <summary>SHA-256 of the terms in force on a line (<see cref="Records.Terms"/>), computed when the snapshot is made; null where nobody keeps them.</summary>
    string? TermsOf(string line) => null;
}

/// <summary>Gives the settings in force.</summary>
public interface ICallSettingsSource
{
    /// <summary>The snapshot in force now; a broken change never gets here.</summary>
    ICallSettings Current { get; }
}
