using System.Globalization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// Takes recordings from the PBX into the vault when their call is over: read, encrypt and store in one stream; read back and open;
/// write key, date and place in one transaction; tell the ledger; delete the PBX's copy. In this order, so that interrupted anywhere the
/// recording is whole on the PBX or whole in the vault, and the next pass goes on where this one was. Never on a call's path: when it
/// cannot be done, recordings wait on the PBX and calls go on.
/// </summary>
public sealed class TakeIn(
    IVaultIndex index,
    IRecordingStore store,
    IRecordingCipher cipher,
    ILedger ledger,
    IEnumerable<IPbx> pbxes,
    TakeInOptions options,
    TimeProvider time,
    ILogger<TakeIn> log,
    IHolds? holds = null)
{
    /// <summary>The actor of what is erased because the ledger says so.</summary>
    public const string Actor = "vault";

    private const int EventsAtOnce = 2000;
    private const int ItemsAtOnce = 100;
    private const int BufferBytes = 128 * 1024;

    // By name: two settings entries of one name are refused before.
    private readonly Dictionary<string, IPbx> _pbxes = pbxes.ToDictionary(pbx => pbx.Name, StringComparer.Ordinal);
    private readonly VaultTelling _telling = new(ledger, time);

    /// <summary>Enters the recordings of calls that ended; then takes in what waits and can be. Answers with how many it brought to their end.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        await EnterAsync(cancel);
        var attached = _pbxes.Values.Where(pbx => pbx.Health.Attached).Select(pbx => pbx.Name).ToList();
        var done = 0;
        while (attached.Count > 0 && await index.FindDueAsync(attached, time.GetUtcNow(), ItemsAtOnce, cancel) is { Count: > 0 } due)
        {
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = options.AtOnce, CancellationToken = cancel }, async (item, stop) =>
            {
                if (await TryAsync(item, stop))
                {
                    Interlocked.Increment(ref done);
                }
            });
        }

        return done;
    }

    /// <summary>Reads in the ledger which calls ended, and enters what was recorded in them.</summary>
    private async Task EnterAsync(CancellationToken cancel)
    {
        for (long last = -1; await index.FindEndedAsync(EventsAtOnce, cancel) is var ended && ended.Position != last;)
        {
            var items = new List<VaultItem>();
            foreach (var id in ended.Calls)
            {
                if (await ledger.FindCallAsync(id, cancel) is { } call)
                {
                    items.AddRange(TakeInPolicy.Made(call.Entries).Select(name => New(name, id, call.Call.Pbx)));
                }
            }

            await index.EnterAsync(items, ended.Position, time.GetUtcNow(), cancel);
            last = ended.Position;
        }
    }

    /// <summary>A recording that nothing is known of yet but that it is on the PBX.</summary>
    internal VaultItem New(string recording, CallId call, string pbx) =>
        new(recording, call, pbx, Guid.CreateVersion7(time.GetUtcNow()), VaultState.Waiting, 0);

    private async Task<bool> TryAsync(VaultItem item, CancellationToken cancel)
    {
        if (await index.ClaimAsync(item, time.GetUtcNow() + options.Lease, cancel) is not { } claimed)
        {
            return false;
        }

        using var mine = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var holding = HoldAsync(claimed, mine);
        try
        {
            var call = await ledger.FindCallAsync(claimed.Call, mine.Token);
            var terms = call is null ? null : await FindTermsAsync(ledger, TakeInPolicy.TermsOf(call.Entries), mine.Token);
            var decision = await HeedWhatKeepsAsync(claimed, TakeInPolicy.Decide(claimed.Recording, claimed.Call, claimed.Pbx, call, terms, time.GetUtcNow()), mine.Token);
            return claimed.State == VaultState.Stored
                ? await FinishAsync(claimed, call, decision, mine.Token)
                : await TakeAsync(claimed, call, decision, mine.Token);
        }
        catch (Exception error) when (error is PbxException or RecordingStoreException or IOException or UnauthorizedAccessException
            || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // What was begun is under a name that nobody will look for; the reconciler removes it.
            var wait = options.RetryAfter(claimed.Attempt);
            VaultLog.NotTakenIn(log, claimed.Recording, claimed.Attempt, wait.TotalSeconds, error.Message);
            await index.PutOffAsync(claimed, time.GetUtcNow() + wait, error.Message, cancel);
            return false;
        }
        finally
        {
            await mine.CancelAsync();
            await holding;
        }
    }

    /// <summary>
    /// What was withdrawn and a hold covers goes into the vault, for no purpose and due already: so it goes when the hold does. What was put under retention
    /// while it waited, because the person had it restricted for example, goes there as it is: what is under retention the withdrawal sweep decides about.
    /// </summary>
    private async Task<TakeInDecision> HeedWhatKeepsAsync(VaultItem item, TakeInDecision decision, CancellationToken cancel)
    {
        if (decision is not { Verdict: TakeInVerdict.Erase, OnRecord: false })
        {
            return decision;
        }

        if (await FindEntryAsync(item, cancel) is { Retained: { } retained })
        {
            return decision with { Verdict = TakeInVerdict.Keep, Retained = retained };
        }

        if (holds is null)
        {
            return decision;
        }

        var now = time.GetUtcNow();
        var deletion = await holds.DecideWithdrawnAsync(decision.Retained, now, cancel);
        return deletion.Delete ? decision : decision with { Verdict = TakeInVerdict.Keep, Reason = deletion.Reason, Retained = decision.Retained with { RetainUntil = now } };
    }

    /// <summary>Keeps the claim as long as the work lasts: a long call to a slow store is no reason for a second worker to begin.</summary>
    private async Task HoldAsync(VaultItem item, CancellationTokenSource mine)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.Lease / 3, time, mine.Token);
                if (!await index.ExtendAsync(item, time.GetUtcNow() + options.Lease, mine.Token))
                {
                    await mine.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
        }
        catch (Exception error)
        {
            // The database is away. Storing asks it whether the claim still holds, so nothing goes wrong; the claim just ends.
            VaultLog.NotHeld(log, item.Recording, error.Message);
        }
    }

    private async Task<bool> TakeAsync(VaultItem item, OpenCall? call, TakeInDecision decision, CancellationToken cancel)
    {
        var pbx = _pbxes[item.Pbx];
        if (decision.Verdict == TakeInVerdict.Erase)
        {
            return await EraseAsync(item, call, decision, pbx, cancel);
        }

        if (await StoreAsync(item, pbx, cancel) is not var (stored, wrappedKey))
        {
            return await LoseAsync(item, call, cancel);
        }

        var kept = item with { Stored = stored, Quarantined = decision.Verdict == TakeInVerdict.Quarantine };
        if (!await index.StoreAsync(kept, stored, wrappedKey, decision.Retained, cancel))
        {
            // Somebody else was given it, or it was erased meanwhile: what this attempt made is nobody's.
            await store.DeleteAsync(stored.Name, cancel);
            return false;
        }

        return await FinishAsync(kept with { State = VaultState.Stored }, call, decision, cancel);
    }

    /// <summary>
    /// One pass from the PBX to the store, and one back: what cannot be opened as it was is not stored. That each of its chunks opens with
    /// the recording's own key, in order and to the marked end, is proof that it is what was encrypted: no hash says more. The hash for the
    /// ledger is of what came back, too. Null when the PBX does not have it.
    /// </summary>
    private async Task<(StoredObject Stored, byte[] WrappedKey)?> StoreAsync(VaultItem item, IPbx pbx, CancellationToken cancel)
    {
        var name = ObjectName(item);
        if (!RecordingObjectName.IsGood(name))
        {
            // Entered by a version that entered whatever lay there; the comparison tells of such names, and enters them no more.
            throw new RecordingStoreException($"no store takes its name: on {item.Pbx}, delete it, or leave only small letters, digits and hyphens in its name");
        }

        await using var plain = await pbx.OpenStoredRecordingAsync(item.Recording, cancel);
        if (plain is null)
        {
            return null;
        }

        using var seal = await cipher.NewAsync(item.Recording, cancel);
        await using var heard = Measured(plain);
        await using var encrypted = seal.Encrypt(heard);
        await using var written = Measured(encrypted);
        var bytes = await store.PutAsync(name, written, cancel);

        var file = await pbx.FindStoredRecordingAsync(item.Recording, cancel);
        if (file is null || file.Bytes != heard.Bytes)
        {
            throw new IOException($"the PBX has {file?.Bytes ?? 0} bytes of it and gave {heard.Bytes}");
        }

        await using var back = await store.OpenAsync(name, cancel) ?? throw new IOException($"{store.Name} does not have {name}, which it has just taken");
        await using var read = Measured(back, hashed: true);
        await using var opened = await seal.DecryptAsync(read, cancel);
        await using var again = Measured(opened);
        await again.CopyToAsync(Stream.Null, BufferBytes, cancel);
        return again.Bytes == heard.Bytes && read.Bytes == written.Bytes
            ? (new StoredObject(name, bytes, read.Sha256, (long)file.Length.TotalMilliseconds, heard.Silent, time.GetUtcNow()), seal.WrappedKey.ToArray())
            : throw new IOException($"{store.Name} does not give {name} back as it was stored");
    }

    private MeasuredStream Measured(Stream stream, bool hashed = false) => new(stream, hashed, options.Patience, time);

    /// <summary>The ledger gets to know, and the PBX's copy goes.</summary>
    private async Task<bool> FinishAsync(VaultItem item, OpenCall? call, TakeInDecision decision, CancellationToken cancel)
    {
        var stored = item.Stored!;

        // Decided about before it was here, it may be kept for less than taking it in would say.
        var retained = await FindEntryAsync(item, cancel) is { Retained: { } known } ? known : decision.Retained;
        if (!await _telling.StoredAsync(item, call, retained.RetainUntil))
        {
            await index.PutOffAsync(item, time.GetUtcNow() + options.RetryAfter(item.Attempt), "the ledger did not take it", cancel);
            return false;
        }

        var pbx = _pbxes[item.Pbx];
        await pbx.DeleteStoredRecordingAsync(item.Recording, cancel);
        if (await pbx.FindStoredRecordingAsync(item.Recording, cancel) is not null)
        {
            throw new IOException("the PBX still has it after it was told to delete it");
        }

        if (item.Quarantined)
        {
            VaultLog.Quarantined(log, item.Recording);
        }
        else if (stored.Silent)
        {
            VaultLog.Silent(log, item.Recording);
        }

        if (!await index.MoveAsync(item, VaultState.Done, null, cancel))
        {
            return false;
        }

        VaultLog.TakenIn(log, item.Recording, stored.Bytes, store.Name);
        return true;
    }

    /// <summary>What was withdrawn, or erased, is not kept because the PBX still had it.</summary>
    private async Task<bool> EraseAsync(VaultItem item, OpenCall? call, TakeInDecision decision, IPbx pbx, CancellationToken cancel)
    {
        await pbx.DeleteStoredRecordingAsync(item.Recording, cancel);
        if (await pbx.FindStoredRecordingAsync(item.Recording, cancel) is not null)
        {
            throw new IOException("it is to be erased, and the PBX still has it after it was told to delete it");
        }

        // What an interrupted attempt left in the store: when the recording is forgotten, nobody knows any more that it is nobody's.
        for (var attempt = 1; attempt < item.Attempt; attempt++)
        {
            await store.DeleteAsync(ObjectName(item with { Attempt = attempt }), cancel);
        }

        if (!decision.OnRecord)
        {
            if (!await IsOursAsync(item, cancel))
            {
                // Somebody has had it erased meanwhile: that is told once, by whoever carries it out.
                return false;
            }

            if (!await _telling.AppendAsync(item, call, new RecordingErased(item.Recording, decision.Reason) { Actor = Actor }))
            {
                throw new IOException("the ledger did not take its erasure");
            }
        }

        await index.ForgetAsync(item.Recording, cancel);
        return true;
    }

    /// <summary>It should be there, and is not: an event and an alert, unless the ledger has told already that there is none.</summary>
    private async Task<bool> LoseAsync(VaultItem item, OpenCall? call, CancellationToken cancel)
    {
        if (!await IsOursAsync(item, cancel))
        {
            // It is not lost: whoever erases it took it, or whoever took it in.
            return false;
        }

        if (call?.Entries.Any(entry => entry.Event is RecordingFailed failed && failed.Recording == item.Recording && RecordingFailures.AreAnEnd(failed.Reason)) != true)
        {
            VaultLog.Lost(log, item.Recording, item.Pbx);
            if (!await _telling.AppendAsync(item, call, new RecordingFailed(item.Recording, RecordingFailures.Lost, "the PBX does not have it any more", 0, 0)))
            {
                throw new IOException("the ledger did not take that it is missing");
            }
        }

        return await index.MoveAsync(item, VaultState.Missing, "the PBX does not have it", cancel);
    }

    private async Task<VaultEntry?> FindEntryAsync(VaultItem item, CancellationToken cancel) =>
        await index.SearchAsync(new VaultSearch(1, Recording: item.Recording), cancel) is [var entry] ? entry : null;

    /// <summary>Whether this attempt is still the newest and nobody erases the recording, or has wholly erased it: what is gone from the PBX then, or is to go, is told of by them.</summary>
    private async Task<bool> IsOursAsync(VaultItem item, CancellationToken cancel) =>
        await FindEntryAsync(item, cancel) is { Erasing: false } entry && entry.Item.Attempt == item.Attempt;

    /// <summary>The terms of this hash; null where the call names none, or the ledger does not have them.</summary>
    internal static async Task<Terms?> FindTermsAsync(ILedger ledger, string? sha256, CancellationToken cancel) =>
        sha256 is not null
        && (await ledger.FindCallAsync(TermsEntries.RowOf(sha256), cancel))?.Entries.Select(entry => entry.Event).OfType<TermsInForce>().FirstOrDefault() is { } written
            ? WrittenTerms.Read(written.Json, sha256)
            : null;

    /// <summary>A name of its own for each attempt: what an interrupted one left behind is never taken for the whole.</summary>
    internal static string ObjectName(VaultItem item) => string.Create(CultureInfo.InvariantCulture, $"{item.Recording}.{item.Attempt}.age");
}
