using System.Globalization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;

namespace IvrConsent.Host.Settings;

/// <summary>Whether every line has the prompts that its dialogue needs: a missing one is found at the desk, not by a caller.</summary>
public static class LinePrompts
{
    /// <summary>One problem for each line that lacks prompts or could never be accepted.</summary>
    public static IReadOnlyList<SettingsProblem> Check(HostSettings settings, IPromptCatalogue prompts)
    {
        var problems = new List<SettingsProblem>();
        foreach (var line in settings.Lines)
        {
            var path = $"lines[{line.Options.Name}]";
            foreach (var language in line.Options.SpokenLanguages())
            {
                ReportMissing(path, line.Place, language, PromptPolicy.Needed(line.Options, language), settings, prompts, problems);
            }

            ReportNeverAccepted(path, line, prompts, problems);
        }

        if (settings.UnknownLine.Action.Kind == AfterwardsKind.HangUp)
        {
            ReportMissing("unknown_line", settings.UnknownLine.Place, settings.DefaultLanguage, [PromptNames.Goodbye], settings, prompts, problems);
        }

        return problems;
    }

    private static void ReportMissing(
        string path,
        SettingsPlace place,
        string language,
        IReadOnlyList<string> needed,
        HostSettings settings,
        IPromptCatalogue prompts,
        List<SettingsProblem> problems)
    {
        var missing = needed.Where(name => prompts.Find(language, name) is null).ToArray();
        if (missing.Length > 0)
        {
            problems.Add(new(
                place,
                path,
                $"prompts are missing in the language {language}: {string.Join(", ", missing)}",
                string.Join(", ", missing.Select(name => $"{language}/{name}.wav")) + $" in {settings.PromptsFolder}",
                $"Bring your sound files in with: ivrconsent prompts import (or set the line's language to one that has its prompts)"));
        }
    }

    private static void ReportNeverAccepted(string path, LineSettings line, IPromptCatalogue prompts, List<SettingsProblem> problems)
    {
        // The shortest of the line's languages decides.
        var notice = line.Options.SpokenLanguages().Select(language => prompts.Find(language, line.Options.Notice.Prompt)).OfType<Prompt>().MinBy(prompt => prompt.Length);
        if (notice is not null && line.Options.MinimumHeard > notice.Length)
        {
            var longest = Math.Floor(notice.Length.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            problems.Add(new(
                line.MinimumHeardPlace,
                $"{path}.minimum_heard",
                $"it is longer than the notice, which plays {notice.Length.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s: the accept key would never count",
                $"at most {longest}s",
                $"Write for example: minimum_heard: {longest}s"));
        }
    }
}
