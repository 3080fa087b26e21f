using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Rights;

/// <summary>The holds.</summary>
internal sealed class HoldTable(LedgerDatabase database) : RightsTables(database), IHolds
{
    private const string Columns =
        "SELECT hold_id, subject_id, call_id, line, from_at, until_at, reason, owner, placed_by, placed_at, ends_at, released_at FROM holds";

    private const string InForce = " WHERE released_at IS NULL AND (ends_at IS NULL OR ends_at > @now)";

    private const string Order = " ORDER BY placed_at, hold_id";

    public Task<long> PlaceAsync(LegalHold hold, CancellationToken cancel)
    {
        if (hold.Scope.IsEmpty)
        {
            throw new ArgumentException("A hold names a person, a call, a line or a period.", nameof(hold));
        }

        return DecideAsync(
            async (connection, transaction) =>
            {
                var values = Values(hold);
                await connection.ExecuteAsync(new CommandDefinition(
                    """
                    INSERT INTO holds (hold_id, subject_id, call_id, line, from_at, until_at, reason, owner, placed_by, placed_at, ends_at)
                    VALUES (@id, @subject, @call, @line, @from, @until, @reason, @owner, @by, @at, @ends)
                    ON CONFLICT (hold_id) DO NOTHING
                    """,
                    values,
                    transaction,
                    cancellationToken: cancel));
                return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                    "SELECT count(*) FROM retention WHERE state = 'kept'" + Covered(hold.Scope), values, transaction, commandTimeout: 60, cancellationToken: cancel));
            },
            cancel);
    }

    public async Task<bool> ReleaseAsync(CallId id, string actor, string reason, DateTimeOffset now, CancellationToken cancel) => await ExecuteAsync(
        "UPDATE holds SET released_at = @now, released_by = @actor, release_reason = @reason WHERE hold_id = @id AND released_at IS NULL",
        new { id = Id(id.Value), actor, reason, now = Time(now) },
        cancel) > 0;

    public async Task<IReadOnlyList<LegalHold>> ListAsync(bool inForceOnly, DateTimeOffset now, CancellationToken cancel) =>
        await ReadAsync(Columns + (inForceOnly ? InForce : string.Empty) + Order, new { now = Time(now) }, Read, cancel);

    /// <summary>Those in force, inside the transaction that decides.</summary>
    public Task<List<LegalHold>> ListAsync(DbConnection connection, DbTransaction transaction, DateTimeOffset now, CancellationToken cancel) =>
        ReadAsync(connection, transaction, Columns + InForce + Order, new { now = Time(now) }, Read, cancel);

    private static string Covered(HoldScope scope) =>
        (scope.Subject is null ? string.Empty : " AND subject_id = @subject")
        + (scope.Call is null ? string.Empty : " AND call_id = @call")
        + (scope.Line is null ? string.Empty : " AND line = @line")
        + (scope.From is null ? string.Empty : " AND call_ended_at >= @from")
        + (scope.Until is null ? string.Empty : " AND call_ended_at < @until");

    private DynamicParameters Values(LegalHold hold)
    {
        var values = new DynamicParameters();
        values.Add("id", Id(hold.Id.Value));
        values.Add("subject", Id(hold.Scope.Subject?.Value), Database.IdType);
        values.Add("call", Id(hold.Scope.Call?.Value), Database.IdType);
        values.Add("line", LedgerRows.Clean(hold.Scope.Line));
        values.Add("from", Time(hold.Scope.From), Database.TimeType);
        values.Add("until", Time(hold.Scope.Until), Database.TimeType);
        values.Add("reason", LedgerRows.Clean(hold.Reason));
        values.Add("owner", LedgerRows.Clean(hold.Owner));
        values.Add("by", LedgerRows.Clean(hold.PlacedBy));
        values.Add("at", Time(hold.PlacedAt));
        values.Add("ends", Time(hold.EndsAt), Database.TimeType);
        return values;
    }

    private LegalHold Read(DbDataReader row) => new(
        new CallId(row.GetGuid(0)),
        new HoldScope(
            ReadId(row, 1) is { } subject ? new SubjectId(subject) : null,
            ReadId(row, 2) is { } call ? new CallId(call) : null,
            ReadText(row, 3),
            ReadTime(row, 4),
            ReadTime(row, 5)),
        row.GetString(6),
        row.GetString(7),
        row.GetString(8),
        Database.ReadTime(row, 9),
        ReadTime(row, 10),
        ReadTime(row, 11));
}
