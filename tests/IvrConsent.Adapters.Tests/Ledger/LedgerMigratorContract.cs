using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteMigratorTests() : LedgerMigratorContract(new SqliteTestDatabase());

public sealed class PostgresMigratorTests() : LedgerMigratorContract(new PostgresTestDatabase());

/// <summary>How the tables come to be.</summary>
public abstract class LedgerMigratorContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task Applies_what_is_missing_once()
    {
        await using var migrator = new LedgerMigrator(Database.Options());
        Assert.NotEmpty(await migrator.MigrateAsync(Cancel));
        Assert.Empty(await migrator.MigrateAsync(Cancel));
        var schema = await migrator.ReadAsync(Cancel);
        Assert.Equal(schema.Known, schema.Applied);
    }

    [Fact]
    public async Task Many_processes_at_once_apply_it_once()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                await using var migrator = new LedgerMigrator(Database.Options());
                return await migrator.MigrateAsync(Cancel);
            },
            Cancel)));
        Assert.Single(applied, a => a.Count > 0);
    }

    [Fact]
    public async Task Refuses_a_database_that_is_newer()
    {
        await using var migrator = new LedgerMigrator(Database.Options());
        await migrator.MigrateAsync(Cancel);
        await ExecuteAsync("INSERT INTO schema_migrations VALUES (9999, '9999_future', 'x', 'now')");
        var error = await Assert.ThrowsAsync<LedgerMigrationException>(() => migrator.MigrateAsync(Cancel));
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LedgerMigrationException>(() => LedgerUnderTest.StartAsync(Database.Options()));
    }

    [Fact]
    public async Task Refuses_a_migration_that_was_changed_afterwards()
    {
        await using var migrator = new LedgerMigrator(Database.Options());
        await migrator.MigrateAsync(Cancel);
        await ExecuteAsync("UPDATE schema_migrations SET checksum = 'other'");
        var error = await Assert.ThrowsAsync<LedgerMigrationException>(() => migrator.MigrateAsync(Cancel));
        Assert.Contains("0001_ledger", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LedgerMigrationException>(() => LedgerUnderTest.StartAsync(Database.Options()));
    }

    [Fact]
    public async Task A_ledger_that_may_not_migrate_says_what_to_do_and_opens_when_it_was_done()
    {
        var options = Database.Options(migrate: false);
        await using var ledger = await LedgerUnderTest.StartAsync(options);
        Assert.False(ledger.Ledger.Health.Available);
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.First(Make.Call())));
        await using var migrator = new LedgerMigrator(options);
        await migrator.MigrateAsync(Cancel);
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
        Assert.Single(await ledger.ReadAsync());
    }

    [Fact]
    public void The_same_migrations_are_there_for_both_databases() =>
        Assert.Equal(LedgerMigration.Load("sqlite").Select(m => m.Name), LedgerMigration.Load("postgres").Select(m => m.Name));

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await Database.OpenRawAsync();
        await connection.ExecuteAsync(sql);
    }
}
