using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

public sealed class CallFlowTests
{
    private readonly CallScene _scene = new();

    [Fact]
    public void Accepting_records_after_the_consent_is_committed_and_tells_what_was_heard()
    {
        var call = _scene.Call(_scene.Presses((3, '1')));

        Assert.Equal("CallArrived NoticePlayed ConsentGiven RecordingStarted CallContinued RecordingStopped CallEnded", _scene.Course(call));
        var notice = _scene.The<NoticePlayed>(call);
        Assert.Equal(("recording", "7", "notice", "en", FakeSettings.Sha("notice")), (notice.Notice, notice.Version, notice.Prompt, notice.Language, notice.Sha256));
        Assert.Equal(8000, notice.AudioMs);
        Assert.InRange(notice.HeardMs, 2950, 3000);
        Assert.True(notice.EndedByKey);
        Assert.Equal('1', _scene.The<ConsentGiven>(call).Key);
        Assert.Equal(1, _scene.The<ConsentGiven>(call).Attempt);
        Assert.Equal(
            ["answer", "play en/notice", "prepare", "record", "play en/accepted", $"variables CONSENT_RESULT=Given CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=yes", "continue"],
            call.Orders);
        var end = _scene.The<CallEnded>(call);
        Assert.Equal((ConsentStatus.Given, Termination.Completed, true, 16), (end.Consent, end.Termination, end.Recorded, end.Cause));
        Assert.Equal(60_000, end.DurationMs);
    }

