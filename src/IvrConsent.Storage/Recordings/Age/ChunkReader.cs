using System.Security.Cryptography;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>Cuts a stream into chunks of one size and knows of each whether it is the last: it reads one chunk ahead, no more.</summary>
internal sealed class ChunkReader(Stream source, int size)
{
    private byte[] _chunk = new byte[size];
    private byte[] _ahead = new byte[size];
    private int _aheadLength = -1;

    /// <summary>No chunk comes any more.</summary>
    public bool Done { get; private set; }

    /// <summary>Overwrites what was read; no chunk can be asked for after that.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_chunk);
        CryptographicOperations.ZeroMemory(_ahead);
    }

    /// <summary>The next chunk, good until the next call; an empty source has one empty chunk.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Chunk, bool Last)> NextAsync(CancellationToken cancel)
    {
        if (_aheadLength < 0)
        {
            _aheadLength = await source.ReadAtLeastAsync(_ahead, size, throwOnEndOfStream: false, cancel);
        }

        (_chunk, _ahead) = (_ahead, _chunk);
        var length = _aheadLength;
        _aheadLength = length < size ? 0 : await source.ReadAtLeastAsync(_ahead, size, throwOnEndOfStream: false, cancel);
        Done = _aheadLength == 0;
        return (_chunk.AsMemory(0, length), Done);
    }
}
