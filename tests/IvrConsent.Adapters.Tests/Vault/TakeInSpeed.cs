using System.Diagnostics;
using System.Globalization;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>
/// Measures how long a long call takes on its way into the vault, and how much memory, beside the stock age encrypting the same file. Run
/// by tests/bench/vault.sh: the figures are the machine's.
/// </summary>
public sealed class TakeInSpeed
{
    private const int BytesPerHour = 16_000 * 3600;
    private const int Rounds = 9;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static int Hours => int.TryParse(Environment.GetEnvironmentVariable("IVRCONSENT_BENCH_HOURS"), NumberStyles.None, CultureInfo.InvariantCulture, out var hours) ? hours : 8;

    [Fact(Explicit = true)]
    public async Task A_long_call_beside_the_stock_program()
    {
        await using var database = new SqliteTestDatabase();
        await database.PrepareAsync();
        await using var vault = await VaultUnderTest.StartAsync(database);
        var pbx = new FolderPbx(Path.Combine(database.Folder, "pbx"));

        // A short one first: what is compiled and opened once is not of the long one's cost.
        await TakeInAsync(vault, pbx, 1_000_000);
        using var process = Process.GetCurrentProcess();
        GC.Collect();
        process.Refresh();
        var before = process.WorkingSet64;
        long most = 0;
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watch = Task.Run(
            async () =>
            {
                while (!watching.IsCancellationRequested)
                {
                    process.Refresh();
                    most = Math.Max(most, process.WorkingSet64);
                    await Task.Delay(50, CancellationToken.None);
                }
            },
            CancellationToken.None);
        var bytes = 44L + ((long)Hours * BytesPerHour);
        var (vaults, deletions, stocks, durables) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = 0; round < Rounds; round++)
        {
            // In turn, and who is first changes: what one of them leaves in memory, the other finds.
            for (var turn = 0; turn < 2; turn++)
            {
                if ((round + turn) % 2 == 0)
                {
                    var deleted = pbx.Deleting;
                    var (took, name) = await TakeInAsync(vault, pbx, bytes);
                    vaults.Add(took);
                    deletions.Add(pbx.Deleting - deleted);
                    Assert.Equal(VaultState.Done, (await vault.Index.FindAsync(name, Cancel))!.State);
                    await vault.Store.DeleteAsync((await vault.Index.FindAsync(name, Cancel))!.Stored!.Name, Cancel);
                }
                else
                {
                    var (alone, synced) = await StockAsync(database.Folder, bytes);
                    stocks.Add(alone);
                    durables.Add(synced);
                }
            }
        }

        await watching.CancelAsync();
        await watch;
        var (took8, alone8, durable8) = (Median(vaults), Median(stocks), Median(durables));
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Hours} h of call, {bytes / 1e6:F0} MB, the median of {Rounds} rounds in turn (all: {List(vaults)}; age {List(stocks)}; synced {List(durables)})
            taken in (read, encrypted, stored, synced, read back, opened, deleted): {took8.TotalSeconds:F2} s, of which {Median(deletions).TotalSeconds:F2} s for the PBX's deleting of its copy
            age alone, encrypting the same file to the same disk, neither synced nor read back: {alone8.TotalSeconds:F2} s; {alone8 / took8:P0} of its speed (target: 50 %), without that deleting {alone8 / (took8 - Median(deletions)):P0}
            age and a sync of what it wrote: {durable8.TotalSeconds:F2} s; {durable8 / took8:P0} of its speed
            memory: {before / 1e6:F0} MB before, {most / 1e6:F0} MB at most, {(most - before) / 1e6:F0} MB more (target: at most 64)
            """));
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static string List(List<TimeSpan> times) => string.Join(' ', times.Select(time => time.TotalSeconds.ToString("F2", CultureInfo.InvariantCulture)));

    /// <summary>What the stock program takes for the same file, in the page cache as it is for the vault; and with a sync of what it wrote.</summary>
    private static async Task<(TimeSpan Alone, TimeSpan Synced)> StockAsync(string folder, long bytes)
    {
        var (plain, encrypted) = (Path.Combine(folder, "plain"), Path.Combine(folder, "stock.age"));
        await WriteAsync(plain, bytes);
        var watch = Stopwatch.StartNew();
        await RunAsync("age", "-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", encrypted, plain);
        var alone = watch.Elapsed;
        await RunAsync("sync", encrypted);
        var synced = watch.Elapsed;
        File.Delete(plain);
        File.Delete(encrypted);
        return (alone, synced);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<(TimeSpan Took, string Recording)> TakeInAsync(VaultUnderTest vault, FolderPbx pbx, long bytes)
    {
        var (_, name) = await vault.RecordAsync(bytes: bytes);
        vault.Pbx.Stored.Remove(name);
        await WriteAsync(Path.Combine(pbx.Folder, name + ".wav"), bytes);
        var takeIn = new TakeIn(vault.Index, vault.Store, vault.Cipher, vault.Ledger.Ledger, [(IPbx)pbx], new TakeInOptions(), TimeProvider.System, vault.Log);
        var watch = Stopwatch.StartNew();
        Assert.Equal(1, await takeIn.RunAsync(Cancel));
        return (watch.Elapsed, name);
    }

    /// <summary>Noise: nothing that a disk or a file system could make smaller.</summary>
    private static async Task WriteAsync(string path, long bytes)
    {
        var block = new byte[1 << 20];
        new Random(8).NextBytes(block);
        await using var file = File.Create(path);
        for (var left = bytes; left > 0; left -= block.Length)
        {
            await file.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)), Cancel);
        }

        // A recording of hours went to its disk while it was made; one that did not would be written in the time of whoever syncs next.
        file.Flush(flushToDisk: true);
    }
}
