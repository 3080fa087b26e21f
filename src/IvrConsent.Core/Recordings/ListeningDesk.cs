using IvrConsent.Core.Ledger;
using IvrConsent.Core.Rights;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// Gives out recordings to who may hear them: never without a reason, never before the look is in the ledger. Whether the person may at all
/// is the caller's to ask (<see cref="Access.RolePolicy"/>), by the line of <see cref="GetAsync"/>.
/// </summary>
public sealed class ListeningDesk(IVaultIndex index, IRecordingStore store, IRecordingCipher cipher, RightsLog log)
{
    /// <summary>A recording by its name.</summary>
    /// <exception cref="RightsRefusedException">There is none.</exception>
    public async Task<VaultEntry> GetAsync(string name, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(name);
        return await index.SearchAsync(new VaultSearch(1, Recording: name), cancel) is [var entry]
            ? entry
            : throw new RightsRefusedException("the vault has no recording of this name; recordings list shows them");
    }

    /// <summary>
    /// The recording as WAV, each byte of it given out only when it is proved to be what was stored. The look is put on record first: what
    /// is not on record is not given out.
    /// </summary>
    /// <param name="entry">The recording.</param>
    /// <param name="actor">Who wants to hear it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="copied">Whether it is taken away.</param>
    /// <param name="quarantined">Whether also one without a ground, or that is kept for no purpose any more, is given out.</param>
    /// <param name="cancel">Gives it up.</param>
    /// <exception cref="RightsRefusedException">It is not given out; the message says why.</exception>
    /// <exception cref="RightsUntoldException">The ledger did not take the look; nothing was given out.</exception>
    /// <exception cref="RecordingDamagedException">Here and at each reading: it is not what was stored.</exception>
    public async Task<Stream> OpenAsync(VaultEntry entry, string actor, string reason, bool copied, bool quarantined, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (WhyNot(entry, reason, quarantined) is { } why)
        {
            throw new RightsRefusedException(why);
        }

        var (name, stored) = (entry.Item.Recording, entry.Item.Stored!);
        var key = await index.FindKeyAsync(name, cancel) ?? throw new RightsRefusedException($"the key of {name} is destroyed: nobody can open it any more");
        var encrypted = await store.OpenAsync(stored.Name, cancel)
            ?? throw new RecordingDamagedException($"{store.Name} does not have {name} any more, which it should; vault verify looks at all of them.");
        Stream plain;
        try
        {
            plain = await cipher.OpenAsync(name, key, encrypted, cancel);
        }
        catch
        {
            await encrypted.DisposeAsync();
            throw;
        }

        try
        {
            await log.AddAsync(entry.Item.Call, new RecordingPlayed(name, actor, reason, copied), "Nothing was given out", cancel);
            return plain;
        }
        catch
        {
            await plain.DisposeAsync();
            throw;
        }
    }

    private string? WhyNot(VaultEntry entry, string reason, bool quarantined) => entry switch
    {
        _ when string.IsNullOrWhiteSpace(reason) => "a reason is needed: it goes into the ledger",
        { Erasing: true } => "it is erased; its key is destroyed",
        { Item.State: VaultState.Waiting } => $"it is not in the vault yet: it lies on {entry.Item.Pbx} and is taken in when its call is over",
        { Item.State: VaultState.Missing } or { Item.Stored: null } => "it is missing: the PBX did not have it when it was to be taken in",
        { Retained.RestrictedBy: { } by } => $"the person had it restricted (GDPR 18, case {by}): it is kept and not used",
        { Item.Quarantined: true } when !quarantined => "it is quarantined: the ledger has no ground for it. The data protection officer may hear it with --quarantined, to find out how it came about",
        { Retained: { Terms.Count: 0, RetainUntil: not null } } when !quarantined =>
            "it is kept for no purpose any more (withdrawn, for example, and under a legal hold). The data protection officer may hear it with --quarantined",
        _ when !cipher.CanOpen => "the private key of recordings is not here; recordings are opened where recordings.key is",
        _ => null,
    };
}
