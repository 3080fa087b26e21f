using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;

namespace IvrConsent.Core.Rights;

/// <summary>Places and releases legal holds. The hold is in force before it is told: an entry that comes late harms nobody, a hold that does does.</summary>
public sealed class HoldDesk(IHolds holds, RightsLog log)
{
    /// <summary>Places a hold; answers with it and how many recordings it covers now.</summary>
    public async Task<(LegalHold Hold, long Covered)> PlaceAsync(HoldScope scope, string reason, string owner, string actor, DateTimeOffset? endsAt, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(scope);
        if (scope.IsEmpty)
        {
            throw new RightsRefusedException("a hold names a person, a call, a line or a period");
        }

        if (string.IsNullOrWhiteSpace(reason) || string.IsNullOrWhiteSpace(owner))
        {
            throw new RightsRefusedException("a hold needs a reason and an owner who answers for it");
        }

        if (endsAt <= log.Now || scope.Until <= scope.From)
        {
            throw new RightsRefusedException("a hold ends in the future, and its period ends after it begins");
        }

        var hold = new LegalHold(log.NewId(), scope, reason, owner, actor, log.Now, endsAt);
        var covered = await holds.PlaceAsync(hold, cancel);
        var placed = new HoldPlaced(scope.Subject, scope.Call?.ToString(), scope.Line, scope.From, scope.Until, reason, owner, actor, endsAt);
        await log.BeginAsync(hold.Id, scope.Subject, scope.Line, placed, $"Hold {hold.Id} is in force");
        return (hold, covered);
    }

    /// <summary>Releases a hold; false when there is none in force of the id.</summary>
    public async Task<bool> ReleaseAsync(CallId id, string actor, string reason, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason))
        {
            throw new RightsRefusedException("releasing a hold needs a reason");
        }

        if (!await holds.ReleaseAsync(id, actor, reason, log.Now, cancel))
        {
            return false;
        }

        await log.AddAsync(id, new HoldReleased(actor, reason), $"Hold {id} is released", cancel);
        return true;
    }
}
