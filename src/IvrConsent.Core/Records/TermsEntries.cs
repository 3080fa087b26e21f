using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Records;

/// <summary>
/// How terms stand in the ledger. The ids of the entry follow from the hash alone, so the ledger itself keeps it to one entry for
/// each content, whichever worker writes it and however often.
/// </summary>
public static class TermsEntries
{
    /// <summary>PBX and channel of rows that are about no call (<see cref="CallKind.Record"/>).</summary>
    private const string None = "-";

    /// <summary>The row under which the terms with this hash stand. Its first 48 bits are zero: it belongs to no moment.</summary>
    public static CallId RowOf(string sha256) => CallId.FromChannel(None, $"terms:{sha256}", DateTimeOffset.UnixEpoch);

    /// <summary>The entry to append.</summary>
    /// <param name="terms">The terms.</param>
    /// <param name="line">Name of their line.</param>
    /// <param name="now">The time, in whole milliseconds.</param>
    public static LedgerBatch Batch(WrittenTerms terms, string line, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var id = RowOf(terms.Sha256);
        var row = new CallRow(id, None, None, line, string.Empty, null, now) { Kind = CallKind.Record };
        return new LedgerBatch(row, [new LedgerEntry(EventOf(terms.Sha256), id, 1, now, new TermsInForce(terms.Sha256, line, terms.Json))]);
    }

    /// <summary>UUID version 8 out of a hash of the hash.</summary>
    private static Guid EventOf(string sha256)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"terms event:{sha256}"));
        bytes[6] = (byte)(0x80 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes.AsSpan(0, 16), bigEndian: true);
    }
}
