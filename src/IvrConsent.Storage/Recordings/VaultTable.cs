using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Rights;

namespace IvrConsent.Storage.Recordings;

/// <summary>The vault's index in the ledger's database.</summary>
internal sealed class VaultTable(LedgerDatabase database) : RightsTables(database), IVaultIndex
{
    private const string Columns = "v.recording, v.call_id, v.pbx, v.event_id, v.state, v.attempt, v.quarantined, v.object, v.bytes, v.sha256, v.length_ms, v.silent, v.stored_at, v.detail";

    /// <summary>The row as somebody knows it: whoever has begun a later attempt has another one.</summary>
    private const string Still = "recording = @recording AND attempt = @attempt AND state = @state";

    public async Task<EndedCalls> FindEndedAsync(int most, CancellationToken cancel)
    {
        var rows = await ReadAsync(
            """
            SELECT e.position, e.type, e.call_id FROM events e
            WHERE e.position > (SELECT position FROM vault_cursor) ORDER BY e.position LIMIT @most
            """,
            new { most },
            row => (Position: row.GetInt64(0), Ended: row.GetString(1) == nameof(Core.Ledger.CallEnded), Call: row.GetGuid(2)),
            cancel);
        return new EndedCalls([.. rows.Where(row => row.Ended).Select(row => new CallId(row.Call))], rows.Count == 0 ? -1 : rows[^1].Position);
    }

