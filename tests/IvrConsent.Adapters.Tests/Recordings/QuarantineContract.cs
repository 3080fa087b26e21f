using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Adapters.Tests.Rights;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

public sealed class SqliteQuarantineTests() : QuarantineContract(new SqliteTestDatabase());

public sealed class PostgresQuarantineTests() : QuarantineContract(new PostgresTestDatabase());

/// <summary>The ways out of the quarantine, on every database.</summary>
public abstract class QuarantineContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const string Number = "+48600700801";

    [Fact]
    public async Task Released_for_what_the_caller_consented_to_it_is_heard_and_dated_as_others_are()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var locked = await scene.StoreAsync(await UnknownRecordingAsync(scene));
        await Assert.ThrowsAsync<RightsRefusedException>(async () => await scene.Listening.OpenAsync(await scene.EntryAsync(locked), "ben", "why", false, false, Cancel));
        Assert.Contains("not granted", await RefusalAsync(scene, locked, "training"), StringComparison.Ordinal);

        var plan = await scene.Quarantine.PlanAsync(await scene.EntryAsync(locked), ["quality", "contract"], Cancel);
        await scene.Quarantine.ReleaseAsync(plan, "anna", "its entry came late", fourEyes: false, Cancel);
        var entry = await scene.EntryAsync(locked);
        Assert.False(entry.Item.Quarantined);
        Assert.Equal(entry.Retained!.EndedAt.AddDays(1000), entry.Retained.RetainUntil);
        Assert.Equal(["quality", "contract"], entry.Retained.Terms.Select(term => term.Purpose));
        Assert.Equal(locked.Sound, await VaultScene.ReadAsync(await scene.Listening.OpenAsync(entry, "ben", "why", false, false, Cancel)));
        var told = Assert.Single((await scene.Rights.LogAsync(locked.Call)).OfType<RecordingReleased>());
        Assert.Equal(("anna", "its entry came late", entry.Retained.RetainUntil!.Value, "quality contract"), (told.Actor, told.Reason, told.RetainUntil, string.Join(' ', told.Purposes)));
        Assert.Equal(0, (await scene.Index.CountAsync(Cancel)).Quarantined);
        Assert.Contains("not quarantined", await RefusalAsync(scene, locked, "quality"), StringComparison.Ordinal);

        // It withdraws as any other: the consent that it was released for is the caller's.
        await scene.Rights.Ledger.AppendAsync(Behind(locked.Call, 20, new ConsentWithdrawn("", RecordScene.Start.AddDays(1), WithdrawalScope.Call, WithdrawalAction.Erase)));
        await scene.Rights.Sweep.RunAsync(Cancel);
        Assert.Equal("contract", Assert.Single((await scene.EntryAsync(locked)).Retained!.Terms).Purpose);
    }

    [Fact]
    public async Task Cut_off_behind_the_ledger_s_entry_it_is_done_again_and_told_once()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var locked = await scene.StoreAsync(await UnknownRecordingAsync(scene));
        await scene.Rights.Log.AddAsync(locked.Call, new RecordingReleased(locked.Name, ["quality"], RecordScene.Start, "anna", "cut off"), "Told", Cancel);
        Assert.True((await scene.EntryAsync(locked)).Item.Quarantined);
        await scene.Quarantine.ReleaseAsync(await scene.Quarantine.PlanAsync(await scene.EntryAsync(locked), ["quality"], Cancel), "anna", "again", false, Cancel);
        Assert.False((await scene.EntryAsync(locked)).Item.Quarantined);
        Assert.Single((await scene.Rights.LogAsync(locked.Call)).OfType<RecordingReleased>());
    }

    [Fact]
    public async Task What_the_ledger_says_against_it_stands()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var refused = await scene.StoreAsync(await scene.CallAsync(Number, (name, start) => [RecordScene.Heard(), new ConsentRefused('2', start, 1, 0), new RecordingStarted(name, "wav", start), RecordScene.Ended]));
        Assert.Contains("refused", await RefusalAsync(scene, refused, "contract"), StringComparison.Ordinal);
        var silent = await scene.StoreAsync(await scene.CallAsync(Number, (name, start) => [RecordScene.Heard(), new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null), new RecordingStarted(name, "wav", start), RecordScene.Ended]));
        Assert.Contains("not granted", await RefusalAsync(scene, silent, "quality"), StringComparison.Ordinal);
        Assert.Equal("contract", Assert.Single((await scene.Quarantine.PlanAsync(await scene.EntryAsync(silent), ["contract"], Cancel)).Purposes)); // which asks for no consent

        // Begun before the yes: the yes does not reach back.
        var early = await scene.StoreAsync(await scene.CallAsync(Number, (name, start) =>
            [RecordScene.Heard(), new RecordingStarted(name, "wav", start), new ConsentGiven('1', start.AddSeconds(9), 1, 0) { Purposes = ["quality"] }, RecordScene.Ended]));
        Assert.Contains("not granted", await RefusalAsync(scene, early, "quality"), StringComparison.Ordinal);

        var stranger = await scene.StoreAsync(CallId.FromChannel("lab", "stranger", RecordScene.Start));
        Assert.Contains("does not know its call", await RefusalAsync(scene, stranger, "contract"), StringComparison.Ordinal);

        var unknown = await scene.StoreAsync(await UnknownRecordingAsync(scene));
        Assert.Contains("no purpose", await RefusalAsync(scene, unknown), StringComparison.Ordinal);
        Assert.Contains("not one of the line's", await RefusalAsync(scene, unknown, "fun"), StringComparison.Ordinal);

        // In another call the person took back all consent.
        await scene.CallAsync(Number, (_, start) => [new ConsentWithdrawn("*9", start.AddSeconds(20), WithdrawalScope.Person, WithdrawalAction.Erase), RecordScene.Ended]);
        Assert.Contains("withdrawn", await RefusalAsync(scene, unknown, "quality"), StringComparison.Ordinal);
        Assert.All(await scene.Index.SearchAsync(new VaultSearch(9), Cancel), entry => Assert.True(entry.Item.Quarantined));
        Assert.Empty((await scene.Rights.LogAsync(unknown.Call)).OfType<RecordingReleased>());
    }

    [Fact]
    public async Task Deleted_its_key_and_its_object_are_gone_and_the_ledger_says_who_and_why()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        scene.Rights.Remains.Files.Clear();
        var locked = await scene.StoreAsync(await UnknownRecordingAsync(scene));
        var lawful = await scene.KeepAsync();
        Assert.Contains("not quarantined", (await Assert.ThrowsAsync<RightsRefusedException>(async () => await scene.Quarantine.DeleteAsync(await scene.EntryAsync(lawful), "anna", "why", false, Cancel))).Message, StringComparison.Ordinal);
        Assert.Contains("reason", (await Assert.ThrowsAsync<RightsRefusedException>(async () => await scene.Quarantine.DeleteAsync(await scene.EntryAsync(locked), "anna", " ", false, Cancel))).Message, StringComparison.Ordinal);

        // A hold stops it, and so does who had it restricted.
        var (hold, _) = await scene.Rights.HoldDesk.PlaceAsync(new HoldScope(Call: locked.Call), "claim 7", "legal", "anna", null, Cancel);
        var held = await scene.Quarantine.DeleteAsync(await scene.EntryAsync(locked), "anna", "nobody consented", false, Cancel);
        Assert.Equal((false, "GDPR 17(3)(e)"), (held.Decision.Delete, Assert.Single(held.Decision.Kept).Article));
        Assert.NotNull(await scene.Index.FindKeyAsync(locked.Name, Cancel));
        await scene.Rights.HoldDesk.ReleaseAsync(hold.Id, "anna", "settled", Cancel);
        var restriction = await scene.Rights.Desk.OpenAsync(RequestKind.Restriction, null, locked.Call, null, "anna", Cancel);
        await scene.Rights.Desk.RestrictAsync(restriction.Id, true, "anna", Cancel);
        Assert.Equal("GDPR 18(1)", Assert.Single((await scene.Quarantine.DeleteAsync(await scene.EntryAsync(locked), "anna", "why", false, Cancel)).Decision.Kept).Article);
        Assert.Contains("GDPR 18", await RefusalAsync(scene, locked, "quality"), StringComparison.Ordinal);
        await scene.Rights.Desk.RestrictAsync(restriction.Id, false, "anna", Cancel);

        var finisher = new ErasureFinisher(scene.Rights.Retention, [new VaultRemains(scene.Index, scene.Store, scene.Rights.Ledger.Ledger, TimeProvider.System)], scene.Rights.Ledger.Ledger, TimeProvider.System);
        var desk = new QuarantineDesk(scene.Index, scene.Rights.Retention, scene.Rights.Requests, scene.Rights.Ledger.Ledger, scene.Rights.Ledger.Reader, finisher, scene.Rights.Log);
        Assert.True((await desk.DeleteAsync(await scene.EntryAsync(locked), "anna", "nobody consented", false, Cancel)).Decision.Delete);
        Assert.Null(await scene.Index.FindKeyAsync(locked.Name, Cancel));
        Assert.Null(await scene.Index.FindAsync(locked.Name, Cancel));
        Assert.Null(await scene.Store.FindAsync(locked.Object, Cancel));
        var erased = Assert.Single(await scene.Rights.ErasedAsync());
        Assert.Equal((locked.Name, "anna"), (erased.Recording, erased.Actor));
        Assert.StartsWith("quarantine: ", erased.Reason, StringComparison.Ordinal);
        Assert.EndsWith(": nobody consented", erased.Reason, StringComparison.Ordinal);
        Assert.NotNull(await scene.Index.FindKeyAsync(lawful.Name, Cancel));
    }

    [Fact]
    public async Task With_four_eyes_another_agrees_to_exactly_what_is_done()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var locked = await scene.StoreAsync(await UnknownRecordingAsync(scene));
        async Task<string> RefusedAsync(Func<Task> step) => (await Assert.ThrowsAsync<RightsRefusedException>(step)).Message;
        var plan = await scene.Quarantine.PlanAsync(await scene.EntryAsync(locked), ["quality"], Cancel);
        Task ReleaseAsync() => scene.Quarantine.ReleaseAsync(plan, "anna", "why", fourEyes: true, Cancel);
        async Task ApproveAsync(string actor, QuarantineStep step, params string[] purposes) => await scene.Quarantine.ApproveAsync(await scene.EntryAsync(locked), step, purposes, actor, Cancel);
        async Task DeleteAsync() => await scene.Quarantine.DeleteAsync(await scene.EntryAsync(locked), "anna", "why", fourEyes: true, Cancel);

        Assert.Contains("nobody has approved", await RefusedAsync(ReleaseAsync), StringComparison.Ordinal);
        await ApproveAsync("anna", QuarantineStep.Release, "quality");
        Assert.Contains("approved it before", await RefusedAsync(() => ApproveAsync("anna", QuarantineStep.Release, "quality")), StringComparison.Ordinal);
        Assert.Contains("somebody else", await RefusedAsync(ReleaseAsync), StringComparison.Ordinal);
        await ApproveAsync("ben", QuarantineStep.Release, "quality", "contract"); // to more than is done
        await ApproveAsync("carl", QuarantineStep.Delete);
        Assert.Contains("somebody else", await RefusedAsync(ReleaseAsync), StringComparison.Ordinal);
        Assert.Contains("not granted", await RefusedAsync(() => ApproveAsync("ben", QuarantineStep.Release, "training")), StringComparison.Ordinal);
        Assert.True((await scene.EntryAsync(locked)).Item.Quarantined);
        Assert.Empty((await scene.Rights.LogAsync(locked.Call)).OfType<RecordingReleased>());
        await ApproveAsync("ben", QuarantineStep.Release, "quality");
        await ReleaseAsync();
        Assert.False((await scene.EntryAsync(locked)).Item.Quarantined);
        Assert.Contains("not quarantined", await RefusedAsync(DeleteAsync), StringComparison.Ordinal);
    }

    /// <summary>A call with consent to quality, in which the ledger knows of no recording.</summary>
    private static Task<CallId> UnknownRecordingAsync(VaultScene scene) => scene.CallAsync(Number, (_, start) =>
        [RecordScene.Heard(), new ConsentGiven('1', start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = ["quality"] }, RecordScene.Ended]);

    private static async Task<string> RefusalAsync(VaultScene scene, KeptRecording recording, params string[] purposes) =>
        (await Assert.ThrowsAsync<RightsRefusedException>(async () => await scene.Quarantine.PlanAsync(await scene.EntryAsync(recording), purposes, Cancel))).Message;

    private static LedgerBatch Behind(CallId call, int sequence, CallEvent fact) =>
        new(null, [new LedgerEntry(Guid.CreateVersion7(), call, sequence, RecordScene.Start.AddDays(1), fact)]);
}
