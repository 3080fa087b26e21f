using IvrConsent.Storage.Database;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>A real spool folder on a disk that can be full, hang, or refuse to be read.</summary>
internal sealed class SlowFolder(string path) : ISpoolFolder
{
    private readonly SpoolFolder _real = new(path);

    /// <summary>Takes a half of what it is given, and fails.</summary>
    public volatile bool Full;

    /// <summary>Full to such a degree that the half cannot be taken back either.</summary>
    public volatile bool Stuck;

    public volatile bool Unreadable;

    /// <summary>Whoever reads on the writer's loop gets nothing, others do.</summary>
    public volatile bool UnreadableOnlyToReplay;

    public ManualResetEventSlim Hang { get; } = new(initialState: true);

    public string Path => _real.Path;

    public void Take() => _real.Take();

    public IReadOnlyList<string> List() => _real.List();

    public ISpoolFile Append(string name) => new SlowFile(this, _real.Append(name));

    public byte[] Read(string name) =>
        Unreadable && (!UnreadableOnlyToReplay || Environment.StackTrace.Contains("Spool.Next", StringComparison.Ordinal))
            ? throw new IOException("The disk cannot be read.")
            : _real.Read(name);

    public void Delete(string name) => _real.Delete(name);

    public void Rename(string name, string newName) => _real.Rename(name, newName);

    public void Sync() => _real.Sync();

    public void Dispose()
    {
        Hang.Set();
        _real.Dispose();
    }

    private sealed class SlowFile(SlowFolder folder, ISpoolFile real) : ISpoolFile
    {
        public long Length => real.Length;

        public void Append(ReadOnlyMemory<byte> bytes)
        {
            folder.Hang.Wait();
            if (folder.Full)
            {
                real.Append(bytes[..(bytes.Length / 2)]);
                throw new IOException("No space left on device.");
            }

            real.Append(bytes);
        }

        public void Sync() => real.Sync();

        public void Truncate(long length)
        {
            if (folder.Stuck)
            {
                throw new IOException("Input/output error.");
            }

            real.Truncate(length);
        }

        public void Dispose() => real.Dispose();
    }
}
