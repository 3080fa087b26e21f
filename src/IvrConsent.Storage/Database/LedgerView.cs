using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>
/// Calls as they will stand in the ledger once the spool is empty: what the database has, with what waits put to it by the rules
/// that the database itself goes by.
/// </summary>
internal sealed class LedgerView
{
    private readonly Dictionary<CallId, CallView> _calls = [];

    /// <summary>An entry of the database. All of these come before the first of the spool.</summary>
    public void Add(LedgerLine line) => Get(line.Call.Id, line.Call).Add(line.Entry);

    /// <summary>A batch of the spool.</summary>
    public void Add(LedgerBatch batch)
    {
        var call = Get(batch.Entries[0].CallId, batch.Call);
        foreach (var entry in batch.Entries)
        {
            call.Add(entry);
        }
    }

    /// <summary>One call, or null.</summary>
    public OpenCall? Find(CallId id) => _calls.TryGetValue(id, out var call) ? call.ToOpenCall(id) : null;

    /// <summary>The calls of a PBX without an end, oldest first.</summary>
    public IReadOnlyList<OpenCall> Open(string pbx) =>
    [
        .. _calls.Where(c => !c.Value.Ended)
            .Select(c => c.Value.ToOpenCall(c.Key))
            .Where(c => c.Call.Pbx == pbx && c.Call.Kind != CallKind.Record)
            .OrderBy(c => c.Call.ArrivedAt).ThenBy(c => c.Call.Id),
    ];

    private CallView Get(CallId id, CallRow? row)
    {
        if (!_calls.TryGetValue(id, out var call))
        {
            _calls[id] = call = new CallView();
        }

        call.Row ??= row;
        return call;
    }

    private sealed class CallView
    {
        private readonly SortedList<int, LedgerEntry> _entries = [];
        private readonly HashSet<Guid> _ids = [];

        public CallRow? Row { get; set; }

        public bool Ended { get; private set; }

        public void Add(LedgerEntry entry)
        {
            if ((entry.Event is CallEnded && Ended) || !_ids.Add(entry.EventId))
            {
                return;
            }

            Ended |= entry.Event is CallEnded;
            var sequence = _entries.ContainsKey(entry.CallSequence) ? _entries.Keys[^1] + 1 : entry.CallSequence;
            _entries.Add(sequence, entry with { CallSequence = sequence, At = LedgerRows.Milliseconds(entry.At) });
        }

        public OpenCall ToOpenCall(CallId id) => new(Row ?? LedgerRows.StandIn(id), [.. _entries.Values]);
    }
}
