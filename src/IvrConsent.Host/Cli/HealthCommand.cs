using System.CommandLine;
using System.Net;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent health</c>: asks the running worker how it is; for container health checks, where there is no curl.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var live = new Option<bool>("--live") { Description = "Ask only whether the worker lives (/livez), not whether it is ready for calls (/readyz)." };
        var command = new Command("health", "Ask the worker running on this machine whether it is ready for calls; exit code 0 when it is.") { config, live };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config)!, parsed.GetValue(live), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string config, bool live, CancellationToken cancel)
    {
        if (CommandContext.Load(config) is not { } settings)
        {
            return ExitCodes.Usage;
        }

        var listen = settings.Http.Listen;
        var address = listen.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listen.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : listen.Address;
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://{new IPEndPoint(address, listen.Port)}{(live ? "/livez" : "/readyz")}"), cancel);
            Console.Out.WriteLine(await answer.Content.ReadAsStringAsync(cancel));
            return answer.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.Failed;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"No worker answers at {listen}: {exception.Message}");
            return ExitCodes.Unavailable;
        }
    }
}
