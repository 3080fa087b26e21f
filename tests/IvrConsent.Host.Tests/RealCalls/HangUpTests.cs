using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Callers who leave, at every stage of the call: each has one end, and nothing is recorded that should not be.</summary>
public sealed class HangUpTests(SharedWorker shared)
{
    [Fact]
    public async Task At_the_very_beginning()
    {
        var worker = await shared.UseAsync();
        var callers = new List<TestCaller>();
        for (var i = 0; i < 8; i++)
        {
            // As soon as the PBX has the call, a little later, and so on: some of these reach the worker, some do not.
            var caller = worker.Dial("2001");
            callers.Add(caller);
            await Task.Delay(5 * i, TestContext.Current.CancellationToken);
            await caller.HangUpAsync();
        }

        // A call that came after them, and is over.
        await using var last = await worker.CallAsync("2001");
        await last.HearsAsync("en/notice");
        await last.HangUpAsync();
        await worker.Ledger.EndOfAsync(last);
        var reached = 0;
        foreach (var caller in callers)
        {
            if ((await worker.Ledger.ReadAsync()).Any(call => call.Row.CallerNumber == caller.Number))
            {
                var call = await worker.Ledger.EndOfAsync(caller);
                Assert.True((call.End.Consent, call.End.Termination) == (ConsentStatus.Abandoned, Termination.CallerHungUp), call.ToString());
                caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Abandoned);
                reached++;
            }

            await caller.DisposeAsync();
        }

        TestContext.Current.SendDiagnosticMessage($"{reached} of {callers.Count} calls reached the worker");
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task In_the_notice(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var caller = await worker.CallAsync("2001", to: "lab" + version);
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Abandoned, Termination.CallerHungUp), (call.End.Consent, call.End.Termination));
        Assert.False(call.Has<NoticePlayed>());
        Assert.False(call.Has<NoticeFailed>());
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Abandoned);
    }

    [Fact]
    public async Task While_a_key_is_waited_for()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2006");
        await worker.WaitForStepAsync(caller, "waiting 5 s for a key");
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Abandoned, Termination.CallerHungUp), (call.End.Consent, call.End.Termination));
        Assert.InRange(call.Single<NoticePlayed>().HeardMs, 3700, 4000);
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Abandoned);
    }

    [Fact]
    public async Task In_the_confirmation_of_a_yes()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.HearsAsync("en/accepted", TimeSpan.FromSeconds(0.25));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.CallerHungUp), (call.End.Consent, call.End.Termination));
        Assert.False(call.Has<CallContinued>());
        caller.Pbx.AssertRecorded(call, LabTones.Caller);
    }

    [Fact]
    public async Task In_the_confirmation_of_a_no()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("2");
        await caller.HearsAsync("en/declined", TimeSpan.FromSeconds(0.2));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Refused, Termination.CallerHungUp), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Refused);
    }

    [Fact]
    public async Task At_the_same_moment_as_the_key()
    {
        var worker = await shared.UseAsync();
        foreach (var delay in (int[])[0, 10, 20, 40, 80])
        {
            await using var caller = await worker.CallAsync("2001");
            await caller.HearsAsync("en/notice");
            await caller.AcceptAsync();
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            await caller.HangUpAsync();

            // Whichever was first: one end, and a file if and only if the ledger says so.
            var call = await worker.Ledger.EndOfAsync(caller);
            Assert.Equal(Termination.CallerHungUp, call.End.Termination);
            if (!call.End.Recorded)
            {
                caller.Pbx.AssertNoFile(call.Id);
            }
        }
    }

    [Fact]
    public async Task While_the_agent_s_phone_rings()
    {
        var worker = await shared.UseAsync();
        await using var agent = new SipPhone();
        await using var caller = await worker.CallAsync($"102{agent.Local.Port}");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        var ringing = await agent.WaitForRingingAsync(ct: TestContext.Current.CancellationToken);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        await caller.HangUpAsync();
        await ringing.WaitForEndAsync(ct: TestContext.Current.CancellationToken);

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertRecorded(call, LabTones.Caller);
    }

    [Fact]
    public async Task The_agent_hangs_up_first()
    {
        var worker = await shared.UseAsync();
        await using var agent = new SipPhone();
        await using var caller = await worker.CallAsync($"102{agent.Local.Port}");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        var answered = await agent.WaitForCallAsync(new AnswerOptions { Voice = LabTones.Agent }, ct: TestContext.Current.CancellationToken);
        await caller.TalksAsync();
        await answered.HangUpAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HangupBy.FarSide, (await caller.Call.WaitForEndAsync(ct: TestContext.Current.CancellationToken)).By);

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.Given, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertRecorded(call);
    }
}
