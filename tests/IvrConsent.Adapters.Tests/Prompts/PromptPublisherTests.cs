using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class PromptPublisherTests : IDisposable
{
    private readonly PromptFolder _folder = new();
    private readonly StandingClock _clock = new();
    private readonly PromptPublisher _publisher;

    public PromptPublisherTests() => _publisher = new PromptPublisher(Shared, _clock);

    private string Shared => _folder.At("shared");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _publisher.Dispose();
        _folder.Dispose();
    }

    private PromptCatalogue With(double seconds)
    {
        _folder.Put("pl/notice.wav", PromptFolder.Tone(seconds));
        _folder.Put("pl/notice.wav16", PromptFolder.Tone(seconds, rate: 16000));
        return PromptCatalogue.Load(_folder.Prompts);
    }

    private string FileOf(PromptCatalogue catalogue) => Path.Combine(Shared, catalogue.Find("pl", "notice")!.Sha256 + ".wav");

    [Fact]
    public async Task Writes_each_file_once_readable_for_the_pbx()
    {
        var catalogue = With(1);

        Assert.Equal(new PromptPublication(2, 0, 0), await _publisher.PublishAsync(catalogue, Cancel));
        Assert.Equal(new PromptPublication(0, 2, 0), await _publisher.PublishAsync(catalogue, Cancel));

        Assert.Equal(PromptFolder.Tone(1), await File.ReadAllBytesAsync(FileOf(catalogue), Cancel));
        Assert.True(File.Exists(Path.Combine(Shared, catalogue.Find("pl", "notice")!.WidebandSha256 + ".wav16")));
        Assert.Equal(2, Directory.GetFiles(Shared).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal("644", Convert.ToString((int)File.GetUnixFileMode(FileOf(catalogue)), 8));
        }
    }

    [Fact]
    public async Task A_damaged_file_is_replaced_by_renaming()
    {
        var catalogue = With(1);
        await _publisher.PublishAsync(catalogue, Cancel);
        await File.WriteAllBytesAsync(FileOf(catalogue), new byte[16_044], Cancel);

        // A reader that has the old one open keeps it: nothing is ever written into a file that has its name.
        await using var reader = File.OpenRead(FileOf(catalogue));
        Assert.Equal(new PromptPublication(1, 1, 0), await _publisher.PublishAsync(catalogue, Cancel));

        Assert.Equal(0, reader.ReadByte());
        Assert.Equal(PromptFolder.Tone(1), await File.ReadAllBytesAsync(FileOf(catalogue), Cancel));
    }

    [Fact]
    public async Task A_reader_never_sees_half_a_file()
    {
        var catalogue = With(30);
        var length = catalogue.Audio.Single(a => !a.Wideband).Content.Length;
        using var stop = new CancellationTokenSource();
        var seen = Task.Run(() =>
        {
            var sizes = new HashSet<long>();
            for (var last = false; !last;)
            {
                // Once more when the file stays, also where the machine let this begin late.
                last = stop.IsCancellationRequested;
                var file = new FileInfo(FileOf(catalogue));
                if (file.Exists)
                {
                    sizes.Add(file.Length);
                }
            }

            return sizes;
        }, Cancel);
        for (var i = 0; i < 50; i++)
        {
            await _publisher.PublishAsync(catalogue, Cancel);
            File.Delete(FileOf(catalogue));
        }

        await _publisher.PublishAsync(catalogue, Cancel);
        await stop.CancelAsync();
        Assert.Equal([length], await seen);
    }

    [Fact]
    public async Task Replaced_files_live_a_week_longer_than_their_last_use()
    {
        var old = With(1);
        await _publisher.PublishAsync(old, Cancel);
        _clock.Move(TimeSpan.FromDays(30));

        // In use until now, so its week begins now and not a month ago.
        var current = With(2);
        Assert.Equal(0, (await _publisher.PublishAsync(current, Cancel)).Deleted);
        _clock.Move(TimeSpan.FromDays(6.9));
        Assert.Equal(0, (await _publisher.PublishAsync(current, Cancel)).Deleted);
        _clock.Move(TimeSpan.FromDays(0.2));
        Assert.Equal(2, (await _publisher.PublishAsync(current, Cancel)).Deleted);

        Assert.False(File.Exists(FileOf(old)));
        Assert.True(File.Exists(FileOf(current)));
    }

    [Fact]
    public async Task Another_workers_files_and_strangers_files_are_left_alone()
    {
        var theirs = With(1);
        using var other = new PromptPublisher(Shared, _clock);
        await other.PublishAsync(theirs, Cancel);
        await File.WriteAllTextAsync(Path.Combine(Shared, "hold-music.wav"), "x", Cancel);
        File.SetLastWriteTimeUtc(Path.Combine(Shared, "hold-music.wav"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var ours = With(2);
        for (var day = 0; day < 20; day++)
        {
            _clock.Move(TimeSpan.FromDays(1));
            await other.PublishAsync(theirs, Cancel);
            Assert.Equal(0, (await _publisher.PublishAsync(ours, Cancel)).Deleted);
        }

        Assert.Equal(5, Directory.GetFiles(Shared).Length);
    }

    [Fact]
    public async Task Says_what_to_do_when_the_folder_cannot_be_written()
    {
        await File.WriteAllTextAsync(Shared, "a file where the folder should be", Cancel);

        var failure = await Assert.ThrowsAsync<PromptException>(() => _publisher.PublishAsync(With(1), Cancel));

        Assert.Contains(Shared, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Remedy);
    }
}
