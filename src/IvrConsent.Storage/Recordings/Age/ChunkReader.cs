using System.Buffers;
using System.Security.Cryptography;

namespace IvrConsent.Storage.Recordings.Age;

/// <summary>
/// Cuts a stream into chunks of one size and knows of each whether it is the last. Reads as many at a time as the source has, about
/// seven: each reading of a file is a way to another thread and back.
/// </summary>
internal sealed class ChunkReader(Stream source, int size)
{
    private const int ChunksAtOnce = 7;

    // Made when it is known whether the source has more than one chunk: what is wrapped is a few bytes.
    private byte[] _buffer = new byte[size + 1];
    private bool _large;
    private int _start;
    private int _end;
    private bool _ended;

    /// <summary>No chunk comes any more.</summary>
    public bool Done { get; private set; }

    /// <summary>Overwrites what was read and gives its memory back; no chunk can be asked for after that.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        if (_large)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _large) = ([], false);
    }

    /// <summary>The next chunk, good until the next call; an empty source has one empty chunk.</summary>
    public async ValueTask<(ReadOnlyMemory<byte> Chunk, bool Last)> NextAsync(CancellationToken cancel)
    {
        if (!_ended && _end - _start <= size)
        {
            await FillAsync(cancel);
        }

        var chunk = _buffer.AsMemory(_start, Math.Min(size, _end - _start));
        _start += chunk.Length;
        Done = _ended && _start == _end;
        return (chunk, Done);
    }

    /// <summary>Reads until there is more than a chunk, or all.</summary>
    private async ValueTask FillAsync(CancellationToken cancel)
    {
        MakeRoom();
        while (_end <= size)
        {
            var count = await source.ReadAsync(_buffer.AsMemory(_end), cancel);
            if (count == 0)
            {
                _ended = true;
                return;
            }

            _end += count;
        }
    }

    private void MakeRoom()
    {
        var left = _buffer.AsSpan(_start, _end - _start);
        if (_start == 0 || _large)
        {
            left.CopyTo(_buffer);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(ChunksAtOnce * size);
            left.CopyTo(larger);
            Clear();
            (_buffer, _large) = (larger, true);
        }

        (_start, _end) = (0, left.Length);
    }
}
