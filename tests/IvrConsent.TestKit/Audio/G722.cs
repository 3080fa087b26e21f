namespace IvrConsent.TestKit.Audio;

// ITU-T G.722 in its 64 kbit/s mode. The signal is split into two half-bands by a 24-tap quadrature mirror filter; the
// lower one is coded with six bits per pair of samples, the higher with two, each by adaptive differential PCM. Names in
// comments (LOGSCL, UPPOL2, …) are the blocks of the recommendation's section 6.2.

/// <summary>16 kHz PCM to G.722 (64 kbit/s). Keeps its filters from call to call: one per stream.</summary>
public sealed class G722Encoder
{
    private readonly G722LowBand _low = new();
    private readonly G722HighBand _high = new();
    private readonly G722Mirror _mirror = new();

    /// <summary>Two samples become one byte; an odd last sample is dropped.</summary>
    public byte[] Encode(ReadOnlySpan<short> pcm)
    {
        var codes = new byte[pcm.Length / 2];
        for (var i = 0; i < codes.Length; i++)
        {
            var (even, odd) = _mirror.Shift(pcm[2 * i], pcm[2 * i + 1]);
            var low = _low.Encode((even + odd) >> 14);
            var high = _high.Encode((even - odd) >> 14);
            codes[i] = (byte)((high << 6) | low);
        }

        return codes;
    }
}

/// <summary>G.722 (64 kbit/s) to 16 kHz PCM. Keeps its filters from call to call: one per stream.</summary>
public sealed class G722Decoder
{
    private readonly G722LowBand _low = new();
    private readonly G722HighBand _high = new();
    private readonly G722Mirror _mirror = new();

    /// <summary>One byte becomes two samples.</summary>
    public short[] Decode(ReadOnlySpan<byte> codes)
    {
        var pcm = new short[codes.Length * 2];
        for (var i = 0; i < codes.Length; i++)
        {
            var low = _low.Decode(codes[i] & 0x3F);
            var high = _high.Decode(codes[i] >> 6);
            var (first, second) = _mirror.Shift(low + high, low - high);
            pcm[2 * i] = (short)G722Band.Saturate(first >> 11);
            pcm[2 * i + 1] = (short)G722Band.Saturate(second >> 11);
        }

        return pcm;
    }
}

/// <summary>The quadrature mirror filter: twelve taps for each of two interleaved phases (table 11).</summary>
internal sealed class G722Mirror
{
    private static readonly int[] _taps = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

    private readonly int[] _line = new int[24];

    /// <summary>Shifts two samples in; gives the filtered odd-tap and even-tap phases.</summary>
    public (int Even, int Odd) Shift(int first, int second)
    {
        Array.Copy(_line, 2, _line, 0, 22);
        _line[22] = first;
        _line[23] = second;
        var even = 0;
        var odd = 0;
        for (var i = 0; i < 12; i++)
        {
            odd += _line[2 * i] * _taps[i];
            even += _line[2 * i + 1] * _taps[11 - i];
        }

        return (even, odd);
    }
}

/// <summary>What the two sub-bands share: the two-pole, six-zero adaptive predictor and the log-to-linear scale.</summary>
internal abstract class G722Band(int scale)
{
    // INVQBL's antilog table: 2048 * 2^(i/32).
    private static readonly int[] _antilog = [.. Enumerable.Range(0, 32).Select(i => (int)Math.Round(2048 * Math.Pow(2, i / 32.0)))];

    private readonly int[] _zeros = new int[7];
    private readonly int[] _differences = new int[7];
    private int _pole1, _pole2;
    private int _reconstructed1, _reconstructed2;
    private int _partial1, _partial2;
    private int _zeroPart;
    private int _logScale;

    /// <summary>The quantiser's scale factor in use.</summary>
    protected int Scale { get; private set; } = scale;

    /// <summary>The predicted sample.</summary>
    protected int Predicted { get; private set; }

    public static int Saturate(int value) => Math.Clamp(value, short.MinValue, short.MaxValue);

    /// <summary>LOGSCL/LOGSCH and SCALEL/SCALEH: the scale leaks towards its lowest value and is moved by each code word.</summary>
    protected void Rescale(int step, int ceiling, int shift)
    {
        _logScale = Math.Clamp(((_logScale * 127) >> 7) + step, 0, ceiling);
        var mantissa = _antilog[(_logScale >> 6) & 31];
        var right = shift - (_logScale >> 11);
        Scale = (right < 0 ? mantissa << -right : mantissa >> right) << 2;
    }

    /// <summary>Block 4: adapts the predictor to one quantised difference and predicts the next sample.</summary>
    protected void Adapt(int difference)
    {
        var reconstructed = Saturate(Predicted + difference);
        var partial = Saturate(_zeroPart + difference);
        AdaptPoles(partial);
        AdaptZeros(difference);

        (_reconstructed2, _reconstructed1) = (_reconstructed1, reconstructed);
        (_partial2, _partial1) = (_partial1, partial);

        // FILTEP, FILTEZ, PREDIC
        var poles = Saturate(((_pole1 * Saturate(2 * _reconstructed1)) >> 15) + ((_pole2 * Saturate(2 * _reconstructed2)) >> 15));
        _zeroPart = 0;
        for (var i = 6; i > 0; i--)
        {
            _zeroPart += (_zeros[i] * Saturate(2 * _differences[i])) >> 15;
        }

        _zeroPart = Saturate(_zeroPart);
        Predicted = Saturate(poles + _zeroPart);
    }

