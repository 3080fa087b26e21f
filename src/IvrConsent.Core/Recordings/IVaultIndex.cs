using IvrConsent.Core.Calls;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Recordings;

/// <summary>How far a recording has come on its way from the PBX into the vault.</summary>
public enum VaultState
{
    /// <summary>It lies on the PBX.</summary>
    Waiting,

    /// <summary>It is in the store, with its key and its date; the PBX's copy or the ledger's entry is not done yet.</summary>
    Stored,

    /// <summary>It is in the store and nowhere else.</summary>
    Done,

    /// <summary>It should have been on the PBX, and was not.</summary>
    Missing,
}

/// <summary>A recording on its way into the vault, or in it.</summary>
/// <param name="Recording">Its name.</param>
/// <param name="Call">The call.</param>
/// <param name="Pbx">The PBX that made it.</param>
/// <param name="EventId">The id of the event that will tell that it is stored: chosen beforehand, so that it is written once.</param>
/// <param name="State">How far it is.</param>
/// <param name="Attempt">How often taking it in was begun. Who stores must still have the newest.</param>
public sealed record VaultItem(string Recording, CallId Call, string Pbx, Guid EventId, VaultState State, int Attempt)
{
    /// <summary>What it is called in the store; null as long as it is not in it.</summary>
    public StoredObject? Stored { get; init; }

    /// <summary>Whether the ledger has no ground for it.</summary>
    public bool Quarantined { get; init; }

    /// <summary>For a person: what went wrong last; null: nothing.</summary>
    public string? Detail { get; init; }
}

/// <summary>A recording as it lies in the store.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Bytes">Its size, encrypted.</param>
/// <param name="Sha256">SHA-256 of its encrypted bytes, lower-case hexadecimal.</param>
/// <param name="LengthMs">Length of the sound.</param>
/// <param name="Silent">Whether there is nothing but zeros in it.</param>
/// <param name="StoredAt">When.</param>
public sealed record StoredObject(string Name, long Bytes, string Sha256, long LengthMs, bool Silent, DateTimeOffset StoredAt);

/// <summary>Which recordings to list. All conditions must hold; null means any.</summary>
/// <param name="Most">At most so many.</param>
/// <param name="After">Behind this name; before it where the newest come first.</param>
/// <param name="Recording">The one of this name.</param>
/// <param name="Call">The call.</param>
/// <param name="Subject">The person.</param>
/// <param name="Lines">One of these lines.</param>
/// <param name="State">The state.</param>
/// <param name="Quarantined">Whether only those without a ground.</param>
/// <param name="NewestFirst">Whether the newest call comes first: names begin with its time.</param>
public sealed record VaultSearch(
    int Most,
    string? After = null,
    string? Recording = null,
    CallId? Call = null,
    SubjectId? Subject = null,
    IReadOnlyList<string>? Lines = null,
    VaultState? State = null,
    bool Quarantined = false,
    bool NewestFirst = false);

/// <summary>A recording with what is kept about it.</summary>
/// <param name="Item">Where it is.</param>
/// <param name="Line">The line; null when unknown.</param>
/// <param name="EndedAt">The call's end; null when it is unknown.</param>
/// <param name="Retained">What it is kept for; null: nothing is decided as it is not in the vault yet, or it is on its way out of it.</param>
/// <param name="Erasing">Whether it was decided that it goes: its key is destroyed.</param>
public sealed record VaultEntry(VaultItem Item, string? Line, DateTimeOffset? EndedAt, RetainedRecording? Retained, bool Erasing);

/// <summary>Calls that ended since the index was last told of them.</summary>
/// <param name="Calls">The calls, in the ledger's order.</param>
/// <param name="Position">The ledger's position up to which they are all of them.</param>
public sealed record EndedCalls(IReadOnlyList<CallId> Calls, long Position);

/// <summary>
/// What the vault knows of its recordings, in the ledger's database. Safe for concurrent use by several processes: whoever takes a
/// recording in holds a numbered attempt, and only the newest one gets to store. Throws the storage's own exception when the database is away.
/// </summary>
public interface IVaultIndex
{
    /// <summary>The calls that ended behind the last ones entered; at most so many events are looked at.</summary>
    Task<EndedCalls> FindEndedAsync(int most, CancellationToken cancel);

    /// <summary>
    /// Enters recordings as waiting, those that are not entered yet, and remembers how far the ledger was read; one transaction. What is
    /// being erased is not entered: a copy that the PBX still has is the erasure's to delete, and must not be kept anew.
    /// </summary>
    Task EnterAsync(IReadOnlyList<VaultItem> items, long? position, DateTimeOffset now, CancellationToken cancel);

    /// <summary>Recordings of these PBXs that wait for something and whose time to be tried has come, the longest waiting first; none that is being erased.</summary>
    Task<IReadOnlyList<VaultItem>> FindDueAsync(IReadOnlyList<string> pbxes, DateTimeOffset now, int most, CancellationToken cancel);

