using System.Net;
using System.Net.Sockets;

namespace IvrConsent.TestKit.Lab;

/// <summary>Ports for servers of tests: one that is fixed may be taken, by whatever else a machine does.</summary>
public static class FreePort
{
    /// <summary>A TCP port of the loopback interface that nobody listens on now.</summary>
    public static int Take()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
