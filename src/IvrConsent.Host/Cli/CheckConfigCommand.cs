using System.CommandLine;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Prompts;

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
        var loaded = SettingsFile.Load(config, SettingsFile.ProcessEnvironment());
        var problems = loaded.Problems.ToList();
        var warnings = loaded.Warnings.ToList();
        if (loaded.Settings is { } settings)
        {
            var prompts = PromptCatalogue.Load(settings.PromptsFolder);
            problems.AddRange(LinePrompts.Check(settings, prompts));
            warnings.AddRange(PromptCommands.CheckLines(prompts, settings.Lines.Select(line => line.Options), settings.UnknownLine.Action, settings.DefaultLanguage)
                .Concat(prompts.Problems)
                .Where(problem => problem.Severity == PromptProblemSeverity.Warning)
                .Select(problem => new SettingsProblem(new SettingsPlace(problem.File), "", problem.What.TrimEnd('.'), null, problem.Remedy)));
        }

        if (json)
        {
            CommandContext.WriteJson(new { file = config, valid = problems.Count == 0, problems, warnings });
        }
        else
        {
            foreach (var problem in problems)
            {
                Console.Out.WriteLine($"error: {problem}");
            }

            foreach (var warning in warnings)
            {
                Console.Out.WriteLine($"warning: {warning}");
            }

            Console.Out.WriteLine(problems.Count == 0
                ? $"{config}: valid, {warnings.Count} warnings"
                : $"{config}: {problems.Count} errors, {warnings.Count} warnings");
        }

        return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
