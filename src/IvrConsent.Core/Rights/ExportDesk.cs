using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Rights;

/// <summary>An export that somebody asked for and that waits for a second person, or has one.</summary>
/// <param name="Id">The record that it stands under.</param>
/// <param name="Asked">What, why and who.</param>
/// <param name="AskedAt">When.</param>
/// <param name="Approvers">Who agreed.</param>
public sealed record ExportOrder(CallId Id, ExportRequested Asked, DateTimeOffset AskedAt, IReadOnlyList<string> Approvers)
{
    /// <summary>From then on it counts no longer, approved or not.</summary>
    public DateTimeOffset EndsAt => AskedAt + ExportDesk.Lifetime;

    /// <summary>Whether somebody else than who asked agreed.</summary>
    public bool IsApproved => Approvers.Any(approver => RolePolicy.WhyNotApproved(Asked.Actor, approver) is null);
}

/// <summary>
/// Four eyes for what leaves as a file and belongs to no case: who asks is refused and his order put on record, another approves it, and then the very
/// same is given to who asked, for the reason that he gave, until the order ends. (Once it is given he has it: nothing is gained by counting how often.)
/// All of it stands in the ledger and nowhere else, each step an entry of its own: several processes at once have nothing to fall out about. Whether the
/// person may approve at all is the caller's to ask (<see cref="RolePolicy"/>).
/// </summary>
public sealed class ExportDesk(ILedger ledger, ILedgerReader reader, RightsLog log)
{
    /// <summary>How long an order counts from when it was asked for: over a weekend.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(72);

    /// <summary>Throws, having put down that it is asked for, unless somebody else approved it.</summary>
    /// <param name="what">What exactly is exported, in words that a person can agree to and that are the same each time; no number in it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancel">Gives it up.</param>
    /// <exception cref="RightsRefusedException">It waits; the message has the order's id.</exception>
    public async Task RequireApprovalAsync(string what, string reason, string actor, CancellationToken cancel)
    {
        var asked = new ExportRequested(what, reason, actor);
        var same = (await ListAsync(cancel)).Where(order => order.Asked == asked).ToArray();
        if (same.Any(order => order.IsApproved))
        {
            return;
        }

        var waiting = same.LastOrDefault()?.Id;
        if (waiting is null)
        {
            waiting = log.NewId();
            await log.BeginAsync(waiting.Value, null, null, asked, "Nothing was exported");
        }

        throw new RightsRefusedException(
            $"{RolePolicy.WhyNotApproved(actor, null)}. It waits for somebody else: ivrconsent exports approve {waiting}. Within {Lifetime.TotalHours:0} hours of the asking the same command with the same reason exports it then.");
    }

    /// <summary>The orders that still count, oldest first.</summary>
    public async Task<IReadOnlyList<ExportOrder>> ListAsync(CancellationToken cancel)
    {
        var orders = new List<ExportOrder>();
        await foreach (var line in reader.ReadAsync(new LedgerQuery(From: log.Now - Lifetime, EventType: nameof(ExportRequested)), cancel))
        {
            if (line.Entry.Event is ExportRequested asked)
            {
                orders.Add(new ExportOrder(line.Call.Id, asked, line.Entry.At, await FindApproversAsync(line.Call.Id, cancel)));
            }
        }

        return orders;
    }

    /// <summary>Says that a second person agrees.</summary>
    /// <exception cref="RightsRefusedException">There is no such order any more, or it is his own.</exception>
    public async Task<ExportOrder> ApproveAsync(CallId id, string actor, CancellationToken cancel)
    {
        var order = (await ListAsync(cancel)).FirstOrDefault(order => order.Id == id)
            ?? throw new RightsRefusedException($"there is no export {id} that was asked for in the last {Lifetime.TotalHours:0} hours; exports list shows them");
        if ((RolePolicy.WhyNotApproved(order.Asked.Actor, actor) ?? (order.Approvers.Contains(actor) ? $"{actor} has approved it before" : null)) is { } why)
        {
            throw new RightsRefusedException(why);
        }

        await log.AddAsync(id, new ExportApproved(actor), "Nothing was approved", cancel);
        return order;
    }

    private async Task<IReadOnlyList<string>> FindApproversAsync(CallId id, CancellationToken cancel) =>
        [.. ((await ledger.FindCallAsync(id, cancel))?.Entries ?? []).Select(entry => entry.Event).OfType<ExportApproved>().Select(approved => approved.Actor)];
}
