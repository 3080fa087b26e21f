using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Storage.Rights;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Vault;

public sealed class SqliteWaitingTests() : WaitingContract(new SqliteTestDatabase());

public sealed class PostgresWaitingTests() : WaitingContract(new PostgresTestDatabase());

/// <summary>What a person asks for reaches also what still waits on a PBX, on every database.</summary>
public abstract class WaitingContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Erased_while_it_waits_it_leaves_the_PBX_and_never_comes_into_the_vault(bool entered)
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        if (entered)
        {
            // The vault knows of it, and could not take it.
            vault.Pbx.Reading = (_, _) => new MemoryStream(new byte[1000]);
            Assert.Equal(0, await vault.TakeIn.RunAsync(Cancel));
            vault.Pbx.Reading = (_, stream) => stream;
            Assert.Equal(VaultState.Waiting, (await vault.Index.FindAsync(name, Cancel))!.State);
        }

        var certificate = await EraseAsync(vault, Desk(vault), call);
        Assert.Equal((name, 0, 0, true), (Assert.Single(certificate.Erased).Recording, certificate.Kept.Count, certificate.Unfinished, certificate.MappingDeleted));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Equal(("anna", name), (await vault.EventsAsync(call)).OfType<RecordingErased>().Select(erased => (erased.Actor, erased.Recording)).Single());

        // It comes back, out of a backup of the PBX.
        vault.Pbx.Stored[name] = new StoredRecording(name, 200_044, TimeSpan.FromSeconds(12.5));
        await vault.Reconciler.RunAsync(Cancel);
        await vault.LetTimePassAsync();
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Empty(vault.Pbx.Stored);
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Null(await vault.RetainedAsync(call));
    }

    [Fact]
    public async Task Decided_on_by_a_command_that_reaches_no_PBX_it_is_not_kept_by_who_takes_it_in_meanwhile()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        var certificate = await EraseAsync(vault, Desk(vault, remains: false), call);
        Assert.Equal((name, 1), (Assert.Single(certificate.Erased).Recording, certificate.Unfinished));

        await vault.TakeIn.RunAsync(Cancel);
        await vault.LetTimePassAsync();
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Empty(await vault.ObjectsAsync());
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingStored>());

        // Its copy on the PBX goes before the store can be looked at: gone, and not lost.
        vault.Pbx.Stored.Clear();
        await vault.LetTimePassAsync();
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingFailed>());
        await vault.WholeFinisher.RunAsync(Cancel);
        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Decided_on_while_it_is_just_being_taken_in_it_is_not_kept_and_not_told_as_lost(bool gone)
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync();
        vault.Pbx.Reading = (_, stream) =>
        {
            // The one who takes it in has begun; its claim stands.
            EraseNow(vault, call);
            return gone && vault.Pbx.Stored.Remove(name) ? null! : stream;
        };
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(0, await vault.KeysAsync());
        Assert.Empty(await vault.ObjectsAsync());
        Assert.DoesNotContain(await vault.EventsAsync(call), fact => fact is RecordingStored or RecordingFailed);
    }

    [Fact]
    public async Task What_another_ground_keeps_comes_into_the_vault_for_that_alone_and_what_a_hold_keeps_stays()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (contract, _) = await vault.RecordAsync([new PurposesChanged(["quality", "contract"], "agent", "concluded")], arrived: DateTimeOffset.UtcNow.AddMinutes(-5));
        var (held, heldName) = await vault.RecordAsync(arrived: DateTimeOffset.UtcNow.AddMinutes(-4));
        await vault.Holds.PlaceAsync(new LegalHold(CallId.FromChannel("-", "hold", Make.Start), new HoldScope(Call: held.Id), "claim", "legal", "anna", Make.Start), Cancel);
        var certificate = await EraseAsync(vault, Desk(vault), contract);
        Assert.Equal((0, 2, false), (certificate.Erased.Count, certificate.Kept.Count, certificate.MappingDeleted));

        await vault.TakeIn.RunAsync(Cancel);
        Assert.NotNull(await vault.HearAsync(held));
        Assert.Equal("contract", Assert.Single((await vault.RetainedAsync(contract))!.Terms).Purpose);
        Assert.Equal((await vault.RetainedAsync(contract))!.RetainUntil, (await vault.EventsAsync(contract)).OfType<RecordingStored>().Single().RetainUntil);
        Assert.Empty((await vault.EventsAsync(held)).OfType<RecordingErased>());
        Assert.Equal(heldName, (await vault.RetainedAsync(held))!.Name);
    }

    [Fact]
    public async Task Restricted_while_it_waits_it_is_restricted_in_the_vault()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, _) = await vault.RecordAsync();
        var desk = Desk(vault);
        var request = await desk.OpenAsync(RequestKind.Restriction, null, call.Id, null, "anna", Cancel);
        Assert.Equal(1, (await desk.RestrictAsync(request.Id, true, "anna", Cancel)).Changed);
        await vault.TakeIn.RunAsync(Cancel);
        Assert.Equal(request.Id, (await vault.RetainedAsync(call))!.RestrictedBy);
    }

    [Fact]
    public async Task Restricted_while_it_waits_and_withdrawn_then_it_is_kept_until_that_is_lifted()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (call, name) = await vault.RecordAsync(arrived: DateTimeOffset.UtcNow.AddMinutes(-5));
        var plain = FakePbx.Wav(vault.Pbx.Stored[name]);
        var desk = Desk(vault);
        var request = await desk.OpenAsync(RequestKind.Restriction, null, call.Id, null, "anna", Cancel);
        await desk.RestrictAsync(request.Id, true, "anna", Cancel);
        await vault.Ledger.AppendAsync(Make.More(call, 20, new ConsentWithdrawn("", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase) { By = "desk", Reason = "phoned" }));

        await vault.TakeIn.RunAsync(Cancel);
        var withdrawals = new WithdrawalSweep(vault.Retention, vault.Ledger.Reader, vault.Ledger.Ledger, new WithdrawalActions(_ => WithdrawalAction.Erase), TimeProvider.System);
        var sweep = new RetentionSweep(vault.Retention, vault.Holds, withdrawals, vault.WholeFinisher, vault.LedgerRetention, TimeProvider.System);
        Assert.Equal(name, Assert.Single((await sweep.RunAsync(Cancel)).KeptWithdrawn).Recording.Name);
        Assert.Equal(plain, await vault.HearAsync(call));
        Assert.Empty(vault.Pbx.Stored);
        Assert.Empty((await vault.EventsAsync(call)).OfType<RecordingErased>());

        await desk.RestrictAsync(request.Id, false, "anna", Cancel);
        Assert.Equal(1, (await sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Single((await vault.EventsAsync(call)).OfType<RecordingErased>());
        Assert.Empty(await vault.ObjectsAsync());
    }

    [Fact]
    public async Task What_waits_is_lost_or_still_runs_is_found_and_nothing_else()
    {
        await using var vault = await VaultUnderTest.StartAsync(Database);
        var (_, lostName) = await vault.RecordAsync();
        vault.Pbx.Stored.Clear();
        await vault.TakeIn.RunAsync(Cancel);
        await vault.RecordAsync();
        await vault.TakeIn.RunAsync(Cancel);
        var (_, waiting) = await vault.RecordAsync();
        var (going, goingName) = await vault.RecordAsync(ended: false);
        var (_, withdrawn) = await vault.RecordAsync([new ConsentWithdrawn("*9", Make.Start, WithdrawalScope.Call, WithdrawalAction.Erase)]);

        var desk = Desk(vault);
        var subject = (await vault.Ledger.Ledger.FindCallAsync(going.Id, Cancel))!.Call.Subject;
        var request = await desk.OpenAsync(RequestKind.Erasure, subject, null, null, "anna", Cancel);
        var found = (await desk.FindWaitingAsync(request, Cancel)).ToDictionary(one => one.Recording.Name, one => (one.Over, one.Lost, one.Going));
        Assert.Equal(4, found.Count);
        Assert.Equal((true, true, false), found[lostName]);
        Assert.Equal((true, false, false), found[waiting]);
        Assert.Equal((false, false, false), found[goingName]);
        Assert.Equal((true, false, true), found[withdrawn]);

        // The call that goes on keeps its recording, and the number; the certificate says so.
        var certificate = await desk.EraseAsync(request.Id, "anna", Cancel);
        var kept = Assert.Single(certificate.Kept);
        Assert.Equal((goingName, null, false), (kept.Recording, kept.CallEndedAt, certificate.MappingDeleted));
        Assert.Contains("goes on", kept.Reason, StringComparison.Ordinal);
        Assert.Contains(goingName, certificate.ToJson(), StringComparison.Ordinal);
        Assert.Equal(3, certificate.Erased.Count); // in the vault, waiting, and lost: should it be found, it goes
        await vault.Ledger.AppendAsync(Make.More(going, 10, Make.Ended()));
        Assert.Equal(goingName, Assert.Single((await desk.EraseAsync(request.Id, "anna", Cancel)).Erased).Recording);
        Assert.Null(await vault.Ledger.Subjects.FindAsync(going.CallerNumber!, Cancel));
    }

    /// <summary>In the midst of a read, which waits for it.</summary>
    private static void EraseNow(VaultUnderTest vault, CallRow call) => Task.Run(() => EraseAsync(vault, Desk(vault, remains: false), call)).GetAwaiter().GetResult();

    private static async Task<ErasureCertificate> EraseAsync(VaultUnderTest vault, RequestDesk desk, CallRow call)
    {
        var subject = (await vault.Ledger.Ledger.FindCallAsync(call.Id, Cancel))!.Call.Subject;
        var request = await desk.OpenAsync(RequestKind.Erasure, subject, null, null, "anna", Cancel);
        return await desk.EraseAsync(request.Id, "anna", Cancel);
    }

    /// <summary>The desk of the worker, which reaches PBX and store, or of a command, which reaches neither.</summary>
    private static RequestDesk Desk(VaultUnderTest vault, bool remains = true)
    {
        var log = new RightsLog(vault.Ledger.Ledger, TimeProvider.System);
        var finisher = remains ? vault.WholeFinisher : new ErasureFinisher(vault.Retention, [], vault.Ledger.Ledger, TimeProvider.System);
        var waiting = new WaitingRecordings(vault.Ledger.Ledger, vault.Ledger.Reader, vault.Retention, [vault.Index], TimeProvider.System);
        return new RequestDesk(new RequestTable(vault.Database), vault.Retention, waiting, finisher, vault.Ledger.Ledger, log);
    }
}
