using System.Security.Cryptography;
using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings.Age;

namespace IvrConsent.Storage.Recordings;

/// <summary>
/// Each recording is a file in the age format (https://age-encryption.org/v1) to a key pair of its own, so that any age program opens it
/// who has the key, and nobody once the key is destroyed.
/// </summary>
internal sealed class AgeRecordingCipher(IRecordingKeyWrap wrap) : IRecordingCipher
{
    public bool CanOpen => wrap.CanUnwrap;

    public async Task<IRecordingSeal> NewAsync(string recording, CancellationToken cancel)
    {
        var identity = AgeIdentity.Generate();
        var secret = identity.RevealBytes();
        try
        {
            return new Seal(identity, await wrap.WrapAsync(recording, secret, cancel));
        }
        catch
        {
            identity.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    public async Task<Stream> OpenAsync(string recording, ReadOnlyMemory<byte> wrappedKey, Stream encrypted, CancellationToken cancel)
    {
        var secret = await wrap.UnwrapAsync(recording, wrappedKey, cancel);
        try
        {
            using var identity = AgeIdentity.Parse(secret.AsSpan());
            return await AgeDecryptStream.OpenAsync(encrypted, identity, cancel);
        }
        catch (FormatException error)
        {
            throw new KeyFolderException($"What was unwrapped for {recording} is no key of a recording. Look at what wraps and unwraps keys.", error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private sealed class Seal(AgeIdentity identity, byte[] wrapped) : IRecordingSeal
    {
        public ReadOnlyMemory<byte> WrappedKey => wrapped;

        public Stream Encrypt(Stream plain) => new AgeEncryptStream(plain, identity.Recipient);

        public async Task<Stream> DecryptAsync(Stream encrypted, CancellationToken cancel) => await AgeDecryptStream.OpenAsync(encrypted, identity, cancel);

        public void Dispose() => identity.Dispose();
    }
}
