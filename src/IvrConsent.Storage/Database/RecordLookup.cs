using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Records;
using IvrConsent.Storage.Webhooks;

namespace IvrConsent.Storage.Database;

/// <summary>Finds what event ids and receipts' references name.</summary>
internal sealed class RecordLookup(LedgerDatabase database) : IRecordLookup
{
    public async Task<CallId?> FindCallOfEventAsync(Guid eventId, CancellationToken cancel) =>
        (await FindAsync("event_id = @value", database.Id(eventId), cancel))?.Call;

    public Task<(CallId Call, Guid EventId)?> FindEventAtAsync(long position, CancellationToken cancel) => FindAsync("position = @value", position, cancel);

    private Task<(CallId Call, Guid EventId)?> FindAsync(string condition, object value, CancellationToken cancel) =>
        DatabaseWebhooks.GuardAsync<(CallId, Guid)?>(database, async () =>
        {
            await using var connection = await database.OpenReaderAsync(cancel);
            await using var rows = await connection.ExecuteReaderAsync(
                new CommandDefinition($"SELECT call_id, event_id FROM events WHERE {condition}", new { value }, cancellationToken: cancel));
            return await rows.ReadAsync(cancel) ? (new CallId(rows.GetGuid(0)), rows.GetGuid(1)) : null;
        });
}
