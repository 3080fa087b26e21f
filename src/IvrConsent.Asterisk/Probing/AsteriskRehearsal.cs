using System.Collections.Concurrent;
using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using Microsoft.Extensions.Logging.Abstractions;

namespace IvrConsent.Asterisk.Probing;

/// <summary>
/// Tries out what calls need, without a call: plays prompts and records on bridges of its own, asks dialplan functions on a channel
/// that is never dialled. It attaches under an application name of its own, so a running worker notices nothing, and takes
/// everything away again. One for each PBX; its methods may be called in parallel.
/// </summary>
/// <remarks>
/// Bridges, because the channels that play and record on them are the PBX's internal ones, of which it writes no call records.
/// </remarks>
public sealed class AsteriskRehearsal : IAriEventSink, IAsyncDisposable
{
    private const string Prefix = "doctor-ivrconsent-";
    private static readonly TimeSpan ReportLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FetchLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Sample = TimeSpan.FromMilliseconds(300);

    private readonly AsteriskOptions _options;
    private readonly AriSession _session;
    private readonly SemaphoreSlim _oneChannel = new(1, 1);
    private readonly ConcurrentDictionary<string, Watch> _watched = new(StringComparer.Ordinal);
    private bool _hasChannel;
    private int _last;

    private AsteriskRehearsal(AsteriskOptions options, TimeProvider time)
    {
        _options = options;
        _session = new AriSession(options, new AsteriskLimits(), time, NullLogger.Instance);
    }

    /// <summary>What requests travel over, proved by one: <c>the event socket</c> or <c>HTTP</c>.</summary>
    public string Transport => _session.TransportName;

    /// <summary>The application's name: does not begin as a worker's does, so that no call is offered to it.</summary>
    public string Application => _options.Application;

    /// <summary>Attaches; throws <see cref="PbxException"/> with what is wrong and what to do about it.</summary>
    public static async Task<AsteriskRehearsal> OpenAsync(AsteriskOptions options, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        var rehearsal = new AsteriskRehearsal(options with { Application = Prefix + Guid.NewGuid().ToString("N")[..8] }, time);
        try
        {
            await rehearsal._session.OpenAsync(rehearsal, cancel);
            await AsteriskLeftovers.SweepAsync(options, Prefix, time, cancel);
            return rehearsal;
        }
        catch
        {
            await rehearsal.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Plays the beginning of a file. It counts as played when the PBX obeys a stop: one that is still being fetched does not, although
    /// the PBX has reported its start already.
    /// </summary>
    /// <param name="media">A media URI, for example <c>sound:http://…</c>.</param>
    /// <param name="length">How long it plays: one that ends long before is damaged.</param>
    /// <param name="cancel">Ends the attempt; what it made on the PBX is taken away all the same.</param>
    public Task<AsteriskTrial> PlayAsync(string media, TimeSpan length, CancellationToken cancel) =>
        OnBridgeAsync(bridge => PlayAsync(bridge, media, length, cancel), cancel);

    /// <summary>Records for a moment while a file is played, and looks whether the file came to be.</summary>
    /// <param name="format">The format, for example <c>wav</c>.</param>
    /// <param name="media">What to play meanwhile; null records silence.</param>
    /// <param name="cancel">Ends the attempt; what it made on the PBX is taken away all the same.</param>
    public Task<AsteriskTrial> RecordAsync(string format, string? media, CancellationToken cancel) =>
        OnBridgeAsync(bridge => RecordAsync(bridge, format, media, cancel), cancel);

    /// <summary>
    /// The value of a dialplan function such as <c>DIALPLAN_EXISTS(ivrconsent,s,1)</c>; null when the PBX cannot tell: the function's
    /// module is not loaded, or there is no such value. (Functions can be asked on channels only.)
    /// </summary>
    public async Task<string?> FunctionAsync(string function, CancellationToken cancel)
    {
        var channel = Application + "-c";
        await _oneChannel.WaitAsync(cancel);
        try
        {
            if (!_hasChannel)
            {
                // The place need not exist: the channel is made and never dialled.
                using var watch = Watching(channel);
                var create = new AriRequest(HttpMethod.Post, "channels/create", ("endpoint", $"Local/s@{Application}"), ("app", Application), ("channelId", channel));
                _hasChannel = true;
                (await _session.SendAsync(create, cancel)).EnsureOk(create);
                await watch.Started.WaitAsync(ReportLimit, _session.Time, cancel);
            }
        }
        catch (TimeoutException)
        {
            throw new PbxException("the PBX makes no channel");
        }
        finally
        {
            _oneChannel.Release();
        }

        var response = await _session.SendAsync(AriRequests.GetVariable(channel, function), cancel);
        return response.Ok ? JsonSerializer.Deserialize(response.Body ?? [], AriJson.Default.AriVariable)?.Value : null;
    }

    void IAriEventSink.OnEvent(AriEvent e)
    {
        switch (e.Type)
        {
            case AriEventType.PlaybackStarted or AriEventType.RecordingStarted or AriEventType.StasisStart:
                Find(e)?.Start();
                break;
            case AriEventType.PlaybackFinished:
                Find(e)?.End(e.PlaybackFailed ? "the PBX reports that it failed" : null);
                break;
            case AriEventType.RecordingFailed:
                Find(e)?.End($"the PBX reports: {e.RecordingCause ?? "failed"}");
                break;
            case AriEventType.RecordingFinished or AriEventType.ChannelDestroyed:
                Find(e)?.End(null);
                break;
            default:
                break;
        }
    }

    /// <summary>Takes away the channel, and with the connection the application.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_hasChannel)
        {
            using var watch = Watching(Application + "-c");
            await _session.PostAsync(AriRequests.HangUp(Application + "-c"));
            await watch.EndedWithinAsync(TimeSpan.FromSeconds(1), _session.Time);
        }

        await _session.DisposeAsync();
        _oneChannel.Dispose();
        await ForgetApplicationAsync();
    }

    // Seen on 22.10: an application whose channel ended a moment before its socket closed stays on the list, without channels, until
    // somebody attaches under its name and leaves again.
    private async Task ForgetApplicationAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(4), _session.Time);
        using var http = new HttpAriTransport(_options, new AsteriskLimits(), _session.Time);
        try
        {
            for (var attempt = 0; attempt < 3; attempt++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), _session.Time, limit.Token);
                if (!(await http.SendAsync(AriRequests.Application(Application), _options.RequestTimeout, limit.Token)).Ok)
                {
                    return;
                }

