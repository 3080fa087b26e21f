using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Rights;

/// <summary>What is kept until when, and the one place where keys of recordings are destroyed.</summary>
internal sealed class RetentionTable(LedgerDatabase database, HoldTable holds) : RightsTables(database), IRetention
{
    /// <summary>How the body of a withdrawal says that it goes beyond its call.</summary>
    private static readonly string Person = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"%\"scope\":{(int)WithdrawalScope.Person}%");

    /// <summary>What <see cref="Read(LedgerDatabase, DbDataReader, int)"/> reads, of a table that goes by r.</summary>
    public const string Columns = "r.recording, r.call_id, r.subject_id, r.line, r.pbx, r.call_ended_at, r.terms, r.retain_until, r.restricted_by";

    public Task KeepAsync(RetainedRecording recording, CancellationToken cancel) =>
        DecideAsync((connection, transaction) => KeepAsync(Database, connection, transaction, recording, cancel), cancel);

    /// <summary>The same in the transaction that writes the recording's key.</summary>
    public static Task<int> KeepAsync(LedgerDatabase database, DbConnection connection, DbTransaction transaction, RetainedRecording recording, CancellationToken cancel)
    {
        var values = new DynamicParameters();
        values.Add("name", LedgerRows.Clean(recording.Name));
        values.Add("call", database.Id(recording.Call.Value));
        values.Add("subject", recording.Subject is { } subject ? database.Id(subject.Value) : null, database.IdType);
        values.Add("line", LedgerRows.Clean(recording.Line));
        values.Add("pbx", LedgerRows.Clean(recording.Pbx));
        values.Add("ended", database.Time(recording.EndedAt));
        values.Add("terms", RetentionJson.Write(recording.Terms));
        values.Add("until", recording.RetainUntil is { } until ? database.Time(until) : null, database.TimeType);
        return connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO retention (recording, call_id, subject_id, line, pbx, call_ended_at, terms, retain_until)
            VALUES (@name, @call, @subject, @line, @pbx, @ended, @terms, @until)
            ON CONFLICT (recording) DO NOTHING
            """,
            values,
            transaction,
            cancellationToken: cancel));
    }

    public async Task<IReadOnlyList<RetainedRecording>> FindDueAsync(DateTimeOffset now, RetentionCursor? after, int limit, CancellationToken cancel) => await ReadAsync(
        $"SELECT {Columns} FROM retention r WHERE r.state = 'kept' AND r.retain_until <= @now"
        + (after is null ? string.Empty : " AND (r.retain_until, r.recording) > (@until, @name)")
        + " ORDER BY r.retain_until, r.recording LIMIT @limit",
        new { now = Time(now), until = Time(after?.Until ?? now), name = after?.Name ?? string.Empty, limit },
        Read,
        cancel);

    public async Task<IReadOnlyList<RetainedRecording>> FindAsync(SubjectId? subject, CallId? call, string? after, int limit, CancellationToken cancel)
    {
        if (subject is null && call is null)
        {
            return [];
        }

        var (column, id) = call is { } one ? ("call_id", one.Value) : ("subject_id", subject!.Value.Value);
        return await ReadAsync(
            $"SELECT {Columns} FROM retention r WHERE r.{column} = @id AND r.state = 'kept' AND r.recording > @after ORDER BY r.recording LIMIT @limit",
            new { id = Id(id), after = after ?? string.Empty, limit },
            Read,
            cancel);
    }

    public async Task<IReadOnlyList<RetainedRecording>> FindWithdrawnAsync(DateTimeOffset? since, string? after, int limit, CancellationToken cancel)
    {
        var recent = since is null ? string.Empty : " AND e.at >= @since";
        return await ReadAsync(
            $"""
            SELECT {Columns} FROM retention r WHERE r.state = 'kept' AND r.recording > @after AND r.recording IN (
                SELECT o.recording FROM events e JOIN retention o ON o.call_id = e.call_id
                WHERE e.type IN ('ConsentWithdrawn', 'EntryCorrected'){recent}
                UNION
                SELECT o.recording FROM events e JOIN calls c ON c.call_id = e.call_id JOIN retention o ON o.subject_id = c.subject_id
                WHERE e.type IN ('ConsentWithdrawn', 'EntryCorrected', 'ConsentEntered'){recent} AND (e.type = 'EntryCorrected' OR e.body LIKE @entered OR e.body LIKE @person))
            ORDER BY r.recording LIMIT @limit
            """,
            new { since = Time(since ?? DateTimeOffset.UnixEpoch), after = after ?? string.Empty, limit, entered = "%\"status\":\"withdrawn\"%", person = Person },
            Read,
            cancel);
    }

    public async Task<long> CountUndatedAsync(CancellationToken cancel) =>
        (await ReadAsync("SELECT count(*) FROM retention WHERE state = 'kept' AND retain_until IS NULL", null, row => row.GetInt64(0), cancel))[0];

    public Task<IReadOnlyList<DecidedErasure>> DecideAsync(IReadOnlyList<string> names, DeletionCause cause, string actor, DateTimeOffset now, CancellationToken cancel) =>
        DecideAsync(names, cause, null, actor, now, cancel);

    public async Task<DecidedErasure?> DecideAsync(string name, DeletionCause cause, string why, string actor, DateTimeOffset now, CancellationToken cancel) =>
        await DecideAsync([name], cause, why, actor, now, cancel) is [var decided] ? decided : null;

    private Task<IReadOnlyList<DecidedErasure>> DecideAsync(IReadOnlyList<string> names, DeletionCause cause, string? why, string actor, DateTimeOffset now, CancellationToken cancel) =>
        DecideAsync<IReadOnlyList<DecidedErasure>>(
            async (connection, transaction) =>
            {
                // What was read before may have changed: all that decides is read again here, where no hold can come between.
                var inForce = await holds.ListAsync(connection, transaction, now, cancel);
                var recordings = await ReadAsync(
                    connection, transaction, $"SELECT {Columns} FROM retention r WHERE r.state = 'kept' AND r.recording {AmongNames} ORDER BY r.recording", new { names = names.ToArray() }, Read, cancel);
                var decided = recordings.Select(recording => new DecidedErasure(recording, DeletionPolicy.Decide(recording, cause, inForce, now))).ToList();
                var going = decided.Where(one => one.Decision.Delete).ToList();
                if (going.Count > 0)
                {
                    await connection.ExecuteAsync(new CommandDefinition(
                        $"DELETE FROM recording_keys WHERE recording {AmongNames}",
                        new { names = going.Select(one => one.Recording.Name).ToArray() },
                        transaction,
                        cancellationToken: cancel));
                    await connection.ExecuteAsync(new CommandDefinition(
                        "UPDATE retention SET state = 'erasing', erase_event = @id, erase_reason = @reason, erase_actor = @actor WHERE recording = @name",
                        going.Select(one => new
                        {
                            id = Id(Guid.CreateVersion7(now)),
                            reason = LedgerRows.Clean(ErasureReasons.Of(cause, why is null ? one.Decision.Reason : $"{one.Decision.Reason}: {why}")),
                            actor = LedgerRows.Clean(actor),
                            name = one.Recording.Name,
                        }).ToArray(),
                        transaction,
                        cancellationToken: cancel));
                }

                return decided;
            },
            cancel);

    public async Task<IReadOnlyList<PendingErasure>> FindPendingAsync(string? after, int limit, CancellationToken cancel) => await ReadAsync(
        $"""
        SELECT {Columns}, r.erase_event, r.erase_reason, r.erase_actor,
            (SELECT coalesce(max(e.call_sequence), 0) + 1 FROM events e WHERE e.call_id = r.call_id)
        FROM retention r WHERE r.state = 'erasing' AND r.recording > @after ORDER BY r.recording LIMIT @limit
        """,
        new { after = after ?? string.Empty, limit },
        row => new PendingErasure(Read(row), row.GetGuid(9), row.GetString(10), row.GetString(11), row.GetInt32(12)),
        cancel);

    public Task<bool> ScrubAsync(CancellationToken cancel) => GuardAsync(async () =>
    {
        await using var connection = await Database.OpenWriterAsync(cancel);
        return await Database.ScrubAsync(connection, cancel);
    });

    public Task FinishAsync(IReadOnlyList<string> names, CancellationToken cancel) => names.Count == 0 ? Task.CompletedTask : DecideAsync(
        async (connection, transaction) =>
        {
            var values = new { names = names.ToArray() };

            // The channel's name and the number dialled are no part of the proof; they are left only where another recording of the call is.
            await connection.ExecuteAsync(new CommandDefinition(
                $"""
                UPDATE calls SET channel = '-', called_number = ''
                WHERE ended_at IS NOT NULL
                    AND call_id IN (SELECT call_id FROM retention WHERE state = 'erasing' AND recording {AmongNames})
                    AND NOT EXISTS (SELECT 1 FROM retention o WHERE o.call_id = calls.call_id AND o.state = 'kept')
                """,
                values,
                transaction,
                cancellationToken: cancel));
            await connection.ExecuteAsync(new CommandDefinition(
                $"DELETE FROM vault WHERE recording {AmongNames} AND EXISTS (SELECT 1 FROM retention r WHERE r.recording = vault.recording AND r.state = 'erasing')",
                values,
                transaction,
                cancellationToken: cancel));
            return await connection.ExecuteAsync(new CommandDefinition(
                $"DELETE FROM retention WHERE state = 'erasing' AND recording {AmongNames}", values, transaction, cancellationToken: cancel));
        },
        cancel);

    public async Task<bool> SetTermsAsync(string name, IReadOnlyList<RetentionTerm> terms, DateTimeOffset now, CancellationToken cancel) => await ExecuteAsync(
        "UPDATE retention SET terms = @terms, retain_until = @until WHERE recording = @name AND state = 'kept'",
        new { name, terms = RetentionJson.Write(terms), until = Time(RetentionPolicy.Until(terms) ?? now) },
        cancel) > 0;

    public async Task<bool> RestrictAsync(string name, CallId? by, CancellationToken cancel)
    {
        var values = new DynamicParameters();
        values.Add("name", name);
        values.Add("by", Id(by?.Value), Database.IdType);
        return await ExecuteAsync(
            "UPDATE retention SET restricted_by = @by WHERE recording = @name AND state = 'kept' AND restricted_by IS "
                + (by is null ? "NOT NULL" : "NULL"),
            values,
            cancel) > 0;
    }

    public async Task<NumberKeeper?> ForgetAsync(SubjectId subject, DateTimeOffset now, CancellationToken cancel)
    {
        var keeps = await DecideAsync<NumberKeeper?>(
            async (connection, transaction) =>
            {
                var values = new { subject = Id(subject.Value), now = Time(now) };

                // A call that is just coming in holds it: that call is waited for, and keeps the number.
                await connection.ExecuteAsync(new CommandDefinition($"SELECT 1 FROM subjects WHERE subject_id = @subject{Database.Held}", values, transaction, cancellationToken: cancel));
                if (await FirstKeptAsync(connection, transaction, values, cancel) is { } why)
                {
                    return why;
                }

                await connection.ExecuteAsync(new CommandDefinition("DELETE FROM subjects WHERE subject_id = @subject", values, transaction, cancellationToken: cancel));
                await connection.ExecuteAsync(new CommandDefinition($"{LedgerRetentionTable.Minimise} AND subject_id = @subject", values, transaction, cancellationToken: cancel));
                return null;
            },
            cancel);
        if (keeps is null)
        {
            await ScrubAsync(cancel);
        }

        return keeps;
    }

    public Task<IAsyncDisposable?> TryRunAloneAsync(CancellationToken cancel) => GuardAsync(() => Database.TryRunAloneAsync("retention", cancel));

    /// <summary>The first thing that still needs to find the person by the number.</summary>
    private static async Task<NumberKeeper?> FirstKeptAsync(DbConnection connection, DbTransaction transaction, object values, CancellationToken cancel)
    {
        foreach (var (sql, why) in (IEnumerable<(string, NumberKeeper)>)
            [
                ("SELECT 1 FROM retention WHERE subject_id = @subject AND state = 'kept' LIMIT 1", NumberKeeper.Recordings),
                ("SELECT 1 FROM calls WHERE subject_id = @subject AND ended_at IS NULL AND kind <> 'Record' LIMIT 1", NumberKeeper.RunningCall),
                ("SELECT 1 FROM holds WHERE subject_id = @subject AND released_at IS NULL AND (ends_at IS NULL OR ends_at > @now) LIMIT 1", NumberKeeper.HoldOnPerson),
                ($"SELECT 1 FROM calls c WHERE c.subject_id = @subject AND c.kind <> 'Record' AND {LedgerRetentionTable.HeldCall} LIMIT 1", NumberKeeper.HoldOnCall),
                (
                    """
                    SELECT 1 FROM events e JOIN calls c ON c.call_id = e.call_id
                    WHERE c.subject_id = @subject AND e.type = 'ConsentEntered' AND e.body LIKE '%"status":"opted-out"%' LIMIT 1
                    """,
                    NumberKeeper.OptedOut),
            ])
        {
            if (await connection.ExecuteScalarAsync<int?>(new CommandDefinition(sql, values, transaction, cancellationToken: cancel)) is not null)
            {
                return why;
            }
        }

        return null;
    }

    private RetainedRecording Read(DbDataReader row) => Read(Database, row, 0);

    /// <summary>Reads <see cref="Columns"/>, the first of which is the row's column <paramref name="first"/>.</summary>
    public static RetainedRecording Read(LedgerDatabase database, DbDataReader row, int first) => new(
        row.GetString(first),
        new CallId(row.GetGuid(first + 1)),
        ReadId(row, first + 2) is { } subject ? new SubjectId(subject) : null,
        ReadText(row, first + 3),
        row.GetString(first + 4),
        database.ReadTime(row, first + 5),
        RetentionJson.Read(row.GetString(first + 6)),
        row.IsDBNull(first + 7) ? null : database.ReadTime(row, first + 7))
    {
        RestrictedBy = ReadId(row, first + 8) is { } by ? new CallId(by) : null,
    };
}
