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
    /// <inheritdoc cref="RepeatAsync(TimeSpan, TimeSpan, Func{CancellationToken, Task}[], Action{string}, CancellationToken)"/>
    protected Task RepeatAsync(TimeSpan first, TimeSpan between, Func<CancellationToken, Task> step, Action<string> failed, CancellationToken cancel) =>
        RepeatAsync(first, between, [step], failed, cancel);

    /// <summary>Repeats steps, one after the other, until the worker stops. What goes wrong in one of them keeps none of the others from being done.</summary>
    /// <param name="first">The wait before the first time.</param>
    /// <param name="between">The wait before each other.</param>
    /// <param name="steps">What to do.</param>
    /// <param name="failed">Says what is wrong; only words of our own, which are known to hold no data of persons.</param>
    /// <param name="cancel">The worker stops.</param>
    protected async Task RepeatAsync(TimeSpan first, TimeSpan between, Func<CancellationToken, Task>[] steps, Action<string> failed, CancellationToken cancel)
    {
        var troubles = new string?[steps.Length];
        try
        {
            for (var wait = first; ; wait = between)
            {
                await Task.Delay(wait, time, cancel);
                for (var i = 0; i < steps.Length; i++)
                {
                    var now = await TryAsync(steps[i], cancel);
                    if (now is not null && now != troubles[i])
                    {
                        failed(now);
                    }

                    troubles[i] = now;
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
    }

    /// <summary>A step that is done only so often, however often its turn comes. One that failed is done again at its next turn.</summary>
    protected Func<CancellationToken, Task> Every(TimeSpan between, Func<CancellationToken, Task> step)
    {
        long? done = null;
        return async cancel =>
        {
            if (done is { } last && time.GetElapsedTime(last) < between)
            {
                return;
            }

            var begun = time.GetTimestamp();
            await step(cancel);
            done = begun;
        };
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
            return error is LedgerUnavailableException or RecordingStoreException or KeyFolderException or NotDoneException ? error.Message : error.GetType().Name;
        }
    }

    /// <summary>Thrown by a step that could not do all of its work, and says what it left.</summary>
    protected sealed class NotDoneException(string message) : Exception(message);
}
