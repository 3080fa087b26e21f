using System.Diagnostics;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteLedgerFaultTests() : LedgerFaultContract(new SqliteTestDatabase());

public sealed class PostgresLedgerFaultTests() : LedgerFaultContract(new PostgresTestDatabase());

/// <summary>What a ledger must do when the database, the spool or both are away.</summary>
public abstract class LedgerFaultContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static readonly CallRow[] None = [];

    /// <summary>Of the tests that are about it. Also before the fault a commit must keep it, whatever else the machine does.</summary>
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Database_gone_and_back()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var calls = await AppendCallsAsync(ledger, 3, AppendResult.Committed);
        await Database.StopAsync();

        var watch = Stopwatch.StartNew();
        calls = [.. calls, .. await AppendCallsAsync(ledger, 20, AppendResult.Deferred)];
        Assert.False(ledger.Ledger.Health.Available);
        Assert.Equal(20, ledger.Ledger.Health.Waiting);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 10_000); // only the first one finds out
        Assert.NotEmpty(ledger.Ledger.Health.Detail);

        await Database.ContinueAsync();
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 }); // without any traffic
        await AppendCallsAsync(ledger, 1, AppendResult.Committed);
        await AssertExactlyOnceAsync(ledger, 24);
        Assert.Empty(SpoolFiles());
        Assert.DoesNotContain(ledger.Log.Lines, l => l.Level == LogLevel.Critical);
    }

    [Fact]
    public async Task Database_that_does_not_answer_holds_nobody_longer_than_the_limit()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Limited(_limit));
        await AppendCallsAsync(ledger, 1, AppendResult.Committed);
        await Database.FreezeAsync();

        // All while it is still frozen: nothing but the limit lets go of them.
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ledger.AppendAsync(Make.First(Make.Call())))).WaitAsync(_limit * 5, TestContext.Current.CancellationToken);
        Assert.All(results, result => Assert.Equal(AppendResult.Deferred, result));
        Assert.False(ledger.Ledger.Health.Available);

        // From now on nobody waits at all.
        var next = Stopwatch.StartNew();
        await AppendCallsAsync(ledger, 1, AppendResult.Deferred);
        Assert.InRange(next.Elapsed, TimeSpan.Zero, _limit * 0.9);

        await Task.Delay(2000, TestContext.Current.CancellationToken);
        await Database.ThawAsync();
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 }, 20);
        await AssertExactlyOnceAsync(ledger, 52);
    }

    [Fact]
    public async Task Commit_that_comes_after_the_limit_stays_deferred_and_stands_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Limited(_limit));
        var call = (await AppendCallsAsync(ledger, 1, AppendResult.Committed))[0];
        await Database.FreezeAnswersAsync();

        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(call, 2, Make.Ended("mine"))));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await Database.ThawAsync();

        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
        var lines = await ledger.ReadAsync();
        Assert.Equal([1, 2], lines.Select(l => l.Entry.CallSequence));
        Assert.Equal("mine", ((CallEnded)lines[1].Entry.Event).Detail);
    }

    [Fact]
    public async Task Deferred_entries_are_seen_when_calls_are_looked_for()
    {
        var pace = new SlowFolder(Database.Spool);
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options(), pace);
        var known = (await AppendCallsAsync(ledger, 1, AppendResult.Committed))[0];
        await Database.StopAsync();
        var fresh = (await AppendCallsAsync(ledger, 1, AppendResult.Deferred))[0];
        var over = (await AppendCallsAsync(ledger, 1, AppendResult.Deferred))[0];
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(known, 2)));
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(over, 2, Make.Ended("first"))));
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(over, 3, Make.Ended("second"))));
        await Assert.ThrowsAsync<LedgerUnavailableException>(
            () => ledger.Ledger.FindOpenCallsAsync("pbx1", TestContext.Current.CancellationToken));

        // Back, but the replay cannot read its file yet.
        pace.Unreadable = true;
        await Database.ContinueAsync();
        await ledger.UntilAsync(h => h.Available);
        pace.UnreadableOnlyToReplay = true;
        var open = await ledger.Ledger.FindOpenCallsAsync("pbx1", TestContext.Current.CancellationToken);
        Assert.Equal([known, fresh], open.Select(o => Make.Plain(o.Call)));
        Assert.Equal([1, 2], open[0].Entries.Select(e => e.CallSequence));
        var found = await ledger.Ledger.FindCallAsync(over.Id, TestContext.Current.CancellationToken);
        Assert.Equal("first", ((CallEnded)found!.Entries[^1].Event).Detail);
        Assert.Equal(2, found.Entries.Count);

        // A later batch of the same call waits behind the earlier one; other calls do not.
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(fresh, 2)));
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(fresh, 3, Make.Ended())));
        await AppendCallsAsync(ledger, 1, AppendResult.Committed);
        pace.Unreadable = false;
        await ledger.UntilAsync(h => h.Waiting == 0);
        var lines = await ledger.ReadAsync();
        Assert.Equal([1, 2, 3], lines.Where(l => l.Call.Id == fresh.Id).OrderBy(l => l.Position).Select(l => l.Entry.CallSequence));
        Assert.Equal(8, lines.Count); // two of each, three of the fresh one, one of another: the second end was dropped

        // With nothing left in the spool the call's way is the database again.
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(known, 3)));
    }

    [Fact]
    public async Task A_call_whose_beginning_an_earlier_process_left_in_the_spool_goes_on_behind_it()
    {
        CallRow call;
        await using (var first = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await AppendCallsAsync(first, 1, AppendResult.Committed);
            await Database.StopAsync();
            call = (await AppendCallsAsync(first, 1, AppendResult.Deferred))[0];
        }

        await Database.ContinueAsync();
        var pace = new SlowFolder(Database.Spool) { Unreadable = true, UnreadableOnlyToReplay = true };
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options(), pace);
        await ledger.UntilAsync(h => h.Available);
        Assert.Equal(AppendResult.Deferred, await ledger.AppendAsync(Make.More(call, 2)));
        pace.Unreadable = false;
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
        var lines = await ledger.ReadAsync();
        Assert.Equal([1, 2], lines.Where(l => l.Call.Id == call.Id).OrderBy(l => l.Position).Select(l => l.Entry.CallSequence));
    }

    [Fact]
    public async Task Neither_database_nor_spool_is_said_loudly()
    {
        var full = new SlowFolder(Database.Spool);
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options(), full);
        await Database.StopAsync();
        await AppendCallsAsync(ledger, 1, AppendResult.Deferred);
        full.Full = true;
        await AppendCallsAsync(ledger, 3, AppendResult.Lost);
        Assert.Equal(3, ledger.Log.Lines.Count(l => l.Level == LogLevel.Critical));
        full.Full = false;
        await AppendCallsAsync(ledger, 1, AppendResult.Deferred);
        await Database.ContinueAsync();
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
        await AssertExactlyOnceAsync(ledger, 2);
    }

    [Fact]
    public async Task A_spool_that_hangs_does_not_hold_the_caller()
    {
        using var hang = new SlowFolder(Database.Spool);
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Limited(_limit), hang);
        await Database.StopAsync();
        await AppendCallsAsync(ledger, 1, AppendResult.Deferred);
        hang.Hang.Reset();
        var watch = Stopwatch.StartNew();
        await AppendCallsAsync(ledger, 1, AppendResult.Lost).WaitAsync(_limit * 5, TestContext.Current.CancellationToken);
        Assert.True(watch.Elapsed >= _limit * 0.9, $"{watch.Elapsed}");
        hang.Hang.Set();
        await Database.ContinueAsync();
        await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
        Assert.Equal(2, (await ledger.ReadAsync()).Count); // it did arrive after all
    }

    [Fact]
    public async Task A_full_queue_goes_to_the_spool()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options(queue: 4));
        var results = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => Task.Run(
            () => ledger.AppendAsync(Make.First(Make.Call())), TestContext.Current.CancellationToken)));
        var stored = results.Count(r => r != AppendResult.Lost);
        await ledger.UntilAsync(h => h.Waiting == 0);
        Assert.Equal(stored, (await ledger.ReadAsync()).Count);
        Assert.Contains(AppendResult.Deferred, results);
    }

    [Fact]
    public async Task Started_while_the_database_is_away()
    {
        await using (var first = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await AppendCallsAsync(first, 1, AppendResult.Committed);
        }

        await Database.StopAsync();
        if (Database is SqliteTestDatabase)
        {
            // A missing file is a new ledger to a new process; one that cannot be opened is a fault.
            Directory.CreateDirectory(Database.Connection);
        }

        await using (var ledger = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            Assert.False(ledger.Ledger.Health.Available);
            await AppendCallsAsync(ledger, 5, AppendResult.Deferred);
        }

        if (Database is SqliteTestDatabase)
        {
            Directory.Delete(Database.Connection);
        }

        await Database.ContinueAsync();
        await using var next = await LedgerUnderTest.StartAsync(Database.Options());
        await next.UntilAsync(h => h is { Available: true, Waiting: 0 });
        await AssertExactlyOnceAsync(next, 6);
    }

    [Fact]
    public async Task Crash_between_the_replay_s_commit_and_the_deletion_of_the_file()
    {
        await using (var ledger = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await Database.StopAsync();
            await AppendCallsAsync(ledger, 10, AppendResult.Deferred);
        }

        await Database.ContinueAsync();
        var file = Assert.Single(SpoolFiles());
        var copy = Path.Combine(Database.Folder, "copy");
        File.Copy(file, copy);
        for (var start = 0; start < 2; start++)
        {
            await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
            await ledger.UntilAsync(h => h is { Available: true, Waiting: 0 });
            await AssertExactlyOnceAsync(ledger, 10);
            await ledger.DisposeAsync();
            File.Copy(copy, file, overwrite: true); // as if it had never been deleted
        }
    }

    [Fact]
    public async Task Replay_of_thousands_lets_new_calls_through()
    {
        await using (var ledger = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await Database.StopAsync();
            await AppendCallsAsync(ledger, 1, AppendResult.Deferred);
            var results = await Task.WhenAll(Enumerable.Range(0, 3000).Select(_ => ledger.AppendAsync(Make.First(Make.Call()))));
            Assert.All(results, r => Assert.Equal(AppendResult.Deferred, r));
        }

        await Database.ContinueAsync();
        await using var again = await LedgerUnderTest.StartAsync(Database.Options());
        await AppendCallsAsync(again, 5, AppendResult.Committed);
        await again.UntilAsync(h => h.Waiting == 0, 30);
        await AssertExactlyOnceAsync(again, 3006);
    }

    [Fact]
    public async Task What_the_database_refuses_blocks_nobody()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        await using (var connection = await Database.OpenRawAsync())
        {
            // A rule that somebody added by hand; the program cannot know it.
            await connection.ExecuteAsync("CREATE UNIQUE INDEX by_hand ON events (type) WHERE type = 'CallContinued'");
        }

        var call = Make.Call();
        var good = Make.Call();
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(call, [Make.Entry(call, 1, new CallContinued(null, null))])));
        var bad = ledger.AppendAsync(Make.More(call, 2, new CallContinued(null, null)));
        var fine = ledger.AppendAsync(Make.First(good));
        Assert.Equal(AppendResult.Lost, await bad);
        Assert.Equal(AppendResult.Committed, await fine);
        Assert.Contains("refused.jsonl", ledger.Ledger.Health.Detail, StringComparison.Ordinal);
        Assert.True(ledger.Ledger.Health.Available);
        Assert.Contains(ledger.Log.Lines, l => l.Level == LogLevel.Critical);
    }

    [Fact]
    public async Task Nothing_secret_or_personal_is_logged_or_shown()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var shown = ledger.Ledger.Health.Detail;
        await Database.StopAsync();
        await AppendCallsAsync(ledger, 2, AppendResult.Deferred);
        shown += ledger.Ledger.Health.Detail;
        var error = await Assert.ThrowsAsync<LedgerUnavailableException>(() => ledger.ReadAsync());
        shown += error.ToString();
        shown += string.Join('\n', ledger.Log.Lines.Select(l => l.Text));
        Assert.DoesNotContain("48221234501", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("48600700801", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Password", shown, StringComparison.OrdinalIgnoreCase);
        if (PostgresTestDatabase.Configured is { } configured && Database is PostgresTestDatabase)
        {
            var password = (configured.Contains("://", StringComparison.Ordinal) ? PostgresUrl.Read(configured) : PostgresUrl.Keywords(configured)).Password;
            Assert.DoesNotContain(password!, shown, StringComparison.Ordinal);
        }
    }

    private static async Task<CallRow[]> AppendCallsAsync(LedgerUnderTest ledger, int count, AppendResult expected)
    {
        var calls = None;
        for (var i = 0; i < count; i++)
        {
            var call = Make.Call();
            Assert.Equal(expected, await ledger.AppendAsync(Make.First(call)));
            calls = [.. calls, call];
        }

        return calls;
    }

    private static async Task AssertExactlyOnceAsync(LedgerUnderTest ledger, int count)
    {
        var lines = await ledger.ReadAsync();
        Assert.Equal(count, lines.Count);
        Assert.Equal(count, lines.Select(l => l.Entry.EventId).Distinct().Count());
        Assert.All(lines, l => Assert.Equal("pbx1", l.Call.Pbx));
        Assert.Equal(Enumerable.Range(1, count).Select(n => (long)n), lines.Select(l => l.Position));
    }

    private string[] SpoolFiles() => Directory.GetFiles(Database.Spool, "spool-*");
}
