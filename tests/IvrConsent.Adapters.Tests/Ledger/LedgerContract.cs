using System.Text.RegularExpressions;
using Dapper;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

// By themselves: one of these tests measures the memory of the whole process.
[CollectionDefinition(Name, DisableParallelization = true)]
public class MemoryGroup
{
    public const string Name = "memory of the process";
}

[Collection(MemoryGroup.Name)]
public sealed class SqliteLedgerTests() : LedgerContract(new SqliteTestDatabase());

[Collection(MemoryGroup.Name)]
public sealed class PostgresLedgerTests() : LedgerContract(new PostgresTestDatabase());

/// <summary>What a ledger must do on every database, on a good day.</summary>
public abstract partial class LedgerContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    [Fact]
    public async Task Every_type_of_event_comes_back_as_it_went_in()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        var entries = Make.Everything.Select((e, i) => Make.Entry(call, i + 1, e)).ToList();

        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(call, entries)));

        var lines = await ledger.ReadAsync();
        Assert.Equal(entries.Select(Make.Plain), lines.Select(l => Make.Plain(l.Entry)));
        Assert.All(lines, l => Assert.Equal(call, Make.Plain(l.Call)));
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(n => (long)n), lines.Select(l => l.Position));
        var found = await ledger.Ledger.FindCallAsync(call.Id, TestContext.Current.CancellationToken);
        Assert.Equal(call, Make.Plain(found!.Call));
        Assert.Equal(entries.Select(Make.Plain), found.Entries.Select(Make.Plain));
    }

    [Fact]
    public void The_test_of_every_type_has_every_type() => Assert.Equal(
        typeof(CallEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(CallEvent))).Select(t => t.Name).Order(),
        Make.Everything.Select(e => e.GetType().Name).Order());

    [Fact]
    public async Task Times_are_cut_to_milliseconds_in_UTC()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var odd = new DateTimeOffset(2026, 10, 25, 2, 59, 59, 999, TimeSpan.FromHours(2)).AddTicks(9999);
        var call = Make.Call(at: odd);
        await ledger.AppendAsync(new(call, [Make.Entry(call, 1, at: odd)]));

        var line = Assert.Single(await ledger.ReadAsync());
        Assert.Equal(new DateTimeOffset(2026, 10, 25, 0, 59, 59, 999, TimeSpan.Zero), line.Entry.At);
        Assert.Equal(TimeSpan.Zero, line.Entry.At.Offset);
        Assert.Equal(line.Entry.At, line.Call.ArrivedAt);
    }

    [Fact]
    public async Task An_entry_appended_twice_stands_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        var batch = Make.First(call);

        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(batch));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(batch));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(null, [batch.Entries[0], Make.Entry(call, 2)])));

        Assert.Equal([1, 2], (await ledger.ReadAsync()).Select(l => l.Entry.CallSequence));
    }

    [Fact]
    public async Task A_call_has_one_end_and_the_first_stands()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(Make.First(call));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(call, 2, Make.Ended("first"))));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(call, 3, Make.Ended("second"))));

        var twice = Make.Call();
        var both = new LedgerBatch(twice, [Make.Entry(twice, 1, Make.Ended("first")), Make.Entry(twice, 2, Make.Ended("second"))]);
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(both));

        var ends = await ledger.ReadAsync(new(EventType: nameof(CallEnded)));
        Assert.Equal(["first", "first"], ends.Select(l => ((CallEnded)l.Entry.Event).Detail));
        Assert.Empty(await ledger.Ledger.FindOpenCallsAsync("pbx1", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_number_that_is_taken_moves_the_newcomer_behind_and_loses_nothing()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(Make.First(call));
        await ledger.AppendAsync(Make.More(call, 2, Make.Resumed("worker 1")));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(call, 2, Make.Resumed("worker 2"))));
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(call, 3, Make.Resumed("worker 1 again"))));

        var lines = await ledger.ReadAsync();
        Assert.Equal([1, 2, 3, 4], lines.Select(l => l.Entry.CallSequence));
        Assert.Equal("worker 2", ((CallResumed)lines[2].Entry.Event).Reason);
        Assert.Contains(ledger.Log.Lines, l => l.Text.Contains("Two workers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Events_cannot_be_changed_deleted_or_replaced()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(new(call, [Make.Entry(call, 1), Make.Entry(call, 2, Make.Ended())]));
        await using var connection = await Database.OpenRawAsync();

        List<string> attacks =
        [
            "UPDATE events SET body = '{}'",
            "UPDATE events SET position = position + 10",
            "DELETE FROM events",
            "INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) SELECT 3, event_id, call_id, 9, at, type, body FROM events WHERE position = 1",
            "INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) SELECT 1, call_id, event_id, 9, at, type, body FROM events WHERE position = 1",
            "INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body) SELECT 3, call_id, call_id, 3, at, type, body FROM events WHERE position = 2",
        ];
        attacks.AddRange(Database is SqliteTestDatabase
            ? attacks.Where(a => a.StartsWith("INSERT", StringComparison.Ordinal)).Select(a => a.Replace("INSERT", "REPLACE", StringComparison.Ordinal)).ToList()
            : ["TRUNCATE events", "TRUNCATE calls, events"]);
        foreach (var attack in attacks)
        {
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => connection.ExecuteAsync(attack));
        }

        Assert.Equal(2, (await ledger.ReadAsync()).Count);
        Assert.Equal(1, await connection.ExecuteAsync("DELETE FROM subjects"));
    }

    [Fact]
    public async Task No_number_stands_in_an_event()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(new(call, [.. Make.Everything.Select((e, i) => Make.Entry(call, i + 1, e))]));
        await using var connection = await Database.OpenRawAsync();
        var columns = (await connection.QueryAsync("SELECT * FROM events")).AsList();
        Assert.NotEmpty(columns);
        Assert.DoesNotContain(columns, row => ((IDictionary<string, object>)row).Values.Any(v => PhoneNumbers().IsMatch($"{v}")));
    }

    [Fact]
    public async Task Many_calls_at_once_keep_their_order_and_leave_no_gap()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(
            async () =>
            {
                var call = Make.Call();
                Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.First(call)));
                for (var i = 2; i <= 10; i++)
                {
                    Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(Make.More(call, i, i == 10 ? Make.Ended() : null)));
                }
            },
            TestContext.Current.CancellationToken)));

        var lines = await ledger.ReadAsync();
        Assert.Equal(Enumerable.Range(1, 1000).Select(n => (long)n), lines.Select(l => l.Position));
        Assert.All(lines.GroupBy(l => l.Entry.CallId), call => Assert.Equal(Enumerable.Range(1, 10), call.Select(l => l.Entry.CallSequence)));
    }

    [Fact]
    public async Task Two_workers_on_one_database_commit_in_the_order_of_positions()
    {
        await using var one = await LedgerUnderTest.StartAsync(Database.Options());
        await using var two = await LedgerUnderTest.StartAsync(Database.Options(spool: Database.Spool + "2"));
        using var done = new CancellationTokenSource();
        var watcher = Task.Run(
            async () =>
            {
                // Whoever reads while they write never sees a gap that is filled later.
                while (!done.IsCancellationRequested)
                {
                    var positions = (await one.ReadAsync()).Select(l => l.Position).ToList();
                    Assert.Equal(Enumerable.Range(1, positions.Count).Select(n => (long)n), positions);
                }
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(((LedgerUnderTest[])[one, two]).SelectMany(l => Enumerable.Range(0, 10).Select(async _ =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(AppendResult.Committed, await l.AppendAsync(Make.First(Make.Call())));
            }
        })));
        await done.CancelAsync();
        await watcher;
        Assert.Equal(400, (await one.ReadAsync()).Count);
    }

    [Fact]
    public async Task Open_calls_are_those_of_the_PBX_without_an_end_oldest_first()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var late = Make.Call(at: Make.Start.AddHours(1));
        var early = Make.Call(at: Make.Start.AddHours(-1));
        var ended = Make.Call();
        var other = Make.Call(pbx: "pbx2");
        foreach (var call in (CallRow[])[late, early, ended, other])
        {
            await ledger.AppendAsync(Make.First(call));
        }

        await ledger.AppendAsync(Make.More(early, 2));
        await ledger.AppendAsync(Make.More(ended, 2, Make.Ended()));

        var open = await ledger.Ledger.FindOpenCallsAsync("pbx1", TestContext.Current.CancellationToken);
        Assert.Equal([early, late], open.Select(o => Make.Plain(o.Call)));
        Assert.Equal([1, 2], open[0].Entries.Select(e => e.CallSequence));
        Assert.Null(await ledger.Ledger.FindCallAsync(Make.Call().Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Queries_filter_and_limit()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var day = Make.Start.AddDays(1);
        var sales = Make.Call(line: "sales", at: day);
        var support = Make.Call(pbx: "pbx2", line: "support", at: day.AddHours(1));
        var unknown = Make.Call(line: null, at: day.AddHours(2));
        foreach (var call in (CallRow[])[sales, support, unknown])
        {
            await ledger.AppendAsync(new(call, [
                Make.Entry(call, 1, new CallArrived(call.Pbx, call.Channel, call.Line, "w"), call.ArrivedAt),
                Make.Entry(call, 2, Make.Ended(), call.ArrivedAt.AddMinutes(1)),
            ]));
        }

        async Task<string> Positions(LedgerQuery query) => string.Join(',', (await ledger.ReadAsync(query)).Select(l => l.Position));
        Assert.Equal("1,2,3,4,5,6", await Positions(new()));
        Assert.Equal("6,5", await Positions(new(Limit: 2)));
        Assert.Equal("1,2", await Positions(new(Line: "sales")));
        Assert.Equal("3,4", await Positions(new(Pbx: "pbx2")));
        Assert.Equal("2,4,6", await Positions(new(EventType: nameof(CallEnded))));
        Assert.Equal("5,6", await Positions(new(Call: unknown.Id)));
        Assert.Equal("3,4", await Positions(new(From: day.AddHours(1), Until: day.AddHours(2))));
        Assert.Equal("4,3", await Positions(new(From: day.AddHours(1), Until: day.AddHours(2), Line: "support", Pbx: "pbx2", Limit: 9)));
        Assert.Equal(string.Empty, await Positions(new(Line: "' OR 1=1 --")));
    }

    [Theory]
    [InlineData("it's \"quoted\"; DROP TABLE events; --")]
    [InlineData("line\r\nfeed\ttab\\ %s @p $1 ?")]
    [InlineData("zażółć gęślą jaźń 漢字 🙂 \u202e")]
    [InlineData("")]
    public async Task Hostile_text_comes_back_as_it_was(string text)
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call() with { Channel = text, Line = text, CalledNumber = text, CallerNumber = text + "99" };
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(call, [Make.Entry(call, 1, Make.Resumed(text))])));

        var line = Assert.Single(await ledger.ReadAsync(new(Line: text)));
        Assert.Equal(call, Make.Plain(line.Call));
        Assert.Equal(text, ((CallResumed)line.Entry.Event).Reason);
    }

    [Fact]
    public async Task What_a_database_cannot_hold_becomes_a_replacement_character()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call() with { CalledNumber = "12\034", CallerNumber = "x\ud800y" };
        var fact = new CallEnded(default, default, false, 0, null, "a\0b");
        Assert.Equal(AppendResult.Committed, await ledger.AppendAsync(new(call, [Make.Entry(call, 1, fact)])));

        var line = Assert.Single(await ledger.ReadAsync());
        Assert.Equal("12\ufffd34", line.Call.CalledNumber);
        Assert.Equal("x\ufffdy", line.Call.CallerNumber);
        Assert.Equal(fact, line.Entry.Event);
    }

    [Fact]
    public async Task Later_entries_may_come_before_the_call_s_row()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await ledger.AppendAsync(Make.More(call, 2, Make.Ended()));
        var line = Assert.Single(await ledger.ReadAsync());
        Assert.Equal(("unknown", call.ArrivedAt), (line.Call.Pbx, line.Call.ArrivedAt));

        await ledger.AppendAsync(Make.First(call));
        var found = await ledger.Ledger.FindCallAsync(call.Id, TestContext.Current.CancellationToken);
        Assert.Equal(call, Make.Plain(found!.Call));
        Assert.Equal([1, 2], found.Entries.Select(e => e.CallSequence));
        Assert.Empty(await ledger.Ledger.FindOpenCallsAsync(call.Pbx, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_programmer_s_error_is_told_at_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var call = Make.Call();
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.AppendAsync(new(call, [])));
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.AppendAsync(new(call, [Make.Entry(Make.Call(), 1)])));
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.AppendAsync(new(null, [Make.Entry(call, 1), Make.Entry(Make.Call(), 2)])));
        await Assert.ThrowsAsync<ArgumentException>(() => ledger.AppendAsync(new(null, [Make.Entry(call, 0)])));
    }

    [Fact]
    public async Task Stopping_writes_what_is_on_its_way()
    {
        var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var appends = Enumerable.Range(0, 500).Select(_ => ledger.AppendAsync(Make.First(Make.Call()))).ToList();
        await ledger.DisposeAsync();
        Assert.All(await Task.WhenAll(appends), result => Assert.NotEqual(AppendResult.Lost, result));

        await using var again = await LedgerUnderTest.StartAsync(Database.Options());
        await again.UntilAsync(h => h.Waiting == 0);
        Assert.Equal(500, (await again.ReadAsync()).Count);
    }

    [Fact]
    public async Task A_hundred_thousand_entries_stream_with_flat_memory()
    {
        await using (var first = await LedgerUnderTest.StartAsync(Database.Options()))
        {
            await first.AppendAsync(Make.First(Make.Call()));
        }

        // Through the back door, as this is about reading.
        await Database.MultiplyAsync(100_000);

        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        long count = 0, most = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await foreach (var line in ledger.Reader.ReadAsync(new(), TestContext.Current.CancellationToken))
        {
            Assert.Equal(++count, line.Position);
            if (count % 20_000 == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(100_000, count);
        Assert.InRange(most, long.MinValue, 8 << 20);
    }

    [GeneratedRegex("48221234501|48600700801")]
    private static partial Regex PhoneNumbers();
}
