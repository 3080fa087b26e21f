using System.Text.Json;
using System.Text.Json.Serialization;

namespace IvrConsent.Asterisk.Ari;

/// <summary>
/// Reads Asterisk's <c>2026-11-22T03:00:00.123+0000</c>: the zone has no colon, which the reader of System.Text.Json refuses.
/// Zones with a colon and <c>Z</c> are read too, so that a later Asterisk may mend it.
/// </summary>
internal static class AriTimestamp
{
    /// <summary>The time that the reader stands on; null when it stands on something else.</summary>
    public static DateTimeOffset? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.HasValueSequence || reader.ValueSpan.Length > 6 * 40)
        {
            return null;
        }

        // A plus sign may be written as an escape: some encoders do so.
        Span<byte> unescaped = stackalloc byte[6 * 40];
        var text = reader.ValueIsEscaped ? unescaped[..reader.CopyString(unescaped)] : reader.ValueSpan;
        return TryParse(text, out var utc) ? utc : null;
    }

    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset utc)
    {
        utc = default;
        if (text.Length is < 20 or > 40
            || !Number(text, 0, 4, out var year) || text[4] != '-' || !Number(text, 5, 2, out var month) || text[7] != '-'
            || !Number(text, 8, 2, out var day) || text[10] is not ((byte)'T' or (byte)' ')
            || !Number(text, 11, 2, out var hour) || text[13] != ':' || !Number(text, 14, 2, out var minute) || text[16] != ':'
            || !Number(text, 17, 2, out var second)
            || year is < 1970 or > 9998 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        var at = 19;
        long ticks = 0;
        if (text[at] == '.')
        {
            var unit = TimeSpan.TicksPerSecond;
            for (at++; at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; at++)
            {
                unit /= 10;
                ticks += unit * (text[at] - '0');
            }
        }

        if (!Zone(text[at..], out var offsetMinutes))
        {
            return false;
        }

        var local = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).AddTicks(ticks);
        utc = new DateTimeOffset(local.AddMinutes(-offsetMinutes), TimeSpan.Zero);
        return true;
    }

    private static bool Zone(ReadOnlySpan<byte> zone, out int minutes)
    {
        minutes = 0;
        if (zone.SequenceEqual("Z"u8))
        {
            return true;
        }

        var minuteAt = zone.Length == 6 && zone[3] == ':' ? 4 : 3;
        if (zone.Length != minuteAt + 2 || zone[0] is not ((byte)'+' or (byte)'-')
            || !Number(zone, 1, 2, out var hours) || !Number(zone, minuteAt, 2, out minutes) || hours > 14 || minutes > 59)
        {
            return false;
        }

        minutes += hours * 60;
        minutes = zone[0] == '-' ? -minutes : minutes;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> text, int at, int digits, out int value)
    {
        value = 0;
        for (var i = at; i < at + digits; i++)
        {
            var digit = text[i] - '0';
            if (digit is < 0 or > 9)
            {
                return false;
            }

            value = (value * 10) + digit;
        }

        return true;
    }
}

/// <summary>The same for the bodies that are read by the serializer. A time that cannot be read is null, not an error.</summary>
internal sealed class AriTimestampConverter : JsonConverter<DateTimeOffset?>
{
    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        try
        {
            return AriTimestamp.Read(ref reader);
        }
        catch (InvalidOperationException)
        {
            // No text at all: bytes that are no UTF-8.
            return null;
        }
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Times are only read.");
}
