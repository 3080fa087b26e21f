using System.Security.Cryptography;
using System.Text;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>The public half of an age key pair: <c>age1…</c>.</summary>
internal sealed class AgeRecipient
{
    private const string Prefix = "age";

    private AgeRecipient(byte[] key) => Key = key;

    /// <summary>The key's 32 bytes.</summary>
    public byte[] Key { get; }

    /// <summary>The public half that belongs to these bytes.</summary>
    internal static AgeRecipient Of(byte[] key) => new(key);

    /// <summary>Reads <c>age1…</c>.</summary>
    /// <exception cref="FormatException">It is no such key.</exception>
    public static AgeRecipient Parse(string text) => Bech32.Decode(Prefix, Encoding.UTF8.GetBytes(text)) is { Length: X25519.KeyBytes } key && text.StartsWith("age1", StringComparison.Ordinal)
        ? new(key)
        : throw new FormatException("This is no public key of age: it begins with age1 and is copied whole, without a space.");

    /// <inheritdoc/>
    public override string ToString() => Bech32.Encode(Prefix, Key);
}

/// <summary>The private half: <c>AGE-SECRET-KEY-1…</c>. Its text is told only by <see cref="Reveal"/>.</summary>
internal sealed class AgeIdentity : IDisposable
{
    private const string Prefix = "age-secret-key-";
    private readonly byte[] _key;

    private AgeIdentity(byte[] key)
    {
        _key = key;
        Recipient = AgeRecipient.Of(X25519.PublicKey(key));
    }

    /// <summary>The public half.</summary>
    public AgeRecipient Recipient { get; }

    /// <summary>A new key pair.</summary>
    public static AgeIdentity Generate() => new(RandomNumberGenerator.GetBytes(X25519.KeyBytes));

    /// <summary>Reads <c>AGE-SECRET-KEY-1…</c>. The message on anything else holds nothing of it.</summary>
    /// <exception cref="FormatException">It is no such key.</exception>
    public static AgeIdentity Parse(string text) => Parse(Encoding.UTF8.GetBytes(text));

    /// <summary>The same from bytes, which its giver can zero, as a string cannot be.</summary>
    /// <exception cref="FormatException">It is no such key.</exception>
    public static AgeIdentity Parse(ReadOnlySpan<byte> text) => Bech32.Decode(Prefix, text) is { Length: X25519.KeyBytes } key && text.StartsWith("AGE-"u8)
        ? new(key)
        : throw new FormatException("This is no private key of age: it begins with AGE-SECRET-KEY-1 and is copied whole, without a space.");

    /// <summary>The private key's text.</summary>
    public string Reveal() => Encoding.ASCII.GetString(RevealBytes());

    /// <summary>The same as bytes, for its taker to zero.</summary>
    public byte[] RevealBytes()
    {
        var text = Bech32.EncodeAscii(Prefix, _key);
        Ascii.ToUpperInPlace(text, out _);
        return text;
    }

    /// <summary>The secret shared with the holder of the other key.</summary>
    internal byte[] Agree(ReadOnlySpan<byte> publicKey) => X25519.Agree(_key, publicKey);

    /// <inheritdoc/>
    public override string ToString() => $"private half of {Recipient}";

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_key);
}
