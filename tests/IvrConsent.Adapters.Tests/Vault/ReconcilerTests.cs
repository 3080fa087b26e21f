using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>What a comparison of vault and store costs, and how it tells of many.</summary>
public sealed class ReconcilerTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task The_store_is_listed_once_and_asked_only_for_what_is_not_whole_in_the_list()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var names = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            names.Add((await vault.RecordAsync()).Recording);
        }

        Assert.Equal(5, await vault.TakeIn.RunAsync(Cancel));
        var objects = (await vault.Index.FindAsync(names, Cancel)).ToDictionary(item => item.Recording, item => item.Stored!.Name);
        var store = new CountingStore(vault.Store);
        var reconciler = new VaultReconciler(vault.Index, store, vault.Ledger.Ledger, [vault.Pbx], vault.TakeIn, new TakeInOptions(), TimeProvider.System, vault.ReconcilerLog);
        Assert.Equal(new ReconcileReport(0, 0, 0), await reconciler.RunAsync(Cancel));
        Assert.Equal((1, 0), (store.Listed, store.Asked.Count));

        await vault.Store.DeleteAsync(objects[names[0]], Cancel);
        await vault.Store.PutAsync(objects[names[1]], new MemoryStream([1]), Cancel);
        Assert.Equal(new ReconcileReport(0, 0, 2), await reconciler.RunAsync(Cancel));
        Assert.Equal(new[] { objects[names[0]], objects[names[1]] }.Order(), store.Asked.Order());
        Assert.Equal(2, vault.ReconcilerLog.Lines.Count(line => line.Text.StartsWith("ALERT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_left_over_that_cannot_be_removed_keeps_no_other_and_is_no_failed_comparison()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (_, name) = await vault.RecordAsync();
        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        await vault.Store.PutAsync($"{name}.7.age", new MemoryStream([1]), Cancel);
        await vault.Store.PutAsync($"{name}.8.age", new MemoryStream([1]), Cancel);
        var store = new CountingStore(vault.Store) { Locked = $"{name}.7.age" };
        var reconciler = new VaultReconciler(vault.Index, store, vault.Ledger.Ledger, [vault.Pbx], vault.TakeIn, new TakeInOptions(), TimeProvider.System, vault.ReconcilerLog);

        var report = await reconciler.RunAsync(Cancel);

        Assert.Equal(new ReconcileReport(0, 1, 0), report);
        Assert.Equal(new[] { $"{name}.1.age", $"{name}.7.age" }, (await vault.ObjectsAsync()).Order());
        Assert.Contains(vault.ReconcilerLog.Lines, line => line.Text.Contains("locked until", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_many_unknown_objects_a_few_are_named_and_all_are_counted_in_one_line()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        for (var i = 0; i < 12; i++)
        {
            await vault.Store.PutAsync($"somebody-elses-{i}", new MemoryStream([1]), Cancel);
        }

        await vault.Reconciler.RunAsync(Cancel);

        var said = Assert.Single(vault.ReconcilerLog.Lines, line => line.Text.Contains("somebody-elses", StringComparison.Ordinal)).Text;
        Assert.StartsWith("12 objects", said, StringComparison.Ordinal);
        Assert.Equal(6, said.Split("somebody-elses").Length);
        Assert.Equal(12, await vault.Store.ListAsync(Cancel).CountAsync(Cancel));
    }

    private sealed class CountingStore(IRecordingStore store) : IRecordingStore
    {
        public int Listed { get; private set; }

        public List<string> Asked { get; } = [];

        public string Name => store.Name;

        public Task<long> PutAsync(string name, Stream content, CancellationToken cancel) => store.PutAsync(name, content, cancel);

        public Task<Stream?> OpenAsync(string name, CancellationToken cancel) => store.OpenAsync(name, cancel);

        public Task<long?> FindAsync(string name, CancellationToken cancel)
        {
            Asked.Add(name);
            return store.FindAsync(name, cancel);
        }

        public string? Locked { get; init; }

        public Task DeleteAsync(string name, CancellationToken cancel) =>
            name == Locked ? throw new RecordingStoreException("It is locked until a date.") : store.DeleteAsync(name, cancel);

        public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel)
        {
            Listed++;
            return store.ListAsync(cancel);
        }

        public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) => store.SweepAsync(before, cancel);
    }
}
