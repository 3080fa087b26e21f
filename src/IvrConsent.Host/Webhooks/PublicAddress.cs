using System.Net;
using System.Net.Sockets;

namespace IvrConsent.Host.Webhooks;

/// <summary>
/// Keeps a webhook's name from leading into the own network: whoever rules the name's DNS would else have messages posted to whatever
/// listens there. An address that stands in the settings as a number, or <c>localhost</c>, is the admin's own word and is taken.
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] Private =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "224.0.0.0/4", "240.0.0.0/4", "::/127", "64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2002::/16",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>Whether an address is one of the Internet.</summary>
    public static bool Is(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !Private.Any(network => network.Contains(plain));
    }

    /// <summary>The addresses that may be connected to.</summary>
    /// <param name="host">As the URL has it.</param>
    /// <param name="resolve">Asks the DNS.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="HttpRequestException">There are none.</exception>
    public static async Task<IPAddress[]> ResolveAsync(string host, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal))
        {
            return [literal];
        }

        if (host == "localhost")
        {
            return [IPAddress.Loopback, IPAddress.IPv6Loopback];
        }

        IPAddress[] found = [.. (await resolve(host, cancel)).Where(Is)];
        return found.Length > 0
            ? found
            : throw new HttpRequestException("its name leads to addresses of a private network only: write the address as a number if it is meant");
    }

    /// <summary>Connects as above.</summary>
    public static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancel)
    {
        var addresses = await ResolveAsync(context.DnsEndPoint.Host, resolve, cancel);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
