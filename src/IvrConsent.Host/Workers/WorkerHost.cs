using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Host.Api;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Health;
using IvrConsent.Host.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Prompts;
using Microsoft.Extensions.Logging.Console;

namespace IvrConsent.Host.Workers;

/// <summary>What the worker is made of. Services stop in the reverse of this order: calls first, the ledger last.</summary>
internal static class WorkerHost
{
    /// <summary>Builds the worker from checked settings.</summary>
    public static WebApplication Build(string settingsFile, HostSettings settings)
    {
        // Empty: no appsettings.json, no ASPNETCORE_ variables. One settings file says it all.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "ivrconsent" });
        AddLogging(builder.Logging, settings.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.Listen(settings.Http.Listen);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.FinishDialoguesWithin + TimeSpan.FromSeconds(20));

        builder.Services.AddRoutingCore();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(settings);
        builder.Services.AddStorage(CommandContext.LedgerOptions(settings));
        builder.Services.AddCallSettings(settingsFile, settings);
        foreach (var pbx in settings.Pbxes)
        {
            builder.Services.AddAsterisk(ToAsterisk(pbx));
        }

        builder.Services.AddSingleton<CallMetrics>();
        builder.Services.AddSingleton<CallHandler>();
        builder.Services.AddHostedService<CallWorker>();

        var app = builder.Build();
        app.UseRouting();
        app.MapHealth();
        app.MapPrompts();
        return app;
    }

    /// <summary>The adapter's options as the settings have them.</summary>
    public static AsteriskOptions ToAsterisk(PbxSettings pbx) => new()
    {
        Name = pbx.Name,
        Url = pbx.Url,
        Username = pbx.Username,
        Password = pbx.Password.Reveal(),
        Application = pbx.Application,
        PromptUrl = pbx.PromptsUrl,
        PromptFolder = pbx.PromptsFolder,
        PromptRate = pbx.PromptRate,
        Transport = pbx.Rest switch
        {
            RestTransport.WebSocket => AsteriskTransport.WebSocket,
            RestTransport.Http => AsteriskTransport.Http,
            _ => AsteriskTransport.Auto,
        },
        RequestTimeout = pbx.RequestTimeout,
        RecordingStartTimeout = pbx.RecordingStartTimeout,
    };

    private static void AddLogging(ILoggingBuilder logging, LoggingSettings settings)
    {
        logging.SetMinimumLevel(settings.Level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (settings.Format == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                console.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            });
        }
    }
}
