using IvrConsent.Core.Retention;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Sweeps at the worker's start and every hour from then on, and carries out withdrawals every minute. Several workers sweep one at a time.
/// </summary>
internal sealed partial class RetentionWorker(RetentionSweep sweep, TimeProvider time, ILogger<RetentionWorker> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    // Calls first at a start: what waits since an hour waits a minute more.
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    // Entries that waited in a local file are older than their arrival; what comes later still is found by the hourly sweep, which looks at all.
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            long? swept = null;
            while (true)
            {
                await Task.Delay(Step, time, stoppingToken);
                if (swept is null || time.GetElapsedTime(swept.Value) >= Between)
                {
                    swept = time.GetTimestamp();
                    await GuardAsync(SweepAsync, stoppingToken);
                }
                else
                {
                    await GuardAsync(WithdrawAsync, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task SweepAsync(CancellationToken cancel)
    {
        var report = await sweep.RunAsync(cancel);
        if (report.Due > 0 || report.Erased > 0 || report.Unfinished > 0)
        {
            Swept(log, report.Due, report.Erased, report.Kept.Count, report.Unfinished);
        }

        Tell(report.Withdrawn);
        if (report.Forgotten != default)
        {
            Forgot(log, report.Forgotten.Persons, report.Forgotten.Calls);
        }
    }

    private async Task WithdrawAsync(CancellationToken cancel) => Tell(await sweep.RunWithdrawalsAsync(time.GetUtcNow() - LookBack, cancel));

    private void Tell(int withdrawn)
    {
        if (withdrawn > 0)
        {
            Withdrawn(log, withdrawn);
        }
    }

    private async Task GuardAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            await step(cancel);
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            // Whatever it is, calls go on, and the next hour finds the same recordings. Only the ledger's own words are known to hold no data.
            Failed(log, error is LedgerUnavailableException ? error.Message : error.GetType().Name);
        }
    }

    [LoggerMessage(320, LogLevel.Information, "Retention: {Due} due, {Erased} erased, {Kept} kept by something else, {Unfinished} without key and not finished")]
    private static partial void Swept(ILogger log, int due, int erased, int kept, int unfinished);

    [LoggerMessage(321, LogLevel.Warning, "Retention: not swept: {Reason}")]
    private static partial void Failed(ILogger log, string reason);

    [LoggerMessage(322, LogLevel.Information, "Retention: {Withdrawn} recordings erased, because the consent was withdrawn")]
    private static partial void Withdrawn(ILogger log, int withdrawn);

    [LoggerMessage(323, LogLevel.Information, "Retention: the ledger forgot {Persons} persons, and channel and number dialled of {Calls} calls, for their age")]
    private static partial void Forgot(ILogger log, int persons, int calls);
}
