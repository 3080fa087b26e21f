using System.Buffers;
using System.Security.Cryptography;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// Counts, and where it is told to hashes, what is read through it, and tells whether there is any sound in it. A source of which nothing comes for too long
/// is an error: nothing else would end the wait. Read once, from the beginning to the end; the stream behind it stays its giver's to
/// dispose of.
/// </summary>
internal sealed class MeasuredStream(Stream source, bool hashed, TimeSpan patience, TimeProvider time) : ForwardStream
{
    /// <summary>Where the sound begins in every WAV file that a PBX writes.</summary>
    private const int WavHead = 44;

    private const int GatherBytes = 1024 * 1024;

    private readonly IncrementalHash? _hash = hashed ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private byte[] _gathering = [];
    private byte[] _hashing = [];
    private int _gathered;
    private Task _hashed = Task.CompletedTask;
    private string? _sha256;

    /// <summary>Bytes read so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether nothing but zeros came behind the head of a WAV file.</summary>
    public bool Silent { get; private set; } = true;

    /// <summary>SHA-256 of all that was read, lower-case hexadecimal; to be asked for when it was read to the end.</summary>
    public string Sha256 => _sha256 ??= _hash is not null && _hashed.IsCompletedSuccessfully
        ? Convert.ToHexStringLower(_hash.GetHashAndReset())
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
        if (_hash is not null)
        {
            await HashAsync(buffer[..count]);
        }

        return count;
    }

    /// <summary>
    /// Hashes beside what is done with the bytes meanwhile: a copy, gathered to pieces that are worth another thread's waking. When the end was
    /// read, all is hashed.
    /// </summary>
    private async ValueTask HashAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_gathering.Length == 0)
        {
            (_gathering, _hashing) = (ArrayPool<byte>.Shared.Rent(GatherBytes), ArrayPool<byte>.Shared.Rent(GatherBytes));
        }

        for (var left = bytes; !left.IsEmpty;)
        {
            var taken = Math.Min(left.Length, GatherBytes - _gathered);
            left[..taken].CopyTo(_gathering.AsMemory(_gathered));
            _gathered += taken;
            left = left[taken..];
            if (_gathered == GatherBytes)
            {
                await HashGatheredAsync();
            }
        }

        if (bytes.IsEmpty)
        {
            await HashGatheredAsync();
            await _hashed;
        }
    }

    private async ValueTask HashGatheredAsync()
    {
        await _hashed;
        (_gathering, _hashing) = (_hashing, _gathering);
        var (hash, piece) = (_hash!, _hashing.AsMemory(0, _gathered));
        _gathered = 0;
        _hashed = Task.Run(() => hash.AppendData(piece.Span));
    }

    /// <summary>
    /// Waits for the reading itself, and ends it when its time is over: one that was only waited for no longer would go on writing into a
    /// buffer that its owner has given back.
    /// </summary>
    private async ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            return await source.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new IOException($"nothing came for {patience.TotalSeconds:0} s", error);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _hashed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_gathering.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_gathering);
            ArrayPool<byte>.Shared.Return(_hashing);
            (_gathering, _hashing) = ([], []);
        }

        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        _hash?.Dispose();
        base.Dispose(disposing);
    }
}
