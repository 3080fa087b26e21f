using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

public sealed class ToneAnalyzerTests
{
    private static readonly TimeSpan _edge = TimeSpan.FromMilliseconds(25);

    [Fact]
    public void Finds_where_a_tone_begins_and_ends()
    {
        short[] pcm = [.. Silence(0.5), .. Sound(1, 1000.0), .. Silence(0.5)];

        var segment = Assert.Single(ToneAnalyzer.Segments(pcm, 8000, 1000, 1700));

        Assert.Equal([1000.0], segment.Frequencies);
        Assert.Equal(0.5, segment.Start.TotalSeconds, _edge.TotalSeconds);
        Assert.Equal(1.5, segment.End.TotalSeconds, _edge.TotalSeconds);
    }

    [Theory]
    [InlineData(0.3, 0.03)]
    [InlineData(0.03, 0.3)]
    [InlineData(0.25, 0.25)]
    public void Tells_two_voices_apart_that_differ_by_20_dB(double caller, double agent)
    {
        short[] pcm =
        [
            .. Sound(1, new Tone(1000, caller)),
            .. Sound(1, new Tone(1000, caller), new Tone(1700, agent)),
            .. Sound(1, new Tone(1700, agent)),
        ];

        var tones = ToneAnalyzer.Analyze(Telephone(pcm), 8000, 1000, 1700);

        Assert.Equal(2, tones.DurationOf(1000).TotalSeconds, 0.06);
        Assert.Equal(2, tones.DurationOf(1700).TotalSeconds, 0.06);
        Assert.False(tones.Contains(1000, TimeSpan.FromSeconds(2.05)));
        Assert.False(tones.Contains(1700, to: TimeSpan.FromSeconds(0.95)));
        Assert.Equal([1, 2, 1], tones.Segments.Where(s => s.Duration > TimeSpan.FromSeconds(0.1)).Select(s => s.Frequencies.Count));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1700)]
    [InlineData(440)]
    public void A_loud_tone_through_G711_is_not_taken_for_any_other(double loud)
    {
        double[] candidates = [440, 1000, 1300, 1700, 2000, 3000];
        var tones = ToneAnalyzer.Analyze(Telephone([.. Silence(0.21), .. Sound(1, new Tone(loud, 0.9)), .. Silence(0.2)]), 8000, candidates);

        Assert.All(candidates.Where(f => f != loud), other => Assert.False(tones.Contains(other), $"{other} Hz: {tones}"));
        Assert.Equal(1, tones.DurationOf(loud).TotalSeconds, 0.05);
    }

    [Fact]
    public void Noise_is_not_a_tone()
    {
        var random = new Random(7);
        short[] noise = [.. Enumerable.Range(0, 80000).Select(_ => (short)random.Next(-4000, 4000))];

        Assert.InRange(ToneAnalyzer.Analyze(noise, 8000, 1000, 1700).DurationOf(1000).TotalSeconds, 0, 0.3);
    }

    [Fact]
    public void A_lost_packet_does_not_cut_a_tone_in_two_but_a_pause_does()
    {
        var pcm = Sound(2, 1000.0);
        Array.Clear(pcm, 8000, 160);
        Assert.Single(ToneAnalyzer.Analyze(pcm, 8000, 1000).StretchesOf(1000));

        Array.Clear(pcm, 8000, 1600);
        Assert.Equal(2, ToneAnalyzer.Analyze(pcm, 8000, 1000).StretchesOf(1000).Count);
    }

    [Fact]
    public void Tells_prompts_apart_that_are_40_Hz_from_each_other()
    {
        double[] prompts = [.. Enumerable.Range(0, 10).Select(i => 400.0 + 40 * i)];
        short[] pcm = [.. prompts.SelectMany(f => Sound(0.5, new Tone(f, 0.35)).Concat(Silence(0.3)))];

        var tones = ToneAnalyzer.Analyze(Telephone(pcm), 8000, prompts);

        Assert.Equal(prompts, tones.Segments.Select(s => Assert.Single(s.Frequencies)));
        Assert.All(tones.Segments, s => Assert.Equal(0.5, s.Duration.TotalSeconds, 0.1));
    }

    [Fact]
    public void Refuses_candidates_it_could_not_tell_apart() =>
        Assert.Throws<ArgumentException>(() => ToneAnalyzer.Segments(new short[800], 8000, 1000, 1005));

    [Theory]
    [InlineData(8000)]
    [InlineData(16000)]
    public void Finds_every_key_and_no_other(int rate)
    {
        var pcm = new List<short>();
        foreach (var key in Dtmf.Keys)
        {
            var (low, high) = Dtmf.Frequencies(key);
            pcm.AddRange(Tone.Mix(TimeSpan.FromMilliseconds(80), rate, new Tone(low, 0.2), new Tone(high, 0.2)));
            pcm.AddRange(new short[rate * 60 / 1000]);
        }

        Assert.Equal(Dtmf.Keys, string.Concat(Dtmf.Detect([.. pcm], rate).Select(d => d.Digit)));
    }

    [Fact]
    public void A_single_tone_is_no_key() => Assert.Empty(Dtmf.Detect(Sound(1, 941.0), 8000));

    private static short[] Silence(double seconds) => new short[(int)(seconds * 8000)];

    private static short[] Sound(double seconds, params Tone[] tones) => Tone.Mix(TimeSpan.FromSeconds(seconds), 8000, tones);

    private static short[] Telephone(short[] pcm) => G711.DecodeALaw(G711.EncodeALaw(pcm));
}
