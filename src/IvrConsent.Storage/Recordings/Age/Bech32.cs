using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>Bech32 (BIP 173) without its limit of length, as age writes its keys.</summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int ChecksumLength = 6;

    /// <summary>In small letters.</summary>
    public static string Encode(string prefix, ReadOnlySpan<byte> data) => Encoding.ASCII.GetString(EncodeAscii(prefix, data));

    /// <summary>In small letters, as bytes: a string of a private key could not be zeroed.</summary>
    public static byte[] EncodeAscii(string prefix, ReadOnlySpan<byte> data)
    {
        var groups = Regroup(data, 8, 5, pad: true)!;
        byte[] values = [.. Expand(prefix), .. groups, .. new byte[ChecksumLength]];
        var check = Polymod(values) ^ 1;
        var text = new byte[prefix.Length + 1 + groups.Length + ChecksumLength];
        Encoding.ASCII.GetBytes(prefix + "1", text);
        for (var i = 0; i < groups.Length; i++)
        {
            text[prefix.Length + 1 + i] = (byte)Alphabet[groups[i]];
        }

        for (var i = 0; i < ChecksumLength; i++)
        {
            text[^(ChecksumLength - i)] = (byte)Alphabet[(int)(check >> (5 * (ChecksumLength - 1 - i))) & 31];
        }

        CryptographicOperations.ZeroMemory(groups);
        CryptographicOperations.ZeroMemory(values);
        return text;
    }

    /// <summary>The data; null where the text is not one of this prefix, is mistyped, or mixes small and capital letters.</summary>
    public static byte[]? Decode(string prefix, ReadOnlySpan<byte> text)
    {
        var mixed = text.ContainsAnyInRange((byte)'a', (byte)'z') && text.ContainsAnyInRange((byte)'A', (byte)'Z');
        var body = prefix.Length + 1;
        if (mixed || text.Length < body + ChecksumLength || !Ascii.EqualsIgnoreCase(text[..body], prefix + "1"))
        {
            return null;
        }

        var head = Expand(prefix);
        byte[] values = [.. head, .. text[body..]];
        try
        {
            foreach (ref var value in values.AsSpan(head.Length))
            {
                var group = Alphabet.IndexOf(char.ToLowerInvariant((char)value), StringComparison.Ordinal);
                if (group < 0)
                {
                    return null;
                }

                value = (byte)group;
            }

            return Polymod(values) == 1 ? Regroup(values.AsSpan(head.Length..^ChecksumLength), 5, 8, pad: false) : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(values);
        }
    }

    private static byte[] Expand(string prefix) =>
        [.. prefix.Select(letter => (byte)(letter >> 5)), 0, .. prefix.Select(letter => (byte)(letter & 31))];

    private static uint Polymod(ReadOnlySpan<byte> values)
    {
        ReadOnlySpan<uint> generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        uint check = 1;
        foreach (var value in values)
        {
            var top = check >> 25;
            check = ((check & 0x1ffffff) << 5) ^ value;
            for (var i = 0; i < generator.Length; i++)
            {
                check ^= ((top >> i) & 1) == 0 ? 0 : generator[i];
            }
        }

        return check;
    }

    private static byte[]? Regroup(ReadOnlySpan<byte> data, int from, int to, bool pad)
    {
        var result = new byte[((data.Length * from) + (pad ? to - 1 : 0)) / to];
        var (held, bits, used) = (0, 0, 0);
        foreach (var value in data)
        {
            held = ((held << from) | value) & 0xfff;
            for (bits += from; bits >= to;)
            {
                bits -= to;
                result[used++] = (byte)((held >> bits) & ((1 << to) - 1));
            }
        }

        var rest = (held << (to - bits)) & ((1 << to) - 1);
        if (pad)
        {
            if (bits > 0)
            {
                result[used] = (byte)rest;
            }
        }
        else if (bits >= from || rest != 0)
        {
            return null;
        }

        return result;
    }
}
