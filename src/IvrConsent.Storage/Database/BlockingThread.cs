using System.Collections.Concurrent;

namespace IvrConsent.Storage.Database;

/// <summary>
/// A thread of its own for a loop that blocks: in SQLite, which knows no waiting but that of a thread, or in a disk's sync. On the
/// pool, where the machine has two cores, a locked database would take half of the threads that answer the callers.
/// </summary>
internal sealed class BlockingThread : SynchronizationContext, IDisposable
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];

    private BlockingThread()
    {
    }

    /// <summary>Runs the loop, and all that comes after its awaits, on a new thread; completes when the loop has ended.</summary>
    public static Task RunAsync(string name, Func<Task> loop)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(loop, done)) { IsBackground = true, Name = name }.Start();
        return done.Task;
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _posted.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // The loop has ended; whoever still posts is no part of it.
            base.Post(d, state);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _posted.Dispose();

    private static void Run(Func<Task> loop, TaskCompletionSource done)
    {
        using var thread = new BlockingThread();
        SetSynchronizationContext(thread);
        var task = loop();
        _ = task.ContinueWith(_ => thread._posted.CompleteAdding(), TaskScheduler.Default);
        foreach (var (callback, state) in thread._posted.GetConsumingEnumerable())
        {
            callback(state);
        }

        if (task.Exception is { } error)
        {
            done.SetException(error.InnerExceptions);
        }
        else
        {
            done.SetResult();
        }
    }
}
