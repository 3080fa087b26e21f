using System.Data.Common;
using Dapper;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The ledger: an append goes to the database, and where that does not take it in time to the spool. As long as batches of a call
/// wait in the spool, its later ones go there too: what the database shows of a call is always its beginning.
/// <see cref="FindCallAsync"/> shows all of it.
/// </summary>
internal sealed class DatabaseLedger : ILedger, IHostedService, IAsyncDisposable
{
    private readonly LedgerDatabase _database;
    private readonly Spool _spool;
    private readonly LedgerWriter _writer;
    private readonly LedgerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<DatabaseLedger> _logger;
    private readonly TimeSpan _limit;
    private readonly TimeSpan _databaseLimit;
    private int _underway;
    private bool _stopped;

    public DatabaseLedger(
        LedgerOptions options,
        LedgerDatabase database,
        LedgerMigrator migrator,
        ISpoolFolder folder,
        TimeProvider time,
        ILogger<DatabaseLedger> logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _limit = options.CommitLimit;

        // The rest of the time is the spool's.
        _databaseLimit = _limit - TimeSpan.FromMilliseconds(Math.Min(100, _limit.TotalMilliseconds / 4));
        _spool = new Spool(folder, database.Numbers, options.QueueLimit, logger);
        _writer = new LedgerWriter(database, migrator, options, _spool, time, logger) { Committed = OnCommitted, Refused = OnRefused };
        _metrics = new LedgerMetrics(() => Health, () => _spool.Refused);
    }

    /// <inheritdoc/>
    public LedgerHealth Health
    {
        get
        {
            var available = _writer.Available;
            var waiting = _spool.Waiting;
            var detail = available ? _database.Name : _writer.Trouble;
            if (waiting > 0)
            {
                detail += $" {waiting} batches wait in {_spool.Path}.";
            }

            if (_spool.Refused > 0)
            {
                detail += $" {_spool.Refused} batches were refused by the database: see refused.jsonl in {_spool.Path}.";
            }

            return new LedgerHealth(available, waiting, detail);
        }
    }

    /// <summary>
    /// Takes the spool folder and opens the database. A database that is away is no error here: calls then go on unrecorded, and
    /// the ledger opens as soon as it can. One that does not fit the program is.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _spool.Open();
        switch (await _writer.StartAsync().WaitAsync(cancellationToken))
        {
            case LedgerMigrationException error:
                throw new LedgerMigrationException(error.Message, error);
            case KeyFolderException error:
                throw new KeyFolderException(error.Message, error);
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _writer.DisposeAsync();

        // Those that the database did not take any more are on their way to the spool.
        for (var waited = TimeSpan.Zero; Volatile.Read(ref _underway) > 0 && waited < _limit; waited += TimeSpan.FromMilliseconds(10))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, CancellationToken.None);
        }

        await _spool.DisposeAsync();
        _metrics.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(LedgerBatch batch)
    {
        LedgerRows.Check(batch);
        Interlocked.Increment(ref _underway);
        try
        {
            var started = _time.GetTimestamp();
            var result = await TryDatabaseAsync(batch) switch
            {
                WriteResult.Committed => AppendResult.Committed,
                WriteResult.Refused => AppendResult.Lost,
                _ => await DeferAsync(batch, started),
            };
            _metrics.Appended(result, _time.GetElapsedTime(started));
            return result;
        }
        finally
        {
            Interlocked.Decrement(ref _underway);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OpenCall>> FindOpenCallsAsync(string pbx, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pbx);
        var waiting = _spool.ReadAll();
        var calls = new LedgerView();
        await using var connection = await OpenReaderAsync(cancel);
        await ReadAsync(calls, connection, LedgerSql.OpenCalls, "pbx", LedgerRows.Clean(pbx)!, cancel);

        // A call that waits may be known to the database as ended, or by its first events only: look, unless it ends right here.
        var ended = waiting.Where(b => b.Entries.Any(e => e.Event is CallEnded)).Select(b => b.Entries[0].CallId).ToHashSet();
        var unknown = waiting.Select(b => b.Entries[0].CallId).Distinct().Where(c => !ended.Contains(c) && calls.Find(c) is null);
        foreach (var some in unknown.Select(c => c.Value).Chunk(500))
        {
            await ReadAsync(calls, connection, LedgerSql.SomeCalls(_database.AmongCalls), "calls", _database.Ids(some), cancel);
        }

        foreach (var batch in waiting)
        {
            calls.Add(batch);
        }

        return calls.Open(pbx);
    }

    /// <inheritdoc/>
    public async Task<OpenCall?> FindCallAsync(CallId id, CancellationToken cancel)
    {
        var waiting = _spool.ReadAll();
        var calls = new LedgerView();
        await using var connection = await OpenReaderAsync(cancel);
        await ReadAsync(calls, connection, LedgerSql.SomeCalls(_database.AmongCalls), "calls", _database.Ids([id.Value]), cancel);
        foreach (var batch in waiting.Where(b => b.Entries[0].CallId == id))
        {
            calls.Add(batch);
        }

        return calls.Find(id);
    }

    private async Task<WriteResult> TryDatabaseAsync(LedgerBatch batch)
    {
        if (!_writer.Available || _spool.Holds(batch.Entries[0].CallId))
        {
            return WriteResult.Away;
        }

        var pending = new PendingAppend(batch);
        if (!_writer.TryEnqueue(pending))
        {
            return WriteResult.Away;
        }

        try
        {
            return await pending.Done.WaitAsync(_databaseLimit, _time);
        }
        catch (TimeoutException)
        {
            // The commit may still succeed; what its caller was told stays so, and the replay finds the entries there.
            pending.GiveUp();
            _writer.Stall();
            return WriteResult.Away;
        }
    }

    private async Task<AppendResult> DeferAsync(LedgerBatch batch, long started)
    {
        var left = _limit - _time.GetElapsedTime(started);
        try
        {
            if (await _spool.AppendAsync(batch).WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time))
            {
                _writer.Wake();
                return AppendResult.Deferred;
            }
        }
        catch (TimeoutException)
        {
            // A disk that hangs. It may yet take the entries; nobody can rely on it.
        }

        LedgerLog.Lost(_logger, batch.Entries[0].CallId, _spool.Path);
        return AppendResult.Lost;
    }

    private async Task<DbConnection> OpenReaderAsync(CancellationToken cancel)
    {
        try
        {
            return await _database.OpenReaderAsync(cancel);
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }

    private async Task ReadAsync(
        LedgerView calls, DbConnection connection, string sql, string name, object value, CancellationToken cancel)
    {
        try
        {
            var values = new DynamicParameters();
            values.Add(name, value);
            await using var rows = await connection.ExecuteReaderAsync(
                new CommandDefinition(sql, values, commandTimeout: 10, cancellationToken: cancel));
            while (await rows.ReadAsync(cancel))
            {
                calls.Add(_database.ReadLine(rows));
            }
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }

    private void OnCommitted(WriteOutcome outcome)
    {
        _metrics.Moved(outcome.Moved.Count);
        foreach (var call in outcome.Moved)
        {
            LedgerLog.Moved(_logger, call);
        }
    }

    private void OnRefused(LedgerBatch batch, Exception error)
    {
        _metrics.Refused();
        var kept = _spool.Refuse(batch);
        LedgerLog.Refused(_logger, batch.Entries[0].CallId, kept, error);
    }
}
