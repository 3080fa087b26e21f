using System.Security.Cryptography;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// Counts, and where it is told to hashes, what is read through it, and tells whether there is any sound in it. A source of which nothing comes for too long
/// is an error: nothing else would end the wait. Read once, from the beginning to the end; the stream behind it stays its giver's to
/// dispose of.
/// </summary>
internal sealed class MeasuredStream : ForwardStream
{
    /// <summary>Where the sound begins in every WAV file that a PBX writes.</summary>
    private const int WavHead = 44;

    private const int PieceBytes = 256 * 1024;
    private const int Pieces = 4;

    private readonly Stream _source;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly IncrementalHash? _hash;
    private readonly PieceWorker? _hashing;
    private int _gathered;
    private bool _hashed;
    private string? _sha256;

    public MeasuredStream(Stream source, bool hashed, TimeSpan patience, TimeProvider time)
    {
        (_source, _patience, _time) = (source, patience, time);
        if (hashed)
        {
            _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            _hashing = new PieceWorker(PieceBytes, Pieces, _hash.AppendData);
        }
    }

    /// <summary>Bytes read so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether nothing but zeros came behind the head of a WAV file.</summary>
    public bool Silent { get; private set; } = true;

    /// <summary>SHA-256 of all that was read, lower-case hexadecimal; to be asked for when it was read to the end.</summary>
    public string Sha256 => _sha256 ??= _hashed
        ? Convert.ToHexStringLower(_hash!.GetHashAndReset())
        : throw new InvalidOperationException("It was not hashed, or not read to its end.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await ReadInTimeAsync(buffer, cancellationToken);
        if (Silent)
        {
            var read = buffer.Span[..count];
            var sound = Bytes >= WavHead ? read : read[(int)Math.Min(count, WavHead - Bytes)..];
            Silent = !sound.ContainsAnyExcept((byte)0);
        }

        Bytes += count;
        if (_hashing is not null)
        {
            await HashAsync(_hashing, buffer[..count], cancellationToken);
        }

        return count;
    }

    /// <summary>A copy, hashed beside what is done with the bytes meanwhile. When the end was read, all is hashed.</summary>
    private async ValueTask HashAsync(PieceWorker hashing, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        for (var left = bytes; !left.IsEmpty;)
        {
            var piece = await hashing.TakeAsync(cancel);
            var taken = Math.Min(left.Length, piece.Length - _gathered);
            left[..taken].CopyTo(piece[_gathered..]);
            _gathered += taken;
            left = left[taken..];
            if (_gathered == piece.Length)
            {
                hashing.Add(_gathered);
                _gathered = 0;
            }
        }

        if (bytes.IsEmpty)
        {
            if (_gathered > 0)
            {
                hashing.Add(_gathered);
                _gathered = 0;
            }

            await hashing.EndAsync();
            _hashed = true;
        }
    }

    /// <summary>
    /// Waits for the reading itself, and ends it when its time is over: one that was only waited for no longer would go on writing into a
    /// buffer that its owner has given back.
    /// </summary>
    private async ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(_patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            return await _source.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {_patience.TotalSeconds:0} s", error);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_hashing is not null)
        {
            await _hashing.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        _hash?.Dispose();
        base.Dispose(disposing);
    }
}
