using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Core.Calls;

/// <summary>
/// Names one call for ever. It is derived from the PBX, the channel and the moment the channel came to be, so a worker
/// that was restarted in mid-call finds the same name again without asking anybody. The layout is that of a UUID
/// version 8 (RFC 9562): 48 bits of Unix milliseconds first, so ids sort by time, then bits of a SHA-256.
/// </summary>
public readonly record struct CallId(Guid Value) : IComparable<CallId>
{
    /// <summary>The id of the call that arrived on <paramref name="channel"/> of the PBX named <paramref name="pbx"/>.</summary>
    public static CallId FromChannel(string pbx, string channel, DateTimeOffset channelCreatedAt)
    {
        Span<byte> id = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{pbx}\n{channel}"), id);
        WriteTime(id, channelCreatedAt);
        id[6] = (byte)(0x80 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new CallId(new Guid(id[..16], bigEndian: true));
    }

    /// <summary>A bound, and no call's id: those of calls from before the moment sort before it, those of later calls behind it.</summary>
    public static CallId First(DateTimeOffset moment)
    {
        Span<byte> id = stackalloc byte[16];
        id.Clear();
        WriteTime(id, moment);
        return new CallId(new Guid(id, bigEndian: true));
    }

    /// <summary>Reads an id in either of the two usual forms (with or without hyphens).</summary>
    public static bool TryParse(string? text, out CallId id)
    {
        var read = Guid.TryParse(text, CultureInfo.InvariantCulture, out var value);
        id = new CallId(value);
        return read;
    }

    private static void WriteTime(Span<byte> id, DateTimeOffset moment)
    {
        var milliseconds = moment.ToUnixTimeMilliseconds();
        for (var i = 0; i < 6; i++)
        {
            id[i] = (byte)(milliseconds >> (8 * (5 - i)));
        }
    }

    /// <summary>32 lower-case hexadecimal digits: safe in file names, URLs, channel ids and dialplan variables.</summary>
    public override string ToString() => Value.ToString("N");

    /// <inheritdoc/>
    public int CompareTo(CallId other) => string.CompareOrdinal(ToString(), other.ToString());

    /// <summary>Earlier by time of arrival.</summary>
    public static bool operator <(CallId left, CallId right) => left.CompareTo(right) < 0;

    /// <summary>Later by time of arrival.</summary>
    public static bool operator >(CallId left, CallId right) => left.CompareTo(right) > 0;

    /// <summary>Not later by time of arrival.</summary>
    public static bool operator <=(CallId left, CallId right) => left.CompareTo(right) <= 0;

    /// <summary>Not earlier by time of arrival.</summary>
    public static bool operator >=(CallId left, CallId right) => left.CompareTo(right) >= 0;
}
