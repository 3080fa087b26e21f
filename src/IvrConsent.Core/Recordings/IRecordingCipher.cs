namespace IvrConsent.Core.Recordings;

/// <summary>
/// Encrypts each recording to a key pair of its own, and opens it again where the master's private half is at hand. The worker that
/// records needs only the public one.
/// </summary>
public interface IRecordingCipher
{
    /// <summary>Whether recordings can be opened here.</summary>
    bool CanOpen { get; }

    /// <summary>A new key pair for a recording.</summary>
    /// <exception cref="IOException">The master's public key is missing or what wraps the key failed; the message says what to do.</exception>
    Task<IRecordingSeal> NewAsync(string recording, CancellationToken cancel);

    /// <summary>
    /// The plain bytes of an encrypted recording, each given out only when it is proved to be unchanged; the source belongs to the
    /// result from then on.
    /// </summary>
    /// <exception cref="RecordingDamagedException">Here and at each reading: it is not what was stored.</exception>
    /// <exception cref="IOException">The master's private key is not here, or does not open this one; the message says what to do.</exception>
    Task<Stream> OpenAsync(string recording, ReadOnlyMemory<byte> wrappedKey, Stream encrypted, CancellationToken cancel);
}

/// <summary>One recording's key pair while it is taken in. Disposed of, the private half is left only in its wrapped form.</summary>
public interface IRecordingSeal : IDisposable
{
    /// <summary>The private half, wrapped to the master's key.</summary>
    ReadOnlyMemory<byte> WrappedKey { get; }

    /// <summary>The encrypted form, made while it is read. The plain stream stays its giver's to dispose of.</summary>
    Stream Encrypt(Stream plain);

    /// <summary>The plain form of what was encrypted with this seal.</summary>
    /// <exception cref="RecordingDamagedException">Here and at each reading: it is not what was encrypted.</exception>
    Task<Stream> DecryptAsync(Stream encrypted, CancellationToken cancel);
}

/// <summary>A stored recording is not what was stored: changed, cut short, or another one's.</summary>
public class RecordingDamagedException : IOException
{
    /// <summary>Without a message.</summary>
    public RecordingDamagedException()
    {
    }

    /// <summary>With a message for a person.</summary>
    public RecordingDamagedException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and the cause.</summary>
    public RecordingDamagedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
