using FsCheck;
using FsCheck.Fluent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>Any sequence of keys, times and faults gives one outcome, and a recording only after a committed consent.</summary>
public sealed class CallFlowProperties
{
    public sealed record Script(
        IReadOnlyList<(int AfterMs, char Digit)> Keys,
        int HangUpAfterMs,
        bool PbxLost,
        int AppendFault,
        int AppendDelayMs,
        FakeFaults Faults,
        LineOptions Line,
        bool NoticeMissing);

    private static readonly Gen<LineOptions> Lines =
        from repeats in Gen.Choose(0, 3)
        from bargeIn in Gen.Elements(true, true, false)
        from minimum in Gen.Elements(0, 0, 2000, 9000)
        from repeatKey in Gen.Elements<char?>(null, '*')
        from onDecline in Gen.Elements(Afterwards.Continue, Afterwards.HangUp, new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("c", "s")))
        from confirm in Gen.Elements(true, false)
        select new FakeSettings().Line with
        {
            Repeats = repeats,
            BargeIn = bargeIn,
            MinimumHeard = TimeSpan.FromMilliseconds(minimum),
            RepeatKey = repeatKey,
            OnDecline = onDecline,
            Confirm = confirm,
        };

    private static readonly Gen<FakeFaults> Faults =
        from playback in Gen.Elements(0, 0, 0, 1, 2, 3)
        from how in Gen.Elements("refused", "never-started", "broken-off", "cut-short")
        from other in Gen.Choose(0, 12)
        select new FakeFaults
        {
            FailPlayback = playback,
            FailPlaybackHow = how,
            PrepareFails = other == 1,
            StartFails = other == 2,
            SetVariablesFails = other == 3,
            ContinueFails = other == 4,
            AnswerFails = other == 5,
            FileLength = other == 6 ? 0.3 : 1,
            FileMissing = other == 7,
        };

    private static readonly Gen<Script> Scripts =
        from keys in (from after in Gen.OneOf(Gen.Choose(0, 300), Gen.Choose(0, 9000)) from digit in Gen.Elements('1', '1', '2', '*', '7', '#') select (after, digit)).ListOf()
        from hangUp in Gen.OneOf(Gen.Choose(0, 50), Gen.Choose(0, 20_000), Gen.Constant(200_000))
        from lost in Gen.Elements(false, false, false, true)
        from appendFault in Gen.Elements(0, 0, 0, 1, 2)
        from appendDelay in Gen.Elements(0, 2, 900)
        from faults in Faults
        from line in Lines
        from missing in Gen.Elements(false, false, false, false, true)
        select new Script([.. keys], hangUp, lost, appendFault, appendDelay, faults, line, missing);

    [Fact]
    public void Every_call_has_one_lawful_outcome()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(600), Prop.ForAll(Scripts.ToArbitrary(), script => Holds(script)));
    }

    private static bool Holds(Script script)
    {
        var scene = new CallScene { Settings = { Line = script.Line } };
        if (script.NoticeMissing)
        {
            scene.Settings.PromptNames.Remove("notice");
        }

        var fault = (AppendResult)script.AppendFault;
        scene.Ledger.Fault = _ => (fault, TimeSpan.FromMilliseconds(script.AppendDelayMs));
        var call = scene.Pbx.Ring(faults: script.Faults);
        var committedWhenRecorded = true;
        scene.Simulation.Run(async () =>
        {
            var handled = scene.Handler.HandleAsync(scene.Pbx, call);
            _ = scene.Presses([.. script.Keys.Select(key => (key.AfterMs / 1000.0, key.Digit))])(call);
            await scene.After(script.HangUpAfterMs / 1000.0);
            if (call.Recording?.StartedAt is not null)
            {
                committedWhenRecorded = scene.Events(call).Any(fact => fact is ConsentGiven);
            }

            if (script.PbxLost)
            {
                call.LosePbx();
            }
            else
            {
                call.HangUp();
            }

            await handled;
            if (script.PbxLost)
            {
                await scene.Handler.ReconcileAsync(scene.Pbx, default);
                await scene.After(1);
            }
        });

        var events = scene.Events(call);
        var recorded = call.Recording?.StartedAt is not null;
        var consents = events.Where(fact => fact is ConsentGiven or ConsentRefused or ConsentNotObtained).ToArray();
        if (fault == AppendResult.Lost)
        {
            return !recorded && events.Count == 0;
        }

        var end = events.OfType<CallEnded>().ToArray();
        var context = $"{scene.Course(call)} | {string.Join("; ", call.Orders)}";
        Assert.True(end.Length == 1, "not one end: " + context);
        Assert.True(consents.Length == 1, "not one decision: " + context);
        Assert.True(!recorded || (events.Any(fact => fact is ConsentGiven) && fault == AppendResult.Committed && committedWhenRecorded), "recorded unlawfully: " + context);
        Assert.True(recorded == events.Any(fact => fact is RecordingStarted), "recording not on record: " + context);
        Assert.True(events.OfType<NoticePlayed>().All(notice => notice.HeardMs >= 0 && notice.HeardMs <= notice.AudioMs), "heard more than there was: " + context);
        var expected = consents[0] switch
        {
            ConsentGiven => ConsentStatus.Given,
            ConsentRefused => ConsentStatus.Refused,
            ConsentNotObtained other => other.Status,
            _ => throw new InvalidOperationException(),
        };
        Assert.True(end[0].Consent == expected, "end and decision differ: " + context);
        if (consents[0] is ConsentGiven given)
        {
            Assert.True(events.OfType<NoticePlayed>().Any() && given.Key == '1', "given without a notice: " + context);
            Assert.True(events.OfType<NoticePlayed>().Max(notice => notice.HeardMs) >= script.Line.MinimumHeard.TotalMilliseconds || script.Line.MinimumHeard > TimeSpan.FromSeconds(8), "given before enough was heard: " + context);
        }

        // Who stays on the line reaches the agent, unless the line says otherwise or the PBX refuses even that.
        var patient = script is { HangUpAfterMs: 200_000, PbxLost: false };
        Assert.True(!patient || call.InDialplan || call.HungUpByUs || script.Faults.ContinueFails, "caller lost: " + context);
        return true;
    }
}
