using IvrConsent.Core.Recordings;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Takes recordings in when their calls are over, and compares PBX, vault and ledger at the start and every hour. What could not be
/// compared is at the next minute.
/// </summary>
internal sealed partial class TakeInWorker(TakeIn takeIn, VaultReconciler reconciler, TimeProvider time, ILogger<TakeInWorker> log) : RepeatingWorker(time)
{
    /// <summary>How often it looks for calls that ended: nobody waits for it, and the PBX's copy should not lie about for long.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    // At the start the PBXs have yet to be attached to, and calls come first.
    private static readonly TimeSpan FirstComparison = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenComparisons = TimeSpan.FromHours(1);
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        RepeatAsync(Between, Between, takeIn.RunAsync, reason => Failed(log, reason), stoppingToken),
        RepeatAsync(FirstComparison, Step, [Hourly(reconciler.ComparePbxsAsync), Hourly(reconciler.CompareStoreAsync)], reason => NotCompared(log, reason), stoppingToken));

    private Func<CancellationToken, Task> Hourly(Func<CancellationToken, Task<ReconcileReport>> compare) => Every(BetweenComparisons, async cancel =>
    {
        if ((await compare(cancel)).NotCompared is { } trouble)
        {
            throw new NotDoneException(trouble);
        }
    });

    [LoggerMessage(366, LogLevel.Error, "ALERT recordings are not taken in and wait on the PBX: {Reason} It is tried again every few seconds")]
    private static partial void Failed(ILogger log, string reason);

    [LoggerMessage(367, LogLevel.Error, "ALERT PBX, vault and ledger were not compared, which is tried again every minute: {Reason}")]
    private static partial void NotCompared(ILogger log, string reason);
}
