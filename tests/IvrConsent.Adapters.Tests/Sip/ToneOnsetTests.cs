using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

public sealed class ToneOnsetTests
{
    private static readonly Tone _first = 1000;
    private static readonly Tone _second = 1300;
    private static readonly Tone _other = 1700;

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(187)]
    [InlineData(1000)]
    public void Tells_to_the_millisecond_how_much_of_the_second_tone_is_left_before_the_end(int lasting)
    {
        var sound = Telephone(0.5, lasting, _second);

        var onset = ToneOnset.Find(sound, 8000, _second);

        Assert.NotNull(onset);
        Assert.Equal(lasting, (sound.Length / 8.0) - onset.Value.TotalMilliseconds, 1.5);
    }

    [Fact]
    public void Nothing_is_found_where_the_tone_is_not() => Assert.Null(ToneOnset.Find(Telephone(0.5, 500, _first), 8000, _second));

    [Fact]
    public void A_tone_that_other_tones_would_disturb_is_refused() => Assert.Throws<ArgumentException>(() => ToneOnset.Find([], 8000, 1250));

    /// <summary>The first tone, then another for so many milliseconds, somebody else talking all the while; through G.711 µ-law.</summary>
    private static short[] Telephone(double seconds, int lasting, Tone then)
    {
        var (before, after) = (TimeSpan.FromSeconds(seconds), TimeSpan.FromMilliseconds(lasting));
        short[] caller = [.. _first.Samples(before, 8000), .. then.Samples(after, 8000)];
        var agent = _other.Samples(before + after, 8000);
        short[] mixed = [.. caller.Zip(agent, (one, other) => (short)(one + other))];
        return VoiceCodec.Pcmu.NewDecoder()(VoiceCodec.Pcmu.NewEncoder()(mixed));
    }
}
