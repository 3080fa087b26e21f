using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.TestKit.Fakes;
using Xunit;
using static IvrConsent.Core.Tests.Records.RecordDocumentTests;

namespace IvrConsent.Core.Tests.Records;

/// <summary>Consents that staff entered, that stand from an earlier call, and that were corrected, as records.</summary>
public sealed class EnteredConsentTests
{
    private static readonly DateTimeOffset Now = RecordScene.Start.AddDays(9);

    private readonly RecordScene _scene = new();

    [Fact]
    public void What_staff_entered_is_a_record_with_the_notice_and_the_proof_that_it_names()
    {
        var consent = _scene.Case(_scene.Entered(RecordScene.Person, RecordScene.Letter() with { ExpiresAt = RecordScene.Start.AddDays(300) }));
        var record = Made(Iso27560.Record(consent));

        Assert.Equal(("recording version 7", "en"), (At(record, "dpv:hasNotice.dct:identifier"), At(record, "dct:language")));
        Assert.Equal("dpv:ConsentGiven", At(record, "dpv:hasConsentStatus.0.@type"));
        Assert.Equal("staff-written, entered by clerk, reference DOC-17", At(record, "dpv:hasConsentStatus.0.dpv:hasIndicationMethod"));
        Assert.Equal("dpv:ExplicitlyExpressedConsent", At(record, "dpv:hasConsentStatus.0.dpv:hasLegalBasis.@id"));
        Assert.Equal("2026-03-02T10:00:00.250Z/2026-12-26T10:00:00.250Z", At(record, "dpv:hasConsentStatus.0.dct:valid"));
        Assert.Equal(_scene.Written.Sha256, consent.TermsSha256);
        Assert.Equal(consent.Reference, At(Made(Iso27560.Receipt(consent)), "dct:identifier"));
    }

    [Fact]
    public void Its_vcon_has_no_call_and_names_the_document()
    {
        var vcon = Made(Vcon.Of(_scene.Case(_scene.Entered(RecordScene.Person, RecordScene.Letter())), Now));

        Assert.Empty(vcon["dialog"]!.AsArray());
        Assert.Null(At(vcon, "attachments.0.dialog"));
        Assert.Equal(("signed_document", "DOC-17"), (At(vcon, "attachments.0.body.proof_mechanisms.0.proof_type"), At(vcon, "attachments.0.body.proof_mechanisms.0.proof_data.reference")));
        Assert.Equal("true", At(vcon, "attachments.0.body.purpose_grants.0.granted"));
        Assert.Null(At(vcon, "attachments.0.body.metadata.mode"));
    }

    [Fact]
    public void An_entry_that_names_no_notice_or_no_line_is_refused_with_the_remedy()
    {
        var silent = Iso27560.Record(_scene.Case(_scene.Entered(RecordScene.Person, RecordScene.Letter() with { Notice = null, Language = null })));
        Assert.Equal("ConsentEntered.notice, language", Assert.Single(silent.Missing).Setting);

        var lines = _scene.Entered(RecordScene.Person, RecordScene.Letter());
        lines = [lines[0] with { Entry = lines[0].Entry with { Event = RecordScene.Letter() } }];
        Assert.Equal("ConsentEntered.terms", Assert.Single(Iso27560.Record(ConsentCase.From(lines, null)!).Missing).Setting);
    }

    [Fact]
    public void An_answer_that_stands_from_an_earlier_call_has_that_calls_notice_and_time()
    {
        var earlier = _scene.Given(RecordScene.Person);
        var consent = _scene.Case(_scene.Reused(earlier), earlier);
        var record = Made(Iso27560.Record(consent));

        Assert.Equal("recording version 7", At(record, "dpv:hasNotice.dct:identifier"));
        Assert.Equal(("dpv:ConsentGiven", "2026-03-01T10:00:09.250Z"), (At(record, "dpv:hasConsentStatus.0.@type"), At(record, "dpv:hasConsentStatus.0.dct:date")));
        Assert.Contains(earlier[2].Entry.EventId.ToString(), At(record, "dpv:hasConsentStatus.0.dpv:hasIndicationMethod"), StringComparison.Ordinal);
        var vcon = Made(Vcon.Of(consent, Now));
        Assert.Equal(["join", "drop"], vcon["dialog"]![0]!["party_history"]!.AsArray().Select(entry => At(entry!, "event")));
        Assert.Equal("earlier-answer", At(vcon, "attachments.0.body.proof_mechanisms.0.proof_data.way"));
    }

    [Theory]
    [InlineData(true, "dpv:ImpliedConsent")]
    [InlineData(false, "dpv:ExplicitlyExpressedConsent")]
    public void Whether_the_answer_was_a_statement_is_told_by_the_earlier_call(bool stayed, string basis)
    {
        var given = new ConsentGiven(stayed ? null : '1', RecordScene.Start.AddSeconds(9), 1, 0) { Mode = stayed ? ConsentMode.Announce : ConsentMode.Explicit, Purposes = ["quality", "training"] };
        var earlier = _scene.Call("17.8", RecordScene.Person, RecordScene.Heard(), given, RecordScene.Ended);

        Assert.Equal(basis, At(Made(Iso27560.Record(_scene.Case(_scene.Reused(earlier), earlier))), "dpv:hasConsentStatus.0.dpv:hasLegalBasis.@id"));
    }

