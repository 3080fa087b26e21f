using System.Text.Json;
using System.Text.Json.Serialization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Retention;

/// <summary>A recording whose key is destroyed and whose remains are still to be deleted and told of.</summary>
/// <param name="Recording">The recording.</param>
/// <param name="EventId">The event that will tell it: chosen with the decision, so that it is written once however often this is resumed.</param>
/// <param name="Reason">As <see cref="Ledger.RecordingErased.Reason"/> will have it.</param>
/// <param name="Actor">Who decided it.</param>
/// <param name="NextSequence">The number behind the call's last event.</param>
public sealed record PendingErasure(RetainedRecording Recording, Guid EventId, string Reason, string Actor, int NextSequence);

/// <summary>What was decided about one recording.</summary>
/// <param name="Recording">The recording.</param>
/// <param name="Decision">Deleted, or kept by what.</param>
public sealed record DecidedErasure(RetainedRecording Recording, DeletionDecision Decision);

/// <summary>How a listing goes on: behind the last one listed.</summary>
/// <param name="Until">Its date.</param>
/// <param name="Name">Its name.</param>
public sealed record RetentionCursor(DateTimeOffset Until, string Name);

/// <summary>
/// What is kept until when. The decision to delete and the destruction of the key are one transaction, and a hold is placed in
/// another that cannot run beside it: a hold is either in force before the key goes, or comes too late and is told so. Safe for
/// concurrent use by several processes. Throws the storage's own exception when the database is away.
/// </summary>
public interface IRetention
{
    /// <summary>Puts a recording under retention; nothing happens when it is already. To be called before it is reported as stored.</summary>
    Task KeepAsync(RetainedRecording recording, CancellationToken cancel);

    /// <summary>Recordings whose date has come, the oldest date first.</summary>
    Task<IReadOnlyList<RetainedRecording>> FindDueAsync(DateTimeOffset now, RetentionCursor? after, int limit, CancellationToken cancel);

    /// <summary>A person's recordings by name; where <paramref name="call"/> is given, those of that call, whoever's.</summary>
    Task<IReadOnlyList<RetainedRecording>> FindAsync(SubjectId? subject, CallId? call, string? after, int limit, CancellationToken cancel);

    /// <summary>
    /// Recordings that a withdrawal or a correction may reach, by name: where one stands in the ledger for their call, or for another of the person
    /// that goes beyond its own call. Whether it does reach them is not looked at.
    /// </summary>
    Task<IReadOnlyList<RetainedRecording>> FindWithdrawnAsync(DateTimeOffset? since, string? after, int limit, CancellationToken cancel);

    /// <summary>How many recordings have no date, and so will never be due.</summary>
    Task<long> CountUndatedAsync(CancellationToken cancel);

    /// <summary>
    /// Decides by <see cref="DeletionPolicy"/> about each recording of the names that is still there, and destroys the keys of those
    /// that go, all in one transaction.
    /// </summary>
    Task<IReadOnlyList<DecidedErasure>> DecideAsync(IReadOnlyList<string> names, DeletionCause cause, string actor, DateTimeOffset now, CancellationToken cancel);

    /// <summary>The same about one recording, with why somebody decided it: the ledger gets that behind the rule's own words. Null when it is gone.</summary>
    Task<DecidedErasure?> DecideAsync(string name, DeletionCause cause, string why, string actor, DateTimeOffset now, CancellationToken cancel);

    /// <summary>What was decided and is not finished, the oldest decision first.</summary>
    Task<IReadOnlyList<PendingErasure>> FindPendingAsync(string? after, int limit, CancellationToken cancel);

    /// <summary>
    /// Sees to it that the destroyed keys stand in no file of the database, as far as the database can. Before
    /// <see cref="Ledger.RecordingErased"/> is written: false, and it is not written yet.
    /// </summary>
    Task<bool> ScrubAsync(CancellationToken cancel);

    /// <summary>Drops what was kept about recordings that are gone: their dates, their places in the vault, and of their calls what no proof needs.</summary>
    Task FinishAsync(IReadOnlyList<string> names, CancellationToken cancel);

    /// <summary>Sets what a recording is kept for; false when it is gone.</summary>
    Task<bool> SetTermsAsync(string name, IReadOnlyList<RetentionTerm> terms, DateTimeOffset now, CancellationToken cancel);

    /// <summary>Restricts a recording (GDPR art. 18) or lifts that; false when it is gone or is so already.</summary>
    Task<bool> RestrictAsync(string name, CallId? by, CancellationToken cancel);

    /// <summary>
    /// Deletes the mapping of the person's number, and of the calls what no proof needs, unless something still needs it; in one transaction. Null when it is gone, else what
    /// keeps it.
    /// </summary>
    Task<NumberKeeper?> ForgetAsync(SubjectId subject, DateTimeOffset now, CancellationToken cancel);

    /// <summary>The right to be the one sweep that runs, given back by disposing it; null while another has it, in whatever process.</summary>
    Task<IAsyncDisposable?> TryRunAloneAsync(CancellationToken cancel);
}

/// <summary>The legal holds. Safe for concurrent use by several processes.</summary>
public interface IHolds
{
    /// <summary>Places a hold and says how many recordings it covers now. What was erased before stays so. Nothing happens when it stands already.</summary>
    Task<long> PlaceAsync(LegalHold hold, CancellationToken cancel);

    /// <summary>Releases a hold; false when there is none of the id, or it was released before.</summary>
    Task<bool> ReleaseAsync(CallId id, string actor, string reason, DateTimeOffset now, CancellationToken cancel);

    /// <summary>All holds, or those in force, oldest first.</summary>
    Task<IReadOnlyList<LegalHold>> ListAsync(bool inForceOnly, DateTimeOffset now, CancellationToken cancel);
}

/// <summary>What is asked of the holds in more than one place.</summary>
public static class HeldRecordings
{
    /// <summary>Whether a recording whose consent was withdrawn may be deleted now, and what keeps it otherwise.</summary>
    public static async Task<DeletionDecision> DecideWithdrawnAsync(this IHolds holds, RetainedRecording recording, DateTimeOffset now, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(holds);
        return DeletionPolicy.Decide(recording, DeletionCause.ConsentWithdrawn, await holds.ListAsync(inForceOnly: true, now, cancel), now);
    }
}

/// <summary>A place where something of a recording may lie beside its key: the PBX, the store.</summary>
public interface IRecordingRemains
{
    /// <summary>
    /// Deletes what lies there, versions included, and looks whether it is gone. True: read, and not there. False: it could not be
    /// reached or not be deleted; it is tried again at the next sweep.
    /// </summary>
    Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel);
}

/// <summary>The terms as they are stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<RetentionTerm>))]
public sealed partial class RetentionJson : JsonSerializerContext
{
    /// <summary>To text.</summary>
    public static string Write(IReadOnlyList<RetentionTerm> terms) => JsonSerializer.Serialize(terms, Default.IReadOnlyListRetentionTerm);

    /// <summary>From text.</summary>
    public static IReadOnlyList<RetentionTerm> Read(string json) =>
        JsonSerializer.Deserialize(json, Default.IReadOnlyListRetentionTerm) ?? throw new JsonException("The terms are null.");
}
