using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Subjects;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>A line on which callers put themselves on the do-not-call list: a key does it, nothing else does, and nothing is ever recorded.</summary>
public sealed class OptOutTests
{
    private readonly CallScene _scene = new();

    public OptOutTests() => _scene.Settings.Line = _scene.Settings.Line with
    {
        OptOut = true,
        Notice = new NoticeOptions("opt-out", "3", PromptNames.NoticeOptOut),
        OnAccept = new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("thanks", "s", 1)),
        OnDecline = new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("kept", "s", 1)),
        InCall = new InCallOptions(),
    };

    [Fact]
    public void The_accept_key_is_an_opt_out_from_everything_and_the_caller_hears_that_it_is_done()
    {
        var call = _scene.Call(_scene.Presses((3, '1')));

        Assert.Equal("CallArrived NoticePlayed ConsentEntered ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        var entered = _scene.The<ConsentEntered>(call);
        Assert.Equal((EntryStatus.OptedOut, EntrySource.OptOutLine, "demo", "opt-out", "3", "en"), (entered.Status, entered.Source, entered.Actor, entered.Notice, entered.NoticeVersion, entered.Language));
        Assert.Equal(["*"], entered.Purposes);
        Assert.Equal($"key 1 in call {call.Arrival.Id}", entered.Reference);
        Assert.Equal(call.Arrival.ArrivedAt.AddSeconds(3), entered.GivenAt);
        Assert.Equal(SuppressionReasons.OptOutLine, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.Equal((ConsentStatus.NotAsked, false), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Recorded));
        Assert.Equal(
            ["answer", "play en/notice-opt-out", "play en/opted-out", $"variables CONSENT_RESULT=NotAsked CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no CONSENT_OPT_OUT=yes", "continue thanks,s,1"],
            call.Orders);
        Assert.All(Enum.GetValues<LawfulBasis>(), basis => Assert.Equal((false, OutboundReasons.OptedOut), Check(call, basis)));
    }

    [Theory]
    [InlineData("2", ConsentStatus.NotAsked, "continue kept,s,1")]
    [InlineData("", ConsentStatus.NoResponse, "continue")]
    [InlineData("77", ConsentStatus.InvalidInput, "continue")]
    public void No_other_answer_opts_out_or_says_anything_of_recording(string keys, ConsentStatus status, string goesOn)
    {
        var call = _scene.Call(_scene.Presses([.. keys.Select(key => (9.0, key))]));

        Assert.Equal((status, false), (_scene.The<CallEnded>(call).Consent, _scene.The<CallEnded>(call).Recorded));
        Assert.Equal(SuppressionReasons.OptOutLine, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.All(call.Orders.Where(order => order.StartsWith("play", StringComparison.Ordinal)), played => Assert.Equal("play en/notice-opt-out", played));
        Assert.Contains($"variables CONSENT_RESULT={status} CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no CONSENT_OPT_OUT=no", call.Orders);
        Assert.Equal(goesOn, call.Orders[^1]);
        Assert.Empty(Fold(call)!.Grants);
        Assert.Empty(Fold(call)!.OptOuts);
    }

    [Fact]
    public void Who_hangs_up_before_a_key_has_not_opted_out()
    {
        var call = _scene.Call(hangUpAfter: 3);

        Assert.Equal(ConsentStatus.Abandoned, _scene.The<CallEnded>(call).Consent);
        Assert.Empty(_scene.Events(call).OfType<ConsentEntered>());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("Restricted")]
    [InlineData("+")]
    [InlineData("++48221234501")]
    [InlineData("12")]
    public void A_withheld_number_cannot_be_put_on_a_list_and_the_caller_is_told(string? from)
    {
        var call = _scene.Call(_scene.Presses((3, '1')), from: from);

        Assert.Equal("CallArrived ConsentNotObtained RecordingSuppressed CallContinued CallEnded", _scene.Course(call));
        Assert.Equal(SuppressionReasons.OptOutLine, _scene.The<RecordingSuppressed>(call).Reason);
        Assert.Equal(
            ["answer", "play en/number-hidden", $"variables CONSENT_RESULT=NotAsked CONSENT_CALL_ID={call.Arrival.Id} CONSENT_RECORDING=no CONSENT_OPT_OUT=no", "continue kept,s,1"],
            call.Orders);
    }

    [Theory]
    [InlineData(AppendResult.Deferred, true)]
    [InlineData(AppendResult.Lost, false)]
    public void The_caller_hears_that_it_is_done_only_when_it_is_kept_somewhere(AppendResult result, bool told)
    {
        _scene.Ledger.Fault = batch => (batch.Entries.Any(entry => entry.Event is ConsentEntered) ? result : AppendResult.Committed, TimeSpan.FromMilliseconds(800));
        var call = _scene.Call(_scene.Presses((3, '1')));

        Assert.Equal(told, call.Orders.Contains("play en/opted-out"));
        Assert.Contains(call.Orders, order => order.EndsWith($"CONSENT_OPT_OUT={(told ? "yes" : "no")}", StringComparison.Ordinal));
        Assert.Equal(told, _scene.The<CallEnded>(call).Detail is null);
    }

    [Fact]
    public void A_notice_that_did_not_reach_the_caller_is_none()
    {
        var call = _scene.Call(_scene.Presses((3, '1')), faults: new FakeFaults { FailPlayback = 1 });

        Assert.Empty(_scene.Events(call).OfType<ConsentEntered>());
        Assert.Equal(ConsentStatus.NotAsked, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void Nothing_starts_a_recording_neither_keys_nor_dialplan_nor_staff()
    {
        ControlResult? ordered = null;
        var call = _scene.Call(async call =>
        {
            await _scene.Presses((3, '1'), (10, '*'), (1, '1'))(call);
            call.Signal(CallVariables.Record, "start");
            ordered = await _scene.Handler.StartAsync(call.Arrival.Id, "key-1", "wanted", default);
        });

        Assert.Equal(ControlOutcome.NotAllowed, ordered!.Outcome);
        Assert.Empty(call.Recordings);
        Assert.Empty(_scene.Events(call).OfType<ConsentGiven>());
    }

    private StandingConsent? Fold(FakeCall call) => StandingConsentPolicy.Fold(
        default,
        [.. _scene.Ledger.Of(call.Arrival.Id).Select((entry, index) => new LedgerLine(
            index + 1, new CallRow(call.Arrival.Id, "fake", "ch", "demo", "100", call.Arrival.CallerNumber, call.Arrival.ArrivedAt), entry))],
        _ => _scene.Settings.Line);

    private (bool, string) Check(FakeCall call, LawfulBasis basis)
    {
        var answer = OutboundPolicy.Decide("offers", basis, Fold(call), _scene.Time.GetUtcNow());
        return (answer.Allowed, answer.Reason);
    }
}
