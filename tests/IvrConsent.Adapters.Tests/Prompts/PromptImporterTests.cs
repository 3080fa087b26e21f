using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class PromptImporterTests : IDisposable
{
    private static readonly string[] Telephone = ["-r", "48000", "-b", "24", "-c", "1"];

    private readonly PromptFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<PromptImportResult> ImportAsync(string source, string? text = "Words.", PromptImportOptions? options = null, string name = "notice") =>
        new PromptImporter(_folder.Prompts, options).ImportAsync(new PromptImportRequest("pl", name, source, text), Cancel);

    private async Task<PromptRefusedException> RefusedAsync(PromptRefusal reason, string source, PromptImportOptions? options = null)
    {
        var refusal = await Assert.ThrowsAsync<PromptRefusedException>(() => ImportAsync(source, options: options));
        Assert.True(reason == refusal.Reason, $"{refusal.Reason}: {refusal.Message}");
        Assert.NotEmpty(refusal.Remedy);
        Assert.False(Directory.Exists(Path.Combine(_folder.Prompts, "pl")));
        return refusal;
    }

    // 2 s of a tone are left, with 50 ms of silence on each side, at -20 dBFS, at both rates.
    private void AssertTreated(PromptImportResult result, double seconds = 2.1)
    {
        foreach (var (file, rate) in new[] { (result.File, 8000), (result.File + "16", 16000) })
        {
            var (header, samples) = PromptFolder.Read(file);
            Assert.Equal((1, 1, rate, 16), (header.Tag, header.Channels, header.Rate, header.Bits));
            Assert.Null(header.AsteriskObstacle);
            Assert.InRange(header.Length.TotalSeconds, seconds - 0.06, seconds + 0.06);
            Assert.InRange(SpeechAudio.ActiveLevel(samples, rate), -21, -19);
            Assert.InRange(SpeechAudio.Peak(samples), -30, -2.99);

            // The middle counted by hand, so that the measure is not its own witness.
            var middle = samples.AsSpan(samples.Length / 4, samples.Length / 2).ToArray();
            Assert.InRange(20 * Math.Log10(Math.Sqrt(middle.Average(s => (double)s * s))), -21, -19);
        }

        var prompt = PromptCatalogue.Load(_folder.Prompts).Find("pl", result.Prompt.Name);
        Assert.Equal(result.Prompt, prompt);
        Assert.False(Directory.EnumerateFiles(_folder.Prompts, "*.part", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Any());
    }

    [Theory]
    [InlineData("stereo.mp3", "-r 44100 -c 2")]
    [InlineData("stereo.flac", "-r 44100 -c 2")]
    [InlineData("stereo.ogg", "-r 44100 -c 2")]
    [InlineData("studio.wav", "-r 48000 -b 24 -c 1")]
    [InlineData("float.wav", "-r 96000 -b 32 -e floating-point -c 2")]
    [InlineData("alaw.wav", "-r 8000 -e a-law -c 1")]
    [InlineData("old.wav", "-r 11025 -b 8 -e unsigned-integer -c 1")]
    public async Task Imports(string file, string format)
    {
        var source = await _folder.TalkAsync(file, format.Split(' '));

        var result = await ImportAsync(source);

        AssertTreated(result);
        Assert.Equal(3.2, result.Before.Length.TotalSeconds, 0.1);
        Assert.InRange(result.TrimmedStart.TotalSeconds, 0.4, 0.5);
        Assert.InRange(result.TrimmedEnd.TotalSeconds, 0.6, 0.75);
        Assert.InRange(result.Before.Level, -16, -14);
        Assert.Equal("Words.", result.Prompt.Text);
    }

    [Theory]
    [InlineData("with spaces and 'quotes\" $(touch x) `touch x`.wav")]
    [InlineData("-n")]
    [InlineData("--version")]
    [InlineData("studio.wav.txt")]
    [InlineData("|touch x")]
    [InlineData("mp3-by-name-only.mp3")]
    [InlineData("wild*card?.wav")]
    public async Task A_name_is_only_a_name(string name)
    {
        var made = await _folder.TalkAsync("made.wav", Telephone);
        var source = _folder.At(name);
        File.Move(made, source);
        var here = Directory.GetCurrentDirectory();

        AssertTreated(await ImportAsync(source));

        Assert.False(File.Exists(Path.Combine(here, "x")) || File.Exists(_folder.At("x")));
    }

    [Theory]
    [InlineData(-40)]
    [InlineData(-6)]
    public async Task Levels_quiet_and_loud_alike(int gain)
    {
        var source = await _folder.SoxAsync("in.wav", "-n", "-r", "48000", "-b", "24", "OUT", "synth", "2", "sine", "440", "gain", $"{gain}", "pad", "0.5", "0.7");

        var result = await ImportAsync(source);

        AssertTreated(result);
        Assert.Equal(gain < -35, result.Warnings.Any(w => w.What.Contains("quietly", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Peaks_far_above_the_level_are_limited_and_the_level_kept()
    {
        // A quiet tone with short bursts of a loud one: peaks 20 dB above the level.
        var quiet = await _folder.SoxAsync("quiet.wav", "-n", "-r", "48000", "OUT", "synth", "4", "sine", "440", "gain", "-30");
        var bursts = await _folder.SoxAsync("bursts.wav", "-n", "-r", "48000", "OUT", "synth", "0.01", "sine", "700", "gain", "-6", "pad", "0", "0.99", "repeat", "3");
        var source = await _folder.SoxAsync("in.wav", "-m", "-v", "1", quiet, "-v", "1", bursts, "OUT");

        var result = await ImportAsync(source);

        Assert.InRange(result.After.Peak, -3.2, -2.99);
        Assert.InRange(result.After.Level, -21, -19);
        var (_, samples) = PromptFolder.Read(result.File);
        Assert.DoesNotContain(samples, s => Math.Abs(s) > SpeechAudio.ToAmplitude(-3) + 0.0001);
    }

    [Theory]
    [InlineData("pl")]
    [InlineData("it")]
    public async Task Speech_comes_out_at_the_level_and_as_long_as_it_went_in(string language)
    {
        var source = Path.Combine(PromptFolder.Repository, "prompts", language, "notice.wav");
        PromptFolder.NeedSox();

        var result = await ImportAsync(source);

        var (_, samples) = PromptFolder.Read(result.File);
        Assert.InRange(SpeechAudio.ActiveLevel(samples, 8000), -21, -19);
        Assert.InRange(SpeechAudio.Peak(samples), -8, -2.99);
        Assert.Equal(result.Before.Length.TotalSeconds, result.After.Length.TotalSeconds, 0.06);
        Assert.Contains("wideband", Assert.Single(result.Warnings).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_above_the_telephones_band_does_not_fold_into_it()
    {
        // 5 kHz would come back as 3 kHz if it were sampled at 8 kHz without a filter.
        var tone = await _folder.SoxAsync("tone.wav", "-n", "-r", "48000", "-b", "24", "OUT", "synth", "2", "sine", "440", "gain", "-12");
        var high = await _folder.SoxAsync("high.wav", "-n", "-r", "48000", "-b", "24", "OUT", "synth", "2", "sine", "5000", "gain", "-12");
        var source = await _folder.SoxAsync("in.wav", "-m", "-v", "1", tone, "-v", "1", high, "OUT");

        var result = await ImportAsync(source);

        var (_, samples) = PromptFolder.Read(result.File);
        Assert.True(Power(samples, 3000, 8000) < Power(samples, 440, 8000) - 60);
        var (_, wide) = PromptFolder.Read(result.File + "16");
        Assert.InRange(Power(wide, 5000, 16000) - Power(wide, 440, 16000), -1, 1);

        static double Power(float[] samples, double frequency, int rate)
        {
            double re = 0, im = 0;
            for (var i = 1000; i < 1000 + rate; i++)
            {
                re += samples[i] * Math.Cos(2 * Math.PI * frequency * i / rate);
                im += samples[i] * Math.Sin(2 * Math.PI * frequency * i / rate);
            }

            return 10 * Math.Log10((re * re) + (im * im) + 1e-12);
        }
    }

    [Fact]
    public async Task Refuses_silence()
    {
        var digital = await _folder.SoxAsync("digital.wav", "-n", "-r", "48000", "OUT", "trim", "0", "3");
        var hiss = await _folder.SoxAsync("hiss.wav", "-n", "-r", "48000", "-b", "24", "OUT", "synth", "3", "whitenoise", "gain", "-60");
        var inaudible = await _folder.SoxAsync("bat.wav", "-n", "-r", "48000", "-b", "24", "OUT", "synth", "3", "sine", "9000", "gain", "-12");

        await RefusedAsync(PromptRefusal.Silent, digital);
        Assert.Contains("dBFS", (await RefusedAsync(PromptRefusal.Silent, hiss)).Message, StringComparison.Ordinal);
        await RefusedAsync(PromptRefusal.Silent, inaudible);
    }

    [Theory]
    [InlineData("clipped.wav", "sine 440 gain 12")]
    [InlineData("square.wav", "square 440")]
    [InlineData("turned-down.wav", "sine 440 gain 9 gain -10")]
    [InlineData("slightly.wav", "sine 440 gain 0.3")]
    [InlineData("clipped.mp3", "sine 440 gain 9")]
    public async Task Refuses_clipping_with_its_share(string file, string effects)
    {
        var source = await _folder.SoxAsync(file, ["-r", "44100", "-n", "-b", "16", "OUT", "synth", "2", .. effects.Split(' ')]);

        var refusal = await RefusedAsync(PromptRefusal.Clipped, source);

        Assert.Matches(@"\d %", refusal.Message);
    }

    [Fact]
    public async Task A_recording_at_full_scale_is_not_clipped()
    {
        var source = await _folder.SoxAsync("full.wav", "-n", "-r", "44100", "OUT", "synth", "2", "sine", "437", "norm", "0", "pad", "0.5", "0.7");

        AssertTreated(await ImportAsync(source));
    }

    [Fact]
    public async Task Refuses_channels_that_cancel_each_other()
    {
        var source = await _folder.SoxAsync("inverted.wav", "-n", "-r", "44100", "OUT", "synth", "2", "sine", "440", "gain", "-12", "remix", "1", "1i");

        await RefusedAsync(PromptRefusal.ChannelsCancel, source);
    }

    [Fact]
    public async Task Refuses_what_is_too_short_or_too_long()
    {
        var click = await _folder.SoxAsync("click.wav", "-n", "-r", "48000", "OUT", "synth", "0.1", "sine", "440", "gain", "-12", "pad", "1", "1");
        var speech = await _folder.SoxAsync("long.mp3", "-n", "-r", "44100", "OUT", "synth", "6", "sine", "440", "gain", "-12");
        var hour = await _folder.SoxAsync("hour.flac", "-n", "-r", "8000", "OUT", "synth", "3600", "sine", "440", "gain", "-12");

        Assert.Contains("0.2", (await RefusedAsync(PromptRefusal.TooShort, click)).Message, StringComparison.Ordinal);
        var options = new PromptImportOptions { MaxLength = TimeSpan.FromSeconds(5) };
        Assert.Contains("6.", (await RefusedAsync(PromptRefusal.TooLong, speech, options)).Message, StringComparison.Ordinal);
        Assert.Contains("or more", (await RefusedAsync(PromptRefusal.TooLong, hour)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_what_is_no_recording()
    {
        PromptFolder.NeedSox();
        File.WriteAllText(_folder.At("text.wav"), "This is a text that somebody renamed.");
        File.WriteAllText(_folder.At("empty.wav"), "");
        File.WriteAllBytes(_folder.At("song.m4a"), [0, 0, 0, 32, .. "ftypM4A "u8]);
        File.WriteAllBytes(_folder.At("rubbish.mp3"), [0xFF, 0xFB, 0x90, 0x00, .. Enumerable.Repeat((byte)0x55, 3000)]);
        File.WriteAllBytes(_folder.At("rubbish.flac"), [.. "fLaC"u8, .. Enumerable.Repeat((byte)0x55, 3000)]);
        File.WriteAllBytes(_folder.At("rubbish.wav"), [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVE"u8, .. Enumerable.Repeat((byte)0x55, 3000)]);

        await RefusedAsync(PromptRefusal.NotAudio, _folder.At("text.wav"));
        await RefusedAsync(PromptRefusal.NotAudio, _folder.At("empty.wav"));
        Assert.Contains("M4A", (await RefusedAsync(PromptRefusal.NotAudio, _folder.At("song.m4a"))).Message, StringComparison.Ordinal);
        await RefusedAsync(PromptRefusal.Damaged, _folder.At("rubbish.flac"));
        await RefusedAsync(PromptRefusal.Damaged, _folder.At("rubbish.wav"));
        await RefusedAsync(PromptRefusal.Damaged, _folder.At("rubbish.mp3"));
        await RefusedAsync(PromptRefusal.NotReadable, _folder.At("nowhere.wav"));
        await RefusedAsync(PromptRefusal.NotReadable, _folder.Root);
        await RefusedAsync(PromptRefusal.NotAudio, "/dev/zero");
    }

    [Theory]
    [InlineData("cut.wav")]
    [InlineData("cut.flac")]
    public async Task Refuses_what_is_cut_off(string name)
    {
        var whole = await _folder.TalkAsync(name, Telephone);
        var content = await File.ReadAllBytesAsync(whole, Cancel);
        await File.WriteAllBytesAsync(whole, content[..(content.Length / 2)], Cancel);

        await RefusedAsync(PromptRefusal.Damaged, whole);
    }

    [Fact]
    public async Task A_wav_of_unknown_length_is_taken_as_it_is()
    {
        var source = await _folder.TalkAsync("piped.wav", ["-r", "8000", "-b", "16", "-c", "1"]);
        var content = await File.ReadAllBytesAsync(source, Cancel);
        new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }.CopyTo(content, 40);
        new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }.CopyTo(content, 4);
        await File.WriteAllBytesAsync(source, content, Cancel);

        AssertTreated(await ImportAsync(source));
    }

    [Fact]
    public async Task Refuses_too_many_channels_and_too_many_bytes()
    {
        var six = await _folder.SoxAsync("six.wav", "-n", "-r", "8000", "-c", "6", "OUT", "synth", "2", "sine", "440", "gain", "-12");

        await RefusedAsync(PromptRefusal.Unsupported, six);
        Assert.Contains("MB", (await RefusedAsync(PromptRefusal.TooLarge, six, new PromptImportOptions { MaxInputBytes = 1000 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_so_when_SoX_is_missing_or_hangs()
    {
        File.WriteAllBytes(_folder.At("tone.wav"), PromptFolder.Tone());
        File.WriteAllText(_folder.At("slow"), "#!/bin/sh\nsleep 100\n");
        await PromptFolder.RunAsync("chmod", "+x", _folder.At("slow"));

        var missing = await RefusedAsync(PromptRefusal.SoxMissing, _folder.At("tone.wav"), new PromptImportOptions { Sox = _folder.At("no-sox") });
        Assert.Contains("apt-get install sox", missing.Remedy, StringComparison.Ordinal);
        await RefusedAsync(PromptRefusal.TimedOut, _folder.At("tone.wav"), new PromptImportOptions { Sox = _folder.At("slow"), TimeLimit = TimeSpan.FromSeconds(0.3) });

        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(0.3));
        var slow = new PromptImporter(_folder.Prompts, new PromptImportOptions { Sox = _folder.At("slow") });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow.ImportAsync(new PromptImportRequest("pl", "notice", _folder.At("tone.wav")), soon.Token));
    }

    [Theory]
    [InlineData("../pl", "notice")]
    [InlineData("", "notice")]
    [InlineData(".history", "notice")]
    [InlineData("pl", "../notice")]
    [InlineData("pl", "Notice")]
    [InlineData("pl", "-n")]
    [InlineData("pl\n", "notice")]
    public async Task Refuses_names_that_are_paths(string language, string name)
    {
        var refusal = await Assert.ThrowsAsync<PromptRefusedException>(() =>
            new PromptImporter(_folder.Prompts).ImportAsync(new PromptImportRequest(language, name, "any"), Cancel));

        Assert.Equal(PromptRefusal.BadName, refusal.Reason);
    }

    [Fact]
    public async Task Refuses_a_language_that_is_a_link_out()
    {
        var source = await _folder.TalkAsync("in.wav", Telephone);
        Directory.CreateDirectory(_folder.Prompts);
        Directory.CreateDirectory(_folder.At("outside"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Prompts, "pl"), _folder.At("outside"));

        var refusal = await Assert.ThrowsAsync<PromptRefusedException>(() => ImportAsync(source));

        Assert.Equal(PromptRefusal.NotWritable, refusal.Reason);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.At("outside")));
    }

    [Fact]
    public async Task What_is_replaced_is_kept_by_its_hash()
    {
        var first = await ImportAsync(await _folder.TalkAsync("one.wav", Telephone), "First.");
        var second = await ImportAsync(await _folder.TalkAsync("two.wav", Telephone, "trim", "0", "2"), "Second.");

        Assert.Null(first.ReplacedSha256);
        Assert.Equal(first.Prompt.Sha256, second.ReplacedSha256);
        var history = Path.Combine(_folder.Prompts, ".history");
        Assert.Equal(
            new[] { first.Prompt.Sha256 + ".wav", first.Prompt.WidebandSha256 + ".wav16", first.Prompt.Sha256 + ".txt" }.Order(),
            Directory.GetFiles(history).Select(f => Path.GetFileName(f)!).Order());
        Assert.Equal("First.\n", await File.ReadAllTextAsync(Path.Combine(history, first.Prompt.Sha256 + ".txt"), Cancel));
        Assert.Empty(PromptCatalogue.Load(_folder.Prompts).Problems);

        // The same again replaces nothing.
        Assert.Null((await ImportAsync(_folder.At("two.wav"))).ReplacedSha256);
        Assert.Equal(3, Directory.GetFiles(history).Length);
    }

    [Fact]
    public async Task A_failed_import_leaves_the_old_prompt()
    {
        var before = await ImportAsync(await _folder.TalkAsync("one.wav", Telephone));
        var silent = await _folder.SoxAsync("silent.wav", "-n", "-r", "48000", "OUT", "trim", "0", "3");

        await Assert.ThrowsAsync<PromptRefusedException>(() => ImportAsync(silent, "Other words."));

        Assert.Equal(before.Prompt, PromptCatalogue.Load(_folder.Prompts).Find("pl", "notice"));
        Assert.Equal(3, Directory.GetFiles(Path.Combine(_folder.Prompts, "pl")).Length);
    }

    [Fact]
    public async Task Warns_about_a_notice_without_words_and_about_words_of_the_one_before()
    {
        var source = await _folder.TalkAsync("in.wav", Telephone);

        var without = await ImportAsync(source, text: null);
        await ImportAsync(source, "Words.");
        var kept = await ImportAsync(source, text: null);
        var accepted = await ImportAsync(source, text: null, name: "accepted");
        var odd = await ImportAsync(source, text: null, name: "notice-summer");

        Assert.Contains("has no text", Assert.Single(without.Warnings).What, StringComparison.Ordinal);
        Assert.Equal("Words.", kept.Prompt.Text);
        Assert.Contains("recording before", Assert.Single(kept.Warnings).What, StringComparison.Ordinal);
        Assert.Empty(accepted.Warnings);
        Assert.Contains("notice-summer", Assert.Single(odd.Warnings).What, StringComparison.Ordinal);
    }
}
