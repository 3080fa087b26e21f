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
[JsonDerivedType(typeof(ConsentWithdrawn), nameof(ConsentWithdrawn))]
[JsonDerivedType(typeof(CallerInformed), nameof(CallerInformed))]
[JsonDerivedType(typeof(CallerObjected), nameof(CallerObjected))]
[JsonDerivedType(typeof(LanguageChosen), nameof(LanguageChosen))]
[JsonDerivedType(typeof(ConfirmationPlayed), nameof(ConfirmationPlayed))]
[JsonDerivedType(typeof(PurposesChanged), nameof(PurposesChanged))]
[JsonDerivedType(typeof(RecordingPaused), nameof(RecordingPaused))]
[JsonDerivedType(typeof(RecordingResumed), nameof(RecordingResumed))]
[JsonDerivedType(typeof(RecordingStarted), nameof(RecordingStarted))]
[JsonDerivedType(typeof(RecordingSuppressed), nameof(RecordingSuppressed))]
[JsonDerivedType(typeof(RecordingStopped), nameof(RecordingStopped))]
[JsonDerivedType(typeof(RecordingStored), nameof(RecordingStored))]
[JsonDerivedType(typeof(RecordingQuarantined), nameof(RecordingQuarantined))]
[JsonDerivedType(typeof(QuarantineApproved), nameof(QuarantineApproved))]
[JsonDerivedType(typeof(RecordingReleased), nameof(RecordingReleased))]
[JsonDerivedType(typeof(RecordingPlayed), nameof(RecordingPlayed))]
[JsonDerivedType(typeof(RecordingFailed), nameof(RecordingFailed))]
[JsonDerivedType(typeof(RecordingErased), nameof(RecordingErased))]
[JsonDerivedType(typeof(CallContinued), nameof(CallContinued))]
[JsonDerivedType(typeof(CallEnded), nameof(CallEnded))]
[JsonDerivedType(typeof(ConsentReused), nameof(ConsentReused))]
[JsonDerivedType(typeof(ConsentEntered), nameof(ConsentEntered))]
[JsonDerivedType(typeof(ConsentRequested), nameof(ConsentRequested))]
[JsonDerivedType(typeof(ReceiptSent), nameof(ReceiptSent))]
[JsonDerivedType(typeof(ReceiptNotSent), nameof(ReceiptNotSent))]
[JsonDerivedType(typeof(EntryCorrected), nameof(EntryCorrected))]
[JsonDerivedType(typeof(ConsentUsed), nameof(ConsentUsed))]
[JsonDerivedType(typeof(TermsInForce), nameof(TermsInForce))]
[JsonDerivedType(typeof(HoldPlaced), nameof(HoldPlaced))]
[JsonDerivedType(typeof(StatementAdded), nameof(StatementAdded))]
[JsonDerivedType(typeof(RequestRectified), nameof(RequestRectified))]
[JsonDerivedType(typeof(NumbersForgotten), nameof(NumbersForgotten))]
[JsonDerivedType(typeof(HoldReleased), nameof(HoldReleased))]
[JsonDerivedType(typeof(RequestOpened), nameof(RequestOpened))]
[JsonDerivedType(typeof(RequestExtended), nameof(RequestExtended))]
[JsonDerivedType(typeof(RequestApproved), nameof(RequestApproved))]
[JsonDerivedType(typeof(RequestClosed), nameof(RequestClosed))]
[JsonDerivedType(typeof(PersonErased), nameof(PersonErased))]
[JsonDerivedType(typeof(PersonExported), nameof(PersonExported))]
[JsonDerivedType(typeof(ExportRequested), nameof(ExportRequested))]
[JsonDerivedType(typeof(ExportApproved), nameof(ExportApproved))]
[JsonDerivedType(typeof(RecordingRestricted), nameof(RecordingRestricted))]
[JsonDerivedType(typeof(NumberRevealed), nameof(NumberRevealed))]
[JsonDerivedType(typeof(NumberSearched), nameof(NumberSearched))]
[JsonDerivedType(typeof(JurisdictionApplied), nameof(JurisdictionApplied))]
public abstract record CallEvent;

