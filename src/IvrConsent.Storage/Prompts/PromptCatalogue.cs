using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Notices;

namespace IvrConsent.Storage.Prompts;

/// <summary>A prompt of a <see cref="PromptCatalogue"/> with what an admin wants to know of it.</summary>
/// <param name="Prompt">The prompt itself.</param>
/// <param name="File">Its 8 kHz file.</param>
/// <param name="Placeholder">Whether a synthesiser spoke it, so that a studio's recording is still due.</param>
/// <param name="Modified">When the 8 kHz file was last changed (UTC).</param>
public sealed record PromptEntry(Prompt Prompt, string File, bool Placeholder, DateTimeOffset Modified);

/// <summary>
/// The prompts of a folder <c>LANGUAGE/NAME.wav</c>, read once: contents are held in memory, so that what the ledger proves is
/// what is served, also when a file on disk is changed meanwhile. What is wrong with one file never hides another; it is in
/// <see cref="Problems"/>.
/// </summary>
public sealed class PromptCatalogue : IPromptCatalogue
{
    private readonly FrozenDictionary<(string Language, string Name), PromptEntry> _entries;
    private readonly FrozenDictionary<string, PromptAudio> _audio;

    internal PromptCatalogue(
        string folder,
        string fingerprint,
        IEnumerable<PromptEntry> entries,
        IEnumerable<PromptAudio> audio,
        IReadOnlyList<PromptProblem> problems)
    {
        Folder = folder;
        Fingerprint = fingerprint;
        Problems = problems;
        _entries = entries.ToFrozenDictionary(e => Key(e.Prompt.Language, e.Prompt.Name));
        _audio = audio.DistinctBy(a => a.Sha256).ToFrozenDictionary(a => a.Sha256, StringComparer.Ordinal);
        Entries = [.. _entries.Values.OrderBy(e => e.Prompt.Language, StringComparer.Ordinal).ThenBy(e => e.Prompt.Name, StringComparer.Ordinal)];
    }

    /// <summary>One without prompts.</summary>
    public static PromptCatalogue Empty { get; } = new(string.Empty, string.Empty, [], [], []);

    /// <summary>The folder it was read from.</summary>
    public string Folder { get; }

    /// <summary>Path, size and time of every file that was read, hashed: equal as long as nothing was changed.</summary>
    public string Fingerprint { get; }

    /// <summary>Every playable prompt, by language and name.</summary>
    public IReadOnlyList<PromptEntry> Entries { get; }

    /// <summary>What is wrong in the folder.</summary>
    public IReadOnlyList<PromptProblem> Problems { get; }

    /// <summary>Every file that may be played.</summary>
    public IEnumerable<PromptAudio> Audio => _audio.Values;

    /// <summary>Reads a folder. Never fails for what is in it: see <see cref="Problems"/>.</summary>
    public static PromptCatalogue Load(string folder) => new PromptScan(folder).Run();

    /// <summary>The <see cref="Fingerprint"/> that the folder would have now, without reading a content.</summary>
    public static string FingerprintOf(string folder)
    {
        var lines = new StringBuilder();
        // Asked every two seconds: the way to a folder is followed once, and not once for each file in it.
        var folders = new Dictionary<string, string?>(StringComparer.Ordinal);
        try
        {
            foreach (var file in PromptScan.FilesThatMatter(folder).Order(StringComparer.Ordinal))
            {
                var real = Resolve(file) ?? file;
                var info = new FileInfo(real);
                var state = info.Exists
                    ? string.Create(CultureInfo.InvariantCulture, $"{info.Length}\0{info.LastWriteTimeUtc.Ticks}")
                    : "missing";
                lines.Append(CultureInfo.InvariantCulture, $"{file}\0{real}\0{state}\n");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be read has a fingerprint too, another one than when it could.
            lines.Append(e.GetType().Name);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));

        string? Resolve(string file)
        {
            var parent = Path.GetDirectoryName(file)!;
            if (!folders.TryGetValue(parent, out var real))
            {
                folders[parent] = real = PromptPath.Resolve(parent);
            }

            var path = real is null ? null : Path.Combine(real, Path.GetFileName(file));
            return path is null || new FileInfo(path).LinkTarget is null ? path : PromptPath.Resolve(path);
        }
    }

    /// <inheritdoc/>
    public Prompt? Find(string language, string name) => FindEntry(language, name)?.Prompt;

    /// <summary>The prompt of that language (in any case, as BCP 47 has it) and name; null when there is none.</summary>
    public PromptEntry? FindEntry(string language, string name) => _entries.GetValueOrDefault(Key(language, name));

    /// <summary>The file of that hash, if it is of this catalogue.</summary>
    public bool TryGetAudio(string sha256, [NotNullWhen(true)] out PromptAudio? audio) => _audio.TryGetValue(sha256, out audio);

    internal static (string Language, string Name) Key(string language, string name) => (language.ToUpperInvariant(), name);
}
