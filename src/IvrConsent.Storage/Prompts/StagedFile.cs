namespace IvrConsent.Storage.Prompts;

/// <summary>
/// A file written in full beside its place and then renamed into it: whoever opens the place sees the old content or the new
/// one, never half of it. Disposed without <see cref="Commit"/> it leaves nothing behind.
/// </summary>
internal sealed class StagedFile : IDisposable
{
    /// <summary>Begins and ends of names that are only ever files on their way.</summary>
    public const string Prefix = ".new-";
    public const string Suffix = ".part";

    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _path;
    private string? _staged;

    private StagedFile(string path, string staged)
    {
        _path = path;
        _staged = staged;
    }

    public static async Task<StagedFile> WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var staged = new StagedFile(path, Path.Combine(folder, $"{Prefix}{Guid.NewGuid():N}{Suffix}"));
        try
        {
            await using var stream = new FileStream(staged._staged!, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            await stream.WriteAsync(content, cancel);

            // Before the rename: after a power cut the name must not stand for a file without content.
            stream.Flush(flushToDisk: true);
            if (!OperatingSystem.IsWindows())
            {
                // Whatever the umask: the PBX is another user.
                File.SetUnixFileMode(stream.SafeFileHandle, ReadableByAll);
            }

            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    public void Commit()
    {
        File.Move(_staged!, _path, overwrite: true);
        _staged = null;
    }

    public void Dispose()
    {
        if (_staged is not null)
        {
            File.Delete(_staged);
            _staged = null;
        }
    }
}
