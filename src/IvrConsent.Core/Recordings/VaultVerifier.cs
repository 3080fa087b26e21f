namespace IvrConsent.Core.Recordings;

/// <summary>What is wrong with a recording, or an object, in the vault.</summary>
public enum VaultFault
{
    /// <summary>The store does not have it as it was stored.</summary>
    Damaged,

    /// <summary>The store does not have it.</summary>
    Missing,

    /// <summary>Nobody decided that it goes, and its key is not in the database: it cannot be opened.</summary>
    KeyMissing,

    /// <summary>It could not be read: its key does not open it, or the store does not give it.</summary>
    Unreadable,

    /// <summary>The store has it, and the database knows nothing of it: it is another vault's, or the database is an older one.</summary>
    Unknown,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Fault">What.</param>
/// <param name="Recording">The recording; null for an object that belongs to none.</param>
/// <param name="StoredAs">Its name in the store.</param>
/// <param name="Detail">For a person.</param>
public sealed record VaultFinding(VaultFault Fault, string? Recording, string StoredAs, string Detail);

/// <summary>What reading everything back found.</summary>
/// <param name="Recordings">Recordings that should be in the store.</param>
/// <param name="Bytes">Bytes read, encrypted.</param>
/// <param name="Opened">Whether each was decrypted to its end; else it was compared by its SHA-256 alone.</param>
/// <param name="LeftOvers">Objects of interrupted work, which the worker removes within the hour.</param>
/// <param name="Findings">What is wrong.</param>
public sealed record VaultReport(long Recordings, long Bytes, bool Opened, long LeftOvers, IReadOnlyList<VaultFinding> Findings);

/// <summary>How far verifying has come.</summary>
/// <param name="Done">Recordings read.</param>
/// <param name="Of">About how many there are.</param>
/// <param name="Bytes">Bytes read.</param>
public sealed record VaultProgress(long Done, long Of, long Bytes);

/// <summary>
/// Reads everything in the vault back to its last byte: against the SHA-256 that it was stored with, and decrypted where the private key is.
/// It changes nothing. What is taken in or erased meanwhile is no fault.
/// </summary>
public sealed class VaultVerifier(IVaultIndex index, IRecordingStore store, IRecordingCipher cipher, TimeProvider time)
{
    private const int ItemsAtOnce = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Reads everything once; throws when the store or the database cannot be read at all.</summary>
    /// <param name="progress">Told after each recording.</param>
    /// <param name="cancel">Gives it up.</param>
    public async Task<VaultReport> RunAsync(Action<VaultProgress>? progress, CancellationToken cancel)
    {
        var counts = await index.CountAsync(cancel);
        var (recordings, bytes, findings) = (0L, 0L, new List<VaultFinding>());
        for (string? after = null; await index.SearchAsync(new VaultSearch(ItemsAtOnce, after), cancel) is { Count: > 0 } page; after = page[^1].Item.Recording)
        {
            foreach (var entry in page.Where(entry => entry is { Item.Stored: not null, Erasing: false }))
            {
                var (read, finding) = await VerifyAsync(entry.Item, cancel);
                if (finding is not null && await IsStillAsync(entry.Item, cancel))
                {
                    findings.Add(finding);
                }

                recordings++;
                bytes += read;
                progress?.Invoke(new VaultProgress(recordings, counts.Stored + counts.Done, bytes));
            }
        }

        var leftOvers = await FindUnknownAsync(findings, cancel);
        return new VaultReport(recordings, bytes, cipher.CanOpen, leftOvers, findings);
    }

    private async Task<(long Bytes, VaultFinding? Finding)> VerifyAsync(VaultItem item, CancellationToken cancel)
    {
        var stored = item.Stored!;
        VaultFinding Wrong(VaultFault fault, string detail) => new(fault, item.Recording, stored.Name, detail);
        if (await index.FindKeyAsync(item.Recording, cancel) is not { } key)
        {
            return (0, Wrong(VaultFault.KeyMissing, "its key is not in the database: restore the table recording_keys from a backup"));
        }

        await using var encrypted = await store.OpenAsync(stored.Name, cancel);
        if (encrypted is null)
        {
            return (0, Wrong(VaultFault.Missing, $"{store.Name} does not have it: restore it from a backup"));
        }

        await using var measured = new MeasuredStream(encrypted, hashed: true, Patience, time);
        try
        {
            await using var content = cipher.CanOpen ? await cipher.OpenAsync(item.Recording, key, measured, cancel) : measured;
            await content.CopyToAsync(Stream.Null, cancel);
            return (measured.Bytes, measured.Bytes == stored.Bytes && measured.Sha256 == stored.Sha256
                ? null
                : Wrong(VaultFault.Damaged, $"it has {measured.Bytes} bytes and another SHA-256 than the {stored.Bytes} bytes that were stored"));
        }
        catch (RecordingDamagedException error)
        {
            return (measured.Bytes, Wrong(VaultFault.Damaged, error.Message));
        }
        catch (IOException error)
        {
            return (measured.Bytes, Wrong(VaultFault.Unreadable, error.Message));
        }
    }

    /// <summary>Whether the vault still says so: what was erased while it was read is no fault.</summary>
    private async Task<bool> IsStillAsync(VaultItem item, CancellationToken cancel) =>
        await index.SearchAsync(new VaultSearch(1, Recording: item.Recording), cancel) is [{ Erasing: false, Item.Stored: { } now }] && now.Name == item.Stored!.Name;

    private async Task<long> FindUnknownAsync(List<VaultFinding> findings, CancellationToken cancel)
    {
        var leftOvers = 0L;
        await foreach (var (name, _) in store.ListAsync(cancel))
        {
            if (VaultReconciler.RecordingOf(name) is { } read && await index.FindAsync(read.Recording, cancel) is { } item)
            {
                leftOvers += item.Stored is { } stored && stored.Name != name ? 1 : 0;
            }
            else if (await store.FindAsync(name, cancel) is not null)
            {
                findings.Add(new VaultFinding(VaultFault.Unknown, null, name, $"{store.Name} has it, and the database knows no such recording: is it the right database?"));
            }
        }

        return leftOvers;
    }
}
