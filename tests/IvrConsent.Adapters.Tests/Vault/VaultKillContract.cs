using System.Diagnostics;
using System.Globalization;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Storage.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

public sealed class SqliteVaultKillTests() : VaultKillContract(new SqliteTestDatabase());

public sealed class PostgresVaultKillTests() : VaultKillContract(new PostgresTestDatabase());

/// <summary>
/// A worker that takes in, sweeps and erases is killed at random moments, again and again: no recording is lost, none is there twice, none
/// is in clear outside the PBX, none is without its entries. Twelve rounds here, or as many as it takes to meet it at work once; tests/bench/vault.sh
/// runs a hundred.
/// </summary>
public abstract class VaultKillContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static int Rounds =>
        int.TryParse(Environment.GetEnvironmentVariable("IVRCONSENT_KILL_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 12;

    [Fact]
    public async Task Killed_at_random_moments_it_loses_nothing_and_leaves_nothing()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var pbx = new FolderPbx(Path.Combine(Database.Folder, "pbx"));
        var recordings = new List<(CallRow Call, string Recording, bool Due)>();
        var dice = new Random(20261126);
        var (interrupted, most) = (0, 500);
        for (var round = 0; round < Rounds || (interrupted == 0 && round < 10 * Rounds); round++)
        {
            for (var i = 0; i < 3; i++)
            {
                // Of three, one is past its date the moment that it is in the vault.
                var due = i == 2;
                var (call, name) = await vault.RecordAsync(bytes: 150_044, arrived: due ? Make.Start.AddYears(-1) : TimeProvider.System.GetUtcNow());
                await pbx.WriteAsync(name, TestKit.Fakes.FakePbx.Wav(vault.Pbx.Stored[name]), Cancel);
                vault.Pbx.Stored.Remove(name);
                recordings.Add((call, name, due));
            }

            var ready = Path.Combine(Database.Folder, "ready");
            File.Delete(ready);
            using var child = VaultKillChild.Start(Database.Connection, Database.Folder, ready);
            await Wait.UntilAsync(() => File.Exists(ready) || child.HasExited, () => "the child did not start", 120);
            Assert.False(child.HasExited, "the child ended by itself");
            await Task.Delay(dice.Next(0, most), Cancel);
            Assert.False(File.Exists(ready + ".error"), File.Exists(ready + ".error") ? await File.ReadAllTextAsync(ready + ".error", Cancel) : "");
            child.Kill();
            await child.WaitForExitAsync(Cancel);
            if (await vault.Index.CountAsync(Cancel) is { Waiting: 0, Stored: 0 } && (await vault.Retention.FindPendingAsync(null, 1, Cancel)).Count == 0)
            {
                // On a busy machine it was killed before it had begun: the next one is given longer. Or it was done already: less long.
                most = Directory.GetFiles(pbx.Folder).Length > 0 ? Math.Min(most * 2, 30_000) : Math.Max(most / 2, 250);
            }
            else
            {
                interrupted++;
            }

            await vault.LetTimePassAsync();
            await AssertNoneInClearAsync(pbx.Folder);
        }

        var worker = new VaultKillChild.Worker(vault.Index, vault.Store, vault.Cipher, vault.Retention, vault.LedgerRetention, vault.Holds, vault.Ledger.Ledger, vault.Ledger.Reader, pbx);
        for (var again = 0; again < 3; again++)
        {
            await vault.LetTimePassAsync();
            await worker.RunAsync(Cancel);
        }

        Assert.Empty(Directory.GetFiles(pbx.Folder));
        var (objects, kept) = (await vault.ObjectsAsync(), 0);
        foreach (var (call, name, due) in recordings)
        {
            var events = await vault.EventsAsync(call);
            Assert.Single(events.OfType<RecordingStored>());
            Assert.Equal(due ? 1 : 0, events.OfType<RecordingErased>().Count());
            Assert.Equal(due ? 0 : 1, objects.Count(one => one.StartsWith(name, StringComparison.Ordinal)));
            Assert.Equal(due, await vault.Index.FindKeyAsync(name, Cancel) is null);
            Assert.Equal(due ? null : Convert.ToHexString(FolderPbx.Plain), await vault.HearAsync(call) is { } heard ? Convert.ToHexString(heard) : null);
            kept += due ? 0 : 1;
        }

        Assert.True(interrupted > 0, "no kill met it at work");
        TestContext.Current.SendDiagnosticMessage($"{GetType().Name}: {recordings.Count} recordings, {recordings.Count / 3} kills, {interrupted} of them in the midst of a recording");
        Assert.Equal(kept, await vault.KeysAsync());
        Assert.Equal(new VaultCounts(0, 0, kept, 0, 0), await vault.Index.CountAsync(Cancel));
    }

    /// <summary>No file but the PBX's own holds a stretch of the sound.</summary>
    private async Task AssertNoneInClearAsync(string pbxFolder)
    {
        // Copied by another process: one that closes SQLite's file lets go of all locks that it has on it.
        var copy = Directory.CreateTempSubdirectory("vault-kill-").FullName;
        try
        {
            using (var cp = Process.Start("cp", ["-r", Database.Folder, copy]))
            {
                await cp.WaitForExitAsync(Cancel);
                Assert.Equal(0, cp.ExitCode);
            }

            var ours = Path.Combine(copy, Path.GetFileName(Database.Folder), Path.GetFileName(pbxFolder));
            foreach (var file in Directory.GetFiles(copy, "*", SearchOption.AllDirectories).Where(file => !file.StartsWith(ours, StringComparison.Ordinal)))
            {
                Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Cancel)).AsSpan().IndexOf(FolderPbx.Plain.AsSpan(1000, 64)));
            }
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}

