using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// A recording of both directions or of one, made on a snoop channel of the caller's channel: it goes on through continue, Dial, Queue and
/// bridges until the call ends or we say so. Making the snoop channel takes time but writes nothing; only <c>record</c> does.
/// </summary>
internal sealed class AsteriskRecording : IRecording
{
    private readonly AriSession _session;
    private readonly CallRegistry _registry;
    private readonly string _channel;
    private readonly string _format;
    private readonly string _spy;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DateTimeOffset> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RecordingEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private DateTimeOffset? _startedAt;
    private bool _ordered;
    private bool _unwanted;
    private bool _snoopGone;

    public AsteriskRecording(AriSession session, CallRegistry registry, CallId call, string channel, string name, string format, string spy = "both")
    {
        _session = session;
        _registry = registry;
        _channel = channel;
        _format = format;
        _spy = spy;
        Name = name;
        SnoopId = AriNames.Snoop(call, name);
        // A failed start is told to whoever starts; nobody else need look at it.
        _ = _started.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public string Name { get; }

    public string SnoopId { get; private set; }

    public Task<RecordingEnd> Ended => _ended.Task;

    /// <summary>The handle of a recording that was found running; when it began is not known any more.</summary>
    public static AsteriskRecording Found(AriSession session, CallRegistry registry, CallId call, string name, string snoop)
    {
        var recording = new AsteriskRecording(session, registry, call, string.Empty, name, string.Empty) { _ordered = true, SnoopId = snoop };
        recording._ready.SetResult();
        return recording;
    }

    /// <summary>Makes the snoop channel and waits until it is in our hands.</summary>
    public async Task PrepareAsync(CancellationToken cancel)
    {
        if (!_registry.TryAdd(this))
        {
            throw new PbxException($"recording {Name} is prepared already");
        }

        var request = SnoopRequest();
        try
        {
            var response = await _session.SendAsync(request, cancel);
            if (response.Status == 409)
            {
                response = await TakeOtherIdAsync(cancel);
            }

            response.EnsureOk(request);
            await _ready.Task.WaitAsync(_session.Options.RequestTimeout, _session.Time, cancel);
        }
        catch (Exception e)
        {
            _unwanted = true;
            _registry.Remove(this);
            _ = _session.PostAsync(AriRequests.HangUp(SnoopId));
            if (e is TimeoutException)
            {
                throw new PbxException($"the channel for recording {Name} did not come within {_session.Options.RequestTimeout.TotalMilliseconds:0} ms", e);
            }

            throw;
        }
    }

    // A 2xx to `record` says only that it was queued: RecordingFailed may follow, or nothing. RecordingStarted is the proof.
    public async Task<DateTimeOffset> StartAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_snoopGone || _unwanted || _ordered)
            {
                throw new PbxException($"recording {Name} cannot start: {(_ordered ? "it was started before" : "its channel is gone")}");
            }

