using System.Text.Json;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Asterisk.Calls;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace IvrConsent.Asterisk;

/// <summary>One Asterisk: attached again after every loss, each time with a session and a registry of calls of its own.</summary>
internal sealed class AsteriskPbx : IPbx
{
    private readonly AsteriskOptions _options;
    private readonly AsteriskLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ResiliencePipeline _retry;
    private volatile PbxHealth _health;
    private volatile Attachment? _current;

    public AsteriskPbx(AsteriskOptions options, ILogger<AsteriskPbx> log, TimeProvider? time = null, AsteriskLimits? limits = null)
    {
        if (options.FindProblems() is { Count: > 0 } problems)
        {
            throw new ArgumentException($"Asterisk {options.Name}: {string.Join("; ", problems)}", nameof(options));
        }

        _options = options;
        _limits = limits ?? new AsteriskLimits();
        _time = time ?? TimeProvider.System;
        _log = log;
        _health = new PbxHealth(false, _time.GetUtcNow(), "not yet attached");
        _retry = new ResiliencePipelineBuilder { TimeProvider = _time }.AddRetry(Retries()).Build();
    }

    public string Name => _options.Name;

    public PbxHealth Health => _health;

    public async Task RunAsync(ICallHandler handler, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                // Returns when a connection that had held was lost: then the next attempt comes at once and the back-off starts anew.
                await _retry.ExecuteAsync(async token => await AttachAsync(handler, token), cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            SetHealth(false, "stopped");
        }
    }

    public async Task<IReadOnlyList<ICall>> FindWaitingCallsAsync(CancellationToken cancel)
    {
        var (session, registry) = Require();
        var found = new List<ICall>();
        foreach (var channel in await ChannelsAsync(session, cancel))
        {
            if (!AriNames.IsOurs(channel) && !registry.Knows(channel)
                && await FindChannelAsync(session, channel, cancel) is { Creationtime: { } createdAt } seen
                && await IsInStasisAsync(session, channel, cancel)
                && await ArgumentsAsync(session, seen, cancel) is var args)
            {
                var arrival = Arrivals.Make(
                    _options,
                    channel,
                    createdAt,
                    args.ElementAtOrDefault(0),
                    args.ElementAtOrDefault(1),
                    seen.Dialplan?.Exten,
                    seen.Caller?.Number,
                    // When it reached us is known to the worker before us only; it was hardly later than this.
                    createdAt);
                var call = new AsteriskCall(session, registry, arrival, Arrivals.HandOverOf(args.ElementAtOrDefault(2)), seen.State == "Up");
                if (registry.TryAdd(call))
                {
                    call.Subscribe();
                    await call.StopForerunnersPlaybacksAsync(cancel);
                    found.Add(call);
                }
            }
        }

        return found;
    }

    public async Task<ICall?> ReattachAsync(CallArrival arrival, CancellationToken cancel)
    {
        var (session, registry) = Require();
        var known = registry.FindCall(arrival.Channel);
        if (known is { WasTakenBack: false })
        {
            return known.Arrival.Id == arrival.Id ? known : null;
        }

        if (await FindChannelAsync(session, arrival.Channel, cancel) is not { Creationtime: { } createdAt } seen
            || CallId.FromChannel(Name, arrival.Channel, createdAt) != arrival.Id)
        {
            return null;
        }

        var inStasis = await IsInStasisAsync(session, arrival.Channel, cancel);
        var args = inStasis ? await ArgumentsAsync(session, seen, cancel) : [];
        var call = new AsteriskCall(session, registry, arrival, Arrivals.HandOverOf(args.ElementAtOrDefault(2)), seen.State == "Up", inDialplan: !inStasis);
        if (!registry.TryAdd(call, insteadOf: known))
        {
            return registry.FindCall(arrival.Channel);
        }

        // On the books before it is subscribed to, so that no report falls between the two.
        var subscribe = AriRequests.Subscribe(_options.Application, arrival.Channel);
        if ((await session.SendAsync(subscribe, cancel)).Ok)
        {
            if (inStasis)
            {
                await call.StopForerunnersPlaybacksAsync(cancel);
            }

            return call;
        }

        // It ended this very moment.
        registry.Remove(call);
        return null;
    }

