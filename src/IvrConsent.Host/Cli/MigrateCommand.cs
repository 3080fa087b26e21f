using System.CommandLine;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent migrate</c>: makes the ledger's tables or brings them up to this program.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("migrate", "Apply missing database migrations. `serve` does it at its start as well; several at once are safe.") { config, json };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config)!, parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string config, bool json, CancellationToken cancel)
    {
        if (CommandContext.Load(config) is not { } settings)
        {
            return ExitCodes.Usage;
        }

        try
        {
            await using var migrator = new LedgerMigrator(CommandContext.LedgerOptions(settings));
            var applied = await migrator.MigrateAsync(cancel);
            if (json)
            {
                CommandContext.WriteJson(new { applied });
            }
            else
            {
                Console.Out.WriteLine(applied.Count == 0 ? "The database is up to date." : $"Applied: {string.Join(", ", applied)}");
            }

            return ExitCodes.Ok;
        }
        catch (KeyFolderException exception)
        {
            // Numbers of before there were keys are encrypted on the way.
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Usage;
        }
        catch (LedgerMigrationException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
        catch (LedgerUnavailableException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Unavailable;
        }
    }
}