/// <summary>A PBX as far as its folder of recordings goes.</summary>
internal sealed class FolderPbx : IPbx
{
    /// <summary>All recordings here sound alike.</summary>
    public static readonly byte[] Plain = TestKit.Fakes.FakePbx.Wav(new StoredRecording("any", 150_044, TimeSpan.Zero));

    public FolderPbx(string folder) => Folder = Directory.CreateDirectory(folder).FullName;

    public string Folder { get; }

    public string Name => "pbx1";

    /// <summary>What deleting took so far.</summary>
    public TimeSpan Deleting { get; private set; }

    public PbxHealth Health => new(true, default, "a folder");

    public Task WriteAsync(string name, byte[] bytes, CancellationToken cancel) => File.WriteAllBytesAsync(Of(name), bytes, cancel);

    public Task RunAsync(ICallHandler handler, CancellationToken cancel) => throw new NotSupportedException();

    public Task<IReadOnlyList<ICall>> FindWaitingCallsAsync(CancellationToken cancel) => throw new NotSupportedException();

    public Task<ICall?> ReattachAsync(CallArrival arrival, CancellationToken cancel) => throw new NotSupportedException();

    public Task<IReadOnlyList<LiveRecording>> FindLiveRecordingsAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<LiveRecording>>([]);

    public Task<StoredRecording?> FindStoredRecordingAsync(string name, CancellationToken cancel) =>
        Task.FromResult(File.Exists(Of(name)) ? new StoredRecording(name, new FileInfo(Of(name)).Length, TimeSpan.FromMilliseconds(12500)) : null);

    public Task<Stream?> OpenStoredRecordingAsync(string name, CancellationToken cancel) => Task.FromResult<Stream?>(File.Exists(Of(name)) ? new FileStream(Of(name), FileMode.Open, FileAccess.Read, FileShare.Read, 4096, FileOptions.Asynchronous | FileOptions.SequentialScan) : null);

    public Task<IReadOnlyList<string>> ListStoredRecordingsAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<string>>([.. Directory.GetFiles(Folder).Select(file => Path.GetFileNameWithoutExtension(file))]);

    public Task DeleteStoredRecordingAsync(string name, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        File.Delete(Of(name));
        Deleting += watch.Elapsed;
        return Task.CompletedTask;
    }

    private string Of(string name) => Path.Combine(Folder, name + ".wav");
}

/// <summary>The process that is killed: this same program, asked for this one test.</summary>
public sealed class VaultKillChild
{
    private const string Variable = "IVRCONSENT_TEST_VAULT_CHILD";

    internal static Process Start(string connection, string folder, string ready) =>
        LedgerKillChild.Start(typeof(VaultKillChild), nameof(Work_until_killed), Variable, [connection, folder, ready, TestKeys.Folder]);

    [Fact(Explicit = true)]
    public async Task Work_until_killed()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split('\n') is not [var connection, var folder, var ready, var keys])
        {
            Assert.Skip("Run by another test only.");
            return;
        }

        await using var vault = await VaultUnderTest.StartAsync(folder, new() { Connection = connection, SpoolFolder = Path.Combine(folder, "child-spool"), KeyFolder = keys, CommitLimit = TimeSpan.FromSeconds(10) });
        var worker = new Worker(vault.Index, vault.Store, vault.Cipher, vault.Retention, vault.LedgerRetention, vault.Holds, vault.Ledger.Ledger, vault.Ledger.Reader, new FolderPbx(Path.Combine(folder, "pbx")));
        await File.WriteAllTextAsync(ready, "ready", CancellationToken.None);
        try
        {
            while (true)
            {
                await worker.RunAsync(TestContext.Current.CancellationToken);
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
        catch (Exception error)
        {
            await File.WriteAllTextAsync(ready + ".error", error.ToString(), CancellationToken.None);
            throw;
        }
    }

    /// <summary>What a worker does for its recordings, one round.</summary>
    internal sealed class Worker(IVaultIndex index, IRecordingStore store, IRecordingCipher cipher, IRetention retention, LedgerRetention forgetting, IHolds holds, ILedger ledger, ILedgerReader reader, FolderPbx pbx)
    {
        private readonly TakeIn _takeIn = new(index, store, cipher, ledger, [pbx], new TakeInOptions { RetryBase = TimeSpan.FromMinutes(1) }, TimeProvider.System, new TestLog<TakeIn>());

        public async Task RunAsync(CancellationToken cancel)
        {
            await _takeIn.RunAsync(cancel);
            var finisher = new ErasureFinisher(retention, [new VaultRemains(index, store, ledger, TimeProvider.System), new PbxPlace(pbx)], ledger, TimeProvider.System);
            var withdrawals = new WithdrawalSweep(retention, reader, ledger, new WithdrawalActions(_ => WithdrawalAction.Erase), TimeProvider.System);
            await new RetentionSweep(retention, holds, withdrawals, finisher, forgetting, TimeProvider.System).RunAsync(cancel);
            await new VaultReconciler(index, store, ledger, [pbx], _takeIn, new TakeInOptions(), TimeProvider.System, new TestLog<VaultReconciler>()).RunAsync(cancel);
        }
    }

    private sealed class PbxPlace(FolderPbx pbx) : IRecordingRemains
    {
        public async Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
        {
            await pbx.DeleteStoredRecordingAsync(recording.Name, cancel);
            return await pbx.FindStoredRecordingAsync(recording.Name, cancel) is null;
        }
    }
}
