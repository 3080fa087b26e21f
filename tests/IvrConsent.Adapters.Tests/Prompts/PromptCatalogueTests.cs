using System.Security.Cryptography;
using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class PromptCatalogueTests : IDisposable
{
    private readonly PromptFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Finds_a_prompt_with_its_hashes_length_and_text()
    {
        var narrow = PromptFolder.Tone(1.5);
        var wide = PromptFolder.Tone(1.5, rate: 16000);
        _folder.Put("pt-BR/notice.wav", narrow);
        _folder.Put("pt-BR/notice.wav16", wide);
        _folder.Put("pt-BR/notice.txt", "\uFEFFEsta chamada…\n");

        var catalogue = PromptCatalogue.Load(_folder.Prompts);

        Assert.Empty(catalogue.Problems);
        var prompt = catalogue.Find("pt-br", "notice");
        Assert.NotNull(prompt);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(narrow)), prompt.Sha256);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(wide)), prompt.WidebandSha256);
        Assert.Equal(1.5, prompt.Length.TotalSeconds, 3);
        Assert.Equal("Esta chamada…", prompt.Text);
        Assert.True(catalogue.TryGetAudio(prompt.Sha256, out var audio));
        Assert.Equal(narrow, audio.Content.ToArray());
        Assert.Null(catalogue.Find("pt-br", "goodbye"));
        Assert.Null(catalogue.Find("pt", "notice"));
    }

    [Fact]
    public void One_bad_file_does_not_hide_another()
    {
        var good = PromptFolder.Tone();
        _folder.Put("pl/notice.wav", good);
        _folder.Put("pl/accepted.wav", "this is a text");
        _folder.Put("pl/declined.wav", good[..1000]);
        _folder.Put("pl/reminder.wav", PromptFolder.Tone(rate: 16000));
        _folder.Put("pl/goodbye.wav", WavFile.Write(new short[8000], 8000));
        _folder.Put("pl/wrong-key.wav", Array.Empty<byte>());
        _folder.Put("pl/Bad Name.wav", good);
        _folder.Put("pl/upper.WAV", good);
        _folder.Put("pl/studio.mp3", [1, 2, 3]);
        _folder.Put("pl/alone.wav16", PromptFolder.Tone(rate: 16000));
        _folder.Put("pl/notice.txt", [0xC3, 0x28]);
        _folder.Put("not a language/notice.wav", good);
        _folder.Put("stray.wav", good);

        var catalogue = PromptCatalogue.Load(_folder.Prompts);

        Assert.Equal("notice", Assert.Single(catalogue.Entries).Prompt.Name);
        Assert.Equal(
            ["Bad Name.wav", "accepted.wav", "alone.wav16", "declined.wav", "goodbye.wav", "not a language", "notice.txt", "reminder.wav", "stray.wav", "studio.mp3", "upper.WAV", "wrong-key.wav"],
            catalogue.Problems.Select(p => Path.GetFileName(p.File)).Order(StringComparer.Ordinal));
        Assert.All(catalogue.Problems, p => Assert.True(p.What.Length > 0 && p.Remedy.Length > 0));
        Assert.Contains("16000 Hz", catalogue.Problems.Single(p => p.File.EndsWith("reminder.wav", StringComparison.Ordinal)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wideband_file_of_another_recording_is_left_out()
    {
        _folder.Put("pl/notice.wav", PromptFolder.Tone(1));
        _folder.Put("pl/notice.wav16", PromptFolder.Tone(2, rate: 16000));

        var catalogue = PromptCatalogue.Load(_folder.Prompts);

        Assert.Null(catalogue.Find("pl", "notice")!.WidebandSha256);
        Assert.Equal(PromptProblemSeverity.Warning, Assert.Single(catalogue.Problems).Severity);
    }

    [Fact]
    public void Links_are_followed_inside_the_folder_only()
    {
        _folder.Put("..data/notice.wav", PromptFolder.Tone());
        _folder.Put("pl/declined.wav", PromptFolder.Tone(0.7));
        File.WriteAllBytes(_folder.At("outside.wav"), PromptFolder.Tone());
        Directory.CreateDirectory(_folder.At("elsewhere"));
        File.WriteAllBytes(_folder.At("elsewhere", "notice.wav"), PromptFolder.Tone());
        File.CreateSymbolicLink(Path.Combine(_folder.Prompts, "pl", "notice.wav"), "../..data/notice.wav");
        File.CreateSymbolicLink(Path.Combine(_folder.Prompts, "pl", "accepted.wav"), _folder.At("outside.wav"));
        File.CreateSymbolicLink(Path.Combine(_folder.Prompts, "pl", "goodbye.wav"), "goodbye.wav");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Prompts, "de"), _folder.At("elsewhere"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Prompts, ".way-out"), _folder.Root);
        Directory.CreateSymbolicLink(Path.Combine(_folder.Prompts, "it"), Path.Combine(_folder.Prompts, ".way-out", "elsewhere"));

        var catalogue = PromptCatalogue.Load(_folder.Prompts);

        Assert.Equal(["declined", "notice"], catalogue.Entries.Select(e => e.Prompt.Name));
        Assert.Equal(["accepted.wav", "de", "goodbye.wav", "it"], catalogue.Problems.Select(p => Path.GetFileName(p.File)).Order(StringComparer.Ordinal));
        Assert.All(catalogue.Problems, p => Assert.Contains("leaves the prompt folder", p.What, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_named_pipe_does_not_stop_the_reading()
    {
        _folder.Put("pl/notice.wav", PromptFolder.Tone());
        var (code, errors) = await PromptFolder.RunAsync("mkfifo", Path.Combine(_folder.Prompts, "pl", "accepted.wav"));
        Assert.True(code == 0, errors);

        var catalogue = await Task.Run(() => PromptCatalogue.Load(_folder.Prompts), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.Single(catalogue.Entries);
        Assert.Single(catalogue.Problems);
    }

    [Fact]
    public void A_missing_folder_is_a_problem_and_no_crash()
    {
        var catalogue = PromptCatalogue.Load(_folder.At("nowhere"));

        Assert.Empty(catalogue.Entries);
        Assert.Equal(PromptProblemSeverity.Error, Assert.Single(catalogue.Problems).Severity);
    }

    [Fact]
    public void A_placeholder_is_one_until_its_bytes_change()
    {
        var spoken = PromptFolder.Tone();
        var file = _folder.Put("pl/notice.wav", spoken);
        _folder.Put("placeholders.sha256", $"{Convert.ToHexStringLower(SHA256.HashData(spoken))}  pl/notice.wav\n");
        Assert.True(Assert.Single(PromptCatalogue.Load(_folder.Prompts).Entries).Placeholder);

        File.WriteAllBytes(file, PromptFolder.Tone(2));

        Assert.False(Assert.Single(PromptCatalogue.Load(_folder.Prompts).Entries).Placeholder);
    }

    [Fact]
    public void The_fingerprint_changes_with_each_change_and_only_then()
    {
        _folder.Put("pl/notice.wav", PromptFolder.Tone());
        var first = PromptCatalogue.Load(_folder.Prompts).Fingerprint;
        Assert.Equal(first, PromptCatalogue.FingerprintOf(_folder.Prompts));

        var text = _folder.Put("pl/notice.txt", "Words.");
        var second = PromptCatalogue.FingerprintOf(_folder.Prompts);
        File.SetLastWriteTimeUtc(text, File.GetLastWriteTimeUtc(text).AddMilliseconds(3));
        var third = PromptCatalogue.FingerprintOf(_folder.Prompts);
        Directory.CreateDirectory(Path.Combine(_folder.Prompts, ".history"));
        _folder.Put(".history/x.wav", "x");

        Assert.NotEqual(first, second);
        Assert.NotEqual(second, third);
        Assert.Equal(third, PromptCatalogue.FingerprintOf(_folder.Prompts));
    }
}
