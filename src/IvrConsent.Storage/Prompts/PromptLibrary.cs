namespace IvrConsent.Storage.Prompts;

/// <summary>
/// The prompts of a running worker: the catalogue in force, and every content that a call may still play. A change on disk is
/// read with <see cref="ReadIfChanged"/>, judged by whoever knows the lines, and put in force with <see cref="Adopt"/>.
/// </summary>
/// <param name="folder">The prompt folder.</param>
/// <param name="store">Where contents are served from; default: one of its own.</param>
public sealed class PromptLibrary(string folder, PromptStore? store = null)
{
    private readonly Lock _gate = new();
    private volatile PromptCatalogue _current = PromptCatalogue.Empty;
    private string? _lastRead;

    /// <summary>The prompt folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>Serves contents by their hash.</summary>
    public PromptStore Store { get; } = store ?? new PromptStore();

    /// <summary>The catalogue in force; empty before the first <see cref="Adopt"/>.</summary>
    public PromptCatalogue Current => _current;

    /// <summary>
    /// Reads the folder if anything in it was changed since it was read last, whether or not that reading was adopted; null
    /// when nothing was. Cheap when nothing was: no content is read.
    /// </summary>
    public PromptCatalogue? ReadIfChanged()
    {
        lock (_gate)
        {
            if (_lastRead is not null && PromptCatalogue.FingerprintOf(Folder) == _lastRead)
            {
                return null;
            }

            var catalogue = PromptCatalogue.Load(Folder);
            _lastRead = catalogue.Fingerprint;
            return catalogue;
        }
    }

    /// <summary>Puts a catalogue in force for calls that begin from now on; contents of the one before are still served.</summary>
    public void Adopt(PromptCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        lock (_gate)
        {
            // Served before it is named, so that no call can name a content that is not served.
            Store.Use(catalogue);
            _current = catalogue;
        }
    }
}
