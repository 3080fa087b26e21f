using System.CommandLine;
using System.Globalization;
using IvrConsent.Core.Access;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent prompts</c>: the audio that callers hear.</summary>
internal static class PromptsCommand
{
    public static Command Create() => new("prompts", "List, check and import the prompts that callers hear.") { CreateList(), CreateCheck(), CreateImport() };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("list", "List every prompt with its language, length and SHA-256, and what is wrong in the folder.") { config, json };
        command.SetAction(parsed => WithSettings(parsed.GetValue(config)!, settings =>
        {
            var listing = new PromptCommands(settings.PromptsFolder).List();
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(listing);
            }
            else
            {
                CommandContext.WriteTable(
                    ["Language", "Prompt", "Length", "16 kHz", "SHA-256", "Placeholder"],
                    listing.Prompts.Select(entry => (IReadOnlyList<string>)
                    [
                        entry.Prompt.Language,
                        entry.Prompt.Name,
                        string.Create(CultureInfo.InvariantCulture, $"{entry.Prompt.Length.TotalSeconds:0.00} s"),
                        entry.Prompt.WidebandSha256 is null ? "no" : "yes",
                        entry.Prompt.Sha256,
                        entry.Placeholder ? "yes: replace it" : "",
                    ]));
                WriteProblems(listing.Problems);
            }

            return HasErrors(listing.Problems) ? ExitCodes.Failed : ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateCheck()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("check", "Check that every line has every prompt it plays, in its language, and that none is a placeholder.") { config, json };
        command.SetAction(parsed => WithSettings(parsed.GetValue(config)!, settings =>
        {
            var problems = new PromptCommands(settings.PromptsFolder)
                .Check(settings.Lines.Select(line => line.Options), settings.UnknownLine.Action, settings.DefaultLanguage);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(problems);
            }
            else
            {
                WriteProblems(problems);
                Console.Out.WriteLine(HasErrors(problems) ? "Prompts are missing." : "Every line has its prompts.");
            }

            return HasErrors(problems) ? ExitCodes.Failed : ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateImport()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var language = new Argument<string>("language") { Description = "Language of the prompt (BCP 47), for example pl." };
        var name = new Argument<string>("name") { Description = "Name of the prompt, for example notice." };
        var file = new Argument<string>("file") { Description = "The recording: WAV, MP3, FLAC or Ogg Vorbis of any rate." };
        var text = new Option<string?>("--text") { Description = "The spoken words; kept beside the audio." };
        var textFile = new Option<string?>("--text-file") { Description = "The same from a UTF-8 file." };
        var longest = new Option<double>("--max-seconds") { Description = "Longest prompt taken.", DefaultValueFactory = _ => 60 };
        var command = new Command("import", "Import a recording: converts it to 8 and 16 kHz, levels its loudness, trims silence; refuses what is silent, clipped, too long or no audio. The next call plays it.")
        {
            language, name, file, text, textFile, longest, config, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (CommandContext.LoadFor(parsed.GetValue(config)!, CommandContext.Only(Act.Administer), out var refused) is not { } settings)
            {
                return refused;
            }

            try
            {
                var words = parsed.GetValue(textFile) is { } path ? await File.ReadAllTextAsync(path, cancel) : parsed.GetValue(text);
                var commands = new PromptCommands(settings.PromptsFolder, new PromptImportOptions { MaxLength = TimeSpan.FromSeconds(parsed.GetValue(longest)) });
                var result = await commands.ImportAsync(new PromptImportRequest(parsed.GetValue(language)!, parsed.GetValue(name)!, parsed.GetValue(file)!, words), cancel);
                if (parsed.GetValue(json))
                {
                    CommandContext.WriteJson(result);
                    return ExitCodes.Ok;
                }

                Console.Out.WriteLine($"{result.File}: {Describe(result.After)}, SHA-256 {result.Prompt.Sha256}");
                Console.Out.WriteLine($"  from {Describe(result.Before)}; silence trimmed: {result.TrimmedStart.TotalMilliseconds:0} ms in front, {result.TrimmedEnd.TotalMilliseconds:0} ms at the end");
                WriteProblems(result.Warnings);
                return ExitCodes.Ok;
            }
            catch (PromptException exception)
            {
                await Console.Error.WriteLineAsync($"{exception.Message} {exception.Remedy}");
                return ExitCodes.Failed;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static int WithSettings(string config, Func<Settings.HostSettings, int> run) =>
        CommandContext.Load(config) is { } settings ? run(settings) : ExitCodes.Usage;

    private static string Describe(AudioFigures figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"{figures.Format} {figures.Rate} Hz, {figures.Length.TotalSeconds:0.00} s, level {figures.Level:0.0} dBFS, peak {figures.Peak:0.0} dBFS");

    private static void WriteProblems(IEnumerable<PromptProblem> problems)
    {
        foreach (var problem in problems)
        {
            Console.Out.WriteLine($"{problem.Severity.ToString().ToLowerInvariant()}: {problem}");
        }
    }

    private static bool HasErrors(IEnumerable<PromptProblem> problems) => problems.Any(problem => problem.Severity == PromptProblemSeverity.Error);
}
