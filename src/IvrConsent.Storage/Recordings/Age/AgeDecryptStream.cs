using System.Security.Cryptography;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>
/// The plain form of an encrypted stream. Each chunk is given out only when it is proved whole; the end only when the last chunk
/// was marked as the last, so a file that was cut is an error and not a shorter recording.
/// </summary>
internal sealed class AgeDecryptStream : ForwardStream
{
    private readonly Stream _source;
    private readonly ChunkReader _cipher;
    private readonly AgePayload _payload;
    private readonly byte[] _plain = new byte[AgePayload.ChunkBytes];
    private ReadOnlyMemory<byte> _ready;
    private bool _broken;

    private AgeDecryptStream(Stream source, AgePayload payload)
    {
        _source = source;
        _cipher = new(source, AgePayload.ChunkBytes + AgePayload.TagBytes);
        _payload = payload;
    }

    /// <summary>Reads the head; the source belongs to the result from then on.</summary>
    /// <exception cref="AgeException">Here and at each reading: it is no whole, unchanged file for this key.</exception>
    public static async Task<AgeDecryptStream> OpenAsync(Stream source, AgeIdentity identity, CancellationToken cancel)
    {
        var fileKey = await AgeHeader.ReadAsync(source, identity, cancel);
        var nonce = new byte[AgePayload.NonceBytes];
        if (await source.ReadAtLeastAsync(nonce, nonce.Length, throwOnEndOfStream: false, cancel) < nonce.Length)
        {
            throw new AgeException("The file is cut short.");
        }

        var payload = new AgePayload(fileKey, nonce);
        CryptographicOperations.ZeroMemory(fileKey);
        return new(source, payload);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_broken)
        {
            // Whoever reads on after an error must get neither the rest nor an end, as if nothing were missing.
            throw new AgeException("The file could not be read to its end: it was changed, is damaged or is cut short.");
        }

        if (_ready.IsEmpty && !_cipher.Done)
        {
            _broken = true;
            var (chunk, last) = await _cipher.NextAsync(cancellationToken);
            var length = Math.Max(0, chunk.Length - AgePayload.TagBytes);
            var direct = length <= buffer.Length;
            var plain = direct ? buffer[..length] : _plain.AsMemory(0, length);
            _payload.Decrypt(chunk.Span, plain.Span, last);
            _broken = false;
            if (direct)
            {
                return length;
            }

            _ready = plain;
        }

        var count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _payload.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
        _cipher.Clear();
        _source.Dispose();
        base.Dispose(disposing);
    }
}
