using System.Diagnostics;
using System.Net;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>No ledger, no recording, and no caller the worse for it; what happened meanwhile is there once it is back, once.</summary>
public sealed class SqliteLossTests
{
    [Fact]
    public async Task Gone_and_back()
    {
        await using var worker = await TestWorker.StartAsync(RealLab.RequirePbx("22"));
        await DatabaseLoss.RecordsAsync(worker);

        var aside = Directory.CreateDirectory(Path.Combine(worker.Folder, "aside")).FullName;
        Move(worker.Folder, aside);
        var refused = await DatabaseLoss.GoesOnUnrecordedAsync(worker);
        Move(aside, worker.Folder);
        await DatabaseLoss.IsThereOnceAsync(worker, refused);
        await DatabaseLoss.RecordsAsync(worker);

        static void Move(string from, string to)
        {
            foreach (var file in Directory.GetFiles(from, "ledger.db*"))
            {
                File.Move(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
            }
        }
    }
}

/// <summary>The same with PostgreSQL: stopped, and frozen.</summary>
[Collection(LabDatabase.OneAtATime)]
public sealed class PostgresLossTests
{
    [Theory]
    [InlineData("stop", "start")]
    [InlineData("pause", "resume")]
    public async Task Gone_and_back(string away, string back)
    {
        var lab = RealLab.Require();
        var pbx = RealLab.RequirePbx("22");
        await using var database = await LabDatabase.CreateAsync(RealLab.RequirePostgres());
        await using var worker = await TestWorker.StartAsync(pbx, setup => setup with { Connection = database.Connection });
        await DatabaseLoss.RecordsAsync(worker);
        TestCaller refused;
        await lab.RunAsync(away, "postgres");
        try
        {
            refused = await DatabaseLoss.GoesOnUnrecordedAsync(worker);
        }
        finally
        {
            await lab.RunAsync(back, "postgres");
        }

        await DatabaseLoss.IsThereOnceAsync(worker, refused);
        await DatabaseLoss.RecordsAsync(worker);
    }
}

/// <summary>The steps that are the same whatever the database is.</summary>
internal static class DatabaseLoss
{
    /// <summary>With a ledger: consent, recording.</summary>
    public static async Task RecordsAsync(TestWorker worker)
    {
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await caller.HangUpAsync();
        caller.Pbx.AssertRecorded(await worker.Ledger.EndOfAsync(caller));
    }

    /// <summary>Without: the caller consents, reaches the agent, and is not recorded; his number, which waits for the database, is in no file in clear.</summary>
    public static async Task<TestCaller> GoesOnUnrecordedAsync(TestWorker worker)
    {
        var search = new DiskSearch();
        await using var caller = await worker.CallAsync("2001");
        await caller.HearsAsync("en/notice");
        await caller.AcceptAsync();
        await caller.TalksAsync();
        await worker.Process.WaitForReadinessAsync(HttpStatusCode.ServiceUnavailable);
        await caller.HangUpAsync();
        Assert.Equal(["en/notice", "agent"], caller.HeardNames);
        await worker.Process.WaitForLogAsync("is not recorded although the caller consented");
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(worker.Folder, "spool"), "*.jsonl"));
        Assert.Empty((await search.For("number", caller.Number).RunAsync(TestContext.Current.CancellationToken)).Found);
        return caller;
    }

    /// <summary>With a ledger again: it has the call's course, complete and once.</summary>
    public static async Task IsThereOnceAsync(TestWorker worker, TestCaller caller)
    {
        await worker.Process.WaitForReadinessAsync(HttpStatusCode.OK);
        var call = await worker.Ledger.EndOfAsync(caller);
        Assert.Equal(
            [typeof(CallArrived), typeof(NoticePlayed), typeof(ConsentGiven), typeof(RecordingSuppressed), typeof(CallContinued), typeof(CallEnded)],
            call.Events.Select(fact => fact.GetType()));
        Assert.Equal((ConsentStatus.Given, false), (call.End.Consent, call.End.Recorded));
        caller.Pbx.AssertNotRecorded(call, SuppressionReasons.LedgerUnavailable);
        await caller.Pbx.AssertDialplanSawAsync(call, "Given", "no");

        // What was caught up on is in the database before it leaves the spool.
        for (var since = Stopwatch.GetTimestamp(); Directory.GetFiles(Path.Combine(worker.Folder, "spool"), "*.jsonl").Length > 0; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(20), "the spool still has what the database has");
        }
    }
}
