using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Calls;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Asterisk;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>What the ports promise of a call that has gone on, over either way of sending requests, and in a broken world.</summary>
public class AsteriskInCallTests
{
    public static TheoryData<AsteriskTransport> Transports => [AsteriskTransport.WebSocket, AsteriskTransport.Http];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_recording_pauses_and_resumes_when_the_PBX_says_so(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var recording = await StartAsync(rig);
        await recording.PauseAsync(Cancel);
        Assert.True(rig.Ari.Model.PausedRecordings.ContainsKey("r"));
        await recording.ResumeAsync(Cancel);
        Assert.Empty(rig.Ari.Model.PausedRecordings);
    }

    [Theory]
    [InlineData("""{"state":"recording"}""")]
    [InlineData("""{"state":7}""")]
    [InlineData("nonsense")]
    public async Task A_pause_that_the_PBX_accepts_and_does_not_do_is_an_error(string state)
    {
        await using var rig = await Rig.AttachAsync();
        var recording = await StartAsync(rig);
        rig.Ari.Script = request => Task.FromResult(request.Is("GET", "recordings/live/") ? new FakeResponse(200, state) : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.PauseAsync(Cancel));
    }

    [Fact]
    public async Task A_recording_that_has_ended_cannot_be_paused()
    {
        await using var rig = await Rig.AttachAsync();
        var recording = await StartAsync(rig);
        await recording.StopAsync(Cancel);
        await Assert.ThrowsAsync<PbxException>(() => recording.PauseAsync(Cancel));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(204)]
    public async Task A_stop_without_effect_hangs_up_the_recorder(int status)
    {
        await using var rig = await Rig.AttachAsync();
        var recording = await StartAsync(rig);
        rig.Ari.Script = request => Task.FromResult(request.Path == "recordings/live/r/stop" ? new FakeResponse(status) : null);
        await recording.StopAsync(Cancel);
        Assert.True(recording.Ended.IsCompleted);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
    }

    [Fact]
    public async Task A_recorder_whose_end_nobody_reports_is_ended_when_its_channel_is_not_there_any_more()
    {
        await using var rig = await Rig.AttachAsync();
        var recording = await StartAsync(rig);
        rig.Ari.Script = request => Task.FromResult(
            request.Path == "recordings/live/r/stop" ? new FakeResponse(204)
            : request.Is("DELETE", "channels/ivrc-") ? new FakeResponse(204)
            : request.Is("GET", "channels/ivrc-") ? new FakeResponse(404) : null);
        await recording.StopAsync(Cancel);
        Assert.True((await recording.Ended.WaitAsync(Rig.Soon, Cancel)).Failed);
    }

