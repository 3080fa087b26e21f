using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>What callers say, and what becomes of their calls.</summary>
public sealed class DialogueTests(SharedWorker shared)
{
    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Who_accepts_is_recorded_from_then_on(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var caller = await worker.CallAsync("2001", to: "lab" + version);
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/accepted", "agent"], caller.HeardNames);
        Assert.Equal(
            [typeof(CallArrived), typeof(NoticePlayed), typeof(ConsentGiven), typeof(RecordingStarted), typeof(CallContinued), typeof(RecordingStopped), typeof(CallEnded)],
            call.Events.Select(fact => fact.GetType()));
        var notice = call.Single<NoticePlayed>();
        Assert.Equal(("recording", "7", "notice", "en", 4000L, true), (notice.Notice, notice.Version, notice.Prompt, notice.Language, notice.AudioMs, notice.EndedByKey));
        Assert.InRange(notice.HeardMs, 900, 3900);
        var consent = call.Single<ConsentGiven>();
        Assert.Equal(('1', 1, 0), (consent.Key, consent.Attempt, consent.WrongKeys));
        Assert.Equal(Termination.Completed, call.End.Termination);
        Assert.Equal(16, call.End.Cause);
        Assert.Equal(("2001", "2001"), (call.Row.Line, call.Row.CalledNumber));
        caller.Pbx.AssertRecorded(call);
        await caller.Pbx.AssertDialplanSawAsync(call, "Given", "yes");
        Assert.DoesNotContain(caller.Number, worker.Process.LogText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Who_declines_is_not_recorded_and_reaches_the_agent(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var caller = await worker.CallAsync("2001", to: "lab" + version);
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("2");
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/declined", "agent"], caller.HeardNames);
        Assert.Equal('2', call.Single<ConsentRefused>().Key);
        Assert.Equal(Termination.Completed, call.End.Termination);
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.Refused);
        await caller.Pbx.AssertDialplanSawAsync(call, "Refused", "no");
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Who_says_nothing_is_asked_twice_and_reaches_the_agent_unrecorded(string version)
    {
        var worker = await shared.UseAsync(version);
        await using var caller = await worker.CallAsync("2001", to: "lab" + version);
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/reminder", "agent"], caller.HeardNames);
        Assert.Equal(["notice", "reminder"], call.All<NoticePlayed>().Select(notice => notice.Prompt));
        Assert.All(call.All<NoticePlayed>(), notice => Assert.False(notice.EndedByKey));
        Assert.All(call.All<NoticePlayed>(), notice => Assert.InRange(notice.HeardMs, notice.AudioMs - 300, notice.AudioMs));
        Assert.Equal((ConsentStatus.NoResponse, 2), (call.End.Consent, call.Single<ConsentNotObtained>().Attempts));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NoResponse);
        await caller.Pbx.AssertDialplanSawAsync(call, "NoResponse", "no");
    }

    [Fact]
    public async Task Wrong_keys_are_told_and_a_right_one_afterwards_counts()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2007");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("7");
        await worker.WaitForStepAsync(caller, "plays en/notice", times: 2);
        await caller.PressAsync("*");
        await worker.WaitForStepAsync(caller, "plays en/notice", times: 3);
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(2, call.Single<ConsentGiven>().WrongKeys);
        Assert.Equal(["en/notice", "en/wrong-key", "en/notice", "en/wrong-key", "en/notice", "en/accepted", "agent"], caller.HeardNames);
        caller.Pbx.AssertRecorded(call);
        await caller.Pbx.AssertDialplanSawAsync(call, "Given", "yes");
    }

    [Fact]
    public async Task Only_wrong_keys_are_neither_yes_nor_no()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("5");
        await caller.HearsAsync("en/wrong-key");
        await caller.PressAsync("6");
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal((ConsentStatus.InvalidInput, 2), (call.End.Consent, call.Single<ConsentNotObtained>().WrongKeys));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.InvalidInput);
        await caller.Pbx.AssertDialplanSawAsync(call, "InvalidInput", "no");
    }

    [Fact]
    public async Task A_key_within_the_first_moments_of_the_notice_counts()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.True(call.Single<NoticePlayed>().HeardMs < 1500, call.ToString());
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task Keys_typed_ahead_of_the_notice_are_no_answer()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("162");
        await caller.PressAsync("111");
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["en/notice", "en/reminder", "agent"], caller.HeardNames);
        Assert.Equal(ConsentStatus.NoResponse, call.End.Consent);
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.NoResponse);
    }

    [Fact]
    public async Task An_accept_key_before_the_line_s_minimum_does_not_count()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2009");
        await caller.HearsAsync("en/notice");
        await caller.PressAsync("1");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(2.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.InRange(call.Single<NoticePlayed>().HeardMs, 2000, 4000);
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task The_repeat_key_plays_the_notice_again()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2005");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(0.5));
        await caller.PressAsync("9");
        await worker.WaitForStepAsync(caller, "plays en/notice", times: 2);
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["notice", "notice"], call.All<NoticePlayed>().Select(notice => notice.Prompt));
        Assert.Equal((2, 0), (call.Single<ConsentGiven>().Attempt, call.Single<ConsentGiven>().WrongKeys));
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task A_line_speaks_its_own_language()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2002");
        await caller.HearsAsync("pl/notice", TimeSpan.FromSeconds(0.5));
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(["pl/notice", "pl/accepted", "agent"], caller.HeardNames);
        Assert.Equal("pl", call.Single<NoticePlayed>().Language);
        caller.Pbx.AssertRecorded(call);
    }

    [Fact]
    public async Task Without_barge_in_keys_count_from_the_end_of_the_notice_on()
    {
        var worker = await shared.UseAsync();
        await using var caller = await worker.CallAsync("2008");
        await caller.HearsAsync("en/notice", TimeSpan.FromSeconds(1));
        await caller.PressAsync("1");
        await worker.WaitForStepAsync(caller, "waiting 2 s for a key");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();

        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.False(call.Single<NoticePlayed>().EndedByKey);
        Assert.Equal(["en/notice", "agent"], caller.HeardNames);
        caller.Pbx.AssertRecorded(call);
    }
}
