using IvrConsent.Core.Retention;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Sweeps at the worker's start and every hour from then on, and carries out withdrawals every minute. Several workers sweep one at a time. A sweep
/// that could not be made is made at the next minute, and withdrawals do not wait for it.
/// </summary>
internal sealed partial class RetentionWorker(RetentionSweep sweep, TimeProvider time, ILogger<RetentionWorker> log) : RepeatingWorker(time)
{
    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    // Calls first at a start: what waits since an hour waits a minute more.
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    // Entries that waited in a local file are older than their arrival; what comes later still is found by the hourly sweep, which looks at all.
    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RepeatAsync(Step, Step, [WithdrawAsync, Every(Between, SweepAsync)], reason => Failed(log, reason), stoppingToken);

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

    private async Task WithdrawAsync(CancellationToken cancel) => Tell(await sweep.RunWithdrawalsAsync(Time.GetUtcNow() - LookBack, cancel));

    private void Tell(int withdrawn)
    {
        if (withdrawn > 0)
        {
            Withdrawn(log, withdrawn);
        }
    }

    [LoggerMessage(360, LogLevel.Information, "Retention: {Due} due, {Erased} erased, {Kept} kept by something else, {Unfinished} without key and not finished")]
    private static partial void Swept(ILogger log, int due, int erased, int kept, int unfinished);

    [LoggerMessage(361, LogLevel.Warning, "Retention: not swept: {Reason} It is tried again every minute")]
    private static partial void Failed(ILogger log, string reason);

    [LoggerMessage(362, LogLevel.Information, "Retention: {Withdrawn} recordings erased, because the consent was withdrawn")]
    private static partial void Withdrawn(ILogger log, int withdrawn);

    [LoggerMessage(363, LogLevel.Information, "Retention: the ledger forgot {Persons} persons, and channel and number dialled of {Calls} calls, for their age")]
    private static partial void Forgot(ILogger log, int persons, int calls);
}
