using FsCheck;
using FsCheck.Fluent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>Any mode, sequence of keys and variables, times and faults give one outcome, and a recording only on a committed ground.</summary>
public sealed class CallFlowProperties
{
    public sealed record Script(
        IReadOnlyList<(int AfterMs, char Digit)> Keys,
        IReadOnlyList<(int AfterMs, string Variable, string Value)> Signals,
        int HangUpAfterMs,
        bool PbxLost,
        int AppendFault,
        int AppendDelayMs,
        FakeFaults Faults,
        LineOptions Line,
        bool NoticeMissing);

    private static readonly PurposeOptions[] Purposes =
    [
        new() { Id = "quality", Retention = TimeSpan.FromDays(30), Key = '3' },
        new() { Id = "training", Retention = TimeSpan.FromDays(90), Key = '4' },
        new() { Id = "contract", Retention = TimeSpan.FromDays(1000), Basis = LawfulBasis.Contract },
        new() { Id = "fraud", Retention = TimeSpan.FromDays(10), Basis = LawfulBasis.LegitimateInterests },
    ];

    private static readonly Gen<LineOptions> Lines =
        from mode in Gen.Elements(Enum.GetValues<ConsentMode>())
        from purposes in Gen.Elements(0, 2, 4)
        from onWithdraw in Gen.Elements(WithdrawalAction.Erase, WithdrawalAction.Keep)
        from info in Gen.Elements<char?>(null, '0')
        from repeats in Gen.Choose(0, 3)
        from bargeIn in Gen.Elements(true, true, false)
        from minimum in Gen.Elements(0, 0, 2000, 9000)
        from repeatKey in Gen.Elements<char?>(null, '*')
        from onDecline in Gen.Elements(Afterwards.Continue, Afterwards.HangUp, new Afterwards(AfterwardsKind.ContinueAt, new DialplanTarget("c", "s")))
        from confirm in Gen.Elements(true, false)
        select new FakeSettings().Line with
        {
            Mode = mode,
            Purposes = [.. Purposes[..purposes], .. mode == ConsentMode.Inform && purposes < 4 ? Purposes[2..3] : []],
            InCall = new InCallOptions { OnWithdraw = onWithdraw },
            InfoKey = info,
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
        from other in Gen.Choose(0, 18)
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
            PauseFails = other == 8,
            ResumeFails = other == 9,
            StopFails = other == 10,
            DeleteFails = other == 11,
            WhisperFails = other == 12,
            WhispersUnheard = other == 13 ? 3 : 0,
        };

    private static readonly (string, string)[] Signals =
    [
        (CallVariables.Agent, "anna"), (CallVariables.Agent, "otto"), (CallVariables.Agent, "+48221234501"), (CallVariables.Agent, ""),
        (CallVariables.Record, "start"), (CallVariables.Record, "stop"), (CallVariables.Record, "pause"), (CallVariables.Record, "resume"), (CallVariables.Record, "dance"),
        (CallVariables.Purposes, "contract"), (CallVariables.Purposes, "quality,contract"), (CallVariables.Purposes, "nonsense"), (CallVariables.Purposes, ","),
    ];

