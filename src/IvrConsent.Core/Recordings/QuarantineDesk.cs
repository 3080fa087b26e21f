using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Core.Recordings;

/// <summary>A release that the rules allow, and that is not done yet.</summary>
/// <param name="Entry">The recording.</param>
/// <param name="Purposes">What it would be kept for, by id.</param>
/// <param name="Terms">How long for each.</param>
/// <param name="Changes">Whether the ledger does not say so already: it was cut off behind its entry, then.</param>
public sealed record QuarantineRelease(VaultEntry Entry, IReadOnlyList<string> Purposes, IReadOnlyList<RetentionTerm> Terms, bool Changes)
{
    /// <summary>Its new date.</summary>
    public DateTimeOffset Until => Terms.Max(term => term.Until);
}

/// <summary>
/// The ways out of the quarantine: a recording that was locked away is released for the purposes that it has a ground for, or deleted as
/// any other is. Whether the person may at all is the caller's to ask (<see cref="RolePolicy"/>).
/// </summary>
public sealed class QuarantineDesk(IVaultIndex index, IRetention retention, IRequests requests, ILedger ledger, ILedgerReader reader, ErasureFinisher finisher, RightsLog log)
{
    /// <summary>Looks whether it may be released, and for how long it would be kept.</summary>
    /// <exception cref="RightsRefusedException">It may not; the message says why.</exception>
    public async Task<QuarantineRelease> PlanAsync(VaultEntry entry, IReadOnlyCollection<string> purposes, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(purposes);
        string[] wanted = [.. purposes.Distinct(StringComparer.Ordinal)];
        var facts = await ReadAsync(entry.Item.Call, cancel);
        RefuseIf(QuarantinePolicy.WhyNotRelease(entry, facts, wanted));
        var terms = RetentionPolicy.Terms(facts.Purposes.Where(purpose => wanted.Contains(purpose.Id)), entry.Retained!.EndedAt);
        var told = facts.Call!.Entries.Select(one => one.Event).OfType<RecordingReleased>().LastOrDefault(released => released.Recording == entry.Item.Recording);
        return new QuarantineRelease(entry, wanted, terms, told is null || !Same(told.Purposes, wanted));
    }

    /// <summary>Releases it: the ledger first, then the vault.</summary>
    /// <exception cref="RightsRefusedException">Nobody has approved it, or it is not as it was.</exception>
    /// <exception cref="RightsUntoldException">The ledger did not take it; nothing was changed.</exception>
    public async Task ReleaseAsync(QuarantineRelease plan, string actor, string reason, bool fourEyes, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        RefuseIf(NoReason(reason));
        await RequireApprovalAsync(plan.Entry.Item, QuarantineStep.Release, plan.Purposes, actor, fourEyes, cancel);
        var name = plan.Entry.Item.Recording;
        if (plan.Changes)
        {
            await log.AddAsync(plan.Entry.Item.Call, new RecordingReleased(name, plan.Purposes, plan.Until, actor, reason), "Nothing was released", cancel);
        }

        RefuseIf(await index.ReleaseAsync(name, plan.Terms, cancel) ? null : $"{name} was released, restricted or erased by somebody else meanwhile; recordings list --call {plan.Entry.Item.Call} shows it");
    }

    /// <summary>Deletes it as an erasure does: the key at once, then the file and the PBX's copy. Tells what keeps it, where something does.</summary>
    /// <exception cref="RightsRefusedException">Nobody has approved it, or it is not quarantined.</exception>
    public async Task<DecidedErasure> DeleteAsync(VaultEntry entry, string actor, string reason, bool fourEyes, CancellationToken cancel)
    {
        RefuseIf(QuarantinePolicy.WhyNotDecide(entry) ?? NoReason(reason));
        await RequireApprovalAsync(entry.Item, QuarantineStep.Delete, [], actor, fourEyes, cancel);
        var decided = await retention.DecideAsync(entry.Item.Recording, DeletionCause.NoGround, reason, actor, log.Now, cancel);
        await finisher.RunAsync(cancel);
        return decided ?? throw new RightsRefusedException($"{entry.Item.Recording} was erased by somebody else meanwhile");
    }

    /// <summary>Says that a second person agrees.</summary>
    /// <param name="entry">The recording.</param>
    /// <param name="step">To what.</param>
    /// <param name="purposes">What it may be released for; empty where it is deleted.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancel">Gives it up.</param>
    public async Task ApproveAsync(VaultEntry entry, QuarantineStep step, IReadOnlyCollection<string> purposes, string actor, CancellationToken cancel)
    {
        RefuseIf(QuarantinePolicy.WhyNotDecide(entry));
        string[] wanted = step == QuarantineStep.Release ? [.. (await PlanAsync(entry, purposes, cancel)).Purposes] : [];
        RefuseIf((await ApproversAsync(entry.Item, step, wanted, cancel)).Contains(actor) ? $"{actor} has approved it before" : null);
        await log.AddAsync(entry.Item.Call, new QuarantineApproved(entry.Item.Recording, step, wanted, actor), "Nothing was approved", cancel);
    }

    private async Task RequireApprovalAsync(VaultItem item, QuarantineStep step, IReadOnlyCollection<string> purposes, string actor, bool fourEyes, CancellationToken cancel)
    {
        if (fourEyes)
        {
            var approvers = await ApproversAsync(item, step, purposes, cancel);
            RefuseIf(RolePolicy.WhyNotApproved(actor, approvers.FirstOrDefault(other => other != actor) ?? (approvers.Count > 0 ? approvers[0] : null)));
        }
    }

    /// <summary>Who agreed to exactly this.</summary>
    private async Task<IReadOnlyList<string>> ApproversAsync(VaultItem item, QuarantineStep step, IReadOnlyCollection<string> purposes, CancellationToken cancel) =>
        [.. ((await ledger.FindCallAsync(item.Call, cancel))?.Entries ?? [])
            .Select(entry => entry.Event)
            .OfType<QuarantineApproved>()
            .Where(approved => approved.Recording == item.Recording && approved.Step == step && Same(approved.Purposes, purposes))
            .Select(approved => approved.Actor)];

    private async Task<QuarantineFacts> ReadAsync(CallId id, CancellationToken cancel)
    {
        if (await ledger.FindCallAsync(id, cancel) is not { } call)
        {
            return new QuarantineFacts(null, null, null, Objected: false);
        }

        var lines = new List<LedgerLine>();
        await foreach (var line in reader.ReadAsync(call.Call.Subject is { } subject ? new LedgerQuery(Subject: subject) : new LedgerQuery(Call: id), cancel))
        {
            lines.Add(line);
        }

        var terms = await TakeIn.FindTermsAsync(ledger, TakeInPolicy.TermsOf(call.Entries), cancel);
        LedgerLine[] own = [.. lines.Where(line => line.Entry.CallId == id)];
        var consent = own.Length == 0 ? null : ConsentCase.From(own, terms, lines);
        var objected = CallStanding.Of(call.Entries.Select(entry => entry.Event)).Objected || RequestPolicy.HasObjected(await requests.ListAsync(openOnly: false, cancel), call.Call);
        return new QuarantineFacts(call, consent, terms, objected);
    }

    private static string? NoReason(string reason) => string.IsNullOrWhiteSpace(reason) ? "a reason is needed: it goes into the ledger" : null;

    private static bool Same(IEnumerable<string> one, IEnumerable<string> other) => one.Order(StringComparer.Ordinal).SequenceEqual(other.Order(StringComparer.Ordinal));

    private static void RefuseIf(string? why)
    {
        if (why is not null)
        {
            throw new RightsRefusedException(why);
        }
    }
}
