using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IvrConsent.Storage.Database;

/// <summary>The state of the ledger's tables.</summary>
/// <param name="Applied">Version of the newest migration in the database; 0 for an empty database.</param>
/// <param name="Known">Version of the newest migration in this program.</param>
public sealed record LedgerSchema(int Applied, int Known);

/// <summary>
/// Makes the ledger's tables and brings them up to this program: applies the numbered migrations that are missing, all in one
/// transaction. Several processes may do so at once: one does it, the others wait and find it done.
/// </summary>
public sealed partial class LedgerMigrator : IAsyncDisposable
{
    private const string AppliedSql = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
    private readonly LedgerDatabase _database;
    private readonly bool _ownsDatabase;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>For the database that the options name.</summary>
    public LedgerMigrator(LedgerOptions options, TimeProvider? time = null, ILogger<LedgerMigrator>? logger = null)
        : this(LedgerDatabase.Create(options), time ?? TimeProvider.System, logger ?? NullLogger<LedgerMigrator>.Instance, ownsDatabase: true)
    {
    }

    internal LedgerMigrator(LedgerDatabase database, TimeProvider time, ILogger<LedgerMigrator> logger, bool ownsDatabase = false)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _ownsDatabase = ownsDatabase;
    }

    /// <summary>Applies what is missing.</summary>
    /// <returns>The names of the migrations applied now; none when the database was up to date.</returns>
    /// <exception cref="LedgerMigrationException">The database is newer than this program, or an applied migration was changed.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be reached or written.</exception>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancel = default) => MigrateAsync(cancel, cancel);

    /// <summary>The same for one who waits a short while for the database, and as long as it takes for the tables: they may be large.</summary>
    internal async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken connecting, CancellationToken applying)
    {
        try
        {
            return await MigrateInTransactionAsync(connecting, applying);
        }
        catch (Exception error) when (error is DbException or IOException or UnauthorizedAccessException or TimeoutException
            && error is not LedgerUnavailableException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }

    /// <summary>Compares the database with this program without changing anything.</summary>
    /// <exception cref="LedgerMigrationException">The database is newer than this program, or an applied migration was changed.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be reached.</exception>
    public async Task<LedgerSchema> ReadAsync(CancellationToken cancel = default)
    {
        try
        {
            await using var connection = await _database.OpenReaderAsync(cancel);
            return await ReadAsync(connection, cancel);
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }

    /// <summary>Throws unless the tables are exactly those that this program was made for.</summary>
    internal async Task CheckAsync(DbConnection connection, CancellationToken cancel)
    {
        var schema = await ReadAsync(connection, cancel);
        if (schema.Applied < schema.Known)
        {
            throw new LedgerUnavailableException(
                $"{_database.Name} lacks the ledger's newest tables (it has version {schema.Applied} of {schema.Known}). Run the migration.");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _ownsDatabase ? _database.DisposeAsync() : ValueTask.CompletedTask;

    private async Task<IReadOnlyList<string>> MigrateInTransactionAsync(CancellationToken cancel, CancellationToken applying)
    {
        var known = LedgerMigration.Load(_database.MigrationFolder);
        await using var connection = await _database.OpenForMigrationAsync(cancel);
        await _database.BeginMigrationAsync(connection, cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version    integer NOT NULL PRIMARY KEY,
                name       text    NOT NULL,
                checksum   text    NOT NULL,
                applied_at text    NOT NULL
            )
            """,
            cancellationToken: cancel));
        var applied = (await connection.QueryAsync<AppliedMigration>(new CommandDefinition(AppliedSql, cancellationToken: cancel))).AsList();
        Check(applied, known);

        var names = new List<string>();
        long moved = 0;
        foreach (var migration in known.Where(m => applied.TrueForAll(a => a.Version != m.Version)))
        {
            await connection.ExecuteAsync(new CommandDefinition(migration.Sql, commandTimeout: 0, cancellationToken: applying));
            if (migration.Name == NumberMove.Migration)
            {
                moved = await NumberMove.RunAsync(connection, _database, applying);
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (@Version, @Name, @Checksum, @at)",
                new
                {
                    migration.Version,
                    migration.Name,
                    migration.Checksum,
                    at = _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                },
                cancellationToken: applying));
            names.Add(migration.Name);
        }

        // An error on the way here closes the connection, and with it everything is rolled back.
        await connection.ExecuteAsync(new CommandDefinition("COMMIT", cancellationToken: applying));
        foreach (var name in names)
        {
            LogApplied(name, _database.Name);
        }

        if (moved > 0)
        {
            await RewriteCallsAsync(connection, applying);
        }

        return names;
    }

    /// <summary>What was dropped from the calls' rows still stands in the pages of their table: numbers in clear.</summary>
    private async Task RewriteCallsAsync(DbConnection connection, CancellationToken cancel)
    {
        try
        {
            await _database.RewriteAsync(connection, "calls", cancel);
        }
        catch (DbException error)
        {
            // The migration itself is done.
            LogNotRewritten(_database.Name, _database.Describe(error));
        }
    }

    private async Task<LedgerSchema> ReadAsync(DbConnection connection, CancellationToken cancel)
    {
        var known = LedgerMigration.Load(_database.MigrationFolder);
        var exists = await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(_database.TableExists, new { name = "schema_migrations" }, cancellationToken: cancel));
        var applied = exists == 0
            ? []
            : (await connection.QueryAsync<AppliedMigration>(new CommandDefinition(AppliedSql, cancellationToken: cancel))).AsList();
        Check(applied, known);
        return new LedgerSchema(applied.Count == 0 ? 0 : applied[^1].Version, known[^1].Version);
    }

    private void Check(List<AppliedMigration> applied, IReadOnlyList<LedgerMigration> known)
    {
        if (applied.Count > 0 && applied[^1].Version > known[^1].Version)
        {
            throw new LedgerMigrationException(
                $"{_database.Name} was made by a newer program: it has version {applied[^1].Version}, this program knows "
                + $"{known[^1].Version}. Install the newer program, or restore the backup from before its migration.");
        }

        foreach (var was in applied)
        {
            if (known.FirstOrDefault(m => m.Version == was.Version) is not { } now || now.Checksum != was.Checksum)
            {
                throw new LedgerMigrationException(
                    $"{_database.Name}: migration {was.Name} was applied in another form than this program knows. "
                    + "Install the program that applied it; an applied migration is never changed.");
            }
        }
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Applied migration {Name} to {Database}.")]
    private partial void LogApplied(string name, string database);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Numbers were moved out of the calls of {Database}, but their old rows could not be overwritten: {Trouble} When it can be, run by hand: VACUUM (SQLite), VACUUM FULL calls (PostgreSQL).")]
    private partial void LogNotRewritten(string database, string trouble);

    // Settable members and no constructor: SQLite gives 64-bit numbers and PostgreSQL 32-bit ones, and Dapper converts only here.
    private sealed class AppliedMigration
    {
        public int Version { get; set; }

        public string Name { get; set; } = string.Empty;

        public string Checksum { get; set; } = string.Empty;
    }
}

/// <summary>One numbered migration out of the program's resources.</summary>
internal sealed record LedgerMigration(int Version, string Name, string Sql, string Checksum)
{
    /// <summary>All migrations of a folder, by number.</summary>
    public static IReadOnlyList<LedgerMigration> Load(string folder)
    {
        var assembly = typeof(LedgerMigration).Assembly;
        var prefix = $"Migrations/{folder}/";
        var migrations = new List<LedgerMigration>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);

            // A checkout with other line ends is the same migration.
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            var name = Path.GetFileNameWithoutExtension(resource);
            var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            migrations.Add(new(int.Parse(name[..4], CultureInfo.InvariantCulture), name, sql, checksum));
        }

        return [.. migrations.OrderBy(m => m.Version)];
    }
}