    /// <summary>
    /// Begins the next attempt; nobody else is given the recording before <paramref name="until"/>. Null when it is no longer as
    /// <paramref name="item"/> says: somebody else has it.
    /// </summary>
    Task<VaultItem?> ClaimAsync(VaultItem item, DateTimeOffset until, CancellationToken cancel);

    /// <summary>Keeps a recording for longer; false when the attempt is no longer the newest.</summary>
    Task<bool> ExtendAsync(VaultItem item, DateTimeOffset until, CancellationToken cancel);

    /// <summary>
    /// The recording is in the store: its key, its date and its place are written in one transaction. False when the attempt is no
    /// longer the newest, or it is being erased: then nothing is written, and what was stored is to be deleted.
    /// </summary>
    Task<bool> StoreAsync(VaultItem item, StoredObject stored, byte[] wrappedKey, RetainedRecording retained, CancellationToken cancel);

    /// <summary>
    /// Releases a quarantined recording that is wholly in the vault: from now on it is kept for these terms; in one transaction. False when it
    /// is not so any more: released, restricted or on its way out meanwhile.
    /// </summary>
    Task<bool> ReleaseAsync(string recording, IReadOnlyList<RetentionTerm> terms, CancellationToken cancel);

    /// <summary>Sets how far it is, for the newest attempt only.</summary>
    Task<bool> MoveAsync(VaultItem item, VaultState state, string? detail, CancellationToken cancel);

    /// <summary>To be tried again then, with what went wrong.</summary>
    Task PutOffAsync(VaultItem item, DateTimeOffset until, string detail, CancellationToken cancel);

    /// <summary>A recording by name; null when the vault knows none.</summary>
    Task<VaultItem?> FindAsync(string recording, CancellationToken cancel);

    /// <summary>Those of these recordings that are known, in no order.</summary>
    Task<IReadOnlyList<VaultItem>> FindAsync(IReadOnlyCollection<string> recordings, CancellationToken cancel);

    /// <summary>The recordings by name, behind <paramref name="after"/>; of one state where it is given.</summary>
    Task<IReadOnlyList<VaultItem>> ListAsync(VaultState? state, string? after, int most, CancellationToken cancel);

    /// <summary>The recordings that all given conditions apply to, by name, with what they are kept for.</summary>
    Task<IReadOnlyList<VaultEntry>> SearchAsync(VaultSearch search, CancellationToken cancel);

    /// <summary>How many are in each state, and how many are quarantined.</summary>
    Task<VaultCounts> CountAsync(CancellationToken cancel);

    /// <summary>What has waited since before a moment for something that only its PBX can do, by the PBX's name; none of PBXs for which nothing waits.</summary>
    Task<IReadOnlyList<PbxBacklog>> FindBacklogAsync(DateTimeOffset before, CancellationToken cancel);

    /// <summary>The wrapped key of a recording; null when it was destroyed, or there never was one.</summary>
    Task<byte[]?> FindKeyAsync(string recording, CancellationToken cancel);

    /// <summary>Forgets a recording that is gone.</summary>
    Task ForgetAsync(string recording, CancellationToken cancel);
}

/// <summary>What waits for a PBX.</summary>
/// <param name="Pbx">Its name.</param>
/// <param name="Waiting">Recordings that are not wholly in the vault, as it has them or a copy of them.</param>
/// <param name="Erasing">Recordings whose key is destroyed, of which it may still have a copy: so long their erasure is not finished, and not told.</param>
public sealed record PbxBacklog(string Pbx, long Waiting, long Erasing)
{
    /// <summary>For a person.</summary>
    public string Words => string.Join(" and ", new[] { (Waiting, "to be taken in"), (Erasing, "to be erased") }.Where(one => one.Item1 > 0).Select(one => $"{one.Item1} {one.Item2}"));

    /// <summary>What to do where nobody has the PBX.</summary>
    public const string Remedy = "Put it back under pbx, with this name, until nothing waits for it; where another worker has it, look at that one.";

    /// <summary>What waits for so long is told of: what another worker has a PBX for is done with in seconds, or told of by that worker.</summary>
    private static readonly TimeSpan After = TimeSpan.FromHours(1);

    /// <summary>What waits for PBXs that are not among these.</summary>
    /// <param name="index">The vault's index.</param>
    /// <param name="pbxes">The names of those in the settings.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancel">Gives it up.</param>
    public static async Task<IReadOnlyList<PbxBacklog>> FindAbsentAsync(IVaultIndex index, IEnumerable<string> pbxes, DateTimeOffset now, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(index);
        return [.. (await index.FindBacklogAsync(now - After, cancel)).ExceptBy(pbxes, one => one.Pbx, StringComparer.Ordinal)];
    }
}

/// <summary>How many recordings there are.</summary>
/// <param name="Waiting">On the PBX.</param>
/// <param name="Stored">In the store, not wholly done.</param>
/// <param name="Done">In the store.</param>
/// <param name="Missing">Lost before they were taken in.</param>
/// <param name="Quarantined">Without a ground, in whatever state.</param>
public sealed record VaultCounts(long Waiting, long Stored, long Done, long Missing, long Quarantined);
