namespace IvrConsent.Storage.Database;

/// <summary>
/// A thread of its own for a loop that blocks: in SQLite, which knows no waiting but that of a thread, or in a disk's sync. On the
/// pool, where the machine has two cores, a locked database would take half of the threads that answer the callers.
/// </summary>
internal sealed class BlockingThread : SynchronizationContext
{
    // With a monitor, which sleeps at once. BlockingCollection spins before it sleeps, and the next commit is milliseconds away.
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private bool _ended;

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
        lock (_posted)
        {
            if (!_ended)
            {
                _posted.Enqueue((d, state));
                Monitor.Pulse(_posted);
                return;
            }
        }

        // The loop has ended; whoever still posts is no part of it.
        base.Post(d, state);
    }

    private static void Run(Func<Task> loop, TaskCompletionSource done)
    {
        var thread = new BlockingThread();
        SetSynchronizationContext(thread);
        var task = loop();
        _ = task.ContinueWith(_ => thread.End(), TaskScheduler.Default);
        while (thread.Take() is { } next)
        {
            next.Callback(next.State);
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

    /// <summary>The next in the queue, waited for; null when the loop has ended and nothing is left.</summary>
    private (SendOrPostCallback Callback, object? State)? Take()
    {
        lock (_posted)
        {
            while (_posted.Count == 0 && !_ended)
            {
                Monitor.Wait(_posted);
            }

            return _posted.TryDequeue(out var next) ? next : null;
        }
    }

    private void End()
    {
        lock (_posted)
        {
            _ended = true;
            Monitor.Pulse(_posted);
        }
    }
}
