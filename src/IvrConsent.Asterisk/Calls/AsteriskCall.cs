using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk.Calls;

/// <summary>A caller's channel in our Stasis application, and after that in the dialplan until it ends.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token is held by whoever had the call; a source without a timer has nothing to release.")]
internal sealed class AsteriskCall : ICall
{
    private enum Stage
    {
        /// <summary>In our application, ours to lead.</summary>
        InDialogue,

        /// <summary>We have ordered the PBX to go on with it.</summary>
        Continuing,

        /// <summary>In the dialplan on our order.</summary>
        Continued,

        /// <summary>Left our application without our order: hung up, or taken back. Being found out.</summary>
        LeftUnasked,

        /// <summary>Over for us.</summary>
        Departed,
    }

    private const int LongestSignal = 256;

    private readonly AriSession _session;
    private readonly CallRegistry _registry;
    private readonly string _channel;
    private readonly HandOver _handOver;
    private readonly CallDeadline _deadline;
    private readonly CancellationTokenSource _gone = new();
    private readonly TaskCompletionSource<CallDeparture> _departed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<DigitPress> _digits;
    private readonly Channel<CallSignal> _signals;
    private readonly List<AsteriskPlayback> _playbacks = [];
    private readonly Lock _gate = new();
    private Stage _stage;
    private bool _up;
    private bool _hangUpSeen;
    private volatile bool _wentOn;
    private volatile bool _takenBack;
    private int? _cause;
    private int _lastPlayback;
    private Task _subscribed = Task.CompletedTask;

    public AsteriskCall(AriSession session, CallRegistry registry, CallArrival arrival, HandOver handOver, bool up, bool inDialplan = false)
    {
        _handOver = handOver;
        _deadline = new CallDeadline(session, arrival.Channel, exists: handOver == HandOver.WithDeadline);
        _session = session;
        _registry = registry;
        _channel = arrival.Channel;
        _up = up;
        _stage = inDialplan ? Stage.Continued : Stage.InDialogue;
        Arrival = arrival;
        _digits = Channel.CreateBounded<DigitPress>(new BoundedChannelOptions(session.Limits.Digits) { SingleWriter = false, FullMode = BoundedChannelFullMode.Wait });
        _signals = Channel.CreateBounded<CallSignal>(new BoundedChannelOptions(session.Limits.Signals) { SingleWriter = false, FullMode = BoundedChannelFullMode.Wait });
    }

    public CallArrival Arrival { get; }

    public CancellationToken Gone => _gone.Token;

    public Task<CallDeparture> Departed => _departed.Task;

    public ChannelReader<DigitPress> Digits => _digits.Reader;

    public ChannelReader<CallSignal> Signals => _signals.Reader;

    /// <summary>Whether it went on in the dialplan: should it come back to us, it is not led again.</summary>
    public bool HasLeft
    {
        get
        {
            lock (_gate)
            {
                return _stage is Stage.Continued or Stage.LeftUnasked or Stage.Departed;
            }
        }
    }

    /// <summary>Whether the PBX took it out of our hands: it goes on in the dialplan, and can be met there again.</summary>
    public bool WasTakenBack => _takenBack;

    /// <summary>
    /// Makes the PBX report this channel to us wherever it is: its keys and its end after it has gone on in the dialplan. Done at
    /// the start, where nobody waits for it, so that going on is a single request.
    /// </summary>
    public void Subscribe() => _subscribed = _session.PostAsync(AriRequests.Subscribe(_session.Options.Application, _channel));

    public async Task AnswerAsync(CancellationToken cancel)
    {
        if (!_up)
        {
            await OrderAsync(AriRequests.Answer(_channel), cancel);
            _up = true;
        }
    }

    public void HoldAtMost(TimeSpan limit) => _deadline.Order(limit);

