using System.Net.Http.Headers;
using System.Text;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Ari;

/// <summary>Requests over kept-alive HTTP connections. Also what fetches files, which do not travel over the socket.</summary>
internal sealed class HttpAriTransport : IAriTransport, IDisposable
{
    private readonly HttpClient _http;
    private readonly string _base;
    private readonly TimeProvider _time;

    public HttpAriTransport(AsteriskOptions options, AsteriskLimits limits, TimeProvider time)
    {
        _time = time;
        _base = options.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/";
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = limits.ConnectTimeout,
            // Asterisk closes an idle connection after 15 s (http.conf session_keep_alive): be first, or a request meets a closed door.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            // http.conf session_limit is 100 by default, for all users of the PBX's web server together.
            MaxConnectionsPerServer = 32,
        })
        {
            // Every request has a limit of its own.
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = 8 * 1024 * 1024,
        };
        _http.DefaultRequestHeaders.Authorization = Credentials(options);
    }

    public string Name => "HTTP";

    public static AuthenticationHeaderValue Credentials(AsteriskOptions options) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Username}:{options.Password}")));

    public async Task<AriResponse> SendAsync(AriRequest request, TimeSpan limit, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(request.Method, UriOf(request));
        if (request.Body is not null)
        {
            message.Content = new StringContent(request.Body, Encoding.UTF8, "application/json");
        }

        using var limited = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancel);
        try
        {
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseContentRead, either.Token);
            var status = (int)response.StatusCode;
            var body = request.WantsBody || status >= 400 ? await response.Content.ReadAsByteArrayAsync(either.Token) : null;
            return new AriResponse(status, body);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PbxException($"{request}: no answer within {limit.TotalMilliseconds:0} ms");
        }
        catch (Exception e) when (e is HttpRequestException or ObjectDisposedException)
        {
            // Disposed of: the session has ended, and somebody still holds a call of it.
            throw new PbxException($"{request}: {(e is ObjectDisposedException ? "connection lost" : e.Message)}", e);
        }
    }

    /// <summary>
    /// Starts to fetch a file and returns with its head; the caller disposes of the response, read to its end or not. The limit
    /// holds until the head is there.
    /// </summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, TimeSpan limit, CancellationToken cancel)
    {
        using var limited = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancel);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, _base + path);
            return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new PbxException($"GET {path}: no answer within {limit.TotalMilliseconds:0} ms");
        }
        catch (Exception e) when (e is HttpRequestException or ObjectDisposedException)
        {
            throw new PbxException($"GET {path}: {(e is ObjectDisposedException ? "connection lost" : e.Message)}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private string UriOf(AriRequest request)
    {
        if (request.Query.Length == 0)
        {
            return _base + request.Path;
        }

        var uri = new StringBuilder(_base).Append(request.Path);
        var separator = '?';
        foreach (var (name, value) in request.Query)
        {
            uri.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return uri.ToString();
    }
}
