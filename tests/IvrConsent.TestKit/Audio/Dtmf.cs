namespace IvrConsent.TestKit.Audio;

/// <summary>A key press found in sound.</summary>
public sealed record DetectedDigit(char Digit, TimeSpan Start, TimeSpan End);

/// <summary>The sixteen keys as pairs of tones (ITU-T Q.23), and as event numbers (RFC 4733).</summary>
public static class Dtmf
{
    /// <summary>The keys in order of their RFC 4733 event numbers.</summary>
    public const string Keys = "0123456789*#ABCD";

    private static readonly double[] _low = [697, 770, 852, 941];
    private static readonly double[] _high = [1209, 1336, 1477, 1633];
    private static readonly string[] _pad = ["123A", "456B", "789C", "*0#D"];

    /// <summary>The two frequencies of a key.</summary>
    public static (double Low, double High) Frequencies(char key)
    {
        for (var row = 0; row < 4; row++)
        {
            var column = _pad[row].IndexOf(key, StringComparison.Ordinal);
            if (column >= 0)
            {
                return (_low[row], _high[column]);
            }
        }

        throw new ArgumentException($"'{key}' is not one of {Keys}.", nameof(key));
    }

    /// <summary>
    /// Finds keys of 40 ms or more, parted by 20 ms or more. A key is heard where one low and one high frequency carry most
    /// of the energy of a 25 ms window, neither more than 9 dB above the other.
    /// </summary>
    public static IReadOnlyList<DetectedDigit> Detect(ReadOnlySpan<short> pcm, int sampleRate)
    {
        var length = sampleRate / 40;
        var hop = sampleRate / 100;
        var digits = new List<DetectedDigit>();
        var current = '\0';
        var start = 0;
        for (var at = 0; ; at += hop)
        {
            var key = at + length <= pcm.Length ? KeyIn(pcm.Slice(at, length), sampleRate) : '\0';
            if (key != current)
            {
                // Two windows that agree span 35 ms of sound.
                if (current != '\0' && at - start >= 2 * hop)
                {
                    digits.Add(new DetectedDigit(current, Position(start, sampleRate), Position(at - hop + length, sampleRate)));
                }

                (current, start) = (key, at);
            }

            if (at + length > pcm.Length)
            {
                return digits;
            }
        }
    }

    private static TimeSpan Position(int sample, int sampleRate) => TimeSpan.FromSeconds((double)sample / sampleRate);

    private static char KeyIn(ReadOnlySpan<short> window, int sampleRate)
    {
        double energy = 0;
        foreach (var sample in window)
        {
            energy += (double)sample * sample;
        }

        var meanSquare = energy / window.Length;
        if (meanSquare < 100 * 100)
        {
            return '\0';
        }

        var (row, low) = Strongest(window, _low, sampleRate);
        var (column, high) = Strongest(window, _high, sampleRate);
        var carried = (low * low + high * high) / 2;
        var twist = low / Math.Max(high, 1e-9);
        return carried >= 0.75 * meanSquare && twist is > 0.355 and < 2.82 ? _pad[row][column] : '\0';
    }

    private static (int Index, double Amplitude) Strongest(ReadOnlySpan<short> window, double[] frequencies, int sampleRate)
    {
        var best = (Index: 0, Amplitude: 0.0);
        for (var i = 0; i < frequencies.Length; i++)
        {
            var amplitude = Goertzel.Amplitude(window, frequencies[i], sampleRate);
            if (amplitude > best.Amplitude)
            {
                best = (i, amplitude);
            }
        }

        return best;
    }
}
