using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Recordings;

/// <summary>What a comparison of PBX, vault and ledger found.</summary>
/// <param name="Entered">Recordings that lay on a PBX and were entered now: to be taken in, or locked away.</param>
/// <param name="Removed">Left-overs of interrupted work that were removed.</param>
/// <param name="Alerts">What somebody has to look at.</param>
/// <param name="NotCompared">Which PBXs or stores could not be compared, and why, for a person; null where all were.</param>
public sealed record ReconcileReport(int Entered, int Removed, int Alerts, string? NotCompared = null);

/// <summary>
/// Compares what lies on the PBXs, what the vault knows, what is in the store, and the ledger. It enters what was overlooked, removes what
/// interrupted work left behind, and tells of what is missing. It never deletes an object of which it knows nothing: a vault that was
/// given the wrong database must not empty the store.
/// </summary>
public sealed class VaultReconciler(IVaultIndex index, IRecordingStore store, ILedger ledger, IEnumerable<IPbx> pbxes, TakeIn takeIn, TakeInOptions options, TimeProvider time, ILogger<VaultReconciler> log)
{
    private const int ItemsAtOnce = 500;

    /// <summary>What an interrupted upload leaves behind is removed when it is older than this.</summary>
    private static readonly TimeSpan LeftOverAfter = TimeSpan.FromDays(1);

    private readonly IPbx[] _pbxes = [.. pbxes];

    /// <summary>Compares everything once. A PBX or store that cannot be reached is left for the next time, as the report says.</summary>
    public async Task<ReconcileReport> RunAsync(CancellationToken cancel)
    {
        var (entered, removed, alerts) = (0, 0, 0);
        var troubles = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var pbx in _pbxes.Where(pbx => pbx.Health.Attached))
        {
            entered += await GuardAsync(pbx.Name, troubles, async () =>
            {
                var (found, strange) = await EnterAsync(pbx, cancel);
                alerts += strange > 0 ? 1 : 0;
                return found;
            });
        }

        removed += await GuardAsync(store.Name, troubles, () => RemoveLeftOversAsync(cancel));
        alerts += await GuardAsync(store.Name, troubles, () => FindMissingAsync(cancel));
        if (entered + removed + alerts > 0)
        {
            VaultLog.Reconciled(log, entered, removed, alerts);
        }

        return new ReconcileReport(entered, removed, alerts, troubles.Count == 0 ? null : string.Join("; ", troubles));
    }

    private static async Task<int> GuardAsync(string where, SortedSet<string> troubles, Func<Task<int>> compare)
    {
        try
        {
            return await compare();
        }
        catch (Exception error) when (error is PbxException or RecordingStoreException or IOException)
        {
            troubles.Add($"{where}: {error.Message}");
            return 0;
        }
    }

    /// <summary>What lies on the PBX and is not entered, although its call is over or unknown; and copies of what is in the vault already.</summary>
    private async Task<(int Entered, int Strange)> EnterAsync(IPbx pbx, CancellationToken cancel)
    {
        var strange = 0;
        var live = (await pbx.FindLiveRecordingsAsync(cancel)).Select(one => one.Recording.Name).ToHashSet(StringComparer.Ordinal);
        var items = new List<VaultItem>();
        foreach (var name in await pbx.ListStoredRecordingsAsync(cancel))
        {
            if (live.Contains(name) || RecordingNames.CallOf(name) is not { } id)
            {
                continue;
            }

            var known = await index.FindAsync(name, cancel);
            if (known?.State is VaultState.Waiting or VaultState.Stored)
            {
                continue;
            }

            var call = await ledger.FindCallAsync(id, cancel);
            if (call is { Call.Kind: not CallKind.Record } && !call.Entries.Any(entry => entry.Event is CallEnded))
            {
                continue;
            }

            if (call is null && !options.TakeUnknown)
            {
                // Another worker with a database of its own may have made it: what is not known to be ours is not taken away.
                strange++;
                continue;
            }

            if (known is { State: VaultState.Done, Stored: { } stored })
            {
                // It was told to go and came back, from a backup of the PBX perhaps. It goes while the vault has it: otherwise it is the last there is.
                if (await store.FindAsync(stored.Name, cancel) == stored.Bytes)
                {
                    await pbx.DeleteStoredRecordingAsync(name, cancel);
                }

                continue;
            }

            if (known is { State: VaultState.Missing })
            {
                await index.ForgetAsync(name, cancel);
            }

            items.Add(takeIn.New(name, id, pbx.Name));
        }

        if (strange > 0)
        {
            VaultLog.Strange(log, pbx.Name, strange);
        }

        await index.EnterAsync(items, null, time.GetUtcNow(), cancel);
        return (items.Count, strange);
    }

    /// <summary>Objects of attempts that came to nothing: their keys were never written, so nobody can open them.</summary>
    private async Task<int> RemoveLeftOversAsync(CancellationToken cancel)
    {
        var removed = await store.SweepAsync(time.GetUtcNow() - LeftOverAfter, cancel);
        await foreach (var name in store.ListAsync(cancel))
        {
            if (RecordingOf(name) is not { } read || await index.FindAsync(read.Recording, cancel) is not { } item)
            {
                VaultLog.Unknown(log, name, store.Name);
            }
            else if (item.Stored?.Name != name && (item.Stored is not null || read.Attempt < item.Attempt))
            {
                await store.DeleteAsync(name, cancel);
                removed++;
            }
        }

        return removed;
    }

    /// <summary>What the vault should have, and the store has no more.</summary>
    private async Task<int> FindMissingAsync(CancellationToken cancel)
    {
        var alerts = 0;
        for (string? after = null; await index.ListAsync(VaultState.Done, after, ItemsAtOnce, cancel) is { Count: > 0 } items; after = items[^1].Recording)
        {
            foreach (var item in items)
            {
                var bytes = await store.FindAsync(item.Stored!.Name, cancel);
                if (bytes == item.Stored.Bytes || (bytes is null && await index.FindKeyAsync(item.Recording, cancel) is null))
                {
                    // As it must be, or being erased: its key went first.
                    continue;
                }

                alerts++;
                VaultLog.Damaged(log, item.Recording, store.Name, bytes is null ? "it is gone" : $"it has {bytes} bytes instead of {item.Stored.Bytes}");
            }
        }

        return alerts;
    }

    /// <summary>The recording and the attempt that an object of the store is of; null where its name is none of ours.</summary>
    internal static (string Recording, int Attempt)? RecordingOf(string objectName)
    {
        var parts = objectName.Split('.');
        return parts.Length == 3 && parts[2] == "age" && int.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out var attempt) ? (parts[0], attempt) : null;
    }
}
