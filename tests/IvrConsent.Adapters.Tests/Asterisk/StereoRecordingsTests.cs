using System.Buffers.Binary;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>Two files of one channel, read as one of two.</summary>
public class StereoRecordingsTests
{
    private const string Name = "ivrc-x-2ch";

    private readonly Dictionary<string, byte[]> _files = [];
    private readonly List<Stream> _opened = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(160, 0)]
    [InlineData(0, 161)]
    [InlineData(16_383, 16_385)]
    [InlineData(100_001, 99_840)]
    public async Task The_channels_are_the_files_sample_by_sample_and_the_shorter_ends_in_silence(int left, int right)
    {
        var (caller, other) = (Samples(left, 1), Samples(right, 2));
        (_files[Name + "-caller"], _files[Name + "-other"]) = (Wav(caller), Wav(other));

        var wav = WavFile.Read(await ReadAsync(4093));
        var longer = Math.Max(left, right);
        Assert.Equal((8000, 2, true), (wav.SampleRate, wav.Channels, wav.HeaderIsTrue));
        Assert.Equal([.. caller, .. new short[longer - left]], wav.Channel(0));
        Assert.Equal([.. other, .. new short[longer - right]], wav.Channel(1));

        var found = (await FindAsync())!;
        Assert.Equal((wav.FileBytes, wav.Duration), (found.Bytes, found.Length));
        Assert.Equal(TimeSpan.FromSeconds(Math.Min(left, right) / 8000.0), found.Complete);
        Assert.All(_opened, stream => Assert.False(stream.CanRead, "both halves are let go"));
    }

    [Theory]
    [InlineData("-caller")]
    [InlineData("-other")]
    public async Task A_missing_half_is_silence_and_is_told(string missing)
    {
        var sound = Samples(8000, 1);
        _files[Name + (missing == "-caller" ? "-other" : "-caller")] = Wav(sound, 16_000);

        var wav = WavFile.Read(await ReadAsync());
        Assert.Equal((16_000, 2), (wav.SampleRate, wav.Channels));
        Assert.Equal(sound, wav.Channel(missing == "-caller" ? 1 : 0));
        Assert.All(wav.Channel(missing == "-caller" ? 0 : 1), sample => Assert.Equal(0, sample));
        var found = await FindAsync();
        Assert.Equal((TimeSpan.FromSeconds(0.5), TimeSpan.Zero), (found!.Length, found.Complete));
        Assert.Equal(Core.Ledger.RecordingFailures.Truncated, RecordingLengthPolicy.Judge(found, TimeSpan.FromSeconds(0.5)));
        Assert.Equal(Core.Ledger.RecordingFailures.Truncated, RecordingLengthPolicy.Judge(found, null));
    }

    [Fact]
    public async Task Nothing_is_nothing()
    {
        Assert.Null(await FindAsync());
        Assert.Null(await OpenAsync());
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(7u)]
    [InlineData(uint.MaxValue)]
    public async Task Sizes_that_a_header_claims_are_not_believed(uint claimed)
    {
        var sound = Samples(1000, 3);
        var lying = Wav(sound);
        BinaryPrimitives.WriteUInt32LittleEndian(lying.AsSpan(40), claimed);
        BinaryPrimitives.WriteUInt32LittleEndian(lying.AsSpan(4), claimed);
        (_files[Name + "-caller"], _files[Name + "-other"]) = (lying, [.. Wav(sound), 0x7F]);

        var wav = WavFile.Read(await ReadAsync());
        Assert.Equal(sound, wav.Channel(0));
        Assert.Equal(sound, wav.Channel(1));
        Assert.Equal(wav.FileBytes, (await FindAsync())!.Bytes);
    }

    [Fact]
    public async Task Notes_before_the_sound_are_no_sound()
    {
        var sound = Samples(1000, 3);
        var plain = Wav(sound);
        (_files[Name + "-caller"], _files[Name + "-other"]) = ([.. plain[..36], .. "LIST"u8, 5, 0, 0, 0, 1, 2, 3, 4, 5, 0, .. plain[36..]], plain);

        var wav = WavFile.Read(await ReadAsync());
        Assert.Equal(sound, wav.Channel(0));
        Assert.Equal(sound, wav.Channel(1));
    }

    [Theory]
    [InlineData(20, 3)]
    [InlineData(22, 2)]
    [InlineData(34, 8)]
    [InlineData(0, 0)]
    public async Task What_cannot_be_joined_is_refused_rather_than_lost(int at, byte value)
    {
        var odd = Wav(Samples(1000, 3));
        odd[at] = value;
        (_files[Name + "-caller"], _files[Name + "-other"]) = (Wav(Samples(1000, 1)), odd);
        await Assert.ThrowsAsync<PbxException>(OpenAsync);

        // It is there all the same, to be judged and to be deleted.
        Assert.Equal(new StoredRecording(Name, 4088, TimeSpan.Zero), await FindAsync());
    }

    [Fact]
    public async Task Halves_of_two_rates_are_refused_and_a_file_that_was_never_begun_is_silence()
    {
        (_files[Name + "-caller"], _files[Name + "-other"]) = (Wav(Samples(100, 1)), Wav(Samples(100, 1), 16_000));
        await Assert.ThrowsAsync<PbxException>(OpenAsync);

        _files[Name + "-other"] = [];
        Assert.Equal(100, WavFile.Read(await ReadAsync()).Channel(1).Length);
    }

    [Fact]
    public async Task A_half_that_ends_before_its_time_is_an_error_and_not_silence()
    {
        (_files[Name + "-caller"], _files[Name + "-other"]) = (Wav(Samples(40_000, 1)), Wav(Samples(40_000, 2)));
        await using var stream = await StereoRecordings.OpenAsync(Name, FindFileAsync, name => Task.FromResult<Stream?>(new MemoryStream(_files[name][..50_000])), Cancel);
        await Assert.ThrowsAnyAsync<IOException>(() => stream!.CopyToAsync(Stream.Null, Cancel));
    }

    [Fact]
    public async Task The_other_half_is_let_go_when_one_cannot_be_opened()
    {
        (_files[Name + "-caller"], _files[Name + "-other"]) = (Wav(Samples(100, 1)), Wav(Samples(100, 2)));
        await Assert.ThrowsAsync<PbxException>(() =>
            StereoRecordings.OpenAsync(Name, FindFileAsync, name => name.EndsWith("-other", StringComparison.Ordinal) ? Task.FromResult<Stream?>(null) : OpenFileAsync(name), Cancel));
        Assert.False(Assert.Single(_opened).CanRead);
    }

    private static short[] Samples(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(short.MinValue, short.MaxValue + 1))];
    }

    private static byte[] Wav(short[] samples, int rate = 8000)
    {
        using var file = new MemoryStream();
        WavFile.Write(file, samples, rate);
        return file.ToArray();
    }

    private async Task<byte[]> ReadAsync(int atOnce = 81_920)
    {
        using var whole = new MemoryStream();
        await using (var stream = (await OpenAsync())!)
        {
            await stream.CopyToAsync(whole, atOnce, Cancel);
        }

        return whole.ToArray();
    }

    private Task<StoredRecording?> FindAsync() => StereoRecordings.FindAsync(Name, FindFileAsync);

    private Task<Stream?> OpenAsync() => StereoRecordings.OpenAsync(Name, FindFileAsync, OpenFileAsync, Cancel);

    private Task<StoredFile?> FindFileAsync(string name) =>
        Task.FromResult(_files.TryGetValue(name, out var file) ? StoredFile.Of(name, file.Length, file.AsSpan(0, Math.Min(file.Length, 4096))) : null);

    private Task<Stream?> OpenFileAsync(string name)
    {
        var stream = new MemoryStream(_files[name]);
        _opened.Add(stream);
        return Task.FromResult<Stream?>(stream);
    }
}
