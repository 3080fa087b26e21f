using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IvrConsent.TestKit.Asterisk;

/// <summary>A request as the fake got it.</summary>
public sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, string Body, bool OverSocket)
{
    public override string ToString() => $"{Method} {Path}";

    public bool Is(string method, string pathStart) => Method == method && Path.StartsWith(pathStart, StringComparison.Ordinal);
}

/// <summary>What the fake answers.</summary>
public sealed record FakeResponse(int Status, string Body = "", byte[]? File = null)
{
    /// <summary>No answer at all.</summary>
    public static FakeResponse None { get; } = new(0);
}

/// <summary>
/// A PBX on the wire: the HTTP, the WebSocket and as much of ARI as the adapter uses, with every fault that a real one can show.
/// Tests script it by <see cref="Script"/> (an answer other than the model's own) and by injecting events and raw bytes.
/// </summary>
public sealed class FakeAri : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Connection, byte> _sockets = new();
    private readonly List<FakeRequest> _requests = [];
    private readonly int _port;
    private TcpListener? _listener;
    private TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeAri(string version = "22.10.1")
    {
        Version = version;
        Model = new FakePbx(this);
        _port = Start(0);
    }

    public string Version { get; set; }

    public string Username { get; init; } = "ivrconsent";

    public string Password { get; set; } = "fake-password";

    public Uri Url => new($"http://127.0.0.1:{_port}/ari");

    /// <summary>Whether requests over the event socket are answered.</summary>
    public bool RestOverSocket { get; set; } = true;

    /// <summary>While set, nothing is read, nothing is answered, nothing closed: a half-open connection.</summary>
    public bool Silent { get; set; }

    /// <summary>While set, sockets live (pings are answered) but no request is: a PBX that is deadlocked inside.</summary>
    public bool Deadlocked { get; set; }

    /// <summary>Asked first; null leaves the answer to the model.</summary>
    public Func<FakeRequest, Task<FakeResponse?>>? Script { get; set; }

    public FakePbx Model { get; }

    public int Sockets => _sockets.Count;

    /// <summary>Every request so far, in order.</summary>
    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>The first request that fits, now or within five seconds.</summary>
    public async Task<FakeRequest> WaitForAsync(Func<FakeRequest, bool> fits)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (true)
        {
            Task next;
            lock (_requests)
            {
                if (_requests.Find(request => fits(request)) is { } found)
                {
                    return found;
                }

                next = _requested.Task;
            }

            await next.WaitAsync(limit.Token);
        }
    }

    public Task<FakeRequest> WaitForAsync(string method, string pathStart) => WaitForAsync(request => request.Is(method, pathStart));

    /// <summary>Listens again, after <see cref="StopAsync"/>, on the same port.</summary>
    public void Restart() => Start(_port);

    /// <summary>Everything is closed, as by a crash.</summary>
    public Task StopAsync()
    {
        _listener?.Dispose();
        _listener = null;
        DropSockets();
        return Task.CompletedTask;
    }

    /// <summary>Cuts every connection.</summary>
    public void DropSockets()
    {
        foreach (var connection in _sockets.Keys)
        {
            connection.Dispose();
        }
    }

    public Task SendAsync(JsonObject message) => SendTextAsync(message.ToJsonString());

    public Task SendTextAsync(string message) => SendFramesAsync((0x81, Encoding.UTF8.GetBytes(message)));

    public Task SendBytesAsync(byte[] message) => SendFramesAsync((0x81, message));

    public Task SendBinaryAsync(byte[] message) => SendFramesAsync((0x82, message));

    /// <summary>Frames as they are: first byte (FIN and opcode) and payload.</summary>
    public async Task SendFramesAsync(params (byte Head, byte[] Payload)[] frames)
    {
        foreach (var connection in _sockets.Keys)
        {
            if (connection.Events)
            {
                foreach (var (head, payload) in frames)
                {
                    await connection.SendFrameAsync(head, payload);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
    }

    internal async Task<FakeResponse> AnswerAsync(FakeRequest request)
    {
        lock (_requests)
        {
            _requests.Add(request);
            _requested.TrySetResult();
            _requested = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (Deadlocked)
        {
            return FakeResponse.None;
        }

        if (Script is { } script && await script(request) is { } scripted)
        {
            return scripted;
        }

        return Model.Answer(request);
    }

    private int Start(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Start();
        _listener = listener;
        _ = AcceptAsync(listener);
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                socket.NoDelay = true;
                var connection = new Connection(this, socket);
                _sockets[connection] = 0;
                _ = ServeAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Connection connection)
    {
        try
        {
            await connection.ServeAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or WebSocketException)
        {
            // The other side went away, or the test cut it.
        }
        finally
        {
            _sockets.TryRemove(connection, out _);
            connection.Dispose();
        }
    }

    /// <summary>One connection: HTTP requests one after another, or the event socket once it is upgraded.</summary>
    private sealed class Connection(FakeAri ari, Socket socket) : IDisposable
    {
        private readonly GatedStream _stream = new(ari, new NetworkStream(socket, ownsSocket: true));

        public bool Events { get; private set; }

        public async Task ServeAsync()
        {
            while (await ReadHeadAsync() is { } head)
            {
                var lines = head.Split("\r\n");
                var first = lines[0].Split(' ');
                var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2)
                    .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
                var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), System.Globalization.CultureInfo.InvariantCulture)];
                await _stream.ReadExactlyAsync(body);
                if (!Allowed(headers.GetValueOrDefault("Authorization")))
                {
                    await RespondAsync(new FakeResponse(401, """{"message":"Authentication required"}"""));
                    continue;
                }

                var uri = new Uri(new Uri("http://fake"), first[1]);
                if (!uri.AbsolutePath.StartsWith("/ari/", StringComparison.Ordinal))
                {
                    await RespondAsync(new FakeResponse(404, "not here"));
                }
                else if (uri.AbsolutePath == "/ari/events" && headers.TryGetValue("Sec-WebSocket-Key", out var key))
                {
                    await UpgradeAsync(key);
                    return;
                }
                else
                {
                    var request = new FakeRequest(first[0], Uri.UnescapeDataString(uri.AbsolutePath["/ari/".Length..]), QueryOf(uri.Query), Encoding.UTF8.GetString(body), OverSocket: false);
                    await RespondAsync(await ari.AnswerAsync(request));
                }
            }
        }

        public Task SendFrameAsync(byte head, byte[] payload)
        {
            var frame = new MemoryStream();
            frame.WriteByte(head);
            if (payload.Length < 126)
            {
                frame.WriteByte((byte)payload.Length);
            }
            else if (payload.Length <= ushort.MaxValue)
            {
                frame.Write([126, (byte)(payload.Length >> 8), (byte)payload.Length]);
            }
            else
            {
                frame.Write([127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length]);
            }

            frame.Write(payload);
            return WriteAsync(frame.ToArray());
        }

        public void Dispose() => _stream.Dispose();

        private async Task WriteAsync(byte[] bytes)
        {
            try
            {
                await _stream.WriteAsync(bytes);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Cut meanwhile.
            }
        }

        private bool Allowed(string? authorization) =>
            authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ari.Username}:{ari.Password}"));

        private async Task<string?> ReadHeadAsync()
        {
            var head = new StringBuilder();
            var one = new byte[1];
            while (head.Length < 65536)
            {
                if (await _stream.ReadAsync(one) == 0)
                {
                    return null;
                }

                head.Append((char)one[0]);
                if (one[0] == '\n' && head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
                {
                    return head.ToString(0, head.Length - 4);
                }
            }

            return null;
        }

        private async Task RespondAsync(FakeResponse response)
        {
            if (response == FakeResponse.None)
            {
                await Task.Delay(Timeout.Infinite);
            }

            var body = response.File ?? Encoding.UTF8.GetBytes(response.Body);
            var type = response.File is null ? "application/json" : "audio/wav";
            await WriteAsync([.. Encoding.ASCII.GetBytes($"HTTP/1.1 {response.Status} Fake\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);
        }

        private async Task UpgradeAsync(string key)
        {
#pragma warning disable CA5350 // RFC 6455 wants SHA-1 here; nothing is protected by it.
            var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
            await WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
            Events = true;
            using var socket = WebSocket.CreateFromStream(_stream, new WebSocketCreationOptions { IsServer = true });
            var buffer = new byte[256 * 1024];
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                    length += part.Count;
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                if (ari.RestOverSocket)
                {
                    await AnswerOverSocketAsync(JsonNode.Parse(buffer.AsSpan(0, length))!.AsObject());
                }
            }
        }

        // One after another, as the real one does.
        private async Task AnswerOverSocketAsync(JsonObject message)
        {
            var query = message["query_strings"]?.AsArray().ToDictionary(pair => (string)pair!["name"]!, pair => (string)pair!["value"]!) ?? [];
            var request = new FakeRequest((string)message["method"]!, Uri.UnescapeDataString((string)message["uri"]!), query, (string?)message["message_body"] ?? string.Empty, OverSocket: true);
            var response = await ari.AnswerAsync(request);
            if (response == FakeResponse.None)
            {
                return;
            }

            var answer = new JsonObject
            {
                ["type"] = "RESTResponse",
                ["transaction_id"] = (string)message["transaction_id"]!,
                ["request_id"] = (string)message["request_id"]!,
                ["status_code"] = response.Status,
                ["reason_phrase"] = "Fake",
                ["uri"] = (string)message["uri"]!,
            };
            if (response.Body.Length > 0)
            {
                answer["content_type"] = "application/json";
                answer["message_body"] = response.Body;
            }

            await SendFrameAsync(0x81, JsonSerializer.SerializeToUtf8Bytes(answer));
        }

        private static Dictionary<string, string> QueryOf(string query) =>
            query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
                .ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
    }

    /// <summary>Lets nothing through while the fake is silent, and one write at a time.</summary>
    private sealed class GatedStream(FakeAri ari, Stream inner) : Stream
    {
        private readonly SemaphoreSlim _writing = new(1, 1);
        private readonly CancellationTokenSource _closed = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            await OpenAsync();
            return read;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await OpenAsync();
            await _writing.WaitAsync(cancellationToken);
            try
            {
                await inner.WriteAsync(buffer, cancellationToken);
            }
            finally
            {
                _writing.Release();
            }
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _closed.Cancel();
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private async Task OpenAsync()
        {
            while (ari.Silent && !_closed.IsCancellationRequested)
            {
                await Task.Delay(20);
            }
        }
    }
}
