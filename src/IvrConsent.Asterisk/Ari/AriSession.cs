using System.Buffers;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using IvrConsent.Core.Calls;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Asterisk.Ari;

/// <summary>Takes the events of a session, on its read loop: must not block and must not keep the event.</summary>
internal interface IAriEventSink
{
    void OnEvent(AriEvent e);
}

/// <summary>
/// One connection to the PBX from its opening to its loss: the event socket with its read loop, and the way for requests. When
/// either of them no longer works the whole session is lost; another one takes its place.
/// </summary>
internal sealed class AriSession : IAsyncDisposable
{
    private const int UsualMessage = 16 * 1024;

    private readonly HttpAriTransport _http;
    private readonly SocketAriTransport _overSocket;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IAriTransport _transport;
    private Task _reading = Task.CompletedTask;
    private Task _probing = Task.CompletedTask;

    public AriSession(AsteriskOptions options, AsteriskLimits limits, TimeProvider time, ILogger log)
    {
        Options = options;
        Limits = limits;
        Time = time;
        Log = log;
        Metrics = new AsteriskMetrics(options.Name);
        _http = new HttpAriTransport(options, limits, time);
        _overSocket = new SocketAriTransport(bytes => _socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None), time);
        _transport = _http;
    }

    public AsteriskOptions Options { get; }

    public AsteriskLimits Limits { get; }

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    public AsteriskMetrics Metrics { get; }

    /// <summary>Its version in full, as the PBX says it.</summary>
    public string VersionText { get; private set; } = "unknown";

    public AsteriskVersion Version { get; private set; }

    public string TransportName => _transport.Name;

    /// <summary>For files, which do not travel over the socket.</summary>
    public HttpAriTransport Http => _http;

    /// <summary>Completes, never fails, with the reason in words.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Cancelled with the loss.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Opens the session; throws <see cref="PbxException"/> with what is wrong and what to do about it.</summary>
    public async Task OpenAsync(IAriEventSink sink, CancellationToken cancel)
    {
        await ReadVersionAsync(cancel);
        await ConnectSocketAsync(cancel);
        _reading = ReadAsync(sink);
        await FilterEventsAsync(cancel);
        await ChooseTransportAsync(cancel);
        _probing = ProbeAsync();
    }

    /// <summary>Sends a request within the usual limit, or another.</summary>
    public async Task<AriResponse> SendAsync(AriRequest request, CancellationToken cancel, TimeSpan? limit = null)
    {
        if (Log.IsEnabled(LogLevel.Debug))
        {
            Log.Request(Options.Name, request.ToString());
        }

        var started = AsteriskMetrics.TimesRequests ? Time.GetTimestamp() : 0;
        try
        {
            var transport = request.WaitsForChannel ? _http : _transport;
            var response = await transport.SendAsync(request, limit ?? Options.RequestTimeout, cancel);
            if (started != 0)
            {
                Metrics.Requested(Time.GetElapsedTime(started));
            }

            return response;
        }
        catch (PbxException)
        {
            Metrics.RequestFailed();
            throw;
        }
    }

    /// <summary>Sends a request whose success nobody waits for. The task never fails; a failure is logged.</summary>
    public async Task PostAsync(AriRequest request)
    {
        try
        {
            (await SendAsync(request, _ended.Token)).EnsureOkOrAbsent(request);
        }
        catch (Exception e) when (e is PbxException or OperationCanceledException)
        {
            Log.BestEffortFailed(Options.Name, e.Message);
        }
    }

    /// <summary>Gives the session up; the first reason stays.</summary>
    public void Fail(string reason)
    {
        if (!_lost.TrySetResult(reason))
        {
            return;
        }

        _overSocket.Fail($"connection lost ({reason})");
        // Not Cancel(): callbacks of whoever waits must not run on the read loop.
        _ = _ended.CancelAsync();
        _socket.Abort();
    }

    /// <summary>Closes politely, within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_socket.State == WebSocketState.Open && !_lost.Task.IsCompleted)
        {
            try
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1), Time);
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
            {
                Log.BestEffortFailed(Options.Name, e.Message);
            }
        }

        Fail("closed by us");
        await _reading;
        await _probing;
        _socket.Dispose();
        _http.Dispose();
        // _ended stays: its token is still held by whoever had the session, and it has no timer to stop.
    }

    private async Task ReadVersionAsync(CancellationToken cancel)
    {
        AriResponse response;
        try
        {
            response = await _http.SendAsync(AriRequests.Info, Limits.ConnectTimeout, cancel);
        }
        catch (PbxException e)
        {
            throw new PbxException(AriTroubles.Unreachable(Options, e), e);
        }

        AriTroubles.ThrowIfRefused(Options, response.Status);
        try
        {
            VersionText = JsonSerializer.Deserialize(response.Body ?? [], AriJson.Default.AriInfo)?.System?.Version ?? "unknown";
        }
        catch (JsonException e)
        {
            throw new PbxException($"{Options.Url.Host}:{Options.Url.Port} answers, but not as ARI does: check our url, which usually ends in /ari", e);
        }

        Version = AsteriskVersion.Parse(VersionText);
    }

    private async Task ConnectSocketAsync(CancellationToken cancel)
    {
        var url = new UriBuilder(Options.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/events")
        {
            Scheme = Options.Url.Scheme == "https" ? "wss" : "ws",
            Query = $"app={Uri.EscapeDataString(Options.Application)}&subscribeAll=false",
        };
        _socket.Options.SetRequestHeader("Authorization", HttpAriTransport.Credentials(Options).ToString());
        _socket.Options.Proxy = null;
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.KeepAliveInterval = Limits.KeepAliveInterval;
        _socket.Options.KeepAliveTimeout = Limits.KeepAliveTimeout;
        using var limited = new CancellationTokenSource(Limits.ConnectTimeout, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancel);
        try
        {
            await _socket.ConnectAsync(url.Uri, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PbxException($"the event socket was not opened within {Limits.ConnectTimeout.TotalSeconds:0.#} s");
        }
        catch (WebSocketException e)
        {
            AriTroubles.ThrowIfRefused(Options, (int)_socket.HttpStatusCode);
            throw new PbxException($"the event socket could not be opened: {e.InnerException?.Message ?? e.Message}: are res_http_websocket and res_ari_events loaded?", e);
        }
    }

    private async Task ChooseTransportAsync(CancellationToken cancel)
    {
        if (Options.Transport == AsteriskTransport.Http || (Options.Transport == AsteriskTransport.Auto && !Version.HasRestOverSocket))
        {
            return;
        }

        // Set before it is proved, so that a call arriving this very moment keeps to one way. The version is nearly always right.
        _transport = _overSocket;
        try
        {
            (await _overSocket.SendAsync(AriRequests.Ping, Options.RequestTimeout, cancel)).EnsureOk(AriRequests.Ping);
        }
        catch (PbxException e) when (Options.Transport == AsteriskTransport.WebSocket)
        {
            throw new AriRefusedException(AriTroubles.NoRequestsOverSocket(VersionText, e.Message));
        }
        catch (PbxException e) when (!_lost.Task.IsCompleted)
        {
            Log.BestEffortFailed(Options.Name, $"no requests over the event socket, HTTP instead: {e.Message}");
            _transport = _http;
        }
    }

    // Seen on 16.28 and 22.10: both take the filter, types unknown to them as well, and keep it for the application's next session.
    // On 22.10 it also holds back the answers to requests over the socket unless RESTResponse is allowed; so it goes over HTTP,
    // before the socket's turn.
    private async Task FilterEventsAsync(CancellationToken cancel)
    {
        var allowed = AriEventReader.UsedTypes.Select(type => new AriFilterType(type)).ToArray();
        var request = AriRequests.EventFilter(Options.Application, JsonSerializer.Serialize(new AriFilter(allowed), AriJson.Default.AriFilter));
        var response = await _http.SendAsync(request, Options.RequestTimeout, cancel);
        if (response.Status is 401 or 403)
        {
            AriTroubles.ThrowIfRefused(Options, response.Status);
        }
        else if (!response.Ok)
        {
            Log.FilterRefused(Options.Name, response.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private async Task ReadAsync(IAriEventSink sink)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(UsualMessage);
        var e = new AriEvent();
        try
        {
            while (true)
            {
                var length = 0;
                var huge = false;
                ValueWebSocketReceiveResult part;
                do
                {
                    if (length == buffer.Length)
                    {
                        huge |= length >= Limits.MessageBytes;
                        length = huge ? 0 : length;
                        buffer = huge ? buffer : Grow(buffer);
                    }

                    part = await _socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                    length += part.Count;
                }
                while (!part.EndOfMessage);

                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Fail($"closed by the PBX ({_socket.CloseStatus}): stopped or restarted?");
                    return;
                }

                Handle(buffer.AsSpan(0, length), huge ? "too large" : part.MessageType == WebSocketMessageType.Binary ? "binary" : null, e, sink);
                if (buffer.Length > 16 * UsualMessage)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(UsualMessage);
                }
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Also a text message that is no UTF-8: by RFC 6455 that ends the connection, and ClientWebSocket does so.
            Fail($"event socket broken: {failure.InnerException?.Message ?? failure.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private void Handle(ReadOnlySpan<byte> message, string? unfit, AriEvent e, IAriEventSink sink)
    {
        var outcome = unfit is null ? AriEventReader.Read(message, e) : AriReadOutcome.Garbage;
        if (outcome == AriReadOutcome.Garbage)
        {
            Metrics.Dropped(unfit ?? "garbage");
            Log.MessageDropped(Options.Name, unfit ?? "garbage", message.Length);
            return;
        }

        if (outcome == AriReadOutcome.Ignored)
        {
            Metrics.Ignored();
            return;
        }

        try
        {
            if (e.Type == AriEventType.RestResponse)
            {
                _overSocket.Answer(e, message);
            }
            else if (e.Type == AriEventType.ApplicationReplaced)
            {
                // Two workers under one name would take the application from each other for ever; the loser waits as after a refusal.
                Fail(AriTroubles.Replaced);
            }
            else
            {
                Metrics.Event();
                if (Log.IsEnabled(LogLevel.Debug))
                {
                    Log.Event(Options.Name, e.Type, e.ChannelId ?? e.PlaybackId ?? e.RecordingName);
                }

                sink.OnEvent(e);
            }
        }
        catch (Exception failure)
        {
            Log.EventFailed(Options.Name, e.Type, failure);
        }
    }

    private async Task ProbeAsync()
    {
        var misses = 0;
        try
        {
            while (true)
            {
                // After a miss at once again: the bound stated at AsteriskLimits counts on it.
                await Task.Delay(misses == 0 ? Limits.ProbeInterval : TimeSpan.Zero, Time, _ended.Token);
                try
                {
                    (await _transport.SendAsync(AriRequests.Ping, Limits.ProbeTimeout, _ended.Token)).EnsureOk(AriRequests.Ping);
                    misses = 0;
                }
                catch (PbxException e)
                {
                    Log.ProbeMissed(Options.Name, ++misses, e.Message);
                    if (misses >= Limits.ProbeMisses)
                    {
                        Fail($"the PBX answers no requests any more ({e.Message})");
                        return;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The session ended: nothing left to probe.
        }
    }
}
