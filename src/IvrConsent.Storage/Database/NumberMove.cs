using System.Data.Common;
using Dapper;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The part of migration 0002 that no SQL can do: moves the numbers that stand in the calls' rows into the mapping, hashed and
/// encrypted, and drops their column. In the migration's own transaction.
/// </summary>
internal static class NumberMove
{
    /// <summary>The migration that it belongs to.</summary>
    public const string Migration = "0002_subjects";

    private const int BatchSize = 1000;

    /// <summary>Moves all; answers with how many rows had a number.</summary>
    public static async Task<long> RunAsync(DbConnection connection, LedgerDatabase database, CancellationToken cancel)
    {
        long moved = 0;
        for (object? after = null; ;)
        {
            var rows = await ReadAsync(connection, database, after, cancel);
            if (rows.Count == 0)
            {
                break;
            }

            // The keys are not needed for a database without numbers, such as a new one.
            var keys = database.Numbers.Current;
            foreach (var (call, number, arrived) in rows)
            {
                if (keys.Hash(number) is not { } hash)
                {
                    continue;
                }

                var subject = new SubjectId(Guid.NewGuid());
                var seal = keys.Seal(number, subject.Value);
                await connection.ExecuteAsync(new CommandDefinition(
                    LedgerSql.AddSubject + ";\nUPDATE calls SET subject_id = (SELECT subject_id FROM subjects WHERE number_hash = @hash) WHERE call_id = @call",
                    new { subject = database.Id(subject.Value), hash, number = seal.Bytes, key = seal.KeyId, at = database.Time(arrived), call },
                    cancellationToken: cancel));
            }

            moved += rows.Count;
            after = rows[^1].Call;
        }

        await connection.ExecuteAsync(new CommandDefinition("ALTER TABLE calls DROP COLUMN caller_number", commandTimeout: 0, cancellationToken: cancel));
        return moved;
    }

    private static async Task<List<(object Call, string Number, DateTimeOffset Arrived)>> ReadAsync(
        DbConnection connection, LedgerDatabase database, object? after, CancellationToken cancel)
    {
        var values = new DynamicParameters();
        values.Add("limit", BatchSize);
        if (after is not null)
        {
            values.Add("after", after);
        }

        var sql = "SELECT call_id, caller_number, arrived_at FROM calls WHERE caller_number IS NOT NULL"
            + (after is null ? string.Empty : " AND call_id > @after") + " ORDER BY call_id LIMIT @limit";
        var found = new List<(object, string, DateTimeOffset)>();
        await using var rows = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, commandTimeout: 0, cancellationToken: cancel));
        while (await rows.ReadAsync(cancel))
        {
            found.Add((rows.GetValue(0), rows.GetString(1), database.ReadTime(rows, 2)));
        }

        return found;
    }
}
