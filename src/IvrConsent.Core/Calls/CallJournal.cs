using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Calls;

/// <summary>
/// Writes one call's events to the ledger: numbers them, keeps their times from falling, and tells what became of them.
/// Safe for concurrent use: what is told in the call goes on beside it.
/// </summary>
internal sealed class CallJournal(ILedger ledger, TimeProvider time, CallRow row, IReadOnlyList<LedgerEntry> earlier)
{
    private readonly Lock _gate = new();
    private readonly List<Task<AppendResult>> _posted = [];
    private int _sequence = earlier.Count == 0 ? 0 : earlier.Max(entry => entry.CallSequence);
    private DateTimeOffset _last = earlier.Count == 0 ? DateTimeOffset.MinValue : earlier.Max(entry => entry.At);
    private bool _rowWritten = earlier.Count > 0;

    /// <summary>How the call stands by all that was written so far.</summary>
    public CallStanding Standing { get; } = CallStanding.Of(earlier.Select(entry => entry.Event));

    /// <summary>Appends and waits for the answer: for what must be on record before the next step.</summary>
    public async Task<AppendResult> CommitAsync(params CallEvent[] events) => await Append(events, canWait: false);

    /// <summary>Appends what has happened anyway, together with others where that saves a commit, and waits for it to be on record.</summary>
    public async Task CloseAsync(params CallEvent[] events) => await Append(events, canWait: true);

    /// <summary>Appends without waiting: for what has happened anyway. Order is kept; <see cref="FlushAsync"/> waits for all.</summary>
    public void Post(params CallEvent[] events)
    {
        var append = Append(events, canWait: true);
        if (!append.IsCompletedSuccessfully)
        {
            lock (_gate)
            {
                _posted.Add(append.AsTask());
            }
        }
    }

    /// <summary>Waits until everything posted is committed or deferred; the ledger's commit limit bounds it.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_posted);
        }
    }

    // Numbered and handed over in one go, so that the order of numbers is the order in which the ledger gets them.
    private ValueTask<AppendResult> Append(CallEvent[] events, bool canWait)
    {
        lock (_gate)
        {
            return ledger.AppendAsync(Batch(events) with { CanWait = canWait });
        }
    }

    private LedgerBatch Batch(CallEvent[] events)
    {
        var entries = new LedgerEntry[events.Length];
        for (var i = 0; i < events.Length; i++)
        {
            var now = time.GetUtcNow().UtcDateTime;
            var at = new DateTimeOffset(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)), TimeSpan.Zero);
            _last = at > _last ? at : _last;
            entries[i] = new LedgerEntry(Guid.CreateVersion7(_last), row.Id, ++_sequence, _last, events[i]);
            Standing.Take(events[i]);
        }

        var batch = new LedgerBatch(_rowWritten ? null : row, entries);
        _rowWritten = true;
        return batch;
    }
}
