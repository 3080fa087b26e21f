using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Keys;
using Npgsql;

namespace IvrConsent.Storage.Database;

/// <summary>The ledger in PostgreSQL: one connection of its own that writes, and a small pool that reads.</summary>
internal sealed class PostgresLedgerDatabase : LedgerDatabase
{
    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly NpgsqlDataSource _readers;
    private readonly NpgsqlDataSource _writer;

    public PostgresLedgerDatabase(NpgsqlConnectionStringBuilder settings, NumberKeyRing numbers)
        : base(numbers)
    {
        _settings = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            // Kerberos is not offered; asking for it prints plain lines into a JSON log where its library is missing.
            GssEncryptionMode = GssEncryptionMode.Disable,
            // A row's values must not get into an exception's message, whatever the admin's string says.
            IncludeErrorDetail = false,
            PersistSecurityInfo = false,
            Enlist = false,
            ApplicationName = settings.ApplicationName ?? "ivrconsent",
            Timeout = settings.ShouldSerialize("Timeout") ? settings.Timeout : 3,
            // A database that does not answer does not answer a cancellation either.
            CancellationTimeout = -1,
        };
        _readers = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_settings.ConnectionString)
        {
            MaxPoolSize = Math.Min(_settings.MaxPoolSize, 8),
            CommandTimeout = 60,
        });
        _writer = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_settings.ConnectionString)
        {
            Pooling = false,
            MaxAutoPrepare = 16,
            AutoPrepareMinUsages = 1,
        });
    }

    public override string Name => $"PostgreSQL {_settings.Host}:{_settings.Port}/{_settings.Database ?? _settings.Username}";

    public override bool Blocks => false;

    public override string MigrationFolder => "postgres";

    public override string TableExists => "SELECT count(*) FROM pg_tables WHERE tablename = @name AND schemaname = current_schema()";

    public override object Id(Guid id) => id;

    public override object Ids(IEnumerable<Guid> ids) => ids.ToArray();

    public override string AmongCalls => "= ANY(@calls)";

    public override object Time(DateTimeOffset time) => LedgerRows.Milliseconds(time);

    public override DateTimeOffset ReadTime(DbDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);

    public override async Task<LedgerSession> OpenSessionAsync(TimeSpan commitLimit, CancellationToken cancel)
    {
        var connection = await _writer.OpenConnectionAsync(cancel);
        try
        {
            // READ COMMITTED, because what was committed while the writer waited for its lock must be seen by the next
            // statement. A commit that does not wait for the disk is no commit. The statement's limit is for a worker that
            // died while its statement waited: the server must not hold a lock for it.
            await connection.ExecuteAsync(new CommandDefinition(
                string.Create(CultureInfo.InvariantCulture, $"""
                    SET default_transaction_isolation = 'read committed';
                    SET statement_timeout = {(int)Math.Max(10_000, commitLimit.TotalMilliseconds * 4)};
                    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
                    """),
                cancellationToken: cancel));
            if (await connection.ExecuteScalarAsync<string>(
                new CommandDefinition("SHOW transaction_read_only", cancellationToken: cancel)) == "on")
            {
                throw new LedgerUnavailableException(
                    $"{Name} takes no writes: it is a standby, or read-only by its settings. Connect to the primary.");
            }

            return new PostgresLedgerSession(this, connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async Task<DbConnection> OpenReaderAsync(CancellationToken cancel) => await _readers.OpenConnectionAsync(cancel);

    public override async Task<DbConnection> OpenWriterAsync(CancellationToken cancel) => await _readers.OpenConnectionAsync(cancel);

    public override async Task<DbConnection> OpenSealerAsync(CancellationToken cancel) => await _readers.OpenConnectionAsync(cancel);

    public override string? SealLock => "SELECT pg_try_advisory_lock(hashtextextended('ivrconsent.seal.' || current_schema(), 0))";

    public override string? SealUnlock => "SELECT pg_advisory_unlock(hashtextextended('ivrconsent.seal.' || current_schema(), 0))";

    public override string LeafText =>
        $"""
        '{LedgerLeaf.Version}' || chr(10) || replace(e.event_id::text, '-', '') || chr(10) || replace(e.call_id::text, '-', '') || chr(10)
        || e.call_sequence || chr(10) || to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || chr(10) || e.type || chr(10) || e.body
        """;

    // PostgreSQL has no way to overwrite what was deleted: the row's bytes (a keyed hash, a ciphertext, a wrapped key) stay in its page
    // until its place is used again, in the write-ahead log until its segment is gone, and in backups. Without the keys they say
    // nothing; README tells how to be rid of them. This makes their place the next to be used: by itself the server would do so only when
    // a fifth of the table is deleted. A table that somebody else has locked is passed by, which the server says in a warning only. A row that an open
    // transaction still sees stays, and nothing certain says so: the next VACUUM after its end makes its place free.
    public override async Task<bool> ScrubAsync(DbConnection connection, CancellationToken cancel)
    {
        var passedBy = false;
        void Hear(object sender, NpgsqlNoticeEventArgs heard) => passedBy |= heard.Notice.SqlState == PostgresErrorCodes.LockNotAvailable;
        var server = (NpgsqlConnection)connection;
        await connection.ExecuteAsync(new CommandDefinition("SET client_min_messages = warning", cancellationToken: cancel));
        server.Notice += Hear;
        try
        {
            return await TryScrubAsync(
                async () =>
                {
                    passedBy = false;
                    await connection.ExecuteAsync(new CommandDefinition("VACUUM (SKIP_LOCKED) recording_keys, subjects", commandTimeout: 600, cancellationToken: cancel));
                    return !passedBy;
                },
                cancel);
        }
        finally
        {
            server.Notice -= Hear;
        }
    }

    public override Task RewriteAsync(DbConnection connection, string table, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition($"VACUUM (FULL) {table}", commandTimeout: 0, cancellationToken: cancel));

    public override string Held => " FOR UPDATE";

    public override string HeldIfFree => " FOR UPDATE SKIP LOCKED";

    // A process that was stopped in the midst of it must not hold up calls: the server ends its transaction.
    public override string RightsLock => "SET LOCAL idle_in_transaction_session_timeout = '30s'; SELECT pg_advisory_xact_lock('holds'::regclass::oid::bigint)";

    public override DbType IdType => DbType.Guid;

    public override DbType TimeType => DbType.DateTimeOffset;

    public override async Task<IAsyncDisposable?> TryRunAloneAsync(string table, CancellationToken cancel) =>
        await TryHoldAsync("to_regclass(@name)::oid::bigint", table, cancel);

    public override async Task<DbConnection> OpenForMigrationAsync(CancellationToken cancel) => await _writer.OpenConnectionAsync(cancel);

    public override Task<TakenConnection?> TryTakeAsync(string name, CancellationToken cancel) =>
        TryHoldAsync("hashtextextended('ivrconsent.' || current_schema() || '.' || @name, 0)", name, cancel);

    // The session's lock: it is gone when the connection is, however this process ends. Therefore not out of the pool.
    private async Task<TakenConnection?> TryHoldAsync(string key, string name, CancellationToken cancel)
    {
        var connection = await _writer.OpenConnectionAsync(cancel);
        try
        {
            if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition($"SELECT pg_try_advisory_lock({key})", new { name }, cancellationToken: cancel)))
            {
                return new TakenConnection(connection, Unlock: "SELECT pg_advisory_unlock_all()");
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    public override Task BeginMigrationAsync(DbConnection connection, CancellationToken cancel) => connection.ExecuteAsync(
        new CommandDefinition(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('ivrconsent.migrate.' || current_schema(), 0))",
            commandTimeout: 120,
            cancellationToken: cancel));

    // Classes 22 (data), 23 (constraint) and 54 (too long for an index or a row).
    public override bool IsRefusal(Exception error) => error is LedgerContentException
        || (error is PostgresException { SqlState: var state } && state[..2] is "22" or "23" or "54");

    public override string Describe(Exception error) => error switch
    {
        LedgerMigrationException or LedgerUnavailableException or KeyFolderException => error.Message,
        PostgresException { SqlState: "28P01" or "28000" } =>
            $"{Name} refuses the user or its password. Check both in the ledger's connection and the server's pg_hba.conf.",
        PostgresException { SqlState: "3D000" } => $"{Name}: there is no such database. Create it, or correct its name.",
        PostgresException { SqlState: "42P01" or "3F000" or "42703" } =>
            $"{Name} lacks the ledger's tables. Run the migration.",
        PostgresException { SqlState: "42501" } => $"{Name}: the user lacks a right on the ledger's tables. Grant it.",
        PostgresException { SqlState: "25006" } => $"{Name} takes no writes: it is a standby, or read-only. Connect to the primary.",
        PostgresException { SqlState: "53300" } => $"{Name} has no connection left. Raise max_connections or end idle clients.",
        PostgresException { SqlState: "53100" or "53000" } => $"The disk of {Name} is full. Make room on it.",
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" } => $"{Name} is shutting down or starting up. Wait, or start it.",
        PostgresException { SqlState: "57014" or "55P03" } => $"{Name} is too slow or locked. Look at its load and at pg_locks.",
        PostgresException postgres => $"{Name} fails with SQLSTATE {postgres.SqlState}. Look at the server's log.",
        TimeoutException or OperationCanceledException or { InnerException: TimeoutException } =>
            $"{Name} did not answer in time. Look at the server's load and at the network.",
        SocketException or { InnerException: SocketException } => $"{Name} cannot be reached. Start it, or correct host and port.",
        NpgsqlException or IOException => $"{Name} broke the connection off. Look at the server's log and at the network.",
        _ => $"{Name} fails: {error.GetType().Name}.",
    };

    public override async ValueTask DisposeAsync()
    {
        await _readers.DisposeAsync();
        await _writer.DisposeAsync();
        await base.DisposeAsync();
    }
}
