using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Core.Recordings;

/// <summary>Opens recordings of the vault. Who may, and why, is asked before: here is only how.</summary>
public sealed class VaultAudio(IVaultIndex index, IRecordingStore store, IRecordingCipher cipher) : IRecordingAudio
{
    /// <inheritdoc/>
    public async Task<Stream?> OpenWavAsync(RetainedRecording recording, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (!cipher.CanOpen
            || await index.FindAsync(recording.Name, cancel) is not { Stored: { } stored, Quarantined: false }
            || await index.FindKeyAsync(recording.Name, cancel) is not { } key
            || await store.OpenAsync(stored.Name, cancel) is not { } encrypted)
        {
            return null;
        }

        try
        {
            return await cipher.OpenAsync(recording.Name, key, encrypted, cancel);
        }
        catch
        {
            await encrypted.DisposeAsync();
            throw;
        }
    }
}

/// <summary>What lies in the store: deleted when its key is destroyed, and looked for afterwards.</summary>
public sealed class VaultRemains(IVaultIndex index, IRecordingStore store, ILedger ledger, TimeProvider time) : IRecordingRemains
{
    private readonly VaultTelling _telling = new(ledger, time);

    /// <inheritdoc/>
    public async Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (await index.FindAsync(recording.Name, cancel) is not { } item)
        {
            return true;
        }

        // An erasure can be done with a recording before who takes it in has told that it was stored, or before that entry has come out of his spool: the
        // ledger gets it here then, so that it does not stand behind the entry that it was erased.
        if (item.Stored is not null && !await _telling.StoredAsync(item, await ledger.FindCallAsync(item.Call, cancel), recording.RetainUntil))
        {
            return false;
        }

        try
        {
            // Those of attempts that came to nothing, too.
            var names = Enumerable.Range(1, item.Attempt).Select(attempt => TakeIn.ObjectName(item with { Attempt = attempt }));
            foreach (var name in item.Stored is { } stored ? names.Append(stored.Name).Distinct(StringComparer.Ordinal) : names)
            {
                await store.DeleteAsync(name, cancel);
                if (await store.FindAsync(name, cancel) is not null)
                {
                    return false;
                }
            }
        }
        catch (RecordingStoreException)
        {
            return false;
        }

        // The vault's row stays until the erasure is finished: it says whether the PBX may still have a copy.
        return true;
    }
}
