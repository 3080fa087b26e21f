using System.Buffers.Binary;
using System.Net;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk;

/// <summary>Looks at a finished recording without fetching it: the size from the answer's head, the format from the file's first bytes.</summary>
internal static class StoredRecordings
{
    /// <summary>Where the sound begins in every WAV file that Asterisk writes is byte 44; other writers put notes before it.</summary>
    private const int HeadBytes = 4096;

    /// <summary>What the name may end in. <see cref="LengthOf"/> reads these.</summary>
    private static readonly string[] Endings = [".wav", ".wav16"];

    /// <summary>Looks into the PBX's folder, on a thread that a stalled file system may keep.</summary>
    public static async Task<StoredRecording?> FindAsync(string folder, string name, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            return await Task.Run(() => Find(folder, name), cancel).WaitAsync(limit, time, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new PbxException($"recording {name}: {folder} could not be read: {e.Message}", e);
        }
    }

    public static async Task<StoredRecording?> FindAsync(HttpAriTransport http, string name, TimeSpan limit, CancellationToken cancel)
    {
        using var response = await http.OpenAsync(AriRequests.StoredFile(name), limit, cancel);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new PbxException($"recording {name}: the PBX answers {(int)response.StatusCode} to a request for its file");
        }

        try
        {
            await using var file = await response.Content.ReadAsStreamAsync(cancel);
            var head = new byte[HeadBytes];
            var read = await file.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancel);
            var bytes = response.Content.Headers.ContentLength ?? read + await CountRestAsync(file, cancel);
            return new StoredRecording(name, bytes, LengthOf(head.AsSpan(0, read), bytes));
        }
        catch (IOException e)
        {
            throw new PbxException($"recording {name}: its file could not be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// How long the sound is. The header's own count of bytes is not believed: it stays zero when Asterisk died while it wrote.
    /// </summary>
    public static TimeSpan LengthOf(ReadOnlySpan<byte> head, long fileBytes)
    {
        if (head.Length < 12 || !head[..4].SequenceEqual("RIFF"u8) || !head[8..12].SequenceEqual("WAVE"u8))
        {
            return TimeSpan.Zero;
        }

        uint bytesPerSecond = 0;
        long at = 12;
        while (at + 8 <= head.Length)
        {
            var chunk = head[(int)at..];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (chunk[..4].SequenceEqual("fmt "u8) && chunk.Length >= 24)
            {
                bytesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(chunk[16..]);
            }
            else if (chunk[..4].SequenceEqual("data"u8))
            {
                var sound = Math.Max(0, fileBytes - at - 8);
                return bytesPerSecond == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)sound / bytesPerSecond);
            }

            // Chunks stand at even places.
            at += 8 + size + (size & 1);
        }

        return TimeSpan.Zero;
    }

    private static StoredRecording? Find(string folder, string name)
    {
        var path = Endings.Select(ending => Path.Combine(folder, name + ending)).FirstOrDefault(File.Exists) ?? Path.Combine(folder, name + Endings[0]);
        try
        {
            using var file = File.OpenHandle(path);
            var bytes = RandomAccess.GetLength(file);
            var head = new byte[HeadBytes];
            return new StoredRecording(name, bytes, LengthOf(head.AsSpan(0, RandomAccess.Read(file, head, 0)), bytes));
        }
        catch (FileNotFoundException)
        {
            // Of all failures the only one that says something of the recording; the others are the folder's.
            return null;
        }
    }

    private static async Task<long> CountRestAsync(Stream file, CancellationToken cancel)
    {
        var buffer = new byte[64 * 1024];
        long count = 0;
        int read;
        while ((read = await file.ReadAsync(buffer, cancel)) > 0)
        {
            count += read;
        }

        return count;
    }
}
