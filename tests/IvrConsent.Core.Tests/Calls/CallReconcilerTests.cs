using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

public sealed class CallReconcilerTests
{
    private readonly CallScene _scene = new();

    /// <summary>The worker that comes after the one that died: same ledger, same PBX.</summary>
    private CallHandler NewWorker() => new(_scene.Ledger, _scene.Settings, new CallMetrics(new TestMeters()), _scene.Time, NullLogger<CallHandler>.Instance);

    /// <summary>A call whose worker vanished at <paramref name="after"/> seconds: nothing of it acts any more.</summary>
    private FakeCall Orphan(double after, params (double After, char Digit)[] keys)
    {
        var orphan = _scene.Pbx.Ring();
        _scene.Simulation.Run(async () =>
        {
            _ = _scene.Handler.HandleAsync(_scene.Pbx, orphan);
            var pressing = _scene.Presses(keys)(orphan);
            await _scene.After(after);
            await pressing;
            orphan.LosePbx();
            await _scene.After(0.01);
        });
        return orphan;
    }

    private FakeCall SameCall(FakeCall old) => new(_scene.Pbx, _scene.Time, old.Arrival, new FakeFaults());

    [Fact]
    public void A_call_waiting_after_a_restart_is_asked_again_and_has_one_end()
    {
        var orphan = Orphan(3);
        var call = SameCall(orphan);
        _scene.Pbx.Waiting.Add(call);

        _scene.Simulation.Run(async () =>
        {
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
            await _scene.After(2);
            call.Press('1');
            await _scene.After(10);
            call.HangUp();
            await _scene.After(1);
        });

        Assert.Equal("CallArrived CallResumed NoticePlayed ConsentGiven RecordingStarted CallContinued RecordingStopped CallEnded", _scene.Course(call));
    }

    [Fact]
    public void A_decision_already_in_the_ledger_is_not_asked_for_again()
    {
        var orphan = Orphan(4, (3, '2'));
        var call = SameCall(orphan);
        _scene.Pbx.Waiting.Add(call);

        _scene.Simulation.Run(async () =>
        {
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
            await _scene.After(10);
            call.HangUp();
            await _scene.After(1);
        });

        Assert.DoesNotContain("play en/notice", call.Orders);
        Assert.Contains($"variables CONSENT_RESULT=Refused CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no", call.Orders);
        Assert.Equal(ConsentStatus.Refused, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void A_recording_without_a_consent_is_stopped_deleted_and_put_on_record()
    {
        var orphan = Orphan(3);
        var recording = new FakeRecording(orphan, _scene.Pbx, _scene.Time, new RecordingRequest(RecordingNames.Of(orphan.Arrival.Id, 1, RecordingChannels.Mono), "wav"), new FakeFaults());
        _scene.Pbx.Live.Add(new LiveRecording(orphan.Arrival.Id, recording));

        _scene.Simulation.Run(() => NewWorker().ReconcileAsync(_scene.Pbx, default));

        Assert.True(recording.Discarded);
        Assert.Equal(RecordingFailures.NoConsent, _scene.The<RecordingFailed>(orphan).Reason);
        _scene.The<RecordingErased>(orphan);
    }

    [Fact]
    public void A_recording_with_a_consent_is_followed_to_its_end()
    {
        var orphan = Orphan(10, (3, '1'));
        var call = SameCall(orphan);
        var recording = orphan.Recording!;
        _scene.Pbx.Live.Add(new LiveRecording(call.Arrival.Id, recording));
        _scene.Pbx.InDialplan[call.Arrival.Id] = call;

        _scene.Simulation.Run(async () =>
        {
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
            await _scene.After(20);
            recording.EndWithCall();
            call.HangUp();
            await _scene.After(1);
        });

        Assert.False(recording.Discarded);
        Assert.InRange(_scene.The<RecordingStopped>(call).LengthMs, 26_900, 27_100);
        Assert.Equal((ConsentStatus.Given, Termination.Completed, true), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination, _scene.The<CallEnded>(call).Recorded));
    }

    [Fact]
    public void A_call_that_the_PBX_took_back_from_a_dead_worker_was_not_asked()
    {
        var call = SameCall(Orphan(3));
        _scene.Pbx.InDialplan[call.Arrival.Id] = call;

        _scene.Simulation.Run(async () =>
        {
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
            await _scene.After(20);
            call.HangUp();
            await _scene.After(1);
        });

        Assert.Equal("CallArrived ConsentNotObtained RecordingSuppressed CallEnded", _scene.Course(call));
        Assert.Equal((ConsentStatus.NotAsked, Termination.PbxFailed), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination));
    }

