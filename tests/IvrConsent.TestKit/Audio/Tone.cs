namespace IvrConsent.TestKit.Audio;

/// <summary>A sine tone that stands for a voice. <paramref name="Amplitude"/> is the peak as a share of full scale.</summary>
public sealed record Tone(double Frequency, double Amplitude = 0.25)
{
    public static implicit operator Tone(double frequency) => new(frequency);

    public static Tone FromDouble(double frequency) => new(frequency);

    /// <summary>The tone on its own, phase starting at zero.</summary>
    public short[] Samples(TimeSpan duration, int sampleRate) => Mix(duration, sampleRate, this);

    /// <summary>Several tones added up, as in a recording of two people talking at once.</summary>
    public static short[] Mix(TimeSpan duration, int sampleRate, params ReadOnlySpan<Tone> tones)
    {
        var pcm = new short[(int)Math.Round(duration.TotalSeconds * sampleRate)];
        foreach (var tone in tones)
        {
            new ToneSource(sampleRate).AddTo(pcm, tone);
        }

        return pcm;
    }
}

/// <summary>An oscillator that keeps its phase from frame to frame, so frames join without a click.</summary>
internal sealed class ToneSource(int sampleRate)
{
    private double _phase;

    public void AddTo(Span<short> pcm, Tone tone)
    {
        var step = 2 * Math.PI * tone.Frequency / sampleRate;
        var peak = tone.Amplitude * short.MaxValue;
        for (var i = 0; i < pcm.Length; i++)
        {
            pcm[i] = (short)Math.Clamp(pcm[i] + Math.Round(peak * Math.Sin(_phase)), short.MinValue, short.MaxValue);
            _phase += step;
        }

        _phase %= 2 * Math.PI;
    }
}
