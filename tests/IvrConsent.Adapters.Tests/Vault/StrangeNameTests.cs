using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>Files on a PBX that somebody named after our recordings: a copy beside one, for example.</summary>
public sealed class StrangeNameTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Theory]
    [InlineData("_old")]
    [InlineData(" (Copy)")]
    [InlineData("/../other")]
    [InlineData(".1")]
    public async Task A_name_that_no_store_takes_is_told_of_and_holds_nothing_up(string ending)
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (call, name) = await vault.RecordAsync();
        await vault.TakeIn.RunAsync(Cancel);
        vault.Pbx.Stored[name + ending] = new StoredRecording(name + ending, 16044, TimeSpan.FromSeconds(1));
        Assert.Equal(new ReconcileReport(0, 0, 1), await vault.Reconciler.RunAsync(Cancel));
        Assert.Contains(vault.ReconcilerLog.Lines, line => line.Text.Contains("ALERT pbx1 has 1 files", StringComparison.Ordinal));

        var (next, _) = await vault.RecordAsync();
        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        Assert.NotNull(await vault.HearAsync(next));
        Assert.Equal([name + ending], vault.Pbx.Stored.Keys);
        Assert.NotNull(await vault.HearAsync(call));
    }

    [Fact]
    public async Task One_that_was_entered_before_waits_and_holds_nothing_up()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (call, name) = await vault.RecordAsync();
        var strange = name + "_old";
        vault.Pbx.Stored[strange] = new StoredRecording(strange, 16044, TimeSpan.FromSeconds(1));
        await vault.Index.EnterAsync([new VaultItem(strange, call.Id, call.Pbx, Guid.NewGuid(), VaultState.Waiting, 0)], null, Make.Start, Cancel);

        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        Assert.NotNull(await vault.HearAsync(call));
        var waits = (await vault.Index.FindAsync(strange, Cancel))!;
        Assert.Equal(VaultState.Waiting, waits.State);
        Assert.Contains("no store takes its name", waits.Detail, StringComparison.Ordinal);
        Assert.Contains(vault.Log.Lines, line => line.Text.Contains($"{strange}: not taken in at attempt 1", StringComparison.Ordinal));
    }
}
