using System.Data;
using System.Data.Common;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage.Proof;

/// <summary>
/// Signs the head of the tree over all events: every few seconds when there is something new, and at shutdown behind the last event. On
/// connections of its own, and never in a transaction that a call could wait for. Of several workers one seals.
/// </summary>
internal sealed partial class LedgerSealer(LedgerDatabase database, KeyFolder keys, TimeProvider time, ILogger<LedgerSealer> logger) : IHostedService, IDisposable
{
    /// <summary>Events of one checkpoint at most: what is held in memory, and the size of one row.</summary>
    internal const int BatchSize = 1 << 16;

    // Ten seconds are promised; a pass takes its time, too.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LastPass = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private bool _failing;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loop = database.Blocks ? BlockingThread.RunAsync("ledger seal", RunAsync) : Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop;
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Seals all that is new; answers with how many events that were.</summary>
    internal async Task<long> SealAsync(CancellationToken cancel)
    {
        using var key = keys.Parse(KeyFiles.Seal, SealKey.Parse);
        await using var connection = await database.OpenSealerAsync(cancel);
        if (database.SealLock is { } sql && !await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, cancellationToken: cancel)))
        {
            // Another worker is at it.
            return 0;
        }

        try
        {
            return await SealAllAsync(connection, key, cancel);
        }
        finally
        {
            if (database.SealUnlock is { } unlock && connection.State == ConnectionState.Open)
            {
                await connection.ExecuteAsync(new CommandDefinition(unlock, cancellationToken: CancellationToken.None));
            }
        }
    }

    private async Task<long> SealAllAsync(DbConnection connection, SealKey key, CancellationToken cancel)
    {
        long sealedNow = 0;
        while (await SealBatchAsync(connection, key, cancel) is var count && count > 0)
        {
            sealedNow += count;
            if (count < BatchSize)
            {
                break;
            }
        }

        return sealedNow;
    }

    private async Task<long> SealBatchAsync(DbConnection connection, SealKey key, CancellationToken cancel)
    {
        var (origin, frontier) = await ReadHeadAsync(connection, cancel);
        var from = frontier.Size;
        var (_, last) = await ReadExtentAsync(connection, cancel);
        var to = Math.Min(last, from + BatchSize);
        if (to < from)
        {
            throw new InvalidDataException($"The ledger ends at position {last} and was sealed up to {from}: events are missing. Run: ivrconsent ledger verify");
        }

        if (to == from)
        {
            return 0;
        }

        var leaves = await LeafReader.ReadAsync(database, connection, from, to, cancel);
        if (leaves.Length != (to - from) * MerkleTree.HashLength)
        {
            throw new InvalidDataException($"Position {from + (leaves.Length / MerkleTree.HashLength) + 1} of the ledger is missing. Run: ivrconsent ledger verify");
        }

        for (var at = 0; at < leaves.Length; at += MerkleTree.HashLength)
        {
            frontier.Append(leaves.AsSpan(at, MerkleTree.HashLength));
        }

        var head = new Checkpoint(origin, frontier.Size, frontier.Root());
        var added = await connection.ExecuteAsync(new CommandDefinition(
            ProofSql.Insert,
            new { from, size = head.Size, root = head.Root.ToArray(), note = head.Sign(key.Key), leaves, frontier = frontier.ToBytes(), at = database.Time(time.GetUtcNow()) },
            cancellationToken: cancel));
        return added > 0 ? to - from : 0;
    }

    private static async Task<(string Origin, MerkleFrontier Frontier)> ReadHeadAsync(DbConnection connection, CancellationToken cancel)
    {
        // Its own for every ledger, and random: a checkpoint of one is never taken for another's.
        var origin = await LedgerFacts.SettleAsync(connection, "origin", $"ivrconsent/ledger/{Guid.NewGuid():N}", cancel);
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Newest, cancellationToken: cancel));
        return await row.ReadAsync(cancel)
            ? (origin, MerkleFrontier.Restore(row.GetInt64(0), row.GetFieldValue<byte[]>(2)))
            : (origin, new MerkleFrontier());
    }

    private static async Task<(long First, long Last)> ReadExtentAsync(DbConnection connection, CancellationToken cancel)
    {
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Extent, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? (row.GetInt64(0), row.GetInt64(1)) : (1, 0);
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Interval, time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            await TrySealAsync(_stop.Token);
        }

        // The ledger has stopped by now: nothing comes behind this.
        using var limit = new CancellationTokenSource(LastPass, time);
        await TrySealAsync(limit.Token);
    }

    private async Task TrySealAsync(CancellationToken cancel)
    {
        try
        {
            await SealAsync(cancel);
            if (_failing)
            {
                _failing = false;
                LogAgain();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; the last pass seals what this one did not.
        }
        catch (Exception error)
        {
            // Calls go on: they do not need it. Said once, until it works again.
            if (!_failing)
            {
                _failing = true;
                LogFailed(error is DbException or TimeoutException ? database.Describe(error) : error.Message);
            }
        }
    }

    [LoggerMessage(EventId = 2201, Level = LogLevel.Error, Message = "The ledger's newest events cannot be sealed: {Trouble} Calls are not affected; it is tried again every few seconds.")]
    private partial void LogFailed(string trouble);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Information, Message = "The ledger is sealed again.")]
    private partial void LogAgain();
}