    public async Task<IReadOnlyList<LiveRecording>> FindLiveRecordingsAsync(CancellationToken cancel)
    {
        var (session, registry) = Require();
        var running = new List<(CallId Call, AsteriskRecording Recording)>();
        foreach (var channel in await ChannelsAsync(session, cancel))
        {
            if (!AriNames.TryReadSnoop(channel, out var call, out var name))
            {
                if (AriNames.IsWhisper(channel) && !registry.HasWhisper(channel))
                {
                    // A worker died while it spoke into a conversation.
                    await session.PostAsync(AriRequests.HangUp(channel));
                }

                continue;
            }

            var live = AriRequests.LiveRecording(name);
            if (!(await session.SendAsync(live, cancel)).EnsureOkOrAbsent(live).Ok)
            {
                // Made ready by a worker that died before it recorded: of no use to anybody. One that this process has is left alone.
                if (registry.FindSnoop(channel) is null)
                {
                    await session.PostAsync(AriRequests.HangUp(channel));
                }

                continue;
            }

            var recording = registry.FindSnoop(channel) ?? AsteriskRecording.Found(session, registry, call, name, channel);
            registry.TryAdd(recording);
            running.Add((call, recording));
        }

        return
        [
            .. running.GroupBy(one => (one.Call, Whole: AriNames.WholeOf(one.Recording.Name))).SelectMany(whole =>
                RecordingNames.IsStereo(whole.Key.Whole)
                    ? [new LiveRecording(whole.Key.Call, new AsteriskStereoRecording(session, whole.Key.Whole, [.. whole.Select(half => half.Recording)]))]
                    : whole.Select(one => new LiveRecording(one.Call, one.Recording)))
        ];
    }

    public async Task<StoredRecording?> FindStoredRecordingAsync(string name, CancellationToken cancel)
    {
        var (session, _) = Require();
        return RecordingNames.IsStereo(name)
            ? await StereoRecordings.FindAsync(name, half => FindFileAsync(session, half, cancel))
            : (await FindFileAsync(session, name, cancel))?.Recording;
    }

    public Task<Stream?> OpenStoredRecordingAsync(string name, CancellationToken cancel)
    {
        var (session, _) = Require();
        return RecordingNames.IsStereo(name)
            ? StereoRecordings.OpenAsync(name, half => FindFileAsync(session, half, cancel), half => OpenFileAsync(session, half, cancel), cancel)
            : OpenFileAsync(session, name, cancel);
    }

    public async Task<IReadOnlyList<string>> ListStoredRecordingsAsync(CancellationToken cancel)
    {
        var (session, _) = Require();
        var request = AriRequests.StoredRecordings;
        var response = (await session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
        var names = response.Ok ? Read(response, AriJson.Default.AriStoredRecordingArray) ?? [] : [];
        return [.. names.Select(one => one.Name).OfType<string>().Where(AriNames.IsOurs).Select(AriNames.WholeOf).Distinct(StringComparer.Ordinal)];
    }

    public async Task DeleteStoredRecordingAsync(string name, CancellationToken cancel)
    {
        var (session, _) = Require();
        var (caller, other) = AriNames.Halves(name);
        foreach (var file in RecordingNames.IsStereo(name) ? [caller, other] : new[] { name })
        {
            var request = AriRequests.DeleteStored(file);
            (await session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
        }
    }

    private Task<StoredFile?> FindFileAsync(AriSession session, string name, CancellationToken cancel) =>
        _options.RecordingFolder is { } folder
            ? StoredRecordings.FindAsync(folder, name, _options.RequestTimeout, _time, cancel)
            : StoredRecordings.FindAsync(session.Http, name, _options.RequestTimeout, cancel);

    private Task<Stream?> OpenFileAsync(AriSession session, string name, CancellationToken cancel) =>
        _options.RecordingFolder is { } folder
            ? StoredRecordings.OpenAsync(folder, name, _options.RequestTimeout, _time, cancel)
            : StoredRecordings.OpenAsync(session.Http, name, _options.RequestTimeout, cancel);

    private async Task AttachAsync(ICallHandler handler, CancellationToken cancel)
    {
        await using var session = new AriSession(_options, _limits, _time, _log);
        var registry = new CallRegistry(this, session, handler);
        var began = _time.GetTimestamp();
        // On its own: calls learn of the loss at once, whatever their handler is doing with the connection meanwhile.
        var detached = DetachWhenLostAsync(session, registry);
        try
        {
            await session.OpenAsync(registry, cancel);
            _current = new Attachment(session, registry);
            session.Metrics.Attached();
            _log.Attached(Name, session.VersionText, _options.Application, session.TransportName);
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, session.Ended))
            {
                await handler.ReconcileAsync(this, either.Token);
            }

            SetHealth(true, $"Asterisk {session.VersionText}, requests over {session.TransportName}");
            await session.Lost.WaitAsync(cancel);
        }
        catch (OperationCanceledException) when (session.Lost.IsCompleted && !cancel.IsCancellationRequested)
        {
            // Lost while putting things right: told below.
        }
        finally
        {
            await session.DisposeAsync();
            await detached;
        }

        var reason = await session.Lost;
        SetHealth(false, reason);
        if (reason == AriTroubles.Replaced)
        {
            throw new AriRefusedException(reason);
        }

        if (_time.GetElapsedTime(began) < _limits.SettledAfter)
        {
            // Comes and goes: that counts as an attempt that failed, so that the back-off grows.
            throw new PbxException(reason);
        }
    }

