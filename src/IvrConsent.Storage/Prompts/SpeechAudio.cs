namespace IvrConsent.Storage.Prompts;

/// <summary>
/// Measures and treats speech as samples between -1 and 1. Levels are in dBFS, where 0 is a square wave at full scale, as
/// SoX and ITU-T P.56 count.
/// </summary>
internal static class SpeechAudio
{
    // P.56 counts as pauses what lies 15.9 dB and more below the level of the speech itself.
    private const double PauseMargin = 15.9;
    private const double AbsoluteGate = -70;
    private static readonly TimeSpan LevelFrame = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TrimFrame = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LimiterAhead = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LimiterRelease = TimeSpan.FromMilliseconds(80);
    private static readonly TimeSpan Fade = TimeSpan.FromMilliseconds(2);

    public static double ToDecibels(double amplitude) => amplitude <= 0 ? double.NegativeInfinity : 20 * Math.Log10(amplitude);

    public static double ToAmplitude(double decibels) => Math.Pow(10, decibels / 20);

    public static double Peak(ReadOnlySpan<float> samples)
    {
        var peak = 0f;
        foreach (var sample in samples)
        {
            peak = Math.Max(peak, Math.Abs(sample));
        }

        return ToDecibels(peak);
    }

    /// <summary>
    /// The level while somebody speaks: the power of 20 ms frames, first without what is silent, then without pauses. Taken
    /// over everything instead, a text with long pauses would come out louder than one without.
    /// </summary>
    public static double ActiveLevel(ReadOnlySpan<float> samples, int rate)
    {
        var powers = FramePowers(samples, FrameLength(LevelFrame, rate));
        var level = MeanAbove(powers, AbsoluteGate);
        return double.IsNegativeInfinity(level) ? level : MeanAbove(powers, level - PauseMargin);
    }

    /// <summary>
    /// The part from the first to the last sound, with <paramref name="keep"/> of what is around it. Sound is what is less than
    /// 30 dB below the speech for two frames of 10 ms on end: a single click does not count, a soft consonant does.
    /// </summary>
    public static (int Start, int End) FindSound(ReadOnlySpan<float> samples, int rate, double level, TimeSpan keep)
    {
        var frame = FrameLength(TrimFrame, rate);
        var threshold = Math.Pow(10, Math.Clamp(level - 30, -70, -40) / 10);
        var powers = FramePowers(samples, frame);
        var first = -1;
        var last = -1;
        for (var i = 0; i < powers.Length; i++)
        {
            var besides = powers.Length == 1 || (i > 0 && powers[i - 1] > threshold) || (i + 1 < powers.Length && powers[i + 1] > threshold);
            if (powers[i] > threshold && besides)
            {
                first = first < 0 ? i : first;
                last = i;
            }
        }

        if (first < 0)
        {
            return (0, 0);
        }

        var margin = (int)(keep.TotalSeconds * rate);
        return (Math.Max(0, (first * frame) - margin), Math.Min(samples.Length, ((last + 1) * frame) + margin));
    }

    /// <summary>
    /// Keeps every sample at or below the ceiling by turning the gain down shortly before a peak and slowly up after it, so
    /// that peaks are bent smoothly and the rest is left as loud as it was.
    /// </summary>
    public static void Limit(Span<float> samples, int rate, double ceiling)
    {
        var top = (float)ToAmplitude(ceiling);
        var ahead = FrameLength(LimiterAhead, rate);
        var release = (float)(1 - Math.Exp(-1 / (LimiterRelease.TotalSeconds * rate)));

        // Each gain is the least needed within the look-ahead, and never rises faster than the release.
        var gains = new float[samples.Length];
        var gain = 1f;
        for (var i = 0; i < samples.Length; i++)
        {
            var needed = 1f;
            for (var j = i; j <= Math.Min(i + ahead, samples.Length - 1); j++)
            {
                needed = Math.Min(needed, top / Math.Max(top, Math.Abs(samples[j])));
            }

            gain = Math.Min(needed, gain + ((1 - gain) * release));
            gains[i] = gain;
        }

        // Averaging over the same span rounds the steps off and stays below what each sample needs.
        var sum = 0d;
        for (var i = 0; i < samples.Length; i++)
        {
            sum += gains[i] - (i > ahead ? gains[i - ahead - 1] : 0);
            samples[i] = Math.Clamp((float)(samples[i] * (sum / Math.Min(i + 1, ahead + 1))), -top, top);
        }
    }

    /// <summary>Lets the first and last 2 ms rise and fall, so that noise does not begin and end with a click.</summary>
    public static void FadeEnds(Span<float> samples, int rate)
    {
        var length = Math.Min(FrameLength(Fade, rate), samples.Length / 2);
        for (var i = 0; i < length; i++)
        {
            var factor = (float)i / length;
            samples[i] *= factor;
            samples[^(i + 1)] *= factor;
        }
    }

    public static short[] ToInt16(ReadOnlySpan<float> samples)
    {
        var result = new short[samples.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            result[i] = (short)Math.Clamp(MathF.Round(samples[i] * 32768f), short.MinValue, short.MaxValue);
        }

        return result;
    }

    private static int FrameLength(TimeSpan frame, int rate) => Math.Max(1, (int)(frame.TotalSeconds * rate));

    private static double[] FramePowers(ReadOnlySpan<float> samples, int frame)
    {
        var powers = new double[(samples.Length + frame - 1) / frame];
        for (var i = 0; i < powers.Length; i++)
        {
            var part = samples.Slice(i * frame, Math.Min(frame, samples.Length - (i * frame)));
            var sum = 0d;
            foreach (var sample in part)
            {
                sum += (double)sample * sample;
            }

            powers[i] = sum / part.Length;
        }

        return powers;
    }

    private static double MeanAbove(double[] powers, double gate)
    {
        var least = Math.Pow(10, gate / 10);
        var sum = 0d;
        var count = 0;
        foreach (var power in powers)
        {
            if (power > least)
            {
                sum += power;
                count++;
            }
        }

        return count == 0 ? double.NegativeInfinity : 10 * Math.Log10(sum / count);
    }
}
