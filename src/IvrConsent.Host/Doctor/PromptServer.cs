using System.Collections.Concurrent;
using System.Net;
using IvrConsent.Host.Api;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>Serves prompts as the worker would, while no worker runs, and notes what was asked for.</summary>
internal sealed class PromptServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, byte> _asked;

    private PromptServer(WebApplication app, ConcurrentDictionary<string, byte> asked)
    {
        _app = app;
        _asked = asked;
    }

    /// <summary>Serves at that address; null when it cannot.</summary>
    public static async Task<PromptServer?> StartAsync(IPEndPoint listen, PromptCatalogue prompts, CancellationToken cancel)
    {
        var store = new PromptStore();
        store.Use(prompts);
        var asked = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "ivrconsent" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listen);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(store);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            asked[context.Request.Path.Value ?? ""] = 0;
            return next(context);
        });
        app.UseRouting();
        app.MapPrompts();
        try
        {
            await app.StartAsync(cancel);
            return new PromptServer(app, asked);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidOperationException or UnauthorizedAccessException)
        {
            await app.DisposeAsync();
            return null;
        }
    }

    /// <summary>Whether a file below <c>/prompts/</c> was asked for.</summary>
    public bool WasAsked(string file) => _asked.ContainsKey("/prompts/" + file);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // A request hangs; the process ends soon.
        }

        await _app.DisposeAsync();
    }
}
