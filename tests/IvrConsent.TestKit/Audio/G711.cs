using System.Numerics;

namespace IvrConsent.TestKit.Audio;

/// <summary>ITU-T G.711: one byte per sample as sign, three bits of segment and four bits of step within it.</summary>
public static class G711
{
    private const int MuLawBias = 132;
    private const int MuLawClip = 32635;
    private const byte ALawToggle = 0x55;

    private static readonly short[] _muLaw = [.. Enumerable.Range(0, 256).Select(code => ExpandMuLaw((byte)code))];
    private static readonly short[] _aLaw = [.. Enumerable.Range(0, 256).Select(code => ExpandALaw((byte)code))];

    public static short DecodeMuLaw(byte code) => _muLaw[code];

    public static short DecodeALaw(byte code) => _aLaw[code];

    public static byte EncodeMuLaw(short sample)
    {
        var sign = sample < 0 ? 0x80 : 0;
        var magnitude = Math.Min(Math.Abs((int)sample), MuLawClip) + MuLawBias;
        var segment = BitOperations.Log2((uint)magnitude) - 7;
        var step = (magnitude >> (segment + 3)) & 0x0F;
        return (byte)~(sign | (segment << 4) | step);
    }

    public static byte EncodeALaw(short sample)
    {
        var sign = sample < 0 ? 0 : 0x80;
        var magnitude = sample < 0 ? -sample - 1 : sample;
        var segment = magnitude < 256 ? 0 : BitOperations.Log2((uint)magnitude) - 7;
        var step = (magnitude >> Math.Max(4, segment + 3)) & 0x0F;
        return (byte)((sign | (segment << 4) | step) ^ ALawToggle);
    }

    public static byte[] EncodeMuLaw(ReadOnlySpan<short> pcm)
    {
        var codes = new byte[pcm.Length];
        for (var i = 0; i < pcm.Length; i++)
        {
            codes[i] = EncodeMuLaw(pcm[i]);
        }

        return codes;
    }

    public static byte[] EncodeALaw(ReadOnlySpan<short> pcm)
    {
        var codes = new byte[pcm.Length];
        for (var i = 0; i < pcm.Length; i++)
        {
            codes[i] = EncodeALaw(pcm[i]);
        }

        return codes;
    }

    public static short[] DecodeMuLaw(ReadOnlySpan<byte> codes) => Look(_muLaw, codes);

    public static short[] DecodeALaw(ReadOnlySpan<byte> codes) => Look(_aLaw, codes);

    private static short[] Look(short[] table, ReadOnlySpan<byte> codes)
    {
        var pcm = new short[codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            pcm[i] = table[codes[i]];
        }

        return pcm;
    }

    private static short ExpandMuLaw(byte code)
    {
        var bits = (byte)~code;
        var magnitude = ((((bits & 0x0F) << 3) + MuLawBias) << ((bits >> 4) & 7)) - MuLawBias;
        return (short)((bits & 0x80) != 0 ? -magnitude : magnitude);
    }

    private static short ExpandALaw(byte code)
    {
        var bits = code ^ ALawToggle;
        var segment = (bits >> 4) & 7;
        var middle = ((bits & 0x0F) << 4) + 8;
        var magnitude = segment == 0 ? middle : (middle + 256) << (segment - 1);
        return (short)((bits & 0x80) != 0 ? magnitude : -magnitude);
    }
}
