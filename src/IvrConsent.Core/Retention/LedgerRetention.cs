using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Retention;

/// <summary>How long the ledger can tell whose its entries are.</summary>
/// <param name="KeptFor">
/// From a person's last call or entry on; null: for ever, as a consent must be provable as long as something rests on it (GDPR art. 7(1)),
/// and only the controller knows how long that is.
/// </param>
public sealed record LedgerRetentionOptions(TimeSpan? KeptFor = null);

/// <summary>A person of whom nothing has come for long, and whom nothing else keeps known.</summary>
/// <param name="Subject">Who.</param>
/// <param name="Calls">How many calls of his still say on which channel and to which number they went.</param>
public sealed record IdlePerson(SubjectId Subject, int Calls);

/// <summary>What the ledger no longer tells.</summary>
/// <param name="Persons">Persons whose number's mapping is deleted.</param>
/// <param name="Calls">Calls that lost channel and number dialled.</param>
public readonly record struct Forgotten(int Persons, int Calls)
{
    /// <summary>Both together.</summary>
    public static Forgotten operator +(Forgotten one, Forgotten other) => new(one.Persons + other.Persons, one.Calls + other.Calls);
}

/// <summary>What was forgotten and is not told in the ledger yet.</summary>
/// <param name="EventId">The event that will tell it: chosen with the deletion, so that it is written once however often this is resumed.</param>
/// <param name="What">How much.</param>
/// <param name="Before">Whose last call or entry was before this.</param>
/// <param name="At">When it was done.</param>
public sealed record UntoldForgetting(Guid EventId, Forgotten What, DateTimeOffset Before, DateTimeOffset At);

/// <summary>
/// What of the ledger identifies, and how it goes: the mapping of a number, and of a call its channel and the number dialled. The events stay, of a random
/// subject, and the tree over them stays whole. Safe for concurrent use by several processes; throws the storage's own exception when the database is away.
/// </summary>
public interface ILedgerRetention
{
    /// <summary>
    /// Persons without a call or an entry since <paramref name="before"/>, by id, whom nothing keeps known: no recording, no hold in force on them or one of
    /// their calls, no open request, no wish not to be called, which can be heeded only as long as the number is known (GDPR art. 21(3)).
    /// </summary>
    Task<IReadOnlyList<IdlePerson>> FindIdleAsync(DateTimeOffset before, DateTimeOffset now, SubjectId? after, int limit, CancellationToken cancel);

    /// <summary>Calls that ended before the date, are nobody's any more or never were (a number withheld), and that nothing keeps; by id.</summary>
    Task<IReadOnlyList<CallId>> FindIdleCallsAsync(DateTimeOffset before, DateTimeOffset now, CallId? after, int limit, CancellationToken cancel);

    /// <summary>
    /// Deletes what is to be told no longer of those persons and calls for which all of the above still holds, and notes that it is untold; in one transaction.
    /// </summary>
    Task<Forgotten> ForgetAsync(IReadOnlyList<SubjectId> persons, IReadOnlyList<CallId> calls, DateTimeOffset before, DateTimeOffset now, CancellationToken cancel);

    /// <summary>What is not told yet.</summary>
    Task<IReadOnlyList<UntoldForgetting>> FindUntoldAsync(CancellationToken cancel);

    /// <summary>Notes that it is told.</summary>
    Task ToldAsync(Guid eventId, CancellationToken cancel);
}

/// <summary>
/// Lets the ledger forget whose entries are old, in bounded batches. Interrupted anywhere it goes on where it was, and what was done is told once.
/// Runs as part of <see cref="RetentionSweep"/>, which sees to it that one runs at a time.
/// </summary>
public sealed class LedgerRetention(ILedgerRetention table, IRetention retention, LedgerRetentionOptions options, ILedger ledger, TimeProvider time)
{
    /// <summary>Persons or calls per transaction: small, because a hold waits for it.</summary>
    public const int BatchSize = 200;

    private const string None = "-";

    /// <summary>Forgets what is due.</summary>
    public async Task<Forgotten> RunAsync(CancellationToken cancel)
    {
        var done = default(Forgotten);
        if (Before is { } before)
        {
            await foreach (var page in ReadPersonsAsync(before, cancel))
            {
                done += await table.ForgetAsync([.. page.Select(person => person.Subject)], [], before, time.GetUtcNow(), cancel);
            }

            await foreach (var page in ReadCallsAsync(before, cancel))
            {
                done += await table.ForgetAsync([], page, before, time.GetUtcNow(), cancel);
            }
        }

        // Also where the setting was taken out since: what was done is told.
        await TellAsync(cancel);
        return done;
    }

    /// <summary>What would be forgotten now.</summary>
    public async Task<Forgotten> TryAsync(CancellationToken cancel)
    {
        var would = default(Forgotten);
        if (Before is { } before)
        {
            await foreach (var page in ReadPersonsAsync(before, cancel))
            {
                would += new Forgotten(page.Count, page.Sum(person => person.Calls));
            }

            await foreach (var page in ReadCallsAsync(before, cancel))
            {
                would += new Forgotten(0, page.Count);
            }
        }

        return would;
    }

    private DateTimeOffset? Before => options.KeptFor is { } kept ? time.GetUtcNow() - kept : null;

    private async IAsyncEnumerable<IReadOnlyList<IdlePerson>> ReadPersonsAsync(DateTimeOffset before, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        SubjectId? after = null;
        while (await table.FindIdleAsync(before, time.GetUtcNow(), after, BatchSize, cancel) is { Count: > 0 } page)
        {
            after = page[^1].Subject;
            yield return page;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<CallId>> ReadCallsAsync(DateTimeOffset before, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        CallId? after = null;
        while (await table.FindIdleCallsAsync(before, time.GetUtcNow(), after, BatchSize, cancel) is { Count: > 0 } page)
        {
            after = page[^1];
            yield return page;
        }
    }

    private async Task TellAsync(CancellationToken cancel)
    {
        var untold = await table.FindUntoldAsync(cancel);

        // Gone from the files of the database before the ledger says so.
        if (untold.Count > 0 && !await retention.ScrubAsync(cancel))
        {
            return;
        }

        foreach (var one in untold)
        {
            var record = CallId.FromChannel(None, one.EventId.ToString("N"), one.At);
            var fact = new NumbersForgotten(one.What.Persons, one.What.Calls, one.Before, RetentionSweep.Actor);
            var batch = new LedgerBatch(
                new CallRow(record, None, None, null, string.Empty, null, one.At) { Kind = CallKind.Record },
                [new LedgerEntry(one.EventId, record, 1, one.At, fact)]);

            // Deferred is enough: the entry is on a disk, and the ledger will have it once.
            if (await ledger.AppendAsync(batch) != AppendResult.Lost)
            {
                await table.ToldAsync(one.EventId, cancel);
            }
        }
    }
}
