using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteRequestTests() : RequestContract(new SqliteTestDatabase());

public sealed class PostgresRequestTests() : RequestContract(new PostgresTestDatabase());

/// <summary>Persons' requests and holds as staff work with them, on every database.</summary>
public abstract class RequestContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task Erasure_deletes_what_nothing_keeps_and_says_what_stays_and_why()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var consent = await rights.KeepAsync(days: 30);
        var contract = await rights.KeepAsync(basis: LawfulBasis.Contract, days: 900);
        var held = await rights.KeepAsync(line: "held", days: 30);
        var other = await rights.KeepAsync("+48600700999", days: 30);
        await rights.HoldDesk.PlaceAsync(new HoldScope(Line: "held"), "claim 7", "legal", "anna", null, Cancel);
        var request = await rights.Desk.OpenAsync(RequestKind.Erasure, consent.Subject, null, null, "anna", Cancel);

        var certificate = await rights.Desk.EraseAsync(request.Id, "anna", Cancel);
        Assert.Equal([consent.Name], certificate.Erased.Select(one => one.Recording));
        Assert.Equal(new[] { contract.Name, held.Name }.Order(), certificate.Kept.Select(one => one.Recording));
        Assert.All(certificate.Kept, one => Assert.Equal("GDPR 17(3)(e)", Assert.Single(one.Kept).Article));
        Assert.Equal((false, 0), (certificate.MappingDeleted, certificate.Unfinished));
        Assert.Equal((NumberKeeper.Recordings, NumberKeeper.Recordings.Words()), (certificate.NumberKept, certificate.MappingKeptBecause));
        Assert.Contains("claim 7", certificate.ToJson(), StringComparison.Ordinal);
        Assert.DoesNotContain("600700801", certificate.ToJson(), StringComparison.Ordinal);
        Assert.Equal(new[] { contract.Name, held.Name, other.Name }.Order(), await rights.KeysAsync());
        var erased = Assert.Single(await rights.ErasedAsync());
        Assert.Equal((consent.Name, "anna"), (erased.Recording, erased.Actor));
        var done = Assert.IsType<PersonErased>((await rights.LogAsync(request.Id))[^1]);
        Assert.Equal(ErasureCertificate.Hash(certificate.ToJson()), done.Certificate);

        // The consent that the hold outlives is over: the sweep takes the recording when the hold ends. Then the number goes, too.
        var hold = Assert.Single(await rights.Holds.ListAsync(true, DateTimeOffset.MaxValue, Cancel));
        Assert.True(await rights.HoldDesk.ReleaseAsync(hold.Id, "anna", "settled", Cancel));
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
        await rights.Retention.SetTermsAsync(contract.Name, [], TimeProvider.System.GetUtcNow().AddSeconds(-1), Cancel);
        Assert.True((await rights.Desk.EraseAsync(request.Id, "anna", Cancel)).MappingDeleted);
        Assert.Null(await rights.Ledger.Subjects.FindAsync("+48600700801", Cancel));
        Assert.Equal([other.Name], await rights.KeysAsync());
    }

    [Fact]
    public async Task Objection_ends_what_can_be_objected_to()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var interests = await rights.KeepAsync(basis: LawfulBasis.LegitimateInterests, days: 30);
        var consent = await rights.KeepAsync(days: 30);
        var request = await rights.Desk.OpenAsync(RequestKind.Objection, interests.Subject, null, null, "anna", Cancel);
        Assert.Equal(new RequestOutcome(1, 1), await rights.Desk.UpholdObjectionAsync(request.Id, "anna", Cancel));
        Assert.Equal([consent.Name], await rights.KeysAsync());
        Assert.StartsWith("objection: ", Assert.Single(await rights.ErasedAsync()).Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.EraseAsync(request.Id, "anna", Cancel));
    }

    [Fact]
    public async Task A_restriction_of_one_call_leaves_the_others_and_is_lifted_by_its_own_case()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var one = await rights.KeepAsync(days: 30);
        var two = await rights.KeepAsync(days: 30);
        var request = await rights.Desk.OpenAsync(RequestKind.Restriction, null, one.Call, null, "anna", Cancel);
        Assert.Equal(one.Subject, request.Subject);
        Assert.Equal(1, (await rights.Desk.RestrictAsync(request.Id, true, "anna", Cancel)).Changed);
        Assert.Equal(0, (await rights.Desk.RestrictAsync(request.Id, true, "anna", Cancel)).Changed);
        Assert.Equal(request.Id, (await rights.Retention.FindAsync(null, one.Call, null, 1, Cancel))[0].RestrictedBy);
        Assert.Null((await rights.Retention.FindAsync(null, two.Call, null, 1, Cancel))[0].RestrictedBy);
        Assert.Contains(await rights.LogAsync(one.Call), fact => fact is RecordingRestricted { Restricted: true });
        Assert.Equal(1, (await rights.Desk.RestrictAsync(request.Id, false, "anna", Cancel)).Changed);
        Assert.Null((await rights.Retention.FindAsync(null, one.Call, null, 1, Cancel))[0].RestrictedBy);
    }

    [Fact]
    public async Task A_case_is_extended_once_approved_by_another_and_closed_once()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        var received = rights.Log.Now.AddDays(-3);
        var request = await rights.Desk.OpenAsync(RequestKind.Access, recording.Subject, null, received, "anna", Cancel);
        Assert.Equal(request, await rights.Desk.GetAsync(request.Id, Cancel));
        Assert.Equal(received.AddMonths(1), request.DueAt);

        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.RequireApprovalAsync(request.Id, "anna", Cancel));
        await rights.Desk.ApproveAsync(request.Id, "anna", Cancel);
        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.RequireApprovalAsync(request.Id, "anna", Cancel));
        await rights.Desk.ApproveAsync(request.Id, "ben", Cancel);
        await rights.Desk.RequireApprovalAsync(request.Id, "anna", Cancel);
        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.ApproveAsync(request.Id, "ben", Cancel));

        Assert.Equal(received.AddMonths(3), (await rights.Desk.ExtendAsync(request.Id, "many calls", "anna", Cancel)).DueAt);
        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.ExtendAsync(request.Id, "more", "anna", Cancel));
        Assert.Equal(request.Id, Assert.Single(await rights.Requests.ListAsync(true, Cancel)).Id);
        var wanting = await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.CloseAsync(request.Id, RequestState.Answered, "letter of 2 April", false, "anna", Cancel));
        Assert.Contains("no file was written", wanting.Message, StringComparison.Ordinal);
        await rights.Log.AddAsync(request.Id, new PersonExported(0, 2, "anna", "letter", new string('a', 64)) { Absent = 1 }, "Told", Cancel);
        Assert.Contains("1 recordings are not in", (await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.CloseAsync(request.Id, RequestState.Answered, "letter of 2 April", false, "anna", Cancel))).Message, StringComparison.Ordinal);
        await rights.Desk.CloseAsync(request.Id, RequestState.Answered, "letter of 2 April", true, "anna", Cancel);
        await Assert.ThrowsAsync<RightsRefusedException>(() => rights.Desk.CloseAsync(request.Id, RequestState.Refused, "no", false, "anna", Cancel));
        Assert.Empty(await rights.Requests.ListAsync(true, Cancel));
        var closed = Assert.Single(await rights.Requests.ListAsync(false, Cancel));
        Assert.Equal((RequestState.Answered, "letter of 2 April", "many calls"), (closed.State, closed.CloseReason, closed.ExtensionReason));
        Assert.Equal(
            [nameof(RequestOpened), nameof(RequestApproved), nameof(RequestApproved), nameof(RequestExtended), nameof(PersonExported), nameof(RequestClosed)],
            (await rights.LogAsync(request.Id)).Select(fact => fact.GetType().Name));
        Assert.True(((RequestClosed)(await rights.LogAsync(request.Id))[^1]).Incomplete);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_in_words()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        await rights.KeepAsync();
        async Task RefusedAsync(string why, Func<Task> step) =>
            Assert.Contains(why, (await Assert.ThrowsAsync<RightsRefusedException>(step)).Message, StringComparison.Ordinal);
        await RefusedAsync("knows nobody", () => rights.Desk.OpenAsync(RequestKind.Access, null, null, null, "anna", Cancel));
        await RefusedAsync("has no call", () => rights.Desk.OpenAsync(RequestKind.Access, null, rights.Log.NewId(), null, "anna", Cancel));
        await RefusedAsync("no case", () => rights.Desk.GetAsync(rights.Log.NewId(), Cancel));
        await RefusedAsync("names a person", () => rights.HoldDesk.PlaceAsync(new HoldScope(), "r", "o", "anna", null, Cancel));
        await RefusedAsync("reason", () => rights.HoldDesk.PlaceAsync(new HoldScope(Line: "x"), " ", "o", "anna", null, Cancel));
        await RefusedAsync("future", () => rights.HoldDesk.PlaceAsync(new HoldScope(Line: "x"), "r", "o", "anna", rights.Log.Now.AddDays(-1), Cancel));
        Assert.False(await rights.HoldDesk.ReleaseAsync(rights.Log.NewId(), "anna", "r", Cancel));
        Assert.Empty(await rights.Holds.ListAsync(false, rights.Log.Now, Cancel));
    }
}
