using System.Data.Common;
using System.Text.Json;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Rights;

/// <summary>What of the ledger identifies, and how it goes when it is old.</summary>
internal sealed class LedgerRetentionTable(LedgerDatabase database) : RightsTables(database), ILedgerRetention
{
    /// <summary>
    /// Takes from calls what no proof needs: the channel's name and the number dialled. To be followed by a condition on the table calls; touches no call that
    /// is going on, and none that says neither any more.
    /// </summary>
    public const string Minimise = "UPDATE calls SET channel = '-', called_number = '' WHERE (channel <> '-' OR called_number <> '') AND (ended_at IS NOT NULL OR kind = 'Record')";

    private const string Untold = "untold_forgetting:";

    /// <summary>A hold in force that covers the call c, or would cover recordings of it: all of a hold's conditions apply.</summary>
    public const string HeldCall =
        """
        EXISTS (SELECT 1 FROM holds h WHERE h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > @now)
            AND (h.subject_id IS NULL OR h.subject_id = c.subject_id) AND (h.call_id IS NULL OR h.call_id = c.call_id) AND (h.line IS NULL OR h.line = c.line)
            AND (h.from_at IS NULL OR coalesce(c.ended_at, c.arrived_at) >= h.from_at) AND (h.until_at IS NULL OR coalesce(c.ended_at, c.arrived_at) < h.until_at))
        """;

    /// <summary>A recording of the call c that is kept, on its way, or not wholly erased.</summary>
    private const string RecordedCall =
        """
        (EXISTS (SELECT 1 FROM retention r WHERE r.call_id = c.call_id) OR EXISTS (SELECT 1 FROM vault v WHERE v.call_id = c.call_id AND v.state <> 'Missing'))
        """;

    /// <summary>
    /// The person s has had neither call nor entry since, and nothing keeps him known. Erasing a recording when its time had come, and looking, are ours and not his, and
    /// keep nothing: whoever asked often enough could otherwise keep a number for ever. (A record begins with its first event: it needs no time of its own.)
    /// </summary>
    private const string Idle =
        $"""
        s.created_at < @before
        AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.subject_id = s.subject_id
            AND ((c.kind <> 'Record' AND (c.arrived_at >= @before OR c.ended_at IS NULL)) OR {RecordedCall} OR {HeldCall}))
        AND NOT EXISTS (SELECT 1 FROM calls c JOIN events e ON e.call_id = c.call_id WHERE c.subject_id = s.subject_id
            AND ((e.at >= @before AND e.type NOT IN ('RecordingErased', 'NumberSearched', 'NumberRevealed')) OR (e.type = 'ConsentEntered' AND e.body LIKE '%"status":"opted-out"%')))
        AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.subject_id = s.subject_id AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > @now))
        AND NOT EXISTS (SELECT 1 FROM requests q WHERE q.subject_id = s.subject_id AND q.state = 'Open')
        """;

    /// <summary>The call c is over, of nobody, and nothing keeps it.</summary>
    private const string IdleCall =
        $"""
        c.arrived_at < @before AND c.ended_at < @before AND (c.channel <> '-' OR c.called_number <> '')
        AND (c.subject_id IS NULL OR NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject_id = c.subject_id))
        AND NOT EXISTS (SELECT 1 FROM requests q WHERE q.call_id = c.call_id AND q.state = 'Open')
        AND NOT {RecordedCall} AND NOT {HeldCall}
        """;

    /// <summary>Rows that one query looks at; a hundred thousand persons took 1.5 s on SQLite.</summary>
    public int Slice { get; init; } = 20_000;

    public async Task<IReadOnlyList<IdlePerson>> FindIdleAsync(DateTimeOffset before, DateTimeOffset now, SubjectId? after, int limit, CancellationToken cancel) => await FindAsync(
        "subjects s",
        "s.subject_id",
        $"SELECT s.subject_id, (SELECT count(*) FROM calls c WHERE c.subject_id = s.subject_id AND (c.channel <> '-' OR c.called_number <> '')) FROM subjects s WHERE {Idle}",
        new { before = Time(before), now = Time(now), limit },
        (after?.Value ?? Guid.Empty, Guid.AllBitsSet),
        row => new IdlePerson(new SubjectId(row.GetGuid(0)), row.GetInt32(1)),
        cancel);

    // Calls' ids begin with their time: what came later is not read for it.
    public async Task<IReadOnlyList<CallId>> FindIdleCallsAsync(DateTimeOffset before, DateTimeOffset now, CallId? after, int limit, CancellationToken cancel) => await FindAsync(
        "calls c",
        "c.call_id",
        $"SELECT c.call_id FROM calls c WHERE {IdleCall}",
        new { before = Time(before), now = Time(now), limit },
        (after?.Value ?? Guid.Empty, CallId.First(before).Value),
        row => new CallId(row.GetGuid(0)),
        cancel);

