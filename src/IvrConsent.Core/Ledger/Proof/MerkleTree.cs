using System.Numerics;
using System.Security.Cryptography;

namespace IvrConsent.Core.Ledger.Proof;

/// <summary>
/// The Merkle tree of RFC 6962 section 2.1 (SHA-256; a leaf is hashed behind 0x00, a node behind 0x01), over leaf hashes that lie one
/// after another, 32 bytes each. The verifying algorithms are those of RFC 9162 section 2.1.
/// </summary>
public static class MerkleTree
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashLength = 32;

    /// <summary>The hash of a leaf.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> leaf)
    {
        var hash = new byte[HashLength];
        LeafHash(leaf, hash);
        return hash;
    }

    /// <summary>The hash of a leaf, into a place of its own.</summary>
    public static void LeafHash(ReadOnlySpan<byte> leaf, Span<byte> into)
    {
        var bytes = leaf.Length < 2048 ? stackalloc byte[leaf.Length + 1] : new byte[leaf.Length + 1];
        bytes[0] = 0;
        leaf.CopyTo(bytes[1..]);
        SHA256.HashData(bytes, into);
    }

    /// <summary>The hash of a node, which may take the place of one of the two below it.</summary>
    public static void NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> into)
    {
        Span<byte> node = stackalloc byte[1 + (2 * HashLength)];
        node[0] = 1;
        left.CopyTo(node[1..]);
        right.CopyTo(node[(1 + HashLength)..]);
        SHA256.HashData(node, into);
    }

    /// <summary>The root over leaf hashes.</summary>
    public static byte[] Root(ReadOnlySpan<byte> leaves)
    {
        var frontier = new MerkleFrontier();
        for (var at = 0; at < leaves.Length; at += HashLength)
        {
            frontier.Append(leaves.Slice(at, HashLength));
        }

        return frontier.Root();
    }

    /// <summary>The inclusion proof of a leaf: the hashes beside its way to the root, from below.</summary>
    /// <param name="index">The leaf, from 0.</param>
    /// <param name="leaves">All leaf hashes of the tree.</param>
    public static IReadOnlyList<byte[]> Inclusion(int index, ReadOnlySpan<byte> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length / HashLength);
        var proof = new List<byte[]>();
        var size = leaves.Length / HashLength;
        while (size > 1)
        {
            var split = Split(size);
            var left = leaves[..(split * HashLength)];
            var right = leaves[(split * HashLength)..];
            var isLeft = index < split;
            proof.Add(Root(isLeft ? right : left));
            leaves = isLeft ? left : right;
            index -= isLeft ? 0 : split;
            size = leaves.Length / HashLength;
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>The proof that a tree of these leaves begins with the tree of its first <paramref name="oldSize"/>.</summary>
    public static IReadOnlyList<byte[]> Consistency(int oldSize, ReadOnlySpan<byte> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, leaves.Length / HashLength);
        var proof = new List<byte[]>();

        // Whether the old tree is, from here on, the whole left part: then its root is known to who checks.
        var whole = true;
        while (oldSize != leaves.Length / HashLength)
        {
            var split = Split(leaves.Length / HashLength);
            var left = leaves[..(split * HashLength)];
            var right = leaves[(split * HashLength)..];
            if (oldSize <= split)
            {
                proof.Add(Root(right));
                leaves = left;
            }
            else
            {
                proof.Add(Root(left));
                leaves = right;
                oldSize -= split;
                whole = false;
            }
        }

        if (!whole)
        {
            proof.Add(Root(leaves));
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>Checks an inclusion proof.</summary>
    public static bool VerifyInclusion(ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (at, last) = (index, size - 1);
        Span<byte> hash = stackalloc byte[HashLength];
        leafHash.CopyTo(hash);
        foreach (var beside in proof)
        {
            if (last == 0 || beside.Length != HashLength)
            {
                return false;
            }

            if ((at & 1) == 1 || at == last)
            {
                NodeHash(beside, hash, hash);
                SkipRightEdge(ref at, ref last);
            }
            else
            {
                NodeHash(hash, beside, hash);
            }

            at >>= 1;
            last >>= 1;
        }

        return last == 0 && hash.SequenceEqual(root);
    }

    /// <summary>Checks that the tree with the new root begins with the one with the old root.</summary>
    public static bool VerifyConsistency(long oldSize, long newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (oldSize < 1 || oldSize > newSize || proof.Any(hash => hash.Length != HashLength))
        {
            return false;
        }

        if (oldSize == newSize)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(newRoot);
        }

        var hashes = new Queue<byte[]>(proof);
        if (BitOperations.IsPow2(oldSize))
        {
            hashes = new Queue<byte[]>([oldRoot.ToArray(), .. proof]);
        }

        if (hashes.Count == 0)
        {
            return false;
        }

        var (at, last) = (oldSize - 1, newSize - 1);
        while ((at & 1) == 1)
        {
            at >>= 1;
            last >>= 1;
        }

        var seed = hashes.Dequeue();
        byte[] ofOld = [.. seed];
        byte[] ofNew = [.. seed];
        foreach (var beside in hashes)
        {
            if (last == 0)
            {
                return false;
            }

            if ((at & 1) == 1 || at == last)
            {
                NodeHash(beside, ofOld, ofOld);
                NodeHash(beside, ofNew, ofNew);
                SkipRightEdge(ref at, ref last);
            }
            else
            {
                NodeHash(ofNew, beside, ofNew);
            }

            at >>= 1;
            last >>= 1;
        }

        return last == 0 && ofOld.AsSpan().SequenceEqual(oldRoot) && ofNew.AsSpan().SequenceEqual(newRoot);
    }

    /// <summary>Where the right edge of the tree is not full, a node goes up several levels as it is.</summary>
    private static void SkipRightEdge(ref long at, ref long last)
    {
        while ((at & 1) == 0 && at != 0)
        {
            at >>= 1;
            last >>= 1;
        }
    }

    /// <summary>The largest power of two below the size.</summary>
    private static int Split(int size) => 1 << (31 - BitOperations.LeadingZeroCount((uint)(size - 1)));
}
