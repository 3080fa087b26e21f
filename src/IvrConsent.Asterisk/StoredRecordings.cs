using System.Net;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk;

/// <summary>A finished recording's file.</summary>
/// <param name="Recording">What it holds.</param>
/// <param name="Head">Its head; null where it is none of a WAV file.</param>
internal sealed record StoredFile(StoredRecording Recording, WavHead? Head)
{
    /// <summary>What a file's size and first bytes tell.</summary>
    public static StoredFile Of(string name, long bytes, ReadOnlySpan<byte> first)
    {
        var head = WavHead.Read(first);
        var length = head is { BytesPerSecond: > 0 } known ? TimeSpan.FromSeconds((double)Math.Max(0, bytes - known.DataAt) / known.BytesPerSecond) : TimeSpan.Zero;
        return new StoredFile(new StoredRecording(name, bytes, length), head);
    }
}

/// <summary>Looks at a finished recording without fetching it: the size from the answer's head, the format from the file's first bytes.</summary>
internal static class StoredRecordings
{
    /// <summary>Where the sound begins in every WAV file that Asterisk writes is byte 44; other writers put notes before it.</summary>
    private const int HeadBytes = 4096;

    /// <summary>What the name may end in. <see cref="LengthOf"/> reads these.</summary>
    private static readonly string[] Endings = [".wav", ".wav16"];

    /// <summary>Looks into the PBX's folder, on a thread that a stalled file system may keep.</summary>
    public static async Task<StoredFile?> FindAsync(string folder, string name, TimeSpan limit, TimeProvider time, CancellationToken cancel)
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

    public static async Task<StoredFile?> FindAsync(HttpAriTransport http, string name, TimeSpan limit, CancellationToken cancel)
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
            return StoredFile.Of(name, bytes, head.AsSpan(0, read));
        }
        catch (IOException e)
        {
            throw new PbxException($"recording {name}: its file could not be read: {e.Message}", e);
        }
    }

    /// <summary>The file in the PBX's folder, opened on a thread that a stalled file system may keep.</summary>
    public static async Task<Stream?> OpenAsync(string folder, string name, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            return await Task.Run(() => Open(folder, name), cancel).WaitAsync(limit, time, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new PbxException($"recording {name}: {folder} could not be read: {e.Message}", e);
        }
    }

    /// <summary>The file over HTTP, as long as it is read; disposed of, the connection goes back.</summary>
    public static async Task<Stream?> OpenAsync(HttpAriTransport http, string name, TimeSpan limit, CancellationToken cancel)
    {
        var response = await http.OpenAsync(AriRequests.StoredFile(name), limit, cancel);
        if (response.IsSuccessStatusCode)
        {
            // The stream owns the connection: what is not read to its end closes it.
            return await response.Content.ReadAsStreamAsync(cancel);
        }

        using (response)
        {
            return response.StatusCode == HttpStatusCode.NotFound
                ? null
                : throw new PbxException($"recording {name}: the PBX answers {(int)response.StatusCode} to a request for its file");
        }
    }

    /// <summary>
    /// How long the sound is. The header's own count of bytes is not believed: it stays zero when Asterisk died while it wrote.
    /// </summary>
    public static TimeSpan LengthOf(ReadOnlySpan<byte> head, long fileBytes) => StoredFile.Of(string.Empty, fileBytes, head).Recording.Length;

    private static string PathOf(string folder, string name) =>
        Endings.Select(ending => Path.Combine(folder, name + ending)).FirstOrDefault(File.Exists) ?? Path.Combine(folder, name + Endings[0]);

    private static FileStream? Open(string folder, string name)
    {
        try
        {
            // Shared for everything: the PBX is not to notice that somebody reads.
            return new FileStream(PathOf(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static StoredFile? Find(string folder, string name)
    {
        var path = PathOf(folder, name);
        try
        {
            using var file = File.OpenHandle(path);
            var bytes = RandomAccess.GetLength(file);
            var head = new byte[HeadBytes];
            return StoredFile.Of(name, bytes, head.AsSpan(0, RandomAccess.Read(file, head, 0)));
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
