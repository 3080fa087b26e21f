using System.Net;
using System.Net.Sockets;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>Stands before a server and takes it away: gone, or there without answering, as a stopped process is.</summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _targetPort;
    private readonly Lock _gate = new();
    private readonly List<Socket> _sockets = [];
    private TcpListener _listener;
    private volatile TaskCompletionSource _toServer = Passed();
    private volatile TaskCompletionSource _toClient = Passed();

    public TcpProxy(string host, int port)
    {
        _host = host;
        _targetPort = port;
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    public int Port { get; }

    /// <summary>Breaks every connection and refuses new ones.</summary>
    public void Stop()
    {
        _listener.Stop();
        lock (_gate)
        {
            _sockets.ForEach(s => s.Dispose());
            _sockets.Clear();
        }
    }

    public void Start()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = AcceptAsync(_listener);
    }

    /// <summary>Connections stay and are accepted; nothing goes through.</summary>
    public void Freeze()
    {
        _toServer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _toClient = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The server gets everything and does it; only its answers do not arrive.</summary>
    public void FreezeAnswers() => _toClient = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Thaw()
    {
        _toServer.TrySetResult();
        _toClient.TrySetResult();
    }

    public ValueTask DisposeAsync()
    {
        Thaw();
        Stop();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource Passed()
    {
        var passed = new TaskCompletionSource();
        passed.SetResult();
        return passed;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync();
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                lock (_gate)
                {
                    _sockets.Add(client);
                    _sockets.Add(server);
                }

                _ = JoinAsync(client, server);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task JoinAsync(Socket client, Socket server)
    {
        try
        {
            await server.ConnectAsync(_host, _targetPort);
            await Task.WhenAny(PumpAsync(client, server, () => _toServer.Task), PumpAsync(server, client, () => _toClient.Task));
        }
        catch (SocketException)
        {
        }

        client.Dispose();
        server.Dispose();
    }

    private static async Task PumpAsync(Socket from, Socket to, Func<Task> gate)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                await gate();
                await to.SendAsync(buffer.AsMemory(0, read));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }
}
