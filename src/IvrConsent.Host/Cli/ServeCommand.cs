using System.CommandLine;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Workers;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent serve</c>: the worker.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var command = new Command("serve", "Run the worker: attach to the PBXs and take calls until stopped (SIGTERM or Ctrl+C).") { config };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config)!, cancel));
        return command;
    }

    private static async Task<int> RunAsync(string config, CancellationToken cancel)
    {
        var result = SettingsFile.Load(config, SettingsFile.ProcessEnvironment());
        foreach (var problem in result.Problems.Concat(result.Warnings))
        {
            await Console.Error.WriteLineAsync(problem.ToString().AsMemory(), cancel);
        }

        if (result.Settings is null)
        {
            return ExitCodes.Usage;
        }

        await using var worker = WorkerHost.Build(config, result.Settings);
        try
        {
            await worker.RunAsync(cancel);
            return ExitCodes.Ok;
        }
        catch (WorkerStartException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message.AsMemory(), CancellationToken.None);
            return ExitCodes.Unavailable;
        }
    }
}
