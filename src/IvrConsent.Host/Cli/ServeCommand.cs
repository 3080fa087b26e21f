using System.CommandLine;
using Microsoft.AspNetCore.Connections;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Workers;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent serve</c>: the worker.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var command = new Command(Name, "Run the worker: attach to the PBXs and take calls until stopped (SIGTERM or Ctrl+C).") { config };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config)!, cancel));
        return command;
    }

    private static async Task<int> RunAsync(string config, CancellationToken cancel)
    {
        var loaded = SettingsFile.Load(config, SettingsFile.ProcessEnvironment());
        var prompts = loaded.Settings is null ? null : PromptFiles.For(loaded.Settings, TimeProvider.System);
        SettingsStart start;
        try
        {
            start = prompts is null
                ? new SettingsStart(null, loaded.Problems, loaded.Warnings)
                : await SettingsStore.StartAsync(loaded, prompts.Source, TimeProvider.System, cancel);
        }
        catch (PromptException exception)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} {exception.Remedy}");
            return ExitCodes.Unavailable;
        }

        foreach (var problem in start.Problems.Concat(start.Warnings))
        {
            await Console.Error.WriteLineAsync(problem.ToString());
        }

        if (start.Store is null || prompts is null)
        {
            return ExitCodes.Usage;
        }

        try
        {
            var settings = start.Store.Settings;
            foreach (var key in KeyFiles.NeededToRecord(CommandContext.KeyCommands(settings)))
            {
                new KeyFolder(settings.KeysFolder).Describe(key);
            }
        }
        catch (KeyFolderException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Usage;
        }

        await using var worker = WorkerHost.Build(config, start.Store, prompts);
        try
        {
            await worker.RunAsync(cancel);
            return ExitCodes.Ok;
        }
        catch (KeyFolderException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Usage;
        }
        catch (Exception exception) when (exception is LedgerUnavailableException or LedgerMigrationException or SpoolFolderException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Unavailable;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{exception.Message} Change http.listen or api.listen in {config}, or stop what uses it.");
            return ExitCodes.Unavailable;
        }
    }
}
