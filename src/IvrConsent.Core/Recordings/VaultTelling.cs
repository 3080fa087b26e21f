using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Recordings;

/// <summary>What the vault puts into the ledger.</summary>
internal sealed class VaultTelling(ILedger ledger, TimeProvider time)
{
    /// <summary>
    /// Says that a recording came into the vault, or was locked away in it, unless the ledger has that already. Under the id that stands in the vault's row: so
    /// whoever takes it in and whoever erases it meanwhile may both say it, and it stands once, where it was said first.
    /// </summary>
    /// <param name="item">The recording as it was stored.</param>
    /// <param name="call">Its call as the ledger has it.</param>
    /// <param name="retainUntil">Its date.</param>
    /// <returns>False: the ledger did not take it.</returns>
    public async Task<bool> StoredAsync(VaultItem item, OpenCall? call, DateTimeOffset? retainUntil)
    {
        if (call?.Entries.Any(entry => entry.EventId == item.EventId) == true)
        {
            return true;
        }

        var stored = item.Stored!;
        CallEvent fact = item.Quarantined
            ? new RecordingQuarantined(item.Recording, TakeInPolicy.WhyLocked(item.Recording, call) ?? "the ledger had no ground for it when it was taken in")
            : new RecordingStored(item.Recording, stored.Name, stored.Bytes, stored.Sha256, stored.LengthMs, retainUntil) { Silent = stored.Silent };
        return await AppendAsync(item, call, fact);
    }

    /// <summary>Appends what became of a recording, under the id that stands in the vault's row. False: the ledger did not take it.</summary>
    public async Task<bool> AppendAsync(VaultItem item, OpenCall? call, CallEvent fact)
    {
        var now = time.GetUtcNow();
        var last = call?.Entries.Count > 0 ? call.Entries[^1] : null;
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        var entry = new LedgerEntry(item.EventId, item.Call, (last?.CallSequence ?? 0) + 1, last?.At > at ? last.At : at, fact);

        // Of a call that the ledger does not know, it is a record of its own: nobody waits for that call's end.
        var row = call is null ? new CallRow(item.Call, "-", "-", null, string.Empty, null, at) { Kind = CallKind.Record } : null;
        return await ledger.AppendAsync(new LedgerBatch(row, [entry])) != AppendResult.Lost;
    }
}
