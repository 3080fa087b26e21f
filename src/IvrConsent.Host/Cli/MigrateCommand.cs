using System.CommandLine;
using IvrConsent.Storage.Database;

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

    private static Task<int> RunAsync(string config, bool json, CancellationToken cancel) => CommandContext.WithSettingsAsync(config, async settings =>
    {
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
        catch (LedgerMigrationException exception)
        {
            // The command's own work, which did not come about; elsewhere it is what stands in the way.
            await Console.Error.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
    });
}
