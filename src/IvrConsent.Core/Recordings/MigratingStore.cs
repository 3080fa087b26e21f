using System.Runtime.CompilerServices;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// A store while its objects still lie in the one before it: what is new goes into the new one, and everything is found in either. So
/// recordings can be moved while calls run; <see cref="VaultMigration"/> moves them.
/// </summary>
/// <param name="current">The store from now on.</param>
/// <param name="old">The store until now.</param>
public sealed class MigratingStore(IRecordingStore current, IRecordingStore old) : IRecordingStore, IDisposable
{
    /// <inheritdoc/>
    public string Name => $"{current.Name} (with {old.Name}, which is being emptied)";

    /// <summary>The store from now on.</summary>
    internal IRecordingStore Current => current;

    /// <summary>The store until now.</summary>
    internal IRecordingStore Old => old;

    /// <inheritdoc/>
    public Task<long> PutAsync(string name, Stream content, CancellationToken cancel) => current.PutAsync(name, content, cancel);

    /// <inheritdoc/>
    public async Task<Stream?> OpenAsync(string name, CancellationToken cancel) =>
        await current.OpenAsync(name, cancel)
        ?? await old.OpenAsync(name, cancel)

        // Moved between the two looks: it is in the new one before it leaves the old.
        ?? await current.OpenAsync(name, cancel);

    /// <inheritdoc/>
    public async Task<long?> FindAsync(string name, CancellationToken cancel) =>
        await current.FindAsync(name, cancel) ?? await old.FindAsync(name, cancel) ?? await current.FindAsync(name, cancel);

    /// <summary>From the old one first: what is moved meanwhile is then found in the new one, or not moved.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        await old.DeleteAsync(name, cancel);
        await current.DeleteAsync(name, cancel);
    }

    /// <summary>Of both; one that is being moved may come twice.</summary>
    public async IAsyncEnumerable<ListedObject> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var one in old.ListAsync(cancel))
        {
            yield return one;
        }

        await foreach (var one in current.ListAsync(cancel))
        {
            yield return one;
        }
    }

    /// <inheritdoc/>
    public async Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) =>
        await old.SweepAsync(before, cancel) + await current.SweepAsync(before, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        (current as IDisposable)?.Dispose();
        (old as IDisposable)?.Dispose();
    }
}
