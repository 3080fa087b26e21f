using System.Threading.Channels;
using IvrConsent.Core.Ledger;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The one loop that writes: it takes what waits in the queue and commits it in one transaction, brings back what waits in the
/// spool, and finds out whether the database is there. Because nothing else in this process writes, positions are handed out in
/// the order of commits.
/// </summary>
internal sealed class LedgerWriter : IAsyncDisposable
{
    private const int GroupLimit = 256;
    private const int ReplayLimit = 128;

    /// <summary>
    /// So long is held back what nobody waits for. A commit costs the same flush of the disk and the same index pages for one
    /// event as for ten. A worker that dies loses what it holds back, and finds out from the PBX when it is back.
    /// </summary>
    private static readonly TimeSpan HoldBack = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleProbe = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReplayTime = TimeSpan.FromSeconds(10);

    private readonly LedgerDatabase _database;
    private readonly LedgerMigrator _migrator;
    private readonly LedgerOptions _options;
    private readonly Spool _spool;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // The queue, which is its own lock, and whether the loop may take from it now. One wake-up is enough for any number of reasons.
    private readonly List<PendingAppend> _queue = [];
    private readonly Channel<bool> _wakeUps = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _due;
    private bool _closed;
    private readonly List<PendingAppend> _group = [];
    private readonly TaskCompletionSource<Exception?> _firstTry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _ticker;
    private ITimer? _release;
    private Task _loop = Task.CompletedTask;
    private LedgerSession? _session;
    private bool _migrated;
    private long _lastContact;
    private volatile bool _open;
    private volatile bool _stalled;
    private volatile string _trouble;

    public LedgerWriter(
        LedgerDatabase database, LedgerMigrator migrator, LedgerOptions options, Spool spool, TimeProvider time, ILogger logger)
    {
        _database = database;
        _migrator = migrator;
        _options = options;
        _spool = spool;
        _time = time;
        _logger = logger;
        _trouble = $"{database.Name} is not open yet.";
    }

    /// <summary>Called with the events of a transaction that were not stored as they were handed in.</summary>
    public Action<WriteOutcome>? Committed { get; init; }

    /// <summary>Called for a batch that the database refuses.</summary>
    public Action<LedgerBatch, Exception>? Refused { get; init; }

    /// <summary>Whether the database is there and answers in time.</summary>
    public bool Available => _open && !_stalled;

    /// <summary>What is wrong; of use when it is not available.</summary>
    public string Trouble => _stalled && _open ? $"{_database.Name} does not answer in time. Look at its load and its disk." : _trouble;

    /// <summary>Begins, and waits for the first try to open the database; gives back what went wrong with it.</summary>
    public Task<Exception?> StartAsync()
    {
        _release = _time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _ticker = _time.CreateTimer(_ => Wake(), null, Tick, Tick);
        _loop = _database.Blocks ? BlockingThread.RunAsync("ledger", RunAsync) : Task.Run(RunAsync);
        return _firstTry.Task;
    }

    /// <summary>Puts a batch in the queue; false when it is full or the writer has ended.</summary>
    public bool TryEnqueue(PendingAppend pending)
    {
        lock (_queue)
        {
            if (_closed || _queue.Count >= _options.QueueLimit)
            {
                return false;
            }

            _queue.Add(pending);
            if (pending.Batch.CanWait)
            {
                // It goes with the next group, or when its time is over.
                if (_queue.Count == 1)
                {
                    _release?.Change(HoldBack, Timeout.InfiniteTimeSpan);
                }

                return true;
            }
        }

        Wake();
        return true;
    }

    /// <summary>There is something to do: in the queue, in the spool, or to look after the database.</summary>
    public void Wake()
    {
        lock (_queue)
        {
            _due = true;
        }

        _wakeUps.Writer.TryWrite(true);
    }

    /// <summary>An append waited for longer than its limit: until the database has answered again, the next ones do not wait at all.</summary>
    public void Stall()
    {
        if (!_stalled)
        {
            _stalled = true;
            if (_open)
            {
                LedgerLog.Stalled(_logger);
            }
        }
    }

    /// <summary>Writes what is in the queue and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_queue)
        {
            _closed = true;
        }

        Wake();
        await _stop.CancelAsync();
        await _loop;
        foreach (var timer in (ITimer?[])[_ticker, _release])
        {
            if (timer is not null)
            {
                await timer.DisposeAsync();
            }
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var wait = TimeSpan.Zero;
        while (!Finished())
        {
            try
            {
                if (_session is null && !await OpenAsync())
                {
                    TurnAway();
                    wait = Min(Tick, wait + TimeSpan.FromMilliseconds(250));
                    await DelayAsync(wait);
                    continue;
                }

                wait = TimeSpan.Zero;
                await StepAsync();
            }
            catch (Exception error)
            {
                // Nothing may end this loop: without it every call would wait for its limit.
                LedgerLog.Unexpected(_logger, error);
                await LoseAsync(error);
            }
        }

        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        _open = false;
        _trouble = "The ledger was stopped.";
    }

    /// <summary>One group out of the queue, then one piece of the spool, then a rest if there is nothing more.</summary>
    private async Task StepAsync()
    {
        TakeGroup();
        if (_group.Count > 0)
        {
            await CommitGroupAsync();
        }

        var replayed = _session is not null && _spool.Waiting > 0 && await ReplayAsync();
        if (_session is null || replayed)
        {
            return;
        }

        if (_group.Count == 0)
        {
            if (_time.GetElapsedTime(_lastContact) >= IdleProbe || _stalled)
            {
                await ProbeAsync();
            }

            await _wakeUps.Reader.ReadAsync();
        }
    }

