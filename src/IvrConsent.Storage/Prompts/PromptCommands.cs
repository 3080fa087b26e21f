using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;

namespace IvrConsent.Storage.Prompts;

/// <summary>What is in a prompt folder, as <c>ivrconsent prompts list</c> shows it.</summary>
/// <param name="Prompts">Every playable prompt, by language and name.</param>
/// <param name="Problems">What is wrong in the folder.</param>
public sealed record PromptListing(IReadOnlyList<PromptEntry> Prompts, IReadOnlyList<PromptProblem> Problems);

/// <summary>The prompts of the command line, without the command line: each command is a method and answers with a record.</summary>
/// <param name="folder">The prompt folder.</param>
/// <param name="options">The limits of an import; default: the defaults.</param>
public sealed class PromptCommands(string folder, PromptImportOptions? options = null)
{
    private readonly PromptImporter _importer = new(folder, options);

    /// <summary><c>prompts import</c>: brings a recording in, or refuses it.</summary>
    /// <exception cref="PromptRefusedException">It was refused; the prompt that was there is untouched.</exception>
    public Task<PromptImportResult> ImportAsync(PromptImportRequest request, CancellationToken cancel) => _importer.ImportAsync(request, cancel);

    /// <summary><c>prompts list</c>: what there is.</summary>
    public PromptListing List()
    {
        var catalogue = PromptCatalogue.Load(folder);
        return new PromptListing(catalogue.Entries, catalogue.Problems);
    }

    /// <summary><c>prompts check</c>: what is wrong in the folder, and what the lines lack; empty when all is well.</summary>
    public IReadOnlyList<PromptProblem> Check(IEnumerable<LineOptions> lines, Afterwards onUnknownLine, string defaultLanguage)
    {
        var catalogue = PromptCatalogue.Load(folder);
        return [.. catalogue.Problems, .. CheckLines(catalogue, lines, onUnknownLine, defaultLanguage)];
    }

    /// <summary>
    /// What the lines lack in a catalogue: an error where a prompt is missing that they play, a warning where it is a
    /// placeholder or its words are unknown. For use also before a changed catalogue or changed lines come into force.
    /// </summary>
    public static IReadOnlyList<PromptProblem> CheckLines(PromptCatalogue catalogue, IEnumerable<LineOptions> lines, Afterwards onUnknownLine, string defaultLanguage)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(onUnknownLine);
        var problems = new List<PromptProblem>();
        var users = new Dictionary<(string Language, string Name), List<string>>();
        foreach (var line in lines)
        {
            foreach (var language in line.SpokenLanguages())
            {
                foreach (var name in PromptPolicy.Needed(line, language))
                {
                    Add(language, name, $"line {line.Name}");
                }

                problems.AddRange(CheckNotice(catalogue, line, language));
            }
        }

        if (onUnknownLine.Kind == AfterwardsKind.HangUp)
        {
            Add(defaultLanguage, PromptNames.Goodbye, "calls on an unknown line");
        }

        foreach (var ((language, name), by) in users)
        {
            problems.AddRange(CheckPrompt(catalogue, language, name, string.Join(", ", by)));
        }

        return problems;

        void Add(string language, string name, string by)
        {
            if (!users.TryGetValue((language, name), out var list))
            {
                users[(language, name)] = list = [];
            }

            list.Add(by);
        }
    }

    private static IEnumerable<PromptProblem> CheckPrompt(PromptCatalogue catalogue, string language, string name, string by)
    {
        var file = Path.Combine(catalogue.Folder, language, name + ".wav");
        var import = $"Import a recording: ivrconsent prompts import {language} {name} FILE";
        if (catalogue.FindEntry(language, name) is not { } entry)
        {
            yield return PromptProblem.Error(file, $"there is no such prompt to play, and it is used by {by}.", import);
        }
        else if (entry.Placeholder)
        {
            yield return PromptProblem.Warning(file, $"it is a synthesised placeholder, and it is used by {by}.", import);
        }
    }

    private static IEnumerable<PromptProblem> CheckNotice(PromptCatalogue catalogue, LineOptions line, string language)
    {
        if (catalogue.FindEntry(language, line.Notice.Prompt) is not { } entry)
        {
            yield break;
        }

        if (entry.Prompt.Text is null)
        {
            yield return PromptProblem.Warning(entry.File, $"the notice of line {line.Name} has no text, so nobody can read what callers are told.", "Write its words into the .txt beside it.");
        }

        if (line.MinimumHeard > entry.Prompt.Length)
        {
            yield return PromptProblem.Error(
                entry.File,
                $"line {line.Name} wants {line.MinimumHeard.TotalSeconds:0.0} s of the notice heard, and it lasts {entry.Prompt.Length.TotalSeconds:0.0} s: nobody could ever agree.",
                "Lower the line's minimum.");
        }
    }
}
