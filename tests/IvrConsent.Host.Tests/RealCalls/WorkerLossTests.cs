using System.Diagnostics;
using System.Net;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Workers that die while callers are with them: nobody is lost, and every call has one end.</summary>
public sealed class WorkerKilledTests
{
    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task In_the_notice_and_a_new_one_asks_again(string version)
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx(version), setup => setup with { FirstDigitTimeout = "20s" });
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await worker.Process.KillAsync();
        await worker.Process.StartAndWaitAsync();
        await worker.WaitForStepAsync(caller, "plays en/notice", times: 2);
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(
            [typeof(CallArrived), typeof(CallResumed), typeof(NoticePlayed), typeof(ConsentGiven), typeof(RecordingStarted), typeof(CallContinued), typeof(RecordingStopped), typeof(CallEnded)],
            call.Events.Select(fact => fact.GetType()));
        Assert.Equal((ConsentStatus.Given, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertRecorded(call);
        await caller.Pbx.AssertDialplanSawAsync(call, "Given", "yes");
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task In_the_notice_and_none_comes_back(string version)
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx(version));
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await worker.Process.KillAsync();
        await caller.PressAsync("1");
        await caller.TalksAsync();

        // The notice, its two seconds for a key, and one second more.
        var reached = caller.Began("agent");
        await caller.HangUpAsync();
        Assert.True(reached < TimeSpan.FromSeconds(4 + 2 + 1 + 1), $"with the agent after {reached}; {caller}");
        Assert.Equal(["en/notice", "agent"], caller.HeardNames);

        // A worker that comes later closes what it finds open.
        await worker.Process.StartAndWaitAsync();
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.NotAsked, Termination.WorkerLost), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NotAsked);
    }

    [Fact]
    public async Task And_a_new_one_finds_the_caller_with_the_agent_already()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await worker.Process.KillAsync();
        await caller.TalksAsync();
        await worker.Process.StartAndWaitAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.NotAsked, Termination.PbxFailed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NotAsked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_it_records_and_the_recording_goes_on(bool backBeforeTheEnd)
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await worker.Process.KillAsync();
        if (backBeforeTheEnd)
        {
            await worker.Process.StartAndWaitAsync();
        }

        await caller.HearsAsync("agent", TimeSpan.FromSeconds(3));
        await caller.HangUpAsync();
        if (!backBeforeTheEnd)
        {
            await worker.Process.StartAndWaitAsync();
        }

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.Completed, true), (call.End.Consent, call.End.Termination, call.End.Recorded));
        Assert.True(call.Single<RecordingStopped>().LengthMs > 2500, call.ToString());
        if (backBeforeTheEnd)
        {
            caller.Pbx.AssertRecorded(call);
        }
    }

    [Fact]
    public async Task In_the_confirmation()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await worker.Process.WaitForLogAsync("recording started");
        await worker.Process.KillAsync();
        await caller.TalksAsync();
        await worker.Process.StartAndWaitAsync();
        await caller.HangUpAsync();

        // Asked and answered before it died: that stands, and what was lawfully begun went on.
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, true), (call.End.Consent, call.End.Recorded));
        caller.Pbx.AssertRecorded(call);
    }
}

/// <summary>Calls that the dialplan took back from a worker while they were recorded: the caller's keys must count all the same.</summary>
public sealed class WithdrawingWhatWasTakenBackTests
{
    private static readonly string _keep = """
          - { name: demo, in_call: { on_withdraw: keep } }
          - { name: "2001" }
        """;

    [Fact]
    public async Task The_worker_hung_and_goes_on()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"), setup => setup with { Lines = _keep });
        await using var caller = await worker.CallAsync("100");
        await RecordAsync(worker, caller);
        worker.Process.Freeze();
        await caller.TalksAsync();
        worker.Process.Thaw();
        await worker.Process.WaitForLogAsync("followed into the dialplan");
        await AssertWithdrawsAsync(worker, caller);
    }

    [Fact]
    public async Task The_worker_died_and_a_new_one_came()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"), setup => setup with { Lines = _keep });
        await using var caller = await worker.CallAsync("100");
        await RecordAsync(worker, caller);
        await worker.Process.KillAsync();
        await caller.TalksAsync();
        await worker.Process.StartAndWaitAsync();
        await worker.Process.WaitForLogAsync("1 followed");
        await AssertWithdrawsAsync(worker, caller);
    }

    private static async Task RecordAsync(TestWorker worker, TestCaller caller)
    {
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await worker.WaitForStepAsync(caller, "recording started");
    }

    private static async Task AssertWithdrawsAsync(TestWorker worker, TestCaller caller)
    {
        await caller.PressAsync("*9");
        await caller.HearsAsync("withdrawn", TimeSpan.FromSeconds(0.3));
        caller.Call.SetTone(TestCaller.EarlyVoice);
        await caller.HearsAsync("agent", caller.LengthOf("agent") + TimeSpan.FromSeconds(1));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Withdrawn, "*9"), (call.End.Consent, call.Single<ConsentWithdrawn>().Keys));
        // To the end of the call, not to where it was taken back.
        Assert.Equal(16, call.End.Cause);
        caller.Pbx.AssertRecorded(call);
    }
}

/// <summary>Workers that are told to stop (SIGTERM).</summary>
public sealed class WorkerStoppedTests
{
    [Fact]
    public async Task It_lets_dialogues_finish_takes_no_new_calls_and_ends_well()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        worker.Process.Terminate();
        await worker.Process.WaitForLogAsync("Stopping: no new calls");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await worker.Process.ReadinessAsync()).Status);
        await using (var late = await worker.CallAsync("2001"))
        {
            await late.HearsAsync("agent");
            Assert.Equal(["agent"], late.HeardNames);
        }

        await caller.AcceptAsync();
        await caller.TalksAsync();
        Assert.Equal(0, await worker.Process.WaitForExitAsync());

        // The call goes on, and on being recorded; the next worker takes up what the one before let go of.
        await worker.Process.StartAndWaitAsync();
        await caller.HangUpAsync();
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task Dialogues_that_take_too_long_go_on_unrecorded()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"), setup => setup with { FinishDialoguesWithin = "0s" });
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        var stopped = Stopwatch.GetTimestamp();
        worker.Process.Terminate();
        await caller.TalksAsync();
        Assert.Equal(0, await worker.Process.WaitForExitAsync());
        Assert.True(Stopwatch.GetElapsedTime(stopped) < TimeSpan.FromSeconds(15), "it took its time to stop");
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.NotAsked, Termination.Shutdown), (call.End.Consent, call.End.Termination));
        Assert.True(caller.LengthOf("en/notice") < TimeSpan.FromSeconds(3), $"the notice went on: {caller}");
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NotAsked);
    }
}
