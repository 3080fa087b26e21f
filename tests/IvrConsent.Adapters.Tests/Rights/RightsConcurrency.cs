using System.Collections.Concurrent;
using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Database;
using Npgsql;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteRightsConcurrencyTests() : RightsConcurrency(new SqliteTestDatabase());

public sealed class PostgresRightsConcurrencyTests() : RightsConcurrency(new PostgresTestDatabase())
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_number_is_not_forgotten_under_a_call_that_has_found_it_and_is_not_committed(bool idle)
    {
        await using var caller = await RightsUnderTest.StartAsync(Database);
        await using var eraser = await RightsUnderTest.StartAsync(Database, null, "spool-2");
        var subject = await EndedCallAsync(caller, Number);

        // The call has looked for its number, and waits here for its own row to be written.
        await using var holder = (NpgsqlConnection)await Database.OpenRawAsync();
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await holder.ExecuteAsync("LOCK TABLE calls IN SHARE MODE", transaction: transaction);
        var call = Make.Call() with { CallerNumber = Number };
        var calling = caller.Ledger.AppendAsync(Make.First(call));
        await UntilWaitingAsync(1, calling);
        var forgetting = Task.Run(() => ForgetAsync(eraser, subject, idle), Cancel);
        await UntilWaitingAsync(2, forgetting);
        await transaction.CommitAsync(Cancel);
        Assert.Equal(AppendResult.Committed, await calling);
        await forgetting;
        await AssertReachableAsync(caller, call.Id, Number);
        Assert.Equal(subject, await caller.Ledger.Subjects.FindAsync(Number, Cancel));

        // So many backends wait for the one that holds the table, or for one that does; or the step is done already.
        async Task UntilWaitingAsync(int backends, Task step)
        {
            await using var looking = await Database.OpenRawAsync();
            long waiting = 0;
            for (var end = DateTime.UtcNow.AddSeconds(20); waiting < backends && !step.IsCompleted; await Task.Delay(10, Cancel))
            {
                Assert.True(DateTime.UtcNow < end, $"only {waiting} wait");
                waiting = await looking.ExecuteScalarAsync<long>(
                    "WITH RECURSIVE b(pid) AS (SELECT @pid UNION SELECT a.pid FROM pg_stat_activity a JOIN b ON b.pid = ANY(pg_blocking_pids(a.pid))) SELECT count(*) - 1 FROM b",
                    new { pid = holder.ProcessID });
            }
        }
    }
}

