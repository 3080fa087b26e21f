using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Notices;

namespace IvrConsent.Storage.Prompts;

/// <summary>One reading of a prompt folder into a <see cref="PromptCatalogue"/>.</summary>
internal sealed class PromptScan
{
    public const int NarrowbandRate = 8000;
    public const int WidebandRate = 16000;

    // A minute at 16 kHz has 2 MB. The limit keeps a mistaken link to something huge out of memory.
    private const int MaxFileBytes = 16 * 1024 * 1024;

    // A file below -50 dBFS throughout cannot be heard on a telephone: playing it would prove a notice that nobody heard.
    private const int InaudiblePeak = 104;

    private static readonly TimeSpan LengthTolerance = TimeSpan.FromMilliseconds(100);
    private static readonly string[] OtherAudio = [".mp3", ".ogg", ".flac", ".opus", ".m4a", ".aac", ".aiff", ".gsm", ".ulaw", ".alaw", ".sln"];

    private readonly string _folder;
    private readonly string? _root;
    private readonly List<PromptEntry> _entries = [];
    private readonly List<PromptAudio> _audio = [];
    private readonly List<PromptProblem> _problems = [];
    private HashSet<string> _placeholders = [];

    public PromptScan(string folder)
    {
        _folder = Path.GetFullPath(folder);
        _root = PromptPath.Resolve(_folder);
    }

    /// <summary>Every file whose change changes the catalogue.</summary>
    public static IEnumerable<string> FilesThatMatter(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        return Directory.EnumerateFiles(folder)
            .Concat(Directory.EnumerateDirectories(folder).Where(d => !IsHidden(d)).SelectMany(Directory.EnumerateFiles))
            .Where(f => !IsHidden(f));
    }

    public PromptCatalogue Run()
    {
        // Taken before the contents: a change while they are read is seen as a change the next time.
        var fingerprint = PromptCatalogue.FingerprintOf(_folder);
        if (!Directory.Exists(_folder))
        {
            Error(_folder, "the prompt folder does not exist.", "Create it, or correct the setting that names it.");
        }
        else
        {
            Guarded(_folder, ScanFolder);
        }

        return new PromptCatalogue(_folder, fingerprint, _entries, _audio, _problems);
    }

    private static bool IsHidden(string path) => Path.GetFileName(path).StartsWith('.');

