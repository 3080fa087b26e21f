using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using Xunit;

namespace IvrConsent.Adapters.Tests.Ledger;

public sealed class SqliteConsentDeskTests() : ConsentDeskContract(new SqliteTestDatabase());

public sealed class PostgresConsentDeskTests() : ConsentDeskContract(new PostgresTestDatabase());

/// <summary>Entering, correcting and asking by number, and what a person has said so far, on every database.</summary>
public abstract class ConsentDeskContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const string Number = "+48 600 700 811";
    private static readonly LineOptions Sales = new() { Name = "sales", Numbers = ["100"], Language = "en", Notice = new NoticeOptions("std", "3"), Purposes = [new PurposeOptions { Id = "quality", Retention = TimeSpan.FromDays(30) }] };

    [Fact]
    public async Task What_was_entered_and_what_was_pressed_make_one_history_of_the_person()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var desk = DeskOf(ledger);
        Assert.Null(await desk.FindAsync(Number, Cancel));
        var call = Make.Call() with { CallerNumber = "0048600700811" };
        await ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new ConsentRefused('2', Make.Start, 1, 0)), Make.Entry(call, 2, Make.Ended())]));
        var entered = await desk.EnterAsync(Number, "sales", Letter(EntryStatus.Given, Make.Start.AddDays(1)), Cancel);
        await desk.EnterAsync("+48600700812", "sales", Letter(EntryStatus.Refused, Make.Start.AddDays(2)), Cancel);

        var standing = (await desk.FindAsync("+48-600-700-811", Cancel))!;
        var grant = standing.Grants["quality"];
        Assert.Equal((StandingStatus.Given, entered.Event, "std", "sales"), (grant.Status, grant.Event, grant.Notice, grant.Line));
        Assert.Equal(StandingStatus.Refused, (await desk.FindAsync("+48600700812", Cancel))!.Grants["quality"].Status);

        // What was said earlier and is entered later undoes nothing.
        await desk.EnterAsync(Number, null, Letter(EntryStatus.Withdrawn, Make.Start.AddHours(1)), Cancel);
        Assert.Equal(StandingStatus.Given, (await desk.FindAsync(Number, Cancel))!.Grants["quality"].Status);
        await desk.EnterAsync(Number, null, Letter(EntryStatus.Withdrawn, Make.Start.AddDays(3)) with { Purposes = ["*"] }, Cancel);
        Assert.Equal(StandingStatus.Withdrawn, (await desk.FindAsync(Number, Cancel))!.Grants["quality"].Status);
    }

    [Fact]
    public async Task A_correction_stands_behind_what_it_corrects_and_the_same_entry_stands_once()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var desk = DeskOf(ledger);
        var first = await desk.EnterOnceAsync(Number, null, Letter(EntryStatus.Given, Make.Start), "row 7", Cancel);
        var again = await desk.EnterOnceAsync("0048600700811", null, Letter(EntryStatus.Given, Make.Start), "row 7", Cancel);
        Assert.Equal((EntryOutcome.Entered, EntryOutcome.AlreadyThere, first.Event), (first.Outcome, again.Outcome, again.Event));

        Assert.Equal(EntryOutcome.Entered, (await desk.CorrectAsync(first.Event!.Value, "chief", "wrong person", null, Cancel)).Outcome);
        Assert.Empty((await desk.FindAsync(Number, Cancel))!.Grants);
        Assert.Equal([1, 2], (await ledger.Ledger.FindCallAsync(first.Call!.Value, Cancel))!.Entries.Select(entry => entry.CallSequence));
        Assert.Equal(EntryOutcome.NoSuchEvent, (await desk.CorrectAsync(Guid.NewGuid(), "chief", "x", null, Cancel)).Outcome);
        Assert.Equal(EntryOutcome.NoNumber, (await desk.EnterAsync(" - ", null, Letter(EntryStatus.Given, Make.Start), Cancel)).Outcome);
    }

    [Fact]
    public async Task Every_answer_about_calling_is_on_record()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var desk = DeskOf(ledger);
        Assert.Equal(OutboundReasons.NoConsent, (await CheckAsync()).Reason);
        var entered = await desk.EnterAsync(Number, null, Letter(EntryStatus.Given, Make.Start), Cancel);
        Assert.Equal((true, entered.Event), await CheckAsync() is var yes ? (yes.Allowed, yes.BasisEvent) : default);
        await desk.EnterAsync(Number, null, Letter(EntryStatus.OptedOut, Make.Start.AddDays(1)) with { Purposes = ["*"] }, Cancel);
        Assert.False((await CheckAsync()).Allowed);

        var used = (await ledger.ReadAsync(new LedgerQuery(EventType: nameof(ConsentUsed)))).Select(line => (ConsentUsed)line.Entry.Event);
        Assert.Equal([false, true, false], used.Select(use => use.Allowed));

        Task<OutboundAnswer> CheckAsync() => desk.CheckOutboundAsync(Number, "quality", LawfulBasis.Consent, null, "dialer", Cancel);
    }

    [Fact]
    public async Task A_call_that_is_over_is_withdrawn_once_and_the_persons_records_are_found_by_number()
    {
        await using var ledger = await LedgerUnderTest.StartAsync(Database.Options());
        var desk = DeskOf(ledger);
        var call = Make.Call() with { CallerNumber = Number };
        await ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new ConsentGiven('1', Make.Start, 1, 0) { Purposes = ["quality"] }), Make.Entry(call, 2, Make.Ended())]));
        await desk.EnterAsync(Number, "sales", Letter(EntryStatus.Given, Make.Start.AddDays(1)), Cancel);

        var withdrawn = await desk.WithdrawAsync(call.Id, WithdrawalScope.Call, WithdrawalAction.Erase, "desk", "phoned", Cancel);
        Assert.Equal((EntryOutcome.Entered, call.Id), (withdrawn.Outcome, withdrawn.Call));
        Assert.Equal(EntryOutcome.NothingToWithdraw, (await desk.WithdrawAsync(call.Id, WithdrawalScope.Call, WithdrawalAction.Erase, "desk", "again", Cancel)).Outcome);
        Assert.Equal(EntryOutcome.NoSuchEvent, (await desk.WithdrawAsync(Make.Call().Id, WithdrawalScope.Call, WithdrawalAction.Erase, "desk", "x", Cancel)).Outcome);

        var subject = await ledger.Subjects.FindAsync("00 48 600 700 811", Cancel);
        var lines = await ledger.ReadAsync(new LedgerQuery(Subject: subject));
        var cases = lines.GroupBy(line => line.Entry.CallId).Select(own => ConsentCase.From([.. own], null, lines)!).ToArray();
        Assert.Equal([ConsentState.Withdrawn, ConsentState.Given], cases.Select(one => one.State));
        Assert.Equal([false, true], cases.Select(one => one.IsEntry));
    }

    private static ConsentEntered Letter(EntryStatus status, DateTimeOffset at) => new(status, ["quality"], EntrySource.StaffWritten, "clerk", "DOC-1", at) { Notice = "std", NoticeVersion = "3" };

    private static ConsentDesk DeskOf(LedgerUnderTest ledger) =>
        new(ledger.Subjects, ledger.Ledger, ledger.Reader, new ConsentHistory(ledger.Reader, name => name == "sales" ? Sales : null), TimeProvider.System);
}