    public async Task<IPlayback> PlayAsync(Prompt prompt, CancellationToken cancel)
    {
        var (media, sha256) = PromptMedia.Of(_session.Options, prompt);
        var id = AriNames.Playback(Arrival.Id, Interlocked.Increment(ref _lastPlayback));
        var playback = new AsteriskPlayback(_session, _registry, Forget, id, sha256, prompt.Length);
        Gone.ThrowIfCancellationRequested();
        lock (_playbacks)
        {
            _playbacks.Add(playback);
        }

        _deadline.OnPrompt(prompt.Length);
        // Before the order: its start may be reported before the order is answered.
        _registry.Add(playback);
        try
        {
            // Carried out, not only sent: behind the prompt it would come too late.
            await _deadline.Settled.WaitAsync(cancel);
            await OrderAsync(AriRequests.Play(_channel, id, media), cancel);
            if (Gone.IsCancellationRequested)
            {
                playback.OnCallGone();
            }

            return playback;
        }
        catch
        {
            // The order may have got through, or may yet.
            playback.Abandon();
            _ = _session.PostAsync(AriRequests.StopPlayback(id));
            throw;
        }
    }

    public async Task<IRecording> PrepareRecordingAsync(RecordingRequest request, CancellationToken cancel)
    {
        if (request.Name.Length is 0 or > AriNames.LongestRecordingName)
        {
            throw new ArgumentException($"a recording's name has 1 to {AriNames.LongestRecordingName} characters", nameof(request));
        }

        using var either = Either(cancel);
        if (RecordingNames.IsStereo(request.Name))
        {
            var (caller, other) = AriNames.Halves(request.Name);
            var both = new AsteriskStereoRecording(_session, request.Name, [Record(caller, "in"), Record(other, "out")]);
            await both.PrepareAsync(either?.Token ?? Gone);
            return both;
        }

        var recording = Record(request.Name, "both");
        await recording.PrepareAsync(either?.Token ?? Gone);
        return recording;

        AsteriskRecording Record(string name, string spy) => new(_session, _registry, Arrival.Id, _channel, name, request.Format, spy);
    }

    public async Task<Whisper> WhisperAsync(Prompt prompt, bool toBoth, CancellationToken cancel)
    {
        Gone.ThrowIfCancellationRequested();
        using var either = Either(cancel);
        var number = Interlocked.Increment(ref _lastPlayback);
        var whisper = new AsteriskWhisper(_session, _registry, AriNames.Whisper(Arrival.Id, number), _channel, toBoth);
        try
        {
            return await whisper.PlayAsync(prompt, AriNames.Playback(Arrival.Id, number), either?.Token ?? Gone);
        }
        catch (PbxException)
        {
            await AwaitEndAsync(either?.Token ?? Gone);
            throw;
        }
    }

    public async Task SetVariablesAsync(IReadOnlyList<KeyValuePair<string, string>> variables, CancellationToken cancel)
    {
        if (variables.Count == 0)
        {
            return;
        }

        if (_session.Version.HasManyVariables && variables.Count > 1)
        {
            var body = JsonSerializer.Serialize(new AriVariables(new Dictionary<string, string>(variables)), AriJson.Default.AriVariables);
            await OrderAsync(AriRequests.SetVariables(_channel, body), cancel);
            return;
        }

        var orders = new Task[variables.Count];
        for (var i = 0; i < orders.Length; i++)
        {
            orders[i] = OrderAsync(AriRequests.SetVariable(_channel, variables[i].Key, variables[i].Value), cancel);
        }

        await Task.WhenAll(orders);
    }

