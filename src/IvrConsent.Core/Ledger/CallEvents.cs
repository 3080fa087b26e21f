using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;

namespace IvrConsent.Core.Ledger;

/// <summary>
/// A fact about a call, in the past tense, appended once and never edited. Each has a stable JSON form: the discriminator
/// <c>type</c> is the class's name, members are snake_case, times are UTC, lengths are whole milliseconds. Fields may be
/// added to a type, never renamed. No event holds a phone number: numbers stand in the call's own row, where they can be
/// erased.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(CallArrived), nameof(CallArrived))]
[JsonDerivedType(typeof(CallResumed), nameof(CallResumed))]
[JsonDerivedType(typeof(NoticePlayed), nameof(NoticePlayed))]
[JsonDerivedType(typeof(NoticeFailed), nameof(NoticeFailed))]
[JsonDerivedType(typeof(ConsentGiven), nameof(ConsentGiven))]
[JsonDerivedType(typeof(ConsentRefused), nameof(ConsentRefused))]
[JsonDerivedType(typeof(ConsentNotObtained), nameof(ConsentNotObtained))]
[JsonDerivedType(typeof(RecordingStarted), nameof(RecordingStarted))]
[JsonDerivedType(typeof(RecordingSuppressed), nameof(RecordingSuppressed))]
[JsonDerivedType(typeof(RecordingStopped), nameof(RecordingStopped))]
[JsonDerivedType(typeof(RecordingFailed), nameof(RecordingFailed))]
[JsonDerivedType(typeof(RecordingErased), nameof(RecordingErased))]
[JsonDerivedType(typeof(CallContinued), nameof(CallContinued))]
[JsonDerivedType(typeof(CallEnded), nameof(CallEnded))]
public abstract record CallEvent;

/// <summary>The call reached us.</summary>
/// <param name="Pbx">The PBX that holds it.</param>
/// <param name="Channel">The PBX's name of the caller's leg.</param>
/// <param name="Line">The line found for it; null for an unknown line.</param>
/// <param name="Worker">The worker that took it.</param>
public sealed record CallArrived(string Pbx, string Channel, string? Line, string Worker) : CallEvent;

/// <summary>A worker found the call waiting, after a restart or a lost connection, and leads it anew from the notice.</summary>
/// <param name="Worker">The worker that took it up.</param>
/// <param name="Reason">What had happened, for a person.</param>
public sealed record CallResumed(string Worker, string Reason) : CallEvent;

/// <summary>
/// A notice (or its reminder, or the prompt after a wrong key) was played and was heard as far as <paramref name="HeardMs"/> says: to its end, or until the
/// caller's own key (promise 4). Proof of the information that GDPR art. 13 asks for.
/// </summary>
/// <param name="Notice">Id of the notice in the settings.</param>
/// <param name="Version">Its version in the settings.</param>
/// <param name="Prompt">Name of the prompt: <c>notice</c>, <c>reminder</c>, …</param>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Sha256">SHA-256 of the audio played, lower-case hexadecimal.</param>
/// <param name="AudioMs">Its length.</param>
/// <param name="HeardMs">How much of it was played to the caller.</param>
/// <param name="EndedByKey">The caller's own key ended it (barge-in).</param>
/// <param name="StartedAt">When the first sample went out (PBX clock).</param>
public sealed record NoticePlayed(
    string Notice,
    string Version,
    string Prompt,
    string Language,
    string Sha256,
    long AudioMs,
    long HeardMs,
    bool EndedByKey,
    DateTimeOffset? StartedAt) : CallEvent;

/// <summary>A notice could not be played or was cut short by something else than the caller's key: it does not count as told.</summary>
/// <param name="Notice">Id of the notice in the settings.</param>
/// <param name="Version">Its version in the settings.</param>
/// <param name="Prompt">Name of the prompt.</param>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Sha256">SHA-256 of the audio; null when there is no such prompt.</param>
/// <param name="AudioMs">Its length.</param>
/// <param name="HeardMs">How much of it was played to the caller.</param>
/// <param name="Reason">For a person: what went wrong.</param>
public sealed record NoticeFailed(
    string Notice,
    string Version,
    string Prompt,
    string Language,
    string? Sha256,
    long AudioMs,
    long HeardMs,
    string Reason) : CallEvent;

/// <summary>The caller consented (GDPR art. 4(11), 6(1)(a), 7(1)).</summary>
/// <param name="Key">The key pressed.</param>
/// <param name="KeyAt">When, by the PBX's clock.</param>
/// <param name="Attempt">The question's number, from 1.</param>
/// <param name="WrongKeys">How many keys that mean nothing came before; which ones is nobody's business (a PIN, perhaps).</param>
public sealed record ConsentGiven(char Key, DateTimeOffset KeyAt, int Attempt, int WrongKeys) : CallEvent;

