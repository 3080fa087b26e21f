using System.Globalization;
using System.Text;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

public sealed class SqliteRecordingKeyRotationTests() : RecordingKeyRotationContract(new SqliteTestDatabase());

public sealed class PostgresRecordingKeyRotationTests() : RecordingKeyRotationContract(new PostgresTestDatabase());

/// <summary>The change of the master of recordings' keys, on every database.</summary>
public abstract class RecordingKeyRotationContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    // More than one batch.
    private const int Many = 600;
    private readonly ManualTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(200));

    private KeyFolder Keys => new(Path.Combine(Database.Folder, "own-keys"));

    private LedgerOptions Options => new() { Connection = Database.Connection, SpoolFolder = Database.Spool, KeyFolder = Keys.Path };

    private IReadOnlyList<string> Ids => Keys.Describe(KeyFiles.Recordings).Ids;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Keys.MakeMissing();
        await using var ledger = await LedgerUnderTest.StartAsync(Options);
    }

    [Fact]
    public async Task Every_key_is_under_the_new_master_and_the_old_one_is_gone()
    {
        var old = Assert.Single(Ids);
        await AddAsync(0, Many, Wrap());
        var oldKey = CopyKeys("old-keys");
        await using var rotation = Rotate();
        await rotation.MakeKeyAsync(Cancel);
        Assert.Equal(old, Ids[1]);

        // Cut off here: the worker goes on with the new public half, and what is under either opens.
        await AddAsync(Many, 1, Wrap());
        await CheckAsync(Many + 1, Wrap());
        Assert.Contains($"{Many} keys", (await FailAsync(rotation.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(Many, await rotation.RenewAsync(Cancel));
        Assert.Equal(0, await rotation.RenewAsync(Cancel));
        await rotation.ForgetAsync(Cancel);
        Assert.NotEqual(old, Assert.Single(Ids));
        await CheckAsync(Many + 1, Wrap());
        foreach (var (name, wrapped) in await RowsAsync())
        {
            await FailAsync(Wrap(oldKey).UnwrapAsync(name, wrapped, Cancel));
        }
    }

    [Fact]
    public async Task What_was_cut_off_between_the_two_files_is_continued()
    {
        await AddAsync(0, 3, Wrap());
        var publicFile = Path.Combine(Keys.Path, "recordings.pub");
        var oldPublic = await File.ReadAllBytesAsync(publicFile, Cancel);
        await using var rotation = Rotate();
        await rotation.MakeKeyAsync(Cancel);
        await File.WriteAllBytesAsync(publicFile, oldPublic, Cancel);
        Assert.Contains("older key's", (await FailAsync(rotation.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        await AddAsync(3, 1, Wrap());
        Assert.Equal(4, await rotation.RenewAsync(Cancel));
        await rotation.ForgetAsync(Cancel);
        await CheckAsync(4, Wrap());
    }

    [Fact]
    public async Task A_key_that_is_damaged_is_told_and_does_not_keep_the_others_under_the_old_master()
    {
        await AddAsync(0, Many, Wrap());
        await using (var connection = await Database.OpenRawAsync())
        {
            await connection.ExecuteAsync("UPDATE recording_keys SET wrapped = @junk WHERE recording = @name", new { junk = new byte[9], name = Name(501) });
        }

        await using var rotation = Rotate();
        await rotation.MakeKeyAsync(Cancel);
        Assert.Contains(
            $"1 keys of recordings stay as they are ({Many - 1} were wrapped anew). The key of recording {Name(501)}",
            (await FailAsync(rotation.RenewAsync(Cancel))).Message,
            StringComparison.Ordinal);
        Assert.Contains("1 keys", (await FailAsync(rotation.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        await using (var connection = await Database.OpenRawAsync())
        {
            await connection.ExecuteAsync("DELETE FROM recording_keys WHERE recording = @name", new { name = Name(501) });
        }

        await rotation.ForgetAsync(Cancel);
        await CheckAsync(Many - 1, Wrap());
    }

    [Fact]
    public async Task Workers_that_store_and_erasures_that_delete_meanwhile_lose_nothing_and_nothing_comes_back()
    {
        await AddAsync(0, Many, Wrap());
        await using var rotation = Rotate();
        await rotation.MakeKeyAsync(Cancel);
        var renewing = Task.Run(() => rotation.RenewAsync(Cancel), Cancel);
        var erasing = Task.Run(
            async () =>
            {
                for (var n = Many - 1; n > 0; n -= 3)
                {
                    await using var connection = await Database.OpenRawAsync();
                    await connection.ExecuteAsync("DELETE FROM recording_keys WHERE recording = @name", new { name = Name(n) });
                }
            },
            Cancel);
        await Task.WhenAll(AddAsync(Many, 300, Wrap()), erasing, renewing);
        await rotation.ForgetAsync(Cancel);
        var left = (await RowsAsync()).Select(row => row.Name).ToList();
        Assert.Equal(Enumerable.Range(0, Many + 300).Where(n => n == 0 || n >= Many || n % 3 != (Many - 1) % 3).Select(Name), left);
        await CheckAsync(left.Count, Wrap());
    }

    [Fact]
    public async Task The_old_master_is_kept_for_a_day_and_as_long_as_another_machine_wraps_with_it()
    {
        var behind = Wrap(CopyKeys("recorder"));
        var clock = new ManualTimeProvider(DateTimeOffset.UnixEpoch);
        await using var rotation = new RecordingKeyRotation(Options, KeyCommandOptions.None, clock);
        await rotation.MakeKeyAsync(Cancel);
        clock.Advance(new FileInfo(Path.Combine(Keys.Path, "recordings.pub")).LastWriteTimeUtc - DateTime.UnixEpoch + TimeSpan.FromHours(23));
        Assert.Contains("less than 24 hours", (await FailAsync(rotation.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromHours(1));
        await AddAsync(0, 1, behind);
        Assert.Contains("the new recordings.pub", (await FailAsync(rotation.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(1, await rotation.RenewAsync(Cancel));
        await rotation.ForgetAsync(Cancel);
        await CheckAsync(1, Wrap());
    }

    [Fact]
    public async Task Two_at_once_do_not_lose_each_other_s_master()
    {
        await using var one = Rotate();
        await using var other = Rotate();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(
            async () =>
            {
                try
                {
                    await (n % 2 == 0 ? one : other).MakeKeyAsync(Cancel);
                    return true;
                }
                catch (KeyFolderException error) when (error.Message.StartsWith("Another rotation", StringComparison.Ordinal))
                {
                    return false;
                }
            },
            Cancel)));
        Assert.Contains(true, outcomes);
        Assert.Equal(1 + outcomes.Count(made => made), Ids.Count);
    }

    [Fact]
    public async Task With_a_command_that_wraps_every_key_goes_to_it_and_back()
    {
        await AddAsync(0, 20, Wrap());
        var commands = new KeyCommandOptions { Wrap = ["/usr/bin/base64", "-w0"], Unwrap = ["/usr/bin/base64", "-d"] };
        await using (var to = Rotate(commands))
        {
            await to.MakeKeyAsync(Cancel);
            Assert.Single(Ids);
            Assert.Equal(20, await to.RenewAsync(Cancel));
            Assert.Contains("keys.wrap_command", (await FailAsync(to.ForgetAsync(Cancel))).Message, StringComparison.Ordinal);
        }

        await FailAsync(CheckAsync(20, Wrap()));
        await CheckAsync(20, RecordingKeyWraps.Create(Keys, commands, _time));
        await using (var back = Rotate(new KeyCommandOptions { Unwrap = commands.Unwrap }))
        {
            Assert.Equal(20, await back.RenewAsync(Cancel));
        }

        await CheckAsync(20, Wrap());
    }

    [Fact]
    public async Task A_command_that_is_away_is_not_asked_for_every_key()
    {
        await AddAsync(0, 30, Wrap());
        var asked = Path.Combine(Database.Folder, "asked");
        await using var rotation = Rotate(new KeyCommandOptions { Wrap = ["/bin/sh", "-c", $"echo >> {asked}; exit 5"] });
        var error = await FailAsync(rotation.RenewAsync(Cancel));
        Assert.Contains("exit code 5", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, (await File.ReadAllLinesAsync(asked, Cancel)).Length);
        await CheckAsync(30, Wrap());
    }

    private static string Name(int n) => string.Create(CultureInfo.InvariantCulture, $"call-{n:D5}");

    private static byte[] Secret(string name) => Encoding.ASCII.GetBytes($"AGE-SECRET-OF-{name}");

    private static Task<KeyFolderException> FailAsync(Task task) => Assert.ThrowsAsync<KeyFolderException>(() => task);

    /// <summary>A day and more after any file's change.</summary>
    private RecordingKeyRotation Rotate(KeyCommandOptions? commands = null) => new(Options, commands ?? KeyCommandOptions.None, _time);

    private IRecordingKeyWrap Wrap(KeyFolder? keys = null) => RecordingKeyWraps.Create(keys ?? Keys, KeyCommandOptions.None, _time);

    /// <summary>The master as it is now, on another machine.</summary>
    private KeyFolder CopyKeys(string name)
    {
        var copy = new KeyFolder(Path.Combine(Database.Folder, name));
        Directory.CreateDirectory(copy.Path);
        File.Copy(Path.Combine(Keys.Path, "recordings.key"), Path.Combine(copy.Path, "recordings.key"));
        copy.MakeMissing();
        return copy;
    }

    /// <summary>As workers do it: wrapped before, then stored.</summary>
    private async Task AddAsync(int first, int count, IRecordingKeyWrap wrap)
    {
        await using var connection = await Database.OpenRawAsync();
        for (var n = first; n < first + count; n++)
        {
            var wrapped = await wrap.WrapAsync(Name(n), Secret(Name(n)), Cancel);
            await connection.ExecuteAsync("INSERT INTO recording_keys (recording, wrapped) VALUES (@name, @wrapped)", new { name = Name(n), wrapped });
        }
    }

    private async Task<IReadOnlyList<(string Name, byte[] Wrapped)>> RowsAsync()
    {
        await using var connection = await Database.OpenRawAsync();
        return (await connection.QueryAsync<(string, byte[])>("SELECT recording, wrapped FROM recording_keys ORDER BY recording")).AsList();
    }

    private async Task CheckAsync(int count, IRecordingKeyWrap wrap)
    {
        var rows = await RowsAsync();
        Assert.Equal(count, rows.Count);
        foreach (var (name, wrapped) in rows)
        {
            Assert.Equal(Secret(name), await wrap.UnwrapAsync(name, wrapped, Cancel));
        }
    }
}