    public Task<Forgotten> ForgetAsync(IReadOnlyList<SubjectId> persons, IReadOnlyList<CallId> calls, DateTimeOffset before, DateTimeOffset now, CancellationToken cancel) =>
        DecideAsync(
            async (connection, transaction) =>
            {
                // What was read before may have changed: all is looked at again here, where no hold can come between.
                var done = default(Forgotten);
                if (persons.Count > 0)
                {
                    // Whom a call just coming in holds is not idle.
                    var free = await AmongAsync(connection, transaction, "subjects s", "s.subject_id", $"true{Database.HeldIfFree}", persons.Select(person => person.Value), before, now, cancel);
                    var idle = await AmongAsync(connection, transaction, "subjects s", "s.subject_id", Idle, free, before, now, cancel);
                    await ChangeAsync(connection, transaction, "DELETE FROM subjects WHERE subject_id", idle, cancel);
                    done += new Forgotten(idle.Count, await ChangeAsync(connection, transaction, $"{Minimise} AND subject_id", idle, cancel));
                }

                if (calls.Count > 0)
                {
                    var idle = await AmongAsync(connection, transaction, "calls c", "c.call_id", IdleCall, calls.Select(call => call.Value), before, now, cancel);
                    done += new Forgotten(0, await ChangeAsync(connection, transaction, $"{Minimise} AND call_id", idle, cancel));
                }

                if (done != default)
                {
                    var untold = new UntoldForgetting(Guid.CreateVersion7(now), done, LedgerRows.Milliseconds(before), LedgerRows.Milliseconds(now));
                    await connection.ExecuteAsync(new CommandDefinition(
                        "INSERT INTO ledger_facts (name, value) VALUES (@name, @value)",
                        new { name = NameOf(untold.EventId), value = JsonSerializer.Serialize(untold) },
                        transaction,
                        cancellationToken: cancel));
                }

                return done;
            },
            cancel);

    public async Task<IReadOnlyList<UntoldForgetting>> FindUntoldAsync(CancellationToken cancel) => await ReadAsync(
        "SELECT value FROM ledger_facts WHERE name LIKE @names ORDER BY name",
        new { names = Untold + "%" },
        row => JsonSerializer.Deserialize<UntoldForgetting>(row.GetString(0)) ?? throw new JsonException("The fact is null."),
        cancel);

    public Task ToldAsync(Guid eventId, CancellationToken cancel) => ExecuteAsync("DELETE FROM ledger_facts WHERE name = @name", new { name = NameOf(eventId) }, cancel);

    /// <summary>
    /// Looks through a table from slice to slice until something is found, however much there is that something keeps: no single query is long, and none has to be waited for.
    /// </summary>
    private async Task<List<T>> FindAsync<T>(string table, string id, string sql, object values, (Guid After, Guid End) range, Func<DbDataReader, T> read, CancellationToken cancel)
    {
        var (after, end) = range;
        while (true)
        {
            var last = await ReadAsync(
                $"SELECT {id} FROM {table} WHERE {id} > @after AND {id} < @end ORDER BY {id} LIMIT 1 OFFSET @skip", new { after = Id(after), end = Id(end), skip = Slice - 1 }, row => row.GetGuid(0), cancel);
            var within = new DynamicParameters(values);
            within.Add("after", Id(after));
            within.Add("end", Id(last is [var next] ? next : end));
            var found = await ReadAsync($"{sql} AND {id} > @after AND {id} <= @end ORDER BY {id} LIMIT @limit", within, read, cancel);
            if (found.Count > 0 || last.Count == 0)
            {
                return found;
            }

            after = last[0];
        }
    }

    private static string NameOf(Guid eventId) => $"{Untold}{eventId:N}";

    private async Task<List<Guid>> AmongAsync(
        DbConnection connection, DbTransaction transaction, string table, string id, string condition, IEnumerable<Guid> ids, DateTimeOffset before, DateTimeOffset now, CancellationToken cancel)
    {
        var values = new DynamicParameters(new { before = Time(before), now = Time(now) });
        values.Add("calls", Database.Ids(ids));
        return await ReadAsync(connection, transaction, $"SELECT {id} FROM {table} WHERE {id} {Database.AmongCalls} AND {condition}", values, row => row.GetGuid(0), cancel);
    }

    private async Task<int> ChangeAsync(DbConnection connection, DbTransaction transaction, string sql, List<Guid> ids, CancellationToken cancel)
    {
        if (ids.Count == 0)
        {
            return 0;
        }

        var values = new DynamicParameters();
        values.Add("calls", Database.Ids(ids));
        return await connection.ExecuteAsync(new CommandDefinition($"{sql} {Database.AmongCalls}", values, transaction, cancellationToken: cancel));
    }
}
