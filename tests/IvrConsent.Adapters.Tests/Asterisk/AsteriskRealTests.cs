using System.Diagnostics;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>The same promises on real ones: Asterisk 22 over both ways, Asterisk 16 over HTTP. Skipped where no lab is up.</summary>
[Collection("lab")]
public class AsteriskRealTests(ITestOutputHelper output)
{
    public static TheoryData<string, AsteriskTransport> Versions => new()
    {
        { "22", AsteriskTransport.WebSocket },
        { "22", AsteriskTransport.Http },
        { "16", AsteriskTransport.Auto },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_call_is_led_from_its_arrival_to_its_recording(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        Assert.Equal(("demo", "100", "+48221234501"), (call.Arrival.LineArgument, call.Arrival.CalledNumber, call.Arrival.CallerNumber));
        Assert.InRange(call.Arrival.ArrivedAt, DateTimeOffset.UtcNow.AddSeconds(-5), DateTimeOffset.UtcNow.AddSeconds(5));

        call.HoldAtMost(TimeSpan.FromSeconds(30));
        await call.AnswerAsync(Cancel);
        await caller.AnsweredAsync(channel);
        await caller.SpeakAsync(channel);

        // Heard to its end.
        var prompt = lab.Tone(1);
        var end = await (await call.PlayAsync(prompt, Cancel)).Ended.WaitAsync(Rig.Soon, Cancel);
        output.WriteLine($"heard {end.Heard.TotalMilliseconds} of 1000 ms");
        Assert.Equal(PlaybackResult.Completed, end.Result);
        Assert.InRange(end.Heard, TimeSpan.FromMilliseconds(900), TimeSpan.FromMilliseconds(1000));

        // Cut by a key.
        var recording = await call.PrepareRecordingAsync(new RecordingRequest($"ivrc-{call.Arrival.Id}", "wav"), Cancel);
        var playback = await call.PlayAsync(lab.Tone(8), Cancel);
        Assert.NotNull(await playback.Started.WaitAsync(Rig.Soon, Cancel));
        await caller.PressAsync(channel, "1");
        var digit = await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel);
        Assert.Equal('1', digit.Digit);
        await playback.StopAsync(Cancel);
        Assert.Equal(PlaybackResult.Stopped, (await playback.Ended.WaitAsync(Rig.Soon, Cancel)).Result);

        // Recorded, given back, still heard of.
        Assert.False(File.Exists(lab.RecordingFile(recording.Name)));
        var asked = Stopwatch.GetTimestamp();
        var startedAt = await recording.StartAsync(Cancel);
        output.WriteLine($"recording started after {Stopwatch.GetElapsedTime(asked).TotalMilliseconds:0.0} ms");
        await call.SetVariablesAsync([new("CONSENT_RESULT", "Given"), new("CONSENT_RECORDING", "yes"), new("CONSENT_CALL_ID", call.Arrival.Id.ToString())], Cancel);
        await call.ContinueAsync(null, Cancel);
        var left = Stopwatch.GetTimestamp();
        await VariableIsAsync(caller, channel, "CONSENT_STATUS", "SUCCESS");
        output.WriteLine($"back in the dialplan after {Stopwatch.GetElapsedTime(left).TotalMilliseconds:0.0} ms");
        await VariableIsAsync(caller, channel, "CONSENT_RESULT", "Given");
        await Task.Delay(700, Cancel);
        Assert.False(call.Gone.IsCancellationRequested, "gone on, not gone");
        await caller.PressAsync(channel, "9");
        Assert.Equal('9', (await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);

        await caller.HangUpAsync(channel);
        var departure = await call.Departed.WaitAsync(Rig.Soon, Cancel);
        var ended = await recording.Ended.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal((DepartureKind.HungUp, false), (departure.Kind, ended.Failed));
        output.WriteLine($"cause {departure.Cause}, recorded {(ended.EndedAt - startedAt).TotalMilliseconds} ms");
        var stored = await rig.Pbx.FindStoredRecordingAsync(recording.Name, Cancel);
        output.WriteLine($"{stored}");
        Assert.NotNull(stored);
        Assert.InRange(stored.Length, (ended.EndedAt - startedAt) - TimeSpan.FromMilliseconds(400), (ended.EndedAt - startedAt) + TimeSpan.FromMilliseconds(400));
        Assert.Contains(recording.Name, await rig.Pbx.ListStoredRecordingsAsync(Cancel));
        await using (var stream = await rig.Pbx.OpenStoredRecordingAsync(recording.Name, Cancel))
        {
            using var whole = new MemoryStream();
            await stream!.CopyToAsync(whole, Cancel);
            Assert.Equal(await File.ReadAllBytesAsync(lab.RecordingFile(recording.Name), Cancel), whole.ToArray());
        }

        await rig.Pbx.DeleteStoredRecordingAsync(recording.Name, Cancel);
        Assert.Null(await rig.Pbx.FindStoredRecordingAsync(recording.Name, Cancel));
        Assert.Null(await rig.Pbx.OpenStoredRecordingAsync(recording.Name, Cancel));
        Assert.DoesNotContain(recording.Name, await rig.Pbx.ListStoredRecordingsAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Plain_Stasis_passes_the_same(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("110", string.Empty);
        var call = await rig.NextCallAsync();
        Assert.Equal(("demo", "110", null), (call.Arrival.LineArgument, call.Arrival.CalledNumber, call.Arrival.CallerNumber));
        await caller.HangUpAsync(channel);
        var departure = await call.Departed.WaitAsync(Rig.Soon, Cancel);
        Assert.Equal(DepartureKind.HungUp, departure.Kind);
        output.WriteLine(rig.Log.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_dead_man_s_switch_takes_the_call_back_also_out_of_a_prompt(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(4));
        await call.AnswerAsync(Cancel);
        await caller.AnsweredAsync(channel);
        // A deadline that this prompt fits in, but the PBX plays another: as a worker that died has it.
        var playback = await call.PlayAsync(lab.Tone(8) with { Length = TimeSpan.FromSeconds(1) }, Cancel);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        // Asked for now, it comes too late: a new deadline is held back until the prompt ends.
        var playing = Stopwatch.StartNew();
        call.HoldAtMost(TimeSpan.FromSeconds(1));
        var departure = await call.Departed.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        output.WriteLine($"taken back {playing.Elapsed.TotalSeconds:0.0} s after the prompt's start");
        Assert.True(playing.Elapsed > TimeSpan.FromSeconds(2), $"{playing.Elapsed}");
        Assert.Equal(DepartureKind.TakenBack, departure.Kind);
        Assert.Equal(PlaybackResult.CallGone, (await playback.Ended).Result);
        Assert.Equal("DEADLINE", await caller.VariableAsync(channel + "-far", "CONSENT_STATUS"));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_prompt_holds_up_no_other_call_and_a_deadline_lasts_as_long_as_the_prompt(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(1));
        await call.AnswerAsync(Cancel);
        var playback = await call.PlayAsync(lab.Tone(4), Cancel);
        await playback.Started.WaitAsync(Rig.Soon, Cancel);
        var blocked = call.SetVariablesAsync([new("CONSENT_RESULT", "NotAsked")], Cancel);

        await caller.CallAsync("110");
        var other = await rig.NextCallAsync();
        other.HoldAtMost(TimeSpan.FromSeconds(30));
        var since = Stopwatch.StartNew();
        await other.AnswerAsync(Cancel);
        Assert.Equal(PlaybackResult.Completed, (await (await other.PlayAsync(lab.Tone(0.2), Cancel)).Ended.WaitAsync(Rig.Soon, Cancel)).Result);
        await other.ContinueAsync(null, Cancel);
        output.WriteLine($"the other call was led in {since.Elapsed.TotalMilliseconds:0} ms");
        Assert.False(playback.Ended.IsCompleted);

        Assert.Equal(PlaybackResult.Completed, (await playback.Ended.WaitAsync(Rig.Soon, Cancel)).Result);
        await Task.WhenAny(blocked);
        output.WriteLine($"a variable in the prompt: {blocked.Exception?.InnerException?.Message ?? "set at once"}");
        Assert.False(call.Gone.IsCancellationRequested);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_prompt_that_is_not_there_was_not_heard(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(30));
        await call.AnswerAsync(Cancel);
        var missing = await (await call.PlayAsync(Rig.Notice, Cancel)).Ended.WaitAsync(Rig.Soon, Cancel);
        output.WriteLine($"{missing}");
        Assert.Equal(PlaybackResult.Failed, missing.Result);
        Assert.InRange(missing.Heard, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_discarded_recording_leaves_no_file(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(30));
        await call.AnswerAsync(Cancel);
        await caller.AnsweredAsync(channel);
        await caller.SpeakAsync(channel);
        foreach (var start in (bool[])[false, true])
        {
            var recording = await call.PrepareRecordingAsync(new RecordingRequest($"discard-{start}-{call.Arrival.Id}", "wav"), Cancel);
            if (start)
            {
                await recording.StartAsync(Cancel);
                await Task.Delay(300, Cancel);
                Assert.True(File.Exists(lab.RecordingFile(recording.Name)));
            }

            await recording.DiscardAsync(Cancel);
            await recording.DiscardAsync(Cancel);
            Assert.True(recording.Ended.IsCompleted);
            Assert.False(File.Exists(lab.RecordingFile(recording.Name)));
        }

        Assert.Empty(await rig.Pbx.FindLiveRecordingsAsync(Cancel));
        output.WriteLine(rig.Log.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_stopped_recording_is_kept_and_a_name_is_used_once(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(30));
        await call.AnswerAsync(Cancel);
        await caller.AnsweredAsync(channel);
        await caller.SpeakAsync(channel);
        var name = $"stop-{call.Arrival.Id}";
        var recording = await call.PrepareRecordingAsync(new RecordingRequest(name, "wav"), Cancel);
        var began = Stopwatch.GetTimestamp();
        await recording.StartAsync(Cancel);
        await Task.Delay(500, Cancel);
        await recording.StopAsync(Cancel);
        Assert.False((await recording.Ended).Failed);
        Assert.InRange((await rig.Pbx.FindStoredRecordingAsync(name, Cancel))!.Length, TimeSpan.FromMilliseconds(200), Stopwatch.GetElapsedTime(began));

        await Task.Delay(100, Cancel);
        var again = await call.PrepareRecordingAsync(new RecordingRequest(name, "wav"), Cancel);
        var refusal = await Assert.ThrowsAsync<PbxException>(() => again.StartAsync(Cancel));
        output.WriteLine(refusal.Message);
        await rig.Pbx.DeleteStoredRecordingAsync(name, Cancel);

        var odd = await call.PrepareRecordingAsync(new RecordingRequest($"odd-{call.Arrival.Id}", "no-such-format"), Cancel);
        refusal = await Assert.ThrowsAsync<PbxException>(() => odd.StartAsync(Cancel));
        output.WriteLine(refusal.Message);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_worker_that_comes_back_finds_its_calls_and_recordings(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var caller = await LabCaller.OpenAsync(lab);
        CallArrival waiting;
        CallArrival talking;
        await using (var before = await AttachAsync(lab, transport))
        {
            await caller.CallAsync("100");
            var call = await before.NextCallAsync();
            call.HoldAtMost(TimeSpan.FromSeconds(30));
            await call.AnswerAsync(Cancel);
            await (await call.PlayAsync(lab.Tone(20), Cancel)).Started.WaitAsync(Rig.Soon, Cancel);
            waiting = call.Arrival;

            var second = await caller.CallAsync("110");
            call = await before.NextCallAsync();
            call.HoldAtMost(TimeSpan.FromSeconds(30));
            await call.AnswerAsync(Cancel);
            await caller.AnsweredAsync(second);
            await caller.SpeakAsync(second);
            await (await call.PrepareRecordingAsync(new RecordingRequest($"orphan-{call.Arrival.Id}", "wav"), Cancel)).StartAsync(Cancel);
            await call.ContinueAsync(null, Cancel);
            await VariableIsAsync(caller, second, "CONSENT_STATUS", "SUCCESS");
            talking = call.Arrival;
        }

        await using var after = await AttachAsync(lab, transport);
        var found = Assert.Single(await after.Pbx.FindWaitingCallsAsync(Cancel));
        Assert.Equal((waiting.Id, waiting.LineArgument, waiting.CalledNumber, waiting.CallerNumber), (found.Arrival.Id, found.Arrival.LineArgument, found.Arrival.CalledNumber, found.Arrival.CallerNumber));
        var again = await found.PlayAsync(lab.Tone(0.5), Cancel);
        Assert.Equal(PlaybackResult.Completed, (await again.Ended.WaitAsync(Rig.Soon, Cancel)).Result);
        found.HoldAtMost(TimeSpan.FromSeconds(1));
        Assert.Equal(DepartureKind.TakenBack, (await found.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);

        var reattached = await after.Pbx.ReattachAsync(talking, Cancel);
        Assert.NotNull(reattached);
        var live = Assert.Single(await after.Pbx.FindLiveRecordingsAsync(Cancel));
        Assert.Equal((talking.Id, $"orphan-{talking.Id}"), (live.CallId, live.Recording.Name));
        await live.Recording.StopAsync(Cancel);
        Assert.NotNull(await after.Pbx.FindStoredRecordingAsync(live.Recording.Name, Cancel));
        await after.Pbx.DeleteStoredRecordingAsync(live.Recording.Name, Cancel);
        await caller.DisposeAsync();
        Assert.Equal(DepartureKind.HungUp, (await reattached.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
        Assert.Null(await after.Pbx.ReattachAsync(talking, Cancel));
        output.WriteLine(after.Log.ToString());
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_call_goes_on_at_another_place(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        await using var caller = await LabCaller.OpenAsync(lab);
        var channel = await caller.CallAsync("100");
        var call = await rig.NextCallAsync();
        call.HoldAtMost(TimeSpan.FromSeconds(30));
        await call.AnswerAsync(Cancel);
        await caller.AnsweredAsync(channel);
        await call.ContinueAsync(new DialplanTarget("declined", "s"), Cancel);
        await VariableIsAsync(caller, channel, "CONTEXT", "declined");
        await VariableIsAsync(caller, channel, "TIMEOUT(absolute)", "0");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_frozen_PBX_is_noticed_within_ten_seconds_and_attached_to_again(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var rig = new Rig(lab.Options(transport), limits: new AsteriskLimits());
        await rig.AttachedAsync();
        var process = lab.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var frozen = Stopwatch.StartNew();
        using (Process.Start("kill", ["-STOP", process]))
        {
        }

        try
        {
            await Rig.UntilAsync(() => !rig.Pbx.Health.Attached, () => rig.Pbx.Health.Detail);
            output.WriteLine($"noticed after {frozen.Elapsed.TotalSeconds:0.0} s: {rig.Pbx.Health.Detail}");
        }
        finally
        {
            using (Process.Start("kill", ["-CONT", process]))
            {
            }
        }

        await rig.AttachedAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_prompt_is_fetched_from_a_web_server_once(string version, AsteriskTransport transport)
    {
        var lab = Lab.Require(version);
        await using var web = new PromptServer(lab) { Delay = TimeSpan.FromMilliseconds(600) };
        foreach (var rate in (int[])[8000, 16000])
        {
            await using var rig = new Rig(lab.Options(transport) with { PromptFolder = null, PromptUrl = web.Url, PromptRate = rate }, limits: new AsteriskLimits { SettledAfter = TimeSpan.Zero });
            await rig.AttachedAsync();
            await using var caller = await LabCaller.OpenAsync(lab);
            await caller.CallAsync("100");
            var call = await rig.NextCallAsync();
            call.HoldAtMost(TimeSpan.FromSeconds(30));
            await call.AnswerAsync(Cancel);
            var prompt = web.Prompt(1);
            for (var i = 0; i < 2; i++)
            {
                var asked = Stopwatch.StartNew();
                var playback = await call.PlayAsync(prompt, Cancel);
                await playback.Started;
                var started = asked.Elapsed.TotalMilliseconds;
                var end = await playback.Ended.WaitAsync(Rig.Soon, Cancel);
                output.WriteLine($"{rate} Hz, time {i + 1}: started after {started:0} ms, {end.Result} after {asked.Elapsed.TotalMilliseconds:0} ms, heard {end.Heard.TotalMilliseconds:0} ms, {web.Fetched} fetched");
                Assert.Equal(PlaybackResult.Completed, end.Result);
                Assert.InRange(end.Heard, TimeSpan.FromMilliseconds(900), TimeSpan.FromMilliseconds(1000));
            }
        }

        Assert.Equal(2, web.Fetched);
    }

    /// <summary>
    /// The adapter's own price: SIPp calls 20 times a second, each call is answered, told, recorded and given back. Only when
    /// IVRCONSENT_LAB_LOAD gives the number of calls: a busy machine says nothing.
    /// </summary>
    [Theory]
    [InlineData("16", AsteriskTransport.Http)]
    [InlineData("22", AsteriskTransport.Http)]
    [InlineData("22", AsteriskTransport.WebSocket)]
    public async Task Twenty_calls_a_second(string version, AsteriskTransport transport)
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("IVRCONSENT_LAB_LOAD") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        Assert.SkipUnless(count > 0, "set IVRCONSENT_LAB_LOAD to a number of calls to measure");
        var lab = Lab.Require(version);
        await using var rig = await AttachAsync(lab, transport);
        rig.Log.Silent = true;
        var prompt = lab.Tone(0.5);
        var starts = new List<double>();
        var failures = new List<string>();
        await CallAsync(100);
        starts.Clear();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var allocated = GC.GetTotalAllocatedBytes();
        var exit = await CallAsync(count);
        var spent = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / count;
        allocated = (GC.GetTotalAllocatedBytes() - allocated) / count;
        starts.Sort();
        output.WriteLine($"{count} calls, {failures.Count} failed, SIPp exit {exit}; processor {spent:0.00} ms and {allocated} bytes per call; StartAsync ms p50 {starts[starts.Count / 2]:0.0} p99 {starts[starts.Count * 99 / 100]:0.0} max {starts[^1]:0.0}");
        Assert.Empty(failures);

        async Task<int> CallAsync(int number)
        {
            using var sipp = Process.Start(new ProcessStartInfo("sipp", [lab.Sip, "-sn", "uac", "-s", "100", "-r", "20", "-m", number.ToString(System.Globalization.CultureInfo.InvariantCulture), "-d", "3000", "-nostdin"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = sipp.StandardOutput.ReadToEndAsync(Cancel);
            var calls = new Task[number];
            for (var i = 0; i < number; i++)
            {
                calls[i] = LeadAsync(await rig.NextCallAsync());
            }

            await Task.WhenAll(calls);
            await sipp.WaitForExitAsync(Cancel);
            return sipp.ExitCode;
        }

        async Task LeadAsync(ICall call)
        {
            try
            {
                call.HoldAtMost(TimeSpan.FromSeconds(10));
                await call.AnswerAsync(Cancel);
                var preparing = call.PrepareRecordingAsync(new RecordingRequest($"load-{call.Arrival.Id}", "wav"), Cancel);
                var playback = await call.PlayAsync(prompt, Cancel);
                await playback.Started;
                await Task.Delay(300, Cancel);
                var recording = await preparing;
                var asked = Stopwatch.GetTimestamp();
                await Task.WhenAll(playback.StopAsync(Cancel), recording.StartAsync(Cancel));
                lock (starts)
                {
                    starts.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                }

                await playback.Ended;
                await call.SetVariablesAsync([new("CONSENT_RESULT", "Given"), new("CONSENT_RECORDING", "yes"), new("CONSENT_CALL_ID", call.Arrival.Id.ToString())], Cancel);
                await call.ContinueAsync(null, Cancel);
                await call.Departed;
                await recording.Ended;
                await rig.Pbx.DeleteStoredRecordingAsync(recording.Name, Cancel);
            }
            catch (Exception e)
            {
                lock (failures)
                {
                    failures.Add(e.Message);
                }
            }
        }
    }

    // A request to a channel is an order that the channel carries out when it next wakes, for a frame or after 200 ms without one.
    private static async Task VariableIsAsync(LabCaller caller, string channel, string name, string value)
    {
        var since = Stopwatch.StartNew();
        string? seen;
        while ((seen = await caller.VariableAsync(channel + "-far", name)) != value)
        {
            Assert.True(since.Elapsed < Rig.Soon, $"{name} is {seen}");
            await Task.Delay(5, Cancel);
        }
    }

    private static async Task<Rig> AttachAsync(Lab lab, AsteriskTransport transport)
    {
        var rig = new Rig(lab.Options(transport), limits: new AsteriskLimits { SettledAfter = TimeSpan.Zero });
        try
        {
            await rig.AttachedAsync();
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }
}

[CollectionDefinition("lab", DisableParallelization = true)]
public class LabGroup;
