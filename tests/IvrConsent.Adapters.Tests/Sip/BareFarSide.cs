using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

/// <summary>One received RTP packet, read by hand and not by the code under test.</summary>
internal sealed record BareRtp(int PayloadType, bool Marker, ushort Sequence, uint Timestamp, uint Ssrc, byte[] Payload);

/// <summary>Two sockets and no intelligence: a test says what is answered, repeated or lost.</summary>
internal sealed class BareFarSide : IAsyncDisposable
{
    private readonly UdpClient _sip = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpClient _rtp = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _receiving;

    public BareFarSide() => _receiving = ReceiveRtpAsync();

    public string Address => _sip.Client.LocalEndPoint!.ToString()!;

    public int RtpPort => ((IPEndPoint)_rtp.Client.LocalEndPoint!).Port;

    public ConcurrentQueue<BareRtp> Rtp { get; } = new();

    public static string Header(string message, string name) => message.Split("\r\n")
        .First(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))[(name.Length + 2)..];

    public static string Sdp(int port, int payload = 0) =>
        $"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload} 101\r\na=rtpmap:101 telephone-event/8000\r\n";

    /// <summary>The next message that begins so; others are passed over.</summary>
    public async Task<(string Text, IPEndPoint From)> ReceiveAsync(string start, CancellationToken ct, string? cseq = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(15));
        while (true)
        {
            UdpReceiveResult received;
            try
            {
                received = await _sip.ReceiveAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"No {start} {cseq} came within 15 s.");
            }

            var text = Encoding.UTF8.GetString(received.Buffer);
            if (text.StartsWith(start, StringComparison.Ordinal) && (cseq is null || Header(text, "CSeq") == cseq))
            {
                return (text, received.RemoteEndPoint);
            }
        }
    }

    public async Task AnswerInviteAsync(CancellationToken ct)
    {
        var (invite, from) = await ReceiveAsync("INVITE", ct);
        Respond(invite, from, "200 OK", Sdp(RtpPort));
    }

    public void Respond(string request, IPEndPoint to, string status, string sdp = "")
    {
        var tag = Header(request, "To").Contains(";tag=", StringComparison.Ordinal) ? "" : ";tag=far";
        SendText(to, $"SIP/2.0 {status}\r\nVia: {Header(request, "Via")}\r\nFrom: {Header(request, "From")}\r\nTo: {Header(request, "To")}{tag}\r\n"
            + $"Call-ID: {Header(request, "Call-ID")}\r\nCSeq: {Header(request, "CSeq")}\r\nContact: <sip:far@{Address}>\r\n{Body(sdp)}");
    }

    public void Invite(IPEndPoint to, bool withOffer = true) => Send(to, "INVITE", $"<sip:phone@{to}>", 1, withOffer ? Sdp(RtpPort) : "");

    public void Send(IPEndPoint to, string method, string toHeader, int cseq, string sdp = "") => SendText(
        to,
        $"{method} sip:phone@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {Address};branch=z9hG4bK{method}{cseq}\r\nf: <sip:far@x>;tag=far\r\n"
        + $"t: {toHeader}\r\ni: bare-call\r\nCSeq: {cseq} {method}\r\nm: <sip:far@{Address}>\r\n{Body(sdp)}");

    public void SendText(IPEndPoint to, string text) => _sip.Send(Encoding.UTF8.GetBytes(text), to);

    public void SendRtp(int port, int payloadType, ushort sequence, uint timestamp, uint ssrc, byte[] payload)
    {
        byte[] packet = [0x80, (byte)payloadType, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        _rtp.Send(packet, new IPEndPoint(IPAddress.Loopback, port));
    }

    public async Task UntilAsync(Func<bool> condition, CancellationToken ct)
    {
        for (var started = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20, ct))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(15), $"Not within 15 s; {Rtp.Count} RTP packets received.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _receiving;
        _sip.Dispose();
        _rtp.Dispose();
        _closing.Dispose();
    }

    private static string Body(string sdp) =>
        (sdp.Length > 0 ? "Content-Type: application/sdp\r\n" : "") + $"Content-Length: {sdp.Length}\r\n\r\n{sdp}";

    private async Task ReceiveRtpAsync()
    {
        try
        {
            while (true)
            {
                var packet = (await _rtp.ReceiveAsync(_closing.Token)).Buffer;
                Rtp.Enqueue(new BareRtp(
                    packet[1] & 0x7F,
                    packet[1] >= 0x80,
                    BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2)),
                    BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4)),
                    BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(8)),
                    packet[12..]));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