    public async Task ContinueAsync(DialplanTarget? target, CancellationToken cancel)
    {
        await _subscribed;
        // An order of before, overtaken by the one to go on, would set a deadline to somebody else's conversation.
        await _deadline.Settled.WaitAsync(cancel);
        using var either = Either(cancel);
        var plain = target is null || _handOver == HandOver.Plain;
        if (!plain)
        {
            // Our dialplan goes there itself, once it has taken back its deadline and cleared its stack.
            await OrderAsync(AriRequests.SetVariable(_channel, "CONSENT_CONTINUE", string.Create(CultureInfo.InvariantCulture, $"{target!.Context},{target.Extension},{target.Priority}")), cancel);
        }

        lock (_gate)
        {
            Gone.ThrowIfCancellationRequested();
            if (_stage is not (Stage.InDialogue or Stage.Continuing))
            {
                throw new PbxException($"channel {_channel} has gone on already");
            }

            _stage = Stage.Continuing;
        }

        var request = AriRequests.Continue(_channel, plain ? target : null);
        AriResponse response;
        try
        {
            response = await _session.SendAsync(request, either?.Token ?? Gone);
        }
        catch (OperationCanceledException) when (_wentOn && !cancel.IsCancellationRequested)
        {
            // It went on, and ended there, before the order was answered.
            return;
        }

        if (!response.Ok && !_wentOn)
        {
            lock (_gate)
            {
                // Only a plain refusal is certain; after silence the order may still be carried out.
                _stage = _stage == Stage.Continuing ? Stage.InDialogue : _stage;
            }

            await AwaitEndAsync(response, either?.Token ?? Gone);
            response.EnsureOk(request);
        }
    }

