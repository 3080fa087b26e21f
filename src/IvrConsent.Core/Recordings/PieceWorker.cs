using System.Buffers;
using System.Threading.Channels;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// Works on the pieces of a stream in their order, on another thread, while the next are made: a recording is encrypted beside its writing,
/// and opened beside its hashing. A few pieces may wait, so that none of the two waits for the other at each of them; their memory is all that
/// there ever is of it.
/// </summary>
public sealed class PieceWorker : IAsyncDisposable
{
    private readonly Channel<byte[]> _free = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<ReadOnlyMemory<byte>> _filled = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    private readonly List<byte[]> _pieces = [];
    private readonly int _pieceBytes;
    private readonly Task _working;
    private byte[]? _taken;

    /// <summary>Begins with nothing to do.</summary>
    /// <param name="pieceBytes">Bytes of each piece but the last.</param>
    /// <param name="pieces">How many there are; two at least.</param>
    /// <param name="work">Done with each, one at a time. Its first error ends its work, and is thrown to whoever adds more or waits for the end.</param>
    public PieceWorker(int pieceBytes, int pieces, Action<ReadOnlySpan<byte>> work)
    {
        _pieceBytes = pieceBytes;
        for (var i = 0; i < pieces; i++)
        {
            _pieces.Add(ArrayPool<byte>.Shared.Rent(pieceBytes));
            _free.Writer.TryWrite(_pieces[i]);
        }

        _working = Task.Run(() => WorkAsync(work));
    }

    /// <summary>The piece to be filled next; the same one until it was added.</summary>
    public async ValueTask<Memory<byte>> TakeAsync(CancellationToken cancel)
    {
        if (_taken is null)
        {
            // Not ReadAsync: that would wrap the worker's error.
            await _free.Reader.WaitToReadAsync(cancel);
            _free.Reader.TryRead(out _taken);
        }

        return _taken.AsMemory(0, _pieceBytes);
    }

    /// <summary>Gives the piece that was taken to the worker, with so many bytes in it.</summary>
    public void Add(int count)
    {
        _filled.Writer.TryWrite(_taken.AsMemory(0, count));
        _taken = null;
    }

    /// <summary>Waits until all that was added is worked on; nothing can be added after that.</summary>
    public Task EndAsync()
    {
        _filled.Writer.TryComplete();
        return _working;
    }

    /// <summary>Waits for the piece that is being worked on, does no other, and gives the memory back.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_filled.Reader.TryRead(out _))
        {
        }

        await EndAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _pieces.ForEach(piece => ArrayPool<byte>.Shared.Return(piece));
        _pieces.Clear();
    }

    private async Task WorkAsync(Action<ReadOnlySpan<byte>> work)
    {
        try
        {
            var next = 0;
            await foreach (var piece in _filled.Reader.ReadAllAsync())
            {
                work(piece.Span);
                _free.Writer.TryWrite(_pieces[next]);
                next = (next + 1) % _pieces.Count;
            }
        }
        catch (Exception error)
        {
            _free.Writer.TryComplete(error);
            throw;
        }
    }
}
