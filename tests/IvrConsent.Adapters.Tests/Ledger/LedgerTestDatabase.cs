using System.Data.Common;
using Dapper;
using IvrConsent.Storage.Database;
using IvrConsent.TestKit.Lab;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>A database of its own for one test, that can be taken away and given back.</summary>
public abstract class LedgerTestDatabase : IAsyncDisposable
{
    public const string Secret = "s3cret-9f2c";

    public string Folder { get; } = Directory.CreateTempSubdirectory("ledger-test-").FullName;

    public string Spool => Path.Combine(Folder, "spool");

    /// <summary>With limits that a machine keeps on which much else is going on.</summary>
    public abstract string Connection { get; }

    /// <summary>With the limits that the product has by itself.</summary>
    public virtual string ShippedConnection => Connection;

    /// <summary>
    /// What a test of anything but time-outs uses: as patient as the product can be. How long a commit or a connection takes on a
    /// busy machine is not what it is about.
    /// </summary>
    internal LedgerOptions Options(string? spool = null, string? keys = null, bool migrate = true, int queue = 4096) => new()
    {
        Connection = Connection,
        SpoolFolder = spool ?? Spool,
        KeyFolder = keys ?? TestKeys.Folder,
        CommitLimit = TimeSpan.FromSeconds(10),
        QueueLimit = queue,
        MigrateAtStart = migrate,
    };

    /// <summary>What a test of time-outs uses: the limit that it is about.</summary>
    internal LedgerOptions Limited(TimeSpan limit) => new()
    {
        Connection = ShippedConnection, SpoolFolder = Spool, KeyFolder = TestKeys.Folder, CommitLimit = limit,
    };

    /// <summary>Skips the test where the database is absent.</summary>
    public abstract Task PrepareAsync();

    /// <summary>Past every fault, as a person with a console would.</summary>
    public abstract Task<DbConnection> OpenRawAsync();

    /// <summary>Makes a ledger of one event one of so many, through the back door.</summary>
    public async Task MultiplyAsync(int count)
    {
        await using var connection = await OpenRawAsync();
        var (numbers, id) = this is SqliteTestDatabase
            ? ($"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) ", "printf('%032x', i)")
            : ($"WITH n(i) AS (SELECT generate_series(2, {count})) ", "lpad(to_hex(i), 32, '0')::uuid");
        await connection.ExecuteAsync(
            "INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) " + numbers
            + $"SELECT i, {id}, e.call_id, i, e.at, e.type, e.body FROM n, (SELECT * FROM events WHERE position = 1) e",
            commandTimeout: 120);
    }

    /// <summary>The same where nothing has been made yet.</summary>
    public virtual Task<DbConnection> OpenRawNewAsync() => OpenRawAsync();

    public abstract Task StopAsync();

    public abstract Task ContinueAsync();

    /// <summary>There, and does not answer.</summary>
    public abstract Task FreezeAsync();

    public abstract Task ThawAsync();

    /// <summary>Does what it is told, and tells nobody in time.</summary>
    public abstract Task FreezeAnswersAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

public sealed class SqliteTestDatabase : LedgerTestDatabase
{
    private SqliteConnection? _blocker;

    public override string Connection => Path.Combine(Folder, "ledger.db");

    private string Aside => Path.Combine(Folder, "aside");

    public override Task PrepareAsync() => Task.CompletedTask;

    public override async Task<DbConnection> OpenRawAsync()
    {
        var connection = new SqliteConnection($"Data Source={Connection};Pooling=false;Mode=ReadWrite");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public override async Task<DbConnection> OpenRawNewAsync()
    {
        await File.WriteAllBytesAsync(Connection, [], TestContext.Current.CancellationToken);
        return await OpenRawAsync();
    }

    public override Task StopAsync()
    {
        Directory.CreateDirectory(Aside);
        Move(Folder, Aside);
        return Task.CompletedTask;
    }

    public override Task ContinueAsync()
    {
        Move(Aside, Folder);
        return Task.CompletedTask;
    }

    public override async Task FreezeAsync()
    {
        _blocker = (SqliteConnection)await OpenRawAsync();
        await _blocker.ExecuteAsync("BEGIN IMMEDIATE");
    }

    public override async Task ThawAsync()
    {
        if (_blocker is not null)
        {
            await _blocker.DisposeAsync();
            _blocker = null;
        }
    }

    public override Task FreezeAnswersAsync() => FreezeAsync();

    public override async ValueTask DisposeAsync()
    {
        await ThawAsync();
        await base.DisposeAsync();
    }

    private static void Move(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "ledger.db*"))
        {
            File.Move(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }
    }
}

public sealed class PostgresTestDatabase : LedgerTestDatabase
{
    private readonly string _schema = $"ledger_test_{Guid.NewGuid():N}";
    private NpgsqlConnectionStringBuilder _real = [];
    private TcpProxy? _proxy;

    /// <summary>From IVRCONSENT_TEST_PG, or the lab's; null when there is none.</summary>
    public static string? Configured =>
        Environment.GetEnvironmentVariable("IVRCONSENT_TEST_PG") is { Length: > 0 } connection ? connection : LabEnvironment.Find()?.FindPostgres();

    public override string Connection => new NpgsqlConnectionStringBuilder(ShippedConnection) { Timeout = 60 }.ConnectionString;

    public override string ShippedConnection => new NpgsqlConnectionStringBuilder(_real.ConnectionString)
    {
        Host = "127.0.0.1", Port = _proxy!.Port,
    }.ConnectionString;

    public override async Task PrepareAsync()
    {
        if (Configured is not { } configured)
        {
            Assert.SkipUnless(LabEnvironment.Required, "No PostgreSQL: set IVRCONSENT_TEST_PG, or start it with tests/lab/lab up postgres.");
            throw new InvalidOperationException("No PostgreSQL in the lab, and IVRCONSENT_LAB_REQUIRED=1.");
        }

        _real = configured.Contains("://", StringComparison.Ordinal)
            ? PostgresUrl.Read(configured)
            : PostgresUrl.Keywords(configured);
        _real.Pooling = false;
        await using (var connection = await OpenRawAsync())
        {
            await connection.ExecuteAsync($"CREATE SCHEMA {_schema}");
        }

        _real.SearchPath = _schema;
        _proxy = new TcpProxy(_real.Host!, _real.Port);
    }

    public override async Task<DbConnection> OpenRawAsync()
    {
        var connection = new NpgsqlConnection(_real.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public override Task StopAsync() => Do(() => _proxy!.Stop());

    public override Task ContinueAsync() => Do(() => _proxy!.Start());

    public override Task FreezeAsync() => Do(() => _proxy!.Freeze());

    public override Task ThawAsync() => Do(() => _proxy!.Thaw());

    public override Task FreezeAnswersAsync() => Do(() => _proxy!.FreezeAnswers());

    public override async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
            await using var connection = new NpgsqlConnection(_real.ConnectionString);
            await connection.OpenAsync(CancellationToken.None);
            await connection.ExecuteAsync($"DROP SCHEMA {_schema} CASCADE");
        }

        await base.DisposeAsync();
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
