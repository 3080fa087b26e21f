using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IvrConsent.Storage.Prompts;

/// <summary>A recording in the two forms that a PBX plays.</summary>
internal sealed record ConvertedRecording(
    byte[] Narrowband,
    byte[] Wideband,
    AudioFigures Before,
    AudioFigures After,
    TimeSpan TrimmedStart,
    TimeSpan TrimmedEnd,
    IReadOnlyList<(string What, string Remedy)> Warnings);

/// <summary>
/// Turns what a studio delivers into what a PBX plays, or says with a figure why it would sound bad. SoX decodes and resamples;
/// measuring, trimming and levelling are ours, so that both rates are cut at the same place and brought to the same level.
/// </summary>
internal sealed partial class RecordingConverter(PromptImportOptions options)
{
    private const string Decoded = "decoded.raw";

    // SoX filters with this much room, so that a recording at full scale is not clipped on the way; taken back afterwards.
    private const double Headroom = 6;

    private const int LevelPasses = 3;

    // What is decoded beyond the longest prompt: room for silence that is trimmed, and a bound on what a small file can swell to.
    private static readonly TimeSpan Beyond = TimeSpan.FromSeconds(15);

    public async Task<ConvertedRecording> ConvertAsync(ReadOnlyMemory<byte> source, CancellationToken cancel)
    {
        var format = SourceFormat.Detect(source.Span, out var problem)
            ?? throw Refused(PromptRefusal.NotAudio, $"This is no recording that can be imported: {problem}", "Export it as WAV, MP3, FLAC or Ogg Vorbis.");
        RefuseTruncated(source.Span, format);

        var scratch = Directory.CreateTempSubdirectory("ivrconsent-prompt-").FullName;
        try
        {
            var input = "source." + format;
            await File.WriteAllBytesAsync(Path.Combine(scratch, input), source, cancel);
            var sox = new SoxProcess(options.Sox, scratch, options.TimeLimit);
            var header = ReadHeader(await sox.RunAsync(cancel, "--info", input));
            RefuseUnsupported(header);

            var longest = options.MaxLength + Beyond;
            await sox.RunAsync(cancel, "-D", input, "-t", "raw", "-e", "signed-integer", "-b", "32", "-L", Decoded, "trim", "0", Seconds(longest));
            var decoded = DecodedSource.FromInt32(await File.ReadAllBytesAsync(Path.Combine(scratch, Decoded), cancel), header.Channels, header.Rate);
            RefuseIncomplete(decoded, header, format, longest);
            var narrow = await ResampleAsync(sox, scratch, decoded, PromptScan.NarrowbandRate, cancel);
            var wide = await ResampleAsync(sox, scratch, decoded, PromptScan.WidebandRate, cancel);
            return Treat(decoded, narrow, wide, header, format);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private ConvertedRecording Treat(DecodedSource decoded, float[] narrow, float[] wide, SourceHeader header, string format)
    {
        var level = SpeechAudio.ActiveLevel(narrow, PromptScan.NarrowbandRate);
        var before = new AudioFigures(format, header.Rate, header.Channels, decoded.Length, level, decoded.Peak, decoded.ClippedShare(header.Coarse));
        RefuseBadSound(decoded, before);

        // One cut for both rates, found where there is more to hear, in units that both can be cut at.
        var (start, end) = SpeechAudio.FindSound(wide, PromptScan.WidebandRate, level, options.KeepSilence);
        start /= 2;
        end = Math.Min(end / 2, narrow.Length);
        RefuseBadLength(TimeSpan.FromSeconds((double)(end - start) / PromptScan.NarrowbandRate), decoded.Length);

        var (narrowFile, after) = Finish(narrow.AsSpan(start, end - start), PromptScan.NarrowbandRate, level);
        var wideLevel = SpeechAudio.ActiveLevel(wide, PromptScan.WidebandRate);
        var (wideFile, _) = Finish(wide.AsSpan(2 * start, Math.Min(2 * end, wide.Length) - (2 * start)), PromptScan.WidebandRate, wideLevel);
        return new ConvertedRecording(
            narrowFile,
            wideFile,
            before,
            after,
            TimeSpan.FromSeconds((double)start / PromptScan.NarrowbandRate),
            TimeSpan.FromSeconds((double)(narrow.Length - end) / PromptScan.NarrowbandRate),
            [.. Warnings(before, after)]);
    }

    private (byte[] File, AudioFigures Figures) Finish(ReadOnlySpan<float> sound, int rate, double level)
    {
        var samples = new float[sound.Length];
        var gain = options.TargetLevel - level;
        var made = double.NegativeInfinity;
        for (var pass = 0; pass < LevelPasses && Math.Abs(made - options.TargetLevel) > 0.3; pass++)
        {
            // Limiting takes some of the level away; it is given back, within reason, from the untouched sound.
            gain += pass == 0 ? 0 : Math.Clamp(options.TargetLevel - made, -1, 3);
            var factor = (float)SpeechAudio.ToAmplitude(gain);
            for (var i = 0; i < samples.Length; i++)
            {
                samples[i] = sound[i] * factor;
            }

            SpeechAudio.Limit(samples, rate, options.PeakLimit);
            made = SpeechAudio.ActiveLevel(samples, rate);
        }

        SpeechAudio.FadeEnds(samples, rate);
        var length = TimeSpan.FromSeconds((double)samples.Length / rate);
        return (WavFile.Write(SpeechAudio.ToInt16(samples), rate), new AudioFigures("wav", rate, 1, length, made, SpeechAudio.Peak(samples), 0));
    }

    private IEnumerable<(string What, string Remedy)> Warnings(AudioFigures before, AudioFigures after)
    {
        if (before.ClippedShare > options.MaxClippedShare / 10)
        {
            yield return ($"{Percent(before.ClippedShare)} of the samples are clipped; {Percent(options.MaxClippedShare)} would be too much.", "Listen to it on a telephone.");
        }

        if (options.TargetLevel - before.Level > 20)
        {
            yield return ($"it was recorded very quietly, at {before.Level:0.0} dBFS: what hiss there is became louder with it.", "Record it nearer to the microphone.");
        }

        if (before.Rate < PromptScan.WidebandRate)
        {
            yield return ($"its {before.Rate} Hz have nothing to give to wideband calls.", "Ask the studio for 44.1 or 48 kHz.");
        }

        if (Math.Abs(after.Level - options.TargetLevel) > 1)
        {
            yield return ($"it came out at {after.Level:0.0} dBFS instead of {options.TargetLevel:0.0}, because its peaks are far above its level.", "Have the studio compress it.");
        }
    }

    private void RefuseBadSound(DecodedSource decoded, AudioFigures before)
    {
        var silentBelow = options.SilentBelow;
        var loudest = decoded.LoudestChannel;
        if (loudest >= silentBelow && decoded.MixLevel < loudest - 20)
        {
            throw Refused(
                PromptRefusal.ChannelsCancel,
                $"The two channels cancel each other: one is at {loudest:0.0} dBFS, both mixed at {Level(decoded.MixLevel)}.",
                "One of them is inverted. Export one channel only, as mono.");
        }

        if (before.Level < silentBelow)
        {
            throw Refused(
                PromptRefusal.Silent,
                $"It is silent on a telephone: its level between 80 and 4000 Hz is {Level(before.Level)}, and sound begins at {silentBelow:0} dBFS.",
                "Export the right track, and look for a muted one.");
        }

        if (before.ClippedShare > options.MaxClippedShare)
        {
            throw Refused(
                PromptRefusal.Clipped,
                $"It is clipped: {Percent(before.ClippedShare)} of its samples lie on cut-off tops, {Percent(options.MaxClippedShare)} are allowed (peak {before.Peak:0.0} dBFS).",
                "Record it again with less gain. Turning it down afterwards does not bring back what was cut off.");
        }
    }

    private void RefuseBadLength(TimeSpan sound, TimeSpan decoded)
    {
        if (sound < options.MinLength)
        {
            throw Refused(PromptRefusal.TooShort, $"It has {sound.TotalSeconds:0.00} s of sound; a prompt has at least {options.MinLength.TotalSeconds:0.0##} s.", "Export the whole recording.");
        }

        if (sound > options.MaxLength)
        {
            var orMore = decoded >= options.MaxLength + Beyond - TimeSpan.FromMilliseconds(1) ? " or more" : string.Empty;
            throw Refused(PromptRefusal.TooLong, $"It has {sound.TotalSeconds:0.0} s of sound{orMore}; a prompt has at most {options.MaxLength.TotalSeconds:0.#} s.", "Shorten the text, or cut the recording.");
        }
    }

    private static void RefuseTruncated(ReadOnlySpan<byte> source, string format)
    {
        // SoX decodes what is there and says nothing: the prompt would break off in the middle of a word.
        if (format == "wav" && WavFile.Read(source, out _) is { Truncated: true } wav)
        {
            throw Refused(
                PromptRefusal.Damaged,
                $"It is cut off: its header promises {wav.PromisedLength} bytes of sound, {wav.DataLength} are there.",
                "Copy or download it again.");
        }
    }

    private static void RefuseIncomplete(DecodedSource decoded, SourceHeader header, string format, TimeSpan longest)
    {
        // FLAC says how long it is, and SoX decodes what it finds of it without complaint. MP3 and Ogg do not say.
        var promised = header.Length < longest ? header.Length : longest;
        if (format == "flac" && decoded.Length < promised - TimeSpan.FromMilliseconds(10))
        {
            throw Refused(
                PromptRefusal.Damaged,
                $"It is cut off or damaged: its header promises {header.Length.TotalSeconds:0.00} s, and {decoded.Length.TotalSeconds:0.00} s can be decoded.",
                "Copy or download it again.");
        }
    }

    private static void RefuseUnsupported(SourceHeader header)
    {
        if (header.Channels is not (1 or 2))
        {
            throw Refused(PromptRefusal.Unsupported, $"It has {header.Channels} channels.", "Export it as mono.");
        }

        if (header.Rate is < 8000 or > 192_000)
        {
            throw Refused(PromptRefusal.Unsupported, $"Its rate is {header.Rate} Hz; 8000 to 192000 are taken.", "Export it at 44100 or 48000 Hz.");
        }
    }

    private static async Task<float[]> ResampleAsync(SoxProcess sox, string scratch, DecodedSource decoded, int rate, CancellationToken cancel)
    {
        // "rate -h" cuts off at 95 % of the band with 125 dB; the high-pass takes hum, rumble and a constant offset, which
        // telephones do not carry and which would spoil the measuring.
        string[] input = ["-t", "raw", "-e", "signed-integer", "-b", "32", "-L", "-c", Number(decoded.Channels), "-r", Number(decoded.Rate), Decoded];
        string[] output = ["-t", "raw", "-e", "signed-integer", "-b", "32", "-L", "-c", "1", "-r", Number(rate), "resampled.raw"];
        string[] effects = ["gain", Number(-Headroom), "remix", "-", "highpass", "80", "rate", "-h", Number(rate)];
        await sox.RunAsync(cancel, ["-D", .. input, .. output, .. effects]);

        var raw = await File.ReadAllBytesAsync(Path.Combine(scratch, "resampled.raw"), cancel);
        var scale = SpeechAudio.ToAmplitude(Headroom) / 2147483648.0;
        var samples = new float[raw.Length / 4];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (float)(BinaryPrimitives.ReadInt32LittleEndian(raw.AsSpan(4 * i)) * scale);
        }

        return samples;
    }

    private static SourceHeader ReadHeader(string info)
    {
        if (!int.TryParse(ChannelsLine().Match(info).Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var channels)
            || !int.TryParse(RateLine().Match(info).Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var rate))
        {
            throw Refused(PromptRefusal.Damaged, "SoX finds neither rate nor channels in it.", "Export the recording anew, as WAV.");
        }

        _ = long.TryParse(SamplesLine().Match(info).Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var samples);
        return new SourceHeader(channels, rate, TimeSpan.FromSeconds(samples / Math.Max(1d, rate)), EightBitLine().IsMatch(info));
    }

    private static PromptRefusedException Refused(PromptRefusal reason, string message, string remedy) => new(reason, message, remedy);

    private static string Level(double level) => double.IsNegativeInfinity(level) ? "no sound at all" : $"{level:0.0} dBFS";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.###} %");

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => Number(time.TotalSeconds);

    [GeneratedRegex(@"^Channels\s*:\s*(\d+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ChannelsLine();

    [GeneratedRegex(@"^Sample Rate\s*:\s*(\d+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex RateLine();

    [GeneratedRegex(@"^Sample Encoding\s*:\s*8-bit", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex EightBitLine();

    [GeneratedRegex(@"^Duration\s*:.*= (\d{1,15}) samples", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SamplesLine();

    // Length is what the header promises: zero when it does not say.
    private sealed record SourceHeader(int Channels, int Rate, TimeSpan Length, bool Coarse);
}
