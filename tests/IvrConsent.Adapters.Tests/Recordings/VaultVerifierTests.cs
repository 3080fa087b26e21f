using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>Reading the vault back, and moving it to another store.</summary>
public sealed class VaultVerifierTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Whatever_is_wrong_is_found_and_nothing_else()
    {
        await using var scene = await VaultScene.StartAsync(_database);
        var (whole, flipped, gone, keyless, erasing) = (await scene.KeepAsync(), await scene.KeepAsync(), await scene.KeepAsync(), await scene.KeepAsync(), await scene.KeepAsync());
        await scene.ClaimAsync(await scene.CallAsync());
        var told = new List<VaultProgress>();
        var before = await new VaultVerifier(scene.Index, scene.Store, scene.Cipher, TimeProvider.System).RunAsync(told.Add, Cancel);
        Assert.Equal((5, true, 0, 0), (before.Recordings, before.Opened, before.LeftOvers, before.Findings.Count));
        Assert.Equal((5, 5, before.Bytes), (told[^1].Done, told[^1].Of, told[^1].Bytes));

        scene.Flip(flipped, 90_000);
        await scene.Store.DeleteAsync(gone.Object, Cancel);
        await scene.LoseKeyAsync(keyless);
        await scene.EraseKeyAsync(erasing);
        await scene.Store.PutAsync("ivrc-unknown.1.age", new MemoryStream([1]), Cancel);
        await scene.Store.PutAsync($"{whole.Name}.7.age", new MemoryStream([1]), Cancel);
        (VaultFault, string?)[] expected =
        [
            (VaultFault.Damaged, flipped.Name), (VaultFault.Missing, gone.Name), (VaultFault.KeyMissing, keyless.Name), (VaultFault.Unknown, null),
        ];
        var after = await new VaultVerifier(scene.Index, scene.Store, scene.Cipher, TimeProvider.System).RunAsync(null, Cancel);
        Assert.Equal(expected, after.Findings.Select(finding => (finding.Fault, finding.Recording)));
        Assert.Equal((4, 1), (after.Recordings, after.LeftOvers));

        // Another machine, which records and cannot open: the SHA-256 finds the same.
        var elsewhere = new KeyFolder(Path.Combine(_database.Folder, "other-keys"));
        var closed = await new VaultVerifier(scene.Index, scene.Store, new AgeRecordingCipher(RecordingKeyWraps.Create(elsewhere, KeyCommandOptions.None, TimeProvider.System)), TimeProvider.System).RunAsync(null, Cancel);
        Assert.False(closed.Opened);
        Assert.Equal(expected, closed.Findings.Select(finding => (finding.Fault, finding.Recording)));
    }

    [Fact]
    public async Task Recordings_move_and_are_found_all_the_while_however_often_it_is_cut_off()
    {
        await using var scene = await VaultScene.StartAsync(_database);
        var kept = new List<KeptRecording>();
        for (var i = 0; i < 6; i++)
        {
            kept.Add(await scene.KeepAsync(bytes: 70_000));
        }

        await scene.Store.PutAsync($"{kept[0].Name}.9.age", new MemoryStream([1]), Cancel);
        var stores = new MigratingStore(scene.OpenStore("new"), scene.Store);
        async Task AllAreFoundAsync(IRecordingStore store)
        {
            foreach (var one in kept)
            {
                Assert.Equal(one.Item.Stored!.Bytes, await store.FindAsync(one.Object, Cancel));
                Assert.Equal(one.Sound, await VaultScene.ReadAsync((await new VaultAudio(scene.Index, store, scene.Cipher).OpenWavAsync((await scene.EntryAsync(one)).Retained!, Cancel))!));
            }
        }

        for (var cut = 0; cut < 2; cut++)
        {
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new VaultMigration(stores, scene.Index, TimeProvider.System).RunAsync(
                moved =>
                {
                    if (moved == 2)
                    {
                        stop.Cancel();
                    }
                },
                stop.Token));
            await AllAreFoundAsync(stores);
        }

        // What is recorded meanwhile goes into the new one.
        await stores.PutAsync("ivrc-meanwhile.1.age", new MemoryStream([1]), Cancel);
        Assert.Null(await scene.Store.FindAsync("ivrc-meanwhile.1.age", Cancel));
        await stores.DeleteAsync("ivrc-meanwhile.1.age", Cancel);

        var report = await new VaultMigration(stores, scene.Index, TimeProvider.System).RunAsync(null, Cancel);
        Assert.Equal(2, report.Moved);
        Assert.Empty(report.Left);
        Assert.Empty(await scene.Store.ListAsync(Cancel).ToListAsync(Cancel));
        await AllAreFoundAsync(scene.OpenStore("new"));
        Assert.Equal((0L, 0), ((await new VaultMigration(stores, scene.Index, TimeProvider.System).RunAsync(null, Cancel)).Moved, (await new VaultVerifier(scene.Index, scene.OpenStore("new"), scene.Cipher, TimeProvider.System).RunAsync(null, Cancel)).Findings.Count));
    }

    [Fact]
    public async Task What_is_damaged_or_unknown_stays_where_it_is()
    {
        await using var scene = await VaultScene.StartAsync(_database);
        var (whole, flipped) = (await scene.KeepAsync(), await scene.KeepAsync());
        scene.Flip(flipped, 90_000);
        await scene.Store.PutAsync("another-vault", new MemoryStream([1]), Cancel);
        var moved = scene.OpenStore("new");
        var report = await new VaultMigration(new MigratingStore(moved, scene.Store), scene.Index, TimeProvider.System).RunAsync(null, Cancel);
        Assert.Equal(1, report.Moved);
        Assert.Equal(new[] { VaultFault.Damaged, VaultFault.Unknown }, report.Left.Select(left => left.Fault).Order());
        Assert.Equal([whole.Object], await moved.ListAsync(Cancel).Select(one => one.Name).ToListAsync(Cancel));
        Assert.Equal(new[] { "another-vault", flipped.Object }.Order(), (await scene.Store.ListAsync(Cancel).Select(one => one.Name).ToListAsync(Cancel)).Order());
    }

    [Fact]
    public async Task What_the_old_store_does_not_give_up_is_told_of_and_the_others_move()
    {
        await using var scene = await VaultScene.StartAsync(_database);
        var (one, two) = (await scene.KeepAsync(), await scene.KeepAsync());
        var (moved, locked) = (scene.OpenStore("new"), new LockedStore(scene.Store, one.Object));
        var report = await new VaultMigration(new MigratingStore(moved, locked), scene.Index, TimeProvider.System).RunAsync(null, Cancel);
        Assert.Equal((1, one.Object), (report.Moved, Assert.Single(report.Left).StoredAs));
        Assert.Contains("locked until", report.Left[0].Detail, StringComparison.Ordinal);
        Assert.Equal(new[] { one.Object, two.Object }.Order(), (await moved.ListAsync(Cancel).Select(one => one.Name).ToListAsync(Cancel)).Order());
        Assert.Equal([one.Object], await scene.Store.ListAsync(Cancel).Select(one => one.Name).ToListAsync(Cancel));
    }

    [Fact]
    public async Task What_is_erased_while_it_moves_is_left_in_neither_store()
    {
        await using var scene = await VaultScene.StartAsync(_database);
        var kept = await scene.KeepAsync();
        var moved = scene.OpenStore("new");

        // The erasure comes while the copy is on its way: it deletes in both stores, before the copy is there.
        var slow = new ActingStore(moved, async () =>
        {
            await scene.EraseKeyAsync(kept);
            await moved.DeleteAsync(kept.Object, Cancel);
        });
        var report = await new VaultMigration(new MigratingStore(slow, scene.Store), scene.Index, TimeProvider.System).RunAsync(null, Cancel);
        Assert.Empty(report.Left);
        Assert.True(slow.Acted);
        Assert.Empty(await moved.ListAsync(Cancel).ToListAsync(Cancel));
        Assert.Empty(await scene.Store.ListAsync(Cancel).ToListAsync(Cancel));
    }

    /// <summary>A store that has locked an object (S3 Object Lock).</summary>
    private sealed class LockedStore(IRecordingStore store, string locked) : IRecordingStore
    {
        public string Name => store.Name;

        public Task<long> PutAsync(string name, Stream content, CancellationToken cancel) => store.PutAsync(name, content, cancel);

        public Task<Stream?> OpenAsync(string name, CancellationToken cancel) => store.OpenAsync(name, cancel);

        public Task<long?> FindAsync(string name, CancellationToken cancel) => store.FindAsync(name, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) =>
            name == locked ? Task.FromException(new RecordingStoreException("The object is locked until 2030.")) : store.DeleteAsync(name, cancel);

        public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => store.ListAsync(cancel);

        public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) => store.SweepAsync(before, cancel);
    }

    /// <summary>A store during whose storing something else happens, once.</summary>
    private sealed class ActingStore(IRecordingStore store, Func<Task> act) : IRecordingStore
    {
        public bool Acted { get; private set; }

        public string Name => store.Name;

        public async Task<long> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            await act();
            Acted = true;
            return await store.PutAsync(name, content, cancel);
        }

        public Task<Stream?> OpenAsync(string name, CancellationToken cancel) => store.OpenAsync(name, cancel);

        public Task<long?> FindAsync(string name, CancellationToken cancel) => store.FindAsync(name, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => store.DeleteAsync(name, cancel);

        public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => store.ListAsync(cancel);

        public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) => store.SweepAsync(before, cancel);
    }
}
