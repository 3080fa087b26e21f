using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Rights;

/// <summary>A step that the rules do not allow, with the reason in words.</summary>
public sealed class RightsRefusedException(string message) : Exception(message);

/// <summary>The ledger did not take the entry of something that was done; the message says what.</summary>
public sealed class RightsUntoldException(string message) : Exception(message);

/// <summary>Writes what was done into the ledger, under records of their own.</summary>
public sealed class RightsLog(ILedger ledger, TimeProvider time)
{
    /// <summary>PBX and channel of what is no call.</summary>
    private const string None = "-";

    /// <summary>The time in whole milliseconds.</summary>
    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>An id for a new record.</summary>
    public CallId NewId() => CallId.FromChannel(None, Guid.NewGuid().ToString("N"), Now);

    /// <summary>Begins a record.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="subject">Whose; null: nobody's, or nobody known.</param>
    /// <param name="line">The line; null: none.</param>
    /// <param name="fact">The first entry.</param>
    /// <param name="done">What was done already and would be untold, for the message.</param>
    public Task BeginAsync(CallId id, SubjectId? subject, string? line, CallEvent fact, string done) =>
        AppendAsync(new CallRow(id, None, None, line, string.Empty, null, Now) { Subject = subject, Kind = CallKind.Record }, id, 1, fact, done);

    /// <summary>Puts on record that somebody asked by a telephone number, before he is told what there is.</summary>
    /// <param name="subject">Whose number it is; null: the ledger does not know it.</param>
    /// <param name="actor">Who asked.</param>
    /// <param name="reason">Why.</param>
    /// <exception cref="RightsUntoldException">The ledger did not take it: the answer is not to be given.</exception>
    public Task TellSearchAsync(SubjectId? subject, string actor, string reason) =>
        BeginAsync(NewId(), subject, null, new NumberSearched(actor, reason), "Nothing was told");

    /// <summary>Adds to a record or a call.</summary>
    public async Task AddAsync(CallId id, CallEvent fact, string done, CancellationToken cancel)
    {
        // Behind the last entry; should another take the number meanwhile, the ledger moves this one behind it.
        var record = await ledger.FindCallAsync(id, cancel);
        await AppendAsync(null, id, record is { Entries.Count: > 0 } known ? known.Entries.Max(entry => entry.CallSequence) + 1 : 1, fact, done);
    }

    private async Task AppendAsync(CallRow? row, CallId id, int sequence, CallEvent fact, string done)
    {
        if (await ledger.AppendAsync(new LedgerBatch(row, [new LedgerEntry(Guid.CreateVersion7(Now), id, sequence, Now, fact)])) == AppendResult.Lost)
        {
            throw new RightsUntoldException($"{done}, but neither the ledger nor its spool took the entry {fact.GetType().Name} of record {id}. See to the database and the disk, and note it by hand.");
        }
    }
}
