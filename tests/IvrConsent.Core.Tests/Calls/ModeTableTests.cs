using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Records;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>What the caller does.</summary>
public enum Behaviour
{
    Accepts,
    Declines,
    IsSilent,
    PressesWrongKeys,
    GrantsOnePurpose,
    HangsUp,
    AcceptsAndWithdraws,
    GivesAfterAll,
    AcceptsAndPauses,
}

/// <summary>What goes wrong.</summary>
public enum Fault
{
    None,
    NoticeFails,
    LedgerAway,
    RecorderFails,
    WhisperFails,
    WhisperUnheardOnce,
    PauseFails,
    StopFails,
    EraseFails,
    FileMissing,
}

/// <summary>
/// Every mode, every behaviour of the caller and every fault, against what should be in the ledger. The expectation is put together here
/// from the rules in plain words, part by part, and shares nothing with the code that it judges.
/// </summary>
public sealed class ModeTableTests
{
    private static readonly PurposeOptions Quality = new() { Id = "quality", Retention = TimeSpan.FromDays(30), Key = '3' };
    private static readonly PurposeOptions Training = new() { Id = "training", Retention = TimeSpan.FromDays(90), Key = '4' };
    private static readonly PurposeOptions Contract = new() { Id = "contract", Retention = TimeSpan.FromDays(1000), Basis = LawfulBasis.Contract };
    private static readonly PurposeOptions Fraud = new() { Id = "fraud", Retention = TimeSpan.FromDays(10), Basis = LawfulBasis.LegitimateInterests };

    public static TheoryData<ConsentMode, Behaviour, Fault> Table =>
        [.. from mode in Enum.GetValues<ConsentMode>() from behaviour in Enum.GetValues<Behaviour>() from fault in Enum.GetValues<Fault>() select (mode, behaviour, fault)];

    [Theory]
    [MemberData(nameof(Table))]
    public void The_ledger_says_what_happened(ConsentMode mode, Behaviour behaviour, Fault fault)
    {
        var expected = new Expectation(mode, behaviour, fault);
        var scene = new CallScene();
        scene.Settings.Line = scene.Settings.Line with
        {
            Mode = mode,
            Purposes = mode == ConsentMode.Inform ? [Contract, Fraud] : [Quality, Training, Contract],
        };
        if (fault == Fault.LedgerAway)
        {
            scene.Ledger.Fault = _ => (AppendResult.Deferred, TimeSpan.FromMilliseconds(800));
        }

        var call = scene.Call(scene.Presses(Keys(behaviour)), behaviour == Behaviour.HangsUp ? 3 : 60, new FakeFaults
        {
            FailPlayback = fault == Fault.NoticeFails ? 1 : 0,
            StartFails = fault == Fault.RecorderFails,
            WhisperFails = fault == Fault.WhisperFails,
            WhispersUnheard = fault == Fault.WhisperUnheardOnce ? 1 : 0,
            PauseFails = fault == Fault.PauseFails,
            StopFails = fault == Fault.StopFails,
            DeleteFails = fault == Fault.EraseFails,
            FileMissing = fault == Fault.FileMissing,
        });

        Assert.Equal(string.Join(' ', expected.Course), string.Join(' ', Course(scene.Events(call))));
        var end = scene.The<CallEnded>(call);
        Assert.Equal((expected.Consent, expected.Recorded), (end.Consent, end.Recorded));
        Assert.Equal(expected.Recorded, call.Recordings.Exists(recording => recording.StartedAt is not null));
        if (expected.Recorded && !expected.Gone)
        {
            var purposes = CallStanding.Of(scene.Events(call)).Purposes!;
            Assert.Equal(expected.Purposes.Select(purpose => purpose.Id), purposes);

            // What the vault will keep it for, and until when, decided from the ledger as the vault does.
            var terms = Terms.Of(scene.Settings.Line, null, scene.Settings.Prompts);
            LedgerEntry[] entries = [.. scene.Ledger.Of(call.Arrival.Id)];
            var row = new CallRow(call.Arrival.Id, "fake", "ch", null, "100", null, call.Arrival.ArrivedAt);
            var ended = entries.Last(entry => entry.Event is CallEnded).At;
            foreach (var recording in TakeInPolicy.Made(entries))
            {
                var decision = TakeInPolicy.Decide(recording, call.Arrival.Id, "fake", new OpenCall(row, entries), terms, ended);
                Assert.Equal(TakeInVerdict.Keep, decision.Verdict);
                Assert.Equal(expected.Purposes.Select(purpose => (purpose.Id, ended + purpose.Retention)), decision.Retained.Terms.Select(term => (term.Purpose, term.Until)));
                Assert.Equal(ended + expected.Purposes.Max(purpose => purpose.Retention), decision.Retained.RetainUntil);
            }
        }

        Assert.Equal(expected.FileStays, scene.Pbx.Stored.Count > 0);
    }