    private static bool SameSign(int a, int b) => (a < 0) == (b < 0);

    private void AdaptPoles(int partial)
    {
        // UPPOL2
        var fromFirst = Saturate(4 * _pole1);
        fromFirst = Math.Min(SameSign(partial, _partial1) ? -fromFirst : fromFirst, short.MaxValue);
        var second = (fromFirst >> 7) + (SameSign(partial, _partial2) ? 128 : -128) + ((_pole2 * 32512) >> 15);
        _pole2 = Math.Clamp(second, -12288, 12288);

        // UPPOL1
        var first = Saturate((SameSign(partial, _partial1) ? 192 : -192) + ((_pole1 * 32640) >> 15));
        var limit = Saturate(15360 - _pole2);
        _pole1 = Math.Clamp(first, -limit, limit);
    }

    private void AdaptZeros(int difference)
    {
        // UPZERO; the differences move one place on (DELAYA) as the coefficients are worked through from the oldest.
        var step = difference == 0 ? 0 : 128;
        for (var i = 6; i > 0; i--)
        {
            var older = _differences[i];
            _zeros[i] = Saturate((SameSign(difference, older) ? step : -step) + ((_zeros[i] * 32640) >> 15));
        }

        for (var i = 6; i > 1; i--)
        {
            _differences[i] = _differences[i - 1];
        }

        _differences[1] = difference;
    }
}

/// <summary>0 to 4 kHz: six bits sent, the four uppermost of which drive the adaptation (so that 48 kbit/s would still track).</summary>
internal sealed class G722LowBand() : G722Band(32)
{
    // Decision levels of the 60-level quantiser, for one sign (table 14).
    private static readonly int[] _decisions =
    [
        35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458,
        1612, 1765, 1980, 2195, 2557, 2919,
    ];

    // Output levels from the innermost outwards (tables 17 and 19).
    private static readonly int[] _fine =
    [
        136, 432, 728, 1040, 1360, 1688, 2032, 2400, 2776, 3168, 3576, 4008, 4464, 4944, 5456, 6000, 6576, 7192, 7856, 8576,
        9360, 10232, 11192, 12280, 13512, 14984, 16704, 19008, 21904, 24808,
    ];

    private static readonly int[] _coarse = [0, 1200, 2584, 4240, 6288, 8968, 12896, 20456];

    // W_L: how each coarse level moves the scale (table 20).
    private static readonly int[] _moves = [-60, -30, 58, 172, 334, 538, 1198, 3042];

    public int Encode(int sample)
    {
        var difference = Saturate(sample - Predicted);
        var magnitude = difference >= 0 ? difference : -(difference + 1);
        var level = 0;
        while (level < _decisions.Length && magnitude >= (_decisions[level] * Scale) >> 12)
        {
            level++;
        }

        var code = Code(level, difference < 0);
        Track(code);
        return code;
    }

    public int Decode(int code)
    {
        var sample = Math.Clamp(Predicted + ((Scale * FineLevel(code)) >> 15), -16384, 16383);
        Track(code);
        return sample;
    }

    // Positive levels count down from 61 to 32, negative ones are 63, 62 and then count down from 31 to 4.
    private static int Code(int level, bool negative) => negative ? (level < 2 ? 63 - level : 33 - level) : 61 - level;

    private static int FineLevel(int code) => code switch
    {
        >= 62 => -_fine[63 - code],
        >= 32 => _fine[61 - code],
        >= 4 => -_fine[33 - code],
        _ => -_fine[0],
    };

    private void Track(int code)
    {
        var coarse = code >> 2;
        var level = coarse is 0 or 15 ? 0 : coarse < 8 ? 8 - coarse : 15 - coarse;
        var difference = (Scale * (coarse < 8 ? -_coarse[level] : _coarse[level])) >> 15;
        Rescale(_moves[level], 18432, 8);
        Adapt(difference);
    }
}

/// <summary>4 to 8 kHz: two bits, sign and an inner or outer level.</summary>
internal sealed class G722HighBand() : G722Band(8)
{
    private const int Decision = 564;
    private const int Inner = 1616;
    private const int Outer = 7408;

    public int Encode(int sample)
    {
        var difference = Saturate(sample - Predicted);
        var magnitude = difference >= 0 ? difference : -(difference + 1);
        var inner = magnitude < (Decision * Scale) >> 12;
        var code = (difference >= 0 ? 2 : 0) + (inner ? 1 : 0);
        Track(code);
        return code;
    }

    public int Decode(int code)
    {
        var sample = Math.Clamp(Predicted + Difference(code), -16384, 16383);
        Track(code);
        return sample;
    }

    private int Difference(int code)
    {
        var level = (code & 1) != 0 ? Inner : Outer;
        return (Scale * ((code & 2) != 0 ? level : -level)) >> 15;
    }

    private void Track(int code)
    {
        var difference = Difference(code);
        Rescale((code & 1) != 0 ? -214 : 798, 22528, 10);
        Adapt(difference);
    }
}
