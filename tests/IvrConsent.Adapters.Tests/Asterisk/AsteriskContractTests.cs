using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Asterisk;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>What the ports promise, over either way of sending requests.</summary>
public class AsteriskContractTests
{
    public static TheoryData<AsteriskTransport> Transports => [AsteriskTransport.WebSocket, AsteriskTransport.Http];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_arrives_with_what_the_dialplan_passed(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        Assert.Equal(CallId.FromChannel("pbx1", channel.Id, channel.CreatedAt), call.Arrival.Id);
        Assert.Equal(("pbx1", channel.Id, "sales", "100", "+48221234501"), (call.Arrival.Pbx, call.Arrival.Channel, call.Arrival.LineArgument, call.Arrival.CalledNumber, call.Arrival.CallerNumber));
        Assert.False(call.Gone.IsCancellationRequested);
        Assert.Equal(transport == AsteriskTransport.WebSocket, (await rig.Ari.WaitForAsync("POST", "applications/ivrconsent/subscription")).OverSocket);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Answering_is_ordered_once_and_not_at_all_for_a_call_that_is_up(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.AnswerAsync(Cancel);
        await call.AnswerAsync(Cancel);
        Assert.Equal("Up", channel.State);
        var (_, up) = await rig.CallAsync(c => c.State = "Up");
        await up.AnswerAsync(Cancel);
        Assert.Single(rig.Ari.Requests, request => request.Path.EndsWith("/answer", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_prompt_is_played_from_the_web_server_and_its_times_are_the_PBX_s(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        Assert.NotNull(await playback.Started.WaitAsync(Rig.Soon, Cancel));
        var end = await playback.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal(PlaybackResult.Completed, end.Result);
        Assert.InRange(end.Heard, TimeSpan.FromSeconds(2.9), TimeSpan.FromSeconds(3));
        Assert.Equal(Rig.Notice.Sha256, playback.Sha256);
        var order = await rig.Ari.WaitForAsync(request => request.Path.EndsWith("/play", StringComparison.Ordinal));
        Assert.Equal($"sound:http://127.0.0.1:8090/prompts/{Rig.Notice.Sha256}.wav", order.Query["media"]);
        Assert.Equal($"ivrc-{call.Arrival.Id}-p1", order.Query["playbackId"]);
    }

    [Theory]
    [InlineData(null, "/prompts/", 16000, "sound:/prompts/", true)]
    [InlineData(null, "/prompts", 8000, "sound:/prompts/", false)]
    [InlineData("http://h:1/base/", null, 16000, "sound:http://h:1/base/prompts/", true)]
    public async Task A_prompt_is_named_for_the_way_it_gets_to_the_PBX(string? url, string? folder, int rate, string start, bool wide)
    {
        await using var rig = await Rig.AttachAsync(change: options => options with { PromptUrl = url is null ? null : new Uri(url), PromptFolder = folder, PromptRate = rate });
        var (_, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        var sha256 = wide ? Rig.Notice.WidebandSha256! : Rig.Notice.Sha256;
        var order = await rig.Ari.WaitForAsync(request => request.Path.EndsWith("/play", StringComparison.Ordinal));
        Assert.Equal(start + sha256 + (url is null ? string.Empty : wide ? ".wav16" : ".wav"), order.Query["media"]);
        Assert.Equal(sha256, playback.Sha256);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_prompt_that_we_stop_was_stopped(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, ari => ari.Model.PlaysOn = true);
        var (_, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        await playback.StopAsync(Cancel);
        Assert.Equal(PlaybackResult.Stopped, (await playback.Ended.WaitAsync(Rig.Soon, Cancel)).Result);
        await playback.StopAsync(Cancel);
        Assert.Single(rig.Ari.Requests, request => request.Is("DELETE", "playbacks/"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Keys_come_in_order_with_the_PBX_s_time_and_other_signs_are_none(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        var at = new DateTimeOffset(2026, 11, 22, 3, 0, 0, 123, TimeSpan.Zero);
        foreach (var digit in "1*#Dx9")
        {
            await rig.Ari.Model.DigitAsync(channel, digit, at);
        }

        foreach (var digit in "1*#D9")
        {
            Assert.Equal(new DigitPress(digit, at), await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_caller_who_hangs_up_is_gone_at_once(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, ari => ari.Model.PlaysOn = true);
        var (channel, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        await rig.Ari.Model.HangUpAsync(channel, cause: 17);
        var departure = await call.Departed.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal((DepartureKind.HungUp, 17), (departure.Kind, departure.Cause));
        Assert.True(call.Gone.IsCancellationRequested);
        Assert.Equal(PlaybackResult.CallGone, (await playback.Ended).Result);
        await call.Digits.Completion.WaitAsync(Rig.Soon, Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.AnswerAsync(Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.PlayAsync(Rig.Notice, Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.ContinueAsync(null, Cancel));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_that_leaves_unasked_and_lives_was_taken_back(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await rig.Ari.Model.TakeBackAsync(channel);
        Assert.Equal(DepartureKind.TakenBack, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.True(call.Gone.IsCancellationRequested);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_that_was_taken_back_can_be_met_again_in_the_dialplan(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await rig.Ari.Model.TakeBackAsync(channel);
        await call.Departed.WaitAsync(Rig.Soon, Cancel);

        var again = await rig.Pbx.ReattachAsync(call.Arrival, Cancel);

        Assert.NotNull(again);
        Assert.NotSame(call, again);
        Assert.Same(again, await rig.Pbx.ReattachAsync(call.Arrival, Cancel));
        await rig.Ari.Model.DigitAsync(channel, '9');
        Assert.Equal('9', (await again.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);
        await rig.Ari.Model.HangUpAsync(channel);
        Assert.Equal(DepartureKind.HungUp, (await again.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.Null(await rig.Pbx.ReattachAsync(call.Arrival, Cancel));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_that_we_give_back_is_reported_to_its_end(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.ContinueAsync(null, Cancel);
        await Rig.UntilAsync(() => !channel.InStasis);
        await rig.Ari.Model.DigitAsync(channel, '9');
        Assert.Equal('9', (await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);
        Assert.False(call.Gone.IsCancellationRequested);
        await rig.Ari.Model.EndAsync(channel);
        Assert.Equal(DepartureKind.HungUp, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.Empty((await rig.Ari.WaitForAsync(request => request.Path.EndsWith("/continue", StringComparison.Ordinal))).Query);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_goes_on_elsewhere_through_our_dialplan_or_by_itself(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.ContinueAsync(new DialplanTarget("declined", "s"), Cancel);
        Assert.Equal("declined,s,1", channel.Variables["CONSENT_CONTINUE"]);

        var plain = await rig.Ari.Model.CallAsync(null, "sales", "100");
        var plainCall = await rig.NextCallAsync();
        plainCall.HoldAtMost(TimeSpan.FromSeconds(5));
        await plainCall.ContinueAsync(new DialplanTarget("declined", "s", 2), Cancel);
        var order = await rig.Ari.WaitForAsync(request => request.Path == $"channels/{plain.Id}/continue");
        Assert.Equal(("declined", "s", "2"), (order.Query["context"], order.Query["extension"], order.Query["priority"]));
        Assert.Empty(plain.Variables);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_last_deadline_wins_and_is_set_before_the_call_goes_on(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        // The first is the slowest: over HTTP the next could overtake it.
        var first = true;
        rig.Ari.Script = async request =>
        {
            if (request.Path.EndsWith("/variable", StringComparison.Ordinal) && first)
            {
                first = false;
                await Task.Delay(150);
            }

            return null;
        };
        var (channel, call) = await rig.CallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(60));
        call.HoldAtMost(TimeSpan.FromSeconds(1.5));
        await call.ContinueAsync(null, Cancel);
        Assert.Equal("1.5", channel.Variables["TIMEOUT(absolute)"]);
        var orders = rig.Ari.Requests.Where(request => request.Path.StartsWith($"channels/{channel.Id}/", StringComparison.Ordinal)).ToList();
        Assert.EndsWith("/continue", orders[^1].Path, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_deadline_lasts_as_long_as_the_prompt_and_one_set_meanwhile_comes_after_it(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, ari => ari.Model.PlaysOn = true);
        var (channel, call) = await rig.CallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(1));
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        Assert.Equal("4", channel.Variables["TIMEOUT(absolute)"]);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        call.HoldAtMost(TimeSpan.FromSeconds(7));
        await Task.Delay(50, Cancel);
        Assert.Equal("4", channel.Variables["TIMEOUT(absolute)"]);
        await playback.StopAsync(Cancel);
        await playback.Ended.WaitAsync(Rig.Soon, Cancel);
        await Rig.UntilAsync(() => channel.Variables["TIMEOUT(absolute)"] == "7");
        call.HoldAtMost(TimeSpan.FromSeconds(60));
        await call.PlayAsync(Rig.Notice, Cancel);
        Assert.Equal("60", channel.Variables["TIMEOUT(absolute)"]);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task What_waits_for_a_channel_never_goes_over_the_socket_that_all_calls_share(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, call) = await rig.CallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(60));
        await call.AnswerAsync(Cancel);
        await call.SetVariablesAsync([new("A", "1"), new("B", "2")], Cancel);
        await call.PlayAsync(Rig.Notice, Cancel);
        string[] waiting = ["/answer", "/variable", "/variables"];
        Assert.All(rig.Ari.Requests.Where(request => waiting.Any(end => request.Path.EndsWith(end, StringComparison.Ordinal))), request => Assert.False(request.OverSocket));
        Assert.Equal(transport == AsteriskTransport.WebSocket, rig.Ari.Requests[^1].OverSocket);
    }

    [Theory]
    [InlineData(AsteriskTransport.WebSocket, "22.10.1", 1)]
    [InlineData(AsteriskTransport.WebSocket, "22.4.0", 3)]
    [InlineData(AsteriskTransport.Http, "22.10.1", 1)]
    [InlineData(AsteriskTransport.Http, "16.28.0", 3)]
    public async Task Variables_are_set_with_as_few_requests_as_the_version_needs(AsteriskTransport transport, string version, int requests)
    {
        await using var rig = await Rig.AttachAsync(transport, ari => ari.Version = version);
        var (channel, call) = await rig.CallAsync();
        await call.SetVariablesAsync([new("CONSENT_RESULT", "Given"), new("CONSENT_CALL_ID", call.Arrival.Id.ToString()), new("ODD", "a b&c=d,\"é")], Cancel);
        Assert.Equal("Given", channel.Variables["CONSENT_RESULT"]);
        Assert.Equal("a b&c=d,\"é", channel.Variables["ODD"]);
        Assert.Equal(requests, rig.Ari.Requests.Count(request => request.Path.StartsWith($"channels/{channel.Id}/variable", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Hanging_up_a_call_ends_it(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, call) = await rig.CallAsync();
        await call.HangUpAsync(Cancel);
        Assert.Equal(DepartureKind.HungUp, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_recording_writes_nothing_until_it_is_started_and_survives_the_call_going_on(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("rec1", "wav"), Cancel);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        var startedAt = await recording.StartAsync(Cancel);
        Assert.Single(rig.Ari.Model.LiveRecordings);
        await call.ContinueAsync(null, Cancel);
        Assert.False(recording.Ended.IsCompleted);
        await recording.StopAsync(Cancel);
        var end = await recording.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal((false, startedAt), (end.Failed, end.StartedAt!.Value));
        Assert.True(end.EndedAt >= startedAt);
        var stored = await rig.Pbx.FindStoredRecordingAsync("rec1", Cancel);
        Assert.Equal(new StoredRecording("rec1", 16044, TimeSpan.FromSeconds(1)), stored);
        await rig.Pbx.DeleteStoredRecordingAsync("rec1", Cancel);
        await rig.Pbx.DeleteStoredRecordingAsync("rec1", Cancel);
        Assert.Null(await rig.Pbx.FindStoredRecordingAsync("rec1", Cancel));
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
        Assert.Contains(channel.Id, rig.Ari.Model.Channels.Keys);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Stored_recordings_of_ours_are_listed_and_read(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var sound = Enumerable.Range(0, 300_000).Select(i => (byte)i).ToArray();
        rig.Ari.Model.StoredRecordings["ivrc-1"] = sound;
        rig.Ari.Model.StoredRecordings["voicemail/7"] = [1, 2, 3];
        Assert.Equal(["ivrc-1"], await rig.Pbx.ListStoredRecordingsAsync(Cancel));
        await using (var stream = await rig.Pbx.OpenStoredRecordingAsync("ivrc-1", Cancel))
        {
            using var whole = new MemoryStream();
            await stream!.CopyToAsync(whole, Cancel);
            Assert.Equal(sound, whole.ToArray());
        }

        Assert.Null(await rig.Pbx.OpenStoredRecordingAsync("ivrc-2", Cancel));
        await rig.Ari.DisposeAsync();
        await Assert.ThrowsAsync<PbxException>(() => rig.Pbx.OpenStoredRecordingAsync("ivrc-1", Cancel));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_recording_ends_with_the_call(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("rec1", "wav"), Cancel);
        await recording.StartAsync(Cancel);
        await call.ContinueAsync(null, Cancel);
        await rig.Ari.Model.EndAsync(rig.Ari.Model.Channels.Values.Single(c => c != channel));
        Assert.False((await recording.Ended.WaitAsync(Rig.Soon, Cancel)).Failed);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Discarding_leaves_nothing_started_or_not_twice_as_well(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        foreach (var start in (bool[])[false, true])
        {
            var (channel, call) = await rig.CallAsync();
            var recording = await call.PrepareRecordingAsync(new RecordingRequest($"rec-{start}", "wav"), Cancel);
            if (start)
            {
                await recording.StartAsync(Cancel);
            }

            await recording.DiscardAsync(Cancel);
            await recording.DiscardAsync(Cancel);
            Assert.True(recording.Ended.IsCompleted);
            Assert.Empty(rig.Ari.Model.LiveRecordings);
            Assert.Empty(rig.Ari.Model.StoredRecordings);
            await rig.Ari.Model.EndAsync(channel);
            await Rig.UntilAsync(() => rig.Ari.Model.Channels.IsEmpty);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_offered_call_is_claimed_and_then_comes(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var channel = rig.Ari.Model.Add();
        await rig.Ari.SendAsync(rig.Ari.Model.Event("CallBroadcast", channel));
        var claim = await rig.Ari.WaitForAsync("POST", "events/claim");
        Assert.Equal((channel.Id, "ivrconsent"), (claim.Query["channelId"], claim.Query["application"]));
        await rig.Ari.SendAsync(rig.Ari.Model.Event("StasisStart", channel));
        Assert.Equal(channel.Id, (await rig.NextCallAsync()).Arrival.Channel);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Nothing_is_taken_while_not_accepting(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        rig.Accepting = false;
        var offered = rig.Ari.Model.Add();
        await rig.Ari.SendAsync(rig.Ari.Model.Event("CallBroadcast", offered));
        var channel = await rig.Ari.Model.CallAsync();
        await Rig.UntilAsync(() => !channel.InStasis);
        Assert.Empty(rig.All);
        Assert.DoesNotContain(rig.Ari.Requests, request => request.Path == "events/claim");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Waiting_calls_are_found_with_their_line_and_a_forerunner_s_prompt_is_stopped(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, inHand) = await rig.CallAsync();
        var gone = rig.Ari.Model.Add(channel => channel.InStasis = false);
        rig.Ari.Model.Subscribed[gone.Id] = 0;
        var waiting = rig.Ari.Model.Add(channel => (channel.Application, channel.ApplicationData, channel.State) = ("StasisBroadcast", "500,^ivrconsent,help:200:deadline", "Up"));
        var moved = rig.Ari.Model.Add(channel => channel.Application = "Gosub");
        moved.Variables["ivrconsent_line"] = "moved";
        var id = CallId.FromChannel("pbx1", waiting.Id, waiting.CreatedAt);
        rig.Ari.Model.Playbacks[$"ivrc-{id}-p2"] = waiting;

        var found = await rig.Pbx.FindWaitingCallsAsync(Cancel);
        Assert.Equal([waiting.Id, moved.Id], found.Select(call => call.Arrival.Channel).Order());
        var call = found.Single(c => c.Arrival.Channel == waiting.Id);
        Assert.Equal((id, "help", "200"), (call.Arrival.Id, call.Arrival.LineArgument, call.Arrival.CalledNumber));
        Assert.Equal("moved", found.Single(c => c.Arrival.Channel == moved.Id).Arrival.LineArgument);
        Assert.Empty(rig.Ari.Model.Playbacks);
        await call.PlayAsync(Rig.Notice, Cancel);
        await rig.Ari.WaitForAsync(request => request.Query.GetValueOrDefault("playbackId") == $"ivrc-{id}-p3");
        Assert.Empty(await rig.Pbx.FindWaitingCallsAsync(Cancel));
        Assert.NotNull(inHand);
        // Its start, reported late, does not hand it out again, nor send it away.
        await rig.Ari.SendAsync(rig.Ari.Model.Event("StasisStart", waiting));
        await rig.CallAsync();
        Assert.Equal(2, rig.All.Count);
        Assert.True(waiting.InStasis);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_of_before_is_found_again_wherever_it_is(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var talking = rig.Ari.Model.Add(channel => (channel.InStasis, channel.Application) = (false, "Dial"));
        var arrival = new CallArrival(CallId.FromChannel("pbx1", talking.Id, talking.CreatedAt), "pbx1", talking.Id, "sales", "100", null, talking.CreatedAt);
        var call = await rig.Pbx.ReattachAsync(arrival, Cancel);
        Assert.Same(call, await rig.Pbx.ReattachAsync(arrival, Cancel));
        await rig.Ari.Model.DigitAsync(talking, '9');
        Assert.Equal('9', (await call!.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);
        await rig.Ari.Model.EndAsync(talking);
        Assert.Equal(DepartureKind.HungUp, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.Null(await rig.Pbx.ReattachAsync(arrival, Cancel));

        // The PBX was restarted and gives the id out anew: not the same call.
        rig.Ari.Model.Add(id: talking.Id, at: talking.CreatedAt.AddMilliseconds(1));
        Assert.Null(await rig.Pbx.ReattachAsync(arrival, Cancel));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Running_recordings_are_found_and_idle_snoop_channels_swept(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var id = CallId.FromChannel("pbx1", "1.1", DateTimeOffset.UnixEpoch);
        var running = rig.Ari.Model.Add(id: $"ivrc-{id}-rec-orphan");
        rig.Ari.Model.LiveRecordings["orphan"] = running.Id;
        rig.Ari.Model.Add(id: $"ivrc-{id}-rec-idle");
        var (_, call) = await rig.CallAsync();
        var mine = await call.PrepareRecordingAsync(new RecordingRequest("mine", "wav"), Cancel);

        var live = Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel));
        Assert.Equal((id, "orphan"), (live.CallId, live.Recording.Name));
        await Rig.UntilAsync(() => !rig.Ari.Model.Channels.Keys.Any(channel => channel.EndsWith("idle", StringComparison.Ordinal)));
        await live.Recording.DiscardAsync(Cancel);
        Assert.True(live.Recording.Ended.IsCompleted);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        await mine.StartAsync(Cancel);
        Assert.Equal("mine", Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel)).Recording.Name);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_forerunner_s_snoop_channel_does_not_stop_the_recording(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, call) = await rig.CallAsync();
        var old = rig.Ari.Model.Add(id: $"ivrc-{call.Arrival.Id}-rec-r");
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        await Rig.UntilAsync(() => !rig.Ari.Model.Channels.ContainsKey(old.Id));
        await recording.StartAsync(Cancel);
        Assert.False(recording.Ended.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_call_that_comes_back_to_us_is_sent_on(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.ContinueAsync(null, Cancel);
        await Rig.UntilAsync(() => !channel.InStasis);
        channel.InStasis = true;
        await rig.Ari.SendAsync(rig.Ari.Model.Event("StasisStart", channel));
        await Rig.UntilAsync(() => !channel.InStasis);
        Assert.Single(rig.All);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_cancelled_request_ends_at_once_and_a_slow_one_at_its_limit(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, change: options => options with { RequestTimeout = TimeSpan.FromMilliseconds(300) });
        rig.Ari.Script = request => Task.FromResult(request.Path.EndsWith("/answer", StringComparison.Ordinal) ? FakeResponse.None : null);
        var (_, call) = await rig.CallAsync();
        using var impatient = new CancellationTokenSource(20);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.AnswerAsync(impatient.Token));
        var failure = await Assert.ThrowsAsync<PbxException>(() => call.AnswerAsync(Cancel));
        Assert.Contains("300 ms", failure.Message, StringComparison.Ordinal);
        await call.PlayAsync(Rig.Notice, Cancel);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task No_password_number_or_key_is_in_a_log_an_address_or_a_message(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await rig.Ari.Model.DigitAsync(channel, '7');
        await call.Digits.ReadAsync(Cancel);
        await call.PlayAsync(Rig.Notice, Cancel);
        rig.Ari.Script = _ => Task.FromResult<FakeResponse?>(new FakeResponse(500, """{"message":"fell over"}"""));
        var failure = await Assert.ThrowsAsync<PbxException>(() => call.AnswerAsync(Cancel));
        Assert.Contains("fell over", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(rig.Log.Lines);
        var said = rig.Log + failure.ToString() + string.Concat(rig.Ari.Requests.Select(request => request + string.Concat(request.Query)));
        Assert.DoesNotContain(rig.Ari.Password, said, StringComparison.Ordinal);
        Assert.DoesNotContain("221234501", said, StringComparison.Ordinal);
        Assert.DoesNotContain("'7'", said, StringComparison.Ordinal);
    }
}
