namespace IvrConsent.TestKit.Audio;

/// <summary>The strength of one frequency in a short stretch of PCM.</summary>
internal static class Goertzel
{
    /// <summary>A raised-cosine window: a strong tone then stays out of the bins of a weak one 150 Hz away or more.</summary>
    public static double[] HannWindow(int length) =>
        [.. Enumerable.Range(0, length).Select(i => 0.5 - 0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / length))];

    /// <summary>The peak amplitude (0 to 32767) of the frequency, as weighed by the window.</summary>
    public static double Amplitude(ReadOnlySpan<short> pcm, double frequency, int sampleRate, double[]? window = null)
    {
        var angle = 2 * Math.PI * frequency / sampleRate;
        var coefficient = 2 * Math.Cos(angle);
        double previous = 0, beforeThat = 0, weight = 0;
        for (var i = 0; i < pcm.Length; i++)
        {
            var w = window is null ? 1 : window[i];
            var current = pcm[i] * w + coefficient * previous - beforeThat;
            beforeThat = previous;
            previous = current;
            weight += w;
        }

        var power = previous * previous + beforeThat * beforeThat - coefficient * previous * beforeThat;
        return weight == 0 ? 0 : 2 * Math.Sqrt(Math.Max(0, power)) / weight;
    }
}
