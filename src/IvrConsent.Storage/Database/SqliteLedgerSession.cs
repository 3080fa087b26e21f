using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using IvrConsent.Core.Ledger;
using Microsoft.Data.Sqlite;

namespace IvrConsent.Storage.Database;

/// <summary>The writing connection of SQLite: every statement is prepared once and used again.</summary>
internal sealed class SqliteLedgerSession : LedgerSession
{
    // About 2000 pages, that is 8 MB, of WAL.
    private const int CommitsPerCheckpoint = 200;

    private readonly SqliteLedgerDatabase _database;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand[] _statements;
    private Task _checkpoint = Task.CompletedTask;
    private int _commits;

    public SqliteLedgerSession(SqliteLedgerDatabase database, SqliteConnection connection)
    {
        _database = database;
        _connection = connection;
        _begin = Command("BEGIN IMMEDIATE", 0);
        _commit = Command("COMMIT", 0);
        _rollback = Command("ROLLBACK", 0);
        _statements = [Command(LedgerSql.InsertSubject, 6), Command(LedgerSql.InsertCall, 9), Command(LedgerSql.InsertEvent, 6), Command(LedgerSql.EndCall, 2)];
    }

    public override DbConnection Connection => _connection;

    public override Task<WriteOutcome> CommitAsync(IReadOnlyList<LedgerBatch> batches, CancellationToken cancel)
    {
        var commands = _database.Commands(batches);
        var outcome = new WriteOutcome();
        _begin.ExecuteNonQuery();
        try
        {
            RefuseMovedFile();
            foreach (var command in commands)
            {
                Execute(command, outcome);
            }

            _commit.ExecuteNonQuery();
        }
        catch
        {
            TryRollback();
            throw;
        }

        if (++_commits >= CommitsPerCheckpoint && _checkpoint.IsCompleted)
        {
            _commits = 0;
            _checkpoint = Task.Factory.StartNew(
                _database.Checkpoint, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        return Task.FromResult(outcome);
    }

    public override Task ProbeAsync(CancellationToken cancel)
    {
        _begin.ExecuteNonQuery();
        try
        {
            // On a file that may only be read BEGIN IMMEDIATE succeeds, as a read: only a write tells. This one changes nothing.
            using var write = Command("UPDATE calls SET ended_at = ended_at WHERE 0", 0);
            write.ExecuteNonQuery();
        }
        finally
        {
            TryRollback();
        }

        RefuseMovedFile();
        return Task.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        await _checkpoint;
        foreach (var command in (SqliteCommand[])[_begin, _commit, _rollback, .. _statements])
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private void Execute(LedgerCommand command, WriteOutcome outcome)
    {
        var statement = _statements[(int)command.Statement];
        for (var i = 0; i < command.Values.Length; i++)
        {
            statement.Parameters[i].Value = command.Values[i] is null or LedgerNull ? DBNull.Value : command.Values[i];
        }

        if (command.Entry is { } entry)
        {
            var sequence = statement.ExecuteScalar();
            outcome.Count(entry, sequence is null ? null : Convert.ToInt32(sequence, CultureInfo.InvariantCulture));
        }
        else
        {
            statement.ExecuteNonQuery();
        }
    }

    /// <summary>SQLite goes on writing into a file that was deleted or replaced under it; a commit there would be no commit.</summary>
    private void RefuseMovedFile()
    {
        const int HasMoved = 20; // SQLITE_FCNTL_HAS_MOVED
        var moved = 0;
        _ = FileControl(_connection.Handle!.DangerousGetHandle(), "main\0"u8.ToArray(), HasMoved, ref moved);
        if (moved != 0)
        {
            throw new LedgerUnavailableException(
                $"The file of {_database.Name} was deleted, moved or replaced while it was in use. Put the right file back.");
        }
    }

    private void TryRollback()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, or the connection is of no use any more; the caller throws it away.
        }
    }

    private SqliteCommand Command(string sql, int values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= values; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i}") });
        }

        return command;
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(IntPtr database, byte[] name, int operation, ref int value);
}
