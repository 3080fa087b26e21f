using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Notices;

namespace IvrConsent.Storage.Prompts;

/// <summary>
/// Imports recordings into a prompt folder: converted, trimmed, equally loud, at both rates; or refused with a reason, a figure
/// and a remedy. A prompt is replaced only by a complete one, and what was replaced is kept as <c>.history/SHA256.wav</c>: the
/// ledger proves a notice by that hash, which is worth little once nobody can play it any more.
/// </summary>
/// <param name="folder">The prompt folder.</param>
/// <param name="options">The limits; default: the defaults.</param>
public sealed class PromptImporter(string folder, PromptImportOptions? options = null)
{
    private readonly PromptImportOptions _options = options ?? new PromptImportOptions();

    /// <summary>Imports one recording.</summary>
    /// <exception cref="PromptRefusedException">It was not; the prompt that was there is untouched.</exception>
    public async Task<PromptImportResult> ImportAsync(PromptImportRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        var text = CheckNames(request);
        var source = await ReadSourceAsync(request.SourceFile, cancel);
        var recording = await new RecordingConverter(_options).ConvertAsync(source, cancel);
        var file = Path.Combine(folder, request.Language, request.Name + ".wav");
        try
        {
            var replaced = await ReplaceAsync(file, recording, text, cancel);
            text ??= ReadText(TextOf(file));
            var sha = Hash(recording.Narrowband);
            var prompt = new Prompt(request.Name, request.Language, sha, Hash(recording.Wideband), recording.After.Length, text);
            return new PromptImportResult(
                prompt,
                file,
                recording.Before,
                recording.After,
                recording.TrimmedStart,
                recording.TrimmedEnd,
                replaced == sha ? null : replaced,
                [.. Warnings(request, recording, text, file)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PromptRefusedException(
                PromptRefusal.NotWritable,
                $"The prompt folder cannot be written: {e.Message}",
                $"Let this user write in {folder}, and see that the disk has room.",
                e);
        }
    }

    private static string? CheckNames(PromptImportRequest request)
    {
        if (!PromptPath.IsLanguage(request.Language))
        {
            throw new PromptRefusedException(PromptRefusal.BadName, $"'{request.Language}' is no language.", "Give a BCP 47 tag such as pl, en or pt-BR.");
        }

        if (!PromptPath.IsName(request.Name))
        {
            throw new PromptRefusedException(
                PromptRefusal.BadName,
                $"'{request.Name}' cannot be a prompt's name.",
                $"Lower-case letters, digits and hyphens; usually one of {string.Join(", ", PromptNames.All)}.");
        }

        if (request.Text is null)
        {
            return null;
        }

        return PromptText.Parse(request.Text, out var problem)
            ?? throw new PromptRefusedException(PromptRefusal.BadText, $"The words given are none: {problem}", "Give the spoken words as plain text.");
    }

    private async Task<byte[]> ReadSourceAsync(string path, CancellationToken cancel)
    {
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > _options.MaxInputBytes)
            {
                throw new PromptRefusedException(
                    PromptRefusal.TooLarge,
                    $"{path} has {info.Length / 1e6:0.0} MB, more than {_options.MaxInputBytes / 1e6:0.###}.",
                    "Export the prompt alone, not the whole session.");
            }

            // Length 0 also says "a pipe", which would never end.
            return info is { Exists: true, Length: 0 } ? [] : await File.ReadAllBytesAsync(path, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PromptRefusedException(PromptRefusal.NotReadable, $"{path} cannot be read: {e.Message}", "Check the path and who may read it.", e);
        }
    }

    /// <summary>Returns the hash of the 8 kHz file that was there, or null.</summary>
    private async Task<string?> ReplaceAsync(string file, ConvertedRecording recording, string? text, CancellationToken cancel)
    {
        RefuseLeavingFolder(Path.GetDirectoryName(file)!);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);

        // All of it is on disk before the first name changes hands, so a full disk or a cut leaves the old prompt whole.
        using var wide = await StagedFile.WriteAsync(file + "16", recording.Wideband, cancel);
        using var narrow = await StagedFile.WriteAsync(file, recording.Narrowband, cancel);
        using var words = text is null ? null : await StagedFile.WriteAsync(TextOf(file), Encoding.UTF8.GetBytes(text + "\n"), cancel);
        var replaced = await KeepHistoryAsync(file, Hash(recording.Narrowband), cancel);

        wide.Commit();
        narrow.Commit();
        words?.Commit();
        return replaced;
    }

    private async Task<string?> KeepHistoryAsync(string file, string newHash, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var history = Path.Combine(folder, PromptPath.HistoryFolder);
        var content = await File.ReadAllBytesAsync(file, cancel);
        var hash = Hash(content);
        if (hash == newHash)
        {
            return hash;
        }

        Directory.CreateDirectory(history);
        await KeepAsync(Path.Combine(history, hash + ".wav"), content, cancel);
        if (File.Exists(file + "16"))
        {
            var wide = await File.ReadAllBytesAsync(file + "16", cancel);
            await KeepAsync(Path.Combine(history, Hash(wide) + ".wav16"), wide, cancel);
        }

        if (File.Exists(TextOf(file)))
        {
            await KeepAsync(Path.Combine(history, hash + ".txt"), await File.ReadAllBytesAsync(TextOf(file), cancel), cancel);
        }

        return hash;
    }

    private static async Task KeepAsync(string path, byte[] content, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            using var staged = await StagedFile.WriteAsync(path, content, cancel);
            staged.Commit();
        }
    }

    private void RefuseLeavingFolder(string languageFolder)
    {
        if (PromptPath.Resolve(folder) is not { } root || PromptPath.Resolve(languageFolder) is not { } target || !PromptPath.IsBelow(target, root))
        {
            throw new PromptRefusedException(
                PromptRefusal.NotWritable,
                $"{languageFolder} is a link that leaves the prompt folder.",
                "Put a folder in its place: prompts are not played through such a link.");
        }
    }

    private static IEnumerable<PromptProblem> Warnings(PromptImportRequest request, ConvertedRecording recording, string? text, string file)
    {
        foreach (var (what, remedy) in recording.Warnings)
        {
            yield return PromptProblem.Warning(file, what, remedy);
        }

        if (text is null && request.Name == PromptNames.Notice)
        {
            yield return PromptProblem.Warning(TextOf(file), "the notice has no text, so nobody can read what callers are told.", "Import it with --text, or write the words there.");
        }
        else if (text is not null && request.Text is null)
        {
            yield return PromptProblem.Warning(TextOf(file), "the words beside it are those of the recording before.", "Check that they are still what is said.");
        }

        if (!PromptNames.All.Contains(request.Name))
        {
            yield return PromptProblem.Warning(file, $"'{request.Name}' is played only where a line's notice names it.", "Name it in the settings, or import it under one of the usual names.");
        }
    }

    private static string? ReadText(string file)
    {
        try
        {
            return File.Exists(file) ? PromptText.ReadFile(file) : null;
        }
        catch (PromptException)
        {
            // The catalogue reports it; here it counts as no text.
            return null;
        }
    }

    private static string TextOf(string file) => Path.ChangeExtension(file, ".txt");

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
