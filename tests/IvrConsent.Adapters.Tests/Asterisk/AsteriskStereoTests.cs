using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Asterisk;
using IvrConsent.TestKit.Audio;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>A recording with two channels, as the adapter has it made: whatever holds for one recording holds for the pair.</summary>
public class AsteriskStereoTests
{
    private static readonly string[] Halves = ["r-2ch-caller", "r-2ch-other"];
    private static readonly RecordingRequest Request = new("r-2ch", "wav");

    public static TheoryData<string> EitherHalf => [.. Halves];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_direction_is_recorded_on_its_own_and_nothing_before_the_start()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        Assert.Equal("r-2ch", recording.Name);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        await recording.StartAsync(Cancel);
        Assert.Equal(Halves, Live(rig));
        foreach (var (half, spy) in Halves.Zip(["in", "out"]))
        {
            Assert.Contains(rig.Ari.Requests, request => request.Path.EndsWith("-rec-" + half, StringComparison.Ordinal) && request.Query.GetValueOrDefault("spy") == spy);
        }

        await recording.PauseAsync(Cancel);
        Assert.Equal(Halves, rig.Ari.Model.MutedRecordings.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(rig.Ari.Model.PausedRecordings);
        Assert.True(recording.PauseIsSilence);
        await recording.ResumeAsync(Cancel);
        Assert.Empty(rig.Ari.Model.MutedRecordings);
        Assert.False(recording.Ended.IsCompleted);
        await recording.StopAsync(Cancel);
        var end = await recording.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.False(end.Failed);

        Assert.Equal(new StoredRecording("r-2ch", 32044, TimeSpan.FromSeconds(1)), await rig.Pbx.FindStoredRecordingAsync("r-2ch", Cancel));
        using var whole = new MemoryStream();
        await using (var stream = (await rig.Pbx.OpenStoredRecordingAsync("r-2ch", Cancel))!)
        {
            await stream.CopyToAsync(whole, Cancel);
        }

        Assert.Equal((2, 32044, true), (WavFile.Read(whole.ToArray()).Channels, whole.Length, WavFile.Read(whole.ToArray()).HeaderIsTrue));
        await rig.Pbx.DeleteStoredRecordingAsync("r-2ch", Cancel);
        Assert.Empty(rig.Ari.Model.StoredRecordings);
        Assert.Null(await rig.Pbx.FindStoredRecordingAsync("r-2ch", Cancel));
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
    }

