using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace IvrConsent.Storage.Database;

/// <summary>The ledger in one SQLite file, in WAL mode: readers and the one writer do not wait for each other.</summary>
internal sealed class SqliteLedgerDatabase : LedgerDatabase
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private readonly string _path;

    public SqliteLedgerDatabase(string path)
    {
        if (path.Contains(":memory:", StringComparison.OrdinalIgnoreCase) || path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException("The ledger needs an SQLite file: a database in memory or a URI cannot be one.", nameof(path));
        }

        _path = Path.GetFullPath(path);
    }

    public override string Name => $"SQLite {_path}";

    public override bool Blocks => true;

    public override string MigrationFolder => "sqlite";

    public override string TableExists => "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = @name";

    public override object Id(Guid id) => id.ToString("N");

    public override object Ids(IEnumerable<Guid> ids) => ids.Select(Id).ToArray();

    public override string AmongCalls => "IN @calls"; // Dapper writes the list out.

    public override object Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    public override DateTimeOffset ReadTime(DbDataReader row, int column) => DateTimeOffset.ParseExact(
        row.GetString(column), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public override Task<LedgerSession> OpenSessionAsync(TimeSpan commitLimit, CancellationToken cancel)
    {
        var connection = Open(SqliteOpenMode.ReadWrite, commitLimit);
        try
        {
            // FULL: a commit is on the disk when it returns. EXTRA would only add to that for rollback journals.
            // The WAL is brought back beside the writer (Checkpoint); the writer does it itself only where that does not get
            // through, at 64 MB.
            connection.Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000");
            return Task.FromResult<LedgerSession>(new SqliteLedgerSession(this, connection));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override Task<DbConnection> OpenReaderAsync(CancellationToken cancel)
    {
        var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(5));
        connection.Execute("PRAGMA query_only = ON");
        return Task.FromResult<DbConnection>(connection);
    }

    public override Task<DbConnection> OpenForMigrationAsync(CancellationToken cancel)
    {
        if (!File.Exists(_path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            CreateFile();
        }

        var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(30));
        try
        {
            connection.Execute("PRAGMA journal_mode = WAL");
            return Task.FromResult<DbConnection>(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override Task BeginMigrationAsync(DbConnection connection, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition("BEGIN IMMEDIATE", cancellationToken: cancel));

    // 18 too big, 19 constraint, 20 mismatch.
    public override bool IsRefusal(Exception error) =>
        error is LedgerContentException or SqliteException { SqliteErrorCode: 18 or 19 or 20 };

    public override string Describe(Exception error) => error switch
    {
        LedgerMigrationException or LedgerUnavailableException => error.Message,
        SqliteException { SqliteErrorCode: 5 or 6 } =>
            $"{Name} is locked by another program. End it, or wait until it lets go.",
        SqliteException { SqliteErrorCode: 8 or 3 or 23 } =>
            $"{Name} cannot be written. Give the service's user the right to write the file and its folder.",
        SqliteException { SqliteErrorCode: 13 } => $"The disk of {Name} is full. Make room on it.",
        SqliteException { SqliteErrorCode: 14 } =>
            $"{Name} cannot be opened. Check that the file is there and readable for the service's user; restore it if it was lost.",
        SqliteException { SqliteErrorCode: 10 } => $"The disk of {Name} fails. Look at the system's log and the disk.",
        SqliteException { SqliteErrorCode: 11 or 26 } => $"{Name} is damaged or no SQLite database. Restore it from a backup.",
        SqliteException sqlite => $"{Name} fails with SQLite error {sqlite.SqliteErrorCode}.",
        TimeoutException or OperationCanceledException => $"{Name} did not answer in time. Look at the disk's load.",
        UnauthorizedAccessException => $"{Name} cannot be made. Give the service's user the right to write the folder.",
        _ => $"{Name} fails: {error.GetType().Name}.",
    };

    /// <summary>
    /// Brings the WAL back into the file without holding the writer up. When all of it is back the writer begins it anew; what
    /// was committed meanwhile would prevent that, so it is tried again at once, when there is little left.
    /// </summary>
    public void Checkpoint()
    {
        try
        {
            using var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(1));
            for (var i = 0; i < 4; i++)
            {
                var (_, pages, back) = connection.QuerySingle<(int Busy, int Pages, int Back)>("PRAGMA wal_checkpoint(PASSIVE)");
                if (pages == back)
                {
                    return;
                }
            }
        }
        catch (SqliteException)
        {
            // The writer meets the same fault, and says so.
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode, TimeSpan busy)
    {
        // No pool: a pooled connection would go on reading a file that has been replaced since.
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = _path, Mode = mode, Pooling = false, DefaultTimeout = Math.Max(1, (int)busy.TotalSeconds),
        };
        var connection = new SqliteConnection(text.ConnectionString);
        try
        {
            connection.Open();
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(int)busy.TotalMilliseconds}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes the file so that only its owner reads it: it holds callers' numbers. SQLite gives its side files the same mode.</summary>
    private void CreateFile()
    {
        var file = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var made = new FileStream(_path, file);
    }
}
