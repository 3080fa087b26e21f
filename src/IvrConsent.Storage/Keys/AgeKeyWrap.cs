using System.Security.Cryptography;
using IvrConsent.Storage.Recordings.Age;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// Wraps with the key folder's <c>recordings.pub</c> and unwraps with its <c>recordings.key</c>. What is wrapped is a file of age: its stock
/// program unwraps it too. Both files are read anew each time, so that a worker goes along with a rotation; that is once per recording.
/// </summary>
internal sealed class AgeKeyWrap(KeyFolder folder) : IRecordingKeyWrap
{
    // Ours have some 400 bytes.
    private const int MostBytes = 64 * 1024;

    /// <inheritdoc/>
    public bool CanUnwrap => folder.CanRead(KeyFiles.Recordings);

    /// <inheritdoc/>
    public async Task<byte[]> WrapAsync(string recording, ReadOnlyMemory<byte> secret, CancellationToken cancel)
    {
        var bound = BoundSecret.Bind(recording, secret.Span);
        try
        {
            var recipient = folder.ParsePublic(KeyFiles.Recordings, RecordingMaster.ParsePublic);
            using var stream = new AgeEncryptStream(new MemoryStream(bound), recipient);
            using var wrapped = new MemoryStream();
            await stream.CopyToAsync(wrapped, cancel);
            return wrapped.ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bound);
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]> UnwrapAsync(string recording, ReadOnlyMemory<byte> wrapped, CancellationToken cancel)
    {
        using var master = ReadMaster();
        var bound = await TryOpenAsync(wrapped, master, cancel) ?? throw new KeyFolderException(
            $"The key of recording {recording} is wrapped to no key of {KeyFiles.Recordings.Name} ({string.Join(", ", master.Ids)}), or was changed. Restore the {KeyFiles.Recordings.Name} that belongs to this database.");
        try
        {
            return BoundSecret.Release(recording, bound);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bound);
        }
    }

    /// <summary>Whether the master opens it, for whichever recording it was made.</summary>
    internal async Task<bool> OpensAsync(ReadOnlyMemory<byte> wrapped, CancellationToken cancel)
    {
        using var master = ReadMaster();
        var bound = await TryOpenAsync(wrapped, master, cancel);
        CryptographicOperations.ZeroMemory(bound);
        return bound is not null;
    }

    /// <summary>The master, as the file has it now.</summary>
    /// <exception cref="KeyFolderException">It is missing or no key.</exception>
    internal RecordingMaster ReadMaster() => folder.Parse(KeyFiles.Recordings, RecordingMaster.Parse);

    private static async Task<byte[]?> TryOpenAsync(ReadOnlyMemory<byte> wrapped, RecordingMaster master, CancellationToken cancel)
    {
        foreach (var identity in master.Identities)
        {
            if (await TryOpenAsync(wrapped, identity, cancel) is { } bound)
            {
                return bound;
            }
        }

        return null;
    }

    /// <summary>What is inside, to be zeroed; null where this key does not open it.</summary>
    internal static async Task<byte[]?> TryOpenAsync(ReadOnlyMemory<byte> wrapped, AgeIdentity identity, CancellationToken cancel)
    {
        if (wrapped.Length > MostBytes)
        {
            return null;
        }

        var plain = new byte[BoundSecret.MostBytes + 1];
        try
        {
            using var stream = await AgeDecryptStream.OpenAsync(new MemoryStream(wrapped.ToArray()), identity, cancel);
            var length = await stream.ReadAtLeastAsync(plain, plain.Length, throwOnEndOfStream: false, cancel);
            return length <= BoundSecret.MostBytes ? plain[..length] : null;
        }
        catch (AgeException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }
}
