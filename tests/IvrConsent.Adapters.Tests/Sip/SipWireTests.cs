using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

/// <summary>The phone held against bare sockets: what it really puts on the wire, and what it makes of lost and repeated messages.</summary>
public sealed class SipWireTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_event_is_sent_as_RFC_4733_has_it()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var calling = phone.CallAsync(far.Address, "100", new() { Voice = 1000.0 }, Token);
        await far.AnswerInviteAsync(Token);
        var call = await calling;
        await far.UntilAsync(() => far.Rtp.Count > 5, Token);

        await call.SendDigitsAsync("7", TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(60), Token);
        await far.UntilAsync(() => far.Rtp.Count(p => p.PayloadType == 101) >= 7 && far.Rtp.Last().PayloadType == 0, Token);

        var packets = far.Rtp.ToList();
        var events = packets.Where(p => p.PayloadType == 101).ToList();
        Assert.Equal([true, false, false, false, false, false, false], events.Select(p => p.Marker));
        Assert.Equal([160, 320, 480, 640, 800, 800, 800], events.Select(p => BinaryPrimitives.ReadUInt16BigEndian(p.Payload.AsSpan(2))));
        Assert.Equal([10, 10, 10, 10, 0x8A, 0x8A, 0x8A], events.Select(p => p.Payload[1]));
        Assert.All(events, p => Assert.Equal(7, p.Payload[0]));
        Assert.Single(events.Select(p => p.Timestamp).Distinct());

        // One stream, numbered without a gap; the voice goes on where time has gone on to.
        Assert.Single(packets.Select(p => p.Ssrc).Distinct());
        Assert.All(packets.Zip(packets.Skip(1)), pair => Assert.Equal((ushort)(pair.First.Sequence + 1), pair.Second.Sequence));
        var (first, last) = (packets.IndexOf(events[0]), packets.IndexOf(events[^1]));
        Assert.Equal(160u, events[0].Timestamp - packets[first - 1].Timestamp);
        Assert.Equal(800u, packets[last + 1].Timestamp - events[0].Timestamp);
        Assert.Equal([true], packets.Where(p => p.PayloadType == 0 && p.Marker).Select(p => p.Marker));
    }

    [Fact]
    public async Task Voice_is_paced_without_drift()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var calling = phone.CallAsync(far.Address, "100", new() { Voice = 1000.0 }, Token);
        await far.AnswerInviteAsync(Token);
        await calling;
        await far.UntilAsync(() => !far.Rtp.IsEmpty, Token);
        var started = Stopwatch.GetTimestamp();
        var before = far.Rtp.Count;

        await Task.Delay(TimeSpan.FromSeconds(3), Token);

        var due = Stopwatch.GetElapsedTime(started).TotalMilliseconds / 20;
        Assert.InRange(far.Rtp.Count - before, due - 15, due + 15);
        Assert.All(far.Rtp, p => Assert.Equal(160, p.Payload.Length));
    }

    [Fact]
    public async Task A_lost_INVITE_is_sent_again_and_a_repeated_answer_acknowledged_again()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var calling = phone.CallAsync(far.Address, "100", ct: Token);

        var (first, _) = await far.ReceiveAsync("INVITE", Token);
        var (second, from) = await far.ReceiveAsync("INVITE", Token);
        Assert.Equal(first, second);

        far.Respond(second, from, "200 OK", BareFarSide.Sdp(far.RtpPort));
        var (ack, _) = await far.ReceiveAsync("ACK", Token);
        far.Respond(second, from, "200 OK", BareFarSide.Sdp(far.RtpPort));
        Assert.Equal(ack, (await far.ReceiveAsync("ACK", Token)).Text);
        Assert.NotEqual(Header(second, "Via"), Header(ack, "Via"));

        // Hanging up works over a lossy wire, too.
        var hangingUp = (await calling).HangUpAsync(Token);
        await far.ReceiveAsync("BYE", Token);
        var (bye, byeFrom) = await far.ReceiveAsync("BYE", Token);
        far.Respond(bye, byeFrom, "200 OK");
        await hangingUp;
    }

    [Fact]
    public async Task A_repeated_refusal_is_acknowledged_again_in_its_transaction()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var calling = phone.CallAsync(far.Address, "100", ct: Token);
        var (invite, from) = await far.ReceiveAsync("INVITE", Token);

        far.Respond(invite, from, "486 Busy Here");
        var (ack, _) = await far.ReceiveAsync("ACK", Token);
        far.Respond(invite, from, "486 Busy Here");

        Assert.Equal(ack, (await far.ReceiveAsync("ACK", Token)).Text);
        Assert.Equal(Header(invite, "Via"), Header(ack, "Via"));
        Assert.Equal(486, (await Assert.ThrowsAsync<SipCallFailedException>(() => calling)).Status);
    }

    [Fact]
    public async Task An_answer_is_repeated_until_acknowledged_and_a_repeated_INVITE_is_one_call()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var taking = phone.WaitForCallAsync(ct: Token);
        far.Invite(phone.Local);
        far.Invite(phone.Local);

        var (ok, _) = await far.ReceiveAsync("SIP/2.0 200", Token);
        Assert.Equal(ok, (await far.ReceiveAsync("SIP/2.0 200", Token)).Text);
        Assert.False(taking.IsCompleted);
        far.Send(phone.Local, "ACK", Header(ok, "To"), 1);

        var call = await taking;
        Assert.Single(phone.Calls);

        far.Send(phone.Local, "BYE", Header(ok, "To"), 2);
        far.Send(phone.Local, "BYE", Header(ok, "To"), 2);
        await far.ReceiveAsync("SIP/2.0 200", Token, cseq: "2 BYE");
        await far.ReceiveAsync("SIP/2.0 200", Token, cseq: "2 BYE");
        Assert.Equal(HangupBy.FarSide, (await call.WaitForEndAsync(ct: Token)).By);
    }

    [Fact]
    public async Task An_INVITE_without_an_offer_is_answered_with_one()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var taking = phone.WaitForCallAsync(new() { Voice = 1000.0, Codecs = [VoiceCodec.Pcma] }, ct: Token);
        far.Invite(phone.Local, withOffer: false);

        var (ok, _) = await far.ReceiveAsync("SIP/2.0 200", Token);
        Assert.Contains("m=audio", ok, StringComparison.Ordinal);
        Assert.Empty(far.Rtp);
        far.Send(phone.Local, "ACK", Header(ok, "To"), 1, BareFarSide.Sdp(far.RtpPort, 8));

        await taking;
        await far.UntilAsync(() => far.Rtp.Any(p => p.PayloadType == 8), Token);
    }

    [Fact]
    public async Task Early_media_is_heard_and_said_to_be_ringing()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var call = phone.Dial(far.Address, "100", new() { Codecs = [VoiceCodec.Pcma] });
        var (invite, from) = await far.ReceiveAsync("INVITE", Token);
        far.Respond(invite, from, "183 Session Progress", BareFarSide.Sdp(far.RtpPort, 8));
        await call.WaitForRingingAsync(ct: Token);

        // Two frames lost on the way, one twice, two in the wrong order; another stream behind them.
        var sound = new Tone(440).Samples(TimeSpan.FromSeconds(1), 8000).Chunk(160).Select(frame => G711.EncodeALaw(frame)).ToList();
        foreach (var i in Enumerable.Range(0, 50).Where(i => i is not (20 or 21)).Select(i => i == 30 ? 31 : i == 31 ? 30 : i).SelectMany(i => i == 40 ? new[] { 40, 40 } : [i]))
        {
            far.SendRtp(MediaPort(invite), 8, (ushort)(65530 + i), (uint)(uint.MaxValue - 1000 + i * 160), ssrc: 1, sound[i]);
        }

        far.SendRtp(MediaPort(invite), 8, 7, 5, ssrc: 2, sound[0]);
        await far.UntilAsync(() => call.Heard.Packets == 50, Token);

        Assert.Equal(2, call.Heard.LostPackets);
        Assert.Equal(1.02, call.Heard.Length.TotalSeconds, 0.001);
        Assert.Equal(sound.SelectMany((frame, i) => i is 20 or 21 ? new short[160] : G711.DecodeALaw(frame)), call.Heard.Snapshot().Take(8000));
        Assert.Equal(SipCallState.Ringing, call.State);
        Assert.Null(call.AnsweredAt);

        var ending = call.HangUpAsync(Token);
        var (cancel, cancelFrom) = await far.ReceiveAsync("CANCEL", Token);
        Assert.Equal(Header(invite, "Via"), Header(cancel, "Via"));
        far.Respond(cancel, cancelFrom, "200 OK");
        far.Respond(invite, from, "487 Request Terminated");
        await ending;
    }

    [Fact]
    public async Task An_answer_that_crosses_the_CANCEL_is_hung_up_on()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var call = phone.Dial(far.Address, "100");
        var (invite, from) = await far.ReceiveAsync("INVITE", Token);
        far.Respond(invite, from, "180 Ringing");
        await call.WaitForRingingAsync(ct: Token);

        var ending = call.HangUpAsync(Token);
        await far.ReceiveAsync("CANCEL", Token);
        far.Respond(invite, from, "200 OK", BareFarSide.Sdp(far.RtpPort));
        await far.ReceiveAsync("ACK", Token);
        var (bye, byeFrom) = await far.ReceiveAsync("BYE", Token);
        far.Respond(bye, byeFrom, "200 OK");

        await ending;
        Assert.Equal(HangupBy.Us, (await call.Ended).By);
    }

    [Fact]
    public async Task Options_is_answered_garbage_is_not_and_a_stray_BYE_is_refused()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();

        far.SendText(phone.Local, "\r\n\r\n");
        far.SendText(phone.Local, "no SIP at all\r\n\r\n");
        far.Send(phone.Local, "INVITE", "<sip:phone@x>;tag=unknown", 7, BareFarSide.Sdp(99999));
        far.Send(phone.Local, "OPTIONS", "<sip:phone@x>", 1);
        Assert.Contains("INVITE", Header((await far.ReceiveAsync("SIP/2.0 200", Token)).Text, "Allow"), StringComparison.Ordinal);
        far.Send(phone.Local, "BYE", "<sip:phone@x>;tag=unknown", 2);
        await far.ReceiveAsync("SIP/2.0 481", Token);
    }

    [Fact]
    public async Task A_change_that_cannot_be_read_is_refused_and_the_call_goes_on()
    {
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var taking = phone.WaitForCallAsync(new() { Voice = 1000.0 }, ct: Token);
        far.Invite(phone.Local);
        var (ok, _) = await far.ReceiveAsync("SIP/2.0 200", Token);
        far.Send(phone.Local, "ACK", Header(ok, "To"), 1);
        var call = await taking;

        far.Send(phone.Local, "INVITE", Header(ok, "To"), 2, BareFarSide.Sdp(99999));
        await far.ReceiveAsync("SIP/2.0 400", Token);

        var before = far.Rtp.Count;
        await far.UntilAsync(() => far.Rtp.Count > before + 5, Token);
        Assert.Equal(SipCallState.Answered, call.State);
    }

    [Fact]
    public async Task A_hostile_From_goes_out_as_it_was_given()
    {
        const string raw = "\"evil\r\n X-Fold: 1\" <sip:../'%00;DROP@x>";
        await using var far = new BareFarSide();
        await using var phone = new SipPhone();
        var call = phone.Dial(far.Address, "100", new() { RawFrom = raw });

        var (invite, from) = await far.ReceiveAsync("INVITE", Token);

        Assert.Contains($"\r\nFrom: {raw};tag=", invite, StringComparison.Ordinal);
        far.Respond(invite, from, "404 Not Found");
        await Assert.ThrowsAsync<SipCallFailedException>(() => call.WaitForAnswerAsync(ct: Token));
    }

    private static string Header(string message, string name) => BareFarSide.Header(message, name);

    private static int MediaPort(string message) => int.Parse(Regex.Match(message, @"m=audio (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
}
