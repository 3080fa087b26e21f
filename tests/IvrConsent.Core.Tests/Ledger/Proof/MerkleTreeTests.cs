using System.Security.Cryptography;
using IvrConsent.Core.Ledger.Proof;
using Xunit;

namespace IvrConsent.Core.Tests.Ledger.Proof;

/// <summary>RFC 6962 by its published vectors, and by trying every tree and every proof of up to 40 leaves.</summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] Leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Roots_are_those_of_the_published_vectors(int count, string root) =>
        Assert.Equal(root, Convert.ToHexStringLower(MerkleTree.Root([.. Leaves.Take(count).SelectMany(leaf => MerkleTree.LeafHash(Convert.FromHexString(leaf)))])));

    [Fact]
    public void Every_inclusion_proof_holds_for_its_leaf_and_no_other()
    {
        for (var size = 1; size <= 40; size++)
        {
            var leaves = Make(size);
            var root = MerkleTree.Root(leaves);
            for (var index = 0; index < size; index++)
            {
                var proof = MerkleTree.Inclusion(index, leaves);
                for (var other = 0; other < size; other++)
                {
                    Assert.Equal(other == index, MerkleTree.VerifyInclusion(Leaf(leaves, index), other, size, proof, root));
                    Assert.Equal(other == index, MerkleTree.VerifyInclusion(Leaf(leaves, other), index, size, proof, root));
                }

                Assert.False(MerkleTree.VerifyInclusion(Leaf(leaves, index), index, size, [.. proof, new byte[32]], root));
                Assert.False(MerkleTree.VerifyInclusion(Leaf(leaves, index), index, size, [new byte[31], .. proof.Skip(1)], root));
                if (proof.Count > 0)
                {
                    Assert.False(MerkleTree.VerifyInclusion(Leaf(leaves, index), index, size, [.. proof.SkipLast(1)], root));
                    Assert.False(MerkleTree.VerifyInclusion(Leaf(leaves, index), index, size, [.. proof.Reverse().Select(Flip)], root));
                }
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_holds_for_its_two_trees_and_no_other()
    {
        for (var size = 1; size <= 40; size++)
        {
            var leaves = Make(size);
            var root = MerkleTree.Root(leaves);
            for (var old = 1; old <= size; old++)
            {
                var proof = MerkleTree.Consistency(old, leaves);
                var before = MerkleTree.Root(leaves.AsSpan(0, old * 32));
                Assert.True(MerkleTree.VerifyConsistency(old, size, before, root, proof));
                Assert.False(MerkleTree.VerifyConsistency(old, size, Flip(before), root, proof));
                Assert.False(MerkleTree.VerifyConsistency(old, size, before, Flip(root), proof));
                Assert.False(MerkleTree.VerifyConsistency(old, size, before, root, [.. proof, new byte[32]]));
                Assert.False(MerkleTree.VerifyConsistency(size + 1, size, before, root, proof));
                for (var i = 0; i < proof.Count; i++)
                {
                    Assert.False(MerkleTree.VerifyConsistency(old, size, before, root, [.. proof.Select((hash, n) => n == i ? Flip(hash) : hash)]));
                }
            }
        }
    }

    [Fact]
    public void A_frontier_grows_by_leaves_and_by_subtrees_to_the_same_root()
    {
        for (var size = 0; size <= 70; size++)
        {
            var leaves = Make(size);
            var frontier = new MerkleFrontier();
            var bySubtrees = new MerkleFrontier();
            for (var from = 0; from < size; from += 16)
            {
                var piece = new MerkleFrontier();
                for (var i = from; i < Math.Min(size, from + 16); i++)
                {
                    piece.Append(Leaf(leaves, i));
                    frontier.Append(Leaf(leaves, i));
                    frontier = MerkleFrontier.Restore(frontier.Size, frontier.ToBytes());
                }

                bySubtrees.Append(piece);
            }

            Assert.Equal(MerkleTree.Root(leaves), frontier.Root());
            Assert.Equal(MerkleTree.Root(leaves), bySubtrees.Root());
            Assert.Equal(size, bySubtrees.Copy().Size);
        }

        Assert.Throws<FormatException>(() => MerkleFrontier.Restore(3, new byte[32]));
        Assert.Throws<ArgumentException>(() => MerkleFrontier.Restore(1, new byte[32]).Append(new byte[32], level: 1));
    }

    private static byte[] Make(int size) => [.. Enumerable.Range(0, size).SelectMany(n => MerkleTree.LeafHash(BitConverter.GetBytes(n)))];

    private static byte[] Leaf(byte[] leaves, int index) => leaves[(index * 32)..((index + 1) * 32)];

    private static byte[] Flip(byte[] hash) => [(byte)(hash[0] ^ 1), .. hash[1..]];
}

public sealed class CheckpointTests
{
    private static readonly byte[] Root = SHA256.HashData("root"u8);

    [Fact]
    public void A_checkpoint_is_a_signed_note_of_three_lines()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var note = new Checkpoint("ledger.example/1", 1234, Root).Sign(key);
        var lines = note.Split('\n');
        Assert.Equal(["ledger.example/1", "1234", Convert.ToBase64String(Root), ""], lines[..4]);
        Assert.StartsWith("\u2014 ledger.example/1 ", lines[4], StringComparison.Ordinal);
        Assert.Equal(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4], Convert.FromBase64String(lines[4].Split(' ')[2])[..4]);
        var back = Checkpoint.Open(note, key);
        Assert.Equal(("ledger.example/1", 1234L), (back.Origin, back.Size));
        Assert.Equal(Root, back.Root.ToArray());
    }

    [Fact]
    public void What_is_changed_or_signed_by_another_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var note = new Checkpoint("ledger.example/1", 1234, Root).Sign(key);
        foreach (var wrong in (string[])[
            note.Replace("1234", "1235", StringComparison.Ordinal), note.Replace("ledger.example/1", "ledger.example/2", StringComparison.Ordinal),
            note.Replace("1234", "01234", StringComparison.Ordinal), note.Replace("\n\n", "\n", StringComparison.Ordinal),
            note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 2)], "", "\n\n", note[..^10] + "\n", note.Replace('\u2014', '-'),
            new Checkpoint("ledger.example/1", 1234, Root).Sign(other)])
        {
            Assert.Throws<FormatException>(() => Checkpoint.Open(wrong, key));
        }

        // Signed by others as well, such as witnesses.
        Assert.NotNull(Checkpoint.Open(note + "\u2014 witness.example AAAAAAAA\n", key));
    }
}
