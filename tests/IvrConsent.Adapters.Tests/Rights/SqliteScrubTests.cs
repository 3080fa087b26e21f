using System.Data.Common;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

/// <summary>Erasing while somebody reads in the same SQLite file: a long export keeps the file and its WAL as they were.</summary>
public sealed class SqliteScrubTests : IAsyncLifetime
{
    private readonly SqliteTestDatabase _database = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.PrepareAsync();

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task It_is_not_told_that_a_key_is_gone_while_a_file_of_the_database_has_it()
    {
        await using var rights = await RightsUnderTest.StartAsync(_database);
        var recording = await rights.KeepAsync();
        var key = await ReadAsync("SELECT wrapped FROM recording_keys");
        await using (await ReadingAsync())
        {
            var report = await rights.Sweep.RunAsync(Cancel);
            Assert.Equal((0, 1), (report.Erased, report.Unfinished));
            Assert.Empty(rights.Remains.Files);
            Assert.Empty(await rights.ErasedAsync());
            Assert.True(IsInAFile(key));
        }

        Assert.Equal(1, await rights.Finisher.RunAsync(Cancel));
        Assert.Equal(recording.Name, Assert.Single(await rights.ErasedAsync()).Recording);
        Assert.False(IsInAFile(key));
    }

    [Fact]
    public async Task What_was_left_of_a_number_goes_with_the_next_sweep()
    {
        await using var rights = await RightsUnderTest.StartAsync(_database);
        var recording = await rights.KeepAsync();
        await rights.Sweep.RunAsync(Cancel);
        var number = await ReadAsync("SELECT number_encrypted FROM subjects");
        await using (await ReadingAsync())
        {
            Assert.Null(await rights.Retention.ForgetAsync(recording.Subject!.Value, TimeProvider.System.GetUtcNow(), Cancel));
            Assert.True(IsInAFile(number));
        }

        await rights.Sweep.RunAsync(Cancel);
        Assert.False(IsInAFile(number));
    }

    [Fact]
    public async Task No_consent_waits_for_an_erasure_that_waits_for_a_reader()
    {
        // Less than the time for which SQLite waits for a reader where it is let: who waited for that would be late.
        await using var rights = await RightsUnderTest.StartAsync(_database, _database.Limited(TimeSpan.FromSeconds(2)));
        await rights.KeepAsync();
        await using var reading = await ReadingAsync();

        // On another thread: what is asked of SQLite keeps its own.
        var sweep = Task.Run(() => rights.Sweep.RunAsync(Cancel), Cancel);
        while (!sweep.IsCompleted)
        {
            var call = Make.Call();

            // Committed within the limit that a consent has: behind it the call would go on unrecorded.
            Assert.Equal(AppendResult.Committed, await rights.Ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new CallArrived(call.Pbx, call.Channel, call.Line, "w1"))])));
            await Task.Delay(20, Cancel);
        }

        await sweep;
    }

    [Fact]
    public async Task While_it_waits_for_a_reader_no_file_is_deleted_again_and_again()
    {
        await using var rights = await RightsUnderTest.StartAsync(_database);
        var recording = await rights.KeepAsync();
        await using (await ReadingAsync())
        {
            await rights.Sweep.RunAsync(Cancel);
            Assert.Equal(0, await rights.Finisher.RunAsync(Cancel));
            Assert.Equal(0, await rights.Finisher.RunAsync(Cancel));
        }

        Assert.Equal(1, await rights.Finisher.RunAsync(Cancel));
        Assert.Equal([recording.Name], rights.Remains.Asked);
    }

    [Fact]
    public async Task One_sweep_scrubs_once_and_what_waits_for_its_file_is_not_scrubbed_again()
    {
        await using var rights = await RightsUnderTest.StartAsync(_database);
        var (retention, count) = CountingRetention.Wrap(rights.Retention);
        var finisher = new ErasureFinisher(retention, [rights.Remains], rights.Ledger.Ledger, TimeProvider.System);
        var sweep = new RetentionSweep(retention, rights.Holds, rights.Withdrawals, finisher, rights.Forgetting(null, TimeProvider.System), TimeProvider.System);
        await sweep.RunAsync(Cancel);
        Assert.Equal(1, count.Scrubs); // what others left

        var (first, stuck) = (await rights.KeepAsync(), await rights.KeepAsync());
        rights.Remains.Stuck[stuck.Name] = true;
        Assert.Equal((1, 1), await sweep.RunAsync(Cancel) is var report ? (report.Erased, report.Unfinished) : default);
        Assert.Equal(2, count.Scrubs);
        Assert.Equal(0, await finisher.RunAsync(Cancel));
        Assert.Equal(2, count.Scrubs);
        Assert.Equal(new[] { first.Name, stuck.Name, stuck.Name }.Order(), rights.Remains.Asked.Order());

        // One that was decided on since is scrubbed before it is told, and the other is not kept waiting for it.
        rights.Remains.Stuck.Clear();
        await rights.KeepAsync();
        Assert.Equal(2, (await sweep.RunAsync(Cancel)).Erased);
        Assert.Equal(3, count.Scrubs);
    }

    [Fact]
    public async Task It_is_not_told_that_the_ledger_forgot_a_number_while_a_file_of_the_database_has_it()
    {
        await using var rights = await RightsUnderTest.StartAsync(_database);
        var call = Make.Call() with { CallerNumber = "+48600700801" };
        await rights.Ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new CallArrived(call.Pbx, call.Channel, call.Line, "w1")), Make.Entry(call, 2, Make.Ended())]));
        var number = await ReadAsync("SELECT number_encrypted FROM subjects");
        var forgetting = rights.Forgetting(TimeSpan.FromDays(100), new ManualTimeProvider(Make.Start.AddDays(101)));
        var told = new LedgerQuery(EventType: nameof(NumbersForgotten));
        await using (await ReadingAsync())
        {
            Assert.Equal(1, (await forgetting.RunAsync(Cancel)).Persons);
            Assert.Empty(await rights.Ledger.ReadAsync(told));
            Assert.True(IsInAFile(number));
        }

        Assert.Equal(0, (await forgetting.RunAsync(Cancel)).Persons);
        Assert.Single(await rights.Ledger.ReadAsync(told));
        Assert.False(IsInAFile(number));
    }

    /// <summary>Somebody who reads: he sees the database as it is now until he is disposed of.</summary>
    private async Task<DbConnection> ReadingAsync()
    {
        var connection = await _database.OpenRawAsync();
        await connection.ExecuteAsync("BEGIN DEFERRED");
        await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM events");
        return connection;
    }

    private async Task<byte[]> ReadAsync(string sql)
    {
        await using var connection = await _database.OpenRawAsync();
        return (await connection.ExecuteScalarAsync<byte[]>(sql))!;
    }

    private bool IsInAFile(byte[] bytes) => Directory.GetFiles(_database.Folder, "ledger.db*").Any(name =>
    {
        using var file = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var all = new byte[file.Length];
        file.ReadExactly(all);
        return all.AsSpan().IndexOf(bytes) >= 0;
    });
}
