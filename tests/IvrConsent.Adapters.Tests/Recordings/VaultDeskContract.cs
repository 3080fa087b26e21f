using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Rights;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

public sealed class SqliteVaultDeskTests() : VaultDeskContract(new SqliteTestDatabase());

public sealed class PostgresVaultDeskTests() : VaultDeskContract(new PostgresTestDatabase());

/// <summary>Finding, listening to and reclassifying what is in the vault, on every database.</summary>
public abstract class VaultDeskContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task A_look_is_on_record_before_a_sample_is_given_out_and_the_sound_is_what_was_stored()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var kept = await scene.KeepAsync();
        await using (var wav = await scene.Listening.OpenAsync(await scene.EntryAsync(kept), "ben", "complaint 7", copied: true, quarantined: false, Cancel))
        {
            Assert.Equal(new RecordingPlayed(kept.Name, "ben", "complaint 7", true), Assert.Single(await scene.LooksAsync(kept.Call)));
            Assert.Equal(kept.Sound, await VaultScene.ReadAsync(wav));
        }

        var lost = new ListeningDesk(scene.Index, scene.Store, scene.Cipher, new RightsLog(new LosingLedger(scene.Rights.Ledger.Ledger), TimeProvider.System));
        await Assert.ThrowsAsync<RightsUntoldException>(async () => await lost.OpenAsync(await scene.EntryAsync(kept), "ben", "again", false, false, Cancel));
        Assert.Single(await scene.LooksAsync(kept.Call));
    }

    [Fact]
    public async Task What_is_restricted_quarantined_erased_or_not_there_is_not_given_out()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var (restricted, locked, erased) = (await scene.KeepAsync(), await scene.KeepAsync(quarantined: true), await scene.KeepAsync());
        var purposeless = await scene.KeepAsync();
        Assert.True(await scene.Rights.Retention.SetTermsAsync(purposeless.Name, [], RecordScene.Start, Cancel));
        var waiting = await scene.CallAsync();
        await scene.ClaimAsync(waiting);
        var request = await scene.Rights.Desk.OpenAsync(RequestKind.Restriction, null, restricted.Call, null, "anna", Cancel);
        Assert.Equal(1, (await scene.Rights.Desk.RestrictAsync(request.Id, true, "anna", Cancel)).Changed);
        await scene.EraseKeyAsync(erased);

        async Task<string> RefusalAsync(string name, string reason = "why") =>
            (await Assert.ThrowsAsync<RightsRefusedException>(async () => await scene.Listening.OpenAsync(await scene.Listening.GetAsync(name, Cancel), "ben", reason, false, false, Cancel))).Message;
        Assert.Contains("GDPR 18", await RefusalAsync(restricted.Name), StringComparison.Ordinal);
        Assert.Contains("quarantined", await RefusalAsync(locked.Name), StringComparison.Ordinal);
        Assert.Contains("erased", await RefusalAsync(erased.Name), StringComparison.Ordinal);
        Assert.Contains("not in the vault yet", await RefusalAsync($"ivrc-{waiting}"), StringComparison.Ordinal);
        Assert.Contains("no recording of this name", await RefusalAsync("ivrc-other"), StringComparison.Ordinal);
        Assert.Contains("reason", await RefusalAsync(locked.Name, " "), StringComparison.Ordinal);
        Assert.Contains("for no purpose", await RefusalAsync(purposeless.Name), StringComparison.Ordinal);
        foreach (var one in new[] { restricted, locked, erased, purposeless })
        {
            Assert.Empty(await scene.LooksAsync(one.Call));
        }

        Assert.Equal(purposeless.Sound, await VaultScene.ReadAsync(await scene.Listening.OpenAsync(await scene.EntryAsync(purposeless), "anna", "the court asks", false, quarantined: true, Cancel)));
        Assert.Equal(locked.Sound, await VaultScene.ReadAsync(await scene.Listening.OpenAsync(await scene.EntryAsync(locked), "anna", "how did it come about", false, quarantined: true, Cancel)));
        await scene.Rights.Desk.RestrictAsync(request.Id, false, "anna", Cancel);
        Assert.Equal(restricted.Sound, await VaultScene.ReadAsync(await scene.Listening.OpenAsync(await scene.EntryAsync(restricted), "ben", "why", false, false, Cancel)));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(150)]
    [InlineData(100_000)]
    [InlineData(-1)]
    public async Task A_flipped_byte_is_told_and_nothing_behind_it_is_given_out(int position)
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var kept = await scene.KeepAsync();
        scene.Flip(kept, position);
        using var heard = new MemoryStream();
        await Assert.ThrowsAnyAsync<RecordingDamagedException>(async () =>
        {
            await using var wav = await scene.Listening.OpenAsync(await scene.EntryAsync(kept), "ben", "why", false, false, Cancel);
            await wav.CopyToAsync(heard, Cancel);
        });
        Assert.True(heard.Length < kept.Sound.Length);
        Assert.Equal(kept.Sound[..(int)heard.Length], heard.ToArray());
    }

    [Fact]
    public async Task Recordings_are_found_by_call_person_line_state_and_mark()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var (first, second, locked) = (await scene.KeepAsync(), await scene.KeepAsync("+48600700999"), await scene.KeepAsync(quarantined: true));
        var waiting = (await scene.ClaimAsync(await scene.CallAsync())).Recording;
        var person = await scene.Rights.Ledger.Subjects.FindAsync("+48600700801", Cancel);

        async Task<string[]> FindAsync(VaultSearch search) => [.. (await scene.Index.SearchAsync(search, Cancel)).Select(entry => entry.Item.Recording)];
        Assert.Equal([waiting, locked.Name, second.Name, first.Name], await FindAsync(new VaultSearch(9, NewestFirst: true)));
        Assert.Equal([second.Name, first.Name], await FindAsync(new VaultSearch(2, After: locked.Name, NewestFirst: true)));
        Assert.Equal([locked.Name, waiting], await FindAsync(new VaultSearch(9, After: second.Name)));
        Assert.Equal([second.Name], await FindAsync(new VaultSearch(9, Call: second.Call)));
        Assert.Equal([first.Name, locked.Name, waiting], await FindAsync(new VaultSearch(9, Subject: person)));
        Assert.Equal([locked.Name], await FindAsync(new VaultSearch(9, Quarantined: true)));
        Assert.Equal([waiting], await FindAsync(new VaultSearch(9, State: VaultState.Waiting)));
        Assert.Equal(4, (await FindAsync(new VaultSearch(9, Lines: ["sales", "demo"]))).Length);
        Assert.Empty(await FindAsync(new VaultSearch(9, Lines: ["sales"])));
        Assert.Empty(await FindAsync(new VaultSearch(9, Lines: [])));

        await scene.EraseKeyAsync(first);
        var entries = await scene.Index.SearchAsync(new VaultSearch(9), Cancel);
        Assert.Equal([true, false, false, false], entries.Select(entry => entry.Erasing));
        Assert.Equal([false, true, true, false], entries.Select(entry => entry.Retained is not null));
        Assert.All(entries, entry => Assert.Equal("demo", entry.Line));
        Assert.Equal("quality", Assert.Single(entries[1].Retained!.Terms).Purpose);
    }

    [Fact]
    public async Task Reclassifying_goes_on_record_and_moves_the_dates_once()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var kept = await scene.KeepAsync(purposes: ["quality", "training"]);
        var ended = (await scene.EntryAsync(kept)).Retained!.EndedAt;
        for (var turn = 0; turn < 2; turn++)
        {
            var plan = await scene.Reclassify.PlanAsync(kept.Call, ["quality", "contract"], Cancel);
            Assert.Equal(turn == 0, plan.Changes);
            var outcome = await scene.Reclassify.CarryOutAsync(plan, "ben", "contract concluded", Cancel);
            Assert.Equal((1, 0), (outcome.Changed, outcome.OnTheirWay.Count));
        }

        var changed = Assert.Single((await scene.Rights.LogAsync(kept.Call)).OfType<PurposesChanged>());
        Assert.Equal(("quality contract", "ben", "contract concluded"), (string.Join(' ', changed.Purposes), changed.Actor, changed.Reason));
        var retained = (await scene.EntryAsync(kept)).Retained!;
        Assert.Equal(new[] { "contract", "quality" }, retained.Terms.Select(term => term.Purpose).Order());
        Assert.Equal(ended.AddDays(1000), retained.RetainUntil);

        // What an order has ended does not come back: the caller is not here to say yes again.
        await Assert.ThrowsAsync<RightsRefusedException>(() => scene.Reclassify.PlanAsync(kept.Call, ["training"], Cancel));
    }

    [Fact]
    public async Task Reclassifying_is_refused_where_the_rules_do_not_allow_it()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        scene.Line.Line = scene.Line.Line with { Purposes = [.. scene.Line.Line.Purposes, new PurposeOptions { Id = "fraud", Basis = LawfulBasis.LegitimateInterests, Retention = TimeSpan.FromDays(400) }] };
        var kept = await scene.KeepAsync();
        var (going, unrecorded) = (await scene.CallAsync(over: false), Make.Call());
        await scene.Rights.Ledger.AppendAsync(new LedgerBatch(unrecorded, [Make.Entry(unrecorded, 1, new CallArrived("lab", "x", "demo", "w")), Make.Entry(unrecorded, 2, Make.Ended())]));

        async Task<string> RefusalAsync(CallId call, params string[] purposes) => (await Assert.ThrowsAsync<RightsRefusedException>(() => scene.Reclassify.PlanAsync(call, purposes, Cancel))).Message;
        Assert.Contains("not granted", await RefusalAsync(kept.Call, "training"), StringComparison.Ordinal);
        Assert.Contains("not one of the line's", await RefusalAsync(kept.Call, "fun"), StringComparison.Ordinal);
        Assert.Contains("no purpose", await RefusalAsync(kept.Call), StringComparison.Ordinal);
        Assert.Contains("not over", await RefusalAsync(going, "contract"), StringComparison.Ordinal);
        Assert.Contains("nothing was recorded", await RefusalAsync(unrecorded.Id, "contract"), StringComparison.Ordinal);
        Assert.Contains("no call", await RefusalAsync(CallId.FromChannel("lab", "none", RecordScene.Start), "contract"), StringComparison.Ordinal);

        // The person objects by letter: the ledger of the call does not know it, the case does.
        Assert.Single((await scene.Reclassify.PlanAsync(kept.Call, ["fraud"], Cancel)).Recordings);
        var objection = await scene.Rights.Desk.OpenAsync(RequestKind.Objection, null, kept.Call, null, "anna", Cancel);
        Assert.Contains("objected", await RefusalAsync(kept.Call, "fraud"), StringComparison.Ordinal);
        await scene.Rights.Desk.CloseAsync(objection.Id, RequestState.Refused, "letter 4", false, "anna", Cancel);
        Assert.Single((await scene.Reclassify.PlanAsync(kept.Call, ["fraud"], Cancel)).Recordings);

        var restriction = await scene.Rights.Desk.OpenAsync(RequestKind.Restriction, null, kept.Call, null, "anna", Cancel);
        await scene.Rights.Desk.RestrictAsync(restriction.Id, true, "anna", Cancel);
        Assert.Contains("GDPR 18", await RefusalAsync(kept.Call, "contract"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_taken_in_meanwhile_is_told_and_set_right_by_the_next_order()
    {
        await using var scene = await VaultScene.StartAsync(Database);
        var call = await scene.CallAsync();
        await scene.ClaimAsync(call);
        var first = await scene.Reclassify.CarryOutAsync(await scene.Reclassify.PlanAsync(call, ["contract"], Cancel), "ben", "why", Cancel);
        Assert.Equal((0, $"ivrc-{call}"), (first.Changed, Assert.Single(first.OnTheirWay)));

        // Taking in that begins behind the order knows of it already.
        var kept = await scene.StoreAsync(call);
        Assert.Equal("contract", Assert.Single((await scene.EntryAsync(kept)).Retained!.Terms).Purpose);
        var second = await scene.Reclassify.CarryOutAsync(await scene.Reclassify.PlanAsync(call, ["contract"], Cancel), "ben", "why", Cancel);
        Assert.Equal((1, 0), (second.Changed, second.OnTheirWay.Count));

        var locked = await scene.KeepAsync(quarantined: true);
        var plan = await scene.Reclassify.PlanAsync(locked.Call, ["contract"], Cancel);
        Assert.Empty(plan.Recordings);
    }

    /// <summary>A ledger that takes nothing.</summary>
    private sealed class LosingLedger(ILedger ledger) : ILedger
    {
        public LedgerHealth Health => ledger.Health;

        public ValueTask<AppendResult> AppendAsync(LedgerBatch batch) => ValueTask.FromResult(AppendResult.Lost);

        public Task<IReadOnlyList<OpenCall>> FindOpenCallsAsync(string pbx, CancellationToken cancel) => ledger.FindOpenCallsAsync(pbx, cancel);

        public Task<OpenCall?> FindCallAsync(CallId id, CancellationToken cancel) => ledger.FindCallAsync(id, cancel);
    }
}
