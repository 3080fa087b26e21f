using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

/// <summary>The spool's files by themselves.</summary>
[SupportedOSPlatform("linux")]
public sealed class SpoolTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("spool-test-").FullName, "spool");
    private readonly TestLog<Spool> _log = new();

    private static NumberKeyRing Numbers { get; } = new(new KeyFolder(TestKeys.Folder));

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public async Task What_went_in_comes_out_in_order_and_the_files_go()
    {
        var batches = Batches(300);
        await using (var spool = Open())
        {
            Assert.All(await Task.WhenAll(batches.Select(spool.AppendAsync)), Assert.True);
            Assert.Equal(300, spool.Waiting);
        }

        await using var again = Open();
        Assert.Equal(300, again.Waiting);
        Assert.Equal(Ids(batches), Ids(Drain(again)));
        Assert.Equal(0, again.Waiting);
        Assert.Empty(Directory.GetFiles(_folder, "spool-*"));
    }

    [Fact]
    public async Task Every_type_of_event_survives_the_spool()
    {
        var call = Make.Call() with { CallerNumber = null, Line = null, CalledNumber = "\"'\n\0🙂" };
        var batch = new LedgerBatch(call, [.. Make.Everything.Select((e, i) => Make.Entry(call, i + 1, e))]);
        await using var spool = Open();
        Assert.True(await spool.AppendAsync(batch));
        var back = Assert.Single(spool.Next(10));
        Assert.Equal(batch.Call, back.Call);
        Assert.Equal(batch.Entries.Select(Make.Plain), back.Entries.Select(Make.Plain));
    }

    [Fact]
    public async Task Only_its_owner_reads_it()
    {
        await using var spool = Open();
        Assert.True(await spool.AppendAsync(Batches(1)[0]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        Assert.All(
            Directory.GetFiles(_folder),
            f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task Not_confirmed_is_given_again_and_the_rest_stays_after_a_crash()
    {
        var batches = Batches(10);
        await using (var spool = Open())
        {
            await Task.WhenAll(batches.Select(spool.AppendAsync));
            Assert.Equal(Ids(batches[..4]), Ids(spool.Next(4)));
            Assert.Equal(Ids(batches[..4]), Ids(spool.Next(4)));
            spool.Confirm();
            Assert.Equal(6, spool.Waiting);
            Assert.Equal(Ids(batches[4..8]), Ids(spool.Next(4)));
        }

        await using var again = Open();
        Assert.Equal(Ids(batches), Ids(again.ReadAll())); // the whole file again: every entry has its id
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(100)]
    public async Task A_torn_last_line_is_left_out_and_reported(int cut)
    {
        var batches = Batches(3);
        await using (var spool = Open())
        {
            foreach (var batch in batches)
            {
                await spool.AppendAsync(batch);
            }
        }

        var file = Assert.Single(Directory.GetFiles(_folder, "spool-*"));
        using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length - cut);
        }

        await using var again = Open();
        Assert.Equal(2, again.Waiting);
        Assert.Equal(Ids(batches[..2]), Ids(Drain(again)));
        Assert.Contains(_log.Lines, l => l.Level == LogLevel.Warning && l.Text.Contains("cut off", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(_folder, "spool-*"));
    }

    [Fact]
    public async Task A_damaged_line_is_left_out_and_its_file_kept()
    {
        var batches = Batches(3);
        await using (var spool = Open())
        {
            foreach (var batch in batches)
            {
                await spool.AppendAsync(batch);
            }
        }

        var file = Assert.Single(Directory.GetFiles(_folder, "spool-*"));
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var second = Array.IndexOf(bytes, (byte)'\n') + 1;
        bytes[second + 60] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var again = Open();
        Assert.Equal(Ids([batches[0], batches[2]]), Ids(Drain(again)));
        Assert.Equal(".damaged", Path.GetExtension(Assert.Single(Directory.GetFiles(_folder, "spool-*"))));
        Assert.Contains(_log.Lines, l => l.Level == LogLevel.Error);
    }

    [Fact]
    public async Task A_number_is_not_in_it_in_clear_and_one_that_cannot_be_read_does_not_hold_the_facts_back()
    {
        var batches = Batches(2);
        await using (var spool = Open())
        {
            Assert.All(await Task.WhenAll(batches.Select(spool.AppendAsync)), Assert.True);
            Assert.True(spool.Refuse(batches[0]));
        }

        Assert.All(Directory.GetFiles(_folder), file => Assert.DoesNotContain("600700801", File.ReadAllText(file), StringComparison.Ordinal));
        var others = Directory.CreateTempSubdirectory("spool-test-keys-").FullName;
        new KeyFolder(others).MakeMissing();
        await using (var foreign = new Spool(new SpoolFolder(_folder), new NumberKeyRing(new KeyFolder(others)), 1000, _log))
        {
            foreign.Open();
            Assert.All(foreign.ReadAll(), batch => Assert.Null(batch.Call!.CallerNumber));
        }

        Directory.Delete(others, recursive: true);
        await using var again = Open();
        Assert.Equal(batches.Select(batch => batch.Call), again.ReadAll().Select(batch => batch.Call));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("00000002 0000000000000000 {}\n")]
    [InlineData("garbage without end")]
    [InlineData("-0000001 0000000000000000 {}\nmore\n")]
    public void Garbage_is_no_batch(string text) =>
        Assert.Empty(SpoolLine.ReadAll(Encoding.UTF8.GetBytes(text), Numbers).Batches);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_takes_nothing_and_spoils_nothing(bool stuck)
    {
        using var disk = new SlowFolder(_folder);
        var batches = Batches(3);
        await using (var spool = new Spool(disk, Numbers, 100, _log))
        {
            spool.Open();
            Assert.True(await spool.AppendAsync(batches[0]));
            (disk.Full, disk.Stuck) = (true, stuck);
            Assert.False(await spool.AppendAsync(batches[1]));
            (disk.Full, disk.Stuck) = (false, false);
            Assert.True(await spool.AppendAsync(batches[2]));
            Assert.Equal(2, spool.Waiting);
        }

        await using var again = Open();
        Assert.Equal(Ids([batches[0], batches[2]]), Ids(Drain(again)));
        Assert.Equal(0, again.Waiting);
    }

    [Fact]
    public async Task A_really_full_disk()
    {
        Directory.CreateDirectory(_folder);
        if (await ShellAsync($"mount -t tmpfs -o size=64k,mode=0700 tmpfs {_folder}") != 0)
        {
            Assert.Skip("Only root may mount the small disk of this test.");
        }

        try
        {
            var stored = new List<LedgerBatch>();
            await using (var spool = Open())
            {
                foreach (var batch in Batches(500))
                {
                    if (await spool.AppendAsync(batch))
                    {
                        stored.Add(batch);
                    }
                }

                Assert.InRange(stored.Count, 20, 400);
                Assert.Equal(stored.Count, spool.Waiting);
            }

            await using var again = Open();
            Assert.Equal(Ids(stored), Ids(Drain(again)));
            Assert.True(await again.AppendAsync(Batches(1)[0])); // there is room again
        }
        finally
        {
            await ShellAsync($"umount -l {_folder}");
        }
    }

    [Fact]
    public async Task Two_processes_do_not_share_a_folder()
    {
        await using (var spool = Open())
        {
            var error = Assert.Throws<SpoolFolderException>(() => Open());
            Assert.Contains("another process", error.Message, StringComparison.Ordinal);
            Assert.NotEqual(0, await ShellAsync($"flock -n {_folder}/lock true")); // truly another process
        }

        using var other = Process.Start(new ProcessStartInfo("flock", ["--no-fork", Path.Combine(_folder, "lock"), "sleep", "30"]))!;
        try
        {
            while (await ShellAsync($"flock -n {_folder}/lock true") == 0)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            Assert.Throws<SpoolFolderException>(() => Open());
        }
        finally
        {
            other.Kill(entireProcessTree: true);
            await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await using var free = Open();
    }

    [Fact]
    public async Task A_large_spool_is_many_files()
    {
        var call = Make.Call();
        var text = new string('x', 100_000);
        await using var spool = Open();
        for (var i = 1; i <= 100; i++)
        {
            Assert.True(await spool.AppendAsync(Make.More(call, i, Make.Resumed(text))));
        }

        Assert.InRange(Directory.GetFiles(_folder, "spool-*").Length, 2, 4);
        Assert.Equal(Enumerable.Range(1, 100), Drain(spool).Select(b => b.Entries[0].CallSequence));
        Assert.Empty(Directory.GetFiles(_folder, "spool-*"));
    }

    private static List<LedgerBatch> Batches(int count) => [.. Enumerable.Range(0, count).Select(_ => Make.First(Make.Call()))];

    private static IEnumerable<Guid> Ids(IEnumerable<LedgerBatch> batches) => batches.Select(b => b.Entries[0].EventId);

    private static List<LedgerBatch> Drain(Spool spool)
    {
        var all = new List<LedgerBatch>();
        while (spool.Next(7) is { Count: > 0 } some)
        {
            all.AddRange(some);
            spool.Confirm();
        }

        return all;
    }

    private static async Task<int> ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardError = true })!;
        await shell.WaitForExitAsync(CancellationToken.None);
        return shell.ExitCode;
    }

    private Spool Open()
    {
        var spool = new Spool(new SpoolFolder(_folder), Numbers, 1000, _log);
        spool.Open();
        return spool;
    }
}