            _ordered = true;
        }

        var request = AriRequests.Record(SnoopId, Name, _format);
        var limit = _session.Options.RecordingStartTimeout;
        var began = _session.Time.GetTimestamp();
        try
        {
            (await _session.SendAsync(request, cancel, limit)).EnsureOk(request);
            var left = limit - _session.Time.GetElapsedTime(began);
            return await _started.Task.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _session.Time, cancel);
        }
        catch (Exception e)
        {
            await UndoAsync();
            throw e is TimeoutException ? new PbxException($"recording {Name} was not reported to run within {limit.TotalMilliseconds:0} ms", e) : e is PbxException or OperationCanceledException ? e : new PbxException(e.Message, e);
        }
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        if (!_ended.Task.IsCompleted && !await StopOrderedAsync(cancel))
        {
            _session.Log.RecordingTrouble(_session.Options.Name, Name, "was not reported to have stopped; its channel is hung up");
            await HangUpToEndAsync(cancel);
            return;
        }

        _ = _session.PostAsync(AriRequests.HangUp(SnoopId));
    }

    // Two recorders obey on different frames. A pause would leave the two halves of one recording a frame apart for good, and the next
    // one another; muted, each goes on with the time.
    public bool PauseIsSilence => AriNames.WholeOf(Name) != Name && _session.Version.MutesAgain;

    public Task PauseAsync(CancellationToken cancel) =>
        PauseIsSilence ? SetStateAsync(AriRequests.MuteRecording(Name), "recording", cancel) : SetStateAsync(AriRequests.PauseRecording(Name), "paused", cancel);

    // What was said in the pause's last moments is still on its way to the recorder: it must have passed.
    public async Task ResumeAsync(CancellationToken cancel)
    {
        await Task.Delay(_session.Limits.RecordingLag, _session.Time, cancel);
        await SetStateAsync(PauseIsSilence ? AriRequests.UnmuteRecording(Name) : AriRequests.ResumeRecording(Name), "recording", cancel);
    }

    public async Task DiscardAsync(CancellationToken cancel)
    {
        bool wasOrdered;
        lock (_gate)
        {
            _unwanted = true;
            wasOrdered = _ordered;
        }

        if (wasOrdered)
        {
            var live = AriRequests.DiscardRecording(Name);
            var response = (await _session.SendAsync(live, cancel)).EnsureOkOrAbsent(live);
            if (response.Ok)
            {
                // Asterisk deletes the file when the recording has wound up, which it reports.
                await ReportedAsync(cancel);
            }

            var stored = AriRequests.DeleteStored(Name);
            (await _session.SendAsync(stored, cancel)).EnsureOkOrAbsent(stored);
        }

        var snoop = AriRequests.HangUp(SnoopId);
        (await _session.SendAsync(snoop, cancel)).EnsureOkOrAbsent(snoop);
        End(failed: false, null, null);
        _registry.Remove(this);
    }

    public void OnReady() => _ready.TrySetResult();

    public void OnStarted(DateTimeOffset? at)
    {
        lock (_gate)
        {
            _startedAt ??= at ?? _session.Time.GetUtcNow();
            if (!_unwanted)
            {
                _started.TrySetResult(_startedAt.Value);
                return;
            }
        }

        // Given up meanwhile: it must not run on behind our back.
        _session.Log.RecordingTrouble(_session.Options.Name, Name, "started after it had been given up; discarded");
        _ = _session.PostAsync(AriRequests.DiscardRecording(Name));
        _ = _session.PostAsync(AriRequests.HangUp(SnoopId));
    }

    public void OnFinished(DateTimeOffset? at, bool failed, string? cause)
    {
        End(failed, cause, at);
        if (_snoopGone)
        {
            _registry.Remove(this);
        }
    }

    public void OnSnoopGone()
    {
        lock (_gate)
        {
            if (_snoopGone)
            {
                return;
            }

            _snoopGone = true;
        }

        _ready.TrySetException(new PbxException($"the channel for recording {Name} ended at once"));
        _ = _ready.Task.Exception;
        _ = AwaitReportAsync();
    }

    public void OnPbxLost()
    {
        var lost = new PbxException($"recording {Name}: connection lost");
        _ready.TrySetException(lost);
        _ = _ready.Task.Exception;
        _started.TrySetException(lost);
    }

    // The channel's end is reported beside the recording's own; without the latter the file is at best cut short.
    private async Task AwaitReportAsync()
    {
        if (_ordered)
        {
            await ReportedAsync(CancellationToken.None);
        }

        End(failed: true, "the recording's channel ended without a report of the recording", null);
        _registry.Remove(this);
    }

    private async Task ReportedAsync(CancellationToken cancel)
    {
        try
        {
            await _ended.Task.WaitAsync(_session.Limits.RecordingReport, _session.Time, cancel);
        }
        catch (TimeoutException)
        {
            _session.Log.RecordingTrouble(_session.Options.Name, Name, "its end was not reported");
        }
    }

    // No event tells of a pause. The order queues it to the recorder, which obeys with its next frame, and sets the state that the
    // live recording then shows (16.28, 22.10). Of being muted it shows nothing: there the order's success says it, and the state
    // that there still was a recorder to obey.
    private async Task SetStateAsync(AriRequest order, string state, CancellationToken cancel)
    {
        (await _session.SendAsync(order, cancel)).EnsureOk(order);
        var question = AriRequests.LiveRecording(Name);
        var response = (await _session.SendAsync(question, cancel)).EnsureOk(question);
        var seen = ReadState(response.Body);
        if (seen != state)
        {
            throw new PbxException($"recording {Name} was ordered to be {state}, and is {seen ?? "in no known state"}");
        }
    }

    private static string? ReadState(byte[]? body)
    {
        try
        {
            return body is null ? null : JsonSerializer.Deserialize(body, AriJson.Default.AriLiveRecording)?.State;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether the order to stop was followed by the report of the end.</summary>
    private async Task<bool> StopOrderedAsync(CancellationToken cancel)
    {
        try
        {
            var request = AriRequests.StopRecording(Name);
            // 404: it ended by itself just now, and its report is on the way.
            (await _session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
            await _ended.Task.WaitAsync(_session.Limits.StopReport, _session.Time, cancel);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or PbxException)
        {
            _session.Log.BestEffortFailed(_session.Options.Name, e.Message);
            return _ended.Task.IsCompleted;
        }
    }

    // A recorder's channel that is gone records nothing; OnSnoopGone then ends the recording, at the latest. Where its end is not
    // reported either, its absence is asked for.
    private async Task HangUpToEndAsync(CancellationToken cancel)
    {
        try
        {
            var hangUp = AriRequests.HangUp(SnoopId);
            (await _session.SendAsync(hangUp, cancel)).EnsureOkOrAbsent(hangUp);
            await _ended.Task.WaitAsync(_session.Limits.StopReport, _session.Time, cancel);
        }
        catch (Exception e) when (e is TimeoutException or PbxException)
        {
            if (!_ended.Task.IsCompleted && !(await _session.SendAsync(AriRequests.Channel(SnoopId), cancel)).NotFound)
            {
                throw new PbxException($"recording {Name} was not seen to end: neither by the order to stop nor by hanging up its channel {SnoopId}", e);
            }

            OnSnoopGone();
        }
    }

    private async Task UndoAsync()
    {
        lock (_gate)
        {
            _unwanted = true;
        }

        // Side by side, each within the usual limit, none able to fail; whoever waits for the start waits for nothing longer.
        await Task.WhenAll(
            _session.PostAsync(AriRequests.DiscardRecording(Name)),
            _session.PostAsync(AriRequests.DeleteStored(Name)),
            _session.PostAsync(AriRequests.HangUp(SnoopId)));
        End(failed: true, "it did not start", null);
    }

    // A worker that died in this very call left its snoop channel: same call, same name, same id. It goes; we take the other id at
    // once, because the reports of its end would be taken for those of ours.
    private async Task<AriResponse> TakeOtherIdAsync(CancellationToken cancel)
    {
        _registry.Remove(this);
        _ = _session.PostAsync(AriRequests.HangUp(SnoopId));
        SnoopId = AriNames.OtherSnoop(SnoopId);
        if (!_registry.TryAdd(this))
        {
            throw new PbxException($"recording {Name} is prepared already");
        }

        return await _session.SendAsync(SnoopRequest(), cancel);
    }

    private AriRequest SnoopRequest() => AriRequests.Snoop(_channel, SnoopId, _spy, _session.Options.Application, "recording");

    private void End(bool failed, string? cause, DateTimeOffset? at)
    {
        if (_ended.TrySetResult(new RecordingEnd(failed, cause, _startedAt, at ?? _session.Time.GetUtcNow())))
        {
            _started.TrySetException(new PbxException($"recording {Name} ended before it started{(cause is null ? string.Empty : ": " + cause)}"));
        }
    }
}
