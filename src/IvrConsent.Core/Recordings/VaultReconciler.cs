using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
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
    private const int MostExamples = 5;

    /// <summary>What an interrupted upload leaves behind is removed when it is older than this.</summary>
    private static readonly TimeSpan LeftOverAfter = TimeSpan.FromDays(1);

    private readonly IPbx[] _pbxes = [.. pbxes];

    /// <summary>Compares everything once. A PBX or store that cannot be reached is left for the next time, as the report says.</summary>
    public async Task<ReconcileReport> RunAsync(CancellationToken cancel)
    {
        var (pbxs, stored) = (await ComparePbxsAsync(cancel), await CompareStoreAsync(cancel));
        var troubles = string.Join("; ", new[] { pbxs.NotCompared, stored.NotCompared }.OfType<string>());
        return new ReconcileReport(pbxs.Entered, stored.Removed, pbxs.Alerts + stored.Alerts, troubles.Length == 0 ? null : troubles);
    }

    /// <summary>The one half: what lies on the PBXs.</summary>
    public async Task<ReconcileReport> ComparePbxsAsync(CancellationToken cancel)
    {
        var (entered, alerts) = (0, 0);
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

        foreach (var absent in await PbxBacklog.FindAbsentAsync(index, _pbxes.Select(pbx => pbx.Name), time.GetUtcNow(), cancel))
        {
            alerts++;
            VaultLog.Absent(log, absent.Pbx, absent.Words);
        }

        return Tell(entered, 0, alerts, troubles);
    }

    /// <summary>The other half: what is in the store. It is listed wholly, which is not done again and again because a PBX does not answer.</summary>
    public async Task<ReconcileReport> CompareStoreAsync(CancellationToken cancel)
    {
        var leftOvers = new List<string>();
        var troubles = new SortedSet<string>(StringComparer.Ordinal);
        var alerts = await GuardAsync(store.Name, troubles, async () => await FindMissingAsync(await ListStoreAsync(leftOvers, cancel), cancel));
        var removed = troubles.Count == 0 ? await RemoveAsync(leftOvers, cancel) : 0;
        return Tell(0, removed, alerts, troubles);
    }

    private ReconcileReport Tell(int entered, int removed, int alerts, SortedSet<string> troubles)
    {
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
        var (strange, unnamed) = (0, 0);
        var live = (await pbx.FindLiveRecordingsAsync(cancel)).Select(one => one.Recording.Name).ToHashSet(StringComparer.Ordinal);
        var items = new List<VaultItem>();
        foreach (var name in await pbx.ListStoredRecordingsAsync(cancel))
        {
            if (live.Contains(name) || RecordingNames.CallOf(name) is not { } id)
            {
                continue;
            }

            if (RecordingOf(TakeIn.ObjectName(takeIn.New(name, id, pbx.Name))) is null)
            {
                // Somebody's copy beside ours, for example: no store takes the name, and what cannot be stored must not be begun with again and again.
                unnamed++;
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

        if (unnamed > 0)
        {
            VaultLog.Unnamed(log, pbx.Name, unnamed);
        }

        await index.EnterAsync(items, null, time.GetUtcNow(), cancel);
        return (items.Count, strange + unnamed);
    }

    /// <summary>
    /// Goes through all objects of the store once. Answers with the recordings that have theirs at full length, by their fingerprints, which are 16
    /// bytes each: a million are not asked for one by one. Finds objects of attempts that came to nothing, whose keys were never written.
    /// </summary>
    private async Task<HashSet<UInt128>> ListStoreAsync(List<string> leftOvers, CancellationToken cancel)
    {
        var whole = new HashSet<UInt128>();
        var (unknown, examples) = (0L, new List<string>());
        await foreach (var objects in store.ListAsync(cancel).Chunk(ItemsAtOnce).WithCancellation(cancel))
        {
            var items = (await index.FindAsync([.. objects.Select(one => RecordingOf(one.Name)?.Recording).OfType<string>().Distinct()], cancel))
                .ToDictionary(item => item.Recording, StringComparer.Ordinal);
            foreach (var (name, bytes) in objects)
            {
                if (RecordingOf(name) is not { } read || !items.TryGetValue(read.Recording, out var item))
                {
                    if (++unknown <= MostExamples)
                    {
                        examples.Add(name);
                    }
                }
                else if (item.Stored?.Name == name)
                {
                    if (bytes == item.Stored.Bytes)
                    {
                        whole.Add(Fingerprint(item.Recording));
                    }
                }
                else if (IsLeftOver(item, name, read.Attempt))
                {
                    leftOvers.Add(name);
                }
            }
        }

        if (unknown > 0)
        {
            VaultLog.Unknown(log, unknown, store.Name, string.Join(", ", examples));
        }

        return whole;
    }

    private static UInt128 Fingerprint(string recording) => BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(recording)));

    /// <summary>What cannot be removed now (locked until a date, for example) keeps nothing else, and is no reason to compare again before the hour is over.</summary>
    private async Task<int> RemoveAsync(List<string> leftOvers, CancellationToken cancel)
    {
        var (removed, trouble) = (0, (string?)null);
        async Task TryAsync(Func<Task<int>> remove)
        {
            try
            {
                removed += await remove();
            }
            catch (RecordingStoreException error)
            {
                trouble ??= error.Message;
            }
        }

        await TryAsync(() => store.SweepAsync(time.GetUtcNow() - LeftOverAfter, cancel));
        foreach (var name in leftOvers)
        {
            // Once more: since it was listed, the recording may have been given up and entered anew, and its attempts count from one again.
            if (RecordingOf(name) is { } read && await index.FindAsync(read.Recording, cancel) is { } item && IsLeftOver(item, name, read.Attempt))
            {
                await TryAsync(async () =>
                {
                    await store.DeleteAsync(name, cancel);
                    return 1;
                });
            }
        }

        if (trouble is not null)
        {
            VaultLog.NotRemoved(log, store.Name, trouble);
        }

        return removed;
    }

    private static bool IsLeftOver(VaultItem item, string name, int attempt) => item.Stored is { } stored ? stored.Name != name : attempt < item.Attempt;

    /// <summary>What the vault should have, and the store has no more. What was not listed is asked for by name: it may have been stored since.</summary>
    private async Task<int> FindMissingAsync(HashSet<UInt128> whole, CancellationToken cancel)
    {
        var alerts = 0;
        for (string? after = null; await index.ListAsync(VaultState.Done, after, ItemsAtOnce, cancel) is { Count: > 0 } items; after = items[^1].Recording)
        {
            foreach (var item in items.Where(item => !whole.Contains(Fingerprint(item.Recording))))
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

    /// <summary>The recording and the attempt that an object of the store is of; null where its name is none of ours, or none that a store takes.</summary>
    internal static (string Recording, int Attempt)? RecordingOf(string objectName)
    {
        var parts = objectName.Split('.');
        return RecordingObjectName.IsGood(objectName) && parts.Length == 3 && parts[2] == "age" && int.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out var attempt) ? (parts[0], attempt) : null;
    }
}
