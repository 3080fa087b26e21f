using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Calls of a line that keeps the parties apart: what holds for one recording holds for the two that it consists of.</summary>
public sealed class StereoCallTests
{
    private const string Lines = """
          - { name: "2001" }
          - { name: "2002", recording: { channels: stereo } }
        """;

    private static readonly string[] _halves = ["caller", "other"];

    /// <summary>The new worker finds both halves, pauses both, and sees both end.</summary>
    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task The_worker_is_killed_and_the_next_one_leads_both_halves_to_the_end(string version)
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx(version), setup => setup with { Lines = Lines });
        await using var caller = await RecordAsync(worker);
        await KillAndFollowAsync(worker);
        for (var pauses = 1; pauses <= 2; pauses++)
        {
            await caller.PressAsync("*2");
            await worker.Ledger.WaitForAsync(caller, call => call.All<RecordingPaused>().Count == pauses);
            caller.Call.SetTone(TestCaller.EarlyVoice);
            await Task.Delay(700, TestContext.Current.CancellationToken);
            await caller.Call.SendDigitsThenToneAsync("*2", LabTones.Caller, TestContext.Current.CancellationToken);
            await worker.Ledger.WaitForAsync(caller, call => call.All<RecordingResumed>().Count == pauses);
            await Task.Delay(700, TestContext.Current.CancellationToken);
        }

        await caller.HangUpAsync();
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.Completed, true), (call.End.Consent, call.End.Termination, call.End.Recorded));
        var stopped = call.Single<RecordingStopped>();
        Assert.Equal($"ivrc-{call.Id}-2ch", stopped.Recording);
        Assert.False(call.Has<RecordingFailed>(), call.ToString());

        var files = _halves.Select(half => WavFile.Read(Path.Combine(caller.Pbx.Recordings, $"{stopped.Recording}-{half}.wav"))).ToArray();
        Assert.Equal(stopped.LengthMs, files.Max(file => file.Duration.TotalMilliseconds), 1.0);
        Assert.InRange((files[0].Duration - files[1].Duration).TotalMilliseconds, -100, 100);
        foreach (var (file, mine, theirs) in new[] { (files[0], LabTones.Caller, LabTones.Agent), (files[1], LabTones.Agent, LabTones.Caller) })
        {
            var tones = file.Tones(TestCaller.EarlyVoice, mine, theirs);
            Assert.Equal((false, false), (tones.Contains(TestCaller.EarlyVoice), tones.Contains(theirs)));
            // Before the kill, while nobody was there, and behind both pauses.
            Assert.True(tones.DurationOf(mine) > TimeSpan.FromSeconds(2), $"{tones}\n{call}");
        }
    }

    [Theory]
    [InlineData("22", false)]
    [InlineData("22", true)]
    [InlineData("16", false)]
    [InlineData("16", true)]
    public async Task What_was_withdrawn_is_erased_in_both_halves_also_by_the_next_worker(string version, bool killed)
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx(version), setup => setup with { Lines = Lines });
        await using var caller = await RecordAsync(worker);
        if (killed)
        {
            await KillAndFollowAsync(worker);
        }

        // Both are there, to be erased.
        var name = (await worker.Ledger.WaitForAsync(caller, call => call.Has<RecordingStarted>())).Single<RecordingStarted>().Recording;
        Assert.All(_halves, half => Assert.True(File.Exists(Path.Combine(caller.Pbx.Recordings, $"{name}-{half}.wav"))));
        await caller.PressAsync("*9");
        await caller.HearsAsync("withdrawn", TimeSpan.FromSeconds(0.3));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Withdrawn, "*9"), (call.End.Consent, call.Single<ConsentWithdrawn>().Keys));
        Assert.Equal(($"ivrc-{call.Id}-2ch", name), (call.Single<RecordingErased>().Recording, name));
        caller.Pbx.AssertNoFile(call.Id);
    }

    /// <summary>A call that is recorded, with the agent.</summary>
    private static async Task<TestCaller> RecordAsync(TestWorker worker)
    {
        var caller = await worker.CallAsync("2002");
        try
        {
            await caller.HearsAsync("en/notice");
            await caller.AcceptAsync();
            await worker.WaitForStepAsync(caller, "recording started");
            await caller.TalksAsync();
            return caller;
        }
        catch
        {
            await caller.DisposeAsync();
            throw;
        }
    }

    private static async Task KillAndFollowAsync(TestWorker worker)
    {
        await worker.Process.KillAsync();
        await worker.Process.StartAndWaitAsync();
        await worker.Process.WaitForLogAsync("1 followed");
    }
}