    [Fact]
    public void Refusing_is_a_fact_and_nothing_is_recorded()
    {
        var call = _scene.Call(_scene.Presses((3, '2')));

        Assert.Equal("CallArrived NoticePlayed ConsentRefused RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Null(call.Recording);
        Assert.Contains("play en/declined", call.Orders);
        Assert.Contains($"variables CONSENT_RESULT=Refused CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no", call.Orders);
    }

    [Fact]
    public void Silence_is_asked_again_and_is_not_a_refusal()
    {
        var call = _scene.Call();

        Assert.Equal("CallArrived NoticePlayed NoticePlayed ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Equal(["notice", "reminder"], _scene.Events(call).OfType<NoticePlayed>().Select(notice => notice.Prompt));
        Assert.Equal(ConsentStatus.NoResponse, _scene.The<CallEnded>(call).Consent);
        Assert.Equal(2, _scene.The<ConsentNotObtained>(call).Attempts);
    }

    [Fact]
    public void Wrong_keys_then_accept_is_a_consent_at_the_second_question()
    {
        var call = _scene.Call(_scene.Presses((1, '7'), (4, '1')));

        Assert.Equal((2, 1), (_scene.The<ConsentGiven>(call).Attempt, _scene.The<ConsentGiven>(call).WrongKeys));
        Assert.Equal(["play en/notice", "play en/wrong-key", "play en/notice"], call.Orders.Skip(1).Take(3));
        Assert.NotNull(call.Recording?.StartedAt);
    }

    [Fact]
    public void A_wrong_key_after_the_whole_notice_is_answered_by_the_question_in_few_words()
    {
        var call = _scene.Call(_scene.Presses((9, '7'), (4, '1')));

        Assert.Equal(["play en/notice", "play en/wrong-key", "prepare"], call.Orders.Skip(1).Take(3));
    }

    [Fact]
    public void Only_wrong_keys_is_invalid_input()
    {
        var call = _scene.Call(_scene.Presses((1, '7'), (12, '8')));

        Assert.Equal(ConsentStatus.InvalidInput, _scene.The<CallEnded>(call).Consent);
        Assert.Equal(2, _scene.The<ConsentNotObtained>(call).WrongKeys);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void A_key_before_the_notice_began_is_no_answer()
    {
        var call = _scene.Call(_scene.Presses((0.003, '1')));

        Assert.Equal(ConsentStatus.NoResponse, _scene.The<CallEnded>(call).Consent);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void A_key_in_the_first_moments_of_the_notice_is_an_answer_and_the_ledger_says_how_little_was_heard()
    {
        var call = _scene.Call(_scene.Presses((0.15, '1')));

        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
        Assert.InRange(_scene.The<NoticePlayed>(call).HeardMs, 100, 150);
    }

    [Fact]
    public void A_yes_to_a_notice_that_the_PBX_calls_started_and_never_played_is_none()
    {
        var call = _scene.Call(_scene.Presses((0.5, '1')), faults: new FakeFaults { FailPlayback = 1, FailPlaybackHow = "fetched" });

        Assert.Equal("CallArrived NoticeFailed ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Equal(ConsentStatus.NotAsked, _scene.The<CallEnded>(call).Consent);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void With_a_minimum_to_be_heard_an_early_yes_does_not_count_but_an_early_no_does()
    {
        _scene.Settings.Line = _scene.Settings.Line with { MinimumHeard = TimeSpan.FromSeconds(4) };

        var yes = _scene.Call(_scene.Presses((1, '1'), (5, '1')));
        var no = _scene.Call(_scene.Presses((1, '2')));

        Assert.InRange(_scene.The<NoticePlayed>(yes).HeardMs, 5900, 6000);
        Assert.Equal(ConsentStatus.Refused, _scene.The<CallEnded>(no).Consent);
    }

    [Fact]
    public void Without_barge_in_keys_count_only_after_the_prompt()
    {
        _scene.Settings.Line = _scene.Settings.Line with { BargeIn = false };

        var call = _scene.Call(_scene.Presses((1, '2'), (8, '1')));

        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
        Assert.False(_scene.The<NoticePlayed>(call).EndedByKey);
    }

    [Fact]
    public void The_repeat_key_plays_the_notice_again()
    {
        _scene.Settings.Line = _scene.Settings.Line with { RepeatKey = '*' };

        var call = _scene.Call(_scene.Presses((2, '*'), (3, '1')));

        Assert.Equal(["play en/notice", "play en/notice"], call.Orders.Skip(1).Take(2));
        Assert.Equal((2, 0), (_scene.The<ConsentGiven>(call).Attempt, _scene.The<ConsentGiven>(call).WrongKeys));
    }

    [Theory]
    [InlineData(0.0005)]
    [InlineData(0.1)]
    [InlineData(4)]
    [InlineData(10)]
    public void Hanging_up_in_the_dialogue_is_an_abandoned_call(double after)
    {
        var call = _scene.Call(hangUpAfter: after);

        Assert.Equal((ConsentStatus.Abandoned, Termination.CallerHungUp), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination));
        Assert.Null(call.Recording);
        Assert.DoesNotContain("continue", call.Orders);
    }

    [Fact]
    public void Hanging_up_in_the_confirmation_keeps_the_consent_and_its_recording()
    {
        var call = _scene.Call(_scene.Presses((3, '1')), hangUpAfter: 4);

        Assert.Equal((ConsentStatus.Given, Termination.CallerHungUp, true), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination, _scene.The<CallEnded>(call).Recorded));
        Assert.InRange(_scene.The<RecordingStopped>(call).LengthMs, 950, 1000);
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("never-started")]
    [InlineData("broken-off")]
    [InlineData("cut-short")]
    public void A_notice_that_was_not_heard_is_not_a_notice(string how)
    {
        var call = _scene.Call(_scene.Presses((12, '1')), faults: new FakeFaults { FailPlayback = 1, FailPlaybackHow = how });

        Assert.Equal("CallArrived NoticeFailed ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Equal(ConsentStatus.NotAsked, _scene.The<CallEnded>(call).Consent);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void A_missing_prompt_lets_the_call_go_on_unrecorded()
    {
        _scene.Settings.PromptNames.Remove("notice");

        var call = _scene.Call(_scene.Presses((3, '1')));

        Assert.Equal("there is no prompt en/notice", _scene.The<NoticeFailed>(call).Reason);
        Assert.Contains("continue", call.Orders);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void A_reminder_that_fails_does_not_make_the_notice_unheard()
    {
        var call = _scene.Call(faults: new FakeFaults { FailPlayback = 2 });

        Assert.Equal(ConsentStatus.NoResponse, _scene.The<CallEnded>(call).Consent);
    }

    [Theory]
    [InlineData(AppendResult.Deferred)]
    [InlineData(AppendResult.Lost)]
    public void Without_the_ledger_nothing_is_recorded_and_the_call_goes_on(AppendResult result)
    {
        _scene.Ledger.Fault = batch => (batch.Entries.Any(entry => entry.Event is ConsentGiven) ? result : AppendResult.Committed, TimeSpan.FromMilliseconds(800));

        var call = _scene.Call(_scene.Presses((3, '1')));

        Assert.Null(call.Recording!.StartedAt);
        Assert.True(call.Recording.Discarded);
        Assert.Equal(SuppressionReasons.LedgerUnavailable, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.Contains($"variables CONSENT_RESULT=Given CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no", call.Orders);
        Assert.DoesNotContain("play en/accepted", call.Orders);
        Assert.Contains("continue", call.Orders);
    }

    [Fact]
    public void A_recorder_that_does_not_start_is_an_event_and_the_call_goes_on()
    {
        var call = _scene.Call(_scene.Presses((3, '1')), faults: new FakeFaults { StartFails = true });

        Assert.Equal(RecordingFailures.NotStarted, _scene.The<RecordingFailed>(call).Reason);
        Assert.Equal((ConsentStatus.Given, false), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Recorded));
        Assert.Contains("continue", call.Orders);
    }

    [Theory]
    [InlineData(0.5, false, RecordingFailures.Truncated)]
    [InlineData(0, false, RecordingFailures.Empty)]
    [InlineData(1, true, RecordingFailures.Missing)]
    public void A_recording_that_is_not_whole_is_an_event(double length, bool missing, string reason)
    {
        var call = _scene.Call(_scene.Presses((3, '1')), faults: new FakeFaults { FileLength = length, FileMissing = missing });

        Assert.Equal(reason, _scene.The<RecordingFailed>(call).Reason);
        Assert.InRange(_scene.The<RecordingFailed>(call).ExpectedMs, 56_000, 57_000);
    }

    [Fact]
    public void A_recording_that_stops_in_mid_call_is_found_truncated()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(10);
            call.Recording!.EndWithCall();
        });

        Assert.Equal(RecordingFailures.Truncated, _scene.The<RecordingFailed>(call).Reason);
    }

    [Fact]
    public void An_unknown_line_goes_on_unrecorded_without_being_answered()
    {
        var call = _scene.Call(called: "999");

        Assert.Equal("CallArrived ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.DoesNotContain("answer", call.Orders);
        Assert.Contains("continue", call.Orders);
    }

    [Fact]
    public void A_line_named_by_the_dialplan_is_found_by_that_name_only()
    {
        Assert.Contains("play en/notice", _scene.Call(line: "demo", called: "555").Orders);
        Assert.DoesNotContain("play en/notice", _scene.Call(line: "other", called: "100").Orders);
    }

    [Fact]
    public void A_line_may_hang_up_after_a_goodbye()
    {
        _scene.Settings.Line = _scene.Settings.Line with { OnDecline = Afterwards.HangUp };

        var call = _scene.Call(_scene.Presses((3, '2')));

        Assert.Equal(["play en/declined", "play en/goodbye", "hangup"], call.Orders.TakeLast(3));
        Assert.Equal(Termination.EndedByLine, _scene.The<CallEnded>(call).Termination);
    }

    [Fact]
    public void A_line_may_continue_elsewhere()
    {
        _scene.Settings.Line = _scene.Settings.Line with { OnNoAnswer = new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("night", "s", 2)) };

        var call = _scene.Call();

        Assert.Equal("continue night,s,2", call.Orders[^1]);
        Assert.Equal(("night", "s"), (_scene.The<CallContinued>(call).Context, _scene.The<CallContinued>(call).Extension));
    }

    [Theory]
    [InlineData("answer")]
    [InlineData("variables")]
    public void A_PBX_that_refuses_an_order_still_gets_the_call_back(string what)
    {
        var call = _scene.Call(_scene.Presses((3, '2')), faults: new FakeFaults { AnswerFails = what == "answer", SetVariablesFails = what == "variables" });

        Assert.Equal("continue", call.Orders[^1]);
        Assert.Equal(Termination.PbxFailed, _scene.The<CallEnded>(call).Termination);
    }

    [Fact]
    public void The_dead_mans_switch_covers_the_question_and_little_more()
    {
        TimeSpan? held = null;
        _scene.Call(async call =>
        {
            await _scene.After(2);
            held = call.HeldAtMost;
        });

        Assert.Equal(TimeSpan.FromSeconds(8 + 5 + 1), held);
    }

    [Fact]
    public void Sequence_is_without_gaps_and_times_do_not_fall()
    {
        var call = _scene.Call(_scene.Presses((3, '1')));

        var entries = _scene.Ledger.Of(call.Arrival.Id);
        Assert.Equal(Enumerable.Range(1, entries.Count), entries.Select(entry => entry.CallSequence));
        Assert.Equal(entries.Select(entry => entry.At).Order(), entries.Select(entry => entry.At));
        Assert.All(entries, entry => Assert.Equal(0, entry.At.Ticks % TimeSpan.TicksPerMillisecond));
    }
}
