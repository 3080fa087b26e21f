using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Ledger;

/// <summary>A legal hold was placed. Stands under a record of its own.</summary>
/// <param name="Subject">The person that it covers.</param>
/// <param name="Call">The id of the call that it covers.</param>
/// <param name="Line">The line that it covers.</param>
/// <param name="From">The beginning of the period that it covers.</param>
/// <param name="Until">The end of that period.</param>
/// <param name="Reason">Why.</param>
/// <param name="Owner">Who answers for it.</param>
/// <param name="Actor">Who placed it.</param>
/// <param name="EndsAt">When it ends of itself.</param>
public sealed record HoldPlaced(
    SubjectId? Subject,
    string? Call,
    string? Line,
    DateTimeOffset? From,
    DateTimeOffset? Until,
    string Reason,
    string Owner,
    string Actor,
    DateTimeOffset? EndsAt) : CallEvent;

/// <summary>A legal hold was released.</summary>
/// <param name="Actor">Who released it.</param>
/// <param name="Reason">Why.</param>
public sealed record HoldReleased(string Actor, string Reason) : CallEvent;

/// <summary>A person's request came in. Stands under a record of its own, and so does all that is done about it.</summary>
/// <param name="Kind">What is asked for.</param>
/// <param name="About">The one call that it is about; null: all of the person's.</param>
/// <param name="ReceivedAt">When it came in.</param>
/// <param name="DueAt">When it must be answered.</param>
/// <param name="Actor">Who entered it.</param>
public sealed record RequestOpened(RequestKind Kind, string? About, DateTimeOffset ReceivedAt, DateTimeOffset DueAt, string Actor) : CallEvent;

/// <summary>The answer to a request was put off, once (GDPR art. 12(3)).</summary>
/// <param name="DueAt">The new date.</param>
/// <param name="Actor">Who decided it.</param>
/// <param name="Reason">Why; the person must be told.</param>
public sealed record RequestExtended(DateTimeOffset DueAt, string Actor, string Reason) : CallEvent;

/// <summary>A second person agreed to what is asked for (four eyes).</summary>
/// <param name="Actor">Who.</param>
public sealed record RequestApproved(string Actor) : CallEvent;

/// <summary>A request was closed.</summary>
/// <param name="State">How.</param>
/// <param name="Actor">Who closed it.</param>
/// <param name="Reason">What the person was told.</param>
public sealed record RequestClosed(RequestState State, string Actor, string Reason) : CallEvent
{
    /// <summary>Whether it was closed as answered although recordings that there are were not handed out.</summary>
    public bool Incomplete { get; init; }
}

/// <summary>The person states that an event is wrong or not whole (GDPR art. 16, second sentence). Stands beside it, in the same call or record; the event stays as it is.</summary>
/// <param name="Event">The event.</param>
/// <param name="Text">The statement. Nothing in it identifies the person.</param>
/// <param name="Actor">Who entered it.</param>
/// <param name="Case">The person's request.</param>
public sealed record StatementAdded(Guid Event, string Text, string Actor, string Case) : CallEvent
{
    /// <summary>How it was established; null: it is what the person says.</summary>
    public string? Reason { get; init; }
}

/// <summary>Something was rectified for a request, and stands with what was wrong.</summary>
/// <param name="Event">The event that was wrong.</param>
/// <param name="Corrected">True: it counts no longer (<see cref="EntryCorrected"/>). False: a statement stands beside it (<see cref="StatementAdded"/>).</param>
/// <param name="Actor">Who did it.</param>
public sealed record RequestRectified(Guid Event, bool Corrected, string Actor) : CallEvent;

/// <summary>A person's data was erased as far as no other ground keeps it.</summary>
/// <param name="Erased">How many recordings.</param>
/// <param name="Kept">How many stay.</param>
/// <param name="MappingDeleted">Whether nobody can tell any more whose events these are.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Certificate">SHA-256 of the certificate, lower-case hexadecimal.</param>
public sealed record PersonErased(int Erased, int Kept, bool MappingDeleted, string Actor, string Certificate) : CallEvent;

