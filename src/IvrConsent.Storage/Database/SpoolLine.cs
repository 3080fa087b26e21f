using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Storage.Database;

/// <summary>
/// One batch as a line: eight digits of length, sixteen of a SHA-256, the JSON, a line feed. JSON has no line feed inside, so a
/// line that was cut off or damaged is recognised, and the next one is found again.
/// </summary>
internal static class SpoolLine
{
    private const int HashAt = 9;
    private const int JsonAt = 26;

    private const string Sealed = "sealed:";

    /// <summary>The line with its line feed. No number is in it in clear.</summary>
    public static byte[] Write(LedgerBatch batch, NumberKeyRing numbers)
    {
        if (batch.Call is { CallerNumber: { } number } call)
        {
            var seal = numbers.Current.Seal(number, call.Id.Value);
            batch = batch with { Call = call with { CallerNumber = $"{Sealed}{seal.KeyId}:{Convert.ToBase64String(seal.Bytes)}" } };
        }

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
    public static SpoolContent ReadAll(ReadOnlySpan<byte> file, NumberKeyRing numbers)
    {
        var batches = new List<LedgerBatch>();
        var damaged = 0;
        while (file.Length > 0)
        {
            var end = file.IndexOf((byte)'\n');
            if (end >= 0 && Read(file[..end]) is { } batch)
            {
                // The call's facts are not lost for a number that nobody can read; but its file is kept.
                var (readable, whole) = Unseal(batch, numbers);
                batches.Add(readable);
                damaged += whole ? 0 : 1;
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

    private static (LedgerBatch Batch, bool Whole) Unseal(LedgerBatch batch, NumberKeyRing numbers)
    {
        // A number in clear was written before there were keys.
        if (batch.Call is not { CallerNumber: { } text } call || !text.StartsWith(Sealed, StringComparison.Ordinal))
        {
            return (batch, true);
        }

        var parts = text.Split(':');
        var bytes = new byte[text.Length];
        var number = parts.Length == 3 && Convert.TryFromBase64String(parts[2], bytes, out var length)
            ? numbers.Open(new SealedNumber(parts[1], bytes[..length]), call.Id.Value)
            : null;
        return (batch with { Call = call with { CallerNumber = number } }, number is not null);
    }

    private static string Hash(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8));
}

/// <summary>What is in a file of the spool.</summary>
/// <param name="Batches">The whole ones, in order.</param>
/// <param name="Damaged">Lines in the midst of the file that cannot be read, or whose number cannot.</param>
/// <param name="Torn">Whether its last line is not whole.</param>
internal sealed record SpoolContent(IReadOnlyList<LedgerBatch> Batches, int Damaged, bool Torn);
