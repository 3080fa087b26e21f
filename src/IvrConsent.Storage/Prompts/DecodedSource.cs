using System.Buffers.Binary;

namespace IvrConsent.Storage.Prompts;

/// <summary>What was delivered, decoded at its own rate and with its own channels: here it is measured before it is treated.</summary>
internal sealed class DecodedSource
{
    // The last step of 16 bits counts as full scale; it is what a converter gives that was driven too hard.
    private const float FullScale = 32766.5f / 32768f;
    private const float SameValue = 1f / 32768f;

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
    /// The share of samples, in the worst channel, that lie on a cut-off top: two or more on end at full scale, or a run of
    /// equal ones at the very peak, which is what clipped sound looks like after somebody turned it down.
    /// </summary>
    /// <param name="coarse">Whether the source has 8 bits a sample: there equal neighbours are common at any peak.</param>
    public double ClippedShare(bool coarse) => _channels.Max(c => ClippedShare(c, coarse ? 6 : 3));

    private static double ClippedShare(float[] samples, int flatRun)
    {
        var peak = samples.Length == 0 ? 0 : samples.Max(Math.Abs);
        var clipped = 0;
        for (var i = 0; i < samples.Length;)
        {
            var first = samples[i];
            var end = i + 1;
            while (end < samples.Length && Math.Abs(samples[end] - first) <= SameValue)
            {
                end++;
            }

            var height = Math.Abs(first);
            if (height > 0 && height >= peak * 0.98f && end - i >= (height >= FullScale ? 2 : flatRun))
            {
                clipped += end - i;
            }

            i = end;
        }

        return samples.Length == 0 ? 0 : (double)clipped / samples.Length;
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
