using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteRetentionTests() : RetentionContract(new SqliteTestDatabase());

public sealed class PostgresRetentionTests() : RetentionContract(new PostgresTestDatabase());

/// <summary>Retention and holds, on every database.</summary>
public abstract class RetentionContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_sweep_deletes_what_is_due_and_tells_it_once()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var due = await rights.KeepAsync();
        var later = await rights.KeepAsync(days: 10);
        await rights.Retention.KeepAsync(due with { RetainUntil = null }, Cancel); // twice is once

        Assert.Equal((1, 1), await TryAsync(rights));
        Assert.Equal(2, (await rights.KeysAsync()).Count);
        var report = await rights.Sweep.RunAsync(Cancel);
        Assert.Equal((true, 1, 1, 0, 0L), (report.Alone, report.Due, report.Erased, report.Unfinished, report.Undated));
        Assert.Equal([later.Name], await rights.KeysAsync());
        Assert.Equal([later.Name], rights.Remains.Files.Keys);
        var told = Assert.Single(await rights.ErasedAsync());
        Assert.Equal((due.Name, "sweep"), (told.Recording, told.Actor));
        Assert.StartsWith("retention: ", told.Reason, StringComparison.Ordinal);
        Assert.Equal((0, 0), await TryAsync(rights));
        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Due);
        Assert.Single(await rights.ErasedAsync());

        // Of the call stays what proves: not the channel, not the number dialled.
        var call = (await rights.Ledger.Ledger.FindCallAsync(due.Call, Cancel))!;
        Assert.Equal(("-", "", due.Subject), (call.Call.Channel, call.Call.CalledNumber, call.Call.Subject));
        Assert.NotEqual("-", (await rights.Ledger.Ledger.FindCallAsync(later.Call, Cancel))!.Call.Channel);

        static async Task<(int, int)> TryAsync(RightsUnderTest rights)
        {
            var report = await rights.Sweep.TryAsync(Cancel);
            return (report.Due, report.Erased);
        }
    }

    [Fact]
    public async Task What_could_not_be_finished_is_finished_by_the_next_sweep()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        rights.Remains.Stuck[recording.Name] = true;
        var report = await rights.Sweep.RunAsync(Cancel);
        Assert.Equal((0, 1), (report.Erased, report.Unfinished));

        // The key is gone at once; the ledger says nothing that is not true yet.
        Assert.Empty(await rights.KeysAsync());
        Assert.Empty(await rights.ErasedAsync());
        var pending = Assert.Single(await rights.Retention.FindPendingAsync(null, 10, Cancel));

        // The event was written, and the process died before it could note that.
        var entry = new LedgerEntry(pending.EventId, recording.Call, pending.NextSequence, Now, new RecordingErased(recording.Name, pending.Reason) { Actor = pending.Actor });
        await rights.Ledger.AppendAsync(new LedgerBatch(null, [entry]));
        rights.Remains.Stuck.Clear();
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
        Assert.Single(await rights.ErasedAsync());
        Assert.Empty(rights.Remains.Files);
        Assert.Empty(await rights.Retention.FindPendingAsync(null, 10, Cancel));
    }

    [Fact]
    public async Task A_hold_of_any_scope_stops_every_deletion_until_it_is_released()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        await rights.KeepAsync("+48600700802", line: "support", ended: Make.Start.AddDays(-9));
        foreach (var scope in (HoldScope[])
            [
                new(Subject: recording.Subject), new(Call: recording.Call), new(Line: "sales"), new(From: recording.EndedAt.AddDays(-1)),
                new(Line: "sales", From: recording.EndedAt, Until: recording.EndedAt.AddMilliseconds(1)),
            ])
        {
            var hold = RightsUnderTest.Hold(scope);
            Assert.Equal(1, await rights.Holds.PlaceAsync(hold, Cancel));
            Assert.Equal(1, await rights.Holds.PlaceAsync(hold, Cancel)); // twice is once
            Assert.Equal(hold, Assert.Single(await rights.Holds.ListAsync(true, Now, Cancel)));
            foreach (var cause in Enum.GetValues<DeletionCause>())
            {
                var decided = Assert.Single(await rights.Retention.DecideAsync([recording.Name, "no such"], cause, "anna", Now, Cancel));
                Assert.False(decided.Decision.Delete);
                Assert.Contains(hold.Id.ToString(), decided.Decision.Reason, StringComparison.Ordinal);
            }

            Assert.True(await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", Now, Cancel));
            Assert.False(await rights.Holds.ReleaseAsync(hold.Id, "ben", "again", Now, Cancel));
        }

        Assert.Equal(2, (await rights.KeysAsync()).Count);
        await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: "sales")) with { EndsAt = Now.AddHours(-1) }, Cancel);
        Assert.Equal(0, await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: "none")), Cancel));
        Assert.Equal(7, (await rights.Holds.ListAsync(false, Now, Cancel)).Count);
        Assert.Equal(2, (await rights.Sweep.RunAsync(Cancel)).Erased);
        await Assert.ThrowsAsync<ArgumentException>(() => rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope()), Cancel));
    }

    [Fact]
    public async Task A_hold_on_a_call_keeps_whose_it_is_also_where_no_recording_is_left()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
        var ended = (await rights.Ledger.Ledger.FindCallAsync(recording.Call, Cancel))!.Entries.Single(entry => entry.Event is CallEnded).At;
        foreach (var scope in (HoldScope[])[new(Call: recording.Call), new(Line: "sales"), new(From: ended.AddDays(-1), Until: ended.AddDays(1))])
        {
            var hold = RightsUnderTest.Hold(scope);
            await rights.Holds.PlaceAsync(hold, Cancel);
            Assert.Equal(NumberKeeper.HoldOnCall, await rights.Retention.ForgetAsync(recording.Subject!.Value, Now, Cancel));
            Assert.Equal(recording.Subject, await rights.Ledger.Subjects.FindAsync("+48600700801", Cancel));
            Assert.True(await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", Now, Cancel));
        }

        await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: "support")), Cancel);
        Assert.Null(await rights.Retention.ForgetAsync(recording.Subject!.Value, Now, Cancel));
        Assert.Null(await rights.Ledger.Subjects.FindAsync("+48600700801", Cancel));
    }

    [Fact]
    public async Task New_terms_move_the_date_and_no_terms_make_it_due()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        RetentionTerm contract = new("contract", LawfulBasis.Contract, Make.Start.AddYears(100));
        Assert.True(await rights.Retention.SetTermsAsync(recording.Name, [contract], Now, Cancel));
        var found = Assert.Single(await rights.Retention.FindAsync(recording.Subject, null, null, 10, Cancel));
        Assert.Equal((contract, contract.Until), (found.Terms[0], found.RetainUntil));
        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Due);

        Assert.True(await rights.Retention.SetTermsAsync(recording.Name, RetentionPolicy.WithoutObjected([]), Now.AddSeconds(-1), Cancel));
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
        Assert.False(await rights.Retention.SetTermsAsync(recording.Name, [contract], Now, Cancel));
    }

    [Fact]
    public async Task A_restriction_is_kept_and_lifted_and_stops_the_sweep()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        var by = RightsUnderTest.Hold(new HoldScope(Line: "x")).Id;
        Assert.False(await rights.Retention.RestrictAsync(recording.Name, null, Cancel));
        Assert.True(await rights.Retention.RestrictAsync(recording.Name, by, Cancel));
        Assert.False(await rights.Retention.RestrictAsync(recording.Name, by, Cancel));
        Assert.Equal(by, Assert.Single(await rights.Retention.FindAsync(null, recording.Call, null, 10, Cancel)).RestrictedBy);
        Assert.Equal((1, 0), await rights.Sweep.RunAsync(Cancel) is var report ? (report.Due, report.Erased) : default);
        Assert.True(await rights.Retention.RestrictAsync(recording.Name, null, Cancel));
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
    }

    [Fact]
    public async Task A_number_is_forgotten_when_nothing_needs_it_and_only_then()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await rights.KeepAsync();
        var subject = recording.Subject!.Value;
        Assert.Equal(NumberKeeper.Recordings, await rights.Retention.ForgetAsync(subject, Now, Cancel));
        await rights.Sweep.RunAsync(Cancel);

        var hold = RightsUnderTest.Hold(new HoldScope(Subject: subject));
        await rights.Holds.PlaceAsync(hold, Cancel);
        Assert.Equal(NumberKeeper.HoldOnPerson, await rights.Retention.ForgetAsync(subject, Now, Cancel));
        await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", Now, Cancel);

        var open = Make.Call();
        await rights.Ledger.AppendAsync(Make.First(open));
        Assert.Equal(NumberKeeper.RunningCall, await rights.Retention.ForgetAsync(subject, Now, Cancel));
        await rights.Ledger.AppendAsync(Make.More(open, 2, Make.Ended()));

        Assert.Null(await rights.Retention.ForgetAsync(subject, Now, Cancel));
        Assert.Null(await rights.Ledger.Subjects.FindAsync("+48600700801", Cancel));
        Assert.Null(await rights.Retention.ForgetAsync(subject, Now, Cancel));
    }

    [Fact]
    public async Task One_sweep_at_a_time_in_all_processes()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        await using var other = await RightsUnderTest.StartAsync(Database, spool: "spool-2");
        await rights.KeepAsync();
        await using (await other.Retention.TryRunAloneAsync(Cancel))
        {
            Assert.False((await rights.Sweep.RunAsync(Cancel)).Alone);
            Assert.Single(await rights.KeysAsync());
        }

        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Erased);
    }

    [Fact]
    public async Task More_than_a_batch_is_due_and_held_ones_are_passed_over()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var first = await rights.KeepAsync();
        await rights.KeepAsync(line: "held");
        await using (var connection = await Database.OpenRawAsync())
        {
            var rows = string.Join(", ", Enumerable.Range(0, (2 * RetentionSweep.BatchSize) + 1).Select(n =>
                $"('r{n:D4}', @call, @subject, '{(n % 2 == 0 ? "held" : "sales")}', 'pbx1', @ended, '[]', @ended)"));
            await connection.ExecuteAsync(
                $"INSERT INTO retention (recording, call_id, subject_id, line, pbx, call_ended_at, terms, retain_until) VALUES {rows}",
                new
                {
                    call = Id(first.Call.Value), subject = Id(first.Subject!.Value.Value), ended = Time(first.EndedAt),
                });
        }

        await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: "held")), Cancel);
        var report = await rights.Sweep.RunAsync(Cancel);
        Assert.Equal((403, 201, 202, 0), (report.Due, report.Erased, report.Kept.Count, report.Unfinished));
        Assert.Equal(201, (await rights.ErasedAsync()).Count);

        object Id(Guid id) => Database is SqliteTestDatabase ? id.ToString("N") : id;
        object Time(DateTimeOffset time) => Database is SqliteTestDatabase ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'") : time;
    }
}
