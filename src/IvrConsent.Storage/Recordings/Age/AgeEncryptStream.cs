using System.Security.Cryptography;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>The encrypted form of a plain stream, made while it is read: memory does not grow with the length.</summary>
internal sealed class AgeEncryptStream : ForwardStream
{
    private readonly ChunkReader _plain;
    private readonly AgePayload _payload;
    private readonly byte[] _cipher = new byte[AgePayload.ChunkBytes + AgePayload.TagBytes];
    private ReadOnlyMemory<byte> _ready;

    /// <summary>Encrypts to the recipient. The plain stream stays its giver's to dispose of.</summary>
    public AgeEncryptStream(Stream plain, AgeRecipient recipient)
    {
        _plain = new(plain, AgePayload.ChunkBytes);
        var fileKey = RandomNumberGenerator.GetBytes(AgeHeader.FileKeyBytes);
        var nonce = RandomNumberGenerator.GetBytes(AgePayload.NonceBytes);
        _payload = new(fileKey, nonce);
        _ready = (byte[])[.. AgeHeader.Write(fileKey, recipient), .. nonce];
        CryptographicOperations.ZeroMemory(fileKey);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ready.IsEmpty && !_plain.Done)
        {
            var (chunk, last) = await _plain.NextAsync(cancellationToken);
            var length = chunk.Length + AgePayload.TagBytes;
            if (length <= buffer.Length)
            {
                _payload.Encrypt(chunk.Span, buffer.Span[..length], last);
                return length;
            }

            _payload.Encrypt(chunk.Span, _cipher, last);
            _ready = _cipher.AsMemory(0, length);
        }

        var count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _payload.Dispose();
        _plain.Clear();
        base.Dispose(disposing);
    }
}
