using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using IvrConsent.Core.Recordings;
using Microsoft.Win32.SafeHandles;

namespace IvrConsent.Storage.Recordings;

/// <summary>
/// Objects as files: <c>ROOT/ab/NAME</c>, in one of 256 folders by a hash of the name. An object is written in full
/// beside its place, synced, renamed into it, and the folder is synced: after a power cut it is there whole or not at all.
/// </summary>
internal sealed partial class FolderRecordingStore : IRecordingStore
{
    // No object's name begins with a dot.
    private const string StagedPrefix = ".new-";

    // For the small readings of the head; larger ones go past it.
    private const int HeadBytes = 4096;

    private const int PieceBytes = 512 * 1024;
    private const int Pieces = 4;
    private const int SyncBytes = 32 * 1024 * 1024;

    // Larger ones have the kernel look for larger pieces of memory to keep them in, and so for memory that nobody had before: where a virtual
    // machine's host gives that late, writing in pieces of 64 KiB and more took two to four times as long in most runs.
    private const int WriteBytes = 32 * 1024;
    private const UnixFileMode OwnersFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _root;

    /// <summary>Over a folder that is there: one that is not may be a disk that is not mounted, and must not look like an empty store.</summary>
    public FolderRecordingStore(string root) => _root = Path.GetFullPath(root);

    public string Name => $"folder {_root}";

    public async Task<long> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        var path = PathOf(name);
        var folder = Path.GetDirectoryName(path)!;
        var staged = Path.Combine(folder, $"{StagedPrefix}{Guid.NewGuid():N}");
        try
        {
            RequireRoot();
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder, OwnersFolder);
                SyncFolder(_root);
            }

            long bytes;
            await using (var file = new FileStream(staged, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0, UnixCreateMode = OwnersFile,
            }))
            {
                bytes = await WriteAsync(content, file.SafeFileHandle, cancel);
            }

            File.Move(staged, path, overwrite: true);
            SyncFolder(folder);
            return bytes;
        }
        catch (Exception e)
        {
            // The staged file goes whatever happened, so that a full disk is not held full by what does not fit.
            TryDelete(staged);
            if (e is IOException or UnauthorizedAccessException)
            {
                throw Trouble("written", e);
            }

            throw;
        }
    }

    /// <summary>
    /// Writes while more is made. What is written goes to the disk on the way, not all at the end: a sync of hundreds of megabytes would keep
    /// waiting whoever else syncs to that disk, and that may be the ledger in the midst of a call.
    /// </summary>
    private static async Task<long> WriteAsync(Stream content, SafeFileHandle file, CancellationToken cancel)
    {
        var (bytes, syncedTo, synced) = (0L, 0L, Task.CompletedTask);
        try
        {
            await using var writing = new PieceWorker(PieceBytes, Pieces, piece =>
            {
                Write(file, piece, bytes);
                bytes += piece.Length;
                if (bytes - syncedTo >= SyncBytes && synced.IsCompletedSuccessfully)
                {
                    syncedTo = bytes;
                    synced = Task.Run(() => RandomAccess.FlushToDisk(file), CancellationToken.None);
                }
            });
            int count;
            do
            {
                count = await content.ReadAtLeastAsync(await writing.TakeAsync(cancel), PieceBytes, throwOnEndOfStream: false, cancel);
                writing.Add(count);
            }
            while (count == PieceBytes);
            await writing.EndAsync();
            await synced;
            await Task.Run(() => RandomAccess.FlushToDisk(file), CancellationToken.None);
            return bytes;
        }
        finally
        {
            // It does not outlive the file, whatever the content did.
            await synced.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long at)
    {
        for (var done = 0; done < bytes.Length; done += WriteBytes)
        {
            RandomAccess.Write(file, bytes.Slice(done, Math.Min(WriteBytes, bytes.Length - done)), at + done);
        }
    }

    public Task<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        var path = PathOf(name);
        return Guard<Stream?>("read", () =>
        {
            RequireRoot();
            return File.Exists(path)
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, HeadBytes, FileOptions.Asynchronous | FileOptions.SequentialScan)
                : null;
        });
    }

    public Task<long?> FindAsync(string name, CancellationToken cancel)
    {
        var path = PathOf(name);
        return Guard<long?>("read", () =>
        {
            RequireRoot();
            var file = new FileInfo(path);
            return file.Exists ? file.Length : null;
        });
    }

    public Task DeleteAsync(string name, CancellationToken cancel)
    {
        var path = PathOf(name);
        return Guard("written", () =>
        {
            RequireRoot();
            if (File.Exists(path))
            {
                File.Delete(path);
                SyncFolder(Path.GetDirectoryName(path)!);
            }

            return true;
        });
    }

    public async IAsyncEnumerable<ListedObject> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var folder in await Guard("read", Folders))
        {
            cancel.ThrowIfCancellationRequested();
            var files = await Guard("read", () => new DirectoryInfo(folder).EnumerateFiles().Where(file => RecordingObjectName.IsGood(file.Name) && file.Exists).Select(file => new ListedObject(file.Name, file.Length)).ToList());
            foreach (var file in files)
            {
                yield return file;
            }
        }
    }

    public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) => Guard("written", () =>
    {
        var removed = 0;
        foreach (var file in Folders().SelectMany(folder => Directory.EnumerateFiles(folder, StagedPrefix + "*")))
        {
            cancel.ThrowIfCancellationRequested();
            if (File.GetLastWriteTimeUtc(file) < before.UtcDateTime)
            {
                File.Delete(file);
                removed++;
            }
        }

        return removed;
    });

    private List<string> Folders()
    {
        RequireRoot();
        return [.. Directory.EnumerateDirectories(_root).Where(folder => Path.GetFileName(folder) is { Length: 2 } shard && shard.All(char.IsAsciiHexDigitLower))];
    }

    private string PathOf(string name)
    {
        // Names sort by time, and a day's recordings would share their first letters: FNV-1a spreads them. Nothing secret depends on it.
        var hash = 2166136261u;
        foreach (var letter in RecordingObjectName.Require(name))
        {
            hash = (hash ^ letter) * 16777619u;
        }

        return Path.Combine(_root, ((hash >> 16) & 0xff).ToString("x2", CultureInfo.InvariantCulture), name);
    }

    private void RequireRoot()
    {
        if (!Directory.Exists(_root))
        {
            throw new RecordingStoreException($"The vault's folder {_root} is not there. Mount its disk, or make it with mode 0700 for the service's user.");
        }
    }

    private Task<T> Guard<T>(string what, Func<T> work) => Task.Run(() =>
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Trouble(what, e);
        }
    });

    private RecordingStoreException Trouble(string what, Exception e) => new(
        e is UnauthorizedAccessException
            ? $"The vault's folder {_root} cannot be {what}. Give the service's user the right to it."
            : $"The vault's folder {_root} cannot be {what}: {e.Message} Look for room on the disk, and at the system's log.",
        e);

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // SweepAsync finds it.
        }
    }

    /// <summary>A rename is durable only when its folder is; .NET opens no folders.</summary>
    private static void SyncFolder(string folder)
    {
        var descriptor = open(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"The folder cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (fsync(descriptor) != 0)
        {
            throw new IOException($"The folder cannot be synced (error {Marshal.GetLastPInvokeError()}).");
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);
}
