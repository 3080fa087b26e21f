using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>Calls that the dead man's switch of the dialplan took back.</summary>
public sealed class TakenBackTests
{
    private readonly CallScene _scene = new();

    [Fact]
    public void A_call_that_the_PBX_took_back_was_not_abandoned()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.TakeBack();
        });

        Assert.Equal((ConsentStatus.NotAsked, Termination.PbxFailed), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination));
    }

    [Fact]
    public void A_recording_of_a_call_that_the_PBX_took_back_is_followed_to_its_end()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(0.5);
            call.TakeBack();
            await _scene.After(20);
            call.Recording!.EndWithCall();
        });

        Assert.InRange(_scene.The<RecordingStopped>(call).LengthMs, 20_400, 20_500);
        Assert.Equal((ConsentStatus.Given, Termination.PbxFailed, true), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination, _scene.The<CallEnded>(call).Recorded));
    }

    [Fact]
    public void What_is_recorded_of_a_call_that_the_PBX_took_back_can_be_withdrawn_by_its_keys()
    {
        FakeCall? again = null;
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(0.5);
            again = new FakeCall(_scene.Pbx, _scene.Time, call.Arrival, new FakeFaults());
            _scene.Pbx.InDialplan[call.Arrival.Id] = again;
            call.TakeBack();
            await _scene.After(10);
            again.Press('*');
            again.Press('9');
            await _scene.After(10);
            again.HangUp();
        });

        Assert.Equal("*9", _scene.The<ConsentWithdrawn>(call).Keys);
        Assert.False(call.Recording!.IsWriting);
        Assert.Equal(call.Recording.Name, _scene.The<RecordingErased>(call).Recording);
        Assert.Contains("whisper en/withdrawn", again!.Orders);
        var end = _scene.The<CallEnded>(call);
        Assert.Equal((ConsentStatus.Withdrawn, Termination.PbxFailed), (end.Consent, end.Termination));
        Assert.Equal(23_500d, end.DurationMs!.Value, 50d);
    }

    [Fact]
    public void A_recording_of_a_call_that_was_followed_into_the_dialplan_ends_with_it()
    {
        var call = _scene.Call(async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(0.5);
            var again = new FakeCall(_scene.Pbx, _scene.Time, call.Arrival, new FakeFaults());
            _scene.Pbx.InDialplan[call.Arrival.Id] = again;
            call.TakeBack();
            await _scene.After(20);
            call.Recording!.EndWithCall();
            again.HangUp();
        });

        Assert.InRange(_scene.The<RecordingStopped>(call).LengthMs, 20_400, 20_500);
        Assert.Equal((ConsentStatus.Given, Termination.PbxFailed, true), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Termination, _scene.The<CallEnded>(call).Recorded));
    }
}
