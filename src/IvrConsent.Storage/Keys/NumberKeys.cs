using System.Security.Cryptography;
using System.Text;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Storage.Keys;

/// <summary>A number as it rests: its key's id, and nonce, ciphertext and tag.</summary>
internal sealed record SealedNumber(string KeyId, byte[] Bytes);

/// <summary>
/// The keys of phone numbers: one that finds them (HMAC-SHA-256 of the normalised number) and one or more that encrypt them
/// (AES-256-GCM under a random nonce, bound to what it stands for). The newest encrypts; the older ones read what a rotation has not
/// come to yet. The finding key never changes: all workers must come to the same hash at every moment.
/// </summary>
internal sealed class NumberKeys
{
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const string Head = "# IvrConsent: the keys of phone numbers. Secret. hash finds a number; the first encrypt encrypts, the others only read.";
    private readonly byte[] _hash;
    private readonly IReadOnlyList<(string Id, byte[] Key)> _encrypt;

    private NumberKeys(byte[] hash, IReadOnlyList<(string Id, byte[] Key)> encrypt)
    {
        _hash = hash;
        _encrypt = encrypt;
    }

    /// <summary>Names the finding key: a database knows which one its hashes are made with.</summary>
    public string HashId => IdOf(_hash);

    /// <summary>Ids of the encrypting keys, the newest first.</summary>
    public IReadOnlyList<string> Ids => [.. _encrypt.Select(key => key.Id)];

    /// <summary>New keys, as the file holds them.</summary>
    public static byte[] Make() => new NumberKeys(RandomNumberGenerator.GetBytes(KeyLength), [New()]).Write();

    /// <summary>Reads a file's bytes; throws <see cref="FormatException"/> on anything else.</summary>
    public static NumberKeys Parse(byte[] bytes)
    {
        byte[]? hash = null;
        var encrypt = new List<(string, byte[])>();
        foreach (var line in Encoding.ASCII.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || Convert.FromBase64String(words[1]) is not { Length: KeyLength } key)
            {
                throw new FormatException("A line is not a word and a key.");
            }

            if (words[0] == "hash" && hash is null)
            {
                hash = key;
            }
            else if (words[0] == "encrypt")
            {
                encrypt.Add((IdOf(key), key));
            }
            else
            {
                throw new FormatException("A line is neither hash nor encrypt.");
            }
        }

        return hash is not null && encrypt.Count > 0 ? new NumberKeys(hash, encrypt) : throw new FormatException("A key is missing.");
    }

    /// <summary>As the file holds them.</summary>
    public byte[] Write() => Encoding.ASCII.GetBytes(string.Join(
        '\n', [Head, $"hash {Convert.ToBase64String(_hash)}", .. _encrypt.Select(key => $"encrypt {Convert.ToBase64String(key.Key)}"), string.Empty]));

    /// <summary>The same with a new encrypting key before the others.</summary>
    public NumberKeys Rotate() => new(_hash, [New(), .. _encrypt]);

    /// <summary>The same without the older encrypting keys.</summary>
    public NumberKeys Forget() => new(_hash, [_encrypt[0]]);

    /// <summary>What a number is found by; null where it is none (see <see cref="PhoneNumber.Normalise"/>).</summary>
    public byte[]? Hash(string? number) =>
        PhoneNumber.Normalise(number) is { } normal ? HMACSHA256.HashData(_hash, Encoding.UTF8.GetBytes(normal)) : null;

    /// <summary>Encrypts a number for one place only: what is copied to another place cannot be read there.</summary>
    /// <param name="number">The number.</param>
    /// <param name="place">What it stands for: the id of its subject, or of its call.</param>
    public SealedNumber Seal(string number, Guid place)
    {
        var plain = Encoding.UTF8.GetBytes(number);
        var bytes = new byte[NonceLength + plain.Length + TagLength];
        RandomNumberGenerator.Fill(bytes.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(_encrypt[0].Key, TagLength);
        cipher.Encrypt(
            bytes.AsSpan(0, NonceLength), plain, bytes.AsSpan(NonceLength, plain.Length), bytes.AsSpan(NonceLength + plain.Length), place.ToByteArray(bigEndian: true));
        return new SealedNumber(_encrypt[0].Id, bytes);
    }

    /// <summary>The number; null where no key of these made it, or it was made for another place or changed since.</summary>
    public string? Open(SealedNumber number, Guid place)
    {
        var key = _encrypt.FirstOrDefault(key => key.Id == number.KeyId).Key;
        if (key is null || number.Bytes.Length < NonceLength + TagLength)
        {
            return null;
        }

        var bytes = number.Bytes.AsSpan();
        var plain = new byte[bytes.Length - NonceLength - TagLength];
        try
        {
            using var cipher = new AesGcm(key, TagLength);
            cipher.Decrypt(bytes[..NonceLength], bytes[NonceLength..^TagLength], bytes[^TagLength..], plain, place.ToByteArray(bigEndian: true));
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static (string Id, byte[] Key) New()
    {
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        return (IdOf(key), key);
    }

    /// <summary>Says nothing of the key: a hash of 32 random bytes.</summary>
    private static string IdOf(byte[] key) =>
        Convert.ToHexStringLower(SHA256.HashData([.. "ivrconsent key "u8, .. key]).AsSpan(0, 8));
}
