using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Webhooks;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Webhooks;

/// <summary>The webhooks' places and their undelivered messages, in the ledger's database.</summary>
internal sealed class DatabaseWebhooks(LedgerDatabase database) : IWebhookStore
{
    public Task<IWebhookSession?> TryTakeAsync(string hook, CancellationToken cancel) => GuardAsync<IWebhookSession?>(database, async () =>
    {
        if (await database.TryTakeAsync($"webhook.{hook}", cancel) is not { } taken)
        {
            return null;
        }

        try
        {
            await taken.Connection.ExecuteAsync(new CommandDefinition(WebhookSql.Begin, new { hook }, cancellationToken: cancel));
            var position = await taken.Connection.ExecuteScalarAsync<long>(new CommandDefinition(WebhookSql.Position, new { hook }, cancellationToken: cancel));
            return new WebhookSession(database, taken, hook, position);
        }
        catch
        {
            await taken.DisposeAsync();
            throw;
        }
    });

    public Task<IReadOnlyList<WebhookProgress>> ReadProgressAsync(CancellationToken cancel) => ReadAsync<IReadOnlyList<WebhookProgress>>(async connection =>
    {
        await using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(WebhookSql.Progress, cancellationToken: cancel));
        var all = new List<WebhookProgress>();
        while (await rows.ReadAsync(cancel))
        {
            all.Add(new WebhookProgress(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4)));
        }

        return all;
    }, cancel);

    public Task<IReadOnlyList<WebhookDelivery>> ReadDeadAsync(string? hook, int limit, CancellationToken cancel) => ReadAsync(
        connection => DeliveriesAsync(database, connection, hook is null ? WebhookSql.DeadOfAll : WebhookSql.DeadOfOne, new { hook, limit }, cancel), cancel);

    public Task<int> ReplayAsync(string hook, Guid? eventId, DateTimeOffset now, CancellationToken cancel) => GuardAsync(database, async () =>
    {
        await using (await database.OpenReaderAsync(cancel))
        {
            // A database that is not there must be told, not made, as the next line would.
        }

        await using var connection = await database.OpenForMigrationAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            eventId is null ? WebhookSql.ReplayAll : WebhookSql.ReplayOne,
            new { hook, eventId = eventId is { } id ? database.Id(id) : null, now = database.Time(now) },
            cancellationToken: cancel));
    });

    /// <summary>Rows of undelivered messages.</summary>
    internal static async Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(
        LedgerDatabase database, DbConnection connection, string sql, object values, CancellationToken cancel)
    {
        await using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
        var all = new List<WebhookDelivery>();
        while (await rows.ReadAsync(cancel))
        {
            all.Add(new WebhookDelivery(
                rows.GetString(0),
                rows.GetInt64(1),
                rows.GetGuid(2),
                new CallId(rows.GetGuid(3)),
                rows.GetInt32(4),
                rows.IsDBNull(5) ? null : database.ReadTime(rows, 5),
                rows.IsDBNull(6) ? null : rows.GetString(6)));
        }

        return all;
    }

    /// <summary>
    /// A step in the database; one that blocks (SQLite) on a thread of its own, for the pool's threads answer callers. Errors become the
    /// storage's own.
    /// </summary>
    internal static async Task<T> GuardAsync<T>(LedgerDatabase database, Func<Task<T>> step)
    {
        try
        {
            return database.Blocks
                ? await Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
                : await step();
        }
        catch (Exception error) when (error is DbException or TimeoutException or InvalidOperationException or ObjectDisposedException)
        {
            throw new LedgerUnavailableException(database.Describe(error), error);
        }
    }

    private Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancel) => GuardAsync(database, async () =>
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        return await read(connection);
    });
}
