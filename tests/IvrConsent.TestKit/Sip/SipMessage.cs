using System.Globalization;
using System.Text;

namespace IvrConsent.TestKit.Sip;

/// <summary>A SIP request or response, headers in order and as they came; folded lines are joined.</summary>
internal sealed class SipMessage
{
    private static readonly Dictionary<string, string> _compact = new(StringComparer.OrdinalIgnoreCase)
    {
        ["v"] = "Via", ["f"] = "From", ["t"] = "To", ["i"] = "Call-ID", ["m"] = "Contact", ["c"] = "Content-Type",
        ["l"] = "Content-Length", ["e"] = "Content-Encoding", ["r"] = "Refer-To", ["b"] = "Referred-By", ["k"] = "Supported",
    };

    private readonly List<KeyValuePair<string, string>> _headers = [];

    private SipMessage(string method, string uri, int status, string reason) =>
        (Method, Uri, Status, Reason) = (method, uri, status, reason);

    /// <summary>The request's method, or for a response that of the request it answers.</summary>
    public string Method { get; private set; }

    public string Uri { get; }

    /// <summary>The status code; 0 for a request.</summary>
    public int Status { get; }

    public string Reason { get; }

    public bool IsRequest => Status == 0;

    public string Body { get; private set; } = "";

    public string CallId => this["Call-ID"] ?? "";

    public uint CSeq => uint.TryParse((this["CSeq"] ?? "").Split(' ')[0], CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>The branch of the topmost Via, which names the transaction.</summary>
    public string Branch => All("Via").Select(via => SipAddress.Parameter(via, "branch")).FirstOrDefault() ?? "";

    public string? FromTag => SipAddress.Parse(this["From"] ?? "").Tag;

    public string? ToTag => SipAddress.Parse(this["To"] ?? "").Tag;

    /// <summary>The first header of that name, or null.</summary>
    public string? this[string name] => _headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).FirstOrDefault();

    public static SipMessage Request(string method, string uri) => new(method, uri, 0, "");

    /// <summary>An answer to a request: Via, From, To, Call-ID and CSeq are the request's, To with our tag.</summary>
    public static SipMessage Response(SipMessage request, int status, string reason, string? toTag)
    {
        var response = new SipMessage(request.Method, "", status, reason);
        foreach (var header in request._headers.Where(h => h.Key is "Via" or "Record-Route" or "From" or "To" or "Call-ID" or "CSeq"))
        {
            var tagged = header.Key == "To" && toTag is not null && request.ToTag is null;
            response.Add(header.Key, tagged ? $"{header.Value};tag={toTag}" : header.Value);
        }

        return response;
    }

    /// <summary>Every value of that name, in order; comma-separated lists taken apart.</summary>
    public IEnumerable<string> All(string name) =>
        _headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).SelectMany(h => SipAddress.SplitList(h.Value));

    public SipMessage Add(string name, string value)
    {
        _headers.Add(new(name, value));
        return this;
    }

    public SipMessage AddFirst(string name, string value)
    {
        _headers.Insert(0, new(name, value));
        return this;
    }

    public SipMessage WithBody(string contentType, string body)
    {
        Body = body;
        return Add("Content-Type", contentType);
    }

    public byte[] ToBytes()
    {
        var body = Encoding.UTF8.GetBytes(Body);
        var head = new StringBuilder(IsRequest ? $"{Method} {Uri} SIP/2.0\r\n" : $"SIP/2.0 {Status} {Reason}\r\n");
        foreach (var (name, value) in _headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.UTF8.GetBytes(head.ToString()), .. body];
    }

    /// <summary>Reads a datagram; null for anything that is not SIP (a keep-alive, garbage).</summary>
    public static SipMessage? Parse(ReadOnlySpan<byte> datagram)
    {
        var text = Encoding.UTF8.GetString(datagram);
        var headEnd = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (headEnd < 0)
        {
            return null;
        }

        var lines = text[..headEnd].Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal).Split("\r\n");
        if (ParseStartLine(lines[0]) is not { } message)
        {
            return null;
        }

        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                var name = line[..colon].Trim();
                message.Add(Canonical(name), line[(colon + 1)..].Trim());
            }
        }

        message.Body = text[(headEnd + 4)..];
        if (!message.IsRequest)
        {
            message.Method = (message["CSeq"] ?? "").Split(' ')[^1];
        }

        return message;
    }

    public override string ToString() => IsRequest ? $"{Method} {Uri}" : $"{Status} {Reason} ({Method})";

    private static SipMessage? ParseStartLine(string line)
    {
        var parts = line.Split(' ', 3);
        if (parts.Length < 2)
        {
            return null;
        }

        if (parts[0] == "SIP/2.0")
        {
            return int.TryParse(parts[1], CultureInfo.InvariantCulture, out var status) ? new("", "", status, parts.Length > 2 ? parts[2] : "") : null;
        }

        return parts.Length == 3 && parts[2] == "SIP/2.0" ? Request(parts[0], parts[1]) : null;
    }

    private static string Canonical(string name)
    {
        if (_compact.TryGetValue(name, out var full))
        {
            return full;
        }

        // The names a response copies, however the sender spelt them.
        string[] copied = ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"];
        return copied.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;
    }
}
