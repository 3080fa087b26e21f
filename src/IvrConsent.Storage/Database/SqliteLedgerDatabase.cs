using System.Data;
using System.Data.Common;
using System.Globalization;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Keys;
using Microsoft.Data.Sqlite;

namespace IvrConsent.Storage.Database;

/// <summary>The ledger in one SQLite file, in WAL mode: readers and the one writer do not wait for each other.</summary>
internal sealed class SqliteLedgerDatabase : LedgerDatabase
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private readonly string _path;

    public SqliteLedgerDatabase(string path, NumberKeyRing numbers)
        : base(numbers)
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
            // Secure deletion also zeroes what is left behind when a page is split: copies of rows that may be deleted later.
            // The WAL is brought back beside the writer (Checkpoint); the writer does it itself only where that does not get
            // through, at 64 MB.
            connection.Execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; PRAGMA secure_delete = ON");
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

    public override Task<DbConnection> OpenWriterAsync(CancellationToken cancel)
    {
        var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(5));
        connection.Execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
        return Task.FromResult<DbConnection>(connection);
    }

    // NORMAL: nothing is synced while the write lock is held. What a crash of the machine takes is sealed again; events are not
    // touched. Nor does this connection bring the WAL back, which may take long.
    public override Task<DbConnection> OpenSealerAsync(CancellationToken cancel)
    {
        var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(5));
        connection.Execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON");
        return Task.FromResult<DbConnection>(connection);
    }

    // Of two processes on one file one finds that its checkpoint is not added (ProofSql.Insert).
    public override string? SealLock => null;

    public override string? SealUnlock => null;

    public override string LeafText =>
        $"'{LedgerLeaf.Version}' || char(10) || e.event_id || char(10) || e.call_id || char(10) || e.call_sequence || char(10) || e.at || char(10) || e.type || char(10) || e.body";

    // The file itself was overwritten by secure_delete; the WAL holds older versions of its pages until it is cut off. Whoever reads an older state
    // (a long export) keeps both as they are until he is done, and SQLite says that in its answer only. It would wait for him with the writer's
    // lock in hand, and no consent could be committed meanwhile: so it is not let wait, and asked again a few times, for those who are done at once.
    public override async Task<bool> ScrubAsync(DbConnection connection, CancellationToken cancel)
    {
        var busy = await connection.ExecuteScalarAsync<int>(new CommandDefinition("PRAGMA busy_timeout", cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition("PRAGMA busy_timeout = 0", cancellationToken: cancel));
        try
        {
            return await TryScrubAsync(
                async () => await connection.ExecuteScalarAsync<int>(new CommandDefinition("PRAGMA wal_checkpoint(TRUNCATE)", cancellationToken: cancel)) == 0,
                cancel);
        }
        finally
        {
            await connection.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {busy}"));
        }
    }

    // SQLite writes whole files only. Then the WAL holds the old pages no more, either.
    public override Task RewriteAsync(DbConnection connection, string table, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", commandTimeout: 0, cancellationToken: cancel));

    public override string? RightsLock => null;

    public override DbType IdType => DbType.String;

    public override DbType TimeType => DbType.String;

    // The system lets go of the lock when the process ends, in whatever way.
    public override Task<IAsyncDisposable?> TryRunAloneAsync(string table, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return Task.FromResult<IAsyncDisposable?>(new FileStream($"{_path}-{table}.lock", options));
        }
        catch (IOException error) when (error is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return Task.FromResult<IAsyncDisposable?>(null);
        }
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
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON");
            return Task.FromResult<DbConnection>(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override Task<TakenConnection?> TryTakeAsync(string name, CancellationToken cancel)
    {
        FileStream held;
        try
        {
            // .NET's FileShare.None is a lock of the system (flock): it is gone when this process is.
            held = new FileStream($"{_path}.{name}.lock", new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException error) when (error is not FileNotFoundException and not DirectoryNotFoundException)
        {
            return Task.FromResult<TakenConnection?>(null);
        }

        try
        {
            // NORMAL: this connection writes what may be done again after a power cut, and must not make a consent wait for a disk.
            var connection = Open(SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(5));
            connection.Execute("PRAGMA synchronous = NORMAL");
            return Task.FromResult<TakenConnection?>(new TakenConnection(connection, Lock: held));
        }
        catch
        {
            held.Dispose();
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
        LedgerMigrationException or LedgerUnavailableException or KeyFolderException => error.Message,
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

    /// <summary>Makes the file so that only its owner reads it: it holds who called whom, callers' numbers encrypted. SQLite gives its side files the same mode.</summary>
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
