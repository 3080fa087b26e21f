using System.CommandLine;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent check-config</c>: everything that is wrong with the settings and the prompts they need, in one go.</summary>
internal static class CheckConfigCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("check-config", "Check the settings file, the environment, and every prompt that a line needs. Names file, line, column, key and remedy.") { config, json };
        command.SetAction(parsed => Run(parsed.GetValue(config)!, parsed.GetValue(json)));
        return command;
    }

    private static int Run(string config, bool json)
    {
        var result = SettingsCheck.Run(config);
        if (json)
        {
            CommandContext.WriteJson(new { file = config, valid = result.Problems.Count == 0, problems = result.Problems, warnings = result.Warnings });
        }
        else
        {
            foreach (var problem in result.Problems)
            {
                Console.Out.WriteLine($"error: {problem}");
            }

            foreach (var warning in result.Warnings)
            {
                Console.Out.WriteLine($"warning: {warning}");
            }

            Console.Out.WriteLine(result.Problems.Count == 0
                ? $"{config}: valid, {result.Warnings.Count} warnings"
                : $"{config}: {result.Problems.Count} errors, {result.Warnings.Count} warnings");
        }

        return result.Problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
