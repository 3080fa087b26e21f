using IvrConsent.Core.Recordings;

namespace IvrConsent.Host.Workers;

/// <summary>Takes recordings in when their calls are over, and compares PBX, vault and ledger at the start and every hour.</summary>
internal sealed partial class TakeInWorker(TakeIn takeIn, VaultReconciler reconciler, TimeProvider time, ILogger<TakeInWorker> log) : BackgroundService
{
    /// <summary>How often it looks for calls that ended: nobody waits for it, and the PBX's copy should not lie about for long.</summary>
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    // At the start the PBXs have yet to be attached to, and calls come first.
    private static readonly TimeSpan FirstComparison = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan BetweenComparisons = TimeSpan.FromHours(1);

    private string? _trouble;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        RepeatAsync(Between, Between, async cancel => await takeIn.RunAsync(cancel), stoppingToken),
        RepeatAsync(FirstComparison, BetweenComparisons, async cancel => await reconciler.RunAsync(cancel), stoppingToken));

    private async Task RepeatAsync(TimeSpan first, TimeSpan between, Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            for (var wait = first; ; wait = between)
            {
                await Task.Delay(wait, time, cancel);
                await GuardAsync(step, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    private async Task GuardAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            await step(cancel);
            _trouble = null;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            // Calls go on, and recordings wait on the PBX. Said once, until it works again or something else is wrong.
            var trouble = error is IOException or Storage.Database.LedgerUnavailableException ? error.Message : error.GetType().Name;
            if (trouble != _trouble)
            {
                _trouble = trouble;
                Failed(log, trouble);
            }
        }
    }

    [LoggerMessage(340, LogLevel.Error, "ALERT recordings are not taken in and wait on the PBX: {Reason} It is tried again every few seconds")]
    private static partial void Failed(ILogger log, string reason);
}
