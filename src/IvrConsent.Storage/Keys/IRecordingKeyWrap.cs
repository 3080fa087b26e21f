namespace IvrConsent.Storage.Keys;

/// <summary>
/// Wraps the private half of a recording's own key pair to the master, and unwraps it. What is wrapped is bound to its recording: under
/// another recording's name it does not unwrap.
/// </summary>
public interface IRecordingKeyWrap
{
    /// <summary>Whether recordings can be opened here; a worker that only records does without.</summary>
    bool CanUnwrap { get; }

    /// <summary>Wraps the private half of a recording's key.</summary>
    /// <param name="recording">The recording's name: 1 to 512 characters, none of them a control character.</param>
    /// <param name="secret">
    /// One line without its end (<c>AGE-SECRET-KEY-1…</c>): 1 to 4096 printable characters of ASCII. It stays its giver's to zero.
    /// </param>
    /// <param name="cancel">Gives the wait up.</param>
    /// <exception cref="KeyFolderException">The master's public half is missing, or the command that wraps failed; the message says what to do.</exception>
    Task<byte[]> WrapAsync(string recording, ReadOnlyMemory<byte> secret, CancellationToken cancel);

    /// <summary>The private half again; its taker zeroes it (<see cref="System.Security.Cryptography.CryptographicOperations.ZeroMemory"/>).</summary>
    /// <exception cref="KeyFolderException">
    /// The master's private half is not here, or does not open this one, or it is another recording's, or the command that unwraps failed; the
    /// message says what to do.
    /// </exception>
    Task<byte[]> UnwrapAsync(string recording, ReadOnlyMemory<byte> wrapped, CancellationToken cancel);
}
