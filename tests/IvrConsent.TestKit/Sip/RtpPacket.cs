using System.Buffers.Binary;

namespace IvrConsent.TestKit.Sip;

/// <summary>The header of RTP (RFC 3550 section 5.1), read and written.</summary>
internal readonly ref struct RtpPacket
{
    public int PayloadType { get; private init; }

    public bool Marker { get; private init; }

    public ushort Sequence { get; private init; }

    public uint Timestamp { get; private init; }

    public uint Ssrc { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    /// <summary>False for anything else on the port, RTCP of a neighbour included.</summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet)
    {
        packet = default;
        if (datagram.Length < 12 || datagram[0] >> 6 != 2 || datagram[1] is >= 192 and <= 223)
        {
            return false;
        }

        var start = 12 + 4 * (datagram[0] & 0x0F);
        if ((datagram[0] & 0x10) != 0 && datagram.Length >= start + 4)
        {
            start += 4 + 4 * BinaryPrimitives.ReadUInt16BigEndian(datagram[(start + 2)..]);
        }

        var padding = (datagram[0] & 0x20) != 0 ? datagram[^1] : 0;
        if (start + padding > datagram.Length)
        {
            return false;
        }

        packet = new RtpPacket
        {
            Marker = (datagram[1] & 0x80) != 0,
            PayloadType = datagram[1] & 0x7F,
            Sequence = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            Timestamp = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            Ssrc = BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]),
            Payload = datagram[start..^padding],
        };
        return true;
    }

    public static byte[] Build(int payloadType, bool marker, ushort sequence, uint timestamp, uint ssrc, ReadOnlySpan<byte> payload)
    {
        var datagram = new byte[12 + payload.Length];
        datagram[0] = 0x80;
        datagram[1] = (byte)(payloadType | (marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(8), ssrc);
        payload.CopyTo(datagram.AsSpan(12));
        return datagram;
    }
}
