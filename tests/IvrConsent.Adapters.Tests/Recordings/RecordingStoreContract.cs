using System.Security.Cryptography;
using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>What every store of recordings must do.</summary>
public abstract class RecordingStoreContract : IDisposable
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public abstract IRecordingStore Store { get; }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7_000_000)]
    [InlineData(8 * 1024 * 1024)]
    [InlineData(20_000_000)]
    public async Task What_was_put_is_found_and_read_back(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        Assert.Equal(length, await Store.PutAsync("aaaa-1", new MemoryStream(content), Cancel));
        Assert.Equal(length, await Store.FindAsync("aaaa-1", Cancel));
        Assert.Equal([new ListedObject("aaaa-1", length)], await Store.ListAsync(Cancel).ToListAsync(Cancel));
        Assert.Equal(content, await ReadAsync("aaaa-1"));
    }

    [Fact]
    public async Task What_is_not_there_is_null_and_may_be_deleted()
    {
        Assert.Null(await Store.FindAsync("aaaa-1", Cancel));
        Assert.Null(await Store.OpenAsync("aaaa-1", Cancel));
        await Store.DeleteAsync("aaaa-1", Cancel);
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task Put_again_replaces()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream([1, 2, 3]), Cancel);
        await Store.PutAsync("aaaa-1", new MemoryStream([4]), Cancel);
        Assert.Equal([4], await ReadAsync("aaaa-1"));
        Assert.Equal(["aaaa-1"], await NamesAsync());
    }

    [Fact]
    public async Task Deleted_is_gone_and_only_that()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(n => $"018f-{n:d4}.age")];
        foreach (var name in names)
        {
            await Store.PutAsync(name, new MemoryStream([1]), Cancel);
        }

        await Store.DeleteAsync(names[7], Cancel);
        Assert.Null(await Store.FindAsync(names[7], Cancel));
        Assert.Equal(names.Where(name => name != names[7]), await NamesAsync());
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(18_000_000)]
    public async Task Content_that_breaks_off_leaves_what_was_there(int good)
    {
        await Store.PutAsync("aaaa-1", new MemoryStream([1, 2, 3]), Cancel);
        await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutAsync("aaaa-1", new BreakingStream(good), Cancel));
        await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutAsync("bbbb-1", new BreakingStream(good), Cancel));
        Assert.Equal([1, 2, 3], await ReadAsync("aaaa-1"));
        Assert.Equal(["aaaa-1"], await NamesAsync());
    }

    [Fact]
    public async Task Storing_that_is_cancelled_leaves_what_was_there()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream([1, 2, 3]), Cancel);
        using var had = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var content = new BreakingStream(18_000_000, had.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("aaaa-1", content, had.Token));
        Assert.Equal([1, 2, 3], await ReadAsync("aaaa-1"));
        Assert.Equal(["aaaa-1"], await NamesAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("../../etc/passwd")]
    [InlineData("aaaa/bbbb")]
    [InlineData("aaaa..bbbb")]
    [InlineData(".new-aaaa")]
    [InlineData("AAAA")]
    [InlineData("aaaa\n")]
    public async Task A_name_that_could_be_a_path_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(name, new MemoryStream([1]), Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenAsync(name, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(name, Cancel));
    }

    protected async Task<byte[]> ReadAsync(string name)
    {
        await using var stream = await Store.OpenAsync(name, Cancel);
        var content = new MemoryStream();
        await stream!.CopyToAsync(content, Cancel);
        return content.ToArray();
    }

    protected async Task<List<string>> NamesAsync()
    {
        var names = new List<string>();
        await foreach (var (name, _) in Store.ListAsync(Cancel))
        {
            names.Add(name);
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>Gives so many bytes and then breaks, as a PBX that goes away; or does what it is told to, and waits for its end.</summary>
    protected sealed class BreakingStream(int good, Action? instead = null) : MemoryStream
    {
        private int _given;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_given >= good)
            {
                if (instead is not null)
                {
                    instead();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                throw new InvalidDataException("The PBX went away.");
            }

            var count = Math.Min(buffer.Length, good - _given);
            _given += count;
            return count;
        }

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            var buffer = new byte[bufferSize];
            int read;
            while ((read = await ReadAsync(buffer, cancellationToken)) > 0)
            {
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
    }
}

public sealed class FolderRecordingStoreTests : RecordingStoreContract
{
    private readonly string _root = Directory.CreateTempSubdirectory("vault-test-").FullName;

    public FolderRecordingStoreTests() => Store = new FolderRecordingStore(_root);

    public override IRecordingStore Store { get; }

    public override void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        base.Dispose();
    }

    [Fact]
    public async Task Only_the_owner_reads_it()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel);
        var file = Directory.GetFiles(_root, "*", SearchOption.AllDirectories).Single();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
    }

    [Fact]
    public async Task Storing_that_breaks_off_leaves_no_file_and_the_sweep_removes_what_a_dead_process_left()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel);
        var folder = Directory.GetDirectories(_root).Single();
        var old = Path.Combine(folder, ".new-old");
        var young = Path.Combine(folder, ".new-young");
        await File.WriteAllTextAsync(old, "x", Cancel);
        await File.WriteAllTextAsync(young, "x", Cancel);
        File.SetLastWriteTimeUtc(old, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(young, new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(1, await Store.SweepAsync(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero), Cancel));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
        Assert.Equal(["aaaa-1"], await NamesAsync());
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_no_empty_store()
    {
        var absent = new FolderRecordingStore(Path.Combine(_root, "absent"));
        await Assert.ThrowsAsync<RecordingStoreException>(() => absent.FindAsync("aaaa-1", Cancel));
        await Assert.ThrowsAsync<RecordingStoreException>(() => absent.PutAsync("aaaa-1", new MemoryStream([1]), Cancel));
        Assert.False(Directory.Exists(Path.Combine(_root, "absent")));
    }

    [Fact]
    public async Task A_full_disk_is_said_and_holds_no_leftover()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Mounting a small memory file system needs root.");
        var mount = Directory.CreateDirectory(Path.Combine(_root, "small")).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", mount), "No memory file system can be mounted here.");
        try
        {
            var small = new FolderRecordingStore(mount);
            await small.PutAsync("aaaa-1", new MemoryStream([1]), Cancel);
            var told = await Assert.ThrowsAsync<RecordingStoreException>(() => small.PutAsync("bbbb-1", new MemoryStream(new byte[1_000_000]), Cancel));
            Assert.Contains("room", told.Message, StringComparison.Ordinal);
            Assert.Equal(["aaaa-1"], Directory.GetFiles(mount, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
            Assert.Equal(300_000, await small.PutAsync("cccc-1", new MemoryStream(new byte[300_000]), Cancel));
        }
        finally
        {
            Assert.True(Run("umount", mount));
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
