using System.Collections.Concurrent;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// What is alive in one session, and the way of each event to the one thing that it concerns. Runs on the session's read loop:
/// everything here only completes promises and writes to bounded channels, so the order of a call's events is kept and a call
/// whose handler is slow holds back no other.
/// </summary>
internal sealed class CallRegistry(IPbx pbx, AriSession session, ICallHandler handler) : IAriEventSink
{
    private readonly ConcurrentDictionary<string, AsteriskCall> _calls = new();
    private readonly ConcurrentDictionary<string, AsteriskPlayback> _playbacks = new();
    private readonly ConcurrentDictionary<string, AsteriskRecording> _snoops = new();
    private readonly ConcurrentDictionary<string, AsteriskRecording> _recordings = new();
    private readonly ConcurrentDictionary<string, AsteriskWhisper> _whispers = new();
    private bool _lost;

    public int Calls => _calls.Count;

    public void OnEvent(AriEvent e)
    {
        switch (e.Type)
        {
            case AriEventType.StasisStart:
                OnStasisStart(e);
                break;
            case AriEventType.StasisEnd:
                Call(e)?.OnStasisEnd();
                Snoop(e)?.OnSnoopGone();
                Whisper(e)?.OnChannelGone();
                break;
            case AriEventType.ChannelDestroyed:
                Call(e)?.OnDestroyed(e.Timestamp, e.Cause);
                Snoop(e)?.OnSnoopGone();
                Whisper(e)?.OnChannelGone();
                break;
            case AriEventType.ChannelHangupRequest:
                Call(e)?.OnHangUpRequest(e.Cause);
                break;
            case AriEventType.ChannelDtmfReceived:
                Call(e)?.OnDigit(e.Digit, e.Timestamp);
                break;
            case AriEventType.ChannelVarset:
                if (e.Variable is { } variable)
                {
                    Call(e)?.OnSignal(variable, e.Value ?? string.Empty, e.Timestamp);
                }

                break;
            case AriEventType.PlaybackStarted:
                Playback(e)?.OnStarted(e.Timestamp);
                break;
            case AriEventType.PlaybackFinished:
                Playback(e)?.OnFinished(e.Timestamp, e.PlaybackFailed);
                break;
            case AriEventType.RecordingStarted:
                Recording(e)?.OnStarted(e.Timestamp);
                break;
            case AriEventType.RecordingFinished:
                Recording(e)?.OnFinished(e.Timestamp, failed: false, null);
                break;
            case AriEventType.RecordingFailed:
                Recording(e)?.OnFinished(e.Timestamp, failed: true, e.RecordingCause ?? "no reason given");
                break;
            case AriEventType.CallBroadcast:
                OnBroadcast(e);
                break;
        }
    }

    public bool Knows(string channel) => _calls.ContainsKey(channel);

    public AsteriskCall? FindCall(string channel) => _calls.GetValueOrDefault(channel);

    public AsteriskRecording? FindSnoop(string snoop) => _snoops.GetValueOrDefault(snoop);

    /// <summary>
    /// Puts a call on the books, in the place of one that was taken back where there is such; false when it is there already, and then
    /// it must not be handed out again.
    /// </summary>
    public bool TryAdd(AsteriskCall call, AsteriskCall? insteadOf = null)
    {
        if (!(insteadOf is null ? _calls.TryAdd(call.Arrival.Channel, call) : _calls.TryUpdate(call.Arrival.Channel, call, insteadOf)))
        {
            return false;
        }

        if (Volatile.Read(ref _lost))
        {
            call.OnPbxLost();
        }

        return true;
    }

    public void Remove(AsteriskCall call) => _calls.TryRemove(new KeyValuePair<string, AsteriskCall>(call.Arrival.Channel, call));

    public void Add(AsteriskPlayback playback) => _playbacks[playback.Id] = playback;

    public void Remove(AsteriskPlayback playback) => _playbacks.TryRemove(new KeyValuePair<string, AsteriskPlayback>(playback.Id, playback));

    public bool TryAdd(AsteriskRecording recording)
    {
        if (!_snoops.TryAdd(recording.SnoopId, recording))
        {
            return false;
        }

        _recordings[recording.Name] = recording;
        return true;
    }

    public void Remove(AsteriskRecording recording)
    {
        _snoops.TryRemove(new KeyValuePair<string, AsteriskRecording>(recording.SnoopId, recording));
        _recordings.TryRemove(new KeyValuePair<string, AsteriskRecording>(recording.Name, recording));
    }

    public void Add(AsteriskWhisper whisper) => _whispers[whisper.Channel] = whisper;

    public void Remove(AsteriskWhisper whisper) => _whispers.TryRemove(new KeyValuePair<string, AsteriskWhisper>(whisper.Channel, whisper));