/// <summary>
/// Sweeps, erasures, holds and new calls at once, each on connections of its own as in processes of their own (nothing is shared
/// but the database): a hold wins or loses, and there is nothing between.
/// </summary>
public abstract class RightsConcurrency(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const int Recordings = 60;
    private const int Rounds = 40;

    protected const string Number = "+48600700801";

    [Fact]
    public async Task Nothing_is_deleted_under_a_hold_and_nothing_waits_for_ever()
    {
        var remains = new FakeRemains();
        await using var sweeper = await RightsUnderTest.StartAsync(Database, remains);
        await using var eraser = await RightsUnderTest.StartAsync(Database, remains, "spool-2");
        await using var holder = await RightsUnderTest.StartAsync(Database, remains, "spool-3");
        var recordings = new List<RetainedRecording>();
        for (var i = 0; i < Recordings; i++)
        {
            recordings.Add(await sweeper.KeepAsync($"+4860070{i % 4:D4}"));
        }

        // What each hold covered when it was in force: from then on it must not go.
        var protectedNames = new ConcurrentBag<string>();
        var sweeping = Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await sweeper.Sweep.RunAsync(Cancel);
            }
        }, Cancel);
        var erasing = Task.Run(async () =>
        {
            foreach (var recording in recordings.OrderByDescending(one => one.Name))
            {
                await eraser.Retention.DecideAsync([recording.Name], DeletionCause.ErasureRequested, "anna", TimeProvider.System.GetUtcNow(), Cancel);
                await eraser.Finisher.RunAsync(Cancel);
            }
        }, Cancel);
        var holding = Task.Run(async () =>
        {
            foreach (var recording in recordings.Where((_, i) => i % 3 == 0))
            {
                if (await holder.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Call: recording.Call)), Cancel) > 0)
                {
                    protectedNames.Add(recording.Name);
                }
            }
        }, Cancel);
        var calling = Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                var call = Make.Call() with { CallerNumber = $"+4860070{i % 4:D4}" };
                await holder.Ledger.AppendAsync(Make.First(call));
                await holder.Ledger.AppendAsync(Make.More(call, 2, Make.Ended()));
            }
        }, Cancel);
        await Task.WhenAll(sweeping, erasing, holding, calling);
        await sweeper.Sweep.RunAsync(Cancel);

        var keys = await sweeper.KeysAsync();
        Assert.Equal(protectedNames.Order(), keys);
        Assert.Equal(protectedNames.Order(), remains.Files.Keys.Order());
        var told = (await sweeper.ErasedAsync()).Select(erased => erased.Recording).ToList();
        Assert.Equal(recordings.Select(one => one.Name).Except(keys).Order(), told.Order()); // each once
        Assert.Empty(await sweeper.Retention.FindPendingAsync(null, 10, Cancel));
        Assert.Equal(2 * 30, (await sweeper.Ledger.ReadAsync()).Count(line => line.Call.Subject is not null && recordings.All(one => one.Call != line.Call.Id)));
    }
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_comes_while_its_number_is_forgotten_is_of_somebody_who_can_be_found(bool idle)
    {
        await using var caller = await RightsUnderTest.StartAsync(Database);
        await using var eraser = await RightsUnderTest.StartAsync(Database, null, "spool-2");
        for (var round = 0; round < Rounds; round++)
        {
            var number = $"+486007{round:D5}";
            var subject = await EndedCallAsync(caller, number);
            var call = Make.Call() with { CallerNumber = number };
            var forgetting = Task.Run(() => ForgetAsync(eraser, subject, idle), Cancel);
            Assert.Equal(AppendResult.Committed, await caller.Ledger.AppendAsync(Make.First(call)));
            await forgetting;
            await AssertReachableAsync(caller, call.Id, number);
        }
    }

    [Fact]
    public async Task A_wish_not_to_be_called_is_never_of_somebody_whose_number_is_forgotten()
    {
        await using var staff = await RightsUnderTest.StartAsync(Database);
        await using var eraser = await RightsUnderTest.StartAsync(Database, null, "spool-2");
        var forgetful = new ForgetfulSubjects(staff.Ledger.Subjects);
        var desk = new ConsentDesk(forgetful, staff.Ledger.Ledger, staff.Ledger.Reader, new ConsentHistory(staff.Ledger.Reader, _ => null), TimeProvider.System);
        var before = await EndedCallAsync(staff, Number);

        // Between the desk's look at the mapping and its entry the person is erased.
        forgetful.Then = async () => Assert.Null(await eraser.Retention.ForgetAsync(before, DateTimeOffset.UtcNow, Cancel));
        var result = await desk.EnterAsync(Number, "sales", new ConsentEntered(EntryStatus.OptedOut, ["marketing"], EntrySource.StaffWritten, "anna", "letter 7", Make.Start), Cancel);
        Assert.Equal(EntryOutcome.Entered, result.Outcome);
        await AssertReachableAsync(staff, result.Call!.Value, Number);
        Assert.NotEqual(before, await staff.Ledger.Subjects.FindAsync(Number, Cancel));
        forgetful.Then = null;
        Assert.False((await desk.CheckOutboundAsync(Number, "marketing", LawfulBasis.LegitimateInterests, "sales", "dialler", Cancel)).Allowed);
    }

    /// <summary>A person with one call, which is over.</summary>
    private protected static async Task<SubjectId> EndedCallAsync(RightsUnderTest rights, string number)
    {
        var call = Make.Call() with { CallerNumber = number };
        await rights.Ledger.AppendAsync(Make.First(call));
        await rights.Ledger.AppendAsync(Make.More(call, 2, Make.Ended()));
        return (await rights.Ledger.Subjects.FindAsync(number, Cancel))!.Value;
    }

    /// <summary>As an erasure does it, or as the ledger's own retention.</summary>
    private protected static async Task ForgetAsync(RightsUnderTest rights, SubjectId subject, bool idle)
    {
        var now = LedgerRows.Milliseconds(DateTimeOffset.UtcNow);
        if (idle)
        {
            await rights.LedgerRetention.ForgetAsync([subject], [], now, now, Cancel);
        }
        else
        {
            await rights.Retention.ForgetAsync(subject, now, Cancel);
        }
    }

    /// <summary>The row is a person's, and the number leads to him.</summary>
    private protected static async Task AssertReachableAsync(RightsUnderTest rights, Core.Calls.CallId call, string number)
    {
        var row = (await rights.Ledger.Ledger.FindCallAsync(call, Cancel))!.Call;
        Assert.NotNull(row.Subject);
        Assert.Equal((row.Subject, number), (await rights.Ledger.Subjects.FindAsync(number, Cancel), row.CallerNumber));
    }

    /// <summary>The mapping, and what happens when somebody has just looked into it.</summary>
    private sealed class ForgetfulSubjects(ISubjects subjects) : ISubjects
    {
        public Func<Task>? Then { get; set; }

        public Task<SubjectId?> FindAsync(string number, CancellationToken cancel) => subjects.FindAsync(number, cancel);

        public async Task<SubjectId?> FindOrAddAsync(string? number, CancellationToken cancel)
        {
            var found = await subjects.FindOrAddAsync(number, cancel);
            await (Then?.Invoke() ?? Task.CompletedTask);
            return found;
        }

        public Task<string?> RevealAsync(SubjectId subject, CancellationToken cancel) => subjects.RevealAsync(subject, cancel);

        public Task<bool> DeleteAsync(SubjectId subject, CancellationToken cancel) => subjects.DeleteAsync(subject, cancel);
    }
}
