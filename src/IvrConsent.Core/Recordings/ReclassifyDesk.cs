using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Core.Recordings;

/// <summary>What a recording would be kept for.</summary>
/// <param name="Recording">The recording as it is kept now.</param>
/// <param name="Terms">What it would be kept for; never empty.</param>
public sealed record ReclassifiedRecording(RetainedRecording Recording, IReadOnlyList<RetentionTerm> Terms)
{
    /// <summary>Its new date.</summary>
    public DateTimeOffset Until => Terms.Max(term => term.Until);
}

/// <summary>What reclassifying a call would do: allowed, and not done yet.</summary>
/// <param name="Call">The call.</param>
/// <param name="Purposes">Its purposes from now on.</param>
/// <param name="Changes">Whether the ledger does not say so already.</param>
/// <param name="Recordings">Its recordings in the vault, with their new dates.</param>
public sealed record Reclassification(CallId Call, IReadOnlyList<string> Purposes, bool Changes, IReadOnlyList<ReclassifiedRecording> Recordings);

/// <summary>What reclassifying a call did.</summary>
/// <param name="Changed">Recordings that have new dates.</param>
/// <param name="OnTheirWay">
/// Recordings that were just being taken in, and may have got the dates of before: reclassifying again, when they are in the vault, puts
/// that right.
/// </param>
public sealed record ReclassifyOutcome(int Changed, IReadOnlyList<string> OnTheirWay);

/// <summary>
/// Changes what a call that is over was recorded for, and with it how long its recordings are kept. The purposes are those of the terms
/// that the call was led under, whatever the settings say now. Done again it changes nothing, so what stopped half-way is done again.
/// </summary>
public sealed class ReclassifyDesk(IRetention retention, IRequests requests, ILedger ledger, IEnumerable<IVaultIndex> vault, RightsLog log)
{
    private const int Page = 200;

    /// <summary>Looks whether it may be, and what it would do.</summary>
    /// <exception cref="RightsRefusedException">It may not; the message says why.</exception>
    public async Task<Reclassification> PlanAsync(CallId id, IReadOnlyCollection<string> purposes, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(purposes);
        if (await ledger.FindCallAsync(id, cancel) is not { Call.Kind: not CallKind.Record } call)
        {
            throw new RightsRefusedException($"the ledger has no call {id}");
        }

        if (call.Entries.LastOrDefault(entry => entry.Event is CallEnded) is not { } end)
        {
            throw new RightsRefusedException($"call {id} is not over: POST /api/v1/calls/{id}/reclassify reaches a call that goes on");
        }

        if (TakeInPolicy.Made(call.Entries).Count == 0)
        {
            throw new RightsRefusedException("nothing was recorded in this call");
        }

        var terms = await TakeIn.FindTermsAsync(ledger, TakeInPolicy.TermsOf(call.Entries), cancel);
        var known = terms?.Purposes.Select(TakeInPolicy.Options).ToArray() ?? [];
        var standing = CallStanding.Of(call.Entries.Select(entry => entry.Event));
        string[] wanted = [.. purposes.Distinct(StringComparer.Ordinal)];
        RefuseIf(ReclassificationPolicy.Refusal(known, [.. standing.Granted], standing.Objected || RequestPolicy.HasObjected(await requests.ListAsync(openOnly: false, cancel), call.Call), wanted));

        var recordings = new List<ReclassifiedRecording>();
        foreach (var recording in await FindAsync(id, cancel))
        {
            recordings.Add(Plan(recording, known.Where(purpose => wanted.Contains(purpose.Id)), end.At));
        }

        return new Reclassification(id, wanted, !Same(standing.Purposes, wanted), recordings);
    }

    /// <summary>Does it: the ledger first, then the dates.</summary>
    /// <exception cref="RightsUntoldException">The ledger did not take it; nothing was changed.</exception>
    public async Task<ReclassifyOutcome> CarryOutAsync(Reclassification plan, string actor, string reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        RefuseIf(string.IsNullOrWhiteSpace(reason) ? "a reason is needed: it goes into the ledger" : null);
        if (plan.Changes)
        {
            await log.AddAsync(plan.Call, new PurposesChanged(plan.Purposes, actor, reason), "Nothing was changed", cancel);
        }

        var changed = 0;
        foreach (var one in plan.Recordings)
        {
            changed += await retention.SetTermsAsync(one.Recording.Name, one.Terms, log.Now, cancel) ? 1 : 0;
        }

        // Taking in reads the ledger when it begins: one that had begun before the entry was there did not know of it.
        var onTheirWay = new List<string>();
        foreach (var index in vault)
        {
            var entries = await index.SearchAsync(new VaultSearch(Page, Call: plan.Call), cancel);
            onTheirWay.AddRange(entries
                .Where(entry => entry.Item is { State: VaultState.Waiting, Attempt: > 0 } || IsNew(entry, plan))
                .Select(entry => entry.Item.Recording));
        }

        return new ReclassifyOutcome(changed, onTheirWay);
    }

    /// <summary>The call's recordings in the vault; not those without a ground: no purpose makes one for them.</summary>
    private async Task<IReadOnlyList<RetainedRecording>> FindAsync(CallId call, CancellationToken cancel)
    {
        var found = new List<RetainedRecording>();
        string? after = null;
        while (await retention.FindAsync(null, call, after, Page, cancel) is { Count: > 0 } page)
        {
            found.AddRange(page);
            after = page[^1].Name;
        }

        foreach (var index in vault)
        {
            var locked = (await index.SearchAsync(new VaultSearch(Page, Call: call, Quarantined: true), cancel)).Select(entry => entry.Item.Recording).ToHashSet(StringComparer.Ordinal);
            found.RemoveAll(recording => locked.Contains(recording.Name));
        }

        return found;
    }

    private static ReclassifiedRecording Plan(RetainedRecording recording, IEnumerable<PurposeOptions> wanted, DateTimeOffset endedAt)
    {
        RefuseIf(recording.RestrictedBy is { } by ? $"{recording.Name} is restricted (GDPR 18, case {by}): it is kept as it is until that is lifted" : null);
        var purposes = wanted.ToArray();
        var terms = RetentionPolicy.Reclassified(recording.Terms, purposes, endedAt);

        // Consent that was withdrawn since, or that an earlier order has ended, is not brought back behind the person's back.
        var gone = purposes.FirstOrDefault(purpose => terms.All(term => term.Purpose != purpose.Id));
        RefuseIf(gone is null ? null : $"{gone.Id} has ended for {recording.Name}, and does not come back");
        return new ReclassifiedRecording(recording, terms);
    }

    private static bool IsNew(VaultEntry entry, Reclassification plan) =>
        entry is { Retained: not null, Item.Quarantined: false } && plan.Recordings.All(one => one.Recording.Name != entry.Item.Recording);

    private static bool Same(IReadOnlyList<string>? now, IReadOnlyList<string> wanted) =>
        now?.Order(StringComparer.Ordinal).SequenceEqual(wanted.Order(StringComparer.Ordinal)) == true;

    private static void RefuseIf(string? why)
    {
        if (why is not null)
        {
            throw new RightsRefusedException(why);
        }
    }
}
