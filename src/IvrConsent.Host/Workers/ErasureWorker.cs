using IvrConsent.Core.Retention;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Finishes within seconds what was decided elsewhere: a command destroys the key, and reaches neither PBX nor store. Whoever has ordered an
/// erasure sees it done.
/// </summary>
internal sealed partial class ErasureWorker(ErasureFinisher finisher, TimeProvider time, ILogger<ErasureWorker> log) : RepeatingWorker(time)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RepeatAsync(Between, Between, FinishAsync, reason => Failed(log, reason), stoppingToken);

    private async Task FinishAsync(CancellationToken cancel)
    {
        if (await finisher.RunAsync(cancel) is var erased and > 0)
        {
            Finished(log, erased);
        }
    }

    [LoggerMessage(364, LogLevel.Information, "Retention: {Erased} recordings erased that were decided on before")]
    private static partial void Finished(ILogger log, int erased);

    [LoggerMessage(365, LogLevel.Warning, "Retention: what was decided on is not erased yet: {Reason}")]
    private static partial void Failed(ILogger log, string reason);
}
