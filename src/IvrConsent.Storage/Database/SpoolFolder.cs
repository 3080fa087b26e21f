namespace IvrConsent.Storage.Database;

/// <summary>What the spool wants of a disk; a test puts a full or a failing one in its place.</summary>
internal interface ISpoolFolder : IDisposable
{
    /// <summary>For a person.</summary>
    string Path { get; }

    /// <summary>Makes the folder where it is missing and takes it for this process.</summary>
    /// <exception cref="SpoolFolderException">Another process has it, or it cannot be written.</exception>
    void Take();

    /// <summary>Names of the files in it.</summary>
    IReadOnlyList<string> List();

    /// <summary>Opens a file to append, and makes it where it is missing.</summary>
    ISpoolFile Append(string name);

    /// <summary>The whole file.</summary>
    byte[] Read(string name);

    /// <summary>Deletes a file.</summary>
    void Delete(string name);

    /// <summary>Renames a file; one of the new name is replaced.</summary>
    void Rename(string name, string newName);

    /// <summary>Makes what was created, renamed or deleted durable.</summary>
    void Sync();
}

/// <summary>A file that grows.</summary>
internal interface ISpoolFile : IDisposable
{
    /// <summary>Its length.</summary>
    long Length { get; }

    /// <summary>Writes behind its end.</summary>
    void Append(ReadOnlyMemory<byte> bytes);

    /// <summary>Makes it durable.</summary>
    void Sync();

    /// <summary>Takes back a failed append.</summary>
    void Truncate(long length);
}

/// <summary>A real folder, mode 0700, its files 0600: they hold what the database does not have yet, callers' numbers encrypted.</summary>
internal sealed class SpoolFolder(string path) : ISpoolFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private FileStream? _lock;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public void Take()
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Path);
            }
            else
            {
                Directory.CreateDirectory(Path, OwnerOnly | UnixFileMode.UserExecute);
            }

            // The system lets go of the lock when the process ends, in whatever way.
            _lock = new FileStream(In("lock"), Options(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // EWOULDBLOCK on Linux, EAGAIN's twin 35 on macOS, a sharing violation on Windows.
            var taken = (error.HResult & 0xFFFF) is 11 or 35 or 32 && error is IOException;
            throw new SpoolFolderException(
                taken
                    ? $"The spool folder {Path} is in use by another process. Give each worker a folder of its own."
                    : $"The spool folder {Path} cannot be used. Give the service's user the right to write it.",
                error);
        }
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Path).Select(f => System.IO.Path.GetFileName(f))];

    public ISpoolFile Append(string name) => new SpoolFile(new FileStream(In(name), Options(FileMode.OpenOrCreate, FileShare.Read)));

    public byte[] Read(string name)
    {
        using var file = new FileStream(In(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray();
    }

    public void Delete(string name) => File.Delete(In(name));

    public void Rename(string name, string newName) => File.Move(In(name), In(newName), overwrite: true);

    public void Sync() => DiskFolder.Sync(Path);

    public void Dispose() => _lock?.Dispose();

    private static FileStreamOptions Options(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private sealed class SpoolFile(FileStream file) : ISpoolFile
    {
        public long Length => RandomAccess.GetLength(file.SafeFileHandle);

        public void Append(ReadOnlyMemory<byte> bytes) => RandomAccess.Write(file.SafeFileHandle, bytes.Span, Length);

        public void Sync() => RandomAccess.FlushToDisk(file.SafeFileHandle);

        public void Truncate(long length) => RandomAccess.SetLength(file.SafeFileHandle, length);

        public void Dispose() => file.Dispose();
    }
}