    public bool HasWhisper(string channel) => _whispers.ContainsKey(channel);

    /// <summary>The session is lost: every call is told so. Recordings stay open, as they may go on at the PBX.</summary>
    public void Detach()
    {
        Volatile.Write(ref _lost, true);
        foreach (var call in _calls.Values)
        {
            call.OnPbxLost();
        }

        foreach (var recording in _snoops.Values)
        {
            recording.OnPbxLost();
        }
    }

    private AsteriskCall? Call(AriEvent e) => e.ChannelId is { } id ? _calls.GetValueOrDefault(id) : null;

    private AsteriskRecording? Snoop(AriEvent e) => e.ChannelId is { } id && AriNames.IsOurs(id) ? _snoops.GetValueOrDefault(id) : null;

    private AsteriskWhisper? Whisper(AriEvent e) => e.ChannelId is { } id && AriNames.IsOurs(id) ? _whispers.GetValueOrDefault(id) : null;

    private AsteriskPlayback? Playback(AriEvent e) => e.PlaybackId is { } id ? _playbacks.GetValueOrDefault(id) : null;

    private AsteriskRecording? Recording(AriEvent e) => e.RecordingName is { } name ? _recordings.GetValueOrDefault(name) : null;

    // A channel that takes another's place in an attended transfer (replace_channel) is a new call with another person at its end,
    // who has heard nothing yet; the replaced one ends with events of its own. So it needs no treatment of its own here.
    private void OnStasisStart(AriEvent e)
    {
        if (e.ChannelId is not { } channel)
        {
            return;
        }

        if (AriNames.IsOurs(channel))
        {
            Snoop(e)?.OnReady();
            Whisper(e)?.OnReady();
            return;
        }

        if (_calls.TryGetValue(channel, out var known))
        {
            if (known.HasLeft)
            {
                SendOn(channel, "it was with us before, and a call is led once");
            }

            return;
        }

        if (!handler.Accepting)
        {
            SendOn(channel, "no calls are accepted now");
            return;
        }

        if (e.ChannelCreatedAt is not { } createdAt)
        {
            SendOn(channel, "the PBX does not say when it began, so it cannot be named");
            return;
        }

        var arrival = Arrivals.Make(
            session.Options,
            channel,
            createdAt,
            e.Args.Count > 0 ? e.Args[0] : null,
            e.Args.Count > 1 ? e.Args[1] : null,
            e.Extension,
            e.CallerNumber,
            e.Timestamp ?? session.Time.GetUtcNow());
        var call = new AsteriskCall(session, this, arrival, Arrivals.HandOverOf(e.Args.Count > 2 ? e.Args[2] : null), e.ChannelUp);
        if (TryAdd(call))
        {
            call.Subscribe();
            ThreadPool.UnsafeQueueUserWorkItem(new Handling(pbx, session, handler, call), preferLocal: false);
        }
    }

    private void OnBroadcast(AriEvent e)
    {
        if (e.ChannelId is { } channel && handler.Accepting && !AriNames.IsOurs(channel))
        {
            _ = ClaimAsync(channel);
        }
    }

    // The StasisStart that follows a won claim makes the call; a lost one is nothing unusual among several workers.
    private async Task ClaimAsync(string channel)
    {
        var request = AriRequests.Claim(session.Options.Application, channel);
        try
        {
            var response = await session.SendAsync(request, session.Ended);
            session.Metrics.Claimed(response.Ok ? "won" : response.Status == 409 ? "lost" : "refused");
            if (!response.Ok && response.Status is not (404 or 409))
            {
                response.EnsureOk(request);
            }
        }
        catch (PbxException e)
        {
            session.Log.ClaimFailed(session.Options.Name, e.Message);
        }
        catch (OperationCanceledException)
        {
            session.Log.ClaimFailed(session.Options.Name, "connection lost");
        }
    }

    private void SendOn(string channel, string reason)
    {
        session.Log.SentOn(session.Options.Name, channel, reason);
        _ = session.PostAsync(AriRequests.Continue(channel, null));
    }

    /// <summary>Leads one call on the thread pool: the read loop must not run the handler's first steps.</summary>
    private sealed class Handling(IPbx pbx, AriSession session, ICallHandler handler, AsteriskCall call) : IThreadPoolWorkItem
    {
        public void Execute() => _ = HandleAsync();

        private async Task HandleAsync()
        {
            try
            {
                await handler.HandleAsync(pbx, call);
            }
            catch (Exception e)
            {
                session.Log.HandlerFailed(session.Options.Name, call.Arrival.Id.ToString(), e);
            }
        }
    }
}
