using System.Collections.Concurrent;
using System.Threading.Channels;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Calls;

/// <summary>Takes the calls of every PBX, leads each by <see cref="CallFlow"/>, and ends in order when the worker is stopped.</summary>
public sealed class CallHandler : ICallHandler, ICallControl, IDisposable
{
    private readonly ICallSettingsSource _settings;
    private readonly CallServices _services;
    private readonly CallReconciler _reconciler;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<CallId, CallInHand> _calls = new();

    // Calls that this very process had to let go because their PBX was lost: what tells a lost PBX from a lost worker.
    private readonly ConcurrentDictionary<CallId, byte> _letGo = new();
    private volatile bool _accepting = true;

    /// <summary>
    /// Creates the handler; without <paramref name="subjects"/> and <paramref name="history"/> no earlier call is looked at, without
    /// <paramref name="holds"/> what is withdrawn in a call is erased whatever hold there is.
    /// </summary>
    public CallHandler(
        ILedger ledger,
        ICallSettingsSource settings,
        CallMetrics metrics,
        TimeProvider time,
        ILogger<CallHandler> log,
        ISubjects? subjects = null,
        IConsentHistory? history = null,
        CallHolds? holds = null)
    {
        _settings = settings;
        _services = new CallServices(
            ledger,
            time,
            metrics,
            log,
            subjects is null || history is null ? null : (number, cancel) => FindBeforeAsync(subjects, history, number, cancel),
            holds is null ? null : holds.WhyKeptAsync);
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
    public Task<ControlResult> PauseAsync(CallId call, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Pause, actor, reason, []), cancel);

    /// <inheritdoc/>
    public Task<ControlResult> ResumeAsync(CallId call, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Resume, actor, reason, []), cancel);

    /// <inheritdoc/>
    public Task<ControlResult> StartAsync(CallId call, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Start, actor, reason, []), cancel);

    /// <inheritdoc/>
    public Task<ControlResult> StopAsync(CallId call, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Stop, actor, reason, []), cancel);

    /// <inheritdoc/>
    public Task<ControlResult> WithdrawAsync(CallId call, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Withdraw, actor, reason, []), cancel);

    /// <inheritdoc/>
    public Task<ControlResult> ReclassifyAsync(CallId call, IReadOnlyList<string> purposes, string actor, string reason, CancellationToken cancel) =>
        AskAsync(call, new StaffRequest(StaffAction.Reclassify, actor, reason, purposes), cancel);

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
        // Here and now, not on a thread of the pool: until it has run, the dialogues would go on, as long as a busy machine likes.
        _stop.Cancel();
        await Task.WhenAll(_calls.Values.Select(call => call.Over)).WaitAsync(TimeSpan.FromSeconds(10), _services.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private async Task<ControlResult> AskAsync(CallId call, StaffRequest request, CancellationToken cancel)
    {
        if (request.Actor.Length is 0 or > 64 || request.Actor.Contains(','))
        {
            throw new ArgumentException("An actor has 1 to 64 characters and no comma.", nameof(request));
        }

        if (!_calls.TryGetValue(call, out var inHand))
        {
            return new ControlResult(ControlOutcome.NotFound, "this worker has no such call in hand");
        }

        if (inHand.InDialogue)
        {
            return new ControlResult(ControlOutcome.NotAllowed, "the caller is still being asked");
        }

        return inHand.Requests.Writer.TryWrite(request)
            ? await request.Answer.Task.WaitAsync(cancel)
            : new ControlResult(ControlOutcome.NotFound, "the call is over, or more is being asked of it than it can do");
    }

    private static async Task<StandingConsent?> FindBeforeAsync(ISubjects subjects, IConsentHistory history, string number, CancellationToken cancel) =>
        await subjects.FindAsync(number, cancel) is { } subject ? await history.FindAsync(subject, cancel) : null;

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
            var flow = new CallFlow(_services, _settings.Current, pbx, call, history, inHand.Requests.Reader, inHand.EndDialogue, _stop.Token);
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
            inHand.EndRequests();
        }
    }

    private sealed class CallInHand(bool followOnly)
    {
        private readonly TaskCompletionSource _dialogueOver = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Bounded: who asks in a loop is refused, not stored.</summary>
        public Channel<StaffRequest> Requests { get; } = Channel.CreateBounded<StaffRequest>(16);

        public bool InDialogue => !followOnly && !_dialogueOver.Task.IsCompleted;

        public Task DialogueOver => _dialogueOver.Task;

        public Task Over { get; set; } = Task.CompletedTask;

        public void EndDialogue() => _dialogueOver.TrySetResult();

        public void EndRequests()
        {
            Requests.Writer.TryComplete();
            while (Requests.Reader.TryRead(out var request))
            {
                request.Answer.TrySetResult(new ControlResult(ControlOutcome.NotFound, "the call ended before it was done"));
            }
        }
    }
}
