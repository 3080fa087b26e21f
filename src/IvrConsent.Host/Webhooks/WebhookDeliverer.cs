using System.Security.Cryptography;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Webhooks;

namespace IvrConsent.Host.Webhooks;

/// <summary>
/// Brings one webhook up to the ledger's end. At least once: a message is done when the receiver has answered 2xx and that is
/// committed; in between everything may end, and then it is sent again with the same id. In order within a call: behind a message
/// that was not taken all later ones of its call wait, those of other calls do not. Behind a dead message its call goes on.
/// </summary>
internal sealed partial class WebhookDeliverer(WebhookOptions hook, Func<string, string, CancellationToken, Task<WebhookAttempt>> send, TimeProvider time, ILogger log)
{
    /// <summary>How often the ledger's end is looked at.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private const int Batch = 100;

    private int _failures;

    /// <summary>Sends what is due; answers how long there is nothing to do.</summary>
    public async Task<TimeSpan> RoundAsync(IWebhookSession session, CancellationToken cancel)
    {
        var (waiting, pause) = await TryWaitingAsync(session, cancel);
        if (pause is not null)
        {
            return pause.Value;
        }

        var lines = await session.ReadNextAsync(Batch, cancel);
        pause = await SendNewAsync(session, lines, [.. waiting.Select(delivery => delivery.Call)], cancel);
        return pause ?? (lines.Count == Batch ? TimeSpan.Zero : Poll);
    }

    /// <summary>The kept messages that are due, of each call the first; answers with what is still kept.</summary>
    private async Task<(IReadOnlyList<WebhookDelivery> Waiting, TimeSpan? Pause)> TryWaitingAsync(IWebhookSession session, CancellationToken cancel)
    {
        while (true)
        {
            var waiting = await session.ReadWaitingAsync(cancel);
            var now = time.GetUtcNow();
            var due = waiting.DistinctBy(delivery => delivery.Call).Where(delivery => delivery.NextAt <= now).ToArray();
            if (due.Length == 0)
            {
                return (waiting, null);
            }

            foreach (var delivery in due)
            {
                var line = await session.ReadAsync(delivery.Position, cancel);
                var attempt = line is null
                    ? new WebhookAttempt(WebhookResult.Refused, "the ledger has no such entry")
                    : await AttemptAsync(session, line, cancel);
                await session.SettleAsync(Failed(delivery, attempt), attempt.Result == WebhookResult.Delivered, cancel);
                if (PauseAfter(attempt) is { } pause)
                {
                    return (waiting, pause);
                }
            }
        }
    }

    private async Task<TimeSpan?> SendNewAsync(IWebhookSession session, IReadOnlyList<LedgerLine> lines, HashSet<CallId> held, CancellationToken cancel)
    {
        List<WebhookDelivery> kept = [];
        foreach (var line in lines)
        {
            if (!hook.Wants(line.Entry.Event))
            {
                continue;
            }

            var delivery = new WebhookDelivery(hook.Name, line.Position, line.Entry.EventId, line.Entry.CallId, 0, time.GetUtcNow(), null);
            if (held.Contains(line.Entry.CallId))
            {
                kept.Add(delivery);
                continue;
            }

            var attempt = await AttemptAsync(session, line, cancel);
            if (attempt.Result != WebhookResult.Delivered)
            {
                kept.Add(Failed(delivery, attempt));
                held.Add(line.Entry.CallId);
            }

            await session.AdvanceAsync(line.Position, kept, cancel);
            kept.Clear();
            if (PauseAfter(attempt) is { } pause)
            {
                return pause;
            }
        }

        if (lines.Count > 0 && lines[^1].Position > session.Position)
        {
            await session.AdvanceAsync(lines[^1].Position, kept, cancel);
        }

        return null;
    }

    private async Task<WebhookAttempt> AttemptAsync(IWebhookSession session, LedgerLine line, CancellationToken cancel)
    {
        var body = WebhookBody.Write(hook, line, await session.ReadCallAsync(line.Entry.CallId, cancel));
        return await send(line.Entry.EventId.ToString(), body, cancel);
    }

    /// <summary>The message with the failed attempt counted; without a next one it is dead.</summary>
    private WebhookDelivery Failed(WebhookDelivery delivery, WebhookAttempt attempt)
    {
        if (attempt.Result == WebhookResult.Delivered)
        {
            return delivery;
        }

        var attempts = delivery.Attempts + 1;
        var next = WebhookRetryPolicy.NextAfter(attempts, Random());
        if (next is null)
        {
            Dead(log, hook.Name, delivery.EventId, attempts, attempt.Detail);
        }
        else
        {
            NotTaken(log, hook.Name, delivery.EventId, attempts, attempt.Detail, next.Value.TotalSeconds);
        }

        return delivery with { Attempts = attempts, NextAt = time.GetUtcNow() + next, Error = attempt.Detail };
    }

    /// <summary>A receiver that is away is left alone for a while; one that refuses a message is not away.</summary>
    private TimeSpan? PauseAfter(WebhookAttempt attempt)
    {
        _failures = attempt.Result == WebhookResult.Unavailable ? _failures + 1 : 0;
        return _failures == 0 ? null : WebhookRetryPolicy.PauseAfter(_failures, Random());
    }

    private static double Random() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    [LoggerMessage(340, LogLevel.Warning, "Webhook {Hook}: event {EventId} was not taken at attempt {Attempt}: {Detail}. Next attempt in {Seconds:0} s")]
    private static partial void NotTaken(ILogger log, string hook, Guid eventId, int attempt, string detail, double seconds);

    [LoggerMessage(341, LogLevel.Error, "ALERT webhook {Hook}: event {EventId} is given up after {Attempts} attempts: {Detail}. See: ivrconsent webhooks dead")]
    private static partial void Dead(ILogger log, string hook, Guid eventId, int attempts, string detail);
}
