using System.Diagnostics;
using System.Globalization;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteLedgerSpeed() : LedgerSpeed(new SqliteTestDatabase());

public sealed class PostgresLedgerSpeed() : LedgerSpeed(new PostgresTestDatabase());

/// <summary>Measures; run by hand, in Release: the figures are the machine's.</summary>
public abstract class LedgerSpeed(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Theory(Explicit = true)]
    [InlineData(20, 600)]
    [InlineData(100, 3000)]
    public async Task Calls_a_second_with_four_appends_each(int perSecond, int calls)
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        for (var i = 0; i < 60; i++)
        {
            // Until the runtime has compiled it for good.
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => OneCallAsync(ledger.Ledger.AppendAsync, [], 0)));
        }

        var idle = await RunAsync(_ => new(AppendResult.Committed), [], perSecond, calls / 2);
        var took = new List<double>();
        var used = await RunAsync(ledger.Ledger.AppendAsync, took, perSecond, calls);
        took.Sort();
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"{GetType().Name} {perSecond}/s: appends {took.Count}, p50 {At(took, 0.5):F2} ms, p99 {At(took, 0.99):F2} ms, p99.9 {At(took, 0.999):F2} ms, max {took[^1]:F2} ms; CPU {used:F3} ms a call, of which {idle:F3} ms are the measuring's own{Wal()}"));
    }

    private static async Task<double> RunAsync(
        Func<LedgerBatch, ValueTask<AppendResult>> append, List<double> took, int perSecond, int calls)
    {
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        var running = new List<Task>();
        for (var i = 0; i < calls; i++)
        {
            var wait = TimeSpan.FromSeconds((double)i / perSecond) - watch.Elapsed;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, TestContext.Current.CancellationToken);
            }

            running.Add(OneCallAsync(append, took, 50));
        }

        await Task.WhenAll(running);
        return (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / calls;
    }

    [Fact(Explicit = true)]
    public async Task As_fast_as_it_goes()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        for (var round = 0; round < 2; round++)
        {
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
            {
                for (var i = 0; i < 100; i++)
                {
                    await OneCallAsync(ledger.Ledger.AppendAsync, [], 0);
                }
            }));
            var used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / 6400;
            TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
                $"{GetType().Name} flat out: {6400 / watch.Elapsed.TotalSeconds:F0} calls/s of 4 appends; CPU {used:F3} ms a call"));
        }
    }

    [Fact(Explicit = true)]
    public async Task One_commit_after_another_without_the_loop()
    {
        await using var database1 = LedgerDatabase.Create(Database.Options());
        await using var migrator = new LedgerMigrator(Database.Options());
        await migrator.MigrateAsync(TestContext.Current.CancellationToken);
        await using var session = await database1.OpenSessionAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        for (var round = 0; round < 3; round++)
        {
            var process = Process.GetCurrentProcess();
            var (user, system) = (process.UserProcessorTime, process.PrivilegedProcessorTime);
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < 1000; i++)
            {
                await OneCallAsync(
                    async b =>
                    {
                        await session.CommitAsync([b], CancellationToken.None);
                        return AppendResult.Committed;
                    },
                    [],
                    0);
            }

            process.Refresh();
            TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
                $"{GetType().Name} bare: {watch.Elapsed.TotalMilliseconds / 4000:F3} ms a commit; CPU a call: user {(process.UserProcessorTime - user).TotalMilliseconds / 1000:F3} ms, system {(process.PrivilegedProcessorTime - system).TotalMilliseconds / 1000:F3} ms"));
        }
    }

    private string Wal()
    {
        var wal = new FileInfo(Database.Connection + "-wal");
        return Database is SqliteTestDatabase && wal.Exists ? $"; WAL {wal.Length >> 20} MB" : string.Empty;
    }

    private static double At(List<double> sorted, double share) => sorted[(int)(sorted.Count * share)];

    private static async Task OneCallAsync(
        Func<LedgerBatch, ValueTask<AppendResult>> append, List<double> took, int pauseMs)
    {
        var call = Make.Call();
        var everything = Make.Everything;
        LedgerBatch[] batches =
        [
            Make.First(call),
            new(null, [Make.Entry(call, 2, everything[2]), Make.Entry(call, 3, everything[4])]),
            new(null, [Make.Entry(call, 4, everything[7]), Make.Entry(call, 5, everything[12])]),
            new(null, [Make.Entry(call, 6, everything[9]), Make.Entry(call, 7, everything[13])]),
        ];
        foreach (var batch in batches)
        {
            var watch = Stopwatch.GetTimestamp();
            Assert.Equal(AppendResult.Committed, await append(batch));
            lock (took)
            {
                took.Add(Stopwatch.GetElapsedTime(watch).TotalMilliseconds);
            }

            if (pauseMs > 0)
            {
                await Task.Delay(pauseMs, TestContext.Current.CancellationToken);
            }
        }
    }
}
