using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>
/// Streams the ledger with a forward cursor. It shows what is in the database: entries that wait in the spool have no position
/// yet. On SQLite a long reading keeps the WAL file from being emptied, and does not hold the writer up.
/// </summary>
internal sealed class LedgerReader(LedgerDatabase database) : ILedgerReader
{
    public async IAsyncEnumerable<LedgerLine> ReadAsync(LedgerQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (conditions, values) = database.Conditions(query);
        var sql = LedgerSql.Lines(conditions, query.Limit > 0);
        DbConnection? connection = null;
        DbDataReader? rows = null;
        try
        {
            await GuardAsync(async () =>
            {
                connection = await database.OpenReaderAsync(cancel);
                rows = await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
                return true;
            });
            while (await GuardAsync(() => rows!.ReadAsync(cancel)))
            {
                yield return database.ReadLine(rows!);
            }
        }
        finally
        {
            if (rows is not null)
            {
                await rows.DisposeAsync();
            }

            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task<bool> GuardAsync(Func<Task<bool>> step)
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