    [Fact]
    public void A_call_that_is_over_gets_its_one_end_and_its_recording_is_looked_at()
    {
        var gone = Orphan(10, (3, '1'));

        _scene.Simulation.Run(async () =>
        {
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
            await NewWorker().ReconcileAsync(_scene.Pbx, default);
        });

        Assert.Equal(RecordingFailures.Missing, _scene.The<RecordingFailed>(gone).Reason);
        Assert.Equal((ConsentStatus.Given, Termination.Completed), (_scene.The<CallEnded>(gone).Consent, _scene.The<CallEnded>(gone).Termination));
    }

    [Fact]
    public void A_call_lost_in_the_dialogue_is_told_by_who_was_lost()
    {
        var gone = Orphan(3);
        _scene.Simulation.Run(() => NewWorker().ReconcileAsync(_scene.Pbx, default));
        Assert.Equal((ConsentStatus.NotAsked, Termination.WorkerLost), (_scene.The<CallEnded>(gone).Consent, _scene.The<CallEnded>(gone).Termination));

        var lost = Orphan(3);
        _scene.Simulation.Run(() => _scene.Handler.ReconcileAsync(_scene.Pbx, default));
        Assert.Equal(Termination.PbxLost, _scene.The<CallEnded>(lost).Termination);
    }

    [Fact]
    public void While_the_ledger_cannot_be_read_who_waits_is_let_through_and_the_rest_follows_later()
    {
        var orphan = Orphan(3);
        var call = SameCall(orphan);
        _scene.Pbx.Waiting.Add(call);
        _scene.Ledger.Unreadable = true;
        var worker = NewWorker();

        _scene.Simulation.Run(async () =>
        {
            await worker.ReconcileAsync(_scene.Pbx, default);
            Assert.Equal(["continue"], call.Orders);
            _scene.Pbx.Waiting.Clear();
            _scene.Ledger.Unreadable = false;
            await _scene.After(6);
        });

        Assert.Equal((ConsentStatus.NotAsked, Termination.WorkerLost), (_scene.The<CallEnded>(orphan).Consent, _scene.The<CallEnded>(orphan).Termination));
    }

    [Fact]
    public void Stopping_lets_dialogues_finish_and_then_lets_go()
    {
        var finishing = _scene.Pbx.Ring();
        var slow = _scene.Pbx.Ring();
        var talking = _scene.Pbx.Ring();
        _scene.Simulation.Run(async () =>
        {
            _ = _scene.Handler.HandleAsync(_scene.Pbx, talking);
            await _scene.After(1);
            talking.Press('1');
            await _scene.After(5);
            _ = _scene.Handler.HandleAsync(_scene.Pbx, finishing);
            await _scene.After(1);
            var stopping = _scene.Handler.StopAsync(TimeSpan.FromSeconds(8));
            Assert.False(_scene.Handler.Accepting);
            _ = _scene.Handler.HandleAsync(_scene.Pbx, slow);
            await _scene.After(1);
            finishing.Press('2');
            await stopping;
        });

        Assert.Equal("CallArrived NoticePlayed ConsentGiven RecordingStarted CallContinued", _scene.Course(talking));
        Assert.Equal("CallArrived NoticePlayed ConsentRefused RecordingSuppressed CallContinued", _scene.Course(finishing));
        Assert.Equal(Termination.Shutdown, _scene.The<CallEnded>(slow).Termination);
        Assert.Contains("continue", slow.Orders);
    }
}
