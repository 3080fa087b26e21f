using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Adapters.Tests.Sip;

/// <summary>Two and three phones with each other. Times are asserted loosely: the machine may be busy.</summary>
public sealed class SipPhoneTests
{
    private static readonly TimeSpan _audible = TimeSpan.FromMilliseconds(400);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(VoiceCodec.Pcmu)]
    [InlineData(VoiceCodec.Pcma)]
    [InlineData(VoiceCodec.G722)]
    public async Task Both_sides_hear_each_other(VoiceCodec codec)
    {
        await using var pair = await Pair.UpAsync(new() { Codecs = [codec], Voice = 1000.0 }, new() { Codecs = [VoiceCodec.Pcma, VoiceCodec.G722, VoiceCodec.Pcmu], Voice = 1700.0 });

        await pair.Caller.WaitUntilHeardAsync(1700, _audible, ct: Token);
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, ct: Token);

        Assert.Equal((codec, codec), (pair.Caller.Codec, pair.Agent.Codec));
        Assert.Equal(codec.SampleRate(), pair.Agent.Heard.SampleRate);
        Assert.False(pair.Caller.Heard.Tones(1000, 1700).Contains(1000));
        Assert.False(pair.Agent.Heard.Tones(1000, 1700).Contains(1700));
    }

    [Fact]
    public async Task What_is_heard_has_the_length_of_the_time_it_took()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new());
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, ct: Token);

        await Task.Delay(TimeSpan.FromSeconds(2), Token);

        var (length, now) = (pair.Agent.Heard.Length, pair.Agent.Heard.Now);
        Assert.InRange((now - length).TotalSeconds, -0.2, 0.5);
        Assert.Equal(length.TotalSeconds, pair.Agent.Heard.Packets * 0.02, 0.3);
        Assert.Equal(0, pair.Agent.Heard.LostPackets);
    }

    [Fact]
    public async Task Twenty_calls_at_once_keep_time()
    {
        await using var callers = new SipPhone();
        await using var agents = new SipPhone();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var accepting = agents.AcceptCallsAsync(new() { Voice = 1700.0 }, ct: stop.Token);
        var calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            callers.CallAsync(agents.Local.ToString(), $"1{i:00}", new() { Voice = 1000.0 }, Token)));

        await Task.WhenAll(calls.Select(call => call.WaitUntilHeardAsync(1700, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20), ct: Token)));

        Assert.All(calls, call => Assert.Equal(0, call.Heard.LostPackets));
        Assert.Equal(20, agents.Calls.Count);
        await stop.CancelAsync();
        await accepting;
    }

    [Fact]
    public async Task A_voice_can_change_and_fall_silent()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new());
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, ct: Token);

        pair.Caller.SetTone(new Tone(440, 0.1));
        await pair.Agent.WaitUntilHeardAsync(440, _audible, ct: Token);
        pair.Caller.SetTone(null);
        await pair.Agent.WaitUntilSilentAsync(_audible, ct: Token);

        var tones = pair.Agent.Heard.Tones(440, 1000);
        Assert.True(tones.StretchesOf(1000)[^1].End <= tones.StretchesOf(440)[0].Start + TimeSpan.FromMilliseconds(40), tones.ToString());
    }

    [Theory]
    [InlineData(DtmfMode.Rfc4733, 101)]
    [InlineData(DtmfMode.Rfc4733, 96)]
    [InlineData(DtmfMode.Info, 101)]
    public async Task Keys_arrive_once_each_and_in_order(DtmfMode mode, int payloadType)
    {
        await using var pair = await Pair.UpAsync(new() { Dtmf = mode, TelephoneEventPayloadType = payloadType, Voice = 1000.0 }, new());

        await pair.Caller.SendDigitsAsync("1199*#0D", ct: Token);

        Assert.Equal("1199*#0D", await pair.Agent.WaitForDigitsAsync(8, ct: Token));
        Assert.All(pair.Agent.ReceivedDigits, digit => Assert.Equal((mode, TimeSpan.FromMilliseconds(100)), (digit.Mode, digit.Duration)));
        Assert.Empty(pair.Agent.Heard.Digits());
    }

    [Theory]
    [InlineData(VoiceCodec.Pcma)]
    [InlineData(VoiceCodec.G722)]
    public async Task Keys_in_band_arrive_as_sound(VoiceCodec codec)
    {
        await using var pair = await Pair.UpAsync(new() { Dtmf = DtmfMode.InBand, Codecs = [codec], Voice = 1000.0 }, new() { Codecs = [codec] });

        await pair.Caller.SendDigitsAsync("1590*#", ct: Token);
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, since: pair.Agent.Heard.Length, ct: Token);

        Assert.Equal("1590*#", pair.Agent.Heard.Digits());
        Assert.Empty(pair.Agent.ReceivedDigits);
    }

    [Fact]
    public async Task The_voice_makes_room_for_an_event()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new());
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, ct: Token);

        await pair.Caller.SendDigitsAsync("5", TimeSpan.FromMilliseconds(400), ct: Token);
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, since: pair.Agent.Heard.Length, ct: Token);

        var tone = pair.Agent.Heard.Tones(1000).StretchesOf(1000);
        Assert.Equal(2, tone.Count);
        Assert.Equal(0.4, (tone[1].Start - tone[0].End).TotalSeconds, 0.03);
        Assert.Equal(TimeSpan.FromMilliseconds(400), Assert.Single(pair.Agent.ReceivedDigits).Duration);
    }

    [Fact]
    public async Task Events_not_agreed_on_are_an_error_not_a_loss()
    {
        await using var pair = await Pair.UpAsync(new(), new() { TelephoneEventPayloadType = null });

        await Assert.ThrowsAsync<InvalidOperationException>(() => pair.Caller.SendDigitsAsync("1", ct: Token));
    }

    [Fact]
    public async Task Keys_after_the_end_are_an_error_at_once()
    {
        foreach (var mode in Enum.GetValues<DtmfMode>())
        {
            await using var pair = await Pair.UpAsync(new() { Dtmf = mode }, new());
            await pair.Agent.HangUpAsync(Token);
            await pair.Caller.WaitForEndAsync(ct: Token);

            await Assert.ThrowsAsync<SipCallFailedException>(() => pair.Caller.SendDigitsAsync("1", ct: Token));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Either_side_can_hang_up(bool callerDoes)
    {
        await using var pair = await Pair.UpAsync(new(), new());
        var (one, other) = callerDoes ? (pair.Caller, pair.Agent) : (pair.Agent, pair.Caller);

        await one.HangUpAsync(Token);

        Assert.Equal(HangupBy.FarSide, (await other.WaitForEndAsync(ct: Token)).By);
        Assert.Equal(HangupBy.Us, (await one.Ended).By);
    }

    [Fact]
    public async Task Giving_up_while_it_rings_cancels_the_call()
    {
        await using var caller = new SipPhone();
        await using var agent = new SipPhone();
        var call = caller.Dial(agent.Local.ToString(), "100");
        var ringing = await agent.WaitForRingingAsync(ct: Token);
        await call.WaitForRingingAsync(ct: Token);

        await call.HangUpAsync(Token);

        Assert.Equal(new HangupReason(HangupBy.FarSide, 487, null), await ringing.WaitForEndAsync(ct: Token));
        Assert.Equal((HangupBy.Us, 487), ((await call.Ended).By, (await call.Ended).Status));
        await Assert.ThrowsAsync<SipCallFailedException>(() => ringing.AnswerAsync(ct: Token));
        Assert.Null(call.AnsweredAt);
    }

    [Fact]
    public async Task A_call_nobody_answers_is_given_up_in_time()
    {
        await using var caller = new SipPhone();
        await using var agent = new SipPhone();

        await Assert.ThrowsAsync<TimeoutException>(() =>
            caller.CallAsync(agent.Local.ToString(), "100", new() { AnswerWithin = TimeSpan.FromMilliseconds(300) }, Token));

        Assert.Equal(HangupBy.FarSide, (await agent.Calls.Single().WaitForEndAsync(ct: Token)).By);
    }

    [Theory]
    [InlineData(486)]
    [InlineData(603)]
    [InlineData(404)]
    public async Task A_refusal_names_its_status(int status)
    {
        await using var caller = new SipPhone();
        await using var agent = new SipPhone();
        var taking = agent.WaitForCallAsync(new() { RejectWith = status }, ct: Token);

        var failure = await Assert.ThrowsAsync<SipCallFailedException>(() => caller.CallAsync(agent.Local.ToString(), "100", ct: Token));

        Assert.Equal(status, failure.Status);
        Assert.Equal((HangupBy.Rejected, status), ((await caller.Calls[0].Ended).By, (await caller.Calls[0].Ended).Status));
        Assert.Equal(HangupBy.Us, (await (await taking).Ended).By);
    }

    [Fact]
    public async Task Without_a_common_codec_there_is_no_call()
    {
        await using var caller = new SipPhone();
        await using var agent = new SipPhone();
        var taking = agent.WaitForCallAsync(new() { Codecs = [VoiceCodec.Pcma] }, ct: Token);

        var failure = await Assert.ThrowsAsync<SipCallFailedException>(() =>
            caller.CallAsync(agent.Local.ToString(), "100", new() { Codecs = [VoiceCodec.Pcmu] }, Token));

        Assert.Equal(488, failure.Status);
        await Assert.ThrowsAsync<SipCallFailedException>(() => taking);
    }

    [Fact]
    public async Task An_agent_lets_it_ring_first()
    {
        await using var pair = await Pair.UpAsync(new(), new() { RingFor = TimeSpan.FromMilliseconds(700) });

        Assert.Equal([100, 180, 200], pair.Caller.Statuses);
        Assert.InRange(pair.Caller.AnsweredAfter!.Value.TotalSeconds, 0.65, 10);
    }

    [Fact]
    public async Task Hold_silences_both_ways_and_resume_brings_them_back()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new() { Voice = 1700.0 });
        await pair.Caller.WaitUntilHeardAsync(1700, _audible, ct: Token);

        await pair.Caller.HoldAsync(Token);
        await Task.WhenAll(pair.Agent.WaitUntilSilentAsync(_audible, ct: Token), pair.Caller.WaitUntilSilentAsync(_audible, ct: Token));
        Assert.True(pair.Agent.HeldByFarSide);
        Assert.False(pair.Caller.HeldByFarSide);

        var (callerMark, agentMark) = (pair.Caller.Heard.Length, pair.Agent.Heard.Length);
        await pair.Caller.ResumeAsync(Token);
        await pair.Agent.WaitUntilHeardAsync(1000, _audible, since: agentMark, ct: Token);
        await pair.Caller.WaitUntilHeardAsync(1700, _audible, since: callerMark, ct: Token);
        Assert.False(pair.Agent.HeldByFarSide);

        // The pause is on the time line too.
        Assert.Equal(2, pair.Agent.Heard.Tones(1000).StretchesOf(1000).Count);
        Assert.InRange(pair.Agent.Heard.Length.TotalSeconds, 1.2, 60);
    }

    [Fact]
    public async Task An_agent_can_hold_too()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new() { Voice = 1700.0 });

        await pair.Agent.HoldAsync(MediaDirection.Inactive, Token);

        Assert.True(pair.Caller.HeldByFarSide);
        await pair.Caller.WaitUntilSilentAsync(_audible, ct: Token);
    }

    [Fact]
    public async Task A_blind_transfer_sends_the_caller_to_the_third_phone()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new() { Voice = 1700.0 });
        await using var third = new SipPhone();
        var taking = third.WaitForCallAsync(new() { Voice = 2300.0 }, ct: Token);

        await pair.Agent.BlindTransferAsync($"sip:300@{third.Local}", ct: Token);

        var moved = await pair.Caller.WaitForTransferAsync(ct: Token);
        await moved.WaitUntilHeardAsync(2300, _audible, ct: Token);
        await (await taking).WaitUntilHeardAsync(1000, _audible, ct: Token);
        Assert.Equal(HangupBy.FarSide, (await pair.Caller.WaitForEndAsync(ct: Token)).By);
        Assert.Equal("300", moved.FarNumber);
    }

    [Fact]
    public async Task A_transfer_that_fails_leaves_the_call_up()
    {
        await using var pair = await Pair.UpAsync(new(), new() { Voice = 1700.0 });
        await using var third = new SipPhone();
        var taking = third.WaitForCallAsync(new() { RejectWith = 486 }, ct: Token);

        var failure = await Assert.ThrowsAsync<SipCallFailedException>(() => pair.Agent.BlindTransferAsync($"sip:300@{third.Local}", ct: Token));

        Assert.Equal(486, failure.Status);
        await taking;
        await pair.Caller.WaitUntilHeardAsync(1700, _audible, since: pair.Caller.Heard.Length, ct: Token);
        Assert.Equal(SipCallState.Answered, pair.Agent.State);
    }

    [Fact]
    public async Task An_attended_transfer_connects_the_two_others()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new() { Voice = 1700.0 });
        await using var third = new SipPhone();
        var taking = third.WaitForCallAsync(new() { Voice = 2300.0 }, ct: Token);
        var consultation = await pair.AgentPhone.CallAsync(third.Local.ToString(), "300", new() { Voice = 1700.0 }, Token);
        var consulted = await taking;
        await pair.Agent.HoldAsync(Token);

        await pair.Agent.AttendedTransferAsync(consultation, ct: Token);

        var moved = await pair.Caller.WaitForTransferAsync(ct: Token);
        await moved.WaitUntilHeardAsync(2300, _audible, ct: Token);
        await third.Calls[1].WaitUntilHeardAsync(1000, _audible, ct: Token);
        await consulted.WaitForEndAsync(ct: Token);
        Assert.Equal((SipCallState.Ended, SipCallState.Ended), (consultation.State, pair.Agent.State));
    }

    [Fact]
    public async Task A_withheld_number_is_nowhere_but_in_the_asserted_identity()
    {
        await using var pair = await Pair.UpAsync(
            new() { Anonymous = true, FromUser = "4930123", AssertedIdentity = "<sip:+4930123@trunk.example>", Headers = [("X-Line", "7")] }, new());

        Assert.Equal(("anonymous", "Anonymous"), (pair.Agent.FarNumber, pair.Agent.FarDisplay));
        Assert.Equal("id", pair.Agent.Header("Privacy"));
        Assert.Equal("<sip:+4930123@trunk.example>", pair.Agent.Header("p-asserted-identity"));
        Assert.Equal("7", pair.Agent.Header("X-Line"));
        Assert.DoesNotContain("4930123", pair.Agent.Header("From"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ann \"The Voice\" O'Neil, <b>\\")]
    [InlineData("'; DROP TABLE consent; --")]
    [InlineData("../../etc/passwd")]
    [InlineData("Jürgen 語")]
    public async Task A_display_name_arrives_as_it_was_written(string display)
    {
        await using var pair = await Pair.UpAsync(new() { FromDisplay = display }, new());

        Assert.Equal(display, pair.Agent.FarDisplay);
        await pair.Caller.HangUpAsync(Token);
        await pair.Agent.WaitForEndAsync(ct: Token);
    }

    [Theory]
    [InlineData("\"no end <sip:x@y>")]
    [InlineData("\"folded\r\n name\" <sip:folded@x>")]
    [InlineData("<sip:'OR 1=1@x>;tag=of-its-own")]
    [InlineData("sip:bare@x")]
    public async Task A_hostile_From_makes_a_call_all_the_same(string from)
    {
        await using var pair = await Pair.UpAsync(new() { RawFrom = from, Voice = 1000.0 }, new());

        await pair.Agent.WaitUntilHeardAsync(1000, _audible, ct: Token);
        await pair.Agent.HangUpAsync(Token);

        Assert.Equal(HangupBy.FarSide, (await pair.Caller.WaitForEndAsync(ct: Token)).By);
    }

    [Fact]
    public async Task A_name_of_300_characters_goes_through()
    {
        await using var pair = await Pair.UpAsync(new() { RawFrom = $"\"{new string('x', 300)}\" <sip:{new string('9', 300)}@x>" }, new());

        Assert.Equal((300, 300), (pair.Agent.FarDisplay.Length, pair.Agent.FarNumber.Length));
    }

    [Fact]
    public async Task Waiting_for_what_does_not_come_ends_and_says_what_was_heard()
    {
        await using var pair = await Pair.UpAsync(new() { Voice = 1000.0 }, new());

        var failure = await Assert.ThrowsAsync<TimeoutException>(() =>
            pair.Agent.WaitUntilHeardAsync(1700, _audible, TimeSpan.FromMilliseconds(300), ct: Token));

        Assert.Contains("1700 Hz for 400 ms was not heard", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_phone_hangs_up_what_is_left()
    {
        await using var agent = new SipPhone();
        var caller = new SipPhone();
        var taking = agent.WaitForCallAsync(ct: Token);
        await caller.CallAsync(agent.Local.ToString(), "100", ct: Token);

        await caller.DisposeAsync();

        Assert.Equal(HangupBy.FarSide, (await (await taking).WaitForEndAsync(ct: Token)).By);
    }

    /// <summary>A caller and an agent in a call.</summary>
    private sealed class Pair(SipPhone callerPhone, SipPhone agentPhone, SipCall caller, SipCall agent) : IAsyncDisposable
    {
        public SipPhone AgentPhone => agentPhone;

        public SipCall Caller => caller;

        public SipCall Agent => agent;

        public static async Task<Pair> UpAsync(CallOptions caller, AnswerOptions agent)
        {
            var (callerPhone, agentPhone) = (new SipPhone(), new SipPhone(user: "agent"));
            var taking = agentPhone.WaitForCallAsync(agent, ct: Token);
            var call = await callerPhone.CallAsync(agentPhone.Local.ToString(), "100", caller, Token);
            return new Pair(callerPhone, agentPhone, call, await taking);
        }

        public async ValueTask DisposeAsync()
        {
            await callerPhone.DisposeAsync();
            await agentPhone.DisposeAsync();
        }
    }
}
