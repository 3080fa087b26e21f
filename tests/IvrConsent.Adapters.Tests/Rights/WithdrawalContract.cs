using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteWithdrawalTests() : WithdrawalContract(new SqliteTestDatabase());

public sealed class PostgresWithdrawalTests() : WithdrawalContract(new PostgresTestDatabase());

/// <summary>Withdrawals carried out on what is under retention, on every database.</summary>
public abstract class WithdrawalContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private static readonly DateTimeOffset Later = Make.Start.AddDays(1);

    [Fact]
    public async Task A_withdrawal_of_the_person_erases_the_recordings_of_earlier_calls_and_nobody_elses()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var (first, second) = (await RecordedAsync(rights), await RecordedAsync(rights));
        var other = await RecordedAsync(rights, number: "+48600700802");
        var after = await RecordedAsync(rights, given: Later.AddDays(1));
        await WithdrawAsync(rights, WithdrawalScope.Person);

        Assert.Equal(2, (await rights.Sweep.TryAsync(Cancel)).Withdrawn);
        Assert.Equal(4, (await rights.KeysAsync()).Count);
        var report = await rights.Sweep.RunAsync(Cancel);

        Assert.Equal((2, 2, 0), (report.Withdrawn, report.Erased, report.Due));
        Assert.Equal([.. new[] { after.Name, other.Name }.Order(StringComparer.Ordinal)], await rights.KeysAsync());
        Assert.Equal([.. new[] { after.Name, other.Name }.Order(StringComparer.Ordinal)], rights.Remains.Files.Keys.Order(StringComparer.Ordinal));
        var told = await rights.ErasedAsync();
        Assert.Equal([.. new[] { first.Name, second.Name }.Order(StringComparer.Ordinal)], told.Select(one => one.Recording).Order(StringComparer.Ordinal));
        Assert.All(told, one => Assert.Contains("consent was withdrawn", one.Reason, StringComparison.Ordinal));
        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
    }

    [Fact]
    public async Task A_withdrawal_for_one_call_that_was_over_reaches_that_call_only()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var (first, second) = (await RecordedAsync(rights), await RecordedAsync(rights));
        await rights.Ledger.AppendAsync(new LedgerBatch(null, [Entry(first, 9, new ConsentWithdrawn("", Later, WithdrawalScope.Call, WithdrawalAction.Erase) { By = "desk", Reason = "phoned" })]));

        Assert.Equal(1, await rights.Sweep.RunWithdrawalsAsync(Make.Start, Cancel));
        Assert.Equal([second.Name], await rights.KeysAsync());
        Assert.Equal(first.Name, Assert.Single(await rights.ErasedAsync()).Recording);
    }

    [Fact]
    public async Task A_letter_takes_the_purposes_that_it_names_and_the_recording_goes_with_the_last()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await RecordedAsync(rights, terms: ["p", "q"]);
        await EnterAsync(rights, "q");
        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Equal("p", Assert.Single(Assert.Single(await rights.Retention.FindAsync(recording.Subject, null, null, 10, Cancel)).Terms).Purpose);

        await EnterAsync(rights, "other");
        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        await EnterAsync(rights, "p");
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Empty(await rights.KeysAsync());
    }

    [Fact]
    public async Task A_letter_that_withdraws_everything_leaves_what_the_line_keeps()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        await RecordedAsync(rights);
        var kept = await RecordedAsync(rights, line: "keeps");
        await EnterAsync(rights, StandingConsentPolicy.AllPurposes);

        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Equal([kept.Name], await rights.KeysAsync());
    }

    [Fact]
    public async Task A_hold_stops_it_until_it_is_released()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await RecordedAsync(rights);
        await WithdrawAsync(rights, WithdrawalScope.Person);
        var hold = RightsUnderTest.Hold(new HoldScope(Call: recording.Call));
        await rights.Holds.PlaceAsync(hold, Cancel);

        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Equal([recording.Name], await rights.KeysAsync());
        Assert.Contains(hold.Id.ToString(), Assert.Single((await rights.LogAsync(recording.Call)).OfType<RecordingFailed>()).Detail, StringComparison.Ordinal);
        await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", TimeProvider.System.GetUtcNow(), Cancel);
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Empty(await rights.KeysAsync());
    }

    [Fact]
    public async Task A_restriction_stops_it_until_it_is_lifted_and_the_ledger_says_once_why()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var (recording, other) = (await RecordedAsync(rights), await RecordedAsync(rights));
        var request = await rights.Desk.OpenAsync(RequestKind.Restriction, null, recording.Call, null, "anna", Cancel);
        await rights.Desk.RestrictAsync(request.Id, true, "anna", Cancel);
        await WithdrawAsync(rights, WithdrawalScope.Person);

        Assert.Equal(recording.Name, Assert.Single((await rights.Sweep.TryAsync(Cancel)).KeptWithdrawn).Recording.Name);
        Assert.Equal(1, await rights.Sweep.RunWithdrawalsAsync(Make.Start, Cancel));
        for (var again = 0; again < 2; again++)
        {
            var report = await rights.Sweep.RunAsync(Cancel);
            Assert.Equal(0, report.Withdrawn);
            var kept = Assert.Single(report.KeptWithdrawn);
            Assert.Equal((recording.Name, "GDPR 18(1)"), (kept.Recording.Name, Assert.Single(kept.Decision.Kept).Article));
        }

        Assert.Equal([recording.Name], await rights.KeysAsync());
        Assert.Equal(other.Name, Assert.Single(await rights.ErasedAsync()).Recording);
        var told = Assert.Single((await rights.LogAsync(recording.Call)).OfType<RecordingFailed>());
        Assert.Equal((recording.Name, RecordingFailures.NotErased), (told.Recording, told.Reason));
        Assert.Contains($"case {request.Id}", told.Detail, StringComparison.Ordinal);
        Assert.Empty((await rights.LogAsync(other.Call)).OfType<RecordingFailed>());

        await rights.Desk.RestrictAsync(request.Id, false, "anna", Cancel);
        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Empty(await rights.KeysAsync());
    }

    [Fact]
    public async Task Another_ground_keeps_the_recording_and_for_itself_only()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var recording = await RecordedAsync(rights, terms: ["p"], contract: true);
        await WithdrawAsync(rights, WithdrawalScope.Person);

        Assert.Equal(0, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Equal([recording.Name], await rights.KeysAsync());
        Assert.Equal("contract", Assert.Single(Assert.Single(await rights.Retention.FindAsync(recording.Subject, null, null, 10, Cancel)).Terms).Purpose);
        Assert.Empty((await rights.LogAsync(recording.Call)).OfType<RecordingFailed>());
    }

    [Fact]
    public async Task A_consent_that_was_corrected_away_ends_and_a_withdrawal_that_was_does_not_count()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var wrong = await RecordedAsync(rights);
        var given = (await rights.Ledger.Ledger.FindCallAsync(wrong.Call, Cancel))!.Entries.Single(entry => entry.Event is ConsentGiven);
        await rights.Ledger.AppendAsync(new LedgerBatch(null, [Entry(wrong, 9, new EntryCorrected(given.EventId, "chief", "another had the phone", null))]));
        var right = await RecordedAsync(rights, number: "+48600700803");
        var withdrawn = Entry(right, 9, new ConsentWithdrawn("", Later, WithdrawalScope.Call, WithdrawalAction.Erase) { By = "desk", Reason = "phoned" });
        await rights.Ledger.AppendAsync(new LedgerBatch(null, [withdrawn, Entry(right, 10, new EntryCorrected(withdrawn.EventId, "chief", "wrong call", null))]));

        Assert.Equal(1, (await rights.Sweep.RunAsync(Cancel)).Withdrawn);
        Assert.Equal([right.Name], await rights.KeysAsync());
    }

    [Fact]
    public async Task What_an_interrupted_sweep_began_another_process_ends()
    {
        await using var first = await RightsUnderTest.StartAsync(Database);
        var recording = await RecordedAsync(first);
        await WithdrawAsync(first, WithdrawalScope.Person);
        Assert.Equal(1, (await first.Withdrawals.RunAsync(null, Cancel)).Erased); // and it died before it could finish
        Assert.Empty(await first.KeysAsync());
        Assert.Empty(await first.ErasedAsync());

        await using var second = await RightsUnderTest.StartAsync(Database, first.Remains, "spool2");
        Assert.Equal((0, 1), await second.Sweep.RunAsync(Cancel) is var report ? (report.Withdrawn, report.Erased) : default);
        Assert.Equal(recording.Name, Assert.Single(await second.ErasedAsync()).Recording);
    }

    /// <summary>A call in which consent was given, with its recording under retention for a hundred days.</summary>
    private static async Task<RetainedRecording> RecordedAsync(
        RightsUnderTest rights, string number = "+48600700801", string line = "sales", DateTimeOffset? given = null, string[]? terms = null, bool contract = false)
    {
        var recording = await rights.KeepAsync(number, days: 100, line: line);
        await rights.Ledger.AppendAsync(new LedgerBatch(null, [Entry(recording, 3, new ConsentGiven('1', given ?? Make.Start, 1, 0) { Purposes = terms ?? ["p"] })]));
        var until = recording.Terms[0].Until;
        IReadOnlyList<RetentionTerm> all = [.. (terms ?? ["p"]).Select(purpose => new RetentionTerm(purpose, LawfulBasis.Consent, until)), .. contract ? new[] { new RetentionTerm("contract", LawfulBasis.Contract, until) } : []];
        Assert.True(await rights.Retention.SetTermsAsync(recording.Name, all, TimeProvider.System.GetUtcNow(), Cancel));
        return recording with { Terms = all };
    }

    private static LedgerEntry Entry(RetainedRecording recording, int sequence, CallEvent fact) => new(Guid.CreateVersion7(), recording.Call, sequence, Later, fact);

    /// <summary>The person calls again a day later, and presses the keys there.</summary>
    private static async Task WithdrawAsync(RightsUnderTest rights, WithdrawalScope scope)
    {
        var call = Make.Call(at: Later);
        await rights.Ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new ConsentWithdrawn("*9", Later, scope, WithdrawalAction.Erase)), Make.Entry(call, 2, Make.Ended())]));
    }

    private static async Task EnterAsync(RightsUnderTest rights, string purpose)
    {
        var row = Make.Call("-", null, Later) with { Kind = CallKind.Record };
        var letter = new ConsentEntered(EntryStatus.Withdrawn, [purpose], EntrySource.StaffWritten, "clerk", "DOC-9", Later);
        await rights.Ledger.AppendAsync(new LedgerBatch(row, [Make.Entry(row, 1, letter)]));
    }
}
