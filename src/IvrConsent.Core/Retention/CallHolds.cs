using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Retention;

/// <summary>
/// Whether a legal hold covers a call that goes on, or just ended: what is withdrawn in it is then not deleted on the PBX, but taken into the
/// vault, which keeps it as long as the hold.
/// </summary>
public sealed class CallHolds(IHolds holds, ILedger ledger, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Why nothing that was recorded in the call may be deleted now, for the ledger; null when nothing keeps it. Where it cannot be found out within a
    /// second that is a reason, too: a recording that is kept can still be deleted, and taking in asks again.
    /// </summary>
    /// <exception cref="OperationCanceledException">Given up by <paramref name="cancel"/>.</exception>
    public async Task<string?> WhyKeptAsync(CallId id, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            if (await ledger.FindCallAsync(id, either.Token) is not { } found)
            {
                return "whether a legal hold covers it cannot be said: the ledger does not have the call yet";
            }

            var now = time.GetUtcNow();
            var recording = new RetainedRecording("-", id, found.Call.Subject, found.Call.Line, found.Call.Pbx, now, [], now);
            var decision = await holds.DecideWithdrawnAsync(recording, now, either.Token);
            return decision.Delete ? null : decision.Reason;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            return $"whether a legal hold covers it could not be found out ({error.GetType().Name})";
        }
    }
}
