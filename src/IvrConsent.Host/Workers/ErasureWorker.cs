using IvrConsent.Core.Retention;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Finishes within seconds what was decided elsewhere: a command destroys the key, and reaches neither PBX nor store. Whoever has ordered an
/// erasure sees it done.
/// </summary>
internal sealed partial class ErasureWorker(ErasureFinisher finisher, TimeProvider time, ILogger<ErasureWorker> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? trouble = null;
        try
        {
            while (true)
            {
                await Task.Delay(Between, time, stoppingToken);
                var now = await FinishAsync(stoppingToken);
                if (now is not null && now != trouble)
                {
                    // Said once, until it works again: it is tried every few seconds.
                    Failed(log, now);
                }

                trouble = now;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<string?> FinishAsync(CancellationToken cancel)
    {
        try
        {
            if (await finisher.RunAsync(cancel) is var erased and > 0)
            {
                Finished(log, erased);
            }

            return null;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            // Only the ledger's own words are known to hold no data.
            return error is LedgerUnavailableException ? error.Message : error.GetType().Name;
        }
    }

    [LoggerMessage(350, LogLevel.Information, "Retention: {Erased} recordings erased that were decided on before")]
    private static partial void Finished(ILogger log, int erased);

    [LoggerMessage(351, LogLevel.Warning, "Retention: what was decided on is not erased yet: {Reason}")]
    private static partial void Failed(ILogger log, string reason);
}
