using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class PromptStoreTests : IDisposable
{
    private readonly PromptFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private PromptCatalogue With(byte[] content)
    {
        _folder.Put("pl/notice.wav", content);
        return PromptCatalogue.Load(_folder.Prompts);
    }

    [Fact]
    public void Serves_what_was_read_also_when_the_file_changes()
    {
        var content = PromptFolder.Tone();
        var library = new PromptLibrary(_folder.Prompts);
        _folder.Put("pl/notice.wav", content);
        library.Adopt(library.ReadIfChanged()!);
        var prompt = library.Current.Find("pl", "notice")!;

        _folder.Put("pl/notice.wav", PromptFolder.Tone(2));

        Assert.True(library.Store.TryGet(prompt.Sha256, out ReadOnlyMemory<byte> served));
        Assert.Equal(content, served.ToArray());
    }

    [Fact]
    public void Serves_what_was_replaced_until_there_is_no_room()
    {
        var one = With(PromptFolder.Tone(1));
        var two = With(PromptFolder.Tone(2));
        var three = With(PromptFolder.Tone(3));
        var hashes = new[] { one, two, three }.Select(c => c.Find("pl", "notice")!.Sha256).ToArray();
        var store = new PromptStore(maxRetiredBytes: 33_000);

        store.Use(one);
        store.Use(two);
        Assert.True(store.TryGet(hashes[0], out PromptAudio? old));
        Assert.Equal(16_044, old.Content.Length);

        // 16 kB and 32 kB of replaced ones do not fit together: the older goes, the one in force never does.
        store.Use(three);
        Assert.False(store.TryGet(hashes[0], out ReadOnlyMemory<byte> _));
        Assert.True(store.TryGet(hashes[1], out ReadOnlyMemory<byte> _));
        Assert.True(store.TryGet(hashes[2], out ReadOnlyMemory<byte> _));

        // Back in force it is no longer a replaced one.
        store.Use(two);
        store.Use(one);
        Assert.True(store.TryGet(hashes[0], out ReadOnlyMemory<byte> _));
        Assert.True(store.TryGet(hashes[1], out ReadOnlyMemory<byte> _));
    }

    [Fact]
    public void The_least_recently_asked_for_goes_first()
    {
        var catalogues = Enumerable.Range(0, 4).Select(i => With(PromptFolder.Tone(1, frequency: 300 + i))).ToArray();
        var store = new PromptStore(maxRetiredBytes: 2 * 16_044);
        store.Use(catalogues[0]);
        store.Use(catalogues[1]);
        store.Use(catalogues[2]);
        string Hash(int i) => catalogues[i].Find("pl", "notice")!.Sha256;

        Assert.True(store.TryGet(Hash(0), out ReadOnlyMemory<byte> _));
        store.Use(catalogues[3]);

        Assert.True(store.TryGet(Hash(0), out ReadOnlyMemory<byte> _));
        Assert.False(store.TryGet(Hash(1), out ReadOnlyMemory<byte> _));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.wav")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.wav")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.wav/x")]
    public void Unknown_and_hostile_names_are_not_found(string? name) =>
        Assert.False(new PromptStore().TryGetFile(name, out _));

    [Fact]
    public void A_file_is_found_under_its_own_ending_only()
    {
        var store = new PromptStore();
        var catalogue = With(PromptFolder.Tone());
        store.Use(catalogue);
        var sha = catalogue.Find("pl", "notice")!.Sha256;

        Assert.True(store.TryGetFile(sha + ".wav", out var audio));
        Assert.Equal(sha + ".wav", audio.FileName);
        Assert.False(store.TryGetFile(sha + ".wav16", out _));
    }

    [Fact]
    public void A_folder_is_read_again_only_when_it_changed()
    {
        var library = new PromptLibrary(_folder.Prompts);
        _folder.Put("pl/notice.wav", PromptFolder.Tone());
        Assert.NotNull(library.ReadIfChanged());

        // Not adopted, and yet not read again and again: whoever rejected it waits for a change.
        Assert.Null(library.ReadIfChanged());
        Assert.Empty(library.Current.Entries);

        _folder.Put("pl/notice.txt", "Words.");
        Assert.Equal("Words.", library.ReadIfChanged()?.Find("pl", "notice")?.Text);
    }
}
