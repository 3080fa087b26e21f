using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Probing;

/// <summary>How far a first request to a PBX came, from the nearest obstacle to the farthest.</summary>
public enum AsteriskReachStage
{
    /// <summary>The host's name leads to no address.</summary>
    Name,

    /// <summary>No connection to the port.</summary>
    Connection,

    /// <summary>A connection, and no TLS on it.</summary>
    Tls,

    /// <summary>A connection, and no answer of a web server.</summary>
    Http,

    /// <summary>A web server without ARI (404), or one that is no Asterisk.</summary>
    Ari,

    /// <summary>User or password are refused (401, 403).</summary>
    Credentials,

    /// <summary>ARI answers and takes user and password.</summary>
    Answers,
}

/// <summary>How far a first request to a PBX came.</summary>
/// <param name="Stage">How far.</param>
/// <param name="Detail">What was seen there, in words.</param>
public sealed record AsteriskReach(AsteriskReachStage Stage, string Detail)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Whether something that speaks HTTP is there at all.</summary>
    public bool Reached => Stage >= AsteriskReachStage.Ari;

    internal static async Task<AsteriskReach> TryAsync(AsteriskOptions options, HttpAriTransport http, CancellationToken cancel)
    {
        var url = options.Url;
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(url.IdnHost, out var literal)
                ? [literal]
                : await Dns.GetHostAddressesAsync(url.IdnHost, cancel).WaitAsync(Limit, cancel);
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return new(AsteriskReachStage.Name, $"the name {url.IdnHost} leads to no address ({e.Message})");
        }

        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(addresses, url.Port, cancel).AsTask().WaitAsync(Limit, cancel);
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            var why = e is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "nothing listens there"
                : e is TimeoutException ? $"no answer within {Limit.TotalSeconds:0} s, as behind a firewall" : e.Message;
            return new(AsteriskReachStage.Connection, $"no connection to {url.Host}:{url.Port}: {why}");
        }

        if (url.Scheme == Uri.UriSchemeHttps && await FindTlsTroubleAsync(socket, url, cancel) is { } trouble)
        {
            return new(AsteriskReachStage.Tls, $"{url.Host}:{url.Port} accepts connections, but TLS fails: {trouble}");
        }

        return await AskAsync(options, http, cancel);
    }

    private static async Task<string?> FindTlsTroubleAsync(TcpClient socket, Uri url, CancellationToken cancel)
    {
        try
        {
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.IdnHost }, cancel).WaitAsync(Limit, cancel);
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or TimeoutException or SocketException)
        {
            return (e.InnerException ?? e).Message;
        }
    }

    private static async Task<AsteriskReach> AskAsync(AsteriskOptions options, HttpAriTransport http, CancellationToken cancel)
    {
        AriResponse response;
        try
        {
            response = await http.SendAsync(AriRequests.Ping with { WantsBody = true }, options.RequestTimeout, cancel);
        }
        catch (PbxException e)
        {
            return new(AsteriskReachStage.Http, $"{options.Url.Host}:{options.Url.Port} accepts connections, but gives no HTTP answer ({e.InnerException?.Message ?? e.Message})");
        }

        return response.Status switch
        {
            401 => new(AsteriskReachStage.Credentials, $"user {options.Username} or its password is refused (401)"),
            403 => new(AsteriskReachStage.Credentials, $"user {options.Username} may not ask (403)"),
            200 when response.Body is { } body && body.AsSpan().IndexOf("\"pong\""u8) >= 0 => new(AsteriskReachStage.Answers, "ARI answers and takes user and password"),
            404 => new(AsteriskReachStage.Ari, $"a web server answers, and has no ARI at {options.Url} (404)"),
            var status => new(AsteriskReachStage.Ari, $"a web server answers {status} at {options.Url}, and not as ARI does"),
        };
    }
}
