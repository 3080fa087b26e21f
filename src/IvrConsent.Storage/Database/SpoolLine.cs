using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>
/// One batch as a line: eight digits of length, sixteen of a SHA-256, the JSON, a line feed. JSON has no line feed inside, so a
/// line that was cut off or damaged is recognised, and the next one is found again.
/// </summary>
internal static class SpoolLine
{
    private const int HashAt = 9;
    private const int JsonAt = 26;

    /// <summary>The line with its line feed.</summary>
    public static byte[] Write(LedgerBatch batch)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(batch, LedgerJson.Default.LedgerBatch);
        var line = new byte[JsonAt + json.Length + 1];
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{json.Length:D8} {Hash(json)} "), line);
        json.CopyTo(line, JsonAt);
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>The batch of a line without its line feed; null where it is not whole.</summary>
    public static LedgerBatch? Read(ReadOnlySpan<byte> line)
    {
        if (line.Length <= JsonAt
            || !Utf8Parser.TryParse(line[..8], out int length, out var digits) || digits != 8
            || length != line.Length - JsonAt
            || !line[HashAt..(JsonAt - 1)].SequenceEqual(Encoding.ASCII.GetBytes(Hash(line[JsonAt..]))))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line[JsonAt..], LedgerJson.Default.LedgerBatch);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a whole file.</summary>
    public static SpoolContent ReadAll(ReadOnlySpan<byte> file)
    {
        var batches = new List<LedgerBatch>();
        var damaged = 0;
        while (file.Length > 0)
        {
            var end = file.IndexOf((byte)'\n');
            if (end >= 0 && Read(file[..end]) is { } batch)
            {
                batches.Add(batch);
            }
            else if (end < 0 || end == file.Length - 1)
            {
                // Its append was cut off and so was never confirmed to anybody.
                return new SpoolContent(batches, damaged, Torn: true);
            }
            else
            {
                damaged++;
            }

            file = file[(end + 1)..];
        }

        return new SpoolContent(batches, damaged, Torn: false);
    }

    private static string Hash(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8));
}

/// <summary>What is in a file of the spool.</summary>
/// <param name="Batches">The whole ones, in order.</param>
/// <param name="Damaged">Lines in the midst of the file that cannot be read.</param>
/// <param name="Torn">Whether its last line is not whole.</param>
internal sealed record SpoolContent(IReadOnlyList<LedgerBatch> Batches, int Damaged, bool Torn);
