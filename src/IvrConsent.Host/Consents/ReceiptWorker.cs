using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Subjects;
using IvrConsent.Core.Webhooks;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Consents;

/// <summary>
/// Sends the reference of the receipt to who consented, where the line says so (<see cref="LineOptions.ReceiptBySms"/>). It follows the ledger as
/// a webhook does, so no call waits for it, and of several workers one does it. At most once: its place in the ledger moves on before
/// a message goes out.
/// </summary>
internal sealed partial class ReceiptWorker(
    IWebhookStore places, ICallSettingsSource settings, IReceiptSender sender, ConsentDesk desk, TimeProvider time, ILogger<ReceiptWorker> log) : BackgroundService
{
    /// <summary>The name of its place; no webhook's name can have a plus in it.</summary>
    internal const string Place = "sms+receipts";

    private const int Batch = 100;

    private static readonly TimeSpan _poll = TimeSpan.FromSeconds(1);

    /// <summary>How often a place that another process has, or that the database keeps from us, is asked for.</summary>
    private static readonly TimeSpan _ask = TimeSpan.FromSeconds(5);

    /// <summary>A message about a call of days ago says less than it puzzles.</summary>
    private static readonly TimeSpan _tooLate = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var session = await places.TryTakeAsync(Place, stoppingToken);
                while (session is not null)
                {
                    await Task.Delay(await RoundAsync(session, stoppingToken), time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Only the ledger's own words are known to hold no data.
                Failed(log, error is LedgerUnavailableException ? error.Message : error.GetType().Name);
            }

            await Task.Delay(_ask, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends what is due; answers how long there is nothing to do.</summary>
    internal async Task<TimeSpan> RoundAsync(IWebhookSession session, CancellationToken cancel)
    {
        var lines = await session.ReadNextAsync(Batch, cancel);
        foreach (var consent in lines)
        {
            if (consent.Entry.Event is ConsentGiven && consent.Call is { Line: { } name, CallerNumber: { } number }
                && PhoneNumber.CanBeCalled(number) && time.GetUtcNow() - consent.Entry.At < _tooLate
                && settings.Current.FindLine(name, "") is { ReceiptBySms: true } line)
            {
                var language = (await session.ReadCallAsync(consent.Entry.CallId, cancel)).Select(entry => entry.Entry.Event).OfType<LanguageChosen>().LastOrDefault()?.Language ?? line.Language;
                await session.AdvanceAsync(consent.Position, [], cancel);
                await SendAsync(consent, line, PhoneNumber.Normalise(number)!, language);
            }
        }

        if (lines.Count > 0 && lines[^1].Position > session.Position)
        {
            await session.AdvanceAsync(lines[^1].Position, [], cancel);
        }

        return lines.Count == Batch ? TimeSpan.Zero : _poll;
    }

    /// <summary>To its end, also while the worker stops: whether the message went out must be known.</summary>
    private async Task SendAsync(LedgerLine consent, LineOptions line, string number, string language)
    {
        var reference = ReceiptReference.Of(consent.Position);
        var failed = await sender.SendAsync(consent.Entry.EventId.ToString("N"), number, reference, line.Controller?.Name ?? line.Name, language, CancellationToken.None);
        CallEvent became = failed is null ? new ReceiptSent(consent.Entry.EventId, EntrySource.Sms, reference) : new ReceiptNotSent(consent.Entry.EventId, EntrySource.Sms, failed);
        if (failed is not null)
        {
            NotSent(log, consent.Entry.CallId, failed);
        }

        if ((await desk.NoteReceiptAsync(number, line.Name, became, CancellationToken.None)).Outcome == EntryOutcome.Lost)
        {
            NotOnRecord(log, consent.Entry.CallId);
        }
    }

    [LoggerMessage(350, LogLevel.Warning, "Receipts by text message: {Reason}")]
    private static partial void Failed(ILogger log, string reason);

    [LoggerMessage(351, LogLevel.Warning, "{Call} its receipt was not sent: {Reason}")]
    private static partial void NotSent(ILogger log, CallId call, string reason);

    [LoggerMessage(352, LogLevel.Error, "{Call} what became of its receipt is not on record: neither the database nor the local file took it")]
    private static partial void NotOnRecord(ILogger log, CallId call);
}