    [Fact]
    public void What_was_corrected_is_told_as_corrected_under_the_same_receipt()
    {
        var plain = _scene.Entered(RecordScene.Person, RecordScene.Letter());
        var refused = _scene.Entered(RecordScene.Person, RecordScene.Letter(), wrong => new EntryCorrected(wrong, "chief", "typed wrongly", RecordScene.Letter(EntryStatus.Refused)));
        var undone = _scene.Entered(RecordScene.Person, RecordScene.Letter(), wrong => new EntryCorrected(wrong, "chief", "first", null), wrong => new EntryCorrected(wrong, "chief", "wrong person", null));

        Assert.Equal((ConsentState.Given, ConsentState.Refused, ConsentState.Unknown), (_scene.Case(plain).State, _scene.Case(refused).State, _scene.Case(undone).State));
        Assert.Equal(refused[0].Entry.EventId, _scene.Case(refused).Decision.EventId);
        Assert.Equal(ReceiptReference.Of(refused[0].Position), _scene.Case(refused).Reference);
        var record = Made(Iso27560.Record(_scene.Case(refused)));
        Assert.Equal("dpv:ConsentRefused", At(record, "dpv:hasConsentStatus.0.@type"));
        Assert.Contains("chief", At(record, "dpv:hasConsentStatus.0.dct:description"), StringComparison.Ordinal);
        var step = Assert.Single(_scene.Case(undone).Steps);
        Assert.Equal(new StepCorrection(undone[2].Entry.EventId, "chief", "wrong person"), step.Correction);
    }

    [Fact]
    public void A_correction_of_a_key_in_a_call_grants_nothing_any_more()
    {
        var call = _scene.Given(RecordScene.Person);
        var wrong = call[2].Entry;
        call = [.. call, new LedgerLine(5000, call[0].Call, new LedgerEntry(Guid.NewGuid(), wrong.CallId, 9, Now, new EntryCorrected(wrong.EventId, "chief", "another person had the phone", null)))];

        Assert.Equal(ConsentState.Unknown, _scene.Case(call).State);
        Assert.False(_scene.Case(call).Grants("quality"));
    }

    [Fact]
    public void A_letter_that_withdraws_reaches_the_calls_before_it_for_what_it_names()
    {
        var call = _scene.Given(RecordScene.Person);
        var some = _scene.Case(call, _scene.Entered(RecordScene.Person, RecordScene.Letter(EntryStatus.Withdrawn, "training")));
        var all = _scene.Case(call, _scene.Entered(RecordScene.Person, RecordScene.Letter(EntryStatus.Withdrawn, "training", "quality")));
        var other = _scene.Case(call, _scene.Entered(RecordScene.Person, RecordScene.Letter(EntryStatus.Withdrawn, "offers")));
        var before = _scene.Case(call, _scene.Entered(RecordScene.Person, RecordScene.Letter(EntryStatus.Withdrawn) with { GivenAt = RecordScene.Start.AddDays(-1) }));

        Assert.Equal((ConsentState.Given, true, false), (some.State, some.Grants("quality"), some.Grants("training")));
        Assert.Equal((ConsentState.Withdrawn, ConsentState.Given, ConsentState.Given), (all.State, other.State, before.State));
        Assert.Equal(["true", "false"], Made(Vcon.Of(some, Now))["attachments"]![0]!["body"]!["purpose_grants"]!.AsArray().Select(grant => At(grant!, "granted")));
        var status = Made(Iso27560.Record(some))["dpv:hasConsentStatus"]!;
        Assert.Equal("Of these purposes only: training.", At(status[2]!, "dct:description"));
        Assert.Equal("2026-03-01T10:00:09.250Z/2026-05-30T10:00:30.250Z", At(status[1]!, "dct:valid"));
    }

    [Fact]
    public void A_withdrawal_that_staff_entered_in_the_call_shows_no_keys()
    {
        var withdrawn = new ConsentWithdrawn("", RecordScene.Start.AddSeconds(25), WithdrawalScope.Call, WithdrawalAction.Erase) { By = "agent:7", Reason = "said so" };
        var yes = new ConsentGiven('1', RecordScene.Start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = ["quality"] };
        var last = Made(Iso27560.Record(_scene.Case(_scene.Call("17.9", RecordScene.Person, RecordScene.Heard(), yes, withdrawn, RecordScene.Ended))))["dpv:hasConsentStatus"]![2]!;

        Assert.Equal(("dpv:ConsentWithdrawn", "staff, entered by agent:7"), (At(last, "@type"), At(last, "dpv:hasIndicationMethod")));
    }
}
