using System.Buffers.Binary;

namespace IvrConsent.Storage.Prompts;

/// <summary>What was delivered, decoded at its own rate and with its own channels: here it is measured before it is treated.</summary>
internal sealed class DecodedSource
{
    // Equal but for the last steps of 16 bits at full scale, which dither moves.
    private const float SameValue = 1e-4f;

    // Below -12 dBFS the steps of 16 bits are so coarse that the top of a clean wave looks cut off.
    private const float LowestTop = 0.25f;

    private readonly float[][] _channels;

    private DecodedSource(float[][] channels, int rate)
    {
        _channels = channels;
        Rate = rate;
    }

    public int Rate { get; }

    public int Channels => _channels.Length;

    public TimeSpan Length => TimeSpan.FromSeconds((double)_channels[0].Length / Rate);

    /// <summary>The highest peak of any channel, in dBFS.</summary>
    public double Peak => _channels.Max(c => SpeechAudio.Peak(c));

    /// <summary>The level of the loudest channel, in dBFS.</summary>
    public double LoudestChannel => _channels.Max(c => SpeechAudio.ActiveLevel(c, Rate));

    /// <summary>The level of all channels mixed into one, in dBFS.</summary>
    public double MixLevel => SpeechAudio.ActiveLevel(Mix(), Rate);

    /// <summary>Takes headerless 32-bit little-endian samples, the channels interleaved.</summary>
    public static DecodedSource FromInt32(ReadOnlySpan<byte> raw, int channels, int rate)
    {
        var length = raw.Length / 4 / channels;
        var result = new float[channels][];
        for (var c = 0; c < channels; c++)
        {
            result[c] = new float[length];
            for (var i = 0; i < length; i++)
            {
                result[c][i] = BinaryPrimitives.ReadInt32LittleEndian(raw[(4 * ((i * channels) + c))..]) / 2147483648f;
            }
        }

        return new DecodedSource(result, rate);
    }

    /// <summary>
    /// The share of samples, in the worst channel, that lie on a cut-off top: three or more equal ones on end at the very
    /// peak. That peak need not be full scale, as clipped sound that somebody turned down is clipped all the same.
    /// </summary>
    /// <param name="coarse">Whether the source has 8 bits a sample: there equal neighbours are common at any peak.</param>
    public double ClippedShare(bool coarse) => _channels.Max(c => ClippedShare(c, coarse ? 6 : 3));

    private static double ClippedShare(float[] samples, int flatRun)
    {
        var peak = samples.Length == 0 ? 0 : samples.Max(Math.Abs);
        if (peak < LowestTop)
        {
            return 0;
        }

        var clipped = 0;
        for (var i = 0; i < samples.Length;)
        {
            var first = samples[i];
            var end = i + 1;
            while (end < samples.Length && Math.Abs(samples[end] - first) <= peak * SameValue)
            {
                end++;
            }

            if (Math.Abs(first) >= peak * 0.98f && end - i >= flatRun)
            {
                clipped += end - i;
            }

            i = end;
        }

        return (double)clipped / samples.Length;
    }

    private float[] Mix()
    {
        var mix = new float[_channels[0].Length];
        foreach (var channel in _channels)
        {
            for (var i = 0; i < mix.Length; i++)
            {
                mix[i] += channel[i] / _channels.Length;
            }
        }

        return mix;
    }
}
