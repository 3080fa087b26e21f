using IvrConsent.Asterisk.Calls;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk;

/// <summary>
/// The two files that make one recording with two channels, left the caller and right the other side, seen as the one that they make. A
/// half that is missing is silence in it, and <see cref="StoredRecording.Complete"/> says so.
/// </summary>
internal static class StereoRecordings
{
    /// <summary>Looks at both halves; null when there is neither. Where they cannot be joined there is something, and no sound in it.</summary>
    /// <param name="name">The recording's name.</param>
    /// <param name="find">Looks at one file.</param>
    public static async Task<StoredRecording?> FindAsync(string name, Func<string, Task<StoredFile?>> find)
    {
        if (await LookAsync(name, find) is not { } found)
        {
            return null;
        }

        if (found.Obstacle is not null)
        {
            return new StoredRecording(name, found.Bytes, TimeSpan.Zero);
        }

        var (longer, shorter) = (Math.Max(found.Left.Samples, found.Right.Samples), Math.Min(found.Left.Samples, found.Right.Samples));
        return new StoredRecording(name, WavHead.Size + (longer * 4), Length(longer)) { Complete = Length(shorter) };

        TimeSpan Length(long samples) => TimeSpan.FromSeconds((double)samples / found.Rate);
    }

    /// <summary>Joins them; null when there is neither.</summary>
    /// <param name="name">The recording's name.</param>
    /// <param name="find">Looks at one file.</param>
    /// <param name="open">Opens one file.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<Stream?> OpenAsync(string name, Func<string, Task<StoredFile?>> find, Func<string, Task<Stream?>> open, CancellationToken cancel)
    {
        if (await LookAsync(name, find) is not { } found)
        {
            return null;
        }

        if (found.Obstacle is { } obstacle)
        {
            // There is something in it: better that it waits, and somebody is told, than that it counts as silence.
            throw new PbxException($"recording {name}: {obstacle}");
        }

        var left = await OpenHalfAsync(found.Left, open, cancel);
        try
        {
            return new StereoStream(left, await OpenHalfAsync(found.Right, open, cancel), found.Rate);
        }
        catch
        {
            await (left.Sound?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    private static async Task<Pair?> LookAsync(string name, Func<string, Task<StoredFile?>> find)
    {
        var (caller, other) = AriNames.Halves(name);
        var (callerFile, otherFile) = (await find(caller), await find(other));
        if (callerFile is null && otherFile is null)
        {
            return null;
        }

        var (left, right) = (Look(caller, callerFile), Look(other, otherFile));
        var obstacle = left is null || right is null ? "one of its halves is no WAV file of one channel of 16-bit PCM"
            : left.Rate != right.Rate && left.Samples > 0 && right.Samples > 0 ? $"its halves have {left.Rate} and {right.Rate} samples a second"
            : null;

        // Of a half without sound the rate says nothing; where there is no sound at all, any rate does.
        var rate = left is { Samples: > 0 } ? left.Rate : right?.Rate ?? 0;
        var bytes = (callerFile?.Recording.Bytes ?? 0) + (otherFile?.Recording.Bytes ?? 0);
        return new Pair(left ?? Half.Empty, right ?? Half.Empty, rate > 0 ? rate : 8000, bytes, obstacle);
    }

    /// <summary>Null where there is something in the file, and it is not what it should be.</summary>
    private static Half? Look(string name, StoredFile? file) => file switch
    {
        null => Half.Empty,
        { Head: { IsPlainMono: true } head } => new Half(name, head.DataAt, Math.Max(0, file.Recording.Bytes - head.DataAt) / 2, head.Rate),
        { Recording.Bytes: <= WavHead.Size } => Half.Empty,
        _ => null,
    };

    private static async Task<StereoHalf> OpenHalfAsync(Half half, Func<string, Task<Stream?>> open, CancellationToken cancel)
    {
        if (half.Samples == 0)
        {
            return default;
        }

        var file = await open(half.Name) ?? throw new PbxException($"recording {half.Name}: it was there a moment ago, and is not any more");
        try
        {
            await file.ReadExactlyAsync(new byte[half.DataAt], cancel);
            return new StereoHalf(file, half.Samples);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private sealed record Half(string Name, long DataAt, long Samples, uint Rate)
    {
        public static Half Empty { get; } = new(string.Empty, 0, 0, 0);
    }

    /// <summary>What there is of both.</summary>
    /// <param name="Left">The caller's.</param>
    /// <param name="Right">The other side's.</param>
    /// <param name="Rate">Samples a second, of both.</param>
    /// <param name="Bytes">Of both files as they are.</param>
    /// <param name="Obstacle">Why they cannot be joined; null where they can.</param>
    private sealed record Pair(Half Left, Half Right, uint Rate, long Bytes, string? Obstacle);
}
