using System.Diagnostics;
using System.Text;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteSubjectsTests() : SubjectsContract(new SqliteTestDatabase())
{
    [Fact]
    public async Task Neither_a_number_nor_its_hash_is_in_any_file_after_its_deletion()
    {
        var numbers = Enumerable.Range(0, 300).Select(n => $"+4860070{n:D4}").ToArray();
        var hashes = numbers.Select(number => Keys.Current.Hash(number)!).ToArray();
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        foreach (var number in numbers)
        {
            await ledger.AppendAsync(Make.First(Make.Call() with { CallerNumber = number }));
        }

        Assert.NotEmpty(FindFiles(hashes));
        foreach (var number in numbers)
        {
            var subject = await ledger.Subjects.FindAsync(number, Cancel);
            Assert.True(await ledger.Subjects.DeleteAsync(subject!.Value, Cancel));
        }

        Assert.Empty(FindFiles([.. hashes, .. numbers.Select(number => Encoding.ASCII.GetBytes(number[1..]))]));
    }
}

public sealed class PostgresSubjectsTests() : SubjectsContract(new PostgresTestDatabase());

/// <summary>The way between a number and its subject, on every database.</summary>
public abstract class SubjectsContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    internal static NumberKeyRing Keys { get; } = new(new KeyFolder(TestKeys.Folder));

    [Fact]
    public async Task One_person_has_one_subject_however_the_number_is_written()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        foreach (var number in (string?[])["+48 600 700 801", "0048600700801", "+48-600-700-801", "+48600700802", null])
        {
            await ledger.AppendAsync(Make.First(Make.Call() with { CallerNumber = number }));
        }

        var rows = (await ledger.ReadAsync()).Select(line => line.Call).ToList();
        Assert.Equal(2, rows.Select(row => row.Subject).OfType<SubjectId>().Distinct().Count());
        Assert.Equal(rows[0].Subject, rows[2].Subject);
        Assert.Equal("+48 600 700 801", rows[2].CallerNumber); // as it came first
        Assert.Equal((null, null), (rows[4].Subject, rows[4].CallerNumber));
        Assert.Equal(rows[0].Subject, await ledger.Subjects.FindAsync("+48600700801", Cancel));
        Assert.Equal(rows[0].Subject, await ledger.Subjects.FindOrAddAsync("+48600700801", Cancel));
        Assert.Equal("+48 600 700 801", await ledger.Subjects.RevealAsync(rows[0].Subject!.Value, Cancel));
        Assert.Equal(3, (await ledger.ReadAsync(new(Subject: rows[0].Subject))).Count);
    }

    [Fact]
    public async Task A_subject_of_no_call_is_made_once_by_many_at_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        Assert.Null(await ledger.Subjects.FindAsync("+48600700801", Cancel));
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ledger.Subjects.FindOrAddAsync("+48600700801", Cancel), Cancel)));
        Assert.NotNull(Assert.Single(found.Distinct()));
        await ledger.AppendAsync(Make.First(Make.Call() with { CallerNumber = "+48600700801" }));
        Assert.Equal(found[0], Assert.Single(await ledger.ReadAsync()).Call.Subject);
        Assert.Null(await ledger.Subjects.FindOrAddAsync(" - ", Cancel));
        Assert.Null(await ledger.Subjects.FindOrAddAsync(new string('9', 65), Cancel));
    }

    [Fact]
    public async Task Deleting_the_mapping_leaves_the_events_and_nobody_behind_them()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        var batch = Make.First(call);
        await ledger.AppendAsync(batch);
        var subject = (await ledger.Subjects.FindAsync(call.CallerNumber!, Cancel))!.Value;

        Assert.True(await ledger.Subjects.DeleteAsync(subject, Cancel));
        Assert.False(await ledger.Subjects.DeleteAsync(subject, Cancel));
        Assert.Null(await ledger.Subjects.FindAsync(call.CallerNumber!, Cancel));
        Assert.Null(await ledger.Subjects.RevealAsync(subject, Cancel));
        var line = Assert.Single(await ledger.ReadAsync(new(Subject: subject)));
        Assert.Equal((subject, null), (line.Call.Subject, line.Call.CallerNumber));

        // What is replayed does not bring it back; a new call is somebody new.
        await ledger.AppendAsync(batch);
        Assert.Null(await ledger.Subjects.FindAsync(call.CallerNumber!, Cancel));
        await ledger.AppendAsync(Make.First(Make.Call()));
        Assert.NotEqual(subject, await ledger.Subjects.FindAsync(call.CallerNumber!, Cancel));
    }

    [Fact]
    public async Task A_row_may_name_its_subject_and_a_record_is_no_open_call()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var subject = (await ledger.Subjects.FindOrAddAsync("+48600700801", Cancel))!.Value;
        var record = Make.Call(pbx: "-") with { Kind = CallKind.Record, Subject = subject, CallerNumber = null };
        await ledger.AppendAsync(new(record, [Make.Entry(record, 1)]));
        var outbound = Make.Call() with { Kind = CallKind.Outbound };
        await ledger.AppendAsync(Make.First(outbound));

        var lines = await ledger.ReadAsync(new(Subject: subject));
        Assert.Equal([CallKind.Record, CallKind.Outbound], lines.Select(line => line.Call.Kind));
        Assert.All(lines, line => Assert.Equal("+48600700801", line.Call.CallerNumber));
        Assert.Empty(await ledger.Ledger.FindOpenCallsAsync("-", Cancel));
        Assert.Equal([outbound], (await ledger.Ledger.FindOpenCallsAsync("pbx1", Cancel)).Select(open => Make.Plain(open.Call)));
        Assert.Equal(CallKind.Record, (await ledger.Ledger.FindCallAsync(record.Id, Cancel))!.Call.Kind);
    }

    [Fact]
    public async Task No_file_holds_a_number_in_clear()
    {
        await using (var ledger = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await ledger.AppendAsync(Make.First(Make.Call()));
            await ledger.Subjects.FindOrAddAsync("+48600700801", Cancel);
            await Database.StopAsync();
            Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.First(Make.Call())));
            Assert.Empty(FindFiles(["600700801"u8.ToArray()]));
            await Database.ContinueAsync();
            await ledger.UntilAsync(health => health is { Available: true, Waiting: 0 });
            Assert.Empty(FindFiles(["600700801"u8.ToArray()]));
            Assert.All(await ledger.ReadAsync(), line => Assert.Equal("+48600700801", line.Call.CallerNumber));
        }

        Assert.Empty(FindFiles(["600700801"u8.ToArray()]));
        await using var connection = await Database.OpenRawAsync();
        foreach (var table in (string[])["calls", "events", "subjects"])
        {
            foreach (IDictionary<string, object> row in await connection.QueryAsync($"SELECT * FROM {table}"))
            {
                Assert.DoesNotContain(row.Values, value => (value is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{value}").Contains("600700801", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Another_finding_key_than_the_database_s_is_refused()
    {
        await using (await LedgerUnderTest.StartAsync(Database.Options()))
        {
        }

        var others = Path.Combine(Database.Folder, "other-keys");
        new KeyFolder(others).MakeMissing();
        var error = await Assert.ThrowsAsync<KeyFolderException>(() => LedgerUnderTest.StartAsync(Database.Options(keys: others)));
        Assert.Contains("numbers.key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_encrypting_key_is_changed_while_a_worker_runs_and_the_old_one_forgotten_when_nothing_needs_it()
    {
        var keys = Path.Combine(Database.Folder, "own-keys");
        new KeyFolder(keys).MakeMissing();
        var options = Database.Options(keys: keys);
        var old = new KeyFolder(keys).Describe(KeyFiles.Numbers).Ids[0];
        await using var ledger = await LedgerUnderTest.StartAsync(options);
        for (var n = 0; n < 1200; n++)
        {
            await ledger.Subjects.FindOrAddAsync($"+4860070{n:D4}", Cancel);
        }

        var subject = (await ledger.Subjects.FindAsync("+48600700801", Cancel))!.Value;
        await using var rotation = new NumberRotation(options);
        rotation.MakeKey();

        // Cut off here: the worker goes along, and reads what is under either key.
        Assert.Equal("+48600700801", await ledger.Subjects.RevealAsync(subject, Cancel));
        await ledger.AppendAsync(Make.First(Make.Call() with { CallerNumber = "+48600999999" }));
        var error = await Assert.ThrowsAsync<KeyFolderException>(() => rotation.ForgetAsync(Cancel));
        Assert.Contains("1200 numbers", error.Message, StringComparison.Ordinal);

        Assert.Equal(1200, await rotation.EncryptAsync(Cancel));
        Assert.Equal(0, await rotation.EncryptAsync(Cancel));
        var left = Path.Combine(Database.Spool, "refused.jsonl");
        await File.WriteAllTextAsync(left, "", Cancel);
        await Assert.ThrowsAsync<KeyFolderException>(() => rotation.ForgetAsync(Cancel));
        File.Delete(left);
        await rotation.ForgetAsync(Cancel);
        var ids = new KeyFolder(keys).Describe(KeyFiles.Numbers).Ids;
        Assert.DoesNotContain(old, Assert.Single(ids), StringComparison.Ordinal);
        Assert.Equal("+48600700801", await ledger.Subjects.RevealAsync(subject, Cancel));
        Assert.Equal(subject, await ledger.Subjects.FindAsync("0048 600 700 801", Cancel));
        Assert.Equal("+48600999999", Assert.Single(await ledger.ReadAsync()).Call.CallerNumber);
    }

    [Fact]
    public async Task Numbers_of_before_are_moved_into_the_mapping()
    {
        await using (var connection = await Database.OpenRawNewAsync())
        {
            // The tables as the first version made them.
            var first = LedgerMigration.Load(Database is SqliteTestDatabase ? "sqlite" : "postgres")[0];
            await connection.ExecuteAsync(first.Sql);
            await connection.ExecuteAsync("CREATE TABLE schema_migrations (version integer NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at text NOT NULL)");
            await connection.ExecuteAsync("INSERT INTO schema_migrations VALUES (@Version, @Name, @Checksum, 'then')", first);
            var numbers = string.Join(", ", Enumerable.Range(0, 2500).Select(n =>
                $"('{n + 1:x32}', 'pbx1', 'c', 'l', '100', {(n % 5 == 0 ? "NULL" : $"'+48600700{n % 10}'")}, '2026-03-01T10:00:00.250Z')"));
            await connection.ExecuteAsync($"INSERT INTO calls (call_id, pbx, channel, line, called_number, caller_number, arrived_at) VALUES {numbers}");
        }

        await using (var ledger = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            foreach (var (call, number) in (IEnumerable<(int, string?)>)[(1, "+486007001"), (2499, "+486007009"), (5, null)])
            {
                var id = new Core.Calls.CallId(Guid.ParseExact($"{call + 1:x32}", "N"));
                var entry = new LedgerEntry(Guid.CreateVersion7(), id, 1, Make.Start, Make.Resumed("x"));
                Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(null, [entry])));
                Assert.Equal(number, (await ledger.Ledger.FindCallAsync(id, Cancel))!.Call.CallerNumber);
            }
        }

        Assert.Empty(FindFiles(["48600700"u8.ToArray()]));
        await using var after = await Database.OpenRawAsync();
        Assert.Equal(8, await after.ExecuteScalarAsync<long>("SELECT count(*) FROM subjects"));
        Assert.Equal(2000, await after.ExecuteScalarAsync<long>("SELECT count(*) FROM calls WHERE subject_id IS NOT NULL"));
    }

    /// <summary>
    /// The files of the test's folder (the keys are elsewhere) that hold one of these. Copies are searched, made by another process: to
    /// close a file of SQLite's drops the locks that this process has on it.
    /// </summary>
    protected IReadOnlyList<string> FindFiles(IReadOnlyList<byte[]> pieces)
    {
        var copies = Directory.CreateTempSubdirectory("ledger-test-copies-").FullName;
        using (var copy = Process.Start("cp", ["-r", Database.Folder, copies]))
        {
            copy.WaitForExit();
            Assert.Equal(0, copy.ExitCode);
        }

        var found = Directory.GetFiles(copies, "*", SearchOption.AllDirectories)
            .Where(file => File.ReadAllBytes(file) is var bytes && pieces.Any(piece => bytes.AsSpan().IndexOf(piece) >= 0)).ToList();
        Directory.Delete(copies, recursive: true);
        return found;
    }
}