/// <summary>The call reached us.</summary>
/// <param name="Pbx">The PBX that holds it.</param>
/// <param name="Channel">The PBX's name of the caller's leg.</param>
/// <param name="Line">The line found for it; null for an unknown line.</param>
/// <param name="Worker">The worker that took it.</param>
public sealed record CallArrived(string Pbx, string Channel, string? Line, string Worker) : CallEvent
{
    /// <summary>SHA-256 of the terms that the line had then (<see cref="TermsInForce"/>); null for an unknown line, and in entries of before there were any.</summary>
    public string? Terms { get; init; }
}

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
/// <param name="Key">The key pressed; null where staying on the line is the act (<see cref="ConsentMode.Announce"/>).</param>
/// <param name="KeyAt">When, by the PBX's clock; in <see cref="ConsentMode.Announce"/> when the notice was over.</param>
/// <param name="Attempt">The question's number, from 1; 0 for a consent given in the call.</param>
/// <param name="WrongKeys">How many keys that mean nothing came before; which ones is nobody's business (a PIN, perhaps).</param>
public sealed record ConsentGiven(char? Key, DateTimeOffset KeyAt, int Attempt, int WrongKeys) : CallEvent
{
    /// <summary>How the consent was asked for; null in entries of before there were modes, which were all explicit.</summary>
    public ConsentMode? Mode { get; init; }

    /// <summary>The purposes granted, by id; null where the settings name none.</summary>
    public IReadOnlyList<string>? Purposes { get; init; }

    /// <summary>The keys of a consent given in the call (for example <c>*1</c>); null otherwise.</summary>
    public string? Keys { get; init; }

    /// <summary>In <see cref="ConsentMode.AskInCall"/>, which of the staff had the notice played; null when the caller himself asked for it.</summary>
    public string? By { get; init; }
}

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

/// <summary>The caller took the consent back (GDPR art. 7(3)).</summary>
/// <param name="Keys">What was pressed, for example <c>*9</c>.</param>
/// <param name="KeyAt">When the last of the keys came, by the PBX's clock.</param>
/// <param name="Scope">How far it reaches.</param>
/// <param name="Action">What becomes of what had been recorded.</param>
public sealed record ConsentWithdrawn(string Keys, DateTimeOffset KeyAt, WithdrawalScope Scope, WithdrawalAction Action) : CallEvent
{
    /// <summary>Who entered what the caller had said; <see cref="Keys"/> is empty then. Null when the caller pressed the keys.</summary>
    public string? By { get; init; }

    /// <summary>For a person, where it was entered: why; else null.</summary>
    public string? Reason { get; init; }
}

/// <summary>
/// The caller was told that the call is recorded on another ground than consent (<see cref="ConsentMode.Inform"/>; GDPR art. 6(1)(b)
/// to (f), 13). With this in the ledger the recording may begin.
/// </summary>
/// <param name="Purposes">The purposes that have such a ground, by id.</param>
/// <param name="Bases">The ground of each, in the same order.</param>
public sealed record CallerInformed(IReadOnlyList<string> Purposes, IReadOnlyList<LawfulBasis> Bases) : CallEvent;

/// <summary>The caller objected (GDPR art. 21) to what rests on legitimate interests or a public task.</summary>
/// <param name="Key">The key pressed.</param>
/// <param name="KeyAt">When, by the PBX's clock.</param>
/// <param name="Obeyed">Whether no purpose remained that goes without regard to it.</param>
public sealed record CallerObjected(char Key, DateTimeOffset KeyAt, bool Obeyed) : CallEvent
{
    /// <summary>What becomes of what had been recorded; null where nothing had, or where it goes on.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<WithdrawalAction>))]
    public WithdrawalAction? Action { get; init; }
}

/// <summary>The dialogue goes on in another language than the line's own.</summary>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Key">The caller's key; null when the beginning of the number decided.</param>
public sealed record LanguageChosen(string Language, char? Key) : CallEvent;

/// <summary>The caller was told in the call what became of his keys, by a prompt that only he hears.</summary>
/// <param name="Prompt">Name of the prompt.</param>
/// <param name="Heard">
/// Whether it could be heard: it was played and had frames to ride on; false where it was not or had none, null where the PBX cannot
/// tell. (Entries of before said true in that case, with the reason in <paramref name="Detail"/>.)
/// </param>
/// <param name="Detail">For a person, where it was not heard or that is not known; else null.</param>
public sealed record ConfirmationPlayed(string Prompt, bool? Heard, string? Detail) : CallEvent;

