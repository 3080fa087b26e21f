using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;

namespace IvrConsent.Core.Recordings;

/// <summary>What is to become of a recording of a call that is over.</summary>
public enum TakeInVerdict
{
    /// <summary>It goes into the vault, for its purposes.</summary>
    Keep,

    /// <summary>The ledger has no ground for it: it is locked away, and somebody is told.</summary>
    Quarantine,

    /// <summary>The caller has withdrawn and the line says erase, or it is on record that it was erased: the PBX's copy must go.</summary>
    Erase,
}

/// <summary>What is to become of a recording, and what it is kept for.</summary>
/// <param name="Verdict">What.</param>
/// <param name="Reason">For a person; for the ledger where it is quarantined.</param>
/// <param name="Retained">Its date and purposes; none where there is no ground.</param>
/// <param name="OnRecord">For one that is to be erased: whether the ledger says already that it was.</param>
public sealed record TakeInDecision(TakeInVerdict Verdict, string Reason, RetainedRecording Retained, bool OnRecord = false);

/// <summary>
/// Decides by the call's entries alone what becomes of each of its recordings: so it can be decided again at any time, by anybody, with
/// the same result.
/// </summary>
public static class TakeInPolicy
{
    /// <summary>How long what has no ground is kept, for somebody to find out what happened: then it is erased as everything is.</summary>
    public static readonly TimeSpan Quarantine = TimeSpan.FromDays(30);

    /// <summary>The recordings that the ledger says were made in a call, whatever became of them.</summary>
    public static IReadOnlyList<string> Made(IReadOnlyList<LedgerEntry> entries) =>
        [.. entries.Select(entry => entry.Event).OfType<RecordingStarted>().Select(started => started.Recording).Distinct(StringComparer.Ordinal)];

    /// <summary>The terms that the call was led under; null where the call names none.</summary>
    public static string? TermsOf(IReadOnlyList<LedgerEntry> entries) => entries.Select(entry => entry.Event).OfType<CallArrived>().FirstOrDefault()?.Terms;

    /// <summary>What becomes of a recording.</summary>
    /// <param name="recording">Its name on the PBX.</param>
    /// <param name="id">Its call.</param>
    /// <param name="pbx">The PBX that it lies on.</param>
    /// <param name="call">The call as the ledger has it; null when it does not know it.</param>
    /// <param name="terms">The terms that the call was led under; null where there are none.</param>
    /// <param name="now">The time: of what has no ground, the days are counted from here.</param>
    public static TakeInDecision Decide(string recording, CallId id, string pbx, OpenCall? call, Terms? terms, DateTimeOffset now)
    {
        var locked = WhyLocked(recording, call);
        if (call is null)
        {
            return Locked(recording, id, pbx, null, now, now, locked!);
        }

        var standing = CallStanding.Of(call.Entries.Select(entry => entry.Event));
        var endedAt = call.Entries.LastOrDefault(entry => entry.Event is CallEnded)?.At ?? now;
        if (call.Entries.Any(entry => entry.Event is RecordingErased erased && erased.Recording == recording))
        {
            return new(TakeInVerdict.Erase, "it was erased", Retained([]), OnRecord: true);
        }

        if (new CallHistory(call.Entries, null).ToErase.Contains(recording))
        {
            return new(TakeInVerdict.Erase, "consent was withdrawn", Retained([]));
        }

        if (locked is not null)
        {
            return Locked(recording, id, pbx, call.Call, endedAt, now, locked);
        }

        return new(TakeInVerdict.Keep, "it has a ground", Retained(TermsFor(standing, terms, endedAt)));

        RetainedRecording Retained(IReadOnlyList<RetentionTerm> kept) =>
            new(recording, id, call.Call.Subject, call.Call.Line, pbx, endedAt, kept, RetentionPolicy.Until(kept));
    }

    /// <summary>Why the ledger has no ground for a recording, for the ledger itself; null where it has one.</summary>
    internal static string? WhyLocked(string recording, OpenCall? call) =>
        call is null ? "the ledger does not know its call"
        : !Made(call.Entries).Contains(recording) ? "the ledger does not know of it"
        : !MayHaveRecorded(recording, call.Entries) ? "it was started without a ground in the ledger"
        : null;

    /// <summary>The purposes that the call was recorded for in the end, each with its own date.</summary>
    private static IReadOnlyList<RetentionTerm> TermsFor(CallStanding standing, Terms? terms, DateTimeOffset endedAt)
    {
        var purposes = (standing.Purposes ?? []).Select(id => terms?.Purposes.FirstOrDefault(purpose => purpose.Id == id)).OfType<TermsPurpose>();
        var kept = RetentionPolicy.Terms(purposes.Select(Options), endedAt);
        return standing.Objected ? RetentionPolicy.WithoutObjected(kept) : kept;
    }

    /// <summary>Whether there was a ground when it was begun the last time; true where the ledger does not know when it was begun.</summary>
    internal static bool MayHaveRecorded(string recording, IReadOnlyList<LedgerEntry> entries)
    {
        var (standing, lawful) = (CallStanding.Of([]), true);
        foreach (var fact in entries.Select(entry => entry.Event))
        {
            standing.Take(fact);
            lawful = fact is RecordingStarted begun && begun.Recording == recording ? standing.MayRecord : lawful;
        }

        return lawful;
    }

    /// <summary>A purpose of the terms, as far as keeping goes.</summary>
    public static PurposeOptions Options(TermsPurpose purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        return new PurposeOptions { Id = purpose.Id, Basis = purpose.Basis, Retention = TimeSpan.FromDays(purpose.RetentionDays), Texts = purpose.Texts, Key = purpose.Key };
    }

    private static TakeInDecision Locked(string recording, CallId id, string pbx, CallRow? row, DateTimeOffset endedAt, DateTimeOffset now, string reason) =>
        new(TakeInVerdict.Quarantine, reason, new RetainedRecording(recording, id, row?.Subject, row?.Line, pbx, endedAt, [], now + Quarantine));
}
