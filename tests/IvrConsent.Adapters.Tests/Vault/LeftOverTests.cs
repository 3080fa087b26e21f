using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>What interrupted work left in the store of a recording that is not to be kept.</summary>
public sealed class LeftOverTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task What_an_interrupted_attempt_stored_goes_when_the_recording_is_to_be_erased()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var (call, name) = await vault.RecordAsync([new ConsentWithdrawn("*9", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase)]);
        var item = new VaultItem(name, call.Id, call.Pbx, Guid.NewGuid(), VaultState.Waiting, 0);
        await vault.Index.EnterAsync([item], null, Make.Start, Cancel);
        Assert.Equal(1, (await vault.Index.ClaimAsync(item, Make.Start, Cancel))!.Attempt);
        await vault.Store.PutAsync($"{name}.1.age", new MemoryStream(new byte[100]), Cancel);

        Assert.Equal(1, await vault.TakeIn.RunAsync(Cancel));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Null(await vault.Index.FindAsync(name, Cancel));
        Assert.Empty(await vault.ObjectsAsync());
    }
}
