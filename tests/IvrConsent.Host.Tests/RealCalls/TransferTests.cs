using IvrConsent.Core.Calls;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>The recording goes on wherever the call goes, until it ends.</summary>
public sealed class TransferTests(SharedWorker shared)
{
    /// <summary>What 301 plays.</summary>
    private const double Colleague = 2100;

    [Fact]
    public async Task Through_a_queue()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("101");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(("demo", "101", Termination.Completed), (call.Row.Line, call.Row.CalledNumber, call.End.Termination));
        caller.Pbx.AssertRecorded(call);
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task The_agent_transfers_blind(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var phone = new SipPhone();
        await using var other = new SipPhone();
        await using var caller = await worker.CallAsync($"102{phone.Local.Port}", to: "lab" + version);
        var agent = await TalkAsync(caller, phone);
        var taken = other.WaitForCallAsync(new AnswerOptions { Voice = Colleague }, ct: TestContext.Current.CancellationToken);
        await agent.BlindTransferAsync($"9{other.Local.Port}", ct: TestContext.Current.CancellationToken);
        await taken;
        await caller.HearsAsync("declined", TimeSpan.FromSeconds(1));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(Termination.Completed, call.End.Termination);

        // Asterisk 22.10 loses the new party's voice in more than half of such recordings, MixMonitor's as well (its issue #507);
        // 16.28 does not. What can be relied on with both is that it goes on: it is as long as the call, and has the caller in it.
        caller.Pbx.AssertRecorded(call, version == "16" ? [LabTones.Caller, LabTones.Agent, Colleague] : [LabTones.Caller, LabTones.Agent]);
        caller.Pbx.AssertRecordedToTheEnd(call);
    }

    [Fact]
    public async Task The_agent_asks_a_colleague_and_transfers()
    {
        var worker = await shared.UseAsync();
        await using var phone = new SipPhone();
        await using var caller = await worker.CallAsync($"102{phone.Local.Port}");
        var agent = await TalkAsync(caller, phone);
        var inquiry = await phone.CallAsync(caller.Pbx.Sip, "301", new CallOptions { FromUser = "48999" }, TestContext.Current.CancellationToken);
        await agent.AttendedTransferAsync(inquiry, ct: TestContext.Current.CancellationToken);
        await caller.HearsAsync("declined", TimeSpan.FromSeconds(1));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(Termination.Completed, call.End.Termination);
        caller.Pbx.AssertRecorded(call, LabTones.Caller, LabTones.Agent, Colleague);
    }

    [Fact]
    public async Task The_caller_transfers_the_agent_away_and_is_not_recorded_any_more()
    {
        var worker = await shared.UseAsync();
        await using var phone = new SipPhone();
        await using var caller = await worker.CallAsync($"102{phone.Local.Port}");
        var agent = await TalkAsync(caller, phone);
        await caller.Call.BlindTransferAsync("301", ct: TestContext.Current.CancellationToken);
        await agent.WaitUntilHeardAsync(Colleague, TimeSpan.FromSeconds(0.5), ct: TestContext.Current.CancellationToken);

        // The one who consented has left; what the agent says to others is not his to consent to.
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(Termination.Completed, call.End.Termination);
        caller.Pbx.AssertRecorded(call);
        await agent.HangUpAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Through_hold_and_back()
    {
        var worker = await shared.UseAsync();
        await using var phone = new SipPhone();
        await using var caller = await worker.CallAsync($"102{phone.Local.Port}");
        var agent = await TalkAsync(caller, phone);
        await agent.HoldAsync(TestContext.Current.CancellationToken);
        await caller.HearsAsync("hold", TimeSpan.FromSeconds(0.5));
        await agent.ResumeAsync(TestContext.Current.CancellationToken);
        await agent.WaitUntilHeardAsync(LabTones.Caller, TimeSpan.FromSeconds(0.5), since: agent.Heard.Now, ct: TestContext.Current.CancellationToken);
        await caller.HangUpAsync();
        caller.Pbx.AssertRecorded(await worker.Ledger.EndOfAsync(caller));
    }

    /// <summary>Through the consent to the agent's phone, until both have heard each other.</summary>
    private static async Task<SipCall> TalkAsync(TestCaller caller, SipPhone phone)
    {
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        var agent = await phone.WaitForCallAsync(new AnswerOptions { Voice = LabTones.Agent }, ct: TestContext.Current.CancellationToken);
        await agent.WaitUntilHeardAsync(LabTones.Caller, TimeSpan.FromSeconds(0.5), ct: TestContext.Current.CancellationToken);
        await caller.TalksAsync();
        return agent;
    }
}
