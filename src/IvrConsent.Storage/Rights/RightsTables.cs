using System.Data.Common;
using Dapper;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Rights;

/// <summary>
/// How the tables of retention, holds and requests are read and written. All that decides about a recording, or about what may be
/// decided, happens one transaction at a time in all processes: on PostgreSQL under one advisory lock, which is the first thing that
/// each such transaction takes (and the ledger's own lock is never taken inside it, so the two cannot wait for each other); on SQLite
/// because there is one writer.
/// </summary>
internal abstract class RightsTables(LedgerDatabase database)
{
    protected LedgerDatabase Database => database;

    protected object Id(Guid id) => database.Id(id);

    protected object? Id(Guid? id) => id is { } value ? database.Id(value) : null;

    protected object Time(DateTimeOffset time) => database.Time(time);

    protected object? Time(DateTimeOffset? time) => time is { } value ? database.Time(value) : null;

    protected DateTimeOffset? ReadTime(DbDataReader row, int column) => row.IsDBNull(column) ? null : database.ReadTime(row, column);

    protected static string? ReadText(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    protected static Guid? ReadId(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    /// <summary>The comparison of a column with the list <c>@names</c>.</summary>
    protected string AmongNames => database.AmongCalls.Replace("@calls", "@names", StringComparison.Ordinal);

    protected async Task<List<T>> ReadAsync<T>(string sql, object? values, Func<DbDataReader, T> read, CancellationToken cancel) =>
        await GuardAsync(async () =>
        {
            await using var connection = await database.OpenReaderAsync(cancel);
            return await ReadAsync(connection, null, sql, values, read, cancel);
        });

    protected static async Task<List<T>> ReadAsync<T>(DbConnection connection, DbTransaction? transaction, string sql, object? values, Func<DbDataReader, T> read, CancellationToken cancel)
    {
        var found = new List<T>();
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, transaction, commandTimeout: 60, cancellationToken: cancel));
        while (await row.ReadAsync(cancel))
        {
            found.Add(read(row));
        }

        return found;
    }

    protected Task<int> ExecuteAsync(string sql, object values, CancellationToken cancel) =>
        DecideAsync((connection, transaction) => connection.ExecuteAsync(new CommandDefinition(sql, values, transaction, commandTimeout: 60, cancellationToken: cancel)), cancel);

    /// <summary>Runs one transaction beside which no other of these runs.</summary>
    protected Task<T> DecideAsync<T>(Func<DbConnection, DbTransaction, Task<T>> decide, CancellationToken cancel) => GuardAsync(async () =>
    {
        await using var connection = await database.OpenWriterAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel); // SQLite: BEGIN IMMEDIATE
        if (database.RightsLock is { } sql)
        {
            await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, commandTimeout: 60, cancellationToken: cancel));
        }

        var result = await decide(connection, transaction);
        await transaction.CommitAsync(cancel);
        return result;
    });

    protected async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(database.Describe(error), error);
        }
    }
}
