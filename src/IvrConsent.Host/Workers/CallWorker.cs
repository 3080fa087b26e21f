using IvrConsent.Core.Calls;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Keeps the worker attached to every PBX. When the program is told to stop, calls in the dialogue are let finish first,
/// while everything they need (prompts over HTTP, the ledger) still runs.
/// </summary>
internal sealed partial class CallWorker(IEnumerable<IPbx> pbxes, CallHandler handler, HostSettings settings, ILogger<CallWorker> log)
    : BackgroundService, IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Comes before any service is stopped, so the dialogue's prompts and the ledger are still there.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Said when it is so: whoever reads it must find a worker that is not ready.
        var stopped = handler.StopAsync(settings.FinishDialoguesWithin);
        Stopping(log, handler.InDialogue, settings.FinishDialoguesWithin.TotalSeconds);
        await stopped;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(pbxes.Select(pbx => RunAsync(pbx, stoppingToken)));

    private async Task RunAsync(IPbx pbx, CancellationToken cancel)
    {
        try
        {
            await pbx.RunAsync(handler, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    [LoggerMessage(300, LogLevel.Information, "Stopping: no new calls; {Dialogues} in the dialogue have {Seconds} s to finish")]
    private static partial void Stopping(ILogger log, int dialogues, double seconds);
}
