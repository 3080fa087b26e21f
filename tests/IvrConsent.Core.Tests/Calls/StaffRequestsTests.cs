using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>What agents, dialplan and API ask of a running call.</summary>
public sealed class StaffRequestsTests
{
    private readonly CallScene _scene = new();

    public StaffRequestsTests()
    {
        _scene.Settings.Line = _scene.Settings.Line with
        {
            Purposes =
            [
                new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(30) },
                new PurposeOptions { Id = "contract", Retention = TimeSpan.FromDays(1000), Basis = LawfulBasis.Contract },
            ],
        };
        _scene.Settings.Staff["anna"] = new AgentOptions("anna", true);
        _scene.Settings.Staff["otto"] = new AgentOptions("otto", false);
    }

    /// <summary>A call that is recorded from the third second on (where its line asks), then <paramref name="then"/> from the tenth.</summary>
    private FakeCall Recorded(Func<FakeCall, Task> then, FakeFaults? faults = null) => _scene.Call(
        async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(7);
            await then(call);
        },
        faults: faults);

    private async Task KeysAsync(FakeCall call, char second)
    {
        call.Press('*');
        await _scene.After(0.1);
        call.Press(second);
        await _scene.After(3);
    }

    private async Task SignalAsync(FakeCall call, string variable, string value)
    {
        call.Signal(variable, value);
        await _scene.After(3);
    }

    [Fact]
    public void What_should_have_stopped_and_did_not_is_never_let_go_on_after_a_pause()
    {
        var call = Recorded(
            async call =>
            {
                await KeysAsync(call, '9');
                await SignalAsync(call, CallVariables.Agent, "otto");
                Assert.False(call.Recording!.IsWriting);
                await SignalAsync(call, CallVariables.Agent, "");
                Assert.False(call.Recording!.IsWriting);
            },
            new FakeFaults { StopFails = true });

        Assert.Empty(_scene.Events(call).OfType<RecordingResumed>());
        Assert.Contains(_scene.Events(call).OfType<RecordingFailed>(), failed => failed.Reason == RecordingFailures.NotStopped);
    }

    [Theory]
    [InlineData("otto", "agent:otto")]
    [InlineData("+48221234501", "agent:unlisted")]
    public void An_agent_who_must_not_be_recorded_pauses_it_for_his_part(string agent, string by)
    {
        var call = Recorded(async call =>
        {
            await SignalAsync(call, CallVariables.Agent, "anna");
            Assert.True(call.Recording!.IsWriting);
            await SignalAsync(call, CallVariables.Agent, agent);
            Assert.False(call.Recording!.IsWriting);
            await SignalAsync(call, CallVariables.Agent, "");
            Assert.True(call.Recording!.IsWriting);
        });

        Assert.Equal(by, _scene.The<RecordingPaused>(call).By);
        // The dialplan joins him to the caller when it is told so, and when he leaves there is nobody to wait.
        Assert.Equal(["pause", "variables CONSENT_AGENT_KNOWN=yes", "resume"], call.Orders.SkipWhile(order => order != "pause"));
        Assert.InRange(_scene.The<RecordingResumed>(call).PausedMs, 2990, 3010);
        Assert.InRange(_scene.The<RecordingStopped>(call).LengthMs, 53_900, 54_000);
    }

    [Fact]
    public void Caller_agent_and_staff_pause_independently()
    {
        var call = Recorded(async call =>
        {
            await KeysAsync(call, '2');
            await SignalAsync(call, CallVariables.Agent, "otto");
            await SignalAsync(call, CallVariables.Record, "pause");
            await KeysAsync(call, '2');
            Assert.False(call.Recording!.IsWriting);
            await SignalAsync(call, CallVariables.Agent, "anna");
            Assert.False(call.Recording!.IsWriting);
            await SignalAsync(call, CallVariables.Record, "resume");
            Assert.True(call.Recording!.IsWriting);
        });

        Assert.Equal(
            ["caller", "caller, agent:otto", "caller, agent:otto, dialplan", "agent:otto, dialplan", "dialplan"],
            _scene.Events(call).OfType<RecordingPaused>().Select(paused => paused.By));
        Assert.Equal("dialplan", _scene.The<RecordingResumed>(call).By);
        Assert.Equal(["paused"], _scene.Events(call).OfType<ConfirmationPlayed>().Select(told => told.Prompt));
    }

    [Fact]
    public void While_such_an_agent_is_on_the_line_nothing_starts_and_it_does_when_he_leaves()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(20);
            await SignalAsync(call, CallVariables.Agent, "otto");
            await KeysAsync(call, '1');
            Assert.Null(call.Recording);
            await SignalAsync(call, CallVariables.Agent, "");
            Assert.True(call.Recording!.IsWriting);
        });

        Assert.Equal([SuppressionReasons.NoResponse, SuppressionReasons.Agent], _scene.Events(call).OfType<RecordingSuppressed>().Select(fact => fact.Reason));
        Assert.DoesNotContain(_scene.Events(call), fact => fact is ConfirmationPlayed { Prompt: "accepted" });
    }

    [Theory]
    [InlineData("contract", "contract")]
    [InlineData("quality:contract", "quality,contract")]
    [InlineData("contract,nonsense", null)]
    [InlineData("+48221234501", null)]
    public void The_dialplan_reclassifies_among_the_lines_purposes(string value, string? expected)
    {
        var call = Recorded(call => SignalAsync(call, CallVariables.Purposes, value));

        var changed = _scene.Events(call).OfType<PurposesChanged>().SingleOrDefault();
        Assert.Equal(expected, changed is null ? null : string.Join(',', changed.Purposes));
        Assert.Equal(expected is null ? null : "dialplan", changed?.Actor);
    }

    [Fact]
    public void A_purpose_that_rests_on_consent_is_nobodys_but_the_callers_to_add()
    {
        _scene.Settings.Line = _scene.Settings.Line with { Mode = ConsentMode.Granular, Purposes = [_scene.Settings.Line.Purposes[0] with { Key = '3' }, _scene.Settings.Line.Purposes[0] with { Id = "training", Key = '4' }, _scene.Settings.Line.Purposes[1]] };
        ControlResult? refused = null;
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('3');
            await _scene.After(20);
            refused = await _scene.Handler.ReclassifyAsync(call.Arrival.Id, ["training"], "key-1", "wanted", default);
        });

        Assert.Equal(ControlOutcome.NotAllowed, refused!.Outcome);
        Assert.Equal(["quality"], _scene.The<ConsentGiven>(call).Purposes!);
        Assert.DoesNotContain(_scene.Events(call), fact => fact is PurposesChanged);
    }

    [Fact]
    public void What_a_contract_keeps_is_not_erased_with_the_consent()
    {
        var call = Recorded(async call =>
        {
            await SignalAsync(call, CallVariables.Purposes, "quality,contract");
            await KeysAsync(call, '9');
            Assert.False(call.Recording!.IsWriting);
        });

        Assert.Equal(WithdrawalAction.Keep, _scene.The<ConsentWithdrawn>(call).Action);
        Assert.Equal(["contract"], _scene.Events(call).OfType<PurposesChanged>().Last().Purposes);
        Assert.DoesNotContain(_scene.Events(call), fact => fact is RecordingErased);
        Assert.Single(_scene.Pbx.Stored);
    }

    [Fact]
    public void On_a_line_that_asks_in_the_call_staff_start_it_after_a_notice_to_both()
    {
        _scene.Settings.Line = _scene.Settings.Line with { Mode = ConsentMode.AskInCall };
        var call = Recorded(async call =>
        {
            call.Signal(CallVariables.Record, "start");
            await _scene.After(1);
            Assert.Null(call.Recording);
            await _scene.After(2);
            Assert.True(call.Recording!.IsWriting);
            await KeysAsync(call, '9');
            await SignalAsync(call, CallVariables.Record, "start");
        });

        Assert.Contains("whisper en/notice-in-call to both", call.Orders);
        Assert.Equal(
            "CallArrived ConsentNotObtained RecordingSuppressed CallContinued NoticePlayed ConsentGiven RecordingStarted ConsentWithdrawn RecordingErased ConfirmationPlayed CallEnded",
            _scene.Course(call));
        var given = _scene.The<ConsentGiven>(call);
        Assert.Equal((ConsentMode.AskInCall, "dialplan", null, null), (given.Mode!.Value, given.By, given.Key, given.Keys));
        Assert.Empty(_scene.Pbx.Stored);
    }

    [Fact]
    public void Nobody_starts_it_against_a_refusal()
    {
        ControlResult? result = null;
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('2');
            await _scene.After(10);
            call.Signal(CallVariables.Record, "start");
            result = await _scene.Handler.StartAsync(call.Arrival.Id, "key-1", "for training", default);
        });

        Assert.Equal(ControlOutcome.NotAllowed, result!.Outcome);
        Assert.Null(call.Recording);
    }

    [Fact]
    public void The_API_pauses_resumes_stops_and_starts_again_and_each_names_who()
    {
        var results = new List<ControlOutcome>();
        var call = Recorded(async call =>
        {
            var id = call.Arrival.Id;
            async Task Take(Task<ControlResult> order) => results.Add((await order).Outcome);
            await Take(_scene.Handler.PauseAsync(id, "payment", "card number", default));
            Assert.False(call.Recording!.IsWriting);
            await Take(_scene.Handler.PauseAsync(id, "supervisor", "again", default));
            await Take(_scene.Handler.ResumeAsync(id, "supervisor", "it was forgotten", default));
            Assert.True(call.Recording!.IsWriting);
            await Take(_scene.Handler.ResumeAsync(id, "supervisor", "again", default));
            await Take(_scene.Handler.StopAsync(id, "supervisor", "private matter", default));
            Assert.False(call.Recording!.IsWriting);
            await Take(_scene.Handler.StartAsync(id, "supervisor", "private matter over", default));
            await Take(_scene.Handler.WithdrawAsync(id, "agent-desk", "the caller said so", default));
            await Take(_scene.Handler.StartAsync(id, "supervisor", "once more", default));
        });

        Assert.Equal(
            [ControlOutcome.Done, ControlOutcome.Done, ControlOutcome.Done, ControlOutcome.NotAllowed, ControlOutcome.Done, ControlOutcome.Done, ControlOutcome.Done, ControlOutcome.NotAllowed],
            results);
        Assert.Equal(("payment", "card number"), (_scene.The<RecordingPaused>(call).By, _scene.The<RecordingPaused>(call).Reason));
        Assert.Equal("supervisor", _scene.The<RecordingResumed>(call).By);
        Assert.Equal([$"ivrc-{call.Arrival.Id}", $"ivrc-{call.Arrival.Id}-2"], _scene.Events(call).OfType<RecordingErased>().Select(erased => erased.Recording));
        Assert.Equal((string.Empty, "agent-desk"), (_scene.The<ConsentWithdrawn>(call).Keys, _scene.The<ConsentWithdrawn>(call).By));
        Assert.Empty(_scene.Pbx.Stored);
    }

    [Fact]
    public void Of_a_call_that_is_not_in_hand_or_still_being_asked_nothing_can_be_ordered()
    {
        var results = new List<ControlOutcome>();
        FakeCall? over = null;
        over = _scene.Call(async call =>
        {
            await _scene.After(1);
            results.Add((await _scene.Handler.PauseAsync(call.Arrival.Id, "key-1", "test", default)).Outcome);
        });
        _scene.Simulation.Run(async () => results.Add((await _scene.Handler.PauseAsync(over.Arrival.Id, "key-1", "test", default)).Outcome));

        Assert.Equal([ControlOutcome.NotAllowed, ControlOutcome.NotFound], results);
    }

    [Fact]
    public void A_confirmation_that_nobody_could_hear_is_repeated()
    {
        var call = Recorded(call => KeysAsync(call, '9'), new FakeFaults { WhispersUnheard = 2 });

        Assert.Equal(3, call.Orders.Count(order => order == "whisper en/withdrawn"));
        Assert.True(_scene.The<ConfirmationPlayed>(call).Heard);
    }

    [Fact]
    public void Whoever_withdraws_and_hangs_up_has_withdrawn()
    {
        var call = _scene.Call(
            async call =>
            {
                await _scene.After(3);
                call.Press('1');
                await _scene.After(20);
                call.Press('*');
                call.Press('9');
                call.HangUp();
            },
            hangUpAfter: 24);

        Assert.Equal(ConsentStatus.Withdrawn, _scene.The<CallEnded>(call).Consent);
        _scene.The<RecordingErased>(call);
        Assert.Empty(_scene.Pbx.Stored);
    }

    [Fact]
    public void Withdrawing_while_the_confirmation_still_plays_stops_it_at_once()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(0.5);
            call.Press('*');
            call.Press('9');
            await _scene.After(0.02);
            Assert.False(call.Recording!.IsWriting);
        });

        Assert.Equal(["play en/accepted", "play en/withdrawn", $"variables CONSENT_RESULT=Withdrawn CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no", "continue"], call.Orders.TakeLast(4));
        Assert.Empty(_scene.Pbx.Stored);
    }
}
