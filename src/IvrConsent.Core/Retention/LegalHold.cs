using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Retention;

/// <summary>A recording as far as keeping and deleting it goes.</summary>
/// <param name="Name">Its name, the same on the PBX, in the store and in the ledger.</param>
/// <param name="Call">The call.</param>
/// <param name="Subject">The person; null when the number was withheld.</param>
/// <param name="Line">The line; null when unknown.</param>
/// <param name="Pbx">The PBX that made it.</param>
/// <param name="EndedAt">The end of the call: from here its terms are counted.</param>
/// <param name="Terms">What it is kept for, and how long for each.</param>
/// <param name="RetainUntil">Its date; null where no purpose gave one.</param>
public sealed record RetainedRecording(
    string Name,
    CallId Call,
    SubjectId? Subject,
    string? Line,
    string Pbx,
    DateTimeOffset EndedAt,
    IReadOnlyList<RetentionTerm> Terms,
    DateTimeOffset? RetainUntil)
{
    /// <summary>The case under which it is kept but not used (GDPR art. 18); null: none.</summary>
    public CallId? RestrictedBy { get; init; }
}

/// <summary>What a hold covers: a recording to which all of the given conditions apply. At least one is given.</summary>
/// <param name="Subject">The person's.</param>
/// <param name="Call">The call's.</param>
/// <param name="Line">The line's.</param>
/// <param name="From">Of calls that ended from here on.</param>
/// <param name="Until">Of calls that ended before this.</param>
public sealed record HoldScope(SubjectId? Subject = null, CallId? Call = null, string? Line = null, DateTimeOffset? From = null, DateTimeOffset? Until = null)
{
    /// <summary>Whether it names nothing: such a hold would stop all deletion by an oversight.</summary>
    public bool IsEmpty => Subject is null && Call is null && Line is null && From is null && Until is null;

    /// <summary>Whether it covers the recording.</summary>
    public bool Covers(RetainedRecording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return !IsEmpty
            && (Subject is null || Subject == recording.Subject)
            && (Call is null || Call == recording.Call)
            && (Line is null || Line == recording.Line)
            && (From is null || recording.EndedAt >= From)
            && (Until is null || recording.EndedAt < Until);
    }
}

/// <summary>
/// A legal hold: as long as it is in force nothing that it covers is deleted, by nobody and for no reason (GDPR art. 17(3)(e)). It
/// stands in the ledger under a record of its own.
/// </summary>
/// <param name="Id">The record that its events stand under.</param>
/// <param name="Scope">What it covers.</param>
/// <param name="Reason">Why: a file's number rather than a name.</param>
/// <param name="Owner">Who answers for it, and is asked when it should end.</param>
/// <param name="PlacedBy">Who placed it.</param>
/// <param name="PlacedAt">Since when.</param>
/// <param name="EndsAt">When it ends of itself; null: when it is released.</param>
/// <param name="ReleasedAt">When it was released; null: it was not.</param>
public sealed record LegalHold(
    CallId Id,
    HoldScope Scope,
    string Reason,
    string Owner,
    string PlacedBy,
    DateTimeOffset PlacedAt,
    DateTimeOffset? EndsAt = null,
    DateTimeOffset? ReleasedAt = null)
{
    /// <summary>Whether it is in force.</summary>
    public bool IsInForce(DateTimeOffset now) => ReleasedAt is null && (EndsAt is null || now < EndsAt);
}
