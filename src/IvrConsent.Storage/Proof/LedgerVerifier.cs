using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Proof;

/// <summary>
/// Checks the whole ledger: hashes every event anew, in pieces that are full subtrees and on all processors, and puts the roots so found
/// beside every checkpoint that was ever signed.
/// </summary>
internal sealed class LedgerVerifier(LedgerDatabase database, ECDsa key, string? outside)
{
    private const int PieceLevel = 15;
    private const int PieceSize = 1 << PieceLevel;
    private readonly MerkleFrontier _tree = new();
    private string? _origin;
    private long _good;
    private long _checkpoints;

    public async Task<LedgerVerdict> VerifyAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);

        // The newest checkpoint first: a worker that goes on sealing meanwhile must not look like one that lost events.
        var head = await NewestAsync(connection, cancel);
        var (first, last) = await ExtentAsync(connection, cancel);
        if (first < 1)
        {
            return Wrong(new LedgerFault("changed", first, true, $"an event stands at position {first}; positions begin at 1"));
        }

        var external = outside is null ? null : Checkpoint.Open(outside, key);
        _origin = external?.Origin;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var underway = new Queue<Task<Piece>>();
        try
        {
            for (long from = 0; from < last || underway.Count > 0;)
            {
                while (from < last && underway.Count <= Environment.ProcessorCount)
                {
                    var (begin, end) = (from, Math.Min(last, from + PieceSize));
                    underway.Enqueue(Task.Run(() => ReadAsync(begin, end, external, stop.Token), stop.Token));
                    from = end;
                }

                if (await JoinAsync(connection, await underway.Dequeue(), cancel) is { } fault)
                {
                    return Wrong(fault);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(underway).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        var most = Math.Max(head?.Size ?? 0, external?.Size ?? 0);
        if (most > last)
        {
            return Wrong(new LedgerFault("truncated", last + 1, true, $"the events at positions {last + 1} to {most} were sealed and are not there any more"));
        }

        return new LedgerVerdict(_tree.Size, _good, _checkpoints, head is null ? null : Convert.ToHexStringLower(head.Root.Span), null);
    }

    private LedgerVerdict Wrong(LedgerFault fault) => new(_tree.Size, _good, _checkpoints, null, fault);

    /// <summary>Hashes a piece, and notes the tree within it at each checkpoint.</summary>
    private async Task<Piece> ReadAsync(long from, long to, Checkpoint? external, CancellationToken cancel)
    {
        await using var connection = await database.OpenReaderAsync(cancel);
        var marks = new List<Mark>();
        await using (var rows = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Range, new { from, to }, commandTimeout: 0, cancellationToken: cancel)))
        {
            while (await rows.ReadAsync(cancel))
            {
                marks.Add(Open(rows.GetInt64(0), rows.GetString(1), rows.GetInt64(2)));
            }
        }

        if (external is not null && external.Size > from && external.Size <= to)
        {
            // Behind the stored one of the same size: that one tells more.
            marks.Add(new Mark(external.Size, external, null, "outside-checkpoint", null));
            marks.Sort((one, other) => one.Size.CompareTo(other.Size));
        }

        var hashes = await LeafReader.ReadAsync(database, connection, from, to, cancel);
        var tree = new MerkleFrontier();
        var next = 0;
        for (var at = 0; at < hashes.Length; at += MerkleTree.HashLength)
        {
            tree.Append(hashes.AsSpan(at, MerkleTree.HashLength));
            while (next < marks.Count && marks[next].Size == from + tree.Size)
            {
                marks[next] = marks[next] with { Tree = tree.Copy() };
                next++;
            }
        }

        return new Piece(from, to, tree, marks);
    }

    private Mark Open(long size, string note, long leaves)
    {
        try
        {
            var head = Checkpoint.Open(note, key);
            return head.Size == size
                ? new Mark(size, head, leaves, "changed", null)
                : new Mark(size, null, leaves, "checkpoint", $"the checkpoint stored for {size} events is one for {head.Size}");
        }
        catch (FormatException error)
        {
            return new Mark(size, null, leaves, "checkpoint", error.Message);
        }
    }

    private async Task<LedgerFault?> JoinAsync(DbConnection connection, Piece piece, CancellationToken cancel)
    {
        foreach (var mark in piece.Marks)
        {
            if (mark.Trouble is not null)
            {
                return new LedgerFault(mark.Kind, mark.Size, false, $"checkpoint at {mark.Size}: {mark.Trouble}");
            }

            _origin ??= mark.Head!.Origin;
            if (mark.Head!.Origin != _origin)
            {
                return new LedgerFault("checkpoint", mark.Size, false, $"the checkpoint at {mark.Size} is of another ledger ({mark.Head.Origin}) than the others ({_origin})");
            }

            if (mark.Tree is null)
            {
                // Missing before it.
                break;
            }

            if (mark.Leaves is { } leaves && leaves != mark.Size - _good)
            {
                return new LedgerFault("checkpoint", _good + 1, false, $"between the checkpoints at {_good} and at {mark.Size} one is missing");
            }

            var tree = _tree.Copy();
            tree.Append(mark.Tree);
            if (!tree.Root().AsSpan().SequenceEqual(mark.Head.Root.Span))
            {
                return mark.Leaves is null
                    ? new LedgerFault(mark.Kind, 1, false, $"the ledger does not begin with the {mark.Size} events of the checkpoint kept elsewhere: some were changed, removed or reordered, and sealed anew")
                    : await PinpointAsync(connection, mark, cancel);
            }

            if (mark.Leaves is not null)
            {
                _good = mark.Size;
                _checkpoints++;
            }
        }

        _tree.Append(piece.Tree);
        return piece.Tree.Size == piece.To - piece.From
            ? null
            : new LedgerFault("missing", piece.From + piece.Tree.Size + 1, true, $"there is no event at position {piece.From + piece.Tree.Size + 1}, and there are later ones");
    }

    /// <summary>Finds the very event that differs, by the leaf hashes stored with the checkpoint, where those are still what was signed.</summary>
    private async Task<LedgerFault> PinpointAsync(DbConnection connection, Mark mark, CancellationToken cancel)
    {
        var now = await LeafReader.ReadAsync(database, connection, _good, mark.Size, cancel);
        var then = await connection.ExecuteScalarAsync<byte[]>(new CommandDefinition(ProofSql.LeavesOf, new { size = mark.Size }, cancellationToken: cancel)) ?? [];
        var frontier = await FrontierAsync(connection, cancel);
        for (var at = 0; at + MerkleTree.HashLength <= then.Length; at += MerkleTree.HashLength)
        {
            frontier?.Append(then.AsSpan(at, MerkleTree.HashLength));
        }

        if (frontier is not null && frontier.Root().AsSpan().SequenceEqual(mark.Head!.Root.Span))
        {
            var same = now.AsSpan().CommonPrefixLength(then) / MerkleTree.HashLength;
            var position = _good + same + 1;
            return new LedgerFault("changed", position, true, $"the event at position {position} is not the one that was sealed there");
        }

        return new LedgerFault(
            "changed", _good + 1, false, $"of the events at positions {_good + 1} to {mark.Size} at least one is not what was sealed; which one cannot be told, as the leaf hashes kept with the checkpoint were changed, too");
    }

    /// <summary>The tree at the last good checkpoint, as stored; null where that is not what was signed.</summary>
    private async Task<MerkleFrontier?> FrontierAsync(DbConnection connection, CancellationToken cancel)
    {
        if (_good == 0)
        {
            return new MerkleFrontier();
        }

        try
        {
            var bytes = await connection.ExecuteScalarAsync<byte[]>(
                new CommandDefinition("SELECT frontier FROM checkpoints WHERE size = @size", new { size = _good }, cancellationToken: cancel));
            return MerkleFrontier.Restore(_good, bytes);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static async Task<Checkpoint?> NewestAsync(DbConnection connection, CancellationToken cancel)
    {
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Newest, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? Checkpoint.Parse(row.GetString(1)).Checkpoint : null;
    }

    private static async Task<(long First, long Last)> ExtentAsync(DbConnection connection, CancellationToken cancel)
    {
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Extent, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? (row.GetInt64(0), row.GetInt64(1)) : (1, 0);
    }

    /// <summary>A run of events with the tree over them alone.</summary>
    private sealed record Piece(long From, long To, MerkleFrontier Tree, IReadOnlyList<Mark> Marks);

    /// <summary>A checkpoint, and the tree within its piece up to it.</summary>
    /// <param name="Size">Its size.</param>
    /// <param name="Head">What it says.</param>
    /// <param name="Leaves">How many leaf hashes are stored with it; null for one from elsewhere.</param>
    /// <param name="Kind">What kind of fault it is when its root is not the one found.</param>
    /// <param name="Trouble">Why it is none; else null.</param>
    private sealed record Mark(long Size, Checkpoint? Head, long? Leaves, string Kind, string? Trouble)
    {
        public MerkleFrontier? Tree { get; init; }
    }
}