                await using var again = new AriSession(_options, new AsteriskLimits(), _session.Time, NullLogger.Instance);
                await again.OpenAsync(this, limit.Token);
            }
        }
        catch (Exception e) when (e is PbxException or OperationCanceledException)
        {
            // The PBX is away or refuses us: then there is nothing of ours on it, or nothing that we could do.
        }
    }

    private async Task<AsteriskTrial> OnBridgeAsync(Func<string, Task<AsteriskTrial>> run, CancellationToken cancel)
    {
        var bridge = $"{Application}-b{Interlocked.Increment(ref _last)}";
        var subscription = ("eventSource", $"bridge:{bridge}");
        try
        {
            var create = new AriRequest(HttpMethod.Post, "bridges", ("type", "mixing"), ("bridgeId", bridge));
            (await _session.SendAsync(create, cancel)).EnsureOk(create);
            var subscribe = new AriRequest(HttpMethod.Post, $"applications/{Application}/subscription", subscription);
            (await _session.SendAsync(subscribe, cancel)).EnsureOk(subscribe);
            return await run(bridge);
        }
        catch (PbxException e)
        {
            // The message begins with the request, whose ids would make each refusal another one.
            var words = e.Message.IndexOf(": ", StringComparison.Ordinal) is var end && end < 0 ? e.Message : e.Message[(end + 2)..];
            return new AsteriskTrial(AsteriskTrialResult.Refused, $"the PBX refuses: {words}");
        }
        finally
        {
            // The answers are awaited, so that nothing of ours is left when the connection is closed.
            await _session.PostAsync(new AriRequest(HttpMethod.Delete, $"applications/{Application}/subscription", subscription));
            await _session.PostAsync(new AriRequest(HttpMethod.Delete, $"bridges/{bridge}"));
        }
    }

    private async Task<AsteriskTrial> PlayAsync(string bridge, string media, TimeSpan length, CancellationToken cancel)
    {
        var playback = bridge + "-p";
        using var watch = Watching(playback);
        var play = new AriRequest(HttpMethod.Post, $"bridges/{bridge}/play", ("media", media), ("playbackId", playback));
        (await _session.SendAsync(play, cancel)).EnsureOk(play);
        await watch.EndedWithinAsync(Sample, _session.Time, cancel);
        var early = watch.Ended.IsCompleted && length > Sample + TimeSpan.FromMilliseconds(200);
        if (!watch.Ended.IsCompleted)
        {
            await _session.PostAsync(AriRequests.StopPlayback(playback));
            await watch.EndedWithinAsync(FetchLimit, _session.Time, cancel);
        }

        return !watch.Ended.IsCompleted
            ? new AsteriskTrial(AsteriskTrialResult.Hung, $"the PBX still waits for the file after {(Sample + FetchLimit).TotalSeconds:0.#} s")
            : await watch.Ended is { } trouble ? new AsteriskTrial(AsteriskTrialResult.Failed, trouble)
            : early ? new AsteriskTrial(AsteriskTrialResult.Failed, $"it ended within {Sample.TotalSeconds:0.#} s of {length.TotalSeconds:0.#} s")
            : new AsteriskTrial(AsteriskTrialResult.Worked, "played");
    }

    private async Task<AsteriskTrial> RecordAsync(string bridge, string format, string? media, CancellationToken cancel)
    {
        var name = $"{bridge}-r";
        using var watch = Watching(name);
        try
        {
            var record = new AriRequest(HttpMethod.Post, $"bridges/{bridge}/record", ("name", name), ("format", format), ("ifExists", "fail"));
            (await _session.SendAsync(record, cancel)).EnsureOk(record);
            await Task.WhenAny(watch.Started, watch.Ended, Task.Delay(ReportLimit, _session.Time, cancel));
            if (!watch.Started.IsCompleted)
            {
                return new AsteriskTrial(AsteriskTrialResult.Failed, watch.Ended.IsCompleted ? await watch.Ended ?? "it ended before it began" : "the PBX does not report that it records");
            }

            var played = media is null ? null : await PlayAsync(bridge, media, TimeSpan.Zero, cancel);
            if (played is null)
            {
                await watch.EndedWithinAsync(Sample, _session.Time, cancel);
            }

            // On a bridge the end of the prompt's stop order ends the recording as well; else it is stopped here.
            await _session.PostAsync(AriRequests.StopRecording(name));
            await watch.EndedWithinAsync(ReportLimit, _session.Time, cancel);
            if (watch.Ended.IsCompleted && await watch.Ended is { } trouble)
            {
                return new AsteriskTrial(AsteriskTrialResult.Failed, trouble);
            }

            // RecordingStarted and RecordingFinished come also where the folder cannot be written (22.10, 16.28): only a file is proof.
            var file = await _session.Http.SendAsync(new AriRequest(HttpMethod.Get, AriRequests.StoredFile(name)) { WantsBody = true }, _options.RequestTimeout, cancel);
            return !file.Ok
                ? new AsteriskTrial(AsteriskTrialResult.Failed, "the PBX reports that it recorded, and there is no file")
                : played is { Worked: true } && file.Body is not { Length: > 1000 }
                    ? new AsteriskTrial(AsteriskTrialResult.Failed, $"the file holds no sound ({file.Body?.Length ?? 0} bytes)")
                    : new AsteriskTrial(AsteriskTrialResult.Worked, $"{file.Body?.Length ?? 0} bytes recorded");
        }
        finally
        {
            await _session.PostAsync(AriRequests.DiscardRecording(name));
            await _session.PostAsync(AriRequests.DeleteStored(name));
        }
    }

    private Watch? Find(AriEvent e) => (e.PlaybackId ?? e.RecordingName ?? e.ChannelId) is { } id ? _watched.GetValueOrDefault(id) : null;

    private Watch Watching(string id) => _watched[id] = new Watch(() => _watched.TryRemove(id, out _));

    /// <summary>The reports on one thing.</summary>
    private sealed class Watch(Action forget) : IDisposable
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<string?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task;

        /// <summary>What went wrong, or null.</summary>
        public Task<string?> Ended => _ended.Task;

        public void Start() => _started.TrySetResult();

        public void End(string? trouble) => _ended.TrySetResult(trouble);

        public async Task EndedWithinAsync(TimeSpan limit, TimeProvider time, CancellationToken cancel = default)
        {
            try
            {
                await _ended.Task.WaitAsync(limit, time, cancel);
            }
            catch (TimeoutException)
            {
                // The caller looks whether it ended.
            }
        }

        public void Dispose() => forget();
    }
}
