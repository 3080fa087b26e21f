using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json.Nodes;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Asterisk;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>Every way in which a PBX fails, by name.</summary>
public class AsteriskBrokenWorldTests
{
    private static readonly AsteriskLimits Watchful = Rig.Short with
    {
        KeepAliveInterval = TimeSpan.FromMilliseconds(200),
        KeepAliveTimeout = TimeSpan.FromMilliseconds(400),
        ProbeInterval = TimeSpan.FromMilliseconds(200),
        ProbeTimeout = TimeSpan.FromMilliseconds(200),
        ConnectTimeout = TimeSpan.FromMilliseconds(500),
    };

    public static TheoryData<AsteriskTransport> Transports => [AsteriskTransport.WebSocket, AsteriskTransport.Http];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PBX_down_at_the_start_is_said_and_attached_to_when_it_comes()
    {
        var ari = new FakeAri();
        await ari.StopAsync();
        await using var rig = new Rig(Rig.Options(ari), ari);
        await Rig.UntilAsync(() => rig.Pbx.Health.Detail.Contains("cannot reach", StringComparison.Ordinal), () => rig.Pbx.Health.Detail);
        Assert.Contains("http.conf", rig.Pbx.Health.Detail, StringComparison.Ordinal);
        Assert.False(rig.Pbx.Health.Attached);
        await Assert.ThrowsAsync<PbxException>(() => rig.Pbx.FindWaitingCallsAsync(Cancel));
        ari.Restart();
        await rig.AttachedAsync();
    }

