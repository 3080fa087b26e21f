using System.Threading.Channels;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>What is known of a call when it reaches us. Everything in it but the id came from outside and is hostile.</summary>
/// <param name="Id">Our name of the call.</param>
/// <param name="Pbx">The settings' name of the PBX that holds it.</param>
/// <param name="Channel">The PBX's own name of the caller's leg.</param>
/// <param name="LineArgument">The line that the dialplan named, or null: then <paramref name="CalledNumber"/> decides.</param>
/// <param name="CalledNumber">The number dialled by the caller, as the dialplan saw it; empty when it gave none.</param>
/// <param name="CallerNumber">The caller's number as the trunk delivered it, or null when withheld or empty.</param>
/// <param name="ArrivedAt">When the call reached our application, by the PBX's clock (UTC).</param>
public sealed record CallArrival(
    CallId Id,
    string Pbx,
    string Channel,
    string? LineArgument,
    string CalledNumber,
    string? CallerNumber,
    DateTimeOffset ArrivedAt);

/// <summary>One key pressed by the caller.</summary>
/// <param name="Digit">0-9, *, #, A-D.</param>
/// <param name="At">When the PBX reported it, by the PBX's clock (UTC).</param>
public readonly record struct DigitPress(char Digit, DateTimeOffset At);

/// <summary>The dialplan set one of <see cref="CallVariables"/>. The value came from outside and is hostile.</summary>
/// <param name="Variable">Its name, one of <see cref="CallVariables.Heard"/>.</param>
/// <param name="Value">What it was set to, cut to 256 characters; empty when it was cleared.</param>
/// <param name="At">When the PBX reported it, by the PBX's clock (UTC).</param>
public readonly record struct CallSignal(string Variable, string Value, DateTimeOffset At);

/// <summary>The dialplan variables that the two sides tell one another by.</summary>
public static class CallVariables
{
    /// <summary>Set by us: a <see cref="Consent.ConsentStatus"/>.</summary>
    public const string Result = "CONSENT_RESULT";

    /// <summary>Set by us: the call's id.</summary>
    public const string CallId = "CONSENT_CALL_ID";

    /// <summary>Set by us: <c>yes</c> or <c>no</c>.</summary>
    public const string Recording = "CONSENT_RECORDING";

    /// <summary>Set by us on lines for opt-outs: <c>yes</c> or <c>no</c>.</summary>
    public const string OptOut = "CONSENT_OPT_OUT";

    /// <summary>Set by the dialplan: the agent who talks to the caller now, by name; empty when nobody does.</summary>
    public const string Agent = "CONSENT_AGENT";

    /// <summary>Set by us: <c>yes</c> once the recording is as the agent needs it whom the dialplan told of last. The sample lets him speak then.</summary>
    public const string AgentKnown = "CONSENT_AGENT_KNOWN";

    /// <summary>Set by the dialplan: what the call is recorded for from now on, purposes separated by commas or colons.</summary>
    public const string Purposes = "CONSENT_PURPOSES";

    /// <summary>Set by the dialplan on an agent's behalf: <c>start</c>, <c>pause</c>, <c>resume</c> or <c>stop</c>.</summary>
    public const string Record = "CONSENT_RECORD";

    /// <summary>Those that are heard when the dialplan sets them.</summary>
    public static IReadOnlyList<string> Heard { get; } = [Agent, Purposes, Record];
}

/// <summary>How a call left us for good, or for the time being.</summary>
public enum DepartureKind
{
    /// <summary>The caller's leg ended, whoever hung up.</summary>
    HungUp,

    /// <summary>The connection to the PBX was lost: what became of the call is found out when it is back.</summary>
    PbxLost,

    /// <summary>
    /// The PBX took the call back by itself and goes on with it, without us: the dead man's switch
    /// (<see cref="ICall.HoldAtMost"/>), or somebody redirected it.
    /// </summary>
    TakenBack,
}

/// <summary>How and when a call left us.</summary>
/// <param name="Kind">Hung up, taken back, or the PBX lost.</param>
/// <param name="At">By the PBX's clock where it told us, else by ours (UTC).</param>
/// <param name="Cause">Q.850 cause code, or null when unknown.</param>
public sealed record CallDeparture(DepartureKind Kind, DateTimeOffset At, int? Cause);

/// <summary>The PBX refused or failed what was asked of it, or cannot be reached.</summary>
public class PbxException : Exception
{
    /// <inheritdoc/>
    public PbxException()
    {
    }

    /// <inheritdoc/>
    public PbxException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public PbxException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// One call held by a PBX. Every method ends with <see cref="OperationCanceledException"/> when its token or
/// <see cref="Gone"/> is cancelled, and with <see cref="PbxException"/> when the PBX refuses or does not answer within the
/// adapter's limit. None is called concurrently with itself but where said so.
/// </summary>
public interface ICall
{
    /// <summary>What was known at the start.</summary>
    CallArrival Arrival { get; }

    /// <summary>
    /// Cancelled as soon as the caller has left or the PBX is lost; <see cref="Departed"/> then says which, at once or within
    /// moments. An order that the PBX refuses because the caller has just left ends with this cancellation, not with a refusal.
    /// </summary>
    CancellationToken Gone { get; }

