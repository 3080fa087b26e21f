using System.Diagnostics.CodeAnalysis;

namespace IvrConsent.Storage.Prompts;

/// <summary>
/// Serves contents by their SHA-256: those in force always, and those that were replaced as long as there is room, because a
/// call that began before still plays what its snapshot names. Safe for use by many threads.
/// </summary>
public sealed class PromptStore
{
    private readonly Lock _gate = new();
    private readonly long _maxRetiredBytes;
    private readonly Dictionary<string, LinkedListNode<PromptAudio>> _retired = new(StringComparer.Ordinal);

    // Least recently asked for last; the last goes first when there is no room.
    private readonly LinkedList<PromptAudio> _order = new();
    private PromptCatalogue _current = PromptCatalogue.Empty;
    private long _retiredBytes;

    /// <summary>An empty store.</summary>
    /// <param name="maxRetiredBytes">Room for replaced contents. Default 64 MiB: some 250 notices of 15 s.</param>
    public PromptStore(long maxRetiredBytes = 64 * 1024 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxRetiredBytes);
        _maxRetiredBytes = maxRetiredBytes;
    }

    /// <summary>Puts a catalogue in force; what only the one before had is kept as replaced.</summary>
    public void Use(PromptCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        lock (_gate)
        {
            foreach (var audio in _current.Audio.Where(a => !catalogue.TryGetAudio(a.Sha256, out _)))
            {
                _retired[audio.Sha256] = _order.AddFirst(audio);
                _retiredBytes += audio.Content.Length;
            }

            foreach (var audio in catalogue.Audio)
            {
                if (_retired.TryGetValue(audio.Sha256, out var node))
                {
                    Drop(node);
                }
            }

            _current = catalogue;
            while (_retiredBytes > _maxRetiredBytes && _order.Last is { } oldest)
            {
                Drop(oldest);
            }
        }
    }

    /// <summary>The file of that hash.</summary>
    public bool TryGet(string sha256, [NotNullWhen(true)] out PromptAudio? audio)
    {
        lock (_gate)
        {
            if (_current.TryGetAudio(sha256, out audio))
            {
                return true;
            }

            if (!_retired.TryGetValue(sha256, out var node))
            {
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            audio = node.Value;
            return true;
        }
    }

    /// <summary>The content of that hash.</summary>
    public bool TryGet(string sha256, out ReadOnlyMemory<byte> content)
    {
        var found = TryGet(sha256, out PromptAudio? audio);
        content = audio?.Content ?? default;
        return found;
    }

    /// <summary>What <c>GET /prompts/{fileName}</c> answers; false is a 404.</summary>
    public bool TryGetFile(string? fileName, [NotNullWhen(true)] out PromptAudio? audio)
    {
        audio = null;
        return PromptDownload.TryParse(fileName, out var sha256, out var wideband)
            && TryGet(sha256, out audio) && audio.Wideband == wideband;
    }

    private void Drop(LinkedListNode<PromptAudio> node)
    {
        _order.Remove(node);
        _retired.Remove(node.Value.Sha256);
        _retiredBytes -= node.Value.Content.Length;
    }
}
