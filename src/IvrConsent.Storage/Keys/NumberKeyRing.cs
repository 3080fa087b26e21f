namespace IvrConsent.Storage.Keys;

/// <summary>
/// The keys of phone numbers as the folder has them: read when first needed, and again when the file has changed, so that a worker goes
/// along with a rotation. A file that cannot be read any more changes nothing for a worker that has read it.
/// </summary>
internal sealed class NumberKeyRing(KeyFolder folder)
{
    private readonly Lock _gate = new();
    private volatile Loaded? _loaded;

    /// <summary>The keys.</summary>
    /// <exception cref="KeyFolderException">They are missing or no keys, and never were read.</exception>
    public NumberKeys Current => _loaded is { } loaded && loaded.Changed == folder.Changed(KeyFiles.Numbers) ? loaded.Keys : Load();

    /// <summary>The number; null where no key made it.</summary>
    public string? Open(SealedNumber number, Guid place) => Current.Open(number, place);

    private NumberKeys Load()
    {
        lock (_gate)
        {
            var changed = folder.Changed(KeyFiles.Numbers);
            var keys = _loaded?.Keys;
            try
            {
                keys = folder.Parse(KeyFiles.Numbers, NumberKeys.Parse);
            }
            catch (KeyFolderException) when (keys is not null)
            {
            }

            _loaded = new Loaded(keys, changed);
            return keys;
        }
    }

    private sealed record Loaded(NumberKeys Keys, DateTime Changed);
}
