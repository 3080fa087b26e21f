using System.Collections.Concurrent;

namespace IvrConsent.TestKit.Time;

/// <summary>
/// Runs asynchronous code on one thread against a <see cref="ManualTimeProvider"/>: when nothing is left to do, the clock jumps to
/// the next timer. The same script gives the same course every time, in no real time.
/// </summary>
public sealed class Simulation : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _work = [];

    public ManualTimeProvider Time { get; } = new();

    public override void Post(SendOrPostCallback d, object? state) => _work.Add((d, state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    /// <summary>Runs until the task is done; throws when it cannot get done, or not within <paramref name="limit"/> of simulated time.</summary>
    public void Run(Func<Task> code, TimeSpan? limit = null)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            var end = Time.GetUtcNow() + (limit ?? TimeSpan.FromHours(24));
            var task = code();
            while (!task.IsCompleted)
            {
                // A thread-pool thread may be about to post a continuation: a moment is left for that before time moves.
                if (_work.TryTake(out var item, ThreadPool.PendingWorkItemCount > 0 ? 20 : 0) || _work.TryTake(out item, 1))
                {
                    item.Callback(item.State);
                    continue;
                }

                if (Time.NextTimer is not { } next)
                {
                    // Only another thread can bring it on now, and on a busy machine that may take its time.
                    if (_work.TryTake(out item, TimeSpan.FromSeconds(5)))
                    {
                        item.Callback(item.State);
                        continue;
                    }

                    throw new InvalidOperationException("The simulation is stuck: nothing to do and no timer.");
                }

                if (next > end)
                {
                    throw new TimeoutException($"Not done by {end:O} of simulated time.");
                }

                Time.Advance(next - Time.GetUtcNow());
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }
}
