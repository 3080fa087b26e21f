using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Ledger;

/// <summary>One event as it stands in the ledger.</summary>
/// <param name="EventId">Unique for ever (UUID version 7): the same event appended twice stands once.</param>
/// <param name="CallId">The call.</param>
/// <param name="CallSequence">Order within the call, from 1, without two alike.</param>
/// <param name="At">When it happened by the worker's clock: UTC, whole milliseconds, never falling within a call.</param>
/// <param name="Event">The fact.</param>
public sealed record LedgerEntry(Guid EventId, CallId CallId, int CallSequence, DateTimeOffset At, CallEvent Event);

/// <summary>The call's own row, written with its first event: what identifies the person stands here, and only here.</summary>
/// <param name="Id">The call.</param>
/// <param name="Pbx">The PBX that holds it.</param>
/// <param name="Channel">The PBX's name of the caller's leg.</param>
/// <param name="Line">The line, or null when unknown.</param>
/// <param name="CalledNumber">As dialled.</param>
/// <param name="CallerNumber">
/// The caller's number; null when withheld. Read back, it comes out of the mapping (<see cref="ISubjects"/>): as the person's number was first
/// written, and null when the mapping was deleted.
/// </param>
/// <param name="ArrivedAt">UTC, whole milliseconds.</param>
public sealed record CallRow(
    CallId Id,
    string Pbx,
    string Channel,
    string? Line,
    string CalledNumber,
    string? CallerNumber,
    DateTimeOffset ArrivedAt)
{
    /// <summary>The person, once the ledger has looked up or made the subject of the number; null when the number is withheld.</summary>
    public SubjectId? Subject { get; init; }

    /// <summary>What the entries are about.</summary>
    public CallKind Kind { get; init; }
}

/// <summary>What a row of the ledger, and the events under it, are about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallKind>))]
public enum CallKind
{
    /// <summary>A call that came in.</summary>
    Inbound,

    /// <summary>A call to be placed, or placed, by the controller: <see cref="CallRow.CallerNumber"/> is the person's all the same.</summary>
    Outbound,

    /// <summary>No call: an act of staff, an import, a text message, a request. Its PBX is <c>-</c>, and it has no end.</summary>
    Record,
}

/// <summary>Entries that belong together: they stand in the ledger together or not at all.</summary>
/// <param name="Call">The call's row where these are its first entries; else null.</param>
/// <param name="Entries">One or more, all of one call, in order.</param>
public sealed record LedgerBatch(CallRow? Call, IReadOnlyList<LedgerEntry> Entries)
{
    /// <summary>
    /// Nobody waits for it: the ledger may hold it back for some hundredths of a second and commit it together with others.
    /// </summary>
    [JsonIgnore]
    public bool CanWait { get; init; }
}

/// <summary>What became of an append.</summary>
public enum AppendResult
{
    /// <summary>Committed and durable in the database. Only this permits a recording.</summary>
    Committed,

    /// <summary>
    /// Not known to be in the database (it failed or did not answer in time); the entries are in a synced local file, and will
    /// be in the ledger exactly once.
    /// </summary>
    Deferred,

    /// <summary>Neither the database nor the local file took them. Said loudly in log, metric and readiness.</summary>
    Lost,
}

/// <summary>A call that has arrived and has no end in the ledger yet.</summary>
/// <param name="Call">Its row.</param>
/// <param name="Entries">All its events so far, in order.</param>
public sealed record OpenCall(CallRow Call, IReadOnlyList<LedgerEntry> Entries);

/// <summary>State of the ledger.</summary>
/// <param name="Available">The database takes entries.</param>
/// <param name="Waiting">Batches in the local file that the database does not have yet.</param>
/// <param name="Detail">For a person: what is wrong and what to do; or the database's name.</param>
public sealed record LedgerHealth(bool Available, long Waiting, string Detail);

/// <summary>The append-only ledger of consent. Safe for concurrent use.</summary>
public interface ILedger
{
    /// <summary>State for readiness.</summary>
    LedgerHealth Health { get; }

    /// <summary>
    /// Appends; never throws for a database's sake, and answers within the configured commit limit. Batches of one call that
    /// are appended one after another are stored in that order. A second <see cref="CallEnded"/> of a call is dropped
    /// silently: the first stands. Entries already there (by event id) are left as they are.
    /// </summary>
    ValueTask<AppendResult> AppendAsync(LedgerBatch batch);

    /// <summary>The calls of a PBX that have no end yet, deferred entries included, oldest first.</summary>
    Task<IReadOnlyList<OpenCall>> FindOpenCallsAsync(string pbx, CancellationToken cancel);

    /// <summary>One call with all its events, also deferred ones; null when unknown.</summary>
    Task<OpenCall?> FindCallAsync(CallId id, CancellationToken cancel);
}

/// <summary>What to list. All conditions must hold; null means any.</summary>
/// <param name="From">Not before (UTC).</param>
/// <param name="Until">Before (UTC).</param>
/// <param name="Line">The line's name.</param>
/// <param name="Pbx">The PBX's name.</param>
/// <param name="EventType">Name of the event's type, for example <c>ConsentGiven</c>.</param>
/// <param name="Call">The call.</param>
/// <param name="Limit">At most so many, the newest first; 0: no limit, the oldest first.</param>
/// <param name="Subject">The person.</param>
/// <param name="Event">The one event of this id.</param>
public sealed record LedgerQuery(
    DateTimeOffset? From = null,
    DateTimeOffset? Until = null,
    string? Line = null,
    string? Pbx = null,
    string? EventType = null,
    CallId? Call = null,
    int Limit = 0,
    SubjectId? Subject = null,
    Guid? Event = null);

/// <summary>An entry with its call's row and its position in the ledger.</summary>
/// <param name="Position">Rises with every entry of the database.</param>
/// <param name="Call">The call's row.</param>
/// <param name="Entry">The entry.</param>
public sealed record LedgerLine(long Position, CallRow Call, LedgerEntry Entry);

/// <summary>Reads the ledger for people and programs.</summary>
public interface ILedgerReader
{
    /// <summary>Streams what the query asks for, without holding it all in memory.</summary>
    IAsyncEnumerable<LedgerLine> ReadAsync(LedgerQuery query, CancellationToken cancel);
}
