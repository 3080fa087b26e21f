using System.Runtime.CompilerServices;
using IvrConsent.Core.Ledger;

namespace IvrConsent.TestKit.Fakes;

/// <summary>Reads a <see cref="FakeLedger"/>: the position is the place in its list; deferred entries are not shown.</summary>
public sealed class FakeLedgerReader(FakeLedger ledger) : ILedgerReader
{
    public async IAsyncEnumerable<LedgerLine> ReadAsync(LedgerQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var lines = new List<LedgerLine>();
        for (var i = 0; i < ledger.Entries.Count; i++)
        {
            var entry = ledger.Entries[i];
            if (!ledger.Deferred.Contains(entry.EventId) && await ledger.FindCallAsync(entry.CallId, cancel) is { } call)
            {
                lines.Add(new LedgerLine(i + 1, call.Call, entry));
            }
        }

        var asked = lines.Where(line =>
            (query.Call is null || line.Call.Id == query.Call)
            && (query.Subject is null || line.Call.Subject == query.Subject)
            && (query.Event is null || line.Entry.EventId == query.Event)
            && (query.EventType is null || line.Entry.Event.GetType().Name == query.EventType)
            && (query.Line is null || line.Call.Line == query.Line));
        foreach (var line in query.Limit > 0 ? asked.Reverse().Take(query.Limit) : asked)
        {
            yield return line;
        }
    }
}
