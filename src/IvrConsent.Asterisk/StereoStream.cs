using IvrConsent.Core.Recordings;
using System.Runtime.InteropServices;

namespace IvrConsent.Asterisk;

/// <summary>One party's half of a recording with two channels.</summary>
/// <param name="Sound">Its samples, 16-bit PCM of one channel, from the first on; null where there are none.</param>
/// <param name="Samples">How many there are.</param>
internal readonly record struct StereoHalf(Stream? Sound, long Samples);

/// <summary>
/// A WAV file of two channels, made of two of one channel while it is read: sample by sample, the shorter with silence at its end. Of a
/// half that ends before what was said of it there is an error, not silence. Read once; disposes of both halves.
/// </summary>
internal sealed class StereoStream : ForwardStream
{
    private const int FramesAtOnce = 16 * 1024;

    private readonly StereoHalf _left;
    private readonly StereoHalf _right;
    private readonly long _frames;
    private readonly byte[] _leftBytes = new byte[FramesAtOnce * 2];
    private readonly byte[] _rightBytes = new byte[FramesAtOnce * 2];
    private readonly byte[] _joined = new byte[FramesAtOnce * 4];
    private long _done;
    private ReadOnlyMemory<byte> _ready;

    /// <param name="left">The caller's.</param>
    /// <param name="right">The other side's.</param>
    /// <param name="rate">Samples a second, of both.</param>
    public StereoStream(StereoHalf left, StereoHalf right, uint rate)
    {
        (_left, _right) = (left, right);
        _frames = Math.Max(left.Samples, right.Samples);
        _ready = WavHead.Write(2, rate, _frames * 4);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ready.IsEmpty && _done < _frames)
        {
            _ready = await JoinAsync(cancellationToken);
        }

        var count = Math.Min(buffer.Length, _ready.Length);
        _ready[..count].CopyTo(buffer);
        _ready = _ready[count..];
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await (_left.Sound?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_right.Sound?.DisposeAsync() ?? ValueTask.CompletedTask);
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _left.Sound?.Dispose();
            _right.Sound?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<ReadOnlyMemory<byte>> JoinAsync(CancellationToken cancel)
    {
        var frames = (int)Math.Min(FramesAtOnce, _frames - _done);
        await FillAsync(_left, _leftBytes.AsMemory(0, frames * 2), cancel);
        await FillAsync(_right, _rightBytes.AsMemory(0, frames * 2), cancel);
        Interleave(_leftBytes.AsSpan(0, frames * 2), _rightBytes.AsSpan(0, frames * 2), _joined.AsSpan(0, frames * 4));
        _done += frames;
        return _joined.AsMemory(0, frames * 4);
    }

    private async ValueTask FillAsync(StereoHalf half, Memory<byte> bytes, CancellationToken cancel)
    {
        var there = (int)Math.Clamp((half.Samples - _done) * 2, 0, bytes.Length);
        if (there > 0)
        {
            await half.Sound!.ReadExactlyAsync(bytes[..there], cancel);
        }

        bytes[there..].Span.Clear();
    }

    // The samples are moved as they are: what order their bytes have, nobody need know here.
    private static void Interleave(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> joined)
    {
        var ofLeft = MemoryMarshal.Cast<byte, ushort>(left);
        var ofRight = MemoryMarshal.Cast<byte, ushort>(right);
        var both = MemoryMarshal.Cast<byte, ushort>(joined);
        for (var i = 0; i < ofLeft.Length; i++)
        {
            both[2 * i] = ofLeft[i];
            both[(2 * i) + 1] = ofRight[i];
        }
    }
}