    private void ScanFolder()
    {
        _placeholders = ReadPlaceholders();
        foreach (var file in Directory.EnumerateFiles(_folder).Where(f => f.EndsWith(".wav", StringComparison.OrdinalIgnoreCase)))
        {
            Warn(file, "it lies beside the languages and is never played.", "Move it into the folder of its language.");
        }

        var seen = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in Directory.EnumerateDirectories(_folder).Where(d => !IsHidden(d)).Order(StringComparer.Ordinal))
        {
            var language = Path.GetFileName(folder);
            if (!PromptPath.IsLanguage(language))
            {
                if (Directory.EnumerateFiles(folder, "*.wav").Any())
                {
                    Warn(folder, "the folder's name is no language.", "Name it by a BCP 47 tag such as pl, en or pt-BR.");
                }
            }
            else if (!seen.TryAdd(language, folder))
            {
                Error(folder, $"it is the same language as {seen[language]}.", "Keep one of the two.");
            }
            else if (StaysInside(folder))
            {
                Guarded(folder, () => ScanLanguage(folder, language));
            }
        }
    }

    private void ScanLanguage(string folder, string language)
    {
        var files = Directory.EnumerateFiles(folder).Where(f => !IsHidden(f)).Order(StringComparer.Ordinal).ToList();
        var present = files.ToHashSet(StringComparer.Ordinal);
        foreach (var file in files)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var extension = Path.GetExtension(file);
            var narrow = Path.Combine(folder, name + ".wav");
            if (extension is ".wav")
            {
                Guarded(file, () => ScanPrompt(folder, language, name, present));
            }
            else if (extension is ".wav16" && !present.Contains(narrow))
            {
                Error(file, $"{name}.wav, its 8 kHz file, is missing: most calls need that one.", Import(language, name));
            }
            else if (extension is ".txt" && PromptNames.All.Contains(name) && !present.Contains(narrow))
            {
                Warn(file, "there is a text and no recording.", Import(language, name));
            }
            else if (extension is not (".wav16" or ".txt") && extension.ToUpperInvariant() is ".WAV" or ".WAV16")
            {
                Error(file, "its ending is not in lower case, so a PBX does not find it.", $"Rename it to {name}{extension.ToLowerInvariant()}.");
            }
            else if (OtherAudio.Contains(extension, StringComparer.OrdinalIgnoreCase))
            {
                Warn(file, "this format is not played.", Import(language, name));
            }
        }
    }

    private void ScanPrompt(string folder, string language, string name, HashSet<string> present)
    {
        var file = Path.Combine(folder, name + ".wav");
        if (!PromptPath.IsName(name))
        {
            Error(file, "a prompt's name has lower-case letters, digits and hyphens only, at most 64.", "Rename it.");
            return;
        }

        if (ReadAudio(file, language, name, NarrowbandRate) is not { } narrow)
        {
            return;
        }

        var wide = default((PromptAudio Audio, TimeSpan Length)?);
        var wideFile = file + "16";
        if (present.Contains(wideFile))
        {
            wide = ReadAudio(wideFile, language, name, WidebandRate);
            if (wide is { } w && (w.Length - narrow.Length).Duration() > LengthTolerance)
            {
                // Of two lengths one is another recording: callers would be told different words by their codec.
                Warn(wideFile, $"it plays {w.Length.TotalSeconds:0.00} s, {name}.wav {narrow.Length.TotalSeconds:0.00} s: they are not the same recording, and only {name}.wav is played.", Import(language, name));
                wide = null;
            }
        }

        _audio.Add(narrow.Audio);
        if (wide is { } accepted)
        {
            _audio.Add(accepted.Audio);
        }

        var prompt = new Prompt(name, language, narrow.Audio.Sha256, wide?.Audio.Sha256, narrow.Length, ReadText(Path.Combine(folder, name + ".txt"), present));
        _entries.Add(new PromptEntry(prompt, file, _placeholders.Contains(prompt.Sha256), File.GetLastWriteTimeUtc(file)));
    }

    private (PromptAudio Audio, TimeSpan Length)? ReadAudio(string file, string language, string name, int rate)
    {
        if (ReadContent(file, MaxFileBytes) is not { } content)
        {
            return null;
        }

        var wav = WavFile.Read(content, out var problem);
        if (wav is not null)
        {
            problem = WhyNotPlayable(wav, content, rate);
        }

        if (wav is null || problem.Length > 0)
        {
            Error(file, problem, Import(language, name));
            return null;
        }

        var sha = Convert.ToHexStringLower(SHA256.HashData(content));
        return (new PromptAudio(sha, rate == WidebandRate, content), wav.Length);
    }

    private static string WhyNotPlayable(WavFile wav, ReadOnlySpan<byte> content, int rate)
    {
        if (wav is not { Tag: WavFile.Pcm, Bits: 16, Channels: 1, BlockAlign: 2 } || wav.Rate != rate)
        {
            return $"it must be PCM, 16 bit, mono, {rate} Hz, and is format {wav.Tag}, {wav.Bits} bit, {wav.Channels} channel(s), {wav.Rate} Hz.";
        }

        if (wav.AsteriskObstacle is { } obstacle)
        {
            return $"Asterisk does not read this header: {obstacle}.";
        }

        if (wav.PromisedLength != wav.DataLength || wav.DataLength % 2 != 0)
        {
            return $"it is cut off or its header lies: it promises {wav.PromisedLength} bytes of sound and has {wav.DataLength}.";
        }

        return wav.DataLength == 0 ? "it holds no samples."
            : IsSilent(content.Slice(wav.DataOffset, wav.DataLength)) ? "it is silent: no sample is above -50 dBFS."
            : string.Empty;
    }

    private static bool IsSilent(ReadOnlySpan<byte> samples)
    {
        for (var i = 0; i < samples.Length; i += 2)
        {
            if (Math.Abs((int)BinaryPrimitives.ReadInt16LittleEndian(samples[i..])) >= InaudiblePeak)
            {
                return false;
            }
        }

        return true;
    }

    private string? ReadText(string file, HashSet<string> present)
    {
        if (!present.Contains(file) || ReadContent(file, PromptText.MaxBytes) is not { } content)
        {
            return null;
        }

        var text = PromptText.Parse(content, out var problem);
        if (text is null)
        {
            Warn(file, problem, "Save the spoken words as plain text in UTF-8.");
        }

        return text;
    }

    private byte[]? ReadContent(string file, int limit)
    {
        if (!StaysInside(file))
        {
            return null;
        }

        var real = PromptPath.Resolve(file)!;
        var info = new FileInfo(real);

        // Asked before the file is opened: reading a named pipe would wait for ever, and its length is 0.
        if (!info.Exists || info.Length == 0 || info.Length > limit)
        {
            Error(file, !info.Exists ? "it is no file, or a link to nothing." : info.Length == 0 ? "it is empty or no plain file." : $"it has {info.Length} bytes, more than the {limit} allowed.", "Replace or remove it.");
            return null;
        }

        return File.ReadAllBytes(real);
    }

    private HashSet<string> ReadPlaceholders()
    {
        var file = Path.Combine(_folder, PromptPath.PlaceholderList);
        if (!File.Exists(file) || ReadContent(file, MaxFileBytes) is not { } content)
        {
            return [];
        }

        return [.. Encoding.UTF8.GetString(content).Split('\n').Where(l => l.Length > 64).Select(l => l[..64])];
    }

    private bool StaysInside(string path)
    {
        if (_root is not null && PromptPath.Resolve(path) is { } real && PromptPath.IsBelow(real, _root))
        {
            return true;
        }

        Error(path, "it is a link that leaves the prompt folder.", "Put a copy in its place.");
        return false;
    }

    // What the disk refuses is one file's problem and not the end of the others.
    private void Guarded(string path, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error(path, $"it cannot be read: {e.Message}", "Let the user that runs the worker read it.");
        }
    }

    private static string Import(string language, string name) => $"Import a recording: ivrconsent prompts import {language} {name} FILE";

    private void Error(string file, string what, string remedy) => _problems.Add(PromptProblem.Error(file, what, remedy));

    private void Warn(string file, string what, string remedy) => _problems.Add(PromptProblem.Warning(file, what, remedy));
}
