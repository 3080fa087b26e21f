using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Adapters.Tests.Rights;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

/// <summary>Recordings that wait on the PBX, were withdrawn meanwhile, and that a hold covers.</summary>
public sealed class HeldTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task What_was_withdrawn_is_kept_as_long_as_a_hold_covers_it_and_no_longer()
    {
        await using var vault = await VaultUnderTest.StartAsync(_database);
        var withdrawn = new ConsentWithdrawn("*9", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase);
        var (call, name) = await vault.RecordAsync([withdrawn]);
        var plain = FakePbx.Wav(vault.Pbx.Stored[name]);
        var hold = RightsUnderTest.Hold(new HoldScope(Line: call.Line));
        await vault.Holds.PlaceAsync(hold, Cancel);
        var takeIn = new TakeIn(vault.Index, vault.Store, vault.Cipher, vault.Ledger.Ledger, [vault.Pbx], new TakeInOptions(), TimeProvider.System, vault.Log, vault.Holds);
        Assert.Equal(1, await takeIn.RunAsync(Cancel));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Equal(plain, await vault.HearAsync(call));
        Assert.Empty((await vault.RetainedAsync(call))!.Terms);

        var withdrawals = new WithdrawalSweep(vault.Retention, vault.Ledger.Reader, vault.Ledger.Ledger, new WithdrawalActions(_ => WithdrawalAction.Erase), TimeProvider.System);
        var sweep = new RetentionSweep(vault.Retention, vault.Holds, withdrawals, vault.Finisher, vault.LedgerRetention, TimeProvider.System);
        Assert.Equal(0, (await sweep.RunAsync(Cancel)).Erased);
        Assert.NotNull(await vault.HearAsync(call));

        Assert.True(await vault.Holds.ReleaseAsync(hold.Id, "anna", "settled", TimeProvider.System.GetUtcNow(), Cancel));
        await sweep.RunAsync(Cancel);
        Assert.Equal(name, Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>()).Recording);
        Assert.Empty(await vault.ObjectsAsync());

        // One that nothing holds goes at once, as before.
        var (other, _) = await vault.RecordAsync([withdrawn]);
        Assert.Equal(1, await takeIn.RunAsync(Cancel));
        Assert.Single((await vault.EventsAsync(other)).OfType<RecordingErased>());
        Assert.Empty(await vault.ObjectsAsync());
    }
}
