using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace IvrConsent.TestKit.Sip;

/// <summary>A name-addr header value such as <c>"Ann" &lt;sip:ann@host&gt;;tag=x</c>, taken apart.</summary>
internal sealed record SipAddress(string Display, string Uri, string Parameters)
{
    public string? Tag => Parameter(Parameters, "tag");

    /// <summary>The part before the @, or empty.</summary>
    public string User
    {
        get
        {
            var start = Uri.IndexOf(':', StringComparison.Ordinal) + 1;
            var at = Uri.LastIndexOf('@');
            return at > start ? Uri[start..at] : "";
        }
    }

    /// <summary>Never throws: hostile values are what the phone is for. Broken quotes leave the whole text as the display.</summary>
    public static SipAddress Parse(string value)
    {
        var open = IndexOutsideQuotes(value, '<', 0);
        var close = open < 0 ? -1 : value.IndexOf('>', open);
        if (close > 0)
        {
            return new(Unquote(value[..open].Trim()), value[(open + 1)..close], value[(close + 1)..]);
        }

        var semicolon = value.IndexOf(';', StringComparison.Ordinal);
        if (value.StartsWith("sip", StringComparison.OrdinalIgnoreCase))
        {
            return semicolon < 0 ? new("", value.Trim(), "") : new("", value[..semicolon].Trim(), value[semicolon..]);
        }

        var tag = value.LastIndexOf(";tag=", StringComparison.OrdinalIgnoreCase);
        return new(value, "", tag < 0 ? "" : value[tag..]);
    }

    /// <summary>The value of <c>;name=value</c>, or null.</summary>
    public static string? Parameter(string text, string name)
    {
        foreach (var part in text.Split(';').Skip(1))
        {
            var pair = part.Split('=', 2);
            if (pair[0].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return pair.Length > 1 ? pair[1].Trim() : "";
            }
        }

        return null;
    }

    public static IEnumerable<string> SplitList(string value)
    {
        var start = 0;
        for (var comma = IndexOutsideQuotes(value, ',', 0); comma >= 0; comma = IndexOutsideQuotes(value, ',', start))
        {
            yield return value[start..comma].Trim();
            start = comma + 1;
        }

        yield return value[start..].Trim();
    }

    public static string Quote(string display) =>
        $"\"{display.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>The address a URI (or a bare host:port) points to; null where its host has no IPv4 address.</summary>
    public static IPEndPoint? Resolve(string uri)
    {
        var host = uri.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) ? uri[4..] : uri;
        host = host[(host.LastIndexOf('@') + 1)..].Split(';', '?')[0];
        var colon = host.LastIndexOf(':');
        var port = colon >= 0 && int.TryParse(host[(colon + 1)..], CultureInfo.InvariantCulture, out var number) ? number : 5060;
        host = colon >= 0 ? host[..colon] : host;
        try
        {
            var address = IPAddress.TryParse(host, out var literal)
                ? literal
                : Array.Find(Dns.GetHostAddresses(host), a => a.AddressFamily == AddressFamily.InterNetwork);
            return address is null ? null : new IPEndPoint(address, port);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static string Unquote(string display) => display.Length >= 2 && display[0] == '"' && display[^1] == '"'
        ? display[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
        : display;

    private static int IndexOutsideQuotes(string text, char wanted, int from)
    {
        var quoted = false;
        var angled = false;
        for (var i = from; i < text.Length; i++)
        {
            if (text[i] == '\\' && quoted)
            {
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && !angled && text[i] == wanted)
            {
                return i;
            }
            else if (!quoted)
            {
                angled = text[i] == '<' || (angled && text[i] != '>');
            }
        }

        return -1;
    }
}
