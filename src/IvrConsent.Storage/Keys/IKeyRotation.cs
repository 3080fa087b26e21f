namespace IvrConsent.Storage.Keys;

/// <summary>Changes a key while workers run, in three steps that each can be cut off and done again.</summary>
public interface IKeyRotation : IAsyncDisposable
{
    /// <summary>Makes a new key and puts it before the older ones, which stay to read with.</summary>
    /// <exception cref="KeyFolderException">The key cannot be read or written; the message says what to do.</exception>
    /// <exception cref="Database.LedgerUnavailableException">The database cannot be reached.</exception>
    Task MakeKeyAsync(CancellationToken cancel);

    /// <summary>Brings everything under the newest key that is under an older one; answers with how many those were.</summary>
    /// <exception cref="KeyFolderException">Something is under a key that is not here; the message says what to do.</exception>
    /// <exception cref="Database.LedgerUnavailableException">The database cannot be written.</exception>
    Task<long> RenewAsync(CancellationToken cancel);

    /// <summary>Takes the older keys out of the file; what is still under one of them can never be read again.</summary>
    /// <exception cref="KeyFolderException">Something is, or may be: the message says what.</exception>
    /// <exception cref="Database.LedgerUnavailableException">The database cannot be read.</exception>
    Task ForgetAsync(CancellationToken cancel);
}
