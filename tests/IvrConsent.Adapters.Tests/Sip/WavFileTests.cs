using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

public sealed class WavFileTests
{
    [Theory]
    [InlineData(8000, 1)]
    [InlineData(16000, 2)]
    public void Reads_what_it_wrote(int rate, int channels)
    {
        short[] samples = [.. Enumerable.Range(-500, 1000).Select(i => (short)(i * 30))];

        var wav = WavFile.Read(Written(samples, rate, channels));

        Assert.Equal(samples, wav.Samples);
        Assert.Equal((rate, channels), (wav.SampleRate, wav.Channels));
        Assert.True(wav.HeaderIsTrue);
        Assert.Equal(1000.0 / channels / rate, wav.Duration.TotalSeconds, 1e-6);
    }

    [Fact]
    public void Gives_each_channel_and_their_mean()
    {
        var wav = WavFile.Read(Written([100, -100, 300, 100], 8000, 2));

        Assert.Equal([100, 300], wav.Channel(0));
        Assert.Equal([-100, 100], wav.Channel(1));
        Assert.Equal([0, 200], wav.Mono());
    }

    [Fact]
    public void A_file_cut_short_shows_what_was_claimed_and_what_is_there()
    {
        var file = Written(new short[800], 8000, 1);

        var wav = WavFile.Read(file.AsSpan(0, 44 + 501));

        Assert.Equal((1600L, 501L, 250), (wav.HeaderDataBytes, wav.DataBytes, wav.Samples.Count));
        Assert.False(wav.HeaderIsTrue);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(100u)]
    [InlineData(uint.MaxValue)]
    public void A_header_never_completed_does_not_hide_the_sound(uint claimed)
    {
        var wav = WavFile.Read(Written([.. Enumerable.Repeat((short)0x7D7D, 800)], 8000, 1, claimed));

        Assert.Equal((claimed, 1600L), (wav.HeaderDataBytes, wav.DataBytes));
        Assert.False(wav.HeaderIsTrue);
    }

    [Fact]
    public void A_chunk_behind_the_sound_is_not_sound()
    {
        byte[] file = [.. Written(new short[100], 8000, 1), .. "LIST"u8, 4, 0, 0, 0, .. "INFO"u8];

        Assert.Equal(200, WavFile.Read(file).DataBytes);
    }

    [Fact]
    public void A_header_alone_is_a_recording_of_nothing()
    {
        var wav = WavFile.Read(Written([], 8000, 1));

        Assert.Empty(wav.Samples);
        Assert.True(wav.HeaderIsTrue);
    }

    [Fact]
    public void Says_what_is_wrong_with_a_file_that_is_none()
    {
        Assert.Throws<InvalidDataException>(() => WavFile.Read(ReadOnlySpan<byte>.Empty));
        Assert.Throws<InvalidDataException>(() => WavFile.Read("RIFF....WAVEfmt "u8));
        Assert.Throws<InvalidDataException>(() => WavFile.Read(Written([1, 2], 8000, 1).AsSpan(0, 36)));
    }

    private static byte[] Written(short[] samples, int rate, int channels, uint? claimed = null)
    {
        using var stream = new MemoryStream();
        WavFile.Write(stream, samples, rate, channels, claimed);
        return stream.ToArray();
    }
}
