using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Does something again and again beside the calls. What goes wrong ends nothing: calls go on, and the next time finds what was left. It is
/// said once, until it works again or something else is wrong.
/// </summary>
internal abstract class RepeatingWorker(TimeProvider time) : BackgroundService
{
    /// <summary>The clock that the waits are by.</summary>
    protected TimeProvider Time => time;

    /// <summary>Repeats a step until the worker stops, with a wait before each.</summary>
    /// <param name="first">The wait before the first.</param>
    /// <param name="between">The wait before each other.</param>
    /// <param name="step">What to do.</param>
    /// <param name="failed">Says what is wrong; only words of our own, which are known to hold no data of persons.</param>
    /// <param name="cancel">The worker stops.</param>
    protected async Task RepeatAsync(TimeSpan first, TimeSpan between, Func<CancellationToken, Task> step, Action<string> failed, CancellationToken cancel)
    {
        string? trouble = null;
        try
        {
            for (var wait = first; ; wait = between)
            {
                await Task.Delay(wait, time, cancel);
                var now = await TryAsync(step, cancel);
                if (now is not null && now != trouble)
                {
                    failed(now);
                }

                trouble = now;
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    private static async Task<string?> TryAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            await step(cancel);
            return null;
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            return error is LedgerUnavailableException or RecordingStoreException or KeyFolderException ? error.Message : error.GetType().Name;
        }
    }
}
