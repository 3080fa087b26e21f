using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Webhooks;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Webhooks;

/// <summary>
/// One webhook in this process's hands. Everything goes over the connection that holds the lock: when it breaks, the lock is gone and
/// nothing can be written any more, so two processes never move one webhook.
/// </summary>
internal sealed class WebhookSession(LedgerDatabase database, TakenConnection taken, string hook, long position) : IWebhookSession
{
    public long Position { get; private set; } = position;

    public Task<IReadOnlyList<LedgerLine>> ReadNextAsync(int limit, CancellationToken cancel) =>
        LinesAsync(LedgerSql.Lines(["e.position > @after"], limited: false) + "\nLIMIT @limit", new { after = Position, limit }, cancel);

    public Task<IReadOnlyList<WebhookDelivery>> ReadWaitingAsync(CancellationToken cancel) =>
        StepAsync(connection => DatabaseWebhooks.DeliveriesAsync(database, connection, WebhookSql.Waiting, new { hook }, cancel));

    public async Task<LedgerLine?> ReadAsync(long position, CancellationToken cancel) =>
        await LinesAsync(LedgerSql.Lines(["e.position = @position"], limited: false), new { position }, cancel) is [var line, ..] ? line : null;

    public Task<IReadOnlyList<LedgerLine>> ReadCallAsync(CallId call, CancellationToken cancel) =>
        LinesAsync(LedgerSql.Lines(["e.call_id = @call"], limited: false), new { call = database.Id(call.Value) }, cancel);

    public async Task AdvanceAsync(long position, IReadOnlyList<WebhookDelivery> kept, CancellationToken cancel)
    {
        await StepAsync(async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            foreach (var delivery in kept)
            {
                await connection.ExecuteAsync(new CommandDefinition(WebhookSql.Keep, Values(delivery), transaction, cancellationToken: cancel));
            }

            await connection.ExecuteAsync(new CommandDefinition(WebhookSql.Advance, new { hook, position }, transaction, cancellationToken: cancel));
            await transaction.CommitAsync(cancel);
            return true;
        });
        Position = position;
    }

    public Task SettleAsync(WebhookDelivery delivery, bool delivered, CancellationToken cancel) => StepAsync(connection =>
        connection.ExecuteAsync(new CommandDefinition(delivered ? WebhookSql.Delivered : WebhookSql.Settle, Values(delivery), cancellationToken: cancel)));

    public ValueTask DisposeAsync() => taken.DisposeAsync();

    private object Values(WebhookDelivery delivery) => new
    {
        hook,
        position = delivery.Position,
        eventId = database.Id(delivery.EventId),
        callId = database.Id(delivery.Call.Value),
        attempts = delivery.Attempts,
        nextAt = delivery.NextAt is { } at ? database.Time(at) : null,
        error = LedgerRows.Clean(delivery.Error),
    };

    private Task<IReadOnlyList<LedgerLine>> LinesAsync(string sql, object values, CancellationToken cancel) => StepAsync<IReadOnlyList<LedgerLine>>(async connection =>
    {
        await using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
        var lines = new List<LedgerLine>();
        while (await rows.ReadAsync(cancel))
        {
            lines.Add(database.ReadLine(rows));
        }

        return lines;
    });

    private Task<T> StepAsync<T>(Func<DbConnection, Task<T>> step) => DatabaseWebhooks.GuardAsync(database, () => step(taken.Connection));
}
