using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>What is already known of a call that is taken up again.</summary>
/// <param name="Entries">Its events so far; empty for a new call.</param>
/// <param name="Recording">Its recording, when one is running; else null.</param>
internal sealed record CallHistory(IReadOnlyList<LedgerEntry> Entries, IRecording? Recording)
{
    public static CallHistory None { get; } = new([], null);

    /// <summary>How the call stands by what is on record.</summary>
    public CallStanding Standing => CallStanding.Of(Entries.Select(entry => entry.Event));

    /// <summary>When the last recording started by the PBX's clock, as far as the ledger knows.</summary>
    public DateTimeOffset? RecordingStartedAt => Events<RecordingStarted>().LastOrDefault()?.StartedAt;

    /// <summary>Since when the recording is paused, by our clock; null when it is not.</summary>
    public DateTimeOffset? PausedAt => OfTheLastRecording
        .Where(entry => entry.Event is RecordingPaused or RecordingResumed)
        .Aggregate((DateTimeOffset?)null, (since, entry) => entry.Event is RecordingPaused ? since ?? entry.At : null);

    /// <summary>Who pauses it.</summary>
    public IReadOnlyList<string> Pausers =>
        OfTheLastRecording.LastOrDefault(entry => entry.Event is RecordingPaused or RecordingResumed)?.Event is RecordingPaused paused ? paused.By.Split(", ") : [];

    /// <summary>How long the last recording was paused in all, without a pause that still lasts.</summary>
    public TimeSpan Paused =>
        TimeSpan.FromMilliseconds(OfTheLastRecording.Select(entry => entry.Event).OfType<RecordingResumed>().Sum(resumed => resumed.PausedMs));

    /// <summary>Whether the ledger says that the recording started, or that there is none, since the last word on its ground.</summary>
    public bool RecordingIsOnRecord => Entries.Skip(LastIndex(fact => fact is ConsentGiven or ConsentReused or CallerInformed))
        .Any(entry => entry.Event is RecordingStarted or RecordingSuppressed);

    /// <summary>Recordings that were started and not erased.</summary>
    public IReadOnlyList<string> Files => [.. Started.Except(Events<RecordingErased>().Select(erased => erased.Recording))];

    /// <summary>Recordings that were started and of whose end nothing is on record.</summary>
    public IReadOnlyList<string> Unfinished =>
    [
        .. Files.Except(Events<RecordingStopped>().Select(stopped => stopped.Recording))
            .Except(Events<RecordingFailed>().Where(failed => RecordingFailures.AreAnEnd(failed.Reason)).Select(failed => failed.Recording))
    ];

    /// <summary>How many recordings were started.</summary>
    public int Made => Started.Count();

    /// <summary>Recordings that are to be erased, and of which it is not on record that they were.</summary>
    public IReadOnlyList<string> ToErase
    {
        get
        {
            var (files, owed) = (new List<string>(), new List<string>());
            foreach (var entry in Entries)
            {
                switch (entry.Event)
                {
                    case RecordingStarted started when !files.Contains(started.Recording):
                        files.Add(started.Recording);
                        break;
                    case RecordingErased erased:
                        files.Remove(erased.Recording);
                        owed.Remove(erased.Recording);
                        break;
                    case ConsentWithdrawn { Action: WithdrawalAction.Erase } or CallerObjected { Action: WithdrawalAction.Erase }:
                        owed = [.. files];
                        break;
                }
            }

            return owed;
        }
    }

    /// <summary>Whether the call had been given back to the dialplan.</summary>
    public bool Continued => Entries.Any(entry => entry.Event is CallContinued);

    private IEnumerable<string> Started => Events<RecordingStarted>().Select(started => started.Recording).Distinct();

    private IEnumerable<LedgerEntry> OfTheLastRecording => Entries.Skip(LastIndex(fact => fact is RecordingStarted));

    private IEnumerable<T> Events<T>() => Entries.Select(entry => entry.Event).OfType<T>();

    private int LastIndex(Predicate<CallEvent> which)
    {
        for (var i = Entries.Count - 1; i > 0; i--)
        {
            if (which(Entries[i].Event))
            {
                return i;
            }
        }

        return 0;
    }
}
