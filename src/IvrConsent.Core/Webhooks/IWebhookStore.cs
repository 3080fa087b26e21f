using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Webhooks;

/// <summary>A message that was not delivered yet, or never will be unless somebody says so.</summary>
/// <param name="Hook">The webhook's name.</param>
/// <param name="Position">The event's position in the ledger.</param>
/// <param name="EventId">The event.</param>
/// <param name="Call">Its call: messages of one call are sent in order.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="NextAt">When it is tried again; null for a dead one.</param>
/// <param name="Error">Why the last attempt failed; null when there was none yet.</param>
public sealed record WebhookDelivery(string Hook, long Position, Guid EventId, CallId Call, int Attempts, DateTimeOffset? NextAt, string? Error);

/// <summary>How far a webhook is.</summary>
/// <param name="Hook">Its name.</param>
/// <param name="Position">Everything up to here was delivered, is kept for another attempt, is dead, or was not wanted.</param>
/// <param name="Behind">Entries of the ledger that it has not looked at.</param>
/// <param name="Waiting">Messages kept for another attempt.</param>
/// <param name="Dead">Messages given up.</param>
public sealed record WebhookProgress(string Hook, long Position, long Behind, long Waiting, long Dead);

/// <summary>
/// What webhooks have to remember. No message is written where an event is: the ledger is append-only and its positions have no gaps, so
/// a webhook is a place in it, and only what failed needs a row of its own. A call pays nothing for webhooks, and none can be lost
/// between ledger and outbox.
/// </summary>
public interface IWebhookStore
{
    /// <summary>Takes a webhook for this process until disposed; null while another process has it. A new webhook begins at the ledger's present end.</summary>
    Task<IWebhookSession?> TryTakeAsync(string hook, CancellationToken cancel);

    /// <summary>How far each webhook is that was ever served.</summary>
    Task<IReadOnlyList<WebhookProgress>> ReadProgressAsync(CancellationToken cancel);

    /// <summary>The dead messages, oldest first; of all webhooks when <paramref name="hook"/> is null.</summary>
    Task<IReadOnlyList<WebhookDelivery>> ReadDeadAsync(string? hook, int limit, CancellationToken cancel);

    /// <summary>Brings dead messages of a webhook back to be sent now: one event, or all of them. Answers with their number.</summary>
    Task<int> ReplayAsync(string hook, Guid? eventId, DateTimeOffset now, CancellationToken cancel);
}

/// <summary>A webhook in this process's hands. When the database is lost so is the right to it, and every further call throws.</summary>
public interface IWebhookSession : IAsyncDisposable
{
    /// <summary>Up to where it has come.</summary>
    long Position { get; }

    /// <summary>The next entries of the ledger behind <see cref="Position"/>, in order.</summary>
    Task<IReadOnlyList<LedgerLine>> ReadNextAsync(int limit, CancellationToken cancel);

    /// <summary>All messages kept for another attempt, by position.</summary>
    Task<IReadOnlyList<WebhookDelivery>> ReadWaitingAsync(CancellationToken cancel);

    /// <summary>One entry of the ledger; null when there is none at that position.</summary>
    Task<LedgerLine?> ReadAsync(long position, CancellationToken cancel);

    /// <summary>The entries of a call.</summary>
    Task<IReadOnlyList<LedgerLine>> ReadCallAsync(CallId call, CancellationToken cancel);

    /// <summary>Moves on, and keeps what was not delivered on the way, in one commit.</summary>
    Task AdvanceAsync(long position, IReadOnlyList<WebhookDelivery> kept, CancellationToken cancel);

    /// <summary>A kept message was tried again: delivered and gone, or its next attempt, or its death (<see cref="WebhookDelivery.NextAt"/> null).</summary>
    Task SettleAsync(WebhookDelivery delivery, bool delivered, CancellationToken cancel);
}