    private static readonly Gen<Script> Scripts =
        from keys in (from after in Gen.OneOf(Gen.Choose(0, 300), Gen.Choose(0, 9000)) from digit in Gen.Elements('1', '1', '2', '3', '4', '*', '*', '9', '7', '#', '0') select (after, digit)).ListOf()
        from signals in (from after in Gen.Choose(0, 9000) from signal in Gen.Elements(Signals) select (after, signal.Item1, signal.Item2)).ListOf()
        from hangUp in Gen.OneOf(Gen.Choose(0, 50), Gen.Choose(0, 20_000), Gen.Constant(200_000))
        from lost in Gen.Elements(false, false, false, true)
        from appendFault in Gen.Elements(0, 0, 0, 1, 2)
        from appendDelay in Gen.Elements(0, 2, 900)
        from faults in Faults
        from line in Lines
        from missing in Gen.Elements(false, false, false, false, true)
        select new Script([.. keys], [.. signals], hangUp, lost, appendFault, appendDelay, faults, line, missing);

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
        scene.Settings.Staff["anna"] = new AgentOptions("anna", true);
        scene.Settings.Staff["otto"] = new AgentOptions("otto", false);
        var call = scene.Pbx.Ring(faults: script.Faults);
        var lawful = true;
        call.Writes = () => lawful &= HasGround(scene.Ledger.Of(call.Arrival.Id).Where(entry => !scene.Ledger.Deferred.Contains(entry.EventId)).Select(entry => entry.Event));
        scene.Simulation.Run(async () =>
        {
            var handled = scene.Handler.HandleAsync(scene.Pbx, call);
            _ = scene.Presses([.. script.Keys.Select(key => (key.AfterMs / 1000.0, key.Digit))])(call);
            _ = SignalAsync(scene, call, script.Signals);
            await scene.After(script.HangUpAfterMs / 1000.0);
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
        var started = call.Recordings.Where(recording => recording.StartedAt is not null).ToArray();
        if (fault == AppendResult.Lost)
        {
            return started.Length == 0 && events.Count == 0;
        }

        var context = $"{scene.Course(call)} | {string.Join("; ", call.Orders)}";
        Assert.True(lawful && (started.Length == 0 || fault == AppendResult.Committed), "recorded unlawfully: " + context);
        var end = events.OfType<CallEnded>().ToArray();
        Assert.True(end.Length == 1, "not one end: " + context);
        Assert.True(events.Count(IsAnswer) == 1 || events.Skip(events.ToList().FindIndex(fact => IsAnswer(fact))).Any(IsChange), "not one decision: " + context);
        Assert.True(started.Select(recording => recording.Name).SequenceEqual(events.OfType<RecordingStarted>().Select(fact => fact.Recording)), "recording not on record: " + context);
        Assert.True(end[0].Recorded == started.Length > 0, "the end does not know of the recording: " + context);
        Assert.True(end[0].Consent == CallStanding.Of(events).Consent, "end and decision differ: " + context);
        Assert.True(events.OfType<NoticePlayed>().All(notice => notice.HeardMs >= 0 && notice.HeardMs <= notice.AudioMs), "heard more than there was: " + context);
        foreach (var given in events.OfType<ConsentGiven>())
        {
            Assert.True(events.TakeWhile(fact => fact != given).OfType<NoticePlayed>().Any(), "given without a notice: " + context);
            Assert.True(given.Keys is not null || given.Key is not null || given.Mode is ConsentMode.Announce or ConsentMode.AskInCall, "given by nothing: " + context);
            Assert.True(given.Key is null || events.OfType<NoticePlayed>().Max(notice => notice.HeardMs) >= script.Line.MinimumHeard.TotalMilliseconds, "given before enough was heard: " + context);
        }

        Assert.True(script.Line.Mode != ConsentMode.Never || started.Length == 0, "a line that is never recorded was: " + context);
        AssertWithdrawn(scene, call, script, context);

        // Who stays on the line reaches the agent, unless the line says otherwise or the PBX refuses even that.
        var patient = script is { HangUpAfterMs: 200_000, PbxLost: false };
        Assert.True(!patient || call.InDialplan || call.HungUpByUs || script.Faults.ContinueFails, "caller lost: " + context);
        return true;
    }

    /// <summary>What was withdrawn with the word "erase" is nowhere, and that is on record; where the PBX lies about it, that is.</summary>
    private static void AssertWithdrawn(CallScene scene, FakeCall call, Script script, string context)
    {
        var events = scene.Events(call).ToList();
        var last = events.FindLastIndex(fact => fact is ConsentWithdrawn { Action: WithdrawalAction.Erase });
        if (last < 0)
        {
            return;
        }

        foreach (var started in events.Take(last).OfType<RecordingStarted>())
        {
            var erased = events.OfType<RecordingErased>().Any(fact => fact.Recording == started.Recording);
            Assert.True(erased || script.Faults.DeleteFails, "withdrawn and not erased: " + context);
            Assert.True(!scene.Pbx.Stored.ContainsKey(started.Recording) || !erased, "said to be erased, and is not: " + context);
        }
    }

    private static async Task SignalAsync(CallScene scene, FakeCall call, IReadOnlyList<(int AfterMs, string Variable, string Value)> signals)
    {
        foreach (var (after, variable, value) in signals)
        {
            await scene.After(after / 1000.0);
            call.Signal(variable, value);
        }
    }

    /// <summary>Written apart from <see cref="CallStanding"/>, which it judges: the last word on whether it may be recorded.</summary>
    private static bool HasGround(IEnumerable<CallEvent> events) => events.LastOrDefault(fact => IsAnswer(fact) || IsChange(fact)) switch
    {
        ConsentGiven or CallerInformed => true,
        CallerObjected { Obeyed: false } => true,
        _ => false,
    };

    private static bool IsAnswer(CallEvent fact) => fact is ConsentGiven { Keys: null, By: null } or ConsentRefused or ConsentNotObtained or CallerInformed or CallerObjected;

    private static bool IsChange(CallEvent fact) => fact is ConsentGiven or ConsentWithdrawn or CallerObjected or CallerInformed;
}
