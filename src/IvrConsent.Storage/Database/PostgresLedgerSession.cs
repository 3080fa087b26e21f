using System.Data.Common;
using IvrConsent.Core.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace IvrConsent.Storage.Database;

/// <summary>The writing connection of PostgreSQL: a whole transaction is one round trip.</summary>
internal sealed class PostgresLedgerSession(PostgresLedgerDatabase database, NpgsqlConnection connection) : LedgerSession
{
    // One writer at a time in all workers, per table and so per schema: positions are handed out in the order of commits,
    // without gaps. A statement of its own, so that the next one sees what was committed while this one waited. The lock ends
    // with the transaction, and as the whole transaction is sent at once, a client that stops does not hold it.
    private const string Lock = "SELECT pg_advisory_xact_lock('events'::regclass::oid::bigint)";

    private static readonly string[] Statements = [LedgerSql.InsertSubject, LedgerSql.InsertCall, LedgerSql.InsertEvent, LedgerSql.EndCall];

    public override DbConnection Connection => connection;

    public override async Task<WriteOutcome> CommitAsync(IReadOnlyList<LedgerBatch> batches, CancellationToken cancel)
    {
        var commands = database.Commands(batches);
        var outcome = new WriteOutcome();

        // Without BEGIN and COMMIT the commands of a batch are one transaction: PostgreSQL commits at the batch's end.
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Lock));
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(Statement(command));
        }

        await using var results = await batch.ExecuteReaderAsync(cancel);
        foreach (var command in commands)
        {
            // The lock's own row comes first, then one result for every event; the other statements have none.
            if (command.Entry is { } entry)
            {
                await results.NextResultAsync(cancel);
                outcome.Count(entry, await results.ReadAsync(cancel) ? results.GetInt32(0) : null);
            }
        }

        // Only behind the last result has the server said that it committed.
        while (await results.NextResultAsync(cancel))
        {
        }

        return outcome;
    }

    public override async Task ProbeAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteScalarAsync(cancel);
    }

    public override ValueTask DisposeAsync() => connection.DisposeAsync();

    private static NpgsqlBatchCommand Statement(LedgerCommand command)
    {
        var statement = new NpgsqlBatchCommand(Statements[(int)command.Statement]);
        foreach (var value in command.Values)
        {
            statement.Parameters.Add(value switch
            {
                Guid id => new NpgsqlParameter<Guid> { TypedValue = id, NpgsqlDbType = NpgsqlDbType.Uuid },
                DateTimeOffset time => new NpgsqlParameter<DateTimeOffset> { TypedValue = time, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                int number => new NpgsqlParameter<int> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Integer },
                byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea },
                LedgerNull.Id => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                LedgerNull.Bytes => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                _ => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            });
        }

        return statement;
    }
}
