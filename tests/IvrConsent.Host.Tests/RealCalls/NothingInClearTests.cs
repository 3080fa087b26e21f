using System.Data.Common;
using System.Text;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>
/// After a real call every file of the machine is searched that was changed since it began: worker, database, PBX, temporary folders,
/// everything. Nothing is exempt, but a wrapped key for a while where <see cref="Stays"/> says so.
/// </summary>
public abstract class NothingInClearTests(VaultWorker vault)
{
    private const int Windows = 4;
    private const int WindowBytes = 64;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected TestWorker Worker
    {
        get
        {
            Require();
            return vault.Worker;
        }
    }

    [Fact]
    public async Task After_a_call_neither_its_samples_nor_the_number_are_in_any_file()
    {
        var search = new DiskSearch();
        var (call, stored) = await RecordAsync();
        var wav = await vault.OpenByAgeAsync(stored, await ReadWrappedAsync(stored.Recording));
        var number = call.Row.CallerNumber!;
        search.For("number", number);
        foreach (var window in Choose(wav))
        {
            search.For($"samples from {window}", wav.AsSpan(window, WindowBytes));
        }

        await FlushAsync();
        AssertNothing(await search.RunAsync(Cancel));
        Assert.DoesNotContain(number, Worker.Process.LogText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_an_erasure_the_recordings_key_is_in_no_file_and_of_its_wrapped_form_nothing_is_left_but_what_README_tells()
    {
        var (search, wrappedSearch) = (new DiskSearch(), new DiskSearch());
        var (call, stored) = await RecordAsync();
        var wrapped = await ReadWrappedAsync(stored.Recording);
        var key = Encoding.ASCII.GetString(await vault.OpenKeyAsync(wrapped)).Split('\n').Single(line => line.StartsWith("AGE-SECRET-KEY-1", StringComparison.Ordinal));
        search.For("key", key).For("key in small letters", key.ToLowerInvariant()).For("the key's bytes", BytesOf(key));
        wrappedSearch.For("wrapped key", wrapped.AsSpan(^WindowBytes..)).For("the middle of the wrapped key", wrapped.AsSpan(wrapped.Length / 2, WindowBytes));

        await FlushAsync();
        AssertNothing(await search.RunAsync(Cancel));
        Assert.True((await wrappedSearch.RunAsync(Cancel)).Found.Any(find => IsDatabase(find.Path)), "the search does not find what is there");

        await EraseAsync(call, stored);
        await FlushAsync();

        AssertNothing(await search.RunAsync(Cancel));
        var left = (await wrappedSearch.RunAsync(Cancel)).Found;
        Assert.True(left.All(find => Stays(find.Path)), string.Join('\n', left));
        await EndAllAsync(wrapped.Length);
        AssertNothing(await wrappedSearch.RunAsync(Cancel));
        Assert.Empty(Directory.GetFiles(Path.Combine(Worker.Folder, "vault"), stored.Recording + "*", SearchOption.AllDirectories));
    }

    /// <summary>Skips the test where what it needs is not there.</summary>
    private protected abstract void Require();

    /// <summary>A file of the database.</summary>
    private protected abstract bool IsDatabase(string path);

    /// <summary>A file in which the wrapped key of an erased recording may stand for a while, as README says.</summary>
    private protected abstract bool Stays(string path);

    private protected abstract DbConnection OpenDatabase();

    /// <summary>Brings to the disk what the database has in memory only.</summary>
    private protected abstract Task FlushAsync();

    /// <summary>Does what README says to be rid of what stays.</summary>
    private protected abstract Task EndAllAsync(int wrappedBytes);

    /// <summary>A call in which both speak, over, and its recording in the vault and no longer on the PBX.</summary>
    private protected Task<(CallRecord Call, RecordingStored Stored)> RecordAsync() => vault.RecordAsync(
        // A voice that no other recording has: its samples must be those of this call alone.
        voice: new Tone(900 + (200 * Random.Shared.NextDouble()), 0.2 + (0.1 * Random.Shared.NextDouble())));

    private protected async Task<byte[]> ReadWrappedAsync(string recording)
    {
        await using var database = OpenDatabase();
        return (await database.ExecuteScalarAsync<byte[]>("SELECT wrapped FROM recording_keys WHERE recording = @recording", new { recording }))!;
    }

    /// <summary>Its day has come, nobody waits 30 days: the sweep decides, and the worker does the rest within seconds.</summary>
    private protected async Task EraseAsync(CallRecord call, RecordingStored stored)
    {
        await using (var database = OpenDatabase())
        {
            await database.ExecuteAsync("UPDATE retention SET retain_until = '2020-01-01T00:00:00.000Z', terms = '[]' WHERE recording = @Recording", stored);
        }

        Assert.Equal(0, await Worker.RunAsync("retention", "sweep", "--yes"));
        var erased = (await Worker.Ledger.WaitForAllAsync(all => all.Any(one => one.Id == call.Id && one.Has<RecordingErased>()))).Single(one => one.Id == call.Id).Single<RecordingErased>();
        Assert.Equal((stored.Recording, "sweep"), (erased.Recording, erased.Actor));
    }

    private static void AssertNothing(DiskFinds finds)
    {
        Assert.True(finds.Found.Count == 0, string.Join('\n', finds.Found));
        Assert.Empty(finds.Unread);
    }

    /// <summary>Where in the middle half of a recording samples begin that stand there once, and are no silence.</summary>
    private static List<int> Choose(byte[] wav)
    {
        var chosen = new List<int>();
        for (var (at, step) = (wav.Length / 4, wav.Length / 2 / Windows); chosen.Count < Windows; at += step)
        {
            for (var tries = 0; !IsUnique(wav, at); at += WindowBytes)
            {
                Assert.True(++tries < 50, $"the recording of {wav.Length} bytes repeats itself or is silent near {at}");
            }

            chosen.Add(at);
        }

        return chosen;
    }

    private static bool IsUnique(byte[] wav, int at)
    {
        var window = wav.AsSpan(at, WindowBytes);
        return window.ToArray().Distinct().Count() > WindowBytes / 3 && wav.AsSpan().IndexOf(window) == at && wav.AsSpan(at + 1).IndexOf(window) < 0;
    }

    /// <summary>The 32 bytes of a private key of age (Bech32, BIP 173).</summary>
    private static byte[] BytesOf(string key)
    {
        var bits = string.Concat(key.ToLowerInvariant()["age-secret-key-1".Length..^6].Select(one => Convert.ToString("qpzry9x8gf2tvdw0s3jn54khce6mua7l".IndexOf(one, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, 32).Select(i => Convert.ToByte(bits.Substring(8 * i, 8), 2))];
    }
}

/// <summary>With SQLite nothing stays, also not in its WAL.</summary>
public sealed class NothingInClearSqliteTests(VaultWorker vault) : NothingInClearTests(vault), IClassFixture<VaultWorker>
{
    private protected override void Require() => RealLab.RequirePbx("22");

    private protected override bool IsDatabase(string path) => path.StartsWith(Worker.LedgerFile, StringComparison.Ordinal);

    private protected override bool Stays(string path) => false;

    private protected override DbConnection OpenDatabase() => new SqliteConnection($"Data Source={Worker.LedgerFile};Pooling=false");

    private protected override Task FlushAsync() => Task.CompletedTask;

    private protected override Task EndAllAsync(int wrappedBytes) => Task.CompletedTask;
}

/// <summary>A worker with a vault in a folder and the ledger in PostgreSQL.</summary>
public sealed class PostgresVaultWorker : VaultWorker
{
    private LabDatabase? _database;

    internal string Connection => _database!.Connection;

    public override async ValueTask InitializeAsync()
    {
        if (LabEnvironment.Find()?.FindPostgres() is { } server)
        {
            _database = await LabDatabase.CreateAsync(server);
            await StartAsync(setup => setup with { Connection = Connection });
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await (_database?.DisposeAsync() ?? default);
    }
}

/// <summary>With PostgreSQL the wrapped key, which only the master opens, stays for a while in the write-ahead log and the table's free space.</summary>
[Collection(LabDatabase.OneAtATime)]
public sealed class NothingInClearPostgresTests(PostgresVaultWorker vault) : NothingInClearTests(vault), IClassFixture<PostgresVaultWorker>
{
    private readonly string _data = Path.Combine(LabEnvironment.Find()?["LAB_DIR"] ?? "/none", "postgres", "data");

    [Fact]
    public async Task A_copy_of_a_wrapped_key_from_before_the_erasure_is_opened_by_nothing_once_the_master_has_changed()
    {
        var search = new DiskSearch();
        var (call, stored) = await RecordAsync();
        var copy = await ReadWrappedAsync(stored.Recording);
        await EraseAsync(call, stored);
        Assert.NotEmpty(await vault.OpenKeyAsync(copy));
        var master = (await File.ReadAllLinesAsync(Path.Combine(Worker.Keys, "recordings.key"), Cancel)).Single(line => line.StartsWith("AGE-SECRET-KEY-1", StringComparison.Ordinal));

        Assert.Equal(0, await Worker.RunAsync("keys", "rotate", "recordings"));

        // A day later.
        File.SetLastWriteTimeUtc(Path.Combine(Worker.Keys, "recordings.pub"), DateTime.UtcNow.AddDays(-2));
        Assert.Equal(0, await Worker.RunAsync("keys", "rotate", "recordings", "--forget-old"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => vault.OpenKeyAsync(copy));
        var finds = await search.For("the old master", master).RunAsync(Cancel);
        Assert.True(finds.Found.Count == 0, string.Join('\n', finds.Found));
    }

    private protected override void Require()
    {
        RealLab.RequirePbx("22");
        RealLab.RequirePostgres();
    }

    private protected override bool IsDatabase(string path) => path.StartsWith(_data, StringComparison.Ordinal);

    private protected override bool Stays(string path) =>
        path.StartsWith(Path.Combine(_data, "pg_wal"), StringComparison.Ordinal) || path.StartsWith(Path.Combine(_data, "base"), StringComparison.Ordinal);

    private protected override DbConnection OpenDatabase() => new NpgsqlConnection(vault.Connection);

    private protected override Task FlushAsync() => SqlAsync("CHECKPOINT");

    // The next recording's key takes the place in the table; the lab's server runs with wal_recycle = off.
    private protected override async Task EndAllAsync(int wrappedBytes)
    {
        await using (var database = OpenDatabase())
        {
            await database.ExecuteAsync("INSERT INTO recording_keys (recording, wrapped) VALUES ('next', @wrapped)", new { wrapped = new byte[wrappedBytes] });

            // It has taken the place, and is no key: the test that rotates keys shares the database, and comes before or after.
            await database.ExecuteAsync("DELETE FROM recording_keys WHERE recording = 'next'");
        }

        await SqlAsync("SELECT pg_switch_wal()");
        await SqlAsync("CHECKPOINT");
    }

    /// <summary>As the cluster's owner.</summary>
    private static Task SqlAsync(string sql) => RealLab.Require().RunAsync("cli", "postgres", "--", sql);
}
