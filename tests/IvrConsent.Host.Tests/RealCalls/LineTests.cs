using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>What a line says of where its calls go.</summary>
public sealed class LineTests(SharedWorker shared)
{
    [Fact]
    public async Task An_unknown_line_s_call_goes_on_unrecorded()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("120");
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["agent"], caller.HeardNames);
        Assert.Null(call.Row.Line);
        Assert.Equal((ConsentStatus.NotAsked, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NotAsked);
        await caller.Pbx.AssertDialplanSawAsync(call, "NotAsked", "no");
    }

    [Fact]
    public async Task A_line_is_found_by_the_number_called()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2011");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("2");
        await caller.TalksAsync();
        await caller.HangUpAsync();
        Assert.Equal("by-number", (await worker.Ledger.EndOfAsync(caller)).Row.Line);
    }

    [Fact]
    public async Task Hang_up_after_goodbye_where_the_line_says_so()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2003");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("2");
        Assert.Equal(HangupBy.FarSide, (await caller.Call.WaitForEndAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).By);

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/declined", "en/goodbye"], caller.HeardNames);
        Assert.True(caller.LengthOf("en/goodbye") > TimeSpan.FromSeconds(0.6), caller.ToString());
        Assert.Equal((ConsentStatus.Refused, Termination.EndedByLine), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Refused);
    }

    [Fact]
    public async Task On_at_another_place_where_the_line_says_so()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2004");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("2");
        await caller.HearsAsync("declined", TimeSpan.FromSeconds(0.5));
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/declined", "declined"], caller.HeardNames);
        Assert.Equal(("declined", "s"), (call.Single<CallContinued>().Context, call.Single<CallContinued>().Extension));
        Assert.Equal((ConsentStatus.Refused, Termination.Completed), (call.End.Consent, call.End.Termination));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Refused);
    }

    [Fact]
    public async Task The_other_place_is_for_the_refused_only()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2004");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();
        caller.Pbx.AssertRecorded(await worker.Ledger.EndOfAsync(caller));
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Plain_Stasis_is_as_good(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var caller = await worker.CallAsync("110", to: "lab" + version);
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(("demo", "110"), (call.Row.Line, call.Row.CalledNumber));
        caller.Pbx.AssertRecorded(call);
        await caller.Pbx.AssertDialplanSawAsync(call, "Given", "yes");
    }

    [Fact]
    public async Task A_line_may_record_in_wide_band()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2010");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal("wav16", call.Single<RecordingStarted>().Format);
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task With_no_worker_at_all_the_caller_reaches_the_agent_after_half_a_second()
    {
        var pbx = RealLab.RequirePbx("22");
        await using var caller = TestCaller.Dial(pbx, TestWorker.NewApplication(), "163", null);
        await caller.HearsAsync("agent");

        // Answered by the agent, not by us: from the INVITE to there is what having no worker costs. Half a second, and a busy machine.
        Assert.InRange(caller.Call.AnsweredAfter!.Value.TotalSeconds, 0.4, 4);
        Assert.Equal(["agent"], caller.HeardNames);
    }
}