/// <summary>What the call is recorded for was changed while it ran or after it; its retention follows.</summary>
/// <param name="Purposes">The purposes from now on, by id.</param>
/// <param name="Actor">Who: a user, an API key's name, or <c>dialplan</c>.</param>
/// <param name="Reason">Why.</param>
public sealed record PurposesChanged(IReadOnlyList<string> Purposes, string Actor, string Reason) : CallEvent;

/// <summary>
/// The PBX confirmed that nothing of what is said is written any more, until it is resumed. Said again when it changes who pauses it: it
/// goes on when nobody does.
/// </summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="By">All who pause it now, with a comma and a space between: <c>caller</c>, <c>agent:NAME</c>, <c>dialplan</c>, or an API key's name.</param>
public sealed record RecordingPaused(string Recording, string By) : CallEvent
{
    /// <summary>For a person, where staff ordered it: why; else null.</summary>
    public string? Reason { get; init; }
}

/// <summary>The recording goes on after a pause.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="By">Who let it go on: as in <see cref="RecordingPaused"/>.</param>
/// <param name="PausedMs">How long nothing was written of what was said.</param>
public sealed record RecordingResumed(string Recording, string By, long PausedMs) : CallEvent
{
    /// <summary>For a person, where staff ordered it: why; else null.</summary>
    public string? Reason { get; init; }
}

/// <summary>The PBX reported that it records.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Format">File format.</param>
/// <param name="StartedAt">When the PBX reported the start (PBX clock); null when the worker that saw it died before it told.</param>
public sealed record RecordingStarted(string Recording, string Format, DateTimeOffset? StartedAt) : CallEvent;

/// <summary>The call goes on without a recording.</summary>
/// <param name="Reason">Why: the caller's decision or a failure, as a stable word (<see cref="SuppressionReasons"/>).</param>
public sealed record RecordingSuppressed(string Reason) : CallEvent
{
    /// <summary>Who stopped it, where staff did; else null.</summary>
    public string? By { get; init; }

    /// <summary>For a person, where <see cref="Reason"/> does not say it all; else null.</summary>
    public string? Detail { get; init; }
}

/// <summary>The recording ended and its file was looked at.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="LengthMs">Length of the sound found in the file.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record RecordingStopped(string Recording, long LengthMs, long Bytes) : CallEvent;

/// <summary>
/// The recording is in the vault: encrypted, read back and found whole, under retention. Only behind this is the PBX's copy deleted.
/// </summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="StoredAs">Its name in the store.</param>
/// <param name="Bytes">Size of the encrypted object.</param>
/// <param name="Sha256">SHA-256 of the encrypted object, lower-case hexadecimal.</param>
/// <param name="LengthMs">Length of its sound.</param>
/// <param name="RetainUntil">When the last of its purposes ends; null where no purpose gives it a date.</param>
public sealed record RecordingStored(string Recording, string StoredAs, long Bytes, string Sha256, long LengthMs, DateTimeOffset? RetainUntil) : CallEvent
{
    /// <summary>Whether every sample of it is zero: it is kept, and somebody should find out why.</summary>
    public bool Silent { get; init; }
}

/// <summary>
/// A recording was found for which the ledger has no ground. It is locked away, not to be played, until somebody has decided
/// (<see cref="RecordingReleased"/>, <see cref="RecordingErased"/>) or its days are over. Raises an alert.
/// </summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Reason">For a person.</param>
public sealed record RecordingQuarantined(string Recording, string Reason) : CallEvent;

/// <summary>Somebody listened to a recording, or took a copy.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
/// <param name="Copied">Whether a copy was handed out.</param>
public sealed record RecordingPlayed(string Recording, string Actor, string Reason, bool Copied) : CallEvent;

/// <summary>A recording that should be there is not, or not whole. Raises an alert.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Reason">A stable word (<see cref="RecordingFailures"/>).</param>
/// <param name="Detail">For a person.</param>
/// <param name="ExpectedMs">How long it should have been; 0 when unknown.</param>
/// <param name="LengthMs">How much sound there is.</param>
public sealed record RecordingFailed(string Recording, string Reason, string Detail, long ExpectedMs, long LengthMs) : CallEvent;