    public async Task HangUpAsync(CancellationToken cancel)
    {
        Gone.ThrowIfCancellationRequested();
        var request = AriRequests.HangUp(_channel);
        // Without Gone: the call's end, which is what we order, is often reported before the order is answered.
        (await _session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
    }

    /// <summary>Stops what a worker before us may still be playing, and numbers our own playbacks behind it.</summary>
    public async Task StopForerunnersPlaybacksAsync(CancellationToken cancel)
    {
        var stops = new Task<AriResponse>[AriNames.PlaybackRing];
        for (var i = 0; i < stops.Length; i++)
        {
            stops[i] = _session.SendAsync(AriRequests.StopPlayback(AriNames.Playback(Arrival.Id, i + 1)), cancel);
        }

        var responses = await Task.WhenAll(stops);
        // The report of an old playback's end may still be on its way: its id must not be used again at once.
        _lastPlayback = Array.FindLastIndex(responses, response => response.Ok) + 1;
    }

    public void OnDigit(char digit, DateTimeOffset? at)
    {
        if (!char.IsAsciiDigit(digit) && digit is not ('*' or '#' or (>= 'A' and <= 'D')))
        {
            _session.Metrics.Ignored();
        }
        else if (!_digits.Writer.TryWrite(new DigitPress(digit, at ?? _session.Time.GetUtcNow())))
        {
            _session.Metrics.DigitDropped();
        }
    }

    public void OnSignal(string variable, string value, DateTimeOffset? at)
    {
        if (value.Length > LongestSignal)
        {
            value = value[..(char.IsHighSurrogate(value[LongestSignal - 1]) ? LongestSignal - 1 : LongestSignal)];
        }

        if (!_signals.Writer.TryWrite(new CallSignal(variable, value, at ?? _session.Time.GetUtcNow())))
        {
            _session.Metrics.SignalDropped();
        }
    }

    // In the dialogue a hang-up request is the first sign of the end. Later it is not looked at: the dialplan may do what it likes.
    public void OnHangUpRequest(int? cause)
    {
        lock (_gate)
        {
            _cause ??= cause;
            if (_stage != Stage.InDialogue)
            {
                _hangUpSeen |= _stage == Stage.LeftUnasked;
                return;
            }

            _hangUpSeen = true;
            _stage = Stage.LeftUnasked;
        }

        Leave();
        _ = FindOutAsync();
    }

    public void OnStasisEnd()
    {
        lock (_gate)
        {
            if (_stage == Stage.Continuing)
            {
                _stage = Stage.Continued;
                _wentOn = true;
            }

            if (_stage != Stage.InDialogue)
            {
                return;
            }

            _stage = Stage.LeftUnasked;
        }

        Leave();
        _ = FindOutAsync();
    }

    public void OnDestroyed(DateTimeOffset? at, int? cause)
    {
        // Off the books first: whoever then asks for the call must not be given what is over.
        _registry.Remove(this);
        Depart(DepartureKind.HungUp, at, cause);
    }

    public void OnPbxLost()
    {
        _registry.Remove(this);
        Depart(DepartureKind.PbxLost, null, null);
    }

    private void Forget(AsteriskPlayback playback)
    {
        lock (_playbacks)
        {
            _playbacks.Remove(playback);
        }

        _deadline.OnPromptEnded(HasLeft);
    }

    private async Task OrderAsync(AriRequest request, CancellationToken cancel)
    {
        using var either = Either(cancel);
        var response = await _session.SendAsync(request, either?.Token ?? Gone);
        await AwaitEndAsync(response, either?.Token ?? Gone);
        response.EnsureOk(request);
    }

    // A channel that has just ended, or left, refuses in many ways (404, 409, 500 from `answer`), and the report of its end may come
    // behind the refusal. A hang-up must not look like a PBX that refuses.
    private Task AwaitEndAsync(AriResponse response, CancellationToken cancel) => response.Ok ? Task.CompletedTask : AwaitEndAsync(cancel);

    private Task AwaitEndAsync(CancellationToken cancel) => Task.Delay(_session.Limits.LeftUnasked, _session.Time, cancel);

    private CancellationTokenSource? Either(CancellationToken cancel) =>
        cancel.CanBeCanceled && cancel != Gone ? CancellationTokenSource.CreateLinkedTokenSource(cancel, Gone) : null;

    private void Leave()
    {
        // Not Cancel(): this is the read loop, and callbacks belong to the call's own handler.
        _ = _gone.CancelAsync();
        AsteriskPlayback[] playing;
        lock (_playbacks)
        {
            playing = [.. _playbacks];
        }

        foreach (var playback in playing)
        {
            playback.OnCallGone();
        }
    }

    // After a hang-up the channel's end is reported within milliseconds, unless the dialplan does something in its `h` extension.
    // When the dead man's switch took the call back there is no such report: then the channel is still there.
    private async Task FindOutAsync()
    {
        var found = false;
        if (!_hangUpSeen && !await EndsWithinAsync(_session.Limits.LeftUnasked))
        {
            found = !_hangUpSeen && await StillThereAsync();
        }

        if (found)
        {
            _session.Log.TakenBack(_session.Options.Name, Arrival.Id.ToString());
            _takenBack = true;
            Depart(DepartureKind.TakenBack, null, null);
        }
        else if (!await EndsWithinAsync(_session.Limits.HangUpReport))
        {
            Depart(DepartureKind.HungUp, null, null);
        }
    }

    private async Task<bool> EndsWithinAsync(TimeSpan limit)
    {
        try
        {
            await _departed.Task.WaitAsync(limit, _session.Time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task<bool> StillThereAsync()
    {
        try
        {
            return (await _session.SendAsync(AriRequests.Channel(_channel), _session.Ended)).Ok;
        }
        catch (Exception e) when (e is PbxException or OperationCanceledException)
        {
            // With the session lost the call's departure says so. Otherwise it may well go on: the safer assumption of the two.
            _session.Log.BestEffortFailed(_session.Options.Name, e.Message);
            return !_departed.Task.IsCompleted && !_session.Lost.IsCompleted;
        }
    }

    private void Depart(DepartureKind kind, DateTimeOffset? at, int? cause)
    {
        lock (_gate)
        {
            _stage = Stage.Departed;
            cause ??= _cause;
        }

        Leave();
        _departed.TrySetResult(new CallDeparture(kind, at ?? _session.Time.GetUtcNow(), kind == DepartureKind.HungUp ? cause : null));
        _digits.Writer.TryComplete();
        _signals.Writer.TryComplete();
    }
}
