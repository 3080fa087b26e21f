using System.Collections.Concurrent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Retention;

/// <summary>What a sweep did, or would do.</summary>
/// <param name="Alone">False: another sweep runs, and this one did nothing.</param>
/// <param name="Due">Recordings whose date has come.</param>
/// <param name="Erased">Of these, deleted now: key, file and copies gone, and told in the ledger.</param>
/// <param name="Kept">Of these, kept by something else.</param>
/// <param name="Unfinished">Key destroyed, and file or ledger not done yet; the next sweep goes on with them.</param>
/// <param name="Undated">Recordings that no purpose gives a date.</param>
public sealed record SweepReport(bool Alone, int Due, int Erased, IReadOnlyList<DecidedErasure> Kept, int Unfinished, long Undated)
{
    /// <summary>Recordings that are not due, and lost their keys (or would) because the consent was withdrawn.</summary>
    public int Withdrawn { get; init; }

    /// <summary>Recordings that are not due, whose consent was withdrawn, and that something else keeps.</summary>
    public IReadOnlyList<DecidedErasure> KeptWithdrawn { get; init; } = [];

    /// <summary>What the ledger no longer tells, or would not.</summary>
    public Forgotten Forgotten { get; init; }
}

/// <summary>
/// Deletes recordings whose date has come, and those whose consent was withdrawn, in bounded batches. Interrupted anywhere it goes on where
/// it was: what was decided is in the database, with the id of the event that will tell it. Safe to run in several processes; one at a time does the work.
/// </summary>
public sealed class RetentionSweep(IRetention retention, IHolds holds, WithdrawalSweep withdrawals, ErasureFinisher finisher, LedgerRetention ledgerRetention, TimeProvider time)
{
    /// <summary>The actor of what the sweep decides.</summary>
    public const string Actor = "sweep";

    /// <summary>Recordings per transaction: small, because a hold waits for it.</summary>
    public const int BatchSize = 200;

    private const int MostKeptTold = 1000;

    /// <summary>Sweeps.</summary>
    public async Task<SweepReport> RunAsync(CancellationToken cancel)
    {
        await using var alone = await retention.TryRunAloneAsync(cancel);
        if (alone is null)
        {
            return new SweepReport(false, 0, 0, [], 0, 0);
        }

        var (due, kept, keptWithdrawn) = (0, new List<DecidedErasure>(), new List<DecidedErasure>());
        var withdrawn = await withdrawals.RunAsync(since: null, cancel);
        Add(keptWithdrawn, withdrawn.Kept.Where(one => !(one.Recording.RetainUntil <= time.GetUtcNow())));
        await foreach (var batch in ReadDueAsync(cancel))
        {
            due += batch.Count;
            var decided = await retention.DecideAsync([.. batch.Select(recording => recording.Name)], DeletionCause.RetentionEnded, Actor, time.GetUtcNow(), cancel);
            Add(kept, decided.Where(one => !one.Decision.Delete));
        }

        // What was decided before as well.
        var (erased, scrubbed) = await finisher.FinishAsync(cancel);
        if (!scrubbed)
        {
            // What somebody who read in the database kept in its files, when a number was erased or a key changed.
            await retention.ScrubAsync(cancel);
        }

        // Last: what a recording kept known may be forgotten when it is gone.
        var forgotten = await ledgerRetention.RunAsync(cancel);
        return new SweepReport(true, due, erased, kept, await finisher.CountUnfinishedAsync(cancel), await retention.CountUndatedAsync(cancel))
        {
            Withdrawn = withdrawn.Erased,
            KeptWithdrawn = keptWithdrawn,
            Forgotten = forgotten,
        };
    }

    /// <summary>
    /// Carries out the withdrawals that were put on record since a time, between two sweeps: nobody waits an hour for it. Answers with how many
    /// recordings lost their keys; none where another sweep runs, which does the same.
    /// </summary>
    public async Task<int> RunWithdrawalsAsync(DateTimeOffset since, CancellationToken cancel)
    {
        await using var alone = await retention.TryRunAloneAsync(cancel);
        var withdrawn = alone is null ? 0 : (await withdrawals.RunAsync(since, cancel)).Erased;
        if (withdrawn > 0)
        {
            await finisher.RunAsync(cancel);
        }

        return withdrawn;
    }

    /// <summary>What a sweep would do now, without doing it: the same decision on the same rows.</summary>
    public async Task<SweepReport> TryAsync(CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var inForce = await holds.ListAsync(inForceOnly: true, now, cancel);
        var (due, erased, kept) = (0, 0, new List<DecidedErasure>());
        await foreach (var batch in ReadDueAsync(cancel))
        {
            due += batch.Count;
            var decided = batch.Select(recording => new DecidedErasure(recording, DeletionPolicy.Decide(recording, DeletionCause.RetentionEnded, inForce, now))).ToList();
            erased += decided.Count(one => one.Decision.Delete);
            Add(kept, decided.Where(one => !one.Decision.Delete));
        }

        var (withdrawn, keptWithdrawn) = (0, new List<DecidedErasure>());
        await foreach (var page in withdrawals.FindAsync(since: null, cancel))
        {
            var decided = page.Where(one => one.Left is null && !(one.Recording.RetainUntil <= now))
                .Select(one => new DecidedErasure(one.Recording, DeletionPolicy.Decide(one.Recording, DeletionCause.ConsentWithdrawn, inForce, now))).ToList();
            withdrawn += decided.Count(one => one.Decision.Delete);
            Add(keptWithdrawn, decided.Where(one => !one.Decision.Delete));
        }

        return new SweepReport(true, due, erased, kept, await finisher.CountUnfinishedAsync(cancel), await retention.CountUndatedAsync(cancel))
        {
            Withdrawn = withdrawn,
            KeptWithdrawn = keptWithdrawn,
            Forgotten = await ledgerRetention.TryAsync(cancel),
        };
    }

