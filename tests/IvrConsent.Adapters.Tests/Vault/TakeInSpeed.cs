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
        var (took, name) = await TakeInAsync(vault, pbx, bytes);
        await watching.CancelAsync();
        await watch;

        // The same bytes, in the page cache as they were for the vault.
        var plain = Path.Combine(database.Folder, "plain");
        await WriteAsync(plain, bytes);
        var stock = Stopwatch.StartNew();
        using (var age = Process.Start("age", ["-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o", Path.Combine(database.Folder, "stock.age"), plain]))
        {
            await age.WaitForExitAsync(Cancel);
            Assert.Equal(0, age.ExitCode);
        }

        stock.Stop();
        var synced = Stopwatch.StartNew();
        using (var sync = Process.Start("sync", [Path.Combine(database.Folder, "stock.age")]))
        {
            await sync.WaitForExitAsync(Cancel);
        }

        var durable = stock.Elapsed + synced.Elapsed;
        Assert.Equal(VaultState.Done, (await vault.Index.FindAsync(name, Cancel))!.State);
        TestContext.Current.SendDiagnosticMessage(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Hours} h of call, {bytes / 1e6:F0} MB: taken in (read, encrypted, stored, synced, read back, opened, deleted) in {took.TotalSeconds:F2} s
            age alone, encrypting the same file to the same disk, neither synced nor read back: {stock.Elapsed.TotalSeconds:F2} s; {stock.Elapsed / took:P0} of its speed (target: 50 %)
            age and a sync of what it wrote: {durable.TotalSeconds:F2} s; {durable / took:P0} of its speed
            memory: {before / 1e6:F0} MB before, {most / 1e6:F0} MB at most, {(most - before) / 1e6:F0} MB more (target: at most 64)
            """));
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
    }
}
