using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Notices;

namespace IvrConsent.Core.Calls;

/// <summary>
/// How a call stands: what the caller has said so far, whether he knows what it is about, and whether there is a ground to record on. It
/// is folded from the call's own events and from nothing else, so a worker that takes the call up knows what the one before it knew.
/// </summary>
internal sealed class CallStanding
{
    /// <summary>What the caller said last.</summary>
    public ConsentStatus Consent { get; private set; }

    /// <summary>Whether anything was decided.</summary>
    public bool Decided { get; private set; }

    /// <summary>Whether the notice was heard to its end.</summary>
    public bool NoticeHeard { get; private set; }

    /// <summary>Whether the caller objected (GDPR art. 21).</summary>
    public bool Objected { get; private set; }

    /// <summary>Whether there is a ground to record on: consent that stands, or another one of which the caller was told.</summary>
    public bool MayRecord { get; private set; }

    /// <summary>What the call is recorded for; null where nothing is said of purposes.</summary>
    public IReadOnlyList<string>? Purposes { get; private set; }

    /// <summary>The purposes that the caller consented to, and did not withdraw from.</summary>
    public IReadOnlyList<string> Granted { get; private set; } = [];

    /// <summary>The language that the caller chose, or that his number did; null: the line's own.</summary>
    public string? Language { get; private set; }

    /// <summary>The caller opted out on a line that is there for it.</summary>
    public bool OptedOut { get; private set; }

    /// <summary>The recording waits for an agent to leave who must not be recorded.</summary>
    public bool WaitsForAgent { get; private set; }

    /// <summary>How a call with these events stands.</summary>
    public static CallStanding Of(IEnumerable<CallEvent> events)
    {
        var standing = new CallStanding();
        foreach (var fact in events)
        {
            standing.Take(fact);
        }

        return standing;
    }

    /// <summary>Takes a fact into account.</summary>
    public void Take(CallEvent fact)
    {
        switch (fact)
        {
            case LanguageChosen chosen:
                Language = chosen.Language;
                break;
            case NoticePlayed { EndedByKey: false, Prompt: not (PromptNames.Reminder or PromptNames.WrongKey or PromptNames.FullNotice) }:
                NoticeHeard = true;
                break;
            case ConsentEntered { Status: EntryStatus.OptedOut, Source: EntrySource.OptOutLine }:
                OptedOut = true;
                break;
            case ConsentGiven given:
                Decide(ConsentStatus.Given, mayRecord: true);
                Purposes = given.Purposes;
                Granted = given.Purposes ?? [];
                break;
            case ConsentReused reused:
                Decide(reused.Status, reused.Status == ConsentStatus.Given);
                Purposes = reused.Purposes;
                Granted = reused.Status == ConsentStatus.Given ? reused.Purposes ?? [] : [];
                break;
            case ConsentRefused:
                Decide(ConsentStatus.Refused, mayRecord: false);
                break;
            case ConsentNotObtained other:
                Decide(other.Status, mayRecord: false);
                break;
            case ConsentWithdrawn:
                Decide(ConsentStatus.Withdrawn, mayRecord: false);
                Granted = [];
                break;
            case CallerInformed informed:
                Decide(ConsentStatus.NotAsked, mayRecord: true);
                Purposes = informed.Purposes;
                break;
            case CallerObjected objected:
                Objected = true;
                Decide(Consent, MayRecord && !objected.Obeyed);
                break;
            case PurposesChanged changed:
                Purposes = changed.Purposes;
                break;
            case RecordingSuppressed suppressed:
                WaitsForAgent = suppressed.Reason == SuppressionReasons.Agent;
                break;
            case RecordingStarted:
                WaitsForAgent = false;
                break;
        }
    }

    /// <summary>The ground did not get into the ledger: as long as it is not there, nothing is recorded (promise 1).</summary>
    public void GroundNotOnRecord() => MayRecord = false;

    /// <summary>The opt-out is nowhere: the caller must not be told that it is.</summary>
    public void OptOutNotOnRecord() => OptedOut = false;

    private void Decide(ConsentStatus status, bool mayRecord)
    {
        (Consent, Decided, MayRecord) = (status, true, mayRecord);
        WaitsForAgent = false;
    }
}