    private static (double, char)[] Keys(Behaviour behaviour) => behaviour switch
    {
        Behaviour.Accepts => [(3, '1')],
        Behaviour.Declines => [(3, '2')],
        Behaviour.PressesWrongKeys => [(3, '7'), (16, '8')],
        Behaviour.GrantsOnePurpose => [(3, '3')],
        Behaviour.AcceptsAndWithdraws => [(3, '1'), (32, '*'), (0.2, '9')],
        Behaviour.GivesAfterAll => [(35, '*'), (0.2, '1')],
        Behaviour.AcceptsAndPauses => [(3, '1'), (32, '*'), (0.2, '2'), (10, '*'), (0.2, '2')],
        _ => [],
    };

    /// <summary>The entries by name and what tells them apart; one after another of the same kind told once.</summary>
    private static IEnumerable<string> Course(IEnumerable<CallEvent> events)
    {
        string? last = null;
        foreach (var fact in events)
        {
            var word = fact switch
            {
                ConsentNotObtained other => $"NotObtained:{other.Status}",
                RecordingSuppressed suppressed => $"Suppressed:{suppressed.Reason}",
                RecordingFailed failed => $"Failed:{failed.Reason}",
                ConfirmationPlayed told => $"Told:{told.Prompt}:{(told.Heard switch { true => "heard", false => "unheard", null => "unknown" })}",
                _ => fact.GetType().Name,
            };
            if (word != last || word != nameof(NoticePlayed))
            {
                yield return word;
            }

            last = word;
        }
    }

    /// <summary>The rules.</summary>
    private sealed class Expectation
    {
        private readonly ConsentMode _mode;
        private readonly Behaviour _behaviour;
        private readonly Fault _fault;

        public Expectation(ConsentMode mode, Behaviour behaviour, Fault fault)
        {
            (_mode, _behaviour, _fault) = (mode, behaviour, fault);
            Course.Add("CallArrived");
            Open();
            if (behaviour != Behaviour.HangsUp || mode is ConsentMode.AskInCall or ConsentMode.Never || fault == Fault.NoticeFails)
            {
                Course.Add("CallContinued");
                InTheCall();
            }

            if (Running)
            {
                Course.Add(fault == Fault.FileMissing ? "Failed:missing" : "RecordingStopped");
            }

            Course.Add("CallEnded");
        }

        public List<string> Course { get; } = [];

        public ConsentStatus Consent { get; private set; }

        public bool Recorded { get; private set; }

        /// <summary>Recorded, and erased.</summary>
        public bool Gone { get; private set; }

        public IReadOnlyList<PurposeOptions> Purposes { get; private set; } = [];

        public bool FileStays => Recorded && _fault != Fault.FileMissing && (!Gone || _fault == Fault.EraseFails);

        private bool Running { get; set; }

        private void Open()
        {
            if (_mode is ConsentMode.AskInCall or ConsentMode.Never)
            {
                Course.AddRange(["NotObtained:NotAsked", _mode == ConsentMode.Never ? "Suppressed:never-recorded" : "Suppressed:not-requested"]);
                return;
            }

            if (_fault == Fault.NoticeFails)
            {
                Course.AddRange(["NoticeFailed", "NotObtained:NotAsked", "Suppressed:not-asked"]);
                return;
            }

            var accepts = _behaviour is Behaviour.Accepts or Behaviour.AcceptsAndWithdraws or Behaviour.AcceptsAndPauses;
            var puts = _mode is ConsentMode.Explicit or ConsentMode.Granular;
            if (_behaviour == Behaviour.HangsUp)
            {
                No("NotObtained:Abandoned", "abandoned", ConsentStatus.Abandoned, heard: false);
            }
            else if (_mode == ConsentMode.Inform)
            {
                // A contract does not give way to an objection, legitimate interests do.
                Course.Add("NoticePlayed");
                Course.AddRange(_behaviour == Behaviour.Declines ? ["CallerObjected", "CallerInformed"] : ["CallerInformed"]);
                Purposes = _behaviour == Behaviour.Declines ? [Contract] : [Contract, Fraud];
                Start();
            }
            else if (_behaviour == Behaviour.Declines)
            {
                No("ConsentRefused", "refused", ConsentStatus.Refused);
            }
            else if (accepts || _mode == ConsentMode.Announce || (_mode == ConsentMode.Granular && _behaviour == Behaviour.GrantsOnePurpose))
            {
                Course.AddRange(["NoticePlayed", "ConsentGiven"]);
                Consent = ConsentStatus.Given;
                Purposes = _mode == ConsentMode.Granular && _behaviour == Behaviour.GrantsOnePurpose ? [Quality] : [Quality, Training];
                Start();
            }
            else if (puts && _behaviour is Behaviour.PressesWrongKeys or Behaviour.GrantsOnePurpose)
            {
                No("NotObtained:InvalidInput", "invalid-input", ConsentStatus.InvalidInput);
            }
            else
            {
                No("NotObtained:NoResponse", "no-response", ConsentStatus.NoResponse);
            }
        }

