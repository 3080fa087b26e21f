using System.Net;
using System.Security.Cryptography.X509Certificates;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using Microsoft.AspNetCore.HttpOverrides;

namespace IvrConsent.Host.Api;

/// <summary>
/// The HTTP API as a server of its own inside the worker, so that nothing of it can be reached over the address where the PBX fetches prompts. It
/// lives between the ledger's start and its stop.
/// </summary>
internal sealed class ApiServer(IServiceProvider worker, HostSettings settings) : IHostedService, IAsyncDisposable
{
    private const int LargestBody = 64 * 1024;

    private WebApplication? _app;

    /// <summary>Where it listens, once started.</summary>
    public ICollection<string> Addresses => _app?.Urls ?? [];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _app = Build(worker, settings.Api, web => web.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestLineSize = 4 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(settings.Api.Listen, listen =>
            {
                if (settings.Api.Tls is { } tls)
                {
                    listen.UseHttps(X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key));
                }
            });
        }));
        await _app.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The API on any server, with what the worker has.</summary>
    public static WebApplication Build(IServiceProvider worker, ApiSettings settings, Action<IWebHostBuilder> server)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "ivrconsent" });
        server(builder.WebHost);
        AddServices(builder.Services, worker);
        var app = builder.Build();
        if (settings.BehindProxy)
        {
            // The proxy is the only one that reaches us: what it names last is its client.
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = 1 };
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
            app.UseForwardedHeaders(forwarded);
        }

        app.Use(Guarded);
        app.UseStatusCodePages(bare => ApiProblem.Of(bare.HttpContext.Response.StatusCode).WriteAsync(bare.HttpContext));
        app.UseRouting();
        var access = app.Services.GetRequiredService<ApiAccess>();
        app.Use(next => context => access.InvokeAsync(context, next));
        Map(app.MapGroup("/api/v1"));
        app.MapOpenApi("/api/v1/openapi.json").WithMetadata(new OpenAccess());
        return app;
    }

    private static void Map(RouteGroupBuilder routes)
    {
        var worker = ((IEndpointRouteBuilder)routes).ServiceProvider;
        routes.MapCalls();
        if (worker.GetService<ConsentDesk>() is not null)
        {
            routes.MapConsents();
            routes.MapOutbound();
            if (worker.GetService<SmsGateway>() is not null)
            {
                routes.MapSms();
            }
        }
    }

    /// <summary>What the worker has is used as it is; the API makes none of it anew.</summary>
    private static void AddServices(IServiceCollection services, IServiceProvider worker)
    {
        services.AddRouting();
        services.AddMetrics();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
        });
        services.AddOpenApi("v1", ApiDocument.Describe);
        services.AddSingleton(worker.GetRequiredService<ILoggerFactory>());
        Share<TimeProvider>();
        Share<ILedger>();
        Share<IApiKeys>();
        Share<ICallSettingsSource>();
        Share<PurposeBook>();
        services.AddSingleton<ApiAccess>();
        if (worker.GetService<ICallControl>() is { } control)
        {
            services.AddSingleton(control);
        }

        if (worker.GetService<ReclassifyDesk>() is { } reclassify)
        {
            services.AddSingleton(reclassify);
        }

        // What is about persons needs the mapping between numbers and subjects.
        if (worker.GetService<ISubjects>() is not null)
        {
            Share<ConsentDesk>();
            if (worker.GetService<SmsGateway>() is { } sms)
            {
                services.AddSingleton(sms);
            }
        }

        void Share<T>()
            where T : class => services.AddSingleton(worker.GetRequiredService<T>());
    }

    private static async Task Guarded(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted && ApiProblem.Of(exception) is { } problem)
        {
            await problem.WriteAsync(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted && exception is not OperationCanceledException)
        {
            var log = context.RequestServices.GetRequiredService<ILogger<ApiServer>>();
            ApiLog.Broken(log, context.GetEndpoint()?.DisplayName ?? "no endpoint", exception);
            await ApiProblem.Of(StatusCodes.Status500InternalServerError).WriteAsync(context);
        }
    }
}

/// <summary>What the API logs besides refusals: never a body, a number or a key.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(321, LogLevel.Error, "API: a request to {Endpoint} failed by a slip of ours")]
    public static partial void Broken(ILogger log, string endpoint, Exception exception);
}