/// <summary>The caller said no.</summary>
/// <param name="Key">The key pressed.</param>
/// <param name="KeyAt">When, by the PBX's clock.</param>
/// <param name="Attempt">The question's number, from 1.</param>
/// <param name="WrongKeys">How many keys that mean nothing came before.</param>
public sealed record ConsentRefused(char Key, DateTimeOffset KeyAt, int Attempt, int WrongKeys) : CallEvent;

/// <summary>Neither yes nor no.</summary>
/// <param name="Status">No answer, wrong keys, hung up, or never properly asked.</param>
/// <param name="Attempts">How often the question was put.</param>
/// <param name="WrongKeys">How many keys that mean nothing came.</param>
/// <param name="Reason">For a person: why, where <paramref name="Status"/> does not say it all; else null.</param>
public sealed record ConsentNotObtained(ConsentStatus Status, int Attempts, int WrongKeys, string? Reason) : CallEvent;

/// <summary>The PBX reported that it records.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Format">File format.</param>
/// <param name="StartedAt">When the PBX reported the start (PBX clock); null when the worker that saw it died before it told.</param>
public sealed record RecordingStarted(string Recording, string Format, DateTimeOffset? StartedAt) : CallEvent;

/// <summary>The call goes on without a recording.</summary>
/// <param name="Reason">Why: the caller's decision or a failure, as a stable word (<see cref="SuppressionReasons"/>).</param>
public sealed record RecordingSuppressed(string Reason) : CallEvent;

/// <summary>The recording ended and its file was looked at.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="LengthMs">Length of the sound found in the file.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record RecordingStopped(string Recording, long LengthMs, long Bytes) : CallEvent;

/// <summary>A recording that should be there is not, or not whole. Raises an alert.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Reason">A stable word (<see cref="RecordingFailures"/>).</param>
/// <param name="Detail">For a person.</param>
/// <param name="ExpectedMs">How long it should have been; 0 when unknown.</param>
/// <param name="LengthMs">How much sound there is.</param>
public sealed record RecordingFailed(string Recording, string Reason, string Detail, long ExpectedMs, long LengthMs) : CallEvent;

/// <summary>A recording was deleted from the PBX.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Reason">Why.</param>
public sealed record RecordingErased(string Recording, string Reason) : CallEvent;

/// <summary>The call was given back to the dialplan.</summary>
/// <param name="Context">Where, when the line names a place; null: behind the step it came from.</param>
/// <param name="Extension">The extension there.</param>
public sealed record CallContinued(string? Context, string? Extension) : CallEvent;

/// <summary>The one end of the call (promise 3): the ledger takes exactly one of these per call.</summary>
/// <param name="Consent">What the caller said.</param>
/// <param name="Termination">How the call ended.</param>
/// <param name="Recorded">Whether a recording was started.</param>
/// <param name="DurationMs">From arrival to end; null when nobody saw the end.</param>
/// <param name="Cause">Q.850 cause, or null when unknown.</param>
/// <param name="Detail">For a person, where something went wrong; else null.</param>
public sealed record CallEnded(
    ConsentStatus Consent,
    Termination Termination,
    bool Recorded,
    long? DurationMs,
    int? Cause,
    string? Detail) : CallEvent;

/// <summary>The words of <see cref="RecordingSuppressed.Reason"/>.</summary>
public static class SuppressionReasons
{
    /// <summary>The caller refused.</summary>
    public const string Refused = "refused";

    /// <summary>No key came.</summary>
    public const string NoResponse = "no-response";

    /// <summary>Only wrong keys came.</summary>
    public const string InvalidInput = "invalid-input";

    /// <summary>The question was never properly put.</summary>
    public const string NotAsked = "not-asked";

    /// <summary>The caller hung up.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>The ledger could not be written (promise 1).</summary>
    public const string LedgerUnavailable = "ledger-unavailable";

    /// <summary>The PBX did not start the recording.</summary>
    public const string RecorderFailed = "recorder-failed";
}

/// <summary>The words of <see cref="RecordingFailed.Reason"/>.</summary>
public static class RecordingFailures
{
    /// <summary>The PBX never reported its start.</summary>
    public const string NotStarted = "not-started";

    /// <summary>The PBX reported a failure while it recorded.</summary>
    public const string PbxFailure = "pbx-failure";

    /// <summary>There is no file.</summary>
    public const string Missing = "missing";

    /// <summary>There is a file with no sound in it.</summary>
    public const string Empty = "empty";

    /// <summary>The file is shorter than the recorded part of the call.</summary>
    public const string Truncated = "truncated";

    /// <summary>It ran without a consent in the ledger; it was stopped and deleted.</summary>
    public const string NoConsent = "no-consent";
}