/// <summary>
/// The ledger was made to forget persons without a call or an entry for as long as the settings say: it cannot tell any more whose these entries are, nor on which channel
/// and to which number they went. Stands under a record of its own.
/// </summary>
/// <param name="Persons">How many numbers' mappings were deleted.</param>
/// <param name="Calls">How many calls lost channel and number dialled.</param>
/// <param name="Before">The last call or entry of each was before this.</param>
/// <param name="Actor">Who did it.</param>
public sealed record NumbersForgotten(int Persons, int Calls, DateTimeOffset Before, string Actor) : CallEvent;

/// <summary>A person's data was handed out.</summary>
/// <param name="Recordings">How many recordings were in it.</param>
/// <param name="Events">How many events.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Sha256">SHA-256 of the file, lower-case hexadecimal.</param>
public sealed record PersonExported(int Recordings, int Events, string Actor, string Reason, string Sha256) : CallEvent
{
    /// <summary>How many recordings there were and not in it; null in entries of before they were counted.</summary>
    public int? Absent { get; init; }
}

/// <summary>A second person agreed to what is to become of a recording without a ground (four eyes). Stands in its call.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Step">What.</param>
/// <param name="Purposes">What it may be released for, by id; empty where it is deleted.</param>
/// <param name="Actor">Who.</param>
public sealed record QuarantineApproved(string Recording, QuarantineStep Step, IReadOnlyList<string> Purposes, string Actor) : CallEvent;

/// <summary>Somebody found the ground of a recording that was locked away: from here on it is one like others. Stands in its call.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Purposes">What it is kept for, by id.</param>
/// <param name="RetainUntil">When the last of them ends.</param>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record RecordingReleased(string Recording, IReadOnlyList<string> Purposes, DateTimeOffset RetainUntil, string Actor, string Reason) : CallEvent;

/// <summary>A recording is kept but no longer used (GDPR art. 18), or may be used again.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Restricted">Which of the two.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Case">The person's request.</param>
public sealed record RecordingRestricted(string Recording, bool Restricted, string Actor, string Case) : CallEvent;

/// <summary>Somebody wants to export what needs a second person's agreement (four eyes). Stands under a record of its own.</summary>
/// <param name="What">What exactly, in words; no number in it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Actor">Who.</param>
public sealed record ExportRequested(string What, string Reason, string Actor) : CallEvent;

/// <summary>A second person agreed to the export of the record that this stands in.</summary>
/// <param name="Actor">Who.</param>
public sealed record ExportApproved(string Actor) : CallEvent;

/// <summary>Somebody looked at the person's whole number; in a record of nobody's, at those of an export of events.</summary>
/// <param name="Actor">Who.</param>
/// <param name="Reason">Why.</param>
public sealed record NumberRevealed(string Actor, string Reason) : CallEvent;

/// <summary>
/// Somebody asked by a telephone number what there is of its owner; in a record of nobody's, by one that the ledger does not know. The number itself
/// is not in it.
/// </summary>
/// <param name="Actor">Who: a user, or an API key's name.</param>
/// <param name="Reason">Why.</param>
public sealed record NumberSearched(string Actor, string Reason) : CallEvent;

/// <summary>The beginnings of <see cref="RecordingErased.Reason"/> by cause: stable words, the reason in full behind a colon.</summary>
public static class ErasureReasons
{
    /// <summary>The reason as the ledger has it.</summary>
    public static string Of(DeletionCause cause, string words) => cause switch
    {
        DeletionCause.RetentionEnded => $"retention: {words}",
        DeletionCause.ErasureRequested => $"erasure: {words}",
        DeletionCause.ConsentWithdrawn => $"withdrawal: {words}",
        DeletionCause.NoGround => $"quarantine: {words}",
        _ => $"objection: {words}",
    };
}
