using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Ari;

/// <summary>What became of a message.</summary>
internal enum AriReadOutcome
{
    /// <summary>An event of a type that we use, or the answer to a request.</summary>
    Event,

    /// <summary>Well-formed, but of a type that we do not use.</summary>
    Ignored,

    /// <summary>Not a message at all.</summary>
    Garbage,
}

/// <summary>
/// Reads one message of the event socket. Any bytes may come in, no exception goes out: a member of the wrong type is treated as
/// absent, an unknown member or type is passed over, anything that is no JSON object is garbage. One pass, no document in between.
/// </summary>
internal static class AriEventReader
{
    // Real events nest five deep. The bound keeps a hostile message from costing more than its length.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    private const int MostArgs = 16;

    public static AriReadOutcome Read(ReadOnlySpan<byte> message, AriEvent into)
    {
        into.Reset();
        try
        {
            var reader = new Utf8JsonReader(message, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return AriReadOutcome.Garbage;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadMember(ref reader, into);
            }

            // Reading on finds what stands behind the object, which is garbage too.
            _ = reader.Read();
            if (into.Variable is not null && !message[into.ValueAt].IsEmpty)
            {
                var value = new Utf8JsonReader(message[into.ValueAt], Options);
                into.Value = Text(ref value);
            }
        }
        catch (JsonException)
        {
            into.Reset();
            return AriReadOutcome.Garbage;
        }

        // A dialplan sets many variables; of all but those that are heard nothing is kept, not even a count of the call's events.
        return into.Type == AriEventType.Unknown || (into.Type == AriEventType.ChannelVarset && into.Variable is null) ? AriReadOutcome.Ignored : AriReadOutcome.Event;
    }

    /// <summary>The body of a response as JSON text, or null when it has none.</summary>
    public static byte[]? ReadBody(ReadOnlySpan<byte> message, Range body)
    {
        var token = message[body];
        if (token.IsEmpty)
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(token, Options);
            _ = reader.Read();
            var text = new byte[reader.ValueSpan.Length];
            var length = reader.CopyString(text);
            return length == text.Length ? text : text[..length];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair or bytes that are no UTF-8: there is no text in it. The caller finds no body.
            return null;
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, AriEvent e)
    {
        if (reader.ValueTextEquals("type"u8))
        {
            reader.Read();
            e.Type = TypeOf(ref reader);
        }
        else if (reader.ValueTextEquals("timestamp"u8))
        {
            e.Timestamp = Time(ref reader);
        }
        else if (reader.ValueTextEquals("application"u8))
        {
            e.Application = Text(ref reader);
        }
        else if (reader.ValueTextEquals("channel"u8))
        {
            ReadChannel(ref reader, e);
        }
        else if (reader.ValueTextEquals("playback"u8))
        {
            ReadPlayback(ref reader, e);
        }
        else if (reader.ValueTextEquals("recording"u8))
        {
            ReadRecording(ref reader, e);
        }
        else if (reader.ValueTextEquals("args"u8))
        {
            ReadArgs(ref reader, e);
        }
        else if (reader.ValueTextEquals("digit"u8))
        {
            e.Digit = Text(ref reader) is { Length: 1 } digit ? digit[0] : '\0';
        }
        else if (reader.ValueTextEquals("variable"u8))
        {
            reader.Read();
            e.Variable = HeardVariable(ref reader);
        }
        else if (reader.ValueTextEquals("value"u8))
        {
            reader.Read();
            e.ValueAt = reader.TokenType == JsonTokenType.String ? (int)reader.TokenStartIndex..(int)reader.BytesConsumed : default;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("cause"u8))
        {
            e.Cause = Number(ref reader);
        }
        else if (reader.ValueTextEquals("request_id"u8))
        {
            reader.Read();
            e.RequestId = reader.TokenType == JsonTokenType.String
                && Utf8Parser.TryParse(reader.ValueSpan, out int id, out var used) && used == reader.ValueSpan.Length ? id : 0;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("status_code"u8))
        {
            e.StatusCode = Number(ref reader) ?? 0;
        }
        else if (reader.ValueTextEquals("message_body"u8))
        {
            reader.Read();
            e.Body = reader.TokenType == JsonTokenType.String ? (int)reader.TokenStartIndex..(int)reader.BytesConsumed : default;
            reader.Skip();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private static void ReadChannel(ref Utf8JsonReader reader, AriEvent e)
    {
        if (!Enter(ref reader))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                e.ChannelId = Text(ref reader);
            }
            else if (reader.ValueTextEquals("state"u8))
            {
                reader.Read();
                e.ChannelUp = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("Up"u8);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("creationtime"u8))
            {
                e.ChannelCreatedAt = Time(ref reader);
            }
            else if (reader.ValueTextEquals("caller"u8))
            {
                e.CallerNumber = MemberOf(ref reader, "number"u8);
            }
            else if (reader.ValueTextEquals("dialplan"u8))
            {
                e.Extension = MemberOf(ref reader, "exten"u8);
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    private static void ReadPlayback(ref Utf8JsonReader reader, AriEvent e)
    {
        if (!Enter(ref reader))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                e.PlaybackId = Text(ref reader);
            }
            else if (reader.ValueTextEquals("state"u8))
            {
                reader.Read();
                e.PlaybackFailed = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("failed"u8);
                reader.Skip();
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    private static void ReadRecording(ref Utf8JsonReader reader, AriEvent e)
    {
        if (!Enter(ref reader))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                e.RecordingName = Text(ref reader);
            }
            else if (reader.ValueTextEquals("cause"u8))
            {
                e.RecordingCause = Text(ref reader);
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    private static void ReadArgs(ref Utf8JsonReader reader, AriEvent e)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        e.Args.Clear();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (e.Args.Count < MostArgs)
            {
                e.Args.Add(TextHere(ref reader) ?? string.Empty);
            }

            reader.Skip();
        }
    }

    private static bool Enter(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        reader.Skip();
        return false;
    }

    private static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static string? MemberOf(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        string? found = null;
        if (Enter(ref reader))
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals(name))
                {
                    found = Text(ref reader);
                }
                else
                {
                    Pass(ref reader);
                }
            }
        }

        return found;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        var text = TextHere(ref reader);
        reader.Skip();
        return text;
    }

