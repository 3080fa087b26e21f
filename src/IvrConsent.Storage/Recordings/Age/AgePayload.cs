using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>The payload's chunks: ChaCha20-Poly1305 in the STREAM construction, each 64 KiB, the last one marked as such.</summary>
internal sealed class AgePayload : IDisposable
{
    /// <summary>Plain bytes of each chunk but the last, which may have fewer.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>What a chunk grows by.</summary>
    public const int TagBytes = 16;

    /// <summary>Bytes between the head and the first chunk.</summary>
    public const int NonceBytes = 16;

    private readonly ChaCha20Poly1305 _cipher;
    private readonly byte[] _nonce = new byte[12];
    private long _chunks;

    public AgePayload(byte[] fileKey, byte[] nonce)
    {
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, 32, nonce, "payload"u8.ToArray());
        _cipher = new(key);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Encrypts the next chunk; the result is longer by the tag.</summary>
    public void Encrypt(ReadOnlySpan<byte> plain, Span<byte> result, bool last)
    {
        Next(last);
        _cipher.Encrypt(_nonce, plain, result[..plain.Length], result.Slice(plain.Length, TagBytes));
    }

    /// <summary>Decrypts the next chunk, or throws without giving anything of it.</summary>
    public void Decrypt(ReadOnlySpan<byte> chunk, Span<byte> plain, bool last)
    {
        if (chunk.Length < TagBytes || (chunk.Length == TagBytes && _chunks > 0))
        {
            throw new AgeException("The file is cut short.");
        }

        Next(last);
        try
        {
            _cipher.Decrypt(_nonce, chunk[..^TagBytes], chunk[^TagBytes..], plain[..(chunk.Length - TagBytes)]);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new AgeException("The file was changed, is damaged or is cut short.", e);
        }
    }

    public void Dispose() => _cipher.Dispose();

    private void Next(bool last)
    {
        // 11 bytes of counter, of which 8 are enough for any file, and the mark of the last chunk.
        BinaryPrimitives.WriteInt64BigEndian(_nonce.AsSpan(3, 8), _chunks++);
        _nonce[11] = last ? (byte)1 : (byte)0;
    }
}
