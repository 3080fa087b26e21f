using System.Collections.Concurrent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Calls;

/// <summary>Takes the calls of every PBX, leads each by <see cref="CallFlow"/>, and ends in order when the worker is stopped.</summary>
public sealed class CallHandler : ICallHandler, IDisposable
{
    private readonly ICallSettingsSource _settings;
    private readonly CallServices _services;
    private readonly CallReconciler _reconciler;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<CallId, CallInHand> _calls = new();

    // Calls that this very process had to let go because their PBX was lost: what tells a lost PBX from a lost worker.
    private readonly ConcurrentDictionary<CallId, byte> _letGo = new();
    private volatile bool _accepting = true;

    /// <summary>Creates the handler.</summary>
    public CallHandler(ILedger ledger, ICallSettingsSource settings, CallMetrics metrics, TimeProvider time, ILogger<CallHandler> log)
    {
        _settings = settings;
        _services = new CallServices(ledger, time, metrics, log);
        _reconciler = new CallReconciler(_services, _calls.ContainsKey, id => _letGo.TryRemove(id, out _), Start, _stop.Token);
    }

    /// <inheritdoc/>
    public bool Accepting => _accepting;

    /// <summary>Calls in the consent dialogue now.</summary>
    public int InDialogue => _calls.Values.Count(call => call.InDialogue);

    /// <summary>All calls in hand now, those back in the dialplan included.</summary>
    public int InHand => _calls.Count;

    /// <inheritdoc/>
    public Task HandleAsync(IPbx pbx, ICall call) => Start(pbx, call, CallHistory.None, followOnly: false);

    /// <inheritdoc/>
    public Task ReconcileAsync(IPbx pbx, CancellationToken cancel) => _reconciler.ReconcileAsync(pbx, cancel);

    /// <summary>
    /// Takes no more calls, waits at most <paramref name="limit"/> for those in the dialogue, then lets go of the rest: calls
    /// still in the dialogue go on unrecorded, calls back in the dialplan go on as they are and are taken up at the next start.
    /// </summary>
    public async Task StopAsync(TimeSpan limit)
    {
        _accepting = false;
        var dialogues = _calls.Values.Where(call => call.InDialogue).Select(call => call.DialogueOver).ToArray();
        await Task.WhenAny(Task.WhenAll(dialogues), Task.Delay(limit, _services.Time));
        await _stop.CancelAsync();
        await Task.WhenAll(_calls.Values.Select(call => call.Over)).WaitAsync(TimeSpan.FromSeconds(10), _services.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private Task Start(IPbx pbx, ICall call, CallHistory history, bool followOnly)
    {
        var inHand = new CallInHand(followOnly);
        if (!_calls.TryAdd(call.Arrival.Id, inHand))
        {
            return Task.CompletedTask;
        }

        inHand.Over = LeadAsync(pbx, call, history, inHand);
        return inHand.Over;
    }

    private async Task LeadAsync(IPbx pbx, ICall call, CallHistory history, CallInHand inHand)
    {
        // The adapter delivers calls from its reading loop: what follows must not run there.
        await Task.Yield();
        try
        {
            var flow = new CallFlow(_services, _settings.Current, pbx, call, history, inHand.EndDialogue, _stop.Token);
            await (inHand.InDialogue ? flow.RunAsync() : flow.RunFollowAsync());
            if (!flow.Ended)
            {
                _letGo.TryAdd(call.Arrival.Id, default);
            }
        }
        finally
        {
            inHand.EndDialogue();
            _calls.TryRemove(call.Arrival.Id, out _);
        }
    }

    private sealed class CallInHand(bool followOnly)
    {
        private readonly TaskCompletionSource _dialogueOver = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool InDialogue => !followOnly && !_dialogueOver.Task.IsCompleted;

        public Task DialogueOver => _dialogueOver.Task;

        public Task Over { get; set; } = Task.CompletedTask;

        public void EndDialogue() => _dialogueOver.TrySetResult();
    }
}