    public Task EnterAsync(IReadOnlyList<VaultItem> items, long? position, DateTimeOffset now, CancellationToken cancel) =>
        items.Count == 0 && position is null or < 0 ? Task.CompletedTask : DecideAsync(
            async (connection, transaction) =>
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    """
                    INSERT INTO vault (recording, call_id, pbx, event_id, try_at)
                    SELECT @name, @call, @pbx, @id, @now
                    WHERE NOT EXISTS (SELECT 1 FROM retention WHERE recording = @name AND state = 'erasing')
                    ON CONFLICT (recording) DO NOTHING
                    """,
                    items.Select(item => new
                    {
                        name = LedgerRows.Clean(item.Recording), call = Id(item.Call.Value), pbx = LedgerRows.Clean(item.Pbx), id = Id(item.EventId), now = Time(now),
                    }).ToArray(),
                    transaction,
                    cancellationToken: cancel));

                // Two workers may have read the same stretch; the cursor never goes back.
                return await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE vault_cursor SET position = @position WHERE position < @position", new { position = position ?? 0 }, transaction, cancellationToken: cancel));
            },
            cancel);

    public async Task<IReadOnlyList<VaultItem>> FindDueAsync(IReadOnlyList<string> pbxes, DateTimeOffset now, int most, CancellationToken cancel) => await ReadAsync(
        $"""
        SELECT {Columns} FROM vault v
        WHERE v.state IN ('Waiting', 'Stored') AND v.try_at <= @now AND v.pbx {AmongNames}
            AND NOT EXISTS (SELECT 1 FROM retention r WHERE r.recording = v.recording AND r.state = 'erasing')
        ORDER BY v.try_at LIMIT @most
        """,
        new { names = pbxes.ToArray(), now = Time(now), most },
        Read,
        cancel);

    public async Task<VaultItem?> ClaimAsync(VaultItem item, DateTimeOffset until, CancellationToken cancel) =>
        await ExecuteAsync($"UPDATE vault SET attempt = attempt + 1, try_at = @until WHERE {Still}", Values(item, ("until", Time(until))), cancel) > 0
            ? item with { Attempt = item.Attempt + 1 }
            : null;

    public async Task<bool> ExtendAsync(VaultItem item, DateTimeOffset until, CancellationToken cancel) =>
        await ExecuteAsync("UPDATE vault SET try_at = @until WHERE recording = @recording AND attempt = @attempt", Values(item, ("until", Time(until))), cancel) > 0;

    public Task<bool> StoreAsync(VaultItem item, StoredObject stored, byte[] wrappedKey, RetainedRecording retained, CancellationToken cancel) => DecideAsync(
        async (connection, transaction) =>
        {
            var moved = await connection.ExecuteAsync(new CommandDefinition(
                $"""
                UPDATE vault SET state = 'Stored', quarantined = @quarantined, object = @object, bytes = @bytes, sha256 = @sha256,
                    length_ms = @length, silent = @silent, stored_at = @at, detail = NULL
                WHERE {Still} AND NOT EXISTS (SELECT 1 FROM retention r WHERE r.recording = vault.recording AND r.state = 'erasing')
                """,
                Values(
                    item,
                    ("quarantined", item.Quarantined ? 1 : 0),
                    ("object", stored.Name),
                    ("bytes", stored.Bytes),
                    ("sha256", stored.Sha256),
                    ("length", stored.LengthMs),
                    ("silent", stored.Silent ? 1 : 0),
                    ("at", Time(stored.StoredAt))),
                transaction,
                cancellationToken: cancel));
            if (moved == 0)
            {
                return false;
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO recording_keys (recording, wrapped) VALUES (@name, @wrapped)", new { name = item.Recording, wrapped = wrappedKey }, transaction, cancellationToken: cancel));
            await RetentionTable.KeepAsync(Database, connection, transaction, retained, cancel);
            return true;
        },
        cancel);

    public Task<bool> ReleaseAsync(string recording, IReadOnlyList<RetentionTerm> terms, CancellationToken cancel) => DecideAsync(
        async (connection, transaction) =>
        {
            var values = new { recording, terms = RetentionJson.Write(terms), until = Time(RetentionPolicy.Until(terms)) };
            var kept = await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE retention SET terms = @terms, retain_until = @until
                WHERE recording = @recording AND state = 'kept' AND restricted_by IS NULL
                    AND EXISTS (SELECT 1 FROM vault v WHERE v.recording = retention.recording AND v.state = 'Done' AND v.quarantined = 1)
                """,
                values,
                transaction,
                cancellationToken: cancel));
            return kept > 0 && await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE vault SET quarantined = 0 WHERE recording = @recording", values, transaction, cancellationToken: cancel)) > 0;
        },
        cancel);

    public async Task<bool> MoveAsync(VaultItem item, VaultState state, string? detail, CancellationToken cancel) =>
        await ExecuteAsync($"UPDATE vault SET state = @to, detail = @detail WHERE {Still}", Values(item, ("to", state.ToString()), ("detail", LedgerRows.Clean(detail))), cancel) > 0;

    public Task PutOffAsync(VaultItem item, DateTimeOffset until, string detail, CancellationToken cancel) =>
        ExecuteAsync("UPDATE vault SET try_at = @until, detail = @detail WHERE recording = @recording AND attempt = @attempt", Values(item, ("until", Time(until)), ("detail", LedgerRows.Clean(detail))), cancel);

    public async Task<VaultItem?> FindAsync(string recording, CancellationToken cancel) =>
        (await ReadAsync($"SELECT {Columns} FROM vault v WHERE v.recording = @recording", new { recording }, Read, cancel)).FirstOrDefault();

    public async Task<IReadOnlyList<VaultItem>> FindAsync(IReadOnlyCollection<string> recordings, CancellationToken cancel) =>
        await ReadAsync($"SELECT {Columns} FROM vault v WHERE v.recording {AmongNames}", new { names = recordings.ToArray() }, Read, cancel);

    public async Task<IReadOnlyList<VaultItem>> ListAsync(VaultState? state, string? after, int most, CancellationToken cancel) => await ReadAsync(
        $"SELECT {Columns} FROM vault v WHERE v.recording > @after{(state is null ? string.Empty : " AND v.state = @state")} ORDER BY v.recording LIMIT @most",
        new { after = after ?? string.Empty, state = state?.ToString() ?? string.Empty, most },
        Read,
        cancel);

    public async Task<IReadOnlyList<VaultEntry>> SearchAsync(VaultSearch search, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(search);
        var (conditions, values) = (new List<string>(), new DynamicParameters());
        void Where(bool given, string condition, string name, Func<object?> value)
        {
            if (given)
            {
                conditions.Add(condition);
                values.Add(name, value());
            }
        }

        Where(search.After is not null, search.NewestFirst ? "v.recording < @after" : "v.recording > @after", "after", () => search.After);
        Where(search.Recording is not null, "v.recording = @recording", "recording", () => search.Recording);
        Where(search.Call is not null, "v.call_id = @call", "call", () => Id(search.Call!.Value.Value));
        Where(search.Subject is not null, "c.subject_id = @subject", "subject", () => Id(search.Subject!.Value.Value));
        Where(search.Lines is not null, $"c.line {AmongNames}", "names", () => search.Lines!.ToArray());
        Where(search.State is not null, "v.state = @state", "state", () => search.State!.Value.ToString());
        Where(search.Quarantined, "v.quarantined = @yes", "yes", () => 1);
        values.Add("most", search.Most);
        return await ReadAsync(
            $"""
            SELECT {Columns}, c.line, coalesce(r.call_ended_at, c.ended_at), coalesce(r.state, ''), {RetentionTable.Columns}
            FROM vault v LEFT JOIN calls c ON c.call_id = v.call_id LEFT JOIN retention r ON r.recording = v.recording
            {(conditions.Count == 0 ? string.Empty : $"WHERE {string.Join(" AND ", conditions)}")}
            ORDER BY v.recording {(search.NewestFirst ? "DESC" : string.Empty)} LIMIT @most
            """,
            values,
            row => new VaultEntry(Read(row), ReadText(row, 14), ReadTime(row, 15), row.GetString(16) == "kept" ? RetentionTable.Read(Database, row, 17) : null, row.GetString(16) == "erasing"),
            cancel);
    }

    public async Task<VaultCounts> CountAsync(CancellationToken cancel)
    {
        var rows = await ReadAsync(
            "SELECT state, count(*), coalesce(sum(quarantined), 0) FROM vault GROUP BY state",
            null,
            row => (State: Enum.Parse<VaultState>(row.GetString(0)), Count: row.GetInt64(1), Quarantined: Number(row, 2)),
            cancel);
        long Of(VaultState state) => rows.Where(row => row.State == state).Sum(row => row.Count);
        return new VaultCounts(Of(VaultState.Waiting), Of(VaultState.Stored), Of(VaultState.Done), Of(VaultState.Missing), rows.Sum(row => row.Quarantined));
    }

    // Both ids are of version 7, which begin with the time: of the recording's being entered, and of the decision.
    public async Task<IReadOnlyList<PbxBacklog>> FindBacklogAsync(DateTimeOffset before, CancellationToken cancel) => await ReadAsync(
        """
        SELECT p.pbx, sum(p.waiting), sum(p.erasing) FROM (
            SELECT v.pbx, 1 AS waiting, 0 AS erasing FROM vault v
            WHERE v.state IN ('Waiting', 'Stored') AND v.event_id < @before
                AND NOT EXISTS (SELECT 1 FROM retention r WHERE r.recording = v.recording AND r.state = 'erasing')
            UNION ALL
            SELECT r.pbx, 0, 1 FROM retention r
            WHERE r.state = 'erasing' AND r.erase_event < @before
                AND NOT EXISTS (SELECT 1 FROM vault v WHERE v.recording = r.recording AND v.state = 'Done')) p
        GROUP BY p.pbx ORDER BY p.pbx
        """,
        new { before = Id(CallId.First(before).Value) },
        row => new PbxBacklog(row.GetString(0), Number(row, 1), Number(row, 2)),
        cancel);

    public async Task<byte[]?> FindKeyAsync(string recording, CancellationToken cancel) => (await ReadAsync(
        "SELECT wrapped FROM recording_keys WHERE recording = @recording", new { recording }, row => row.GetFieldValue<byte[]>(0), cancel)).FirstOrDefault();

    public Task ForgetAsync(string recording, CancellationToken cancel) => ExecuteAsync("DELETE FROM vault WHERE recording = @recording", new { recording }, cancel);

    // A sum is of another type in each database.
    private static long Number(DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), System.Globalization.CultureInfo.InvariantCulture);

    private static DynamicParameters Values(VaultItem item, params (string Name, object? Value)[] more)
    {
        var values = new DynamicParameters();
        values.Add("recording", item.Recording);
        values.Add("attempt", item.Attempt);
        values.Add("state", item.State.ToString());
        foreach (var (name, value) in more)
        {
            values.Add(name, value);
        }

        return values;
    }

    private VaultItem Read(DbDataReader row) => new(
        row.GetString(0), new CallId(row.GetGuid(1)), row.GetString(2), row.GetGuid(3), Enum.Parse<VaultState>(row.GetString(4)), row.GetInt32(5))
    {
        Quarantined = row.GetInt64(6) != 0,
        Stored = row.IsDBNull(7)
            ? null
            : new StoredObject(row.GetString(7), row.GetInt64(8), row.GetString(9), row.GetInt64(10), row.GetInt64(11) != 0, Database.ReadTime(row, 12)),
        Detail = ReadText(row, 13),
    };
}