    private void TakeGroup()
    {
        _group.Clear();
        lock (_queue)
        {
            if (_due)
            {
                var count = Math.Min(_queue.Count, GroupLimit);
                _group.AddRange(_queue.Take(count).Where(pending => pending.Take()));
                _queue.RemoveRange(0, count);
                _due = _queue.Count > 0;
            }
        }
    }

    private bool Finished()
    {
        lock (_queue)
        {
            return _closed && _queue.Count == 0;
        }
    }

    private async Task CommitGroupAsync()
    {
        try
        {
            // Twice the limit: the callers have gone to the spool by then, and a database that is merely late is not cut off.
            await WriteAsync(
                [.. _group.Select(p => p.Batch)],
                _options.CommitLimit * 2,
                (i, result) => _group[i].Finish(result));
        }
        catch (Exception error)
        {
            // What is settled stays so; the others are, for all we know, not in the database.
            _group.ForEach(p => p.Finish(WriteResult.Away));
            await LoseAsync(error);
        }
    }

    /// <summary>Brings a piece of the spool to the database; false when there was none, or the spool could not be read.</summary>
    private async Task<bool> ReplayAsync()
    {
        IReadOnlyList<LedgerBatch> batches;
        try
        {
            batches = _spool.Next(ReplayLimit);
        }
        catch (Exception error)
        {
            // The spool's fault, and not the database's.
            LedgerLog.SpoolFailed(_logger, _spool.Path, error);
            return false;
        }

        if (batches.Count == 0)
        {
            return false;
        }

        try
        {
            await WriteAsync(batches, ReplayTime, (_, _) => { });
            _spool.Confirm();
            if (_spool.Waiting == 0)
            {
                LedgerLog.SpoolEmpty(_logger);
            }

            return true;
        }
        catch (Exception error)
        {
            await LoseAsync(error);
            return false;
        }
    }

    /// <summary>Commits all together, or each by itself where the database refuses the content of one.</summary>
    private async Task WriteAsync(IReadOnlyList<LedgerBatch> batches, TimeSpan limit, Action<int, WriteResult> settle)
    {
        try
        {
            using var cancel = new CancellationTokenSource(limit, _time);
            var outcome = await _session!.CommitAsync(batches, cancel.Token);
            Contact();
            if (outcome.Dropped > 0 || outcome.Moved.Count > 0)
            {
                Committed?.Invoke(outcome);
            }

            for (var i = 0; i < batches.Count; i++)
            {
                settle(i, WriteResult.Committed);
            }
        }
        catch (Exception error) when (_database.IsRefusal(error))
        {
            Contact();
            if (batches.Count == 1)
            {
                Refused?.Invoke(batches[0], error);
                settle(0, WriteResult.Refused);
                return;
            }

            for (var i = 0; i < batches.Count; i++)
            {
                var index = i;
                await WriteAsync([batches[i]], limit, (_, result) => settle(index, result));
            }
        }
    }

    private async Task<bool> OpenAsync()
    {
        try
        {
            using var cancel = new CancellationTokenSource(OpenLimit, _time);
            if (!_migrated && _options.MigrateAtStart)
            {
                await _migrator.MigrateAsync(cancel.Token, _stop.Token);
            }

            var session = await _database.OpenSessionAsync(_options.CommitLimit, cancel.Token);
            try
            {
                await _migrator.CheckAsync(session.Connection, cancel.Token);
                await LedgerFacts.CheckNumberKeyAsync(session.Connection, _database, cancel.Token);
                await session.ProbeAsync(cancel.Token);
            }
            catch
            {
                await session.DisposeAsync();
                throw;
            }

            // From now on a missing ledger is a fault, and no reason to make an empty one.
            _migrated = true;
            _session = session;
            _trouble = string.Empty;
            _open = true;
            Contact();
            LedgerLog.Available(_logger, _database.Name);
            _firstTry.TrySetResult(null);
            return true;
        }
        catch (Exception error)
        {
            await LoseAsync(error);
            _firstTry.TrySetResult(error);
            return false;
        }
    }

    private async Task ProbeAsync()
    {
        try
        {
            using var cancel = new CancellationTokenSource(_options.CommitLimit * 2, _time);
            await _session!.ProbeAsync(cancel.Token);
            Contact();
        }
        catch (Exception error)
        {
            await LoseAsync(error);
        }
    }

    private void Contact()
    {
        _lastContact = _time.GetTimestamp();
        _stalled = false;
    }

    private async Task LoseAsync(Exception error)
    {
        var remedy = _database.Describe(error);
        var known = !_open && _trouble == remedy;
        _open = false;
        _trouble = remedy;
        if (!known)
        {
            LedgerLog.Away(_logger, _spool.Path, remedy, error is LedgerUnavailableException or LedgerMigrationException ? null : error);
        }

        if (_session is { } session)
        {
            _session = null;
            try
            {
                await session.DisposeAsync();
            }
            catch (Exception again)
            {
                LedgerLog.Unexpected(_logger, again);
            }
        }
    }

    /// <summary>What got into the queue while the database went away.</summary>
    private void TurnAway()
    {
        lock (_queue)
        {
            foreach (var pending in _queue.Where(pending => pending.Take()))
            {
                pending.Finish(WriteResult.Away);
            }

            _queue.Clear();
        }
    }

    private async Task DelayAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the loop's condition sees to the rest.
        }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
