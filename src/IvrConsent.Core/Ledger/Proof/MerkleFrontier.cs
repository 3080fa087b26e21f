using System.Numerics;
using System.Security.Cryptography;

namespace IvrConsent.Core.Ledger.Proof;

/// <summary>
/// A growing Merkle tree of which only the roots of the full subtrees are kept: one for each bit that is set in its size. So the next
/// root costs what is new, whatever there was before.
/// </summary>
public sealed class MerkleFrontier
{
    private const int HashLength = MerkleTree.HashLength;
    private readonly byte[] _levels = new byte[63 * HashLength];

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>A tree as it was stored.</summary>
    /// <param name="size">Its leaves.</param>
    /// <param name="bytes">What <see cref="ToBytes"/> gave.</param>
    public static MerkleFrontier Restore(long size, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        if (bytes.Length != BitOperations.PopCount((ulong)size) * HashLength)
        {
            throw new FormatException("The frontier has not the hashes that its size asks for.");
        }

        var frontier = new MerkleFrontier { Size = size };
        for (var level = 62; level >= 0; level--)
        {
            if ((size >> level & 1) == 1)
            {
                bytes[..HashLength].CopyTo(frontier.Level(level));
                bytes = bytes[HashLength..];
            }
        }

        return frontier;
    }

    /// <summary>Adds a leaf's hash, or the root of a full subtree.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="level">0: a leaf; else the subtree has 2^level leaves, and the tree so far is made of such.</param>
    public void Append(ReadOnlySpan<byte> hash, int level = 0)
    {
        if ((Size & ((1L << level) - 1)) != 0)
        {
            throw new ArgumentException("A subtree can only follow whole ones of its kind.", nameof(level));
        }

        Span<byte> node = stackalloc byte[HashLength];
        hash.CopyTo(node);
        var at = level;
        for (; (Size >> at & 1) == 1; at++)
        {
            MerkleTree.NodeHash(Level(at), node, node);
        }

        node.CopyTo(Level(at));
        Size += 1L << level;
    }

    /// <summary>Adds a tree behind this one, which must be made of subtrees that are not smaller.</summary>
    public void Append(MerkleFrontier other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var level = 62; level >= 0; level--)
        {
            if ((other.Size >> level & 1) == 1)
            {
                Append(other.Level(level), level);
            }
        }
    }

    /// <summary>A copy that grows by itself.</summary>
    public MerkleFrontier Copy()
    {
        var copy = new MerkleFrontier { Size = Size };
        _levels.CopyTo(copy._levels, 0);
        return copy;
    }

    /// <summary>The root; of an empty tree the hash of nothing.</summary>
    public byte[] Root()
    {
        if (Size == 0)
        {
            return SHA256.HashData([]);
        }

        var level = BitOperations.TrailingZeroCount(Size);
        var root = Level(level).ToArray();
        for (level++; level < 63; level++)
        {
            if ((Size >> level & 1) == 1)
            {
                MerkleTree.NodeHash(Level(level), root, root);
            }
        }

        return root;
    }

    /// <summary>The subtrees' roots, the largest first.</summary>
    public byte[] ToBytes()
    {
        var bytes = new List<byte>();
        for (var level = 62; level >= 0; level--)
        {
            if ((Size >> level & 1) == 1)
            {
                bytes.AddRange(Level(level));
            }
        }

        return [.. bytes];
    }

    private Span<byte> Level(int level) => _levels.AsSpan(level * HashLength, HashLength);
}
