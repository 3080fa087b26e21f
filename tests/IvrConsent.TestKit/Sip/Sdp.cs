using System.Globalization;
using System.Net;
using System.Text;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>The direction of a stream as one side sees it.</summary>
public enum MediaDirection
{
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// <summary>The one audio stream of a session description, as far as the phone needs it.</summary>
internal sealed record Sdp(IPEndPoint Remote, IReadOnlyList<VoiceCodec> Codecs, int? EventPayloadType, MediaDirection Direction)
{
    /// <summary>The other side's view of a direction.</summary>
    public static MediaDirection Mirror(MediaDirection direction) => direction switch
    {
        MediaDirection.SendOnly => MediaDirection.RecvOnly,
        MediaDirection.RecvOnly => MediaDirection.SendOnly,
        _ => direction,
    };

    /// <summary>Reads the first audio stream; null if there is none we could speak to.</summary>
    public static Sdp? Parse(string body)
    {
        string? sessionHost = null, mediaHost = null;
        var (port, seenAudio, done) = (0, false, false);
        var (payloads, names) = (Array.Empty<string>(), new Dictionary<string, string>());
        var direction = MediaDirection.SendRecv;
        foreach (var line in body.Split('\n').Select(l => l.TrimEnd('\r')))
        {
            if (line.StartsWith("m=", StringComparison.Ordinal))
            {
                done = seenAudio;
                if (!done && line.StartsWith("m=audio ", StringComparison.Ordinal) && line.Split(' ') is { Length: >= 4 } parts)
                {
                    seenAudio = true;
                    _ = int.TryParse(parts[1].Split('/')[0], CultureInfo.InvariantCulture, out port);
                    payloads = parts[3..];
                }
            }
            else if (line.StartsWith("c=IN IP4 ", StringComparison.Ordinal) && !done)
            {
                (seenAudio ? ref mediaHost : ref sessionHost) = line[9..].Trim();
            }
            else if (line.StartsWith("a=rtpmap:", StringComparison.Ordinal) && line[9..].Split(' ', 2) is [var payload, var name] && !done)
            {
                names[payload] = name.Split('/')[0].ToUpperInvariant();
            }
            else if (line.StartsWith("a=", StringComparison.Ordinal) && !done && Enum.TryParse<MediaDirection>(line[2..].Trim(), ignoreCase: true, out var found) && !char.IsDigit(line[2]))
            {
                direction = found;
            }
        }

        if (!seenAudio || !IPAddress.TryParse(mediaHost ?? sessionHost ?? "", out var address))
        {
            return null;
        }

        // The old way to hold a call: a stream to nowhere.
        direction = address.Equals(IPAddress.Any) ? MediaDirection.Inactive : direction;
        var codecs = payloads.Select(payload => CodecOf(payload, names.GetValueOrDefault(payload))).OfType<VoiceCodec>().ToList();
        var events = payloads.FirstOrDefault(payload => names.GetValueOrDefault(payload) == "TELEPHONE-EVENT");
        return new Sdp(new IPEndPoint(address, port), codecs, events is null ? null : int.Parse(events, CultureInfo.InvariantCulture), direction);
    }

    /// <summary>Writes the description of our side.</summary>
    public static string Build(IPEndPoint local, int version, IEnumerable<VoiceCodec> codecs, int? eventPayloadType, MediaDirection direction)
    {
        var list = codecs.ToList();
        var payloads = list.Select(codec => codec.PayloadType()).Concat(eventPayloadType is { } type ? [type] : []);
        var text = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"v=0\r\no=- {local.Port} {version} IN IP4 {local.Address}\r\ns=call\r\n")
            .Append(CultureInfo.InvariantCulture, $"c=IN IP4 {local.Address}\r\nt=0 0\r\n")
            .Append(CultureInfo.InvariantCulture, $"m=audio {local.Port} RTP/AVP {string.Join(' ', payloads)}\r\n");
        foreach (var codec in list)
        {
            text.Append(CultureInfo.InvariantCulture, $"a=rtpmap:{codec.PayloadType()} {codec.SdpName()}/8000\r\n");
        }

        if (eventPayloadType is { } events)
        {
            text.Append(CultureInfo.InvariantCulture, $"a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-16\r\n");
        }

        return text.Append("a=ptime:20\r\na=").Append(direction.ToString().ToLowerInvariant()).Append("\r\n").ToString();
    }

    private static VoiceCodec? CodecOf(string payload, string? name) => (payload, name) switch
    {
        ("0", _) or (_, "PCMU") => VoiceCodec.Pcmu,
        ("8", _) or (_, "PCMA") => VoiceCodec.Pcma,
        ("9", _) or (_, "G722") => VoiceCodec.G722,
        _ => null,
    };
}