    /// <summary>Completes, never fails, when the call is over or the PBX lost.</summary>
    Task<CallDeparture> Departed { get; }

    /// <summary>
    /// Every key, in order of arrival. Bounded: a caller who drums on the keys loses keys, not our memory. Completed when the
    /// call departs.
    /// </summary>
    ChannelReader<DigitPress> Digits { get; }

    /// <summary>
    /// What the dialplan tells of the call: the variables of <see cref="CallVariables"/> that it sets on the caller's leg, in order of
    /// arrival, also after the call has gone on. Bounded, as the keys are. Completed when the call departs.
    /// </summary>
    ChannelReader<CallSignal> Signals { get; }

    /// <summary>Answers the call; nothing happens when it is answered already.</summary>
    Task AnswerAsync(CancellationToken cancel);

    /// <summary>
    /// Tells the PBX to take the call back by itself, unrecorded, when it does not hear from us for <paramref name="limit"/>
    /// (a dead man's switch, renewed before each step). Best effort where the PBX has no such means.
    /// </summary>
    void HoldAtMost(TimeSpan limit);

    /// <summary>Starts to play a prompt; returns when the PBX has taken the order, not when the caller hears it.</summary>
    Task<IPlayback> PlayAsync(Prompt prompt, CancellationToken cancel);

    /// <summary>
    /// Makes ready to record both directions: whatever takes time but writes no sample. Nothing is recorded before
    /// <see cref="IRecording.StartAsync"/>.
    /// </summary>
    Task<IRecording> PrepareRecordingAsync(RecordingRequest request, CancellationToken cancel);

    /// <summary>
    /// Plays a prompt into the conversation after the call has gone on, over what is being said and not into its recording. Returns
    /// when it is over and says whether it was heard.
    /// </summary>
    /// <param name="prompt">What to play.</param>
    /// <param name="toBoth">To the other party as well; else only to the caller.</param>
    /// <param name="cancel">Gives up.</param>
    Task<Whisper> WhisperAsync(Prompt prompt, bool toBoth, CancellationToken cancel);

    /// <summary>Sets variables that the dialplan reads once the call goes on. Names and values are ours, never a caller's.</summary>
    Task SetVariablesAsync(IReadOnlyList<KeyValuePair<string, string>> variables, CancellationToken cancel);

    /// <summary>
    /// Gives the call back to the dialplan: where it came from, or at <paramref name="target"/>. The call's departure, its
    /// digits and its recording go on being reported.
    /// </summary>
    Task ContinueAsync(DialplanTarget? target, CancellationToken cancel);

    /// <summary>Ends the call.</summary>
    Task HangUpAsync(CancellationToken cancel);
}

/// <summary>A place in the dialplan.</summary>
/// <param name="Context">The dialplan's context.</param>
/// <param name="Extension">The extension within it.</param>
/// <param name="Priority">The step within the extension, from 1.</param>
public sealed record DialplanTarget(string Context, string Extension, int Priority = 1);

/// <summary>How a playback ended, as far as the PBX tells.</summary>
public enum PlaybackResult
{
    /// <summary>The PBX says that it played to the end. Whether it was heard is for <see cref="PlaybackEnd.Heard"/> to say.</summary>
    Completed,

    /// <summary>Stopped by us.</summary>
    Stopped,

    /// <summary>The PBX could not play it, or broke off.</summary>
    Failed,

    /// <summary>The call departed while it played.</summary>
    CallGone,
}

/// <summary>What became of a playback.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="StartedAt">When the first sample went out, by the PBX's clock (UTC); null when it never started.</param>
/// <param name="Heard">Time between start and end, by the PBX's clock, at most the prompt's length.</param>
public sealed record PlaybackEnd(PlaybackResult Result, DateTimeOffset? StartedAt, TimeSpan Heard)
{
    /// <summary>It never started.</summary>
    public static PlaybackEnd NeverStarted { get; } = new(PlaybackResult.Failed, null, TimeSpan.Zero);
}

/// <summary>What became of a prompt played into the conversation.</summary>
/// <param name="Heard">
/// Whether it could be heard; null when the PBX cannot tell. A whisper rides on the sound that goes to the caller: with none, it is
/// played to nobody, though the PBX reports it as done.
/// </param>
/// <param name="Sha256">SHA-256 of the very file that the PBX was told to play.</param>
/// <param name="StartedAt">When it began, by the PBX's clock; null when it never did.</param>
/// <param name="Detail">For a person, where it was not heard; else null.</param>
public sealed record Whisper(bool? Heard, string Sha256, DateTimeOffset? StartedAt, string? Detail);

/// <summary>A prompt being played.</summary>
public interface IPlayback
{
    /// <summary>SHA-256 of the very file that the PBX was told to play (8 or 16 kHz): what the ledger proves.</summary>
    string Sha256 { get; }

    /// <summary>Completes with the time of the first sample by the PBX's clock, or null when it ended without starting. Never fails.</summary>
    Task<DateTimeOffset?> Started { get; }

    /// <summary>Completes, never fails, when nothing is played any more.</summary>
    Task<PlaybackEnd> Ended { get; }

    /// <summary>Orders the PBX to stop playing; await <see cref="Ended"/> for the result. Nothing happens when it has ended.</summary>
    Task StopAsync(CancellationToken cancel);
}
