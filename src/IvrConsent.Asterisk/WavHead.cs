using System.Buffers.Binary;

namespace IvrConsent.Asterisk;

/// <summary>What the head of a WAV file says of the sound behind it. The sizes that it claims are not believed, so they are not here.</summary>
/// <param name="DataAt">Where the sound begins, in bytes from the file's start.</param>
/// <param name="Format">1 is PCM.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Rate">Samples a second, of each channel.</param>
/// <param name="BytesPerSecond">Of all channels.</param>
/// <param name="Bits">Of one sample.</param>
internal readonly record struct WavHead(long DataAt, ushort Format, ushort Channels, uint Rate, uint BytesPerSecond, ushort Bits)
{
    /// <summary>Size of the head that <see cref="Write"/> makes.</summary>
    public const int Size = 44;

    /// <summary>Whether it is one channel of 16-bit PCM.</summary>
    public bool IsPlainMono => Format == 1 && Channels == 1 && Bits == 16 && Rate > 0;

    /// <summary>Reads a file's first bytes; null where they are not those of a WAV file, or end before the sound begins.</summary>
    public static WavHead? Read(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !head[..4].SequenceEqual("RIFF"u8) || !head[8..12].SequenceEqual("WAVE"u8))
        {
            return null;
        }

        var found = default(WavHead);
        long at = 12;
        while (at + 8 <= head.Length)
        {
            var chunk = head[(int)at..];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk[..4].SequenceEqual("fmt "u8) && chunk.Length >= 24)
            {
                found = new WavHead(
                    0,
                    BinaryPrimitives.ReadUInt16LittleEndian(chunk[8..]),
                    BinaryPrimitives.ReadUInt16LittleEndian(chunk[10..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(chunk[12..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(chunk[16..]),
                    BinaryPrimitives.ReadUInt16LittleEndian(chunk[22..]));
            }
            else if (chunk[..4].SequenceEqual("data"u8))
            {
                return found with { DataAt = at + 8 };
            }

            // Chunks stand at even places.
            at += 8 + size + (size & 1);
        }

        return null;
    }

    /// <summary>The head of a file of 16-bit PCM; what is longer than a WAV file can say claims the most that it can.</summary>
    public static byte[] Write(ushort channels, uint rate, long dataBytes)
    {
        const int BehindRiff = Size - 8;
        var (head, frame) = (new byte[Size], (ushort)(channels * 2));
        var data = (uint)Math.Min(dataBytes, uint.MaxValue - BehindRiff);
        "RIFF"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), data + BehindRiff);
        "WAVEfmt "u8.CopyTo(head.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(22), channels);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(24), rate);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(28), rate * frame);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(32), frame);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(34), 16);
        "data"u8.CopyTo(head.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(40), data);
        return head;
    }
}
