using Dapper;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;
using IvrConsent.Storage.Proof;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Rights;

public sealed class SqliteLedgerRetentionTests() : LedgerRetentionContract(new SqliteTestDatabase());

public sealed class PostgresLedgerRetentionTests() : LedgerRetentionContract(new PostgresTestDatabase());

/// <summary>How long the ledger can tell whose its entries are, on every database.</summary>
public abstract class LedgerRetentionContract(LedgerTestDatabase database) : DatabaseContract(database)
{
    private const string Old = "+48600700801";
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(100);

    // A day after the calls of Make have become old enough.
    private static readonly DateTimeOffset Now = Make.Start.AddDays(101);

    [Fact]
    public async Task Who_did_not_call_for_so_long_is_forgotten_and_the_events_stay()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var calls = new[] { await AddAsync(rights, Old), await AddAsync(rights, Old), await AddAsync(rights, "+48600700802", Now.AddDays(-99)) };
        var before = await EventsAsync(rights);
        await using var proof = new LedgerProof(Database.Options());
        await proof.SealAsync(Cancel);
        var forgetting = rights.Forgetting(KeptFor, new ManualTimeProvider(Now));

        Assert.Equal(new Forgotten(1, 2), await forgetting.TryAsync(Cancel));
        Assert.NotNull(await rights.Ledger.Subjects.FindAsync(Old, Cancel)); // trying does nothing
        Assert.Equal(new Forgotten(1, 2), await forgetting.RunAsync(Cancel));
        Assert.Equal(default, await forgetting.RunAsync(Cancel));

        Assert.Null(await rights.Ledger.Subjects.FindAsync(Old, Cancel));
        Assert.NotNull(await rights.Ledger.Subjects.FindAsync("+48600700802", Cancel));
        foreach (var call in calls[..2])
        {
            var left = (await rights.Ledger.Ledger.FindCallAsync(call.Id, Cancel))!.Call;
            Assert.Equal(("-", "", null, "sales"), (left.Channel, left.CalledNumber, left.CallerNumber, left.Line));
            Assert.NotNull(left.Subject); // whose calls are one person's can still be told, not whose
        }

