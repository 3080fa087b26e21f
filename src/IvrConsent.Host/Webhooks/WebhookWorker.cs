using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Webhooks;

/// <summary>
/// Serves all webhooks, each at its own pace. Of several workers on one database one has each webhook; when it ends, another takes it
/// over within seconds.
/// </summary>
internal sealed partial class WebhookWorker(IWebhookStore store, HostSettings settings, TimeProvider time, ILogger<WebhookWorker> log) : BackgroundService
{
    /// <summary>How often a webhook that another process has, or that the database keeps from us, is asked for.</summary>
    private static readonly TimeSpan Ask = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(settings.Webhooks.Select(hook => Task.Run(() => ServeAsync(hook, stoppingToken), stoppingToken)));

    private async Task ServeAsync(WebhookSettings hook, CancellationToken cancel)
    {
        using var client = new WebhookClient(hook, time);
        var deliverer = new WebhookDeliverer(hook.Options, client.SendAsync, time, log);
        var away = false;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await using var session = await store.TryTakeAsync(hook.Options.Name, cancel);
                if (session is not null)
                {
                    Taken(log, hook.Options.Name, session.Position);
                    away = false;
                    while (true)
                    {
                        await Task.Delay(await deliverer.RoundAsync(session, cancel), time, cancel);
                    }
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (LedgerUnavailableException error)
            {
                if (!away)
                {
                    Away(log, hook.Options.Name, error.Message);
                }

                away = true;
            }
            catch (Exception error)
            {
                Unforeseen(log, hook.Options.Name, error);
            }

            await Task.Delay(Ask, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(342, LogLevel.Information, "Webhook {Hook} is served here, from position {Position} on")]
    private static partial void Taken(ILogger log, string hook, long position);

    [LoggerMessage(343, LogLevel.Warning, "Webhook {Hook} waits for the database: {Reason}")]
    private static partial void Away(ILogger log, string hook, string reason);

    [LoggerMessage(344, LogLevel.Error, "Webhook {Hook}: unforeseen")]
    private static partial void Unforeseen(ILogger log, string hook, Exception error);
}