    [Fact]
    public async Task Both_halves_are_listed_as_the_one_that_they_make()
    {
        await using var rig = await Rig.AttachAsync();
        foreach (var name in (string[])["ivrc-1", "ivrc-2-2ch-caller", "ivrc-2-2ch-other", "ivrc-3-2ch-other", "ivrc-4-other"])
        {
            rig.Ari.Model.StoredRecordings[name] = FakePbx.Wav(8000);
        }

        Assert.Equal(["ivrc-1", "ivrc-2-2ch", "ivrc-3-2ch", "ivrc-4-other"], (await rig.Pbx.ListStoredRecordingsAsync(Cancel)).Order(StringComparer.Ordinal));
        var lame = await rig.Pbx.FindStoredRecordingAsync("ivrc-3-2ch", Cancel);
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.Zero), (lame!.Length, lame.Complete));
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task When_one_half_does_not_start_the_other_does_not_stay(string broken)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        rig.Ari.Script = request => Task.FromResult(
            request.Is("POST", "channels/") && request.Query.GetValueOrDefault("name") == broken ? new FakeResponse(500, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel));
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        Assert.Empty(rig.Ari.Model.StoredRecordings);
        Assert.True((await recording.Ended.WaitAsync(Rig.Soon, Cancel)).Failed);
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task When_one_half_cannot_be_made_ready_the_other_is_let_go(string broken)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        rig.Ari.Script = request => Task.FromResult(
            request.Path.EndsWith("-rec-" + broken, StringComparison.Ordinal) && request.Method == "POST" ? new FakeResponse(500, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => call.PrepareRecordingAsync(Request, Cancel));
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
        rig.Ari.Script = null;
        await (await call.PrepareRecordingAsync(Request, Cancel)).StartAsync(Cancel);
    }

    [Fact]
    public async Task Prepared_twice_the_running_one_stays()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        await recording.StartAsync(Cancel);
        await Assert.ThrowsAsync<PbxException>(() => call.PrepareRecordingAsync(Request, Cancel));
        await Assert.ThrowsAsync<PbxException>(() => recording.StartAsync(Cancel));
        Assert.Equal(Halves, Live(rig));
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task A_pause_is_one_when_both_have_paused_and_a_resumption_leaves_both_paused_when_one_refuses(string broken)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        await recording.StartAsync(Cancel);
        var refused = "POST";
        rig.Ari.Script = request => Task.FromResult(request.Is(refused, $"recordings/live/{broken}/mute") ? new FakeResponse(409, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.PauseAsync(Cancel));

        rig.Ari.Script = null;
        await recording.PauseAsync(Cancel);
        refused = "DELETE";
        rig.Ari.Script = request => Task.FromResult(request.Is(refused, $"recordings/live/{broken}/mute") ? new FakeResponse(409, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.ResumeAsync(Cancel));
        Assert.Equal(Halves, rig.Ari.Model.MutedRecordings.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_muting_works_but_once_both_are_paused_and_that_is_said()
    {
        await using var rig = await Rig.AttachAsync(arrange: ari => ari.Version = "16.28.0");
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        await recording.StartAsync(Cancel);
        await recording.PauseAsync(Cancel);
        Assert.Equal((2, 0, false), (rig.Ari.Model.PausedRecordings.Count, rig.Ari.Model.MutedRecordings.Count, recording.PauseIsSilence));
        await recording.ResumeAsync(Cancel);
        Assert.Empty(rig.Ari.Model.PausedRecordings);
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task A_half_that_is_held_otherwise_or_gone_has_not_obeyed(string half)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        await recording.StartAsync(Cancel);
        rig.Ari.Model.PausedRecordings[half] = 0;
        await Assert.ThrowsAsync<PbxException>(() => recording.ResumeAsync(Cancel));
        rig.Ari.Model.PausedRecordings.Clear();
        rig.Ari.Script = request => Task.FromResult(request.Is("GET", $"recordings/live/{half}") ? new FakeResponse(404, """{"message":"no"}""") : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.PauseAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task It_has_not_ended_before_both_have_and_one_that_ends_alone_is_told_of(string early)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        var startedAt = await recording.StartAsync(Cancel);
        rig.Ari.Model.LiveRecordings.TryRemove(early, out _);
        await rig.Ari.SendAsync(rig.Ari.Model.RecordingEvent("RecordingFailed", early, "failed", "disk full"));
        await Rig.UntilAsync(() => rig.Log.Lines.Any(line => line.Contains(early, StringComparison.Ordinal) && line.Contains("ended by itself", StringComparison.Ordinal)));
        Assert.False(recording.Ended.IsCompleted);
        await recording.StopAsync(Cancel);
        var end = await recording.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal((true, "disk full", startedAt), (end.Failed, end.Cause, end.StartedAt!.Value));
        Assert.Empty(rig.Ari.Model.LiveRecordings);
    }

    [Theory]
    [MemberData(nameof(EitherHalf))]
    public async Task A_stop_that_one_half_does_not_obey_is_none(string deaf)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        await recording.StartAsync(Cancel);
        rig.Ari.Script = request => Task.FromResult(
            request.Is("POST", $"recordings/live/{deaf}/stop") || (request.Method == "DELETE" && request.Path.EndsWith("-rec-" + deaf, StringComparison.Ordinal)) ? new FakeResponse(204) : null);
        await Assert.ThrowsAsync<PbxException>(() => recording.StopAsync(Cancel));
        Assert.Equal([deaf], Live(rig));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Discarding_leaves_nothing_of_either(bool start)
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var recording = await call.PrepareRecordingAsync(Request, Cancel);
        _ = start ? await recording.StartAsync(Cancel) : default;
        await recording.DiscardAsync(Cancel);
        await recording.DiscardAsync(Cancel);
        Assert.True(recording.Ended.IsCompleted);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        Assert.Empty(rig.Ari.Model.StoredRecordings);
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.Count == 1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task A_running_one_is_found_as_one_and_led_by_whoever_finds_it(int running)
    {
        await using var rig = await Rig.AttachAsync();
        var id = CallId.FromChannel("pbx1", "1.1", DateTimeOffset.UnixEpoch);
        var name = RecordingNames.Of(id, 2, RecordingChannels.Stereo);
        foreach (var half in (string[])[name + "-caller", name + "-other"])
        {
            var snoop = rig.Ari.Model.Add(id: $"ivrc-{id}-rec-{half}");
            if (running == 2 || half.EndsWith("-caller", StringComparison.Ordinal))
            {
                rig.Ari.Model.LiveRecordings[half] = snoop.Id;
            }
        }

        var live = Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel));
        Assert.Equal((id, name), (live.CallId, live.Recording.Name));
        Assert.Equal(name, Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel)).Recording.Name);
        await live.Recording.PauseAsync(Cancel);
        Assert.Equal((running, 0), (rig.Ari.Model.MutedRecordings.Count, rig.Ari.Model.PausedRecordings.Count));
        await live.Recording.StopAsync(Cancel);
        Assert.True(live.Recording.Ended.IsCompleted);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        Assert.Equal(running, rig.Ari.Model.StoredRecordings.Count);
        Assert.NotNull(await rig.Pbx.FindStoredRecordingAsync(name, Cancel));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public async Task A_found_one_is_discarded_with_the_file_of_a_half_that_had_ended(int running)
    {
        await using var rig = await Rig.AttachAsync();
        var id = CallId.FromChannel("pbx1", "1.1", DateTimeOffset.UnixEpoch);
        var name = RecordingNames.Of(id, 1, RecordingChannels.Stereo);
        rig.Ari.Model.LiveRecordings[name + "-other"] = rig.Ari.Model.Add(id: $"ivrc-{id}-rec-{name}-other").Id;
        if (running == 2)
        {
            rig.Ari.Model.LiveRecordings[name + "-caller"] = rig.Ari.Model.Add(id: $"ivrc-{id}-rec-{name}-caller").Id;
        }
        else
        {
            rig.Ari.Model.StoredRecordings[name + "-caller"] = FakePbx.Wav(8000);
        }

        await Assert.Single(await rig.Pbx.FindLiveRecordingsAsync(Cancel)).Recording.DiscardAsync(Cancel);
        Assert.Empty(rig.Ari.Model.LiveRecordings);
        Assert.Empty(rig.Ari.Model.StoredRecordings);
        await Rig.UntilAsync(() => rig.Ari.Model.Channels.IsEmpty);
    }

    [Fact]
    public async Task The_longest_name_fits_and_a_longer_one_is_refused()
    {
        await using var rig = await Rig.AttachAsync();
        var (_, call) = await rig.CallAsync();
        var longest = new string('r', 100 - RecordingNames.StereoMark.Length) + RecordingNames.StereoMark;
        await call.PrepareRecordingAsync(new RecordingRequest(longest, "wav"), Cancel);
        Assert.All(rig.Ari.Model.Channels.Keys, channel => Assert.InRange(channel.Length, 1, 149));
        await Assert.ThrowsAsync<ArgumentException>(() => call.PrepareRecordingAsync(new RecordingRequest("r" + longest, "wav"), Cancel));
    }

    private static IEnumerable<string> Live(Rig rig) => rig.Ari.Model.LiveRecordings.Keys.Order(StringComparer.Ordinal);
}
