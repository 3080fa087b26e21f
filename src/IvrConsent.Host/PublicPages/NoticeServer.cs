using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Host.Settings;
using Microsoft.Net.Http.Headers;

namespace IvrConsent.Host.PublicPages;

/// <summary>
/// The notices in public, as a server of its own inside the worker: whoever reads them reaches neither the API nor health nor prompts. It reads
/// the settings in force at each request and keeps nothing of who asked.
/// </summary>
internal sealed class NoticeServer(ICallSettingsSource settings, ILoggerFactory log, PublicSettings where) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>Where it listens, once started.</summary>
    public ICollection<string> Addresses => _app?.Urls ?? [];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _app = Build();
        await _app.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "ivrconsent" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 500;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestLineSize = 4 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
            kestrel.Listen(where.Listen, listen =>
            {
                if (where.Tls is { } tls)
                {
                    listen.UseHttps(X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key));
                }
            });
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(log);
        var app = builder.Build();
        app.UseRouting();
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods("/notice/{line}", reading, (HttpContext context, string line) => ServeAsync(context, line, null));
        app.MapMethods("/notice/{line}/{language}", reading, (HttpContext context, string line, string language) => ServeAsync(context, line, language));
        app.MapFallback("{**path}", NotFoundAsync);
        return app;
    }

    private Task ServeAsync(HttpContext context, string name, string? tag)
    {
        var current = settings.Current;

        // By its name only: a telephone number in an address would stand in the log of every proxy.
        if (current.FindLine(name, "") is not { } line || line.Name != name || Choose(context, [.. line.SpokenLanguages()], tag) is not { } language)
        {
            return NotFoundAsync(context);
        }

        var notice = FullNotice.Of(line, language, current.Records, current.Prompts);
        if (tag is null)
        {
            context.Response.Headers.ContentLocation = $"/notice/{Uri.EscapeDataString(name)}/{language}";
        }

        context.Response.Headers.Vary = tag is null ? "Accept, Accept-Language" : "Accept";
        return WriteAsync(context, StatusCodes.Status200OK, language, () => NoticePage.Html(notice), () => NoticePage.Text(notice));
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        var language = Choose(context, [.. NoticeWords.All.Keys.Order(StringComparer.Ordinal).OrderBy(known => known != "en")], null)!;
        var words = NoticeWords.All[language];
        context.Response.Headers.Vary = "Accept, Accept-Language";
        return WriteAsync(context, StatusCodes.Status404NotFound, language, () => NoticePage.NotFoundHtml(words), () => NoticePage.NotFoundText(words));
    }

    private static async Task WriteAsync(HttpContext context, int status, string language, Func<string> html, Func<string> text)
    {
        var asText = PrefersText(context);
        var (request, response, body) = (context.Request, context.Response, Encoding.UTF8.GetBytes(asText ? text() : html()));
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(body))[..32]}\"");
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = NoticePage.SecurityPolicy;
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.ContentLanguage = language;
        response.Headers.ETag = tag.ToString();

        // It may be kept by whom it passes, and is asked for anew each time: a change of the settings holds at once.
        response.Headers.CacheControl = "public, no-cache";
        if (status == StatusCodes.Status200OK && request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false) || known == EntityTagHeaderValue.Any))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.StatusCode = status;
        response.ContentType = asText ? "text/plain; charset=utf-8" : "text/html; charset=utf-8";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>
    /// The language of an address, or, where it names none, the one that the reader likes best of those that there are, else the first.
    /// A wish for <c>de-CH</c> is met by <c>de</c>, one for <c>de</c> by <c>de-AT</c> (RFC 4647).
    /// </summary>
    private static string? Choose(HttpContext context, string[] languages, string? tag)
    {
        if (tag is not null)
        {
            return languages.FirstOrDefault(language => language.Equals(tag, StringComparison.OrdinalIgnoreCase));
        }

        var wishes = context.Request.GetTypedHeaders().AcceptLanguage
            .Where(wish => wish.Quality is not 0)
            .OrderByDescending(wish => wish.Quality ?? 1)
            .Select(wish => wish.Value.Value ?? "");
        return wishes.Select(wish => languages.FirstOrDefault(language => language.Equals(wish, StringComparison.OrdinalIgnoreCase))
                ?? languages.FirstOrDefault(language => Primary(language).Equals(Primary(wish), StringComparison.OrdinalIgnoreCase)))
            .OfType<string>().FirstOrDefault() ?? languages[0];
    }

    private static string Primary(string tag) => tag.Split('-')[0];

    /// <summary>Whether text is liked better than a page; who does not say gets the page.</summary>
    private static bool PrefersText(HttpContext context)
    {
        var accepted = context.Request.GetTypedHeaders().Accept;
        return Quality("text/plain") > Quality("text/html");

        // The most exact range counts (RFC 9110, 12.5.1); a header that cannot be read says nothing.
        double Quality(string type) => accepted
            .Where(range => new MediaTypeHeaderValue(type).IsSubsetOf(range))
            .OrderByDescending(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2)
            .Select(range => range.Quality ?? 1)
            .FirstOrDefault();
    }
}
