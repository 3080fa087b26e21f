using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using IvrConsent.Core.Access;

namespace IvrConsent.Host.Api;

/// <summary>On an endpoint: the scope that a key must have for it.</summary>
/// <param name="Scope">One of <see cref="ApiScopes"/>.</param>
internal sealed record RequiredScope(string Scope);

/// <summary>On an endpoint: open without a key, or it looks after its own access.</summary>
internal sealed record OpenAccess;

/// <summary>
/// On an endpoint: a form may bring the key as <c>access_token</c> (RFC 6750, 2.2). For Asterisk's CURL(), which has no other way to send one without writing
/// it into a log: headers stand in its verbose log, addresses in its warnings.
/// </summary>
internal sealed record KeyInForm
{
    /// <summary>The form's field.</summary>
    public const string Field = "access_token";
}

/// <summary>Who calls: the key's name, which is the actor in the ledger.</summary>
/// <param name="Name">The key's name.</param>
internal sealed record ApiCaller(string Name);

/// <summary>
/// Lets in who has a key with the endpoint's scope: before the body is read, and by the header Authorization, as addresses end up in logs. An
/// endpoint that names no scope is shut. After some failures an address must wait; a key that is right is not looked at meanwhile.
/// </summary>
internal sealed partial class ApiAccess(IApiKeys keys, TimeProvider time, ILogger<ApiAccess> log) : IDisposable
{
    /// <summary>Failures of one address within <see cref="Window"/> until it must wait.</summary>
    public const int Failures = 10;

    private const string Bearer = "Bearer ";

    /// <summary>How long.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<string> _failures = PartitionedRateLimiter.Create<string, string>(address =>
        RateLimitPartition.GetFixedWindowLimiter(address, _ => new FixedWindowRateLimiterOptions { PermitLimit = Failures, Window = Window, QueueLimit = 0 }));

    /// <inheritdoc/>
    public void Dispose() => _failures.Dispose();

    /// <summary>The middleware.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var endpoint = context.GetEndpoint();
        // What is no RouteEndpoint is the routing's own answer that the method or the content type is another.
        if (endpoint is not RouteEndpoint || endpoint.Metadata.GetMetadata<OpenAccess>() is not null)
        {
            await next(context);
            return;
        }

        var problem = await CheckAsync(context, endpoint.Metadata.GetMetadata<RequiredScope>()?.Scope);
        if (problem is null)
        {
            await next(context);
            return;
        }

        await problem.WriteAsync(context);
    }

    /// <summary>Null when the caller may; then <see cref="ApiCaller"/> is among the request's features.</summary>
    public async Task<ApiProblem?> CheckAsync(HttpContext context, string? scope)
    {
        if (Waits(context) is { } wait)
        {
            return wait;
        }

        var address = AddressOf(context.Connection.RemoteIpAddress);
        if (ApiKeySecret.HashOf(await SecretOfAsync(context)) is not { } hash)
        {
            return Fail(context, address, "no API key");
        }

        if (await keys.FindAsync(hash, context.RequestAborted) is not { } key)
        {
            return Fail(context, address, "an unknown API key");
        }

        if (!key.Holds(time.GetUtcNow()))
        {
            return Fail(context, address, key.RevokedAt is null ? $"the API key {key.Name}, which has expired" : $"the API key {key.Name}, which was revoked");
        }

        if (scope is null || !key.Scopes.Contains(scope, StringComparer.Ordinal))
        {
            return ApiProblem.Forbidden(scope ?? "none: this address is not open to keys");
        }

        context.Features.Set(new ApiCaller(key.Name));
        return null;
    }

    /// <summary>Null unless the caller's address must wait.</summary>
    public ApiProblem? Waits(HttpContext context)
    {
        using var left = _failures.AttemptAcquire(AddressOf(context.Connection.RemoteIpAddress), 0);
        if (left.IsAcquired)
        {
            return null;
        }

        context.Response.Headers.RetryAfter = ((int)Window.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return ApiProblem.TooMany("Too many requests of this address had no valid key. Wait a minute.");
    }

    /// <summary>Notes a failure that something else than a key was the cause of (a wrong signature).</summary>
    public ApiProblem Fail(HttpContext context, string what) => Fail(context, AddressOf(context.Connection.RemoteIpAddress), what);

    // The same words for an unknown, an expired and a revoked key: which it was is the admin's business, and in the log.
    private ApiProblem Fail(HttpContext context, string address, string what)
    {
        _failures.AttemptAcquire(address).Dispose();
        Refused(log, address, what);
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return ApiProblem.Unauthorized("Send a valid key as: Authorization: Bearer ivrc_… (ivrconsent apikeys create makes one).");
    }

    private static async Task<string?> SecretOfAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization is [{ } header])
        {
            return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
        }

        if (context.GetEndpoint()?.Metadata.GetMetadata<KeyInForm>() is null || !context.Request.HasFormContentType)
        {
            return null;
        }

        try
        {
            return (await context.Request.ReadFormAsync(context.RequestAborted))[KeyInForm.Field];
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>What counts as one address: with IPv6, whoever has one has the whole /64.</summary>
    private static string AddressOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
        {
            address = address.MapToIPv4();
        }

        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? $"{new IPAddress([.. address.GetAddressBytes()[..8], 0, 0, 0, 0, 0, 0, 0, 0])}/64"
            : address?.ToString() ?? "unknown";
    }

    [LoggerMessage(320, LogLevel.Warning, "API: a request from {Address} was refused: it had {What}")]
    private static partial void Refused(ILogger log, string address, string what);
}
