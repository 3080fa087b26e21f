using System.Runtime.Versioning;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>Which database a connection names, and that its password stays where it is.</summary>
[SupportedOSPlatform("linux")]
public sealed class LedgerConnectionTests
{
    private const string Secret = LedgerTestDatabase.Secret;

    [Theory]
    [InlineData("/var/lib/ivr/ledger.db", "SQLite /var/lib/ivr/ledger.db")]
    [InlineData("/var/lib/a=b/ledger.db", "SQLite /var/lib/a=b/ledger.db")]
    [InlineData("Data Source=/var/lib/ivr/ledger.db", "SQLite /var/lib/ivr/ledger.db")]
    [InlineData("Host=db;Database=ivr;Username=u;Password=" + Secret, "PostgreSQL db:5432/ivr")]
    [InlineData("Server=db;Port=6000;Username=u", "PostgreSQL db:6000/u")]
    [InlineData("postgres://u:" + Secret + "@db:6432/ivr?sslmode=verify-full", "PostgreSQL db:6432/ivr")]
    [InlineData("postgresql://u%40x:p%2F" + Secret + "@[::1]/ivr", "PostgreSQL ::1:5432/ivr")]
    public async Task Is_recognised(string connection, string name)
    {
        await using var database = LedgerDatabase.Create(Options(connection));
        Assert.Equal(name, database.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("User=u;Password=" + Secret)]
    [InlineData("Host=db;Passwrod=" + Secret)]
    [InlineData("Host=db;Port=" + Secret)]
    [InlineData("Host=db;\"Password=" + Secret)]
    [InlineData("postgres://u:" + Secret + "@/ivr")]
    [InlineData("postgres://u:" + Secret + "@db:port/ivr")]
    [InlineData("postgres://u@db/ivr?nonsense=" + Secret)]
    [InlineData(":memory:")]
    public void Nonsense_is_refused_without_quoting_it(string connection)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => LedgerDatabase.Create(Options(connection)));
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_SQLite_file_that_may_only_be_read_is_not_available()
    {
        var folder = Directory.CreateTempSubdirectory("ivrconsent-readonly-").FullName;
        try
        {
            var file = Path.Combine(folder, "ledger.db");
            await using (await LedgerUnderTest.StartAsync(new LedgerOptions { Connection = file, SpoolFolder = Path.Combine(folder, "spool"), KeyFolder = TestKeys.Folder }))
            {
            }

            // Root may write where the mode says no, so the mode cannot make a file read-only for a test run by root.
            Assert.SkipUnless(await ChangeAttributesAsync("+i", file), "chattr +i does not work on this file system");
            try
            {
                await using var readOnly = await LedgerUnderTest.StartAsync(new LedgerOptions { Connection = file, SpoolFolder = Path.Combine(folder, "spool"), KeyFolder = TestKeys.Folder });
                Assert.False(readOnly.Ledger.Health.Available, readOnly.Ledger.Health.Detail);
            }
            finally
            {
                await ChangeAttributesAsync("-i", file);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Wrong_password_is_said_without_the_password()
    {
        if (PostgresTestDatabase.Configured is not { } configured)
        {
            Assert.Skip("No PostgreSQL.");
            return;
        }

        var settings = configured.Contains("://", StringComparison.Ordinal) ? PostgresUrl.Read(configured) : PostgresUrl.Keywords(configured);
        settings.Password = Secret;
        await using var migrator = new LedgerMigrator(Options(settings.ConnectionString));
        var error = await Assert.ThrowsAsync<LedgerUnavailableException>(() => migrator.MigrateAsync(TestContext.Current.CancellationToken));
        Assert.Contains("refuses the user", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_gets_everything_by_one_call()
    {
        var folder = Directory.CreateTempSubdirectory("ledger-host-").FullName;
        var services = new ServiceCollection();
        services.AddSingleton<ILogger<DatabaseLedger>>(_ => new TestLog<DatabaseLedger>());
        services.AddSingleton<ILogger<LedgerMigrator>>(_ => new TestLog<LedgerMigrator>());
        services.AddStorage(new LedgerOptions { Connection = Path.Combine(folder, "sub", "ledger.db"), SpoolFolder = Path.Combine(folder, "spool"), KeyFolder = TestKeys.Folder });
        await using (var provider = new Provider(services))
        {
            var ledger = provider.GetRequiredService<ILedger>();
            var service = provider.GetRequiredService<IHostedService>();
            await service.StartAsync(TestContext.Current.CancellationToken);
            Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.First(Make.Call())));
            await service.StopAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(provider.GetRequiredService<ILedgerReader>());
            Assert.Equal(LedgerMigration.Load("sqlite")[^1].Version, (await provider.GetRequiredService<LedgerMigrator>().ReadAsync(TestContext.Current.CancellationToken)).Applied);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "sub", "ledger.db")));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>As much of a container as this needs: the real one is the host's.</summary>
    private sealed class Provider(ServiceCollection services) : IServiceProvider, IAsyncDisposable
    {
        private readonly Dictionary<Type, object> _made = [];

        public object? GetService(Type serviceType)
        {
            if (!_made.TryGetValue(serviceType, out var made) && services.LastOrDefault(s => s.ServiceType == serviceType) is { } service)
            {
                _made[serviceType] = made = service.ImplementationInstance ?? service.ImplementationFactory!(this);
            }

            return made;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var made in _made.Values.OfType<IAsyncDisposable>())
            {
                await made.DisposeAsync();
            }
        }
    }

    private static async Task<bool> ChangeAttributesAsync(string change, string file)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("chattr", [change, file]) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode == 0;
    }

    private static LedgerOptions Options(string connection) => new() { Connection = connection, SpoolFolder = "/nowhere", KeyFolder = "/nowhere" };
}
