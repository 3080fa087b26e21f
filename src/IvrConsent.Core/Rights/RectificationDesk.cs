using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;

namespace IvrConsent.Core.Rights;

/// <summary>
/// Carries out cases of rectification (GDPR art. 16). The ledger is never edited: what is wrong stays, and beside it stands what the person states, or, where an entry tells
/// of a consent, refusal or withdrawal that never was, a correction by which it counts no longer.
/// </summary>
public sealed class RectificationDesk(RequestDesk desk, IRecordLookup lookup, ILedger ledger, ConsentDesk consents, RightsLog log)
{
    /// <summary>Puts a statement of the person beside an event (art. 16, second sentence).</summary>
    /// <param name="request">The case.</param>
    /// <param name="wrong">The event that it is about; one of the case's call or person.</param>
    /// <param name="text">The statement: what is wrong, or what is so instead.</param>
    /// <param name="reason">How it was established; null: it is what the person says.</param>
    /// <param name="actor">Who enters it.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task StateAsync(CallId request, Guid wrong, string text, string? reason, string actor, CancellationToken cancel)
    {
        var call = await FindAsync(request, wrong, text, reason, cancel);
        await log.AddAsync(call, new StatementAdded(wrong, text.Trim(), actor, request.ToString()) { Reason = reason?.Trim() }, "Nothing was entered", cancel);
        await NoteAsync(request, wrong, false, actor, cancel);
    }

    /// <summary>
    /// Corrects an event that tells of a consent, refusal or withdrawal which never was. A recording that rested on it alone is erased by the next sweep.
    /// </summary>
    /// <param name="request">The case.</param>
    /// <param name="wrong">The event; one of the case's call or person.</param>
    /// <param name="reason">Why it is wrong.</param>
    /// <param name="actor">Who enters it.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task VoidAsync(CallId request, Guid wrong, string reason, string actor, CancellationToken cancel)
    {
        await FindAsync(request, wrong, reason, null, cancel);
        switch ((await consents.CorrectAsync(wrong, actor, reason.Trim(), null, cancel)).Outcome)
        {
            case EntryOutcome.Entered:
                await NoteAsync(request, wrong, true, actor, cancel);
                return;
            case EntryOutcome.Lost:
                throw new RightsUntoldException("Neither the ledger nor its spool took the correction: nothing was corrected. See to the database and the disk.");
            default:
                throw new RightsRefusedException("the event tells of no consent, refusal or withdrawal: only these can count no longer; add the person's statement to it");
        }
    }

    private Task NoteAsync(CallId request, Guid wrong, bool corrected, string actor, CancellationToken cancel) =>
        log.AddAsync(request, new RequestRectified(wrong, corrected, actor), $"Case {request}: event {wrong} is {(corrected ? "corrected" : "commented")}", cancel);

    /// <summary>The call or entry of the event; refuses where that is not the case's.</summary>
    private async Task<CallId> FindAsync(CallId id, Guid wrong, string text, string? reason, CancellationToken cancel)
    {
        var request = await desk.GetAsync(id, RequestKind.Rectification, cancel);
        if ((RequestPolicy.WhyNotState(text) ?? (reason is null ? null : RequestPolicy.WhyNotState(reason))) is { } why)
        {
            throw new RightsRefusedException(why);
        }

        // The same answer for what is not there and for what is another's: a case opens no way to the events of others.
        var found = await lookup.FindCallOfEventAsync(wrong, cancel) is { } call ? await ledger.FindCallAsync(call, cancel) : null;
        return found is not null && (request.Call is { } one ? found.Call.Id == one : request.Subject is { } subject && found.Call.Subject == subject)
            ? found.Call.Id
            : throw new RightsRefusedException("the case's person or call has no such event; events show, or events.json of the access file, has their ids");
    }
}
