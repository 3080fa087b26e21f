namespace IvrConsent.Core.Calls;

/// <summary>What became of an order to a running call.</summary>
public enum ControlOutcome
{
    /// <summary>It was done, and is on record.</summary>
    Done,

    /// <summary>This worker has no such call in hand: it is over, another worker has it, or there never was one.</summary>
    NotFound,

    /// <summary>The call's state, its line or the caller's will forbids it. Nothing was changed.</summary>
    NotAllowed,

    /// <summary>The PBX, a prompt or the ledger failed. What is on record says how the call stands now.</summary>
    Failed,
}

/// <summary>The answer to an order.</summary>
/// <param name="Outcome">Done, or why not.</param>
/// <param name="Detail">For a person: what was done, or why it was not.</param>
public sealed record ControlResult(ControlOutcome Outcome, string Detail);

/// <summary>
/// Orders from outside to calls that this worker has in hand: by the HTTP API, on behalf of a person or a program. Each answers when
/// the PBX has confirmed it, and leaves an entry in the ledger that names the actor. Orders to one call are carried out one after
/// another, and none while the consent dialogue runs. Safe for concurrent use. Actor: 1 to 64 characters without commas; it becomes
/// part of the ledger, and must not be a phone number. Reason: 1 to 256 characters.
/// </summary>
public interface ICallControl
{
    /// <summary>Nothing of what is said is written until <see cref="ResumeAsync"/>: for card numbers and the like. Paused already by staff: done.</summary>
    Task<ControlResult> PauseAsync(CallId call, string actor, string reason, CancellationToken cancel);

    /// <summary>Ends the pause that staff made, whoever of them did; it stays paused while the caller or an agent's own wish pauses it.</summary>
    Task<ControlResult> ResumeAsync(CallId call, string actor, string reason, CancellationToken cancel);

    /// <summary>
    /// Records: on lines that ask in the call after the short notice to both parties; elsewhere only on a ground that stands (a
    /// recording that was stopped before). Never against a refusal, a withdrawal or an objection.
    /// </summary>
    Task<ControlResult> StartAsync(CallId call, string actor, string reason, CancellationToken cancel);

    /// <summary>Ends the recording and keeps what was recorded. The caller's consent stands.</summary>
    Task<ControlResult> StopAsync(CallId call, string actor, string reason, CancellationToken cancel);

    /// <summary>Enters the withdrawal that the caller has spoken: as the keys for it do, recording stops, and is erased or kept as the line says.</summary>
    Task<ControlResult> WithdrawAsync(CallId call, string actor, string reason, CancellationToken cancel);

    /// <summary>
    /// Changes what the call is recorded for; its retention follows. Purposes of the line on another ground than consent may be
    /// added, those on consent only when the caller granted them.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="purposes">All purposes from now on, by id; at least one.</param>
    /// <param name="actor">Who orders it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancel">Stops waiting for the answer; the order may be carried out all the same.</param>
    Task<ControlResult> ReclassifyAsync(CallId call, IReadOnlyList<string> purposes, string actor, string reason, CancellationToken cancel);
}
