namespace IvrConsent.Core.Recordings;

/// <summary>What moving recordings to another store did.</summary>
/// <param name="Moved">Objects that lie in the new store now, and no more in the old.</param>
/// <param name="Removed">Left-overs that were removed from the old store: of interrupted work, or of what is erased.</param>
/// <param name="Left">What is still in the old store, and why.</param>
public sealed record MigrationReport(long Moved, long Removed, IReadOnlyList<VaultFinding> Left);

/// <summary>
/// Moves recordings from the old store to the new one, while calls run: copied as they are, encrypted; read back and compared with the
/// SHA-256 that they were stored with; and only then deleted from the old one. Every process has both stores meanwhile
/// (<see cref="MigratingStore"/>), so each recording is found at any time, and nothing but where the objects lie says how far it is:
/// interrupted anywhere, it is begun again, by two at once as well.
/// </summary>
public sealed class VaultMigration(MigratingStore stores, IVaultIndex index, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Moves everything once; throws when a store or the database cannot be used.</summary>
    /// <param name="progress">Told after each object, with how many were moved.</param>
    /// <param name="cancel">Gives it up; what is moved is moved.</param>
    public async Task<MigrationReport> RunAsync(Action<long>? progress, CancellationToken cancel)
    {
        var (moved, removed, left) = (0L, 0L, new List<VaultFinding>());
        await foreach (var (name, _) in stores.Old.ListAsync(cancel))
        {
            if (VaultReconciler.RecordingOf(name) is not { } of || await index.FindAsync(of.Recording, cancel) is not { } item)
            {
                if (await stores.Old.FindAsync(name, cancel) is not null)
                {
                    left.Add(new VaultFinding(VaultFault.Unknown, null, name, "the database knows no such recording: it is left alone"));
                }

                continue;
            }

            if (item.Stored?.Name != name)
            {
                // Another attempt's: of one that is stored it is nobody's; of one that is not, somebody may still be at it with the old settings.
                if (item.Stored is null)
                {
                    left.Add(new VaultFinding(VaultFault.Unknown, item.Recording, name, "it is being taken in, or that was interrupted: move again in an hour"));
                    continue;
                }

                await stores.Old.DeleteAsync(name, cancel);
                removed++;
                continue;
            }

            if (await MoveAsync(item, item.Stored, cancel) is { } finding)
            {
                left.Add(finding);
                continue;
            }

            moved++;
            progress?.Invoke(moved);
        }

        return new MigrationReport(moved, removed, left);
    }

    /// <summary>Moves one; what hinders it, or null.</summary>
    private async Task<VaultFinding?> MoveAsync(VaultItem item, StoredObject stored, CancellationToken cancel)
    {
        VaultFinding Wrong(string detail) => new(VaultFault.Damaged, item.Recording, stored.Name, detail);
        if (!await IsWholeAsync(stores.Current, stored, cancel))
        {
            await using var content = await stores.Old.OpenAsync(stored.Name, cancel);
            if (content is null)
            {
                // Erased, or moved by somebody else, since it was listed.
                return null;
            }

            await using var measured = new MeasuredStream(content, hashed: true, Patience, time);
            await stores.Current.PutAsync(stored.Name, measured, cancel);
            if (measured.Sha256 != stored.Sha256)
            {
                // Damaged where it was: it stays there, where a repair of that store may find it, and does not hide behind a copy.
                await stores.Current.DeleteAsync(stored.Name, cancel);
                return Wrong($"{stores.Old.Name} does not have it as it was stored: restore it there from a backup, and move again");
            }

            if (!await IsWholeAsync(stores.Current, stored, cancel))
            {
                await stores.Current.DeleteAsync(stored.Name, cancel);
                return Wrong($"{stores.Current.Name} does not give it back as it was moved there");
            }
        }

        // Whoever erases destroys the key first and deletes in both stores afterwards. If the key is still there, that deletion is yet to come,
        // and finds the copy; if it is not, the copy may have come too late for it.
        if (await index.FindKeyAsync(item.Recording, cancel) is null)
        {
            await stores.DeleteAsync(stored.Name, cancel);
            return null;
        }

        try
        {
            await stores.Old.DeleteAsync(stored.Name, cancel);
        }
        catch (RecordingStoreException error)
        {
            // Locked there until a date, for example: it is found in either store, and must not keep the others.
            return Wrong($"{stores.Current.Name} has it as well; {stores.Old.Name} does not give it up: {error.Message}");
        }

        return await stores.Old.FindAsync(stored.Name, cancel) is null
            ? null
            : Wrong($"{stores.Old.Name} still has it after it was told to delete it; {stores.Current.Name} has it as well");
    }

    private async Task<bool> IsWholeAsync(IRecordingStore store, StoredObject stored, CancellationToken cancel)
    {
        await using var content = await store.OpenAsync(stored.Name, cancel);
        if (content is null)
        {
            return false;
        }

        await using var measured = new MeasuredStream(content, hashed: true, Patience, time);
        await measured.CopyToAsync(Stream.Null, cancel);
        return measured.Sha256 == stored.Sha256;
    }
}
