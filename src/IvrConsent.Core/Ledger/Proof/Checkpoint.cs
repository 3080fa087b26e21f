using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Core.Ledger.Proof;

/// <summary>
/// The head of the tree, as C2SP's tlog-checkpoint writes it: the log's name, the number of leaves, the root in base64, a line each.
/// Signed it is a C2SP signed note with a signature of type 0x02: ECDSA on P-256 over SHA-256, in DER, with the first four bytes of the
/// SHA-256 of the public key (SubjectPublicKeyInfo) as key id. The log's name is the key's name as well.
/// </summary>
/// <param name="Origin">The log: which ledger it is.</param>
/// <param name="Size">Leaves.</param>
/// <param name="Root">The root over them.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root)
{
    private const string Dash = "\u2014 ";
    private const int LongestNote = 64 * 1024;

    /// <summary>The text that is signed.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root.Span)}\n");

    /// <summary>The signed note.</summary>
    public string Sign(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var signature = key.SignData(Encoding.UTF8.GetBytes(Text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        byte[] bytes = [.. KeyId(key), .. signature];
        return $"{Text}\n{Dash}{Origin} {Convert.ToBase64String(bytes)}\n";
    }

    /// <summary>What a note says, with its signature checked.</summary>
    /// <param name="note">The signed note.</param>
    /// <param name="key">The public key; others that have signed it too do not matter.</param>
    /// <exception cref="FormatException">It is no checkpoint, or the key has not signed it so.</exception>
    public static Checkpoint Open(string note, ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentNullException.ThrowIfNull(key);
        var (checkpoint, signatures) = Parse(note);
        var text = Encoding.UTF8.GetBytes(checkpoint.Text);
        var signed = signatures
            .Where(signature => signature.Name == checkpoint.Origin && signature.Bytes.Length > 4 && signature.Bytes.AsSpan(0, 4).SequenceEqual(KeyId(key)))
            .Select(signature => signature.Bytes.AsSpan(4).ToArray())
            .ToList();
        return signed.Count == 0 ? throw new FormatException("The checkpoint is not signed by this key.")
            : signed.TrueForAll(bytes => Verify(key, text, bytes)) ? checkpoint
            : throw new FormatException("The checkpoint's signature is wrong: it was changed after it was signed, or signed by another.");
    }

    /// <summary>What a note says; nobody has looked at its signature.</summary>
    /// <exception cref="FormatException">It is no checkpoint.</exception>
    public static (Checkpoint Checkpoint, IReadOnlyList<(string Name, byte[] Bytes)> Signatures) Parse(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var end = note.Length <= LongestNote ? note.LastIndexOf("\n\n", StringComparison.Ordinal) : -1;
        var head = end < 0 ? [] : note[..end].Split('\n');
        if (head.Length != 3 || head[0].Length == 0 || head[0].Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+')
            || !long.TryParse(head[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || head[1] != size.ToString(CultureInfo.InvariantCulture)
            || Base64(head[2]) is not { Length: MerkleTree.HashLength } root)
        {
            throw new FormatException("That is no checkpoint: a name, a size and a root in a line each, a blank line, and signatures are expected.");
        }

        var signatures = new List<(string, byte[])>();
        foreach (var line in note[(end + 2)..].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
            if (words.Length != 2 || Base64(words[1]) is not { } bytes)
            {
                throw new FormatException("A line of the checkpoint's signatures is none.");
            }

            signatures.Add((words[0], bytes));
        }

        return (new Checkpoint(head[0], size, root), signatures);
    }

    private static byte[] KeyId(ECDsa key) => SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..sizeof(uint)];

    private static bool Verify(ECDsa key, byte[] text, byte[] signature)
    {
        try
        {
            return key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text ? bytes[..length] : null;
    }
}
