using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>The head of an age file (C2SP age v1): the file key, wrapped to each recipient, under a MAC made with that file key.</summary>
internal static class AgeHeader
{
    /// <summary>Bytes of the key that one file is encrypted with.</summary>
    public const int FileKeyBytes = 16;

    private const string Version = "age-encryption.org/v1";
    private const string KeyInfo = "age-encryption.org/v1/X25519";
    private const int TagBytes = 16;
    private const int MostBytes = 64 * 1024;
    private const int MostInLine = 64;

    /// <summary>The head for one recipient.</summary>
    public static byte[] Write(ReadOnlySpan<byte> fileKey, AgeRecipient recipient)
    {
        using var ephemeral = AgeIdentity.Generate();
        var share = ephemeral.Recipient.Key;
        var body = new byte[FileKeyBytes + TagBytes];
        using (var cipher = WrapCipher(ephemeral.Agree(recipient.Key), share, recipient.Key))
        {
            cipher.Encrypt(new byte[12], fileKey, body.AsSpan(..FileKeyBytes), body.AsSpan(FileKeyBytes..));
        }

        var text = $"{Version}\n-> X25519 {ToText(share)}\n{ToText(body)}\n---";
        return Encoding.ASCII.GetBytes($"{text} {ToText(Mac(fileKey, Encoding.ASCII.GetBytes(text)))}\n");
    }

    /// <summary>Reads the head and unwraps the file key. Not one byte beyond the head is taken from the stream.</summary>
    public static async Task<byte[]> ReadAsync(Stream file, AgeIdentity identity, CancellationToken cancel)
    {
        var reader = new LineReader(file);
        if (await reader.NextAsync(cancel) != Version)
        {
            throw new AgeException("This is no age file of version 1.");
        }

        byte[]? fileKey = null;
        string line;
        var stanzas = 0;
        while ((line = await reader.NextAsync(cancel)).StartsWith("-> ", StringComparison.Ordinal))
        {
            stanzas++;
            var words = line[3..].Split(' ');
            if (words.Any(word => word.Length == 0 || word.Any(letter => letter is < (char)33 or > (char)126)))
            {
                throw Broken();
            }

            var body = await ReadBodyAsync(reader, cancel);
            if (words[0] == "X25519")
            {
                var unwrapped = Unwrap(words, body, identity);
                fileKey ??= unwrapped;
            }
        }

        if (stanzas == 0 || !line.StartsWith("--- ", StringComparison.Ordinal))
        {
            throw Broken();
        }

        if (fileKey is null)
        {
            throw new AgeException("The file is encrypted to another key.");
        }

        var covered = reader.Taken.AsSpan(..^(line.Length + 1 - 3));
        return FromText(line[4..]) is { Length: 32 } mac && CryptographicOperations.FixedTimeEquals(mac, Mac(fileKey, covered.ToArray()))
            ? fileKey
            : throw Broken();
    }

    private static AgeException Broken(Exception? inner = null) => new("The head of the file was changed or is damaged.", inner);

    private static async Task<byte[]> ReadBodyAsync(LineReader reader, CancellationToken cancel)
    {
        var text = new StringBuilder();
        string line;
        do
        {
            line = await reader.NextAsync(cancel);
            if (line.Length > MostInLine)
            {
                throw Broken();
            }

            text.Append(line);
        }
        while (line.Length == MostInLine);
        return FromText(text.ToString()) ?? throw Broken();
    }

    private static byte[]? Unwrap(string[] words, byte[] body, AgeIdentity identity)
    {
        if (words.Length != 2 || FromText(words[1]) is not { Length: X25519.KeyBytes } share || body.Length != FileKeyBytes + TagBytes)
        {
            throw Broken();
        }

        byte[] secret;
        try
        {
            secret = identity.Agree(share);
        }
        catch (CryptographicException e)
        {
            throw Broken(e);
        }

        using var cipher = WrapCipher(secret, share, identity.Recipient.Key);
        var fileKey = new byte[FileKeyBytes];
        try
        {
            cipher.Decrypt(new byte[12], body.AsSpan(..FileKeyBytes), body.AsSpan(FileKeyBytes..), fileKey);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            // Another recipient's.
            return null;
        }
    }

    private static ChaCha20Poly1305 WrapCipher(byte[] secret, byte[] share, byte[] recipient)
    {
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, [.. share, .. recipient], Encoding.ASCII.GetBytes(KeyInfo));
        try
        {
            return new ChaCha20Poly1305(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static byte[] Mac(ReadOnlySpan<byte> fileKey, byte[] header)
    {
        Span<byte> key = stackalloc byte[32];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, key, default, "header"u8);
        var mac = HMACSHA256.HashData(key, header);
        CryptographicOperations.ZeroMemory(key);
        return mac;
    }

    private static string ToText(byte[] data) => Convert.ToBase64String(data).TrimEnd('=');

    /// <summary>Unpadded base64 in its one canonical form; null for anything else.</summary>
    private static byte[]? FromText(string text)
    {
        var data = new byte[text.Length];
        return Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), data, out var length) && ToText(data[..length]) == text
            ? data[..length]
            : null;
    }

    private sealed class LineReader(Stream file)
    {
        private readonly List<byte> _taken = [];
        private readonly byte[] _one = new byte[1];

        public byte[] Taken => [.. _taken];

        public async Task<string> NextAsync(CancellationToken cancel)
        {
            var line = new StringBuilder();
            while (true)
            {
                if (await file.ReadAsync(_one, cancel) == 0 || _one[0] > 126 || _taken.Count >= MostBytes)
                {
                    throw Broken();
                }

                _taken.Add(_one[0]);
                if (_one[0] == '\n')
                {
                    return line.ToString();
                }

                line.Append((char)_one[0]);
            }
        }
    }
}
