using System.Net;

namespace IvrConsent.TestKit.Sip;

/// <summary>What names a dialog and where its requests go (RFC 3261 section 12).</summary>
internal sealed class SipDialog
{
    private readonly string _contact;
    private readonly string _localAddress;
    private string _remoteAddress;
    private string _remoteTarget;
    private IPEndPoint _fallback;
    private IReadOnlyList<string> _routes = [];
    private uint _cseq;

    private SipDialog(string callId, string localTag, string localAddress, string remoteAddress, string remoteTarget, IPEndPoint fallback, string contact)
    {
        (CallId, LocalTag, _localAddress, _remoteAddress) = (callId, localTag, localAddress, remoteAddress);
        (_remoteTarget, _fallback, _contact) = (remoteTarget, fallback, contact);
    }

    public string CallId { get; }

    public string LocalTag { get; }

    public string? RemoteTag { get; private set; }

    /// <summary>The URI to name the far side by in a transfer.</summary>
    public string RemoteTarget => _remoteTarget;

    public string LocalAddress => _localAddress;

    /// <summary>Where requests are sent: the first route, else the far side's contact, else where its messages come from.</summary>
    public IPEndPoint Destination =>
        SipAddress.Resolve(_routes.Count > 0 ? SipAddress.Parse(_routes[0]).Uri : _remoteTarget) ?? _fallback;

    /// <summary>The caller's dialog, before its INVITE is sent.</summary>
    public static SipDialog Outgoing(string from, string uri, IPEndPoint destination, string contact)
    {
        // Looked for as text: a hostile From has no structure to rely on.
        var tag = from.LastIndexOf(";tag=", StringComparison.OrdinalIgnoreCase);
        var localTag = tag < 0 ? SipTransport.NewToken() : from[(tag + 5)..].Trim();
        return new SipDialog(SipTransport.NewToken(), localTag, tag < 0 ? $"{from};tag={localTag}" : from, $"<{uri}>", uri, destination, contact);
    }

    /// <summary>The called side's dialog, from the INVITE received.</summary>
    public static SipDialog Incoming(SipMessage invite, IPEndPoint from, string contact)
    {
        var tag = SipTransport.NewToken();
        var target = SipAddress.Parse(invite["Contact"] ?? "").Uri;
        return new SipDialog(invite.CallId, tag, $"{invite["To"]};tag={tag}", invite["From"] ?? "", target, from, contact)
        {
            RemoteTag = invite.FromTag,
            _routes = [.. invite.All("Record-Route")],
        };
    }

    /// <summary>Takes over what a response to our INVITE says of the far side.</summary>
    public void Learn(SipMessage response)
    {
        if (response.ToTag is { } tag)
        {
            RemoteTag = tag;
            _remoteAddress = response["To"]!;
        }

        _routes = [.. response.All("Record-Route").Reverse()];
        Retarget(response);
    }

    /// <summary>Takes over a new contact.</summary>
    public void Retarget(SipMessage message)
    {
        if (message["Contact"] is { } contact && SipAddress.Parse(contact).Uri is { Length: > 0 } uri)
        {
            _remoteTarget = uri;
        }
    }

    /// <summary>A request inside the dialog; an ACK takes the number of the INVITE it acknowledges.</summary>
    public SipMessage Request(string method, uint? cseq = null)
    {
        var request = SipMessage.Request(method, _remoteTarget)
            .Add("Max-Forwards", "70")
            .Add("From", _localAddress)
            .Add("To", _remoteAddress)
            .Add("Call-ID", CallId)
            .Add("CSeq", $"{cseq ?? ++_cseq} {method}")
            .Add("Contact", _contact)
            .Add("User-Agent", "IvrConsent-TestKit");
        foreach (var route in _routes)
        {
            request.Add("Route", route);
        }

        return request;
    }
}
