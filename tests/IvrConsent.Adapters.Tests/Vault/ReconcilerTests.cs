using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Time;
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
        var reconciler = Reconciler(vault, store);
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
        var reconciler = Reconciler(vault, store);

        var report = await reconciler.RunAsync(Cancel);

        Assert.Equal(new ReconcileReport(0, 1, 0), report);
        Assert.Equal(new[] { $"{name}.1.age", $"{name}.7.age" }, (await vault.ObjectsAsync()).Order());
        Assert.Contains(vault.ReconcilerLog.Lines, line => line.Text.Contains("locked until", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_recording_that_was_entered_anew_since_the_store_was_listed_keeps_what_it_has_there_now()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (call, name) = await vault.RecordAsync();
        var first = new VaultItem(name, call.Id, call.Pbx, Guid.CreateVersion7(), VaultState.Waiting, 0);
        await vault.Index.EnterAsync([first], null, Make.Start, Cancel);
        Assert.NotNull(await vault.Index.ClaimAsync((await vault.Index.ClaimAsync(first, Make.Start, Cancel))!, Make.Start, Cancel));
        await vault.Store.PutAsync($"{name}.1.age", new MemoryStream([1]), Cancel); // of the first attempt, and nobody's
        var store = new CountingStore(vault.Store)
        {
            Sweeping = async () =>
            {
                // Given up and found again, it is being taken in for the first time: under the name that was nobody's a moment ago.
                await vault.Index.ForgetAsync(name, Cancel);
                var anew = first with { EventId = Guid.CreateVersion7() };
                await vault.Index.EnterAsync([anew], null, Make.Start, Cancel);
                Assert.Equal(1, (await vault.Index.ClaimAsync(anew, Make.Start, Cancel))!.Attempt);
            },
        };

        var report = await Reconciler(vault, store).CompareStoreAsync(Cancel);

        Assert.Equal(0, report.Removed);
        Assert.Equal([$"{name}.1.age"], await vault.ObjectsAsync());

        // And as long as nothing came between, it is removed.
        var item = (await vault.Index.FindAsync(name, Cancel))!;
        Assert.NotNull(await vault.Index.ClaimAsync(item, Make.Start, Cancel));
        Assert.Equal(1, (await Reconciler(vault, vault.Store).CompareStoreAsync(Cancel)).Removed);
        Assert.Empty(await vault.ObjectsAsync());
    }

    [Fact]
    public async Task What_waits_for_a_PBX_that_nobody_has_is_told_of_when_it_does_for_an_hour()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (call, name) = await vault.RecordAsync();
        var (erased, erasedName) = await vault.RecordAsync();
        vault.Pbx.Reading = (_, _) => throw new IOException("the PBX is away");
        Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
        await vault.Retention.KeepAsync(new RetainedRecording(erasedName, erased.Id, null, erased.Line, erased.Pbx, Make.Start, [], null), Cancel);
        await vault.Retention.DecideAsync([erasedName], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
        var later = new ManualTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(59));
        VaultReconciler Of(params IPbx[] pbxes) => new(vault.Index, vault.Store, vault.Ledger.Ledger, pbxes, vault.TakeIn, new TakeInOptions(), later, vault.ReconcilerLog);

        Assert.Equal(0, (await Of().ComparePbxsAsync(Cancel)).Alerts);
        later.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, (await Of(vault.Pbx).ComparePbxsAsync(Cancel)).Alerts);
        Assert.Equal(1, (await Of().ComparePbxsAsync(Cancel)).Alerts);
        var said = Assert.Single(vault.ReconcilerLog.Lines, line => line.Text.Contains("not in the settings", StringComparison.Ordinal)).Text;
        Assert.StartsWith("ALERT", said, StringComparison.Ordinal);
        Assert.Contains("1 to be taken in and 1 to be erased", said, StringComparison.Ordinal);
        Assert.Contains(call.Pbx, said, StringComparison.Ordinal);
        Assert.DoesNotContain(name, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_waits_for_the_PBX_of_a_recording_that_is_wholly_in_the_vault()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (_, name) = await vault.RecordAsync();
        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        await vault.Retention.DecideAsync([name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
        Assert.Empty(await vault.Index.FindBacklogAsync(TimeProvider.System.GetUtcNow().AddHours(1), Cancel));
    }

    private static VaultReconciler Reconciler(VaultUnderTest vault, IRecordingStore store) =>
        new(vault.Index, store, vault.Ledger.Ledger, [vault.Pbx], vault.TakeIn, new TakeInOptions(), TimeProvider.System, vault.ReconcilerLog);

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

        /// <summary>Done before what unfinished storing left is removed.</summary>
        public Func<Task> Sweeping { get; init; } = () => Task.CompletedTask;

        public async Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel)
        {
            await Sweeping();
            return await store.SweepAsync(before, cancel);
        }
    }
}