    [Fact]
    public async Task A_recording_that_nothing_ends_is_an_error()
    {
        await using var rig = await Rig.AttachAsync();
        var recording = await StartAsync(rig);
        rig.Ari.Script = request => Task.FromResult(
            request.Path == "recordings/live/r/stop" || request.Is("DELETE", "channels/ivrc-") ? new FakeResponse(204) : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.StopAsync(Cancel));
        Assert.False(recording.Ended.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_whisper_says_whether_it_could_be_heard(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (_, call) = await rig.CallAsync();
        await call.ContinueAsync(null, Cancel);
        var whisper = await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel);
        Assert.Equal((true, Rig.Notice.Sha256, null), (whisper.Heard, whisper.Sha256, whisper.Detail));
        Assert.NotNull(whisper.StartedAt);
        Assert.Equal("out", (await rig.Ari.WaitForAsync(request => request.Query.ContainsKey("whisper"))).Query["whisper"]);

        rig.Ari.Model.PacketsReceived = 0;
        Assert.True((await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel)).Heard);
        Assert.False((await call.WhisperAsync(Rig.Notice, toBoth: true, Cancel)).Heard);
        rig.Ari.Model.PacketsSent = 0;
        whisper = await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel);
        Assert.False(whisper.Heard);
        Assert.NotNull(whisper.Detail);
        await rig.Ari.WaitForAsync(request => request.Is("DELETE", "channels/ivrc-"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task After_a_transfer_a_whisper_is_mixed_into_what_comes_from_the_other_party(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.ContinueAsync(null, Cancel);
        channel.Variables["SIPTRANSFER"] = "yes";
        var whisper = await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel);
        Assert.Equal("out", (await rig.Ari.WaitForAsync(request => request.Query.ContainsKey("whisper"))).Query["whisper"]);
        Assert.Null(whisper.Heard);
        Assert.NotNull(whisper.Detail);

        rig.Ari.Model.Channels["other"] = new FakeChannel("other", channel.CreatedAt) { State = "Up" };
        channel.Variables["BRIDGEPEER"] = "other";
        Assert.Equal((true, null), (await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel)) is var told ? (told.Heard, told.Detail) : default);
        Assert.Equal("in", (await rig.Ari.WaitForAsync(request => request.Path.StartsWith("channels/other/snoop/", StringComparison.Ordinal))).Query["whisper"]);

        // What the other party sends is what the caller hears; what it is sent is what both hear of it.
        rig.Ari.Model.PacketsSent = 0;
        Assert.True((await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel)).Heard);
        Assert.False((await call.WhisperAsync(Rig.Notice, toBoth: true, Cancel)).Heard);
        (rig.Ari.Model.PacketsSent, rig.Ari.Model.PacketsReceived) = (1, 0);
        Assert.False((await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel)).Heard);
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(200, "nonsense")]
    [InlineData(200, """{"txcount":"many"}""")]
    public async Task A_whisper_on_a_channel_without_a_count_is_played_and_nobody_knows_whether_it_was_heard(int status, string body)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        rig.Ari.Script = request => Task.FromResult(request.Path.EndsWith("/rtp_statistics", StringComparison.Ordinal) ? new FakeResponse(status, body) : null);
        var whisper = await call.WhisperAsync(Rig.Notice, toBoth: true, Cancel);
        Assert.Null(whisper.Heard);
        Assert.NotNull(whisper.Detail);
    }

    [Fact]
    public async Task A_whisper_that_fails_was_not_heard_and_one_that_is_refused_is_an_error()
    {
        await using var rig = await Rig.AttachAsync();
        var (channel, call) = await rig.CallAsync();
        rig.Ari.Script = async request =>
        {
            if (!request.Path.EndsWith("/play", StringComparison.Ordinal))
            {
                return null;
            }

            await rig.Ari.SendAsync(rig.Ari.Model.PlaybackEvent("PlaybackStarted", request.Query["playbackId"], "playing"));
            await rig.Ari.SendAsync(rig.Ari.Model.PlaybackEvent("PlaybackFinished", request.Query["playbackId"], "failed"));
            return new FakeResponse(201, "{}");
        };
        Assert.False((await call.WhisperAsync(Rig.Notice, toBoth: false, Cancel)).Heard);
        rig.Ari.Script = request => Task.FromResult(request.Query.ContainsKey("whisper") ? new FakeResponse(500) : null);
        await Assert.ThrowsAsync<PbxException>(() => call.WhisperAsync(Rig.Notice, toBoth: false, Cancel));
        rig.Ari.Script = null;

        rig.Ari.Model.PlaysOn = true;
        var playing = call.WhisperAsync(Rig.Notice, toBoth: false, Cancel);
        await rig.Ari.WaitForAsync(request => request.Path.EndsWith("/play", StringComparison.Ordinal));
        await rig.Ari.Model.HangUpAsync(channel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => playing.WaitAsync(Rig.Soon, Cancel));
    }

    [Theory]
    [InlineData(50, true)]
    [InlineData(45, true)]
    [InlineData(30, null)]
    [InlineData(14, false)]
    [InlineData(0, false)]
    [InlineData(null, null)]
    public void Packets_say_whether_a_second_was_heard(int? packets, bool? heard) =>
        Assert.Equal(heard, AsteriskWhisper.HeardIn(TimeSpan.FromSeconds(1), packets, string.Empty).Heard);

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Signals_come_in_order_also_after_the_call_has_gone_on_and_other_variables_are_none(AsteriskTransport transport)
    {
        await using var rig = await Rig.AttachAsync(transport);
        var (channel, call) = await rig.CallAsync();
        await call.ContinueAsync(null, Cancel);
        foreach (var (name, value) in ((string, string)[])[("DIALSTATUS", "ANSWER"), ("CONSENT_AGENT", "alice"), ("CONSENT_PURPOSESS", "x"), ("CONSENT_PURPOSES", new string('p', 300)), ("CONSENT_RECORD", "")])
        {
            await rig.Ari.SendAsync(rig.Ari.Model.Event("ChannelVarset", channel, ("value", value), ("variable", name)));
        }

        Assert.Equal(("CONSENT_AGENT", "alice"), await NextAsync(call));
        Assert.Equal(("CONSENT_PURPOSES", new string('p', 256)), await NextAsync(call));
        Assert.Equal(("CONSENT_RECORD", string.Empty), await NextAsync(call));
        await rig.Ari.Model.HangUpAsync(channel);
        Assert.False(await call.Signals.WaitToReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel));
    }

    [Fact]
    public async Task A_flood_of_signals_costs_signals_not_memory()
    {
        await using var rig = await Rig.AttachAsync();
        var (channel, call) = await rig.CallAsync();
        for (var i = 0; i < 200; i++)
        {
            await rig.Ari.SendAsync(rig.Ari.Model.Event("ChannelVarset", channel, ("variable", "CONSENT_AGENT"), ("value", $"{i}")));
        }

        await rig.Ari.Model.HangUpAsync(channel);
        await call.Departed.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => $"{i}"), call.Signals.ReadAllAsync(Cancel).ToBlockingEnumerable(Cancel).Select(signal => signal.Value));
    }

    private static async Task<(string, string)> NextAsync(ICall call)
    {
        var signal = await call.Signals.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel);
        return (signal.Variable, signal.Value);
    }

    private static async Task<IRecording> StartAsync(Rig rig)
    {
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(new RecordingRequest("r", "wav"), Cancel);
        await recording.StartAsync(Cancel);
        await call.ContinueAsync(null, Cancel);
        return recording;
    }
}
