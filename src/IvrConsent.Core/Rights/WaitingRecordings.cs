using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;

namespace IvrConsent.Core.Rights;

/// <summary>A recording that the ledger says was made, that was not erased, and about whose keeping nothing is written yet: it lies on the PBX.</summary>
/// <param name="Recording">As taking it in would keep it.</param>
/// <param name="Since">When it was begun.</param>
/// <param name="Over">Whether its call is over; else it may still be running.</param>
/// <param name="Lost">Whether it is known that the PBX does not have it any more.</param>
/// <param name="Going">Whether it is on record that it is to be erased: taking it in will.</param>
public sealed record WaitingRecording(RetainedRecording Recording, DateTimeOffset Since, bool Over, bool Lost, bool Going);

/// <summary>
/// Finds what there is of a person beyond what is under retention: by the ledger, as it may wait on a PBX for a store that is away, or for
/// ever where there is no vault.
/// </summary>
public sealed class WaitingRecordings(ILedger ledger, ILedgerReader reader, IRetention retention, IEnumerable<IVaultIndex> vault, TimeProvider time)
{
    private const int Page = 200;

    /// <summary>Those that a case is about, by the time of their calls.</summary>
    public async Task<IReadOnlyList<WaitingRecording>> FindAsync(RequestCase request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        var calls = new Dictionary<CallId, (CallRow Row, List<LedgerEntry> Entries)>();
        await foreach (var line in reader.ReadAsync(request.Call is { } one ? new LedgerQuery(Call: one) : new LedgerQuery(Subject: request.Subject), cancel))
        {
            if (line.Call.Kind != CallKind.Record)
            {
                (calls.TryGetValue(line.Call.Id, out var call) ? call : calls[line.Call.Id] = (line.Call, [])).Entries.Add(line.Entry);
            }
        }

        var kept = await ReadKeptAsync(request, cancel);
        var terms = new Dictionary<string, Terms?>(StringComparer.Ordinal);
        var found = new List<WaitingRecording>();
        foreach (var (row, unordered) in calls.Values.OrderBy(call => call.Row.ArrivedAt))
        {
            LedgerEntry[] entries = [.. unordered.OrderBy(entry => entry.CallSequence)];
            foreach (var name in TakeInPolicy.Made(entries).Where(name => !kept.Contains(name) && IsSomewhere(name, entries)))
            {
                var hash = TakeInPolicy.TermsOf(entries) ?? string.Empty;
                if (!terms.TryGetValue(hash, out var of))
                {
                    terms[hash] = of = hash.Length == 0 ? null : await TakeIn.FindTermsAsync(ledger, hash, cancel);
                }

                if (await LookAsync(name, row, entries, of, cancel) is { } waiting)
                {
                    found.Add(waiting);
                }
            }
        }

        return found;
    }

    /// <summary>Null: the vault has it, or had it and is done with it.</summary>
    private async Task<WaitingRecording?> LookAsync(string name, CallRow row, LedgerEntry[] entries, Terms? terms, CancellationToken cancel)
    {
        VaultItem? item = null;
        foreach (var index in vault)
        {
            item ??= await index.FindAsync(name, cancel);
        }

        if (item is { Stored: not null })
        {
            return null;
        }

        var started = entries.First(entry => entry.Event is RecordingStarted begun && begun.Recording == name);
        var decision = TakeInPolicy.Decide(name, row.Id, row.Pbx, new OpenCall(row, entries), terms, time.GetUtcNow());
        return new WaitingRecording(
            decision.Retained,
            ((RecordingStarted)started.Event).StartedAt ?? started.At,
            Over: entries.Any(entry => entry.Event is CallEnded),
            Lost: item?.State == VaultState.Missing || (item is null && entries.Any(entry => entry.Event is RecordingFailed { Reason: RecordingFailures.Missing or RecordingFailures.Lost } failed && failed.Recording == name)),
            Going: decision.Verdict == TakeInVerdict.Erase);
    }

    /// <summary>Whether there may be anything of it: it was begun, and neither erased nor stopped and deleted.</summary>
    private static bool IsSomewhere(string name, LedgerEntry[] entries) => !entries.Any(entry =>
        (entry.Event is RecordingErased erased && erased.Recording == name)
        || (entry.Event is RecordingFailed { Reason: RecordingFailures.NotStarted or RecordingFailures.NoConsent } failed && failed.Recording == name));

    /// <summary>What is under retention, or decided to go and not wholly gone.</summary>
    private async Task<HashSet<string>> ReadKeptAsync(RequestCase request, CancellationToken cancel)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        for (string? after = null; await retention.FindAsync(request.Subject, request.Call, after, Page, cancel) is { Count: > 0 } page; after = page[^1].Name)
        {
            kept.UnionWith(page.Select(recording => recording.Name));
        }

        for (string? after = null; await retention.FindPendingAsync(after, Page, cancel) is { Count: > 0 } page; after = page[^1].Recording.Name)
        {
            kept.UnionWith(page.Select(pending => pending.Recording.Name));
        }

        return kept;
    }
}
