namespace IvrConsent.TestKit.Audio;

/// <summary>
/// Where exactly a tone of known loudness begins, to about a millisecond, where <see cref="ToneAnalyzer"/> is good to 20. A window
/// of 10 ms without taper moves on by single samples; tones whose frequencies are whole multiples of 100 Hz are orthogonal over it and
/// do not disturb each other, and the tone began in the middle of the window that holds half of its amplitude.
/// </summary>
public static class ToneOnset
{
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// The beginning of the tone, as a position in the sound; null where there is none, or under half a window of it (5 ms) before the end.
    /// </summary>
    /// <param name="pcm">The sound.</param>
    /// <param name="sampleRate">Samples a second.</param>
    /// <param name="tone">The tone as it was sent, its frequency a multiple of 100 Hz.</param>
    public static TimeSpan? Find(ReadOnlySpan<short> pcm, int sampleRate, Tone tone)
    {
        if (tone.Frequency % 100 != 0)
        {
            throw new ArgumentException("The frequency must be a multiple of 100 Hz.", nameof(tone));
        }

        var window = (int)(_window.TotalSeconds * sampleRate);
        var half = tone.Amplitude * short.MaxValue / 2;
        for (var at = 0; at + window <= pcm.Length; at++)
        {
            if (Goertzel.Amplitude(pcm.Slice(at, window), tone.Frequency, sampleRate) >= half)
            {
                return TimeSpan.FromSeconds((at + (window / 2.0)) / sampleRate);
            }
        }

        return null;
    }
}
