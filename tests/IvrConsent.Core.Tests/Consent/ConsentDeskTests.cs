using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

/// <summary>Entering, correcting and asking, on a ledger in memory.</summary>
public sealed class ConsentDeskTests
{
    private const string Number = "+48 22 123 45 01";
    private static readonly DateTimeOffset GivenAt = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeLedger _ledger = new(TimeProvider.System) { Fault = _ => (AppendResult.Committed, TimeSpan.Zero) };
    private readonly ConsentDesk _desk;

    public ConsentDeskTests()
    {
        var reader = new FakeLedgerReader(_ledger);
        _desk = new ConsentDesk(new FakeSubjects(), _ledger, reader, new ConsentHistory(reader, _ => null), TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_entry_stands_in_a_record_of_its_own_and_counts_however_the_number_is_written()
    {
        var result = await _desk.EnterAsync(Number, "demo", Entry(EntryStatus.Given), Cancel);

        var row = (await _ledger.FindCallAsync(result.Call!.Value, Cancel))!.Call;
        Assert.Equal((CallKind.Record, "-", "demo"), (row.Kind, row.Pbx, row.Line));
        Assert.NotNull(row.Subject);
        Assert.Equal(StandingStatus.Given, (await _desk.FindAsync("0048-22-123-45-01", Cancel))!.Grants["offers"].Status);
        Assert.Null(await _desk.FindAsync("+48221234502", Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" - ")]
    [InlineData("()")]
    public async Task What_is_no_number_is_refused(string number)
    {
        Assert.Equal(EntryOutcome.NoNumber, (await _desk.EnterAsync(number, null, Entry(EntryStatus.Given), Cancel)).Outcome);
        Assert.Equal(OutboundReasons.NoNumber, (await CheckAsync(number)).Reason);
        Assert.Empty(_ledger.Entries);
    }

    [Fact]
    public async Task The_same_twice_is_there_once()
    {
        var first = await _desk.EnterOnceAsync(Number, null, Entry(EntryStatus.Given), "row", Cancel);
        var again = await _desk.EnterOnceAsync("0048221234501", null, Entry(EntryStatus.Given), "row", Cancel);
        var other = await _desk.EnterOnceAsync(Number, null, Entry(EntryStatus.Given), "another row", Cancel);

        Assert.Equal((EntryOutcome.Entered, EntryOutcome.AlreadyThere, EntryOutcome.Entered), (first.Outcome, again.Outcome, other.Outcome));
        Assert.Equal(first.Event, again.Event);
        Assert.Equal(2, _ledger.Entries.Count);
    }

    [Fact]
    public async Task A_correction_stands_beside_what_it_corrects()
    {
        var wrong = await _desk.EnterAsync(Number, null, Entry(EntryStatus.Given), Cancel);
        var result = await _desk.CorrectAsync(wrong.Event!.Value, "clerk", "wrong person", null, Cancel);

        Assert.Equal((EntryOutcome.Entered, wrong.Call), (result.Outcome, result.Call));
        Assert.Equal([1, 2], _ledger.Of(wrong.Call!.Value).Select(entry => entry.CallSequence));
        Assert.Empty((await _desk.FindAsync(Number, Cancel))!.Grants);
        Assert.Equal(EntryOutcome.NoSuchEvent, (await _desk.CorrectAsync(Guid.NewGuid(), "clerk", "x", null, Cancel)).Outcome);
        Assert.Equal(EntryOutcome.NotCorrectable, (await _desk.CorrectAsync(result.Event!.Value, "clerk", "x", null, Cancel)).Outcome);
    }

    [Fact]
    public async Task Every_answer_is_on_record_with_the_event_that_decided()
    {
        Assert.Equal(OutboundReasons.NoConsent, (await CheckAsync(Number)).Reason);
        var entry = await _desk.EnterAsync(Number, null, Entry(EntryStatus.Given), Cancel);
        var answer = await CheckAsync(Number);

        Assert.Equal((true, entry.Event), (answer.Allowed, answer.BasisEvent));
        Assert.Equal(
            [new ConsentUsed(null, "offers", "dialer", false, OutboundReasons.NoConsent), new ConsentUsed(entry.Event, "offers", "dialer", true, OutboundReasons.Consent)],
            _ledger.Entries.Select(one => one.Event).OfType<ConsentUsed>());
    }

    [Fact]
    public async Task Nobody_is_called_when_the_answer_cannot_be_put_on_record()
    {
        await _desk.EnterAsync(Number, null, Entry(EntryStatus.Given), Cancel);
        _ledger.Fault = _ => (AppendResult.Lost, TimeSpan.Zero);
        Assert.Equal(new OutboundAnswer(false, OutboundReasons.LedgerUnavailable), await CheckAsync(Number));
        Assert.Equal(EntryOutcome.Lost, (await _desk.EnterAsync(Number, null, Entry(EntryStatus.Given), Cancel)).Outcome);
    }

    [Fact]
    public async Task Nobody_is_called_while_entries_wait_that_may_be_an_opt_out()
    {
        await _desk.EnterAsync(Number, null, Entry(EntryStatus.Given), Cancel);
        _ledger.Fault = _ => (AppendResult.Deferred, TimeSpan.Zero);
        await _desk.EnterAsync(Number, null, Entry(EntryStatus.OptedOut), Cancel);
        Assert.Equal(OutboundReasons.LedgerUnavailable, (await CheckAsync(Number)).Reason);
    }

    private static ConsentEntered Entry(EntryStatus status) => new(status, ["offers"], EntrySource.StaffWritten, "clerk", "DOC-1", GivenAt);

    private Task<OutboundAnswer> CheckAsync(string number) => _desk.CheckOutboundAsync(number, "offers", LawfulBasis.Consent, null, "dialer", Cancel);
}
