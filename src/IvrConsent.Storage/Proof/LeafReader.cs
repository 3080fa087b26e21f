using System.Data.Common;
using System.Text;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Proof;

/// <summary>Reads events as leaf hashes, in order.</summary>
internal static class LeafReader
{
    /// <summary>
    /// The hashes of the leaves at the positions behind <paramref name="from"/> up to <paramref name="to"/>, one after another. Ends before
    /// the first position that is missing.
    /// </summary>
    public static async Task<byte[]> ReadAsync(LedgerDatabase database, DbConnection connection, long from, long to, CancellationToken cancel)
    {
        var hashes = new byte[(to - from) * MerkleTree.HashLength];
        var text = new byte[4096];
        var count = 0;
        await using var rows = await connection.ExecuteReaderAsync(
            new CommandDefinition(ProofSql.Events(database.LeafText), new { from, to }, commandTimeout: 0, cancellationToken: cancel));
        while (await rows.ReadAsync(cancel))
        {
            if (rows.GetInt64(0) != from + count + 1)
            {
                break;
            }

            var leaf = rows.GetString(1);
            if (text.Length < leaf.Length * 3)
            {
                text = new byte[leaf.Length * 3];
            }

            var length = Encoding.UTF8.GetBytes(leaf, text);
            MerkleTree.LeafHash(text.AsSpan(0, length), hashes.AsSpan(count++ * MerkleTree.HashLength, MerkleTree.HashLength));
        }

        return count * MerkleTree.HashLength == hashes.Length ? hashes : hashes[..(count * MerkleTree.HashLength)];
    }
}
