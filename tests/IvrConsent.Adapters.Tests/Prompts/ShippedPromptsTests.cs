using IvrConsent.Core.Notices;
using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

/// <summary>The prompts in the repository: what a new installation says.</summary>
public sealed class ShippedPromptsTests
{
    private static readonly string Folder = Path.Combine(PromptFolder.Repository, "prompts");

    public static TheoryData<string> Languages => ["pl", "en", "de", "cs", "it"];

    [Fact]
    public void The_folder_has_no_problem_and_nothing_but_placeholders()
    {
        var catalogue = PromptCatalogue.Load(Folder);

        Assert.Empty(catalogue.Problems);
        Assert.Equal(5 * PromptNames.All.Count, catalogue.Entries.Count);
        Assert.All(catalogue.Entries, e => Assert.True(e.Placeholder));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_language_is_complete_audible_and_unclipped(string language)
    {
        var catalogue = PromptCatalogue.Load(Folder);
        foreach (var name in PromptNames.All)
        {
            var entry = catalogue.FindEntry(language, name);
            Assert.True(entry is not null, name);
            Assert.False(string.IsNullOrWhiteSpace(entry.Prompt.Text));
            var (header, samples) = PromptFolder.Read(entry.File);
            Assert.Equal((1, 8000, 16), (header.Channels, header.Rate, header.Bits));
            Assert.InRange(SpeechAudio.ActiveLevel(samples, 8000), -26, -18);
            Assert.InRange(SpeechAudio.Peak(samples), -14, -3);
            Assert.InRange(header.Length.TotalSeconds, 1, Longest(name));
        }

        Assert.InRange(catalogue.Find(language, PromptNames.Notice)!.Length.TotalSeconds, 6, 16);
    }

    private static int Longest(string name) => name switch
    {
        PromptNames.FullNotice => 50,
        PromptNames.Notice => 16,
        _ when name.StartsWith(PromptNames.Notice, StringComparison.Ordinal) => 20,
        _ => 12,
    };

    [Theory]
    [InlineData("pl", "gwiazdkę i dziewięć")]
    [InlineData("en", "star and nine")]
    [InlineData("de", "Stern und Neun")]
    [InlineData("cs", "hvězdičky a devítky")]
    [InlineData("it", "asterisco e nove")]
    public void Whatever_asks_for_consent_by_other_ways_says_how_to_withdraw(string language, string keys)
    {
        var catalogue = PromptCatalogue.Load(Folder);
        foreach (var name in new[] { PromptNames.FullNotice, PromptNames.NoticeAnnounce, PromptNames.NoticeGranular, PromptNames.NoticeInCall })
        {
            Assert.Contains(keys, catalogue.Find(language, name)!.Text!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("pl", "jeden", "dwa")]
    [InlineData("en", "one", "two")]
    [InlineData("de", "Eins", "Zwei")]
    [InlineData("cs", "jedničku", "dvojku")]
    [InlineData("it", "uno", "due")]
    public void Whatever_asks_names_both_keys(string language, string yes, string no)
    {
        var catalogue = PromptCatalogue.Load(Folder);
        foreach (var name in new[] { PromptNames.Notice, PromptNames.Reminder, PromptNames.WrongKey })
        {
            var text = catalogue.Find(language, name)!.Text!;
            Assert.Contains(yes, text, StringComparison.Ordinal);
            Assert.Contains(no, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_script_makes_them_again_and_leaves_recordings_alone()
    {
        Assert.SkipUnless(PromptFolder.HasProgram("espeak-ng") && PromptFolder.HasProgram("sox"), "A speech synthesiser is missing: apt-get install espeak-ng sox");
        using var folder = new PromptFolder();
        foreach (var text in Directory.EnumerateFiles(Folder, "*.txt", SearchOption.AllDirectories))
        {
            folder.Put(Path.GetRelativePath(Folder, text), await File.ReadAllBytesAsync(text, TestContext.Current.CancellationToken));
        }

        var recording = PromptFolder.Tone();
        folder.Put("pl/accepted.wav", recording);

        var (code, errors) = await PromptFolder.RunAsync(Path.Combine(Folder, "synthesise.sh"), "--wideband", folder.Prompts);

        Assert.True(code == 0, errors);
        Assert.Contains("pl/accepted.wav kept", errors, StringComparison.Ordinal);
        Assert.Equal(recording, await File.ReadAllBytesAsync(Path.Combine(folder.Prompts, "pl", "accepted.wav"), TestContext.Current.CancellationToken));
        File.Delete(Path.Combine(folder.Prompts, "pl", "accepted.wav16"));
        var made = PromptCatalogue.Load(folder.Prompts);
        var shipped = PromptCatalogue.Load(Folder);
        Assert.Empty(made.Problems);
        Assert.Equal(shipped.Entries.Count, made.Entries.Count);
        foreach (var entry in made.Entries.Where(e => e.Placeholder))
        {
            Assert.NotNull(entry.Prompt.WidebandSha256);

            // Another version of the synthesiser speaks a little differently; the same one makes the same bytes.
            var before = shipped.Find(entry.Prompt.Language, entry.Prompt.Name)!.Length;
            Assert.InRange(entry.Prompt.Length.TotalSeconds, before.TotalSeconds * 0.9, before.TotalSeconds * 1.1);
        }
    }
}
