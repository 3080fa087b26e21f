using System.ComponentModel;
using System.Diagnostics;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Doctor;

/// <summary>What can be looked at on the worker's own machine: settings, user, prompts, SoX.</summary>
internal static class HostChecks
{
    /// <summary>Every problem and warning, or that there is none. Among the warnings: files with secrets that everybody can read.</summary>
    public static IEnumerable<Finding> Settings(string file, SettingsResult loaded)
    {
        foreach (var problem in loaded.Problems)
        {
            yield return Finding.Failed(Checks.Settings, Text(problem), problem.Remedy);
        }

        foreach (var warning in loaded.Warnings)
        {
            yield return Finding.Warning(Checks.Settings, Text(warning), warning.Remedy);
        }

        if (loaded is { Settings: { } settings, Warnings.Count: 0 })
        {
            yield return Finding.Ok(Checks.Settings, $"{file}: {settings.Pbxes.Count} PBX, {settings.Lines.Count} lines; secrets are readable by their owner or group only");
        }
    }

    /// <summary>Rights are those of whoever runs this, not of the worker.</summary>
    public static Finding User(string user, bool container) => user == "root" && !container
        ? Finding.Warning(Checks.User, "run as root, who may write everywhere: what follows on files says little of the worker", "Run it as the worker's user: sudo -u ivrconsent ivrconsent doctor")
        : Finding.Ok(Checks.User, $"run as {user}: is that the worker's user?");

    /// <summary>Prompts that lines need and the folder lacks, and placeholders.</summary>
    public static IEnumerable<Finding> Prompts(HostSettings settings, PromptCatalogue catalogue)
    {
        var errors = LinePrompts.Check(settings, catalogue);
        foreach (var error in errors)
        {
            yield return Finding.Failed(Checks.Prompts, Text(error), error.Remedy);
        }

        var warnings = PromptCommands.CheckLines(catalogue, settings.Lines.Select(line => line.Options), settings.UnknownLine.Action, settings.DefaultLanguage)
            .Concat(catalogue.Problems)
            .Where(problem => problem.Severity == PromptProblemSeverity.Warning || catalogue.Problems.Contains(problem))
            .ToArray();
        if (warnings.Length > 0)
        {
            yield return Finding.Warning(
                Checks.Prompts,
                $"{warnings[0].File}: {warnings[0].What.TrimEnd('.')}{(warnings.Length > 1 ? $"; and {warnings.Length - 1} more" : "")}",
                $"{warnings[0].Remedy}{(warnings.Length > 1 ? "; all of them: ivrconsent prompts check" : "")}");
        }
        else if (errors.Count == 0)
        {
            yield return Finding.Ok(Checks.Prompts, $"{settings.PromptsFolder} has every prompt of every line");
        }
    }

    /// <summary>Each prompt that some line may play, once.</summary>
    public static IReadOnlyList<NeededPrompt> Needed(HostSettings settings, PromptCatalogue catalogue) =>
    [
        .. settings.Lines.SelectMany(line => line.Options.SpokenLanguages().SelectMany(language => Core.Consent.PromptPolicy.Needed(line.Options, language).Select(name => catalogue.Find(language, name))))
            .Append(settings.UnknownLine.Action.Kind == Core.Calls.AfterwardsKind.HangUp ? catalogue.Find(settings.DefaultLanguage, Core.Notices.PromptNames.Goodbye) : null)
            .OfType<Core.Notices.Prompt>()
            .Select(prompt => new NeededPrompt($"{prompt.Language}/{prompt.Name}", prompt))
            .DistinctBy(prompt => prompt.Name),
    ];

    /// <summary>SoX is needed to import prompts, not for calls.</summary>
    public static async Task<Finding> SoxAsync(string program, CancellationToken cancel)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true, RedirectStandardError = true } };
        try
        {
            process.Start();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(5));
            var version = (await process.StandardOutput.ReadToEndAsync(limit.Token)).Trim();
            await process.WaitForExitAsync(limit.Token);
            return Finding.Ok(Checks.Sox, version.Length > 0 ? version : "SoX is there");
        }
        catch (Exception e) when (e is Win32Exception or OperationCanceledException)
        {
            return Finding.Warning(Checks.Sox, "SoX does not run: prompts cannot be imported (calls do not need it)", "apt-get install sox libsox-fmt-mp3");
        }
    }

    private static string Text(SettingsProblem problem) =>
        $"{problem.Place}: {(problem.Key.Length > 0 ? problem.Key + ": " : "")}{problem.What}{(problem.Expected is null ? "" : $" (expected: {problem.Expected})")}";
}
