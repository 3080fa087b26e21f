using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.TestKit.Fakes;

/// <summary>A ledger in memory with the contract of the real ones; faults are scripted.</summary>
public sealed class FakeLedger(TimeProvider time) : ILedger
{
    private readonly Dictionary<CallId, CallRow> _rows = [];

    /// <summary>All entries taken, in order, deferred ones included.</summary>
    public List<LedgerEntry> Entries { get; } = [];

    /// <summary>Event ids of entries that were only deferred.</summary>
    public HashSet<Guid> Deferred { get; } = [];

    /// <summary>Asked at each append: what becomes of it, and after how long.</summary>
    public Func<LedgerBatch, (AppendResult Result, TimeSpan After)> Fault { get; set; } = _ => (AppendResult.Committed, TimeSpan.FromMilliseconds(1));

    /// <summary>Whether reading fails.</summary>
    public bool Unreadable { get; set; }

    public LedgerHealth Health => new(true, Deferred.Count, "fake");

    public async ValueTask<AppendResult> AppendAsync(LedgerBatch batch)
    {
        var (result, after) = Fault(batch);
        await Task.Delay(after, time);
        if (result == AppendResult.Lost)
        {
            return result;
        }

        if (batch.Call is { } row)
        {
            _rows.TryAdd(row.Id, row);
        }

        foreach (var entry in batch.Entries)
        {
            var secondEnd = entry.Event is CallEnded && Entries.Any(other => other.CallId == entry.CallId && other.Event is CallEnded);
            if (!secondEnd && Entries.All(other => other.EventId != entry.EventId))
            {
                Entries.Add(entry);
                if (result == AppendResult.Deferred)
                {
                    Deferred.Add(entry.EventId);
                }
            }
        }

        return result;
    }

    public Task<IReadOnlyList<OpenCall>> FindOpenCallsAsync(string pbx, CancellationToken cancel)
    {
        ThrowIfUnreadable();
        return Task.FromResult<IReadOnlyList<OpenCall>>(
        [
            .. _rows.Values.Where(row => row.Pbx == pbx && !Of(row.Id).Any(entry => entry.Event is CallEnded)).Select(row => new OpenCall(row, Of(row.Id)))
        ]);
    }

    public Task<OpenCall?> FindCallAsync(CallId id, CancellationToken cancel)
    {
        ThrowIfUnreadable();
        return Task.FromResult(_rows.TryGetValue(id, out var row) ? new OpenCall(row, Of(id)) : null);
    }

    /// <summary>The events of a call, in order.</summary>
    public IReadOnlyList<LedgerEntry> Of(CallId id) => [.. Entries.Where(entry => entry.CallId == id).OrderBy(entry => entry.CallSequence)];

    private void ThrowIfUnreadable()
    {
        if (Unreadable)
        {
            throw new InvalidOperationException("The database is away.");
        }
    }
}