    private static void Add(List<DecidedErasure> kept, IEnumerable<DecidedErasure> more) => kept.AddRange(more.Take(MostKeptTold - kept.Count));

    private async IAsyncEnumerable<IReadOnlyList<RetainedRecording>> ReadDueAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        RetentionCursor? after = null;
        while (await retention.FindDueAsync(now, after, BatchSize, cancel) is { Count: > 0 } batch)
        {
            after = new RetentionCursor(batch[^1].RetainUntil!.Value, batch[^1].Name);
            yield return batch;
        }
    }
}

/// <summary>
/// The second half of every deletion: the key is gone, now what it encrypted goes, and the ledger says so. In this order, so that
/// <see cref="RecordingErased"/> is true when it is written.
/// </summary>
public sealed class ErasureFinisher(IRetention retention, IEnumerable<IRecordingRemains> remains, ILedger ledger, TimeProvider time)
{
    private const int BatchSize = 200;
    private const int AtOnce = 16;

    /// <summary>So many are finished together, for one scrub of the database: few enough to be held in memory.</summary>
    private const int RoundSize = 5000;

    private readonly IRecordingRemains[] _remains = [.. remains];

    // What waits for something else, by the event that will tell it: it is not done again every few seconds. Lost with the process, and then done once more, which does no harm.
    private IReadOnlyDictionary<Guid, Progress> _progress = new Dictionary<Guid, Progress>();

    /// <summary>
    /// Whether this process can reach every place where something may lie. A command beside a running worker cannot: it leaves the rest
    /// to the worker's sweep.
    /// </summary>
    public bool CanFinish => _remains.Length > 0;

    /// <summary>Finishes what can be finished; answers with how many recordings are wholly gone.</summary>
    public async Task<int> RunAsync(CancellationToken cancel) => (await FinishAsync(cancel)).Finished;

    /// <summary>The same; says also whether the database was scrubbed for it.</summary>
    internal async Task<(int Finished, bool Scrubbed)> FinishAsync(CancellationToken cancel)
    {
        var (finished, scrubbed) = (0, false);
        if (!CanFinish)
        {
            return (finished, scrubbed);
        }

        var (before, left) = (_progress, new Dictionary<Guid, Progress>());
        for (string? after = null; await retention.FindPendingAsync(after, RoundSize, cancel) is { Count: > 0 } round; after = round[^1].Recording.Name)
        {
            var reached = new ConcurrentDictionary<Guid, Progress>();
            await ForEachAsync(
                round,
                async (pending, stop) =>
                {
                    var known = before.GetValueOrDefault(pending.EventId);
                    reached[pending.EventId] = known with { Gone = known.Gone || await EraseAsync(pending.Recording, stop) };
                },
                cancel);

            // Behind the reading of the round: a key that was destroyed later is not among those that this scrubs away.
            if (reached.Values.Any(one => !one.Scrubbed) && await retention.ScrubAsync(cancel))
            {
                scrubbed = true;
                foreach (var id in reached.Keys)
                {
                    reached[id] = reached[id] with { Scrubbed = true };
                }
            }

            // As long as a file of the database may have the key, the files go all the same, and the ledger does not say yet that all is gone.
            var told = new ConcurrentBag<PendingErasure>();
            await ForEachAsync(
                round.Where(pending => reached[pending.EventId] is { Gone: true, Scrubbed: true }),
                async (pending, _) =>
                {
                    if (await TellAsync(pending))
                    {
                        told.Add(pending);
                    }
                },
                cancel);
            foreach (var batch in told.Chunk(BatchSize))
            {
                await retention.FinishAsync([.. batch.Select(one => one.Recording.Name)], cancel);
            }

            finished += told.Count;
            foreach (var (id, progress) in reached.ExceptBy(told.Select(one => one.EventId), one => one.Key))
            {
                left[id] = progress;
            }
        }

        _progress = left;
        return (finished, scrubbed);
    }

    /// <summary>How many are not finished; at most a batch is counted.</summary>
    public async Task<int> CountUnfinishedAsync(CancellationToken cancel) => (await retention.FindPendingAsync(null, BatchSize, cancel)).Count;

    private static Task ForEachAsync(IEnumerable<PendingErasure> some, Func<PendingErasure, CancellationToken, ValueTask> step, CancellationToken cancel) =>
        Parallel.ForEachAsync(some, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, step);

    private async Task<bool> EraseAsync(RetainedRecording recording, CancellationToken cancel)
    {
        var gone = true;
        foreach (var place in _remains)
        {
            gone &= await place.EraseAsync(recording, cancel);
        }

        return gone;
    }

    private async Task<bool> TellAsync(PendingErasure pending)
    {
        var entry = new LedgerEntry(
            pending.EventId,
            pending.Recording.Call,
            pending.NextSequence,
            time.GetUtcNow(),
            new RecordingErased(pending.Recording.Name, pending.Reason) { Actor = pending.Actor });

        // Deferred is enough: the entry is on a disk, and the ledger will have it once.
        return await ledger.AppendAsync(new LedgerBatch(null, [entry])) != AppendResult.Lost;
    }

    /// <summary>How far an erasure came.</summary>
    /// <param name="Gone">Nothing of it lies anywhere any more.</param>
    /// <param name="Scrubbed">No file of the database has its key.</param>
    private readonly record struct Progress(bool Gone, bool Scrubbed);
}