    private async Task DetachWhenLostAsync(AriSession session, CallRegistry registry)
    {
        var reason = await session.Lost;
        if (_current?.Session == session)
        {
            _current = null;
            SetHealth(false, reason);
            _log.Lost(Name, reason, registry.Calls);
        }

        registry.Detach();
    }

    private RetryStrategyOptions Retries() => new()
    {
        ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is not null and not OperationCanceledException),
        MaxRetryAttempts = int.MaxValue,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = _limits.RetryBase,
        MaxDelay = _limits.RetryCap,
        DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(args.Outcome.Exception is AriRefusedException ? _limits.RefusedRetry : null),
        OnRetry = args =>
        {
            var failure = args.Outcome.Exception!;
            if (failure is not PbxException)
            {
                _log.Unexpected(Name, failure);
            }

            SetHealth(false, failure.Message);
            _log.NotAttached(Name, failure.Message);
            return ValueTask.CompletedTask;
        },
    };

    private void SetHealth(bool attached, string detail)
    {
        var before = _health;
        _health = new PbxHealth(attached, before.Attached == attached ? before.Since : _time.GetUtcNow(), detail);
    }

    private Attachment Require() => _current ?? throw new PbxException($"not attached to {Name}: {_health.Detail}");

    private async Task<IReadOnlyList<string>> ChannelsAsync(AriSession session, CancellationToken cancel)
    {
        var request = AriRequests.Application(_options.Application);
        var response = (await session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
        return response.Ok ? Read(response, AriJson.Default.AriApplication)?.ChannelIds ?? [] : [];
    }

    private static async Task<AriChannel?> FindChannelAsync(AriSession session, string channel, CancellationToken cancel)
    {
        var request = AriRequests.Channel(channel);
        var response = (await session.SendAsync(request, cancel)).EnsureOkOrAbsent(request);
        return response.Ok ? Read(response, AriJson.Default.AriChannel) : null;
    }

    // The list of an application's channels also has those that it is only subscribed to: calls gone on in the dialplan.
    private static async Task<bool> IsInStasisAsync(AriSession session, string channel, CancellationToken cancel) =>
        (await session.SendAsync(AriRequests.StopSilence(channel), cancel)).Ok;

    // What the dialplan passed to us is told once, at the start. It still stands in the channel as the application's data, and in
    // the local variables of our sample.
    private static async Task<string[]> ArgumentsAsync(AriSession session, AriChannel seen, CancellationToken cancel)
    {
        if (Arrivals.ArgumentsOf(seen.Dialplan?.AppName, seen.Dialplan?.AppData) is { } args)
        {
            return args;
        }

        var names = new[] { "ivrconsent_line", "ivrconsent_number", "ivrconsent_deadline" };
        var values = new string[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            var response = await session.SendAsync(AriRequests.GetVariable(seen.Id ?? string.Empty, names[i]), cancel);
            values[i] = response.Ok ? Read(response, AriJson.Default.AriVariable)?.Value ?? string.Empty : string.Empty;
        }

        return values;
    }

    private static T? Read<T>(AriResponse response, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return response.Body is null ? null : JsonSerializer.Deserialize(response.Body, type);
        }
        catch (JsonException e)
        {
            throw new PbxException("the PBX's answer cannot be read", e);
        }
    }

    /// <summary>What there is while we are attached.</summary>
    private sealed record Attachment(AriSession Session, CallRegistry Registry);
}
