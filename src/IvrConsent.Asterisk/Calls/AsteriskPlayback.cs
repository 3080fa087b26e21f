using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// A prompt being played. Its times are the PBX's own: from PlaybackStarted to PlaybackFinished. Measured on 16.28 and 22.10: of a
/// prompt from a web server PlaybackStarted is reported before the PBX fetches it, so the first time that it plays a prompt, and
/// only then, the time of fetching counts as heard. With a shared folder it never does.
/// </summary>
internal sealed class AsteriskPlayback(AriSession session, CallRegistry registry, Action<AsteriskPlayback> forget, string id, string sha256, TimeSpan length) : IPlayback
{
    private readonly TaskCompletionSource<DateTimeOffset?> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<PlaybackEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private DateTimeOffset? _startedAt;
    private long _startedHere;
    private bool _stopOrdered;

    public string Id => id;

    public string Sha256 => sha256;

    public Task<DateTimeOffset?> Started => _started.Task;

    public Task<PlaybackEnd> Ended => _ended.Task;

    public void OnStarted(DateTimeOffset? at)
    {
        lock (_gate)
        {
            if (_startedAt is null && !_ended.Task.IsCompleted)
            {
                _startedAt = at ?? session.Time.GetUtcNow();
                _startedHere = session.Time.GetTimestamp();
                _started.TrySetResult(_startedAt);
            }
        }
    }

    // Asterisk reports a stopped playback as done, too, so it is told from a finished one by our own order; one that ran its full
    // length before the order reached it was heard to its end. One reported as failed was not heard, whatever we ordered meanwhile:
    // Asterisk reports the start before it opens the file.
    public void OnFinished(DateTimeOffset? at, bool failed)
    {
        lock (_gate)
        {
            var heard = _startedAt is null ? TimeSpan.Zero : Heard(at is null ? session.Time.GetElapsedTime(_startedHere) : at.Value - _startedAt.Value);
            if (failed)
            {
                _ = FailAsync(heard);
                return;
            }

            End(_stopOrdered && heard < length ? PlaybackResult.Stopped : PlaybackResult.Completed, heard);
        }
    }

    public void OnCallGone()
    {
        lock (_gate)
        {
            End(PlaybackResult.CallGone, HeardHere());
        }
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            if (_ended.Task.IsCompleted)
            {
                return;
            }

            _stopOrdered = true;
        }

        var request = AriRequests.StopPlayback(id);
        try
        {
            (await session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
        }
        finally
        {
            _ = AwaitReportAsync();
        }
    }

    /// <summary>It was never taken by the PBX.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            End(PlaybackResult.Failed, TimeSpan.Zero);
        }
    }

    // When the dead man's switch takes the call, its prompt is reported as failed a moment before the call as gone (16.28, 22.10).
    // The two are different facts, so a failure waits for that moment.
    private async Task FailAsync(TimeSpan heard)
    {
        try
        {
            await _ended.Task.WaitAsync(session.Limits.FailureMayBeTheEnd, session.Time);
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                End(PlaybackResult.Failed, heard);
            }
        }
    }

    // Nobody may wait for ever on a report that got lost.
    private async Task AwaitReportAsync()
    {
        try
        {
            await _ended.Task.WaitAsync(session.Limits.StopReport, session.Time);
        }
        catch (TimeoutException)
        {
            session.Log.StopUnreported(session.Options.Name, id);
            lock (_gate)
            {
                End(PlaybackResult.Stopped, HeardHere() - session.Limits.StopReport);
            }
        }
    }

    private TimeSpan HeardHere() => _startedAt is null ? TimeSpan.Zero : Heard(session.Time.GetElapsedTime(_startedHere));

    private TimeSpan Heard(TimeSpan elapsed) => elapsed < TimeSpan.Zero ? TimeSpan.Zero : elapsed > length ? length : elapsed;

    private void End(PlaybackResult result, TimeSpan heard)
    {
        if (_ended.Task.IsCompleted)
        {
            return;
        }

        // First the call knows, then whoever waits: the next order may depend on nothing being played.
        registry.Remove(this);
        forget(this);
        _ended.TrySetResult(new PlaybackEnd(result, _startedAt, heard < TimeSpan.Zero ? TimeSpan.Zero : heard));
        _started.TrySetResult(null);
    }
}