    private static string? TextHere(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // No UTF-8, or half a surrogate pair. A call must not be lost for a caller name in some old code page.
            return Encoding.UTF8.GetString(reader.ValueSpan);
        }
    }

    private static int? Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        int? number = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) ? value : null;
        reader.Skip();
        return number;
    }

    private static DateTimeOffset? Time(ref Utf8JsonReader reader)
    {
        reader.Read();
        DateTimeOffset? time = null;
        try
        {
            time = AriTimestamp.Read(ref reader);
        }
        catch (InvalidOperationException)
        {
            // Bytes that are no UTF-8: no time in it.
        }

        reader.Skip();
        return time;
    }

    // One text each for all messages; null for the many variables that nobody hears.
    private static string? HeardVariable(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            foreach (var name in CallVariables.Heard)
            {
                if (reader.ValueTextEquals(name))
                {
                    return name;
                }
            }
        }

        reader.Skip();
        return null;
    }

    private static AriEventType TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            foreach (var (name, type) in Types)
            {
                if (reader.ValueTextEquals(name))
                {
                    return type;
                }
            }
        }

        reader.Skip();
        return AriEventType.Unknown;
    }

    // The commonest first: with REST over the socket every second message is a response.
    private static readonly (byte[] Name, AriEventType Type)[] Types =
    [
        ("RESTResponse"u8.ToArray(), AriEventType.RestResponse),
        ("PlaybackStarted"u8.ToArray(), AriEventType.PlaybackStarted),
        ("PlaybackFinished"u8.ToArray(), AriEventType.PlaybackFinished),
        ("ChannelDtmfReceived"u8.ToArray(), AriEventType.ChannelDtmfReceived),
        ("StasisStart"u8.ToArray(), AriEventType.StasisStart),
        ("StasisEnd"u8.ToArray(), AriEventType.StasisEnd),
        ("ChannelHangupRequest"u8.ToArray(), AriEventType.ChannelHangupRequest),
        ("ChannelDestroyed"u8.ToArray(), AriEventType.ChannelDestroyed),
        ("RecordingStarted"u8.ToArray(), AriEventType.RecordingStarted),
        ("RecordingFinished"u8.ToArray(), AriEventType.RecordingFinished),
        ("RecordingFailed"u8.ToArray(), AriEventType.RecordingFailed),
        ("ChannelVarset"u8.ToArray(), AriEventType.ChannelVarset),
        ("CallBroadcast"u8.ToArray(), AriEventType.CallBroadcast),
        ("ApplicationReplaced"u8.ToArray(), AriEventType.ApplicationReplaced),
    ];

    /// <summary>The types that we ask the PBX to send; responses too, to which it applies the filter as well.</summary>
    public static IEnumerable<string> UsedTypes => Types.Select(type => Encoding.ASCII.GetString(type.Name));
}
