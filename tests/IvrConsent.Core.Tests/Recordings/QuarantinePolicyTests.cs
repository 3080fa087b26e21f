using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Recordings;

/// <summary>Which quarantined recordings may be released, for what.</summary>
public sealed class QuarantinePolicyTests
{
    private const string Name = "ivrc-x";
    private static readonly DateTimeOffset Start = RecordScene.Start;
    private static readonly SubjectId Person = new(Guid.NewGuid());
    private static readonly ConsentGiven Given = new('1', Start.AddSeconds(20), 1, 0) { Purposes = ["quality"] };
    private readonly RecordScene _scene = new();

    public static TheoryData<string, CallEvent[], string, string?> Calls => new()
    {
        { "a yes, and the ledger knows of no recording", [Given], "quality", null },
        { "a yes, and its entry came late", [Given, Begun], "quality", null },
        { "another ground needs no yes", [Given], "contract", null },
        { "a yes to something else", [Given], "training", "not granted" },
        { "begun before the yes", [Begun, Given], "quality", "not granted" },
        { "begun before the yes, for a contract", [Begun, Given], "contract", null },
        { "no answer", [new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null), Begun], "quality", "not granted" },
        { "no answer, for a contract", [new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null), Begun], "contract", null },
        { "nothing at all was said", [Begun], "contract", null },
        { "a no", [new ConsentRefused('2', Start, 1, 0), Begun], "contract", "refused" },
        { "a no, and a yes after all", [new ConsentRefused('2', Start, 1, 0), Given], "quality", null },
        { "a yes that was taken back, kept by the line", [Given, new ConsentWithdrawn("*9", Start.AddMinutes(1), WithdrawalScope.Call, WithdrawalAction.Keep)], "contract", "withdrawn" },
        { "a yes that was taken back, to be erased", [Given, Begun, new ConsentWithdrawn("*9", Start.AddMinutes(1), WithdrawalScope.Call, WithdrawalAction.Erase)], "contract", "to be erased" },
        { "erased", [Given, Begun, new RecordingErased(Name, "no consent")], "quality", "was erased" },
        { "another one was erased", [Given, new RecordingErased("ivrc-y", "no consent")], "quality", null },
        { "no purpose", [Given], "", "no purpose" },
        { "a purpose that the line did not have", [Given], "fun", "not one of the line's" },
    };

    private static RecordingStarted Begun => new(Name, "wav", Start);

    [Theory]
    [MemberData(nameof(Calls))]
    public void The_ledger_decides(string what, CallEvent[] facts, string purposes, string? why)
    {
        var refusal = Refusal(Facts(_scene.Call("17.1", Person, [RecordScene.Heard(), .. facts, RecordScene.Ended])), Entry(), purposes);
        Assert.True(why is null ? refusal is null : refusal?.Contains(why, StringComparison.Ordinal) == true, $"{what}: {refusal}");
    }

    [Fact]
    public void What_the_person_said_elsewhere_or_by_letter_counts()
    {
        var call = _scene.Call("17.1", Person, RecordScene.Heard(), Given, RecordScene.Ended);
        var withdrawal = _scene.Call(Start.AddDays(1), "18.1", Person, new ConsentWithdrawn("*9", Start.AddDays(1), WithdrawalScope.Person, WithdrawalAction.Erase), RecordScene.Ended);
        Assert.Contains("withdrawn", Refusal(Facts(call, withdrawal), Entry(), "contract"), StringComparison.Ordinal);

        // The answer was entered wrongly, and the letter shows the right one.
        var refused = _scene.Call("19.1", Person, RecordScene.Heard(), new ConsentRefused('2', Start.AddSeconds(20), 1, 0), Begun, RecordScene.Ended);
        var answer = refused.First(line => line.Entry.Event is ConsentRefused);
        var correction = answer with { Position = 9999, Entry = new LedgerEntry(Guid.NewGuid(), answer.Call.Id, 99, Start.AddDays(2), new EntryCorrected(answer.Entry.EventId, "clerk", "letter", RecordScene.Letter())) };
        Assert.Contains("refused", Refusal(Facts(refused), Entry(), "quality"), StringComparison.Ordinal);
        Assert.Null(Refusal(Facts([.. refused, correction]), Entry(), "quality"));
    }

    [Fact]
    public void An_objection_stops_what_gives_way_to_it_and_nothing_else()
    {
        _scene.Line = _scene.Line with { Purposes = [.. _scene.Line.Purposes, new PurposeOptions { Id = "fraud", Basis = LawfulBasis.LegitimateInterests, Retention = TimeSpan.FromDays(9) }] };
        var facts = Facts(_scene.Call("17.1", Person, RecordScene.Heard(), Given, RecordScene.Ended));
        Assert.Null(Refusal(facts, Entry(), "fraud"));
        Assert.Contains("objected", Refusal(facts with { Objected = true }, Entry(), "fraud"), StringComparison.Ordinal);
        Assert.Null(Refusal(facts with { Objected = true }, Entry(), "contract"));
    }

    [Fact]
    public void Only_what_is_wholly_in_the_vault_locked_away_and_not_bound_otherwise_is_released()
    {
        var facts = Facts(_scene.Call("17.1", Person, RecordScene.Heard(), Given, RecordScene.Ended));
        var entry = Entry();
        Assert.Contains("not quarantined", Refusal(facts, entry with { Item = entry.Item with { Quarantined = false } }, "quality"), StringComparison.Ordinal);
        Assert.Contains("not in the vault yet", Refusal(facts, entry with { Item = entry.Item with { State = VaultState.Waiting } }, "quality"), StringComparison.Ordinal);
        Assert.Contains("just being taken in", Refusal(facts, entry with { Item = entry.Item with { State = VaultState.Stored } }, "quality"), StringComparison.Ordinal);
        Assert.Contains("erased", Refusal(facts, entry with { Erasing = true }, "quality"), StringComparison.Ordinal);
        Assert.Contains("GDPR 18", Refusal(facts, entry with { Retained = entry.Retained! with { RestrictedBy = entry.Item.Call } }, "quality"), StringComparison.Ordinal);
        Assert.Contains("on its way out", Refusal(facts, entry with { Retained = null }, "quality"), StringComparison.Ordinal);
        Assert.Contains("does not know its call", Refusal(new QuarantineFacts(null, null, null, false), entry, "quality"), StringComparison.Ordinal);
        var record = new OpenCall(facts.Call!.Call with { Kind = CallKind.Record }, []);
        Assert.Contains("does not know its call", Refusal(facts with { Call = record }, entry, "quality"), StringComparison.Ordinal);
        Assert.Contains("not over", Refusal(Facts(_scene.Call("17.1", Person, RecordScene.Heard(), Given)), entry, "quality"), StringComparison.Ordinal);
    }

    private static string? Refusal(QuarantineFacts facts, VaultEntry entry, string purposes) =>
        QuarantinePolicy.WhyNotRelease(entry, facts, purposes.Split(',', StringSplitOptions.RemoveEmptyEntries));

    private QuarantineFacts Facts(IReadOnlyList<LedgerLine> call, IReadOnlyList<LedgerLine>? elsewhere = null) =>
        new(new OpenCall(call[0].Call, [.. call.Select(line => line.Entry)]), ConsentCase.From(call, _scene.Terms, elsewhere), _scene.Terms, Objected: false);

    private static VaultEntry Entry()
    {
        var call = CallId.FromChannel("lab", "17.1", Start);
        var item = new VaultItem(Name, call, "lab", Guid.NewGuid(), VaultState.Done, 1) { Quarantined = true };
        return new VaultEntry(item, "demo", Start, new RetainedRecording(Name, call, Person, "demo", "lab", Start, [], Start.AddDays(30)), Erasing: false);
    }
}
