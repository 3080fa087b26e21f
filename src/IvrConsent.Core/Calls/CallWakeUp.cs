using System.Threading.Channels;

namespace IvrConsent.Core.Calls;

/// <summary>
/// Sleeps until there is something to do in a call: a key, a signal, a request of staff, or its end. What is waited for stays waited for
/// from one time to the next, so a call that nothing happens in costs nothing.
/// </summary>
internal sealed class CallWakeUp : IDisposable
{
    private readonly ICall _call;
    private readonly Func<Task<bool>>[] _waits;
    private readonly Task<bool>[] _pending;
    private readonly CancellationTokenSource _stop;

    public CallWakeUp(ICall call, ChannelReader<StaffRequest> requests, CancellationToken shutdown)
    {
        _call = call;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        _waits =
        [
            () => WaitAsync(call.Digits),
            () => WaitAsync(call.Signals),
            () => WaitAsync(requests),
        ];
        _pending = [.. _waits.Select(wait => wait())];
    }

    /// <summary>True when there may be something to do; false when the call has departed. Throws when the worker stops.</summary>
    public async Task<bool> NextAsync()
    {
        await Task.WhenAny([_call.Departed, .. _pending]);
        for (var i = 0; i < _pending.Length; i++)
        {
            if (_pending[i].IsCompleted)
            {
                // Ended for good is as much as never again.
                _pending[i] = await _pending[i] ? _waits[i]() : new TaskCompletionSource<bool>().Task;
            }
        }

        return !_call.Departed.IsCompleted;
    }

    private async Task<bool> WaitAsync<T>(ChannelReader<T> reader) => await reader.WaitToReadAsync(_stop.Token);

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
