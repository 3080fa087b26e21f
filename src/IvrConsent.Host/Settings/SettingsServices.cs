using IvrConsent.Core.Calls;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Settings;

/// <summary>Puts the settings and prompts into the host, watched for changes.</summary>
internal static class SettingsServices
{
    /// <summary>Adds what <see cref="PromptFiles"/> and <paramref name="store"/> give: lines and prompts in force, and the watcher.</summary>
    public static IServiceCollection AddCallSettings(this IServiceCollection services, string file, SettingsStore store, PromptFiles prompts)
    {
        services.AddSingleton(store);
        services.AddSingleton<ICallSettingsSource>(store);
        services.AddSingleton(prompts.Store);
        services.AddSingleton(prompts.Source);
        services.AddSingleton(new SettingsWatch(file, SettingsFile.ProcessEnvironment()));
        services.AddHostedService<SettingsWatcher>();
        services.AddSingleton(prompts);
        services.AddHostedService<PromptRefreshWorker>();
        return services;
    }
}

/// <summary>
/// The prompt folder as the worker uses it: read into snapshots, served by hash, and laid into the folders that PBXs read. All of
/// this comes before a snapshot is handed out, so no call can name a file that nobody serves.
/// </summary>
internal sealed class PromptFiles
{
    private readonly IReadOnlyList<PromptPublisher> _publishers;

    /// <param name="folder">The prompt folder.</param>
    /// <param name="publishTo">Folders shared with PBXs that do not fetch prompts over HTTP.</param>
    /// <param name="time">The clock.</param>
    public PromptFiles(string folder, IEnumerable<string> publishTo, TimeProvider time)
    {
        _publishers = [.. publishTo.Distinct(StringComparer.Ordinal).Select(shared => new PromptPublisher(shared, time))];
        Source = new PromptSource(
            async cancel =>
            {
                var catalogue = PromptCatalogue.Load(folder);
                Store.Use(catalogue);
                foreach (var publisher in _publishers)
                {
                    await publisher.PublishAsync(catalogue, cancel);
                }

                return catalogue;
            },
            _ => ValueTask.FromResult(PromptCatalogue.FingerprintOf(folder)));
    }

    /// <summary>As the settings say it.</summary>
    public static PromptFiles For(HostSettings settings, TimeProvider time) =>
        new(settings.PromptsFolder, settings.Pbxes.Select(pbx => pbx.PromptsFolder).OfType<string>(), time);

    /// <summary>Contents by their hash, replaced ones included.</summary>
    public PromptStore Store { get; } = new();

    /// <summary>What the settings' watcher reads.</summary>
    public PromptSource Source { get; }
}

/// <summary>Once a day tells the shared folders that their prompts are still in use; what nobody used for a week is deleted there.</summary>
internal sealed partial class PromptRefreshWorker(PromptFiles prompts, TimeProvider time, ILogger<PromptRefreshWorker> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromDays(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await prompts.Source.Load(stoppingToken);
            }
            catch (PromptException exception)
            {
                Failed(log, exception.Message, exception.Remedy);
            }
        }
    }

    [LoggerMessage(310, LogLevel.Error, "Prompts could not be laid into the shared folder: {Reason} {Remedy}")]
    private static partial void Failed(ILogger log, string reason, string remedy);
}