    [Fact]
    public async Task Wrong_password_is_said_with_its_remedy_and_tried_again_slowly()
    {
        var ari = new FakeAri { Password = "the-right-one" };
        await using var rig = new Rig(Rig.Options(ari) with { Password = "the-wrong-one" }, ari);
        await Rig.UntilAsync(() => rig.Pbx.Health.Detail.Contains("401", StringComparison.Ordinal), () => rig.Pbx.Health.Detail);
        Assert.Contains("ari.conf", rig.Pbx.Health.Detail, StringComparison.Ordinal);
        await Task.Delay(700, Cancel);
        Assert.InRange(rig.Log.Lines.Count(line => line.Contains("401", StringComparison.Ordinal)), 1, 3);
        ari.Password = "the-wrong-one";
        await rig.AttachedAsync();
        Assert.DoesNotContain("the-wrong-one", rig.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_address_is_said_with_its_remedy()
    {
        var ari = new FakeAri();
        await using var rig = new Rig(Rig.Options(ari) with { Url = new Uri(ari.Url, "/asterisk/ari") }, ari);
        await Rig.UntilAsync(() => rig.Pbx.Health.Detail.Contains("404", StringComparison.Ordinal), () => rig.Pbx.Health.Detail);
        Assert.Contains("prefix", rig.Pbx.Health.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_only_user_is_said_with_its_remedy()
    {
        var ari = new FakeAri { Script = request => Task.FromResult(request.Method == "GET" ? null : new FakeResponse(403, "{}")) };
        await using var rig = new Rig(Rig.Options(ari), ari);
        await Rig.UntilAsync(() => rig.Pbx.Health.Detail.Contains("read_only", StringComparison.Ordinal), () => rig.Pbx.Health.Detail);
    }

    [Fact]
    public async Task Event_filter_unknown_to_the_PBX_is_lived_without()
    {
        await using var rig = await Rig.AttachAsync(arrange: ari => ari.Script = request => Task.FromResult(request.Method == "PUT" ? new FakeResponse(404, "{}") : null));
        await rig.CallAsync();
    }

    [Fact]
    public async Task Socket_that_takes_no_requests_is_left_for_HTTP_or_refused_when_it_was_wanted()
    {
        await using var automatic = await Rig.AttachAsync(AsteriskTransport.Auto, ari => ari.RestOverSocket = false, change: options => options with { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        Assert.Contains("HTTP", automatic.Pbx.Health.Detail, StringComparison.Ordinal);
        await automatic.CallAsync();

        var ari = new FakeAri("16.28.0") { RestOverSocket = false };
        await using var wanted = new Rig(Rig.Options(ari, AsteriskTransport.WebSocket) with { RequestTimeout = TimeSpan.FromMilliseconds(200) }, ari);
        await Rig.UntilAsync(() => wanted.Pbx.Health.Detail.Contains("set the transport to auto or http", StringComparison.Ordinal), () => wanted.Pbx.Health.Detail);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Restarted_in_mid_call_the_call_is_lost_and_everything_starts_anew(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, ari => ari.Model.PlaysOn = true);
        var (channel, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        await recording.StartAsync(Cancel);
        await rig.Ari.StopAsync();
        Assert.Equal(DepartureKind.PbxLost, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.True(call.Gone.IsCancellationRequested);
        Assert.Equal(PlaybackResult.CallGone, (await playback.Ended.WaitAsync(Rig.Soon, Cancel)).Result);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.HangUpAsync(Cancel));
        await Assert.ThrowsAsync<PbxException>(() => recording.DiscardAsync(Cancel));
        Assert.False(rig.Pbx.Health.Attached);

        // It comes back, the channel and the recording survived: a new object leads the call, the old one stays lost.
        IReadOnlyList<ICall> found = [];
        rig.OnReconcile = async (pbx, cancel) => found = await pbx.FindWaitingCallsAsync(cancel);
        rig.Ari.Restart();
        await rig.AttachedAsync();
        Assert.Equal(2, rig.Reconciled);
        var again = Assert.Single(found);
        Assert.NotSame(call, again);
        Assert.Equal(call.Arrival.Id, again.Arrival.Id);
        Assert.False(recording.Ended.IsCompleted);
        var live = Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel));
        await live.Recording.DiscardAsync(Cancel);
        await rig.Ari.Model.HangUpAsync(channel);
        Assert.Equal(DepartureKind.HungUp, (await again.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        await rig.CallAsync();
    }

    [Fact]
    public async Task Calls_arriving_while_things_are_put_right_are_handed_out_once()
    {
        var ari = new FakeAri();
        var early = ari.Model.Add();
        IReadOnlyList<ICall> found = [];
        await using var rig = new Rig(Rig.Options(ari), ari, reconcile: async (pbx, cancel) =>
        {
            await ari.SendAsync(ari.Model.Event("StasisStart", early));
            var late = await ari.Model.CallAsync(null, "sales", "100");
            found = await pbx.FindWaitingCallsAsync(cancel);
            await ari.SendAsync(ari.Model.Event("StasisStart", early));
            await ari.SendAsync(ari.Model.Event("StasisStart", late));
        });
        await rig.AttachedAsync();
        await rig.CallAsync();
        await Rig.UntilAsync(() => found.Count + rig.All.Count == 3);
        Assert.Equal(3, found.Concat(rig.All).Select(call => call.Arrival.Id).Distinct().Count());
        Assert.True(early.InStasis);
    }

    [Fact]
    public async Task Garbage_is_counted_and_dropped_and_the_connection_holds()
    {
        using var counts = new Counts();
        await using var rig = await Rig.AttachAsync(change: options => options with { Name = "garbled" });
        await rig.Ari.SendTextAsync("hello");
        await rig.Ari.SendTextAsync(string.Empty);
        await rig.Ari.SendTextAsync("{\"type\":\"StasisStart\",\"channel\":{\"id\":\"");
        await rig.Ari.SendTextAsync("{\"type\":\"RESTResponse\",\"request_id\":\"nobody's\",\"status_code\":\"x\"}");
        await rig.Ari.SendTextAsync("{\"type\":\"RESTResponse\",\"request_id\":\"99999\",\"status_code\":200}");
        await rig.Ari.SendTextAsync("{\"type\":\"StasisStart\"}");
        await rig.Ari.SendTextAsync("{\"type\":\"SomethingNew\",\"x\":{}}");
        await rig.Ari.SendTextAsync("[" + new string('[', 5000));
        await rig.Ari.SendBinaryAsync([0xff, 0x00, 0x7b]);
        await rig.Ari.SendTextAsync($"{{\"type\":\"StasisStart\",\"x\":\"{new string('x', 3_000_000)}\"}}");
        await rig.CallAsync();
        Assert.Equal(1, rig.Reconciled);
        Assert.True(rig.Pbx.Health.Attached);
        Assert.Equal(6, counts.Of("ivrconsent.asterisk.messages.dropped", "garbled"));
        Assert.Equal(1, counts.Of("ivrconsent.asterisk.events.ignored", "garbled"));
    }

    [Fact]
    public async Task A_message_in_many_pieces_is_one()
    {
        await using var rig = await Rig.AttachAsync();
        var channel = rig.Ari.Model.Add(c => c.Caller = "+48" + new string('1', 100));
        var message = rig.Ari.Model.Event("StasisStart", channel, ("args", new JsonArray("sales")), ("padding", new string('x', 200_000)));
        var bytes = Encoding.UTF8.GetBytes(message.ToJsonString());
        await rig.Ari.SendFramesAsync((0x01, bytes[..1]), (0x00, bytes[1..70_000]), (0x89, [1, 2]), (0x00, bytes[70_000..]), (0x80, []));
        Assert.Equal(channel.Id, (await rig.NextCallAsync()).Arrival.Channel);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_end_the_connection_and_it_comes_back()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        await rig.Ari.SendBytesAsync([0x7b, 0xff, 0xfe, 0x7d]);
        Assert.Equal(DepartureKind.PbxLost, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        await Rig.UntilAsync(() => rig.Reconciled == 2);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Silent_half_open_connection_is_noticed(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, limits: Watchful);
        var (_, call) = await rig.CallAsync();
        rig.Ari.Silent = true;
        Assert.Equal(DepartureKind.PbxLost, (await call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        rig.Ari.Silent = false;
        await rig.AttachedAsync();
    }

    [Fact]
    public async Task Silent_half_open_socket_alone_is_noticed_by_its_pings()
    {
        await using var rig = await Rig.AttachAsync(AsteriskTransport.Http, limits: Watchful with { ProbeInterval = TimeSpan.FromMinutes(1) });
        rig.Ari.Silent = true;
        await rig.DetachedAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task PBX_whose_sockets_live_but_answers_no_request_is_noticed(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, limits: Watchful);
        rig.Ari.Deadlocked = true;
        await rig.DetachedAsync();
        Assert.Contains(rig.Log.Lines, line => line.Contains("answers no requests any more", StringComparison.Ordinal));
        rig.Ari.Deadlocked = false;
        await rig.AttachedAsync();
    }

    [Fact]
    public async Task One_slow_answer_does_not_cost_the_connection()
    {
        await using var rig = await Rig.AttachAsync(AsteriskTransport.Http, limits: Watchful);
        var slow = 1;
        rig.Ari.Script = async request =>
        {
            if (request.Path == "asterisk/ping" && Interlocked.Exchange(ref slow, 0) == 1)
            {
                await Task.Delay(300);
            }

            return null;
        };
        await Rig.UntilAsync(() => rig.Log.Lines.Any(line => line.Contains("answered late", StringComparison.Ordinal)));
        await Task.Delay(500, Cancel);
        Assert.Equal(1, rig.Reconciled);
    }

    [Fact]
    public async Task Another_client_under_our_name_is_said_and_we_step_back()
    {
        await using var rig = await Rig.AttachAsync();
        await rig.Ari.SendTextAsync("""{"type":"ApplicationReplaced","application":"ivrconsent"}""");
        await Rig.UntilAsync(() => rig.Pbx.Health.Detail.Contains("another client", StringComparison.Ordinal), () => rig.Pbx.Health.Detail);
        await rig.AttachedAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Recording_that_fails_after_a_2xx_did_not_start(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        rig.Ari.Script = async request =>
        {
            if (!request.Path.EndsWith("/record", StringComparison.Ordinal))
            {
                return null;
            }

            await rig.Ari.SendAsync(rig.Ari.Model.RecordingEvent("RecordingFailed", request.Query["name"], "failed", "disk full"));
            return new FakeResponse(201, "{}");
        };
        var (channel, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        var failure = await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel));
        Assert.Contains("disk full", failure.Message, StringComparison.Ordinal);
        Assert.True((await recording.Ended).Failed);
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
        Assert.Contains(channel.Id, rig.Ari.Model.Channels.Keys);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Recording_that_never_starts_is_given_up_and_not_let_run_later(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport, change: options => options with { RecordingStartTimeout = TimeSpan.FromMilliseconds(200) });
        var unheard = false;
        rig.Ari.Script = request => Task.FromResult(
            request.Path.EndsWith("/record", StringComparison.Ordinal) ? new FakeResponse(201, "{}")
            : unheard && request.Method == "DELETE" ? new FakeResponse(500, "{}")
            : null);
        var (_, call) = await rig.CallAsync();
        var swept = await call.PrepareRecordingAsync(new RecordingRequest("swept", "wav"), Cancel);
        Assert.Contains("200 ms", (await Assert.ThrowsAsync<PbxException>(() => swept.StartAsync(Cancel))).Message, StringComparison.Ordinal);
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);

        // Also when the PBX does not even take the order to clear it away.
        unheard = true;
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel));
        unheard = false;
        await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel));

        rig.Ari.Model.LiveRecordings["r"] = "late";
        await rig.Ari.SendAsync(rig.Ari.Model.RecordingEvent("RecordingStarted", "r", "recording"));
        await Rig.UntilAsync(() => rig.Ari.Model.LiveRecordings.IsEmpty);
    }

    [Fact]
    public async Task Recording_refused_outright_leaves_nothing()
    {
        await using var rig = await Rig.AttachAsync();
        rig.Ari.Model.StoredRecordings["taken"] = FakePbx.Wav(1);
        rig.Ari.Script = request => Task.FromResult(request.Path.EndsWith("/record", StringComparison.Ordinal) ? new FakeResponse(409, """{"message":"Recording already exists"}""") : null);
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        Assert.Contains("409 Recording already exists", (await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel))).Message, StringComparison.Ordinal);
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
    }

    [Fact]
    public async Task Snoop_channel_that_never_comes_is_given_up()
    {
        await using var rig = await Rig.AttachAsync(change: options => options with { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        rig.Ari.Script = request => Task.FromResult(request.Path.Contains("/snoop/", StringComparison.Ordinal) ? new FakeResponse(200, "{}") : null);
        var (_, call) = await rig.CallAsync();
        await Assert.ThrowsAsync<PbxException>(() => call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel));
        rig.Ari.Script = null;
        await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
    }

    [Fact]
    public async Task Recording_whose_end_is_never_reported_ends_with_its_channel_as_failed()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        await recording.StartAsync(Cancel);
        rig.Ari.Model.LiveRecordings.Clear();
        await rig.Ari.Model.EndAsync(rig.Ari.Model.Channels.Values.Single(channel => channel.Id.StartsWith("ivrc-", StringComparison.Ordinal)));
        Assert.True((await recording.Ended.WaitAsync(Rig.Soon, Cancel)).Failed);
    }

    [Fact]
    public async Task Playback_failing_in_the_middle_was_not_heard()
    {
        await using var rig = await Rig.AttachAsync(arrange: ari => ari.Model.PlaysOn = true);
        var (_, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        await Task.Delay(60, Cancel);
        await rig.Ari.SendAsync(rig.Ari.Model.PlaybackEvent("PlaybackFinished", rig.Ari.Model.Playbacks.Keys.Single(), "failed"));
        var end = await playback.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal(PlaybackResult.Failed, end.Result);
        Assert.InRange(end.Heard, TimeSpan.FromMilliseconds(30), TimeSpan.FromSeconds(2.9));
    }

    [Fact]
    public async Task Prompt_the_PBX_refuses_is_an_error_and_one_that_never_starts_says_so()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        rig.Ari.Script = request => Task.FromResult(request.Path.EndsWith("/play", StringComparison.Ordinal) ? new FakeResponse(500, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => call.PlayAsync(Rig.Notice, Cancel));
        rig.Ari.Script = request => Task.FromResult(request.Path.EndsWith("/play", StringComparison.Ordinal) ? new FakeResponse(201, "{}") : null);
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        await rig.Ari.SendAsync(rig.Ari.Model.PlaybackEvent("PlaybackFinished", $"ivrc-{call.Arrival.Id}-p2", "failed"));
        Assert.Equal(PlaybackEnd.NeverStarted, await playback.Ended.WaitAsync(Rig.Soon, Cancel));
        Assert.Null(await playback.Started);
    }

    [Fact]
    public async Task Stop_whose_effect_is_never_reported_ends_all_the_same()
    {
        await using var rig = await Rig.AttachAsync(arrange: ari => ari.Model.PlaysOn = true);
        var (_, call) = await rig.CallAsync();
        var playback = await call.PlayAsync(Rig.Notice, Cancel);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        rig.Ari.Model.Playbacks.Clear();
        await playback.StopAsync(Cancel);
        Assert.Equal(PlaybackResult.Stopped, (await playback.Ended.WaitAsync(Rig.Soon, Cancel)).Result);
    }

    [Fact]
    public async Task Event_flood_with_one_stuck_call_delays_no_other_and_keeps_each_call_s_order()
    {
        await using var rig = await Rig.AttachAsync();
        var (stuck, stuckCall) = await rig.CallAsync();
        // Whoever listens to this call never returns.
        using var never = new ManualResetEventSlim();
        var stuckStill = true;
        stuckCall.Gone.Register(() =>
        {
            never.Wait(TimeSpan.FromSeconds(60));
            Volatile.Write(ref stuckStill, false);
        });
        var (channel, call) = await rig.CallAsync();
        for (var i = 0; i < 5000; i++)
        {
            await rig.Ari.SendAsync(rig.Ari.Model.Event("ChannelVarset", stuck, ("variable", "X"), ("value", "y")));
            await rig.Ari.Model.DigitAsync(stuck, '5');
        }

        await rig.Ari.Model.HangUpAsync(stuck);
        for (var i = 0; i < 40; i++)
        {
            await rig.Ari.Model.DigitAsync(channel, (char)('0' + (i % 10)));
        }

        for (var i = 0; i < 40; i++)
        {
            Assert.Equal((char)('0' + (i % 10)), (await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);
        }

        Assert.True(stuckCall.Gone.IsCancellationRequested);
        Assert.True(Volatile.Read(ref stuckStill));
        never.Set();
    }

    [Fact]
    public async Task Slow_request_of_one_call_delays_no_other()
    {
        await using var rig = await Rig.AttachAsync();
        var (slow, slowCall) = await rig.CallAsync();
        rig.Ari.Script = async request =>
        {
            if (request.Path == $"channels/{slow.Id}/answer")
            {
                await Task.Delay(1000);
            }

            return null;
        };
        var answering = slowCall.AnswerAsync(Cancel);
        var (_, call) = await rig.CallAsync();
        await call.AnswerAsync(Cancel);
        await (await call.PlayAsync(Rig.Notice, Cancel)).Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.False(answering.IsCompleted);
        await answering;
    }

    [Fact]
    public async Task Claim_lost_to_another_worker_is_nothing_unusual()
    {
        using var counts = new Counts();
        await using var rig = await Rig.AttachAsync(change: options => options with { Name = "loser" });
        rig.Ari.Script = request => Task.FromResult(request.Path == "events/claim" ? new FakeResponse(409, """{"message":"already claimed"}""") : null);
        await rig.Ari.SendAsync(rig.Ari.Model.Event("CallBroadcast", rig.Ari.Model.Add()));
        await Rig.UntilAsync(() => counts.Of("ivrconsent.asterisk.claims", "loser") == 1);
        Assert.Empty(rig.All);
        Assert.DoesNotContain(rig.Log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Digit_flood_costs_keys_not_memory()
    {
        using var counts = new Counts();
        await using var rig = await Rig.AttachAsync(change: options => options with { Name = "flooded" });
        var (channel, call) = await rig.CallAsync();
        for (var i = 0; i < 1000; i++)
        {
            await rig.Ari.Model.DigitAsync(channel, i == 0 ? '1' : '2');
        }

        await Rig.UntilAsync(() => counts.Of("ivrconsent.asterisk.digits.dropped", "flooded") == 1000 - 64);
        Assert.Equal(64, call.Digits.Count);
        Assert.Equal('1', (await call.Digits.ReadAsync(Cancel)).Digit);
    }

    [Fact]
    public async Task Doctor_s_questions_are_answered()
    {
        await using var ari = new FakeAri();
        using var probe = new AsteriskProbe(Rig.Options(ari));
        Assert.Null(await probe.FindTroubleAsync(Cancel));
        Assert.Equal("22.10.1", await probe.VersionAsync(Cancel));
        Assert.True(AsteriskProbe.TakesRequestsOverSocket("22.10.1"));
        Assert.Equal([new AsteriskModule("res_stasis.so", true), new AsteriskModule("res_curl.so", false)], await probe.ModulesAsync(Cancel));
        Assert.Equal(["ivrconsent"], await probe.ApplicationsAsync(Cancel));
        Assert.Null(await probe.FindRecordingTroubleAsync(Cancel));
        Assert.Equal("yes", await probe.VariableAsync("SET", Cancel));
        Assert.Null(await probe.VariableAsync("UNSET", Cancel));
        Assert.Equal(200, (await probe.GetAsync("asterisk/ping", Cancel)).Status);

        ari.Script = _ => Task.FromResult<FakeResponse?>(new FakeResponse(500));
        Assert.Contains("500", await probe.FindRecordingTroubleAsync(Cancel), StringComparison.Ordinal);
        ari.Script = null;
        using var wrong = new AsteriskProbe(Rig.Options(ari) with { Password = "wrong" });
        Assert.Contains("401", await wrong.FindTroubleAsync(Cancel), StringComparison.Ordinal);
        await ari.StopAsync();
        Assert.Contains("cannot reach", await probe.FindTroubleAsync(Cancel), StringComparison.Ordinal);
    }

    /// <summary>Adds up our counters by name and PBX.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<(string, string), long> _sums = [];

        public Counts()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "IvrConsent.Asterisk" && instrument is Counter<long>)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    if (tag is { Key: "pbx", Value: string pbx })
                    {
                        lock (_sums)
                        {
                            _sums[(instrument.Name, pbx)] = _sums.GetValueOrDefault((instrument.Name, pbx)) + value;
                        }
                    }
                }
            });
            _listener.Start();
        }

        public long Of(string instrument, string pbx)
        {
            lock (_sums)
            {
                return _sums.GetValueOrDefault((instrument, pbx));
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
