namespace IvrConsent.Core.Recordings;

/// <summary>
/// Keeps encrypted recordings as objects under a name. It sees only cipher text, and need not be trusted with more than not to
/// lose it. Safe for concurrent use.
/// </summary>
public interface IRecordingStore
{
    /// <summary>For a person: which store, without credentials.</summary>
    string Name { get; }

    /// <summary>
    /// Stores the content under the name, over what was there. Afterwards it is durable and whole; when it throws, what was there
    /// before still is, and nothing of the new content stays behind but what <see cref="SweepAsync"/> removes.
    /// </summary>
    /// <returns>How many bytes were stored.</returns>
    /// <exception cref="RecordingStoreException">The store is full, absent or refuses; it says what to do.</exception>
    Task<long> PutAsync(string name, Stream content, CancellationToken cancel);

    /// <summary>The object's content, to be disposed of by the caller; null when there is none.</summary>
    /// <exception cref="RecordingStoreException">The store cannot be read.</exception>
    Task<Stream?> OpenAsync(string name, CancellationToken cancel);

    /// <summary>How many bytes the object has; null when there is none.</summary>
    /// <exception cref="RecordingStoreException">The store cannot be read.</exception>
    Task<long?> FindAsync(string name, CancellationToken cancel);

    /// <summary>Deletes the object with all its versions; nothing happens when there is none.</summary>
    /// <exception cref="RecordingStoreException">It could not be deleted, or is locked against it.</exception>
    Task DeleteAsync(string name, CancellationToken cancel);

    /// <summary>All objects, in no order, without holding them all in memory.</summary>
    /// <exception cref="RecordingStoreException">The store cannot be read.</exception>
    IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel);

    /// <summary>Removes what unfinished storing left behind, where it is older than <paramref name="before"/>.</summary>
    /// <returns>How much was removed.</returns>
    /// <exception cref="RecordingStoreException">The store cannot be read or written.</exception>
    Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel);
}

/// <summary>An object as a store lists it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">How many bytes it has.</param>
public readonly record struct ListedObject(string Name, long Bytes);

/// <summary>The store did not do what it was asked; the message says what is wrong and what to do, and holds no secret.</summary>
public sealed class RecordingStoreException : Exception
{
    /// <summary>Without a message.</summary>
    public RecordingStoreException()
    {
    }

    /// <summary>With a message for a person.</summary>
    public RecordingStoreException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and the cause.</summary>
    public RecordingStoreException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>What an object of the store may be called.</summary>
public static class RecordingObjectName
{
    /// <summary>The longest name.</summary>
    public const int MostLetters = 128;

    /// <summary>
    /// Whether every store takes the name as it stands, and none can read a path out of it: 4 to 128 small letters, digits, hyphens
    /// and dots, with a letter or digit at either end and no two dots together.
    /// </summary>
    public static bool IsGood(string? name) =>
        name is { Length: >= 4 and <= MostLetters }
        && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && !name.Contains("..", StringComparison.Ordinal)
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.');

    /// <summary>The name, or an exception that says which names there are.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static string Require(string? name) => IsGood(name)
        ? name!
        : throw new ArgumentException($"An object's name is 4 to {MostLetters} small letters, digits, hyphens and single dots, with a letter or digit at either end.", nameof(name));
}
