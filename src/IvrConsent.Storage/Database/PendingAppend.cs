using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>What the database did with an append.</summary>
internal enum WriteResult
{
    /// <summary>Committed.</summary>
    Committed,

    /// <summary>It failed, or nobody knows.</summary>
    Away,

    /// <summary>It refused the content; to try again is of no use.</summary>
    Refused,
}

/// <summary>
/// An append on its way through the queue. Its caller may give up waiting at any moment: then the batch is in the spool, and the
/// writer leaves it out, unless it has it in hand already; then it is stored here and found there again at the replay.
/// </summary>
internal sealed class PendingAppend(LedgerBatch batch)
{
    private const int Taken = 1;
    private const int GivenUp = 2;
    private readonly TaskCompletionSource<WriteResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public LedgerBatch Batch => batch;

    public Task<WriteResult> Done => _done.Task;

    /// <summary>The writer takes it in hand; false when its caller gave up.</summary>
    public bool Take() => Interlocked.CompareExchange(ref _state, Taken, 0) == 0;

    /// <summary>The caller waits no longer.</summary>
    public void GiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, 0);

    public void Finish(WriteResult result) => _done.TrySetResult(result);
}