        private void No(string fact, string reason, ConsentStatus status, bool heard = true)
        {
            Course.AddRange(heard ? ["NoticePlayed", fact, $"Suppressed:{reason}"] : [fact, $"Suppressed:{reason}"]);
            Consent = status;
        }

        private void Start()
        {
            if (_fault == Fault.LedgerAway)
            {
                Course.Add("Suppressed:ledger-unavailable");
            }
            else if (_fault == Fault.RecorderFails)
            {
                Course.AddRange(["Failed:not-started", "Suppressed:recorder-failed"]);
            }
            else
            {
                Course.Add("RecordingStarted");
                (Recorded, Running) = (true, true);
            }
        }

        private void InTheCall()
        {
            if (_behaviour == Behaviour.GivesAfterAll && !Running && _mode is ConsentMode.Explicit or ConsentMode.Granular or ConsentMode.Announce or ConsentMode.AskInCall)
            {
                Give();
            }
            else if (_behaviour == Behaviour.AcceptsAndWithdraws)
            {
                Withdraw();
            }
            else if (_behaviour == Behaviour.AcceptsAndPauses && Running)
            {
                Pause();
            }
        }

        private void Give()
        {
            if (Running)
            {
                return;
            }

            // Who has heard no notice hears the short one first; it rides on the call's sound as every whisper does.
            var told = _mode == ConsentMode.AskInCall || _fault == Fault.NoticeFails;
            if (told && _fault is Fault.WhisperFails or Fault.WhisperUnheardOnce && _mode == ConsentMode.AskInCall)
            {
                Course.Add("NoticeFailed");
                return;
            }

            Course.AddRange(told ? ["NoticePlayed", "ConsentGiven"] : ["ConsentGiven"]);
            Consent = ConsentStatus.Given;
            Purposes = [Quality, Training];
            Start();
            if (Running)
            {
                Tell("accepted");
            }
        }

        private void Withdraw()
        {
            if (_mode == ConsentMode.Inform && _fault is not Fault.NoticeFails)
            {
                // Only what gives way to an objection goes; the contract's recording goes on.
                Course.AddRange(["CallerObjected", "PurposesChanged"]);
                Purposes = [Contract];
                return;
            }

            if (Consent != ConsentStatus.Given)
            {
                return;
            }

            Consent = ConsentStatus.Withdrawn;
            Course.Add(_fault == Fault.StopFails && Running ? "ConsentWithdrawn Failed:not-stopped" : "ConsentWithdrawn");
            if (_fault == Fault.StopFails && Running)
            {
                // Not told what is not so; erased when the call is over.
                Course.Add("RecordingErased");
                (Running, Gone) = (false, true);
                return;
            }

            if (Running)
            {
                Course.Add(_fault == Fault.EraseFails ? "Failed:not-erased" : "RecordingErased");
                (Running, Gone) = (false, true);
            }

            Tell("withdrawn");
            if (_fault == Fault.EraseFails)
            {
                Course.Add("Failed:not-erased");
            }
        }

        private void Pause()
        {
            if (_fault == Fault.PauseFails)
            {
                // What was to be kept out stays out: the recording is ended. The second time there is nothing to pause.
                Course.AddRange(["Failed:not-paused", "RecordingStopped", "Suppressed:stopped"]);
                Running = false;
                Tell("paused");
                return;
            }

            Course.Add("RecordingPaused");
            Tell("paused");
            Course.Add("RecordingResumed");
            Tell("resumed");
        }

        private void Tell(string prompt) => Course.Add($"Told:{prompt}:{(_fault == Fault.WhisperFails ? "unheard" : "heard")}");
    }
}
