using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Settings;
using Polly;
using Polly.Retry;

namespace IvrConsent.Host.Webhooks;

/// <summary>What became of an attempt.</summary>
/// <param name="Result">In a word.</param>
/// <param name="Detail">For a person: the status or what went wrong; nothing that the receiver wrote.</param>
/// <param name="TimedOut">Whether it did not answer in time.</param>
internal sealed record WebhookAttempt(WebhookResult Result, string Detail, bool TimedOut = false);

/// <summary>
/// Sends messages to one webhook, signed. An attempt is up to three tries within two seconds where the receiver fails at once (it may be
/// restarting), and one where it does not answer. Redirects are not followed, nothing that the receiver answers but its status is read.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    private readonly WebhookOptions _hook;
    private readonly byte[] _key;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly ResiliencePipeline<WebhookAttempt> _attempt;

    public WebhookClient(WebhookSettings settings, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _hook = settings.Options;
        _key = WebhookSignature.ReadSecret(settings.Secret.Reveal()) ?? throw new ArgumentException("The webhook has no secret.", nameof(settings));
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectCallback = (context, cancel) => PublicAddress.ConnectAsync(context, resolve ?? Dns.GetHostAddressesAsync, cancel),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
        _attempt = new ResiliencePipelineBuilder<WebhookAttempt> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<WebhookAttempt>
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { Result: WebhookResult.Unavailable, TimedOut: false }),
                MaxRetryAttempts = 2,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(500),
                UseJitter = true,
            })
            .Build();
    }

    /// <summary>Sends a message; throws only when cancelled.</summary>
    /// <param name="id">The message's id, the same in every attempt.</param>
    /// <param name="body">Its JSON text.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<WebhookAttempt> SendAsync(string id, string body, CancellationToken cancel) =>
        await _attempt.ExecuteAsync(async token => await TryAsync(id, body, token), cancel);

    public void Dispose() => _http.Dispose();

    private async Task<WebhookAttempt> TryAsync(string id, string body, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var timer = _time.CreateTimer(_ => limit.Cancel(), null, _hook.Timeout, Timeout.InfiniteTimeSpan);
        var now = _time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, _hook.Url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("user-agent", "IvrConsent");
        request.Headers.Add(WebhookSignature.IdHeader, id);
        request.Headers.Add(WebhookSignature.TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(_key, id, now, body));
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var status = (int)response.StatusCode;
            return new WebhookAttempt(
                WebhookRetryPolicy.Judge(status),
                string.Create(CultureInfo.InvariantCulture, $"status {status}{(status is >= 300 and < 400 ? "; redirects are not followed, write the new address into the settings" : "")}"));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new WebhookAttempt(WebhookResult.Unavailable, string.Create(CultureInfo.InvariantCulture, $"no answer within {_hook.Timeout.TotalSeconds:0.#} s"), TimedOut: true);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return new WebhookAttempt(WebhookResult.Unavailable, Describe(error));
        }
    }

    /// <summary>What went wrong, without a word of the receiver's answer.</summary>
    private static string Describe(Exception error) => error switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "its certificate is not trusted, or it speaks no TLS",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError, InnerException: SocketException socket } => $"no connection ({socket.SocketErrorCode})",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded or HttpRequestError.ConfigurationLimitExceeded } => "its answer is not HTTP",
        HttpRequestException { HttpRequestError: HttpRequestError.Unknown, InnerException: null } own => own.Message,
        HttpRequestException { InnerException: HttpRequestException { InnerException: null } own } => own.Message,
        _ => $"the connection broke ({error.GetType().Name})",
    };
}