        var young = (await rights.Ledger.Ledger.FindCallAsync(calls[2].Id, Cancel))!.Call;
        Assert.Equal((calls[2].Channel, calls[2].CalledNumber), (young.Channel, young.CalledNumber));
        var told = Assert.Single(await ToldAsync(rights));
        Assert.Equal(new NumbersForgotten(1, 2, Now - KeptFor, RetentionSweep.Actor), told);
        Assert.Equal(before, (await EventsAsync(rights))[..before.Count]);
        await proof.SealAsync(Cancel);
        var verdict = await proof.VerifyAsync(null, null, Cancel);
        Assert.Equal((before.Count + 1, before.Count + 1, null), (verdict.Events, verdict.Sealed, verdict.Fault));
    }

    [Theory]
    [InlineData("recording")]
    [InlineData("hold on the person")]
    [InlineData("hold on the line")]
    [InlineData("hold on the call")]
    [InlineData("hold on the period")]
    [InlineData("request")]
    [InlineData("opt-out")]
    [InlineData("call that goes on")]
    [InlineData("entry")]
    [InlineData("record")]
    public async Task Nobody_is_forgotten_whom_something_keeps(string what)
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var call = what == "recording" ? (await rights.Ledger.Ledger.FindCallAsync((await rights.KeepAsync(Old, days: 10)).Call, Cancel))!.Call : await AddAsync(rights, Old);
        var subject = (await rights.Ledger.Subjects.FindAsync(Old, Cancel))!.Value;
        await KeepKnownAsync(rights, what, call, subject);
        var forgetting = rights.Forgetting(KeptFor, new ManualTimeProvider(Now));

        Assert.Equal(default, await forgetting.TryAsync(Cancel));
        Assert.Equal(default, await forgetting.RunAsync(Cancel));

        // What was true when it was read is looked at again.
        Assert.Equal(default, await rights.LedgerRetention.ForgetAsync([subject], [call.Id], Now - KeptFor, Now, Cancel));
        Assert.Equal(subject, await rights.Ledger.Subjects.FindAsync(Old, Cancel));
        Assert.Empty(await ToldAsync(rights));
    }

    [Fact]
    public async Task What_no_longer_keeps_anybody_known_is_over()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var call = await AddAsync(rights, Old);
        var subject = (await rights.Ledger.Subjects.FindAsync(Old, Cancel))!.Value;
        var hold = RightsUnderTest.Hold(new HoldScope(Line: "sales"));
        await rights.Holds.PlaceAsync(hold, Cancel);
        await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: "support")), Cancel); // another line's
        var request = new RequestCase(CallId.FromChannel("-", "case", Make.Start), RequestKind.Access, subject, null, Make.Start, Make.Start.AddMonths(1), "anna");
        await rights.Requests.AddAsync(request, Cancel);
        await rights.Ledger.AppendAsync(Make.More(call, 3, new RecordingErased("rec", "retention: over"))); // ours, however late
        var late = new RightsLog(rights.Ledger.Ledger, new ManualTimeProvider(Now.AddDays(-1)));
        await late.TellSearchAsync(subject, "anna", "letter"); // ours as well
        await late.BeginAsync(late.NewId(), subject, null, new NumberRevealed("anna", "letter"), "Nothing was shown");
        await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", Now, Cancel);
        Assert.Equal(0, (await rights.Forgetting(KeptFor, new ManualTimeProvider(Now)).RunAsync(Cancel)).Persons);
        await rights.Requests.CloseAsync(request.Id, RequestState.Answered, "letter", Now, Cancel);
        Assert.Equal(1, (await rights.Forgetting(KeptFor, new ManualTimeProvider(Now)).RunAsync(Cancel)).Persons);
    }

    [Fact]
    public async Task Without_the_setting_nothing_is_forgotten_and_what_was_is_told_once()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        await AddAsync(rights, Old);
        var never = rights.Forgetting(null, new ManualTimeProvider(Now));
        Assert.Equal((default, default), (await never.TryAsync(Cancel), await never.RunAsync(Cancel)));

        // A worker that died between the deletion and the entry.
        var subject = (await rights.Ledger.Subjects.FindAsync(Old, Cancel))!.Value;
        Assert.Equal(new Forgotten(1, 1), await rights.LedgerRetention.ForgetAsync([subject], [], Now - KeptFor, Now, Cancel));
        Assert.Empty(await ToldAsync(rights));
        var untold = Assert.Single(await rights.LedgerRetention.FindUntoldAsync(Cancel));
        await never.RunAsync(Cancel);
        await never.RunAsync(Cancel);
        Assert.Single(await ToldAsync(rights));
        Assert.Equal(untold.EventId, Assert.Single(await rights.Ledger.ReadAsync(new LedgerQuery(EventType: nameof(NumbersForgotten)))).Entry.EventId);
    }

    [Fact]
    public async Task A_call_of_a_withheld_number_loses_what_identifies_as_well()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        var (old, young) = (await AddAsync(rights, null), await AddAsync(rights, null, Now.AddDays(-2)));
        var forgetting = rights.Forgetting(KeptFor, new ManualTimeProvider(Now));
        var hold = RightsUnderTest.Hold(new HoldScope(Call: old.Id));
        await rights.Holds.PlaceAsync(hold, Cancel);
        Assert.Equal((default, default), (await forgetting.TryAsync(Cancel), await forgetting.RunAsync(Cancel)));
        await rights.Holds.ReleaseAsync(hold.Id, "anna", "settled", Now, Cancel);

        Assert.Equal((new Forgotten(0, 1), new Forgotten(0, 1)), (await forgetting.TryAsync(Cancel), await forgetting.RunAsync(Cancel)));
        Assert.Equal("-", (await rights.Ledger.Ledger.FindCallAsync(old.Id, Cancel))!.Call.Channel);
        Assert.Equal(young.Channel, (await rights.Ledger.Ledger.FindCallAsync(young.Id, Cancel))!.Call.Channel);
    }

    [Fact]
    public async Task More_persons_than_a_batch_holds_are_forgotten_in_one_run()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        const int persons = LedgerRetention.BatchSize + 3;
        await Task.WhenAll(Enumerable.Range(0, persons).Select(n => AddAsync(rights, $"+4860070{n:0000}")));
        Assert.Equal(new Forgotten(persons, persons), await rights.Forgetting(KeptFor, new ManualTimeProvider(Now)).RunAsync(Cancel));
        await using var raw = await Database.OpenRawAsync();
        Assert.Equal(0, await raw.ExecuteScalarAsync<long>("SELECT count(*) FROM subjects"));
        var told = await ToldAsync(rights);
        Assert.Equal(persons, told.Sum(one => one.Persons));
        Assert.All(told, one => Assert.InRange(one.Persons, 1, LedgerRetention.BatchSize));
    }

    [Fact]
    public async Task The_few_are_found_among_many_whom_something_keeps()
    {
        await using var rights = await RightsUnderTest.StartAsync(Database);
        foreach (var n in Enumerable.Range(0, 20))
        {
            await AddAsync(rights, $"+4860070{n:0000}", Now.AddDays(-1));
            await AddAsync(rights, null, Now.AddDays(-1));
            if (n % 8 == 0)
            {
                await AddAsync(rights, $"+4860071{n:0000}");
                await AddAsync(rights, null);
            }
        }

        var forgetting = rights.Forgetting(KeptFor, new ManualTimeProvider(Now));
        Assert.Equal(new Forgotten(3, 6), await forgetting.TryAsync(Cancel));
        Assert.Equal(new Forgotten(3, 6), await forgetting.RunAsync(Cancel));
        await using var raw = await Database.OpenRawAsync();
        Assert.Equal(20, await raw.ExecuteScalarAsync<long>("SELECT count(*) FROM subjects"));
        Assert.Equal(40, await raw.ExecuteScalarAsync<long>("SELECT count(*) FROM calls WHERE kind <> 'Record' AND channel <> '-'"));
    }

    private static async Task KeepKnownAsync(RightsUnderTest rights, string what, CallRow call, SubjectId subject)
    {
        switch (what)
        {
            case "hold on the person":
                await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Subject: subject)), Cancel);
                break;
            case "hold on the line":
                await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Line: call.Line)), Cancel);
                break;
            case "hold on the call":
                await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(Call: call.Id)), Cancel);
                break;
            case "hold on the period":
                await rights.Holds.PlaceAsync(RightsUnderTest.Hold(new HoldScope(From: Make.Start.AddDays(-1), Until: Make.Start.AddDays(1))), Cancel);
                break;
            case "request":
                await rights.Requests.AddAsync(
                    new RequestCase(CallId.FromChannel("-", "case", Make.Start), RequestKind.Access, subject, null, Make.Start, Make.Start.AddMonths(1), "anna"), Cancel);
                break;
            case "opt-out":
                await rights.Ledger.AppendAsync(Make.More(call, 3, new ConsentEntered(EntryStatus.OptedOut, ["*"], EntrySource.StaffSpoken, "clerk", "call 7", Make.Start)));
                break;
            case "call that goes on":
                await rights.Ledger.AppendAsync(Make.First(Make.Call(at: Make.Start.AddDays(-1)) with { CallerNumber = Old }));
                break;
            case "record":
                var late = new RightsLog(rights.Ledger.Ledger, new ManualTimeProvider(Now.AddDays(-1)));
                await late.BeginAsync(late.NewId(), subject, null, new ConsentEntered(EntryStatus.Given, ["offers"], EntrySource.StaffWritten, "clerk", "letter 7", Make.Start), "Not entered");
                break;
            case "entry":
                await rights.Ledger.AppendAsync(new LedgerBatch(null, [Make.Entry(call, 3, new ConsentWithdrawn("*9", Now.AddDays(-1), WithdrawalScope.Call, WithdrawalAction.Keep), Now.AddDays(-1))]));
                break;
        }
    }

    private static async Task<CallRow> AddAsync(RightsUnderTest rights, string? number, DateTimeOffset? at = null)
    {
        var call = Make.Call(at: at) with { CallerNumber = number };
        await rights.Ledger.AppendAsync(new LedgerBatch(call, [Make.Entry(call, 1, new CallArrived(call.Pbx, call.Channel, call.Line, "w1")), Make.Entry(call, 2, Make.Ended())]));
        return call;
    }

    private static async Task<List<string>> EventsAsync(RightsUnderTest rights) =>
        [.. (await rights.Ledger.ReadAsync()).Select(line => $"{line.Position} {Make.Plain(line.Entry)}")];

    private static async Task<IReadOnlyList<NumbersForgotten>> ToldAsync(RightsUnderTest rights) =>
        [.. (await rights.Ledger.ReadAsync(new LedgerQuery(EventType: nameof(NumbersForgotten)))).Select(line => (NumbersForgotten)line.Entry.Event)];
}