/// <summary>A recording was deleted, wherever it lay: on the PBX, in the store, and its key.</summary>
/// <param name="Recording">Its name on the PBX.</param>
/// <param name="Reason">Why.</param>
public sealed record RecordingErased(string Recording, string Reason) : CallEvent
{
    /// <summary>Who decided it: a user, an API key's name, or <c>sweep</c>; null where the call itself did.</summary>
    public string? Actor { get; init; }
}

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

/// <summary>
/// The terms of a line, once for each content they ever had: controller, purposes with basis and retention, notice. Calls name them
/// by hash (<see cref="CallArrived.Terms"/>).
/// </summary>
/// <param name="Sha256">SHA-256 of <paramref name="Json"/> in UTF-8, lower-case hexadecimal.</param>
/// <param name="Line">Name of the line.</param>
/// <param name="Json">The terms (<see cref="Records.Terms"/>) as text, exactly as hashed.</param>
public sealed record TermsInForce(string Sha256, string Line, string Json) : CallEvent;

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

    /// <summary>The line is never recorded (<see cref="ConsentMode.Never"/>).</summary>
    public const string NeverRecorded = "never-recorded";

    /// <summary>Nobody has asked for it yet (<see cref="ConsentMode.AskInCall"/>).</summary>
    public const string NotRequested = "not-requested";

    /// <summary>The caller objected (GDPR art. 21).</summary>
    public const string Objected = "objected";

    /// <summary>The caller said no in an earlier call, and is not asked again so soon.</summary>
    public const string RefusedBefore = "refused-before";

    /// <summary>The line is there for opt-outs (<see cref="LineOptions.OptOut"/>) and is never recorded.</summary>
    public const string OptOutLine = "opt-out-line";

    /// <summary>An agent who must not be recorded is on the line; it starts when he leaves.</summary>
    public const string Agent = "agent";

    /// <summary>It ran and was stopped in the call, by the caller or by staff.</summary>
    public const string Stopped = "stopped";
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

    /// <summary>It was on the PBX when it ended, and was gone when the vault came to take it.</summary>
    public const string Lost = "lost";

    /// <summary>It ran without a consent in the ledger; it was stopped and deleted.</summary>
    public const string NoConsent = "no-consent";

    /// <summary>It was to stop, and the PBX did not confirm that it had, also after its channel was hung up.</summary>
    public const string NotStopped = "not-stopped";

    /// <summary>It was to pause, and the PBX did not confirm that it had.</summary>
    public const string NotPaused = "not-paused";

    /// <summary>It was to be deleted, and is still there.</summary>
    public const string NotErased = "not-erased";

    /// <summary>Whether the word tells how the recording ended, and not only what went wrong while there was one.</summary>
    public static bool AreAnEnd(string reason) => reason is not (NotStopped or NotPaused or NotErased);
}

/// <summary>The question was not put, because an earlier answer stands for this call too (<see cref="AskAgainOptions"/>).</summary>
/// <param name="Earlier">The event of that answer.</param>
/// <param name="Status">What was said then.</param>
/// <param name="Purposes">To which purposes, by id; null where the settings name none.</param>
/// <param name="SaidAt">When.</param>
/// <param name="Until">Until when it stands for other calls.</param>
/// <param name="Reason">For a person: why it stands.</param>
public sealed record ConsentReused(
    Guid Earlier,
    ConsentStatus Status,
    IReadOnlyList<string>? Purposes,
    DateTimeOffset SaidAt,
    DateTimeOffset Until,
    string Reason) : CallEvent;

/// <summary>
/// The jurisdiction table forbids the line's own mode for this caller: the call is led in a stricter one, or by a decision that overrides the table.
/// A call without this entry is led in its line's own mode (in entries of before: it was written whenever a row was asked).
/// </summary>
/// <param name="Mode">The mode that the call is led in.</param>
/// <param name="InsteadOf">The line's own mode; the same where it is overridden (in entries of before, also where it is allowed).</param>
/// <param name="Rows">Codes of the rows that were asked.</param>
/// <param name="Forbidding">Codes of those that forbid the line's own mode.</param>
/// <param name="Override">Who decided to use it all the same, and why; null where nobody did.</param>
/// <param name="Reasons">For a person: how it came to that. No part of the number is in it but its country.</param>
public sealed record JurisdictionApplied(
    ConsentMode Mode,
    ConsentMode InsteadOf,
    IReadOnlyList<string> Rows,
    IReadOnlyList<string> Forbidding,
    string? Override,
    IReadOnlyList<string> Reasons) : CallEvent;
