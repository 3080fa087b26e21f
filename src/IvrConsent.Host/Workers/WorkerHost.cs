using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Retention;
using IvrConsent.Host.Api;
using IvrConsent.Host.Cli;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Health;
using IvrConsent.Host.Logging;
using IvrConsent.Host.PublicPages;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Webhooks;
using IvrConsent.Storage;
using Microsoft.Extensions.Logging.Console;

namespace IvrConsent.Host.Workers;

/// <summary>What the worker is made of. Services stop in the reverse of this order: calls first, the ledger last.</summary>
internal static class WorkerHost
{
    /// <summary>Builds the worker from checked settings.</summary>
    public static WebApplication Build(string settingsFile, SettingsStore store, PromptFiles prompts)
    {
        var settings = store.Settings;

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
        builder.Services.AddCallSettings(settingsFile, store, prompts);
        builder.Services.AddApi(settings.Api, settings.Sms);
        if (settings.Public is { } page)
        {
            builder.Services.AddHostedService(provider => new NoticeServer(provider.GetRequiredService<ICallSettingsSource>(), provider.GetRequiredService<ILoggerFactory>(), page));
        }

        foreach (var pbx in settings.Pbxes)
        {
            builder.Services.AddAsterisk(ToAsterisk(pbx));
        }

        builder.Services.AddHostedService<TermsWorker>();
        if (settings.Sms is not null)
        {
            builder.Services.AddHostedService<ReceiptWorker>();
        }

        if (settings.Webhooks.Count > 0)
        {
            builder.Services.AddHostedService<WebhookWorker>();
        }

        builder.Services.AddSingleton<CallMetrics>();
        builder.Services.AddSingleton<CallHandler>();
        builder.Services.AddSingleton<ICallControl>(provider => provider.GetRequiredService<CallHandler>());
        builder.Services.AddRightsDesks((provider, name) => provider.GetRequiredService<ICallSettingsSource>().Current.FindLine(name, name), new LedgerRetentionOptions(settings.Database.LedgerKeptFor))
            .AddSingleton<IRecordingRemains, PbxRemains>();
        builder.Services.AddHostedService<RetentionWorker>().AddHostedService<ErasureWorker>();
        builder.Services.AddVaultWorker(settings);
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
        Url = new Uri(pbx.Url.AbsoluteUri.TrimEnd('/') + "/ari"),
        Username = pbx.Username,
        Password = pbx.Password.Reveal(),
        Application = pbx.Application,
        PromptUrl = pbx.PromptsUrl,
        PromptFolder = pbx.PromptsFolder,
        RecordingFolder = pbx.RecordingsFolder,
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
        // A start that fails is told once, in plain words, by the command itself.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
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
            logging.AddConsole(console => console.FormatterName = LineFormatter.FormatName);
            logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        }
    }
}
