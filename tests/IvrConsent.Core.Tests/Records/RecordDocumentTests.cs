using System.Globalization;
using System.Text.Json.Nodes;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Records;

/// <summary>The documents against the field tables of what they claim to be.</summary>
public sealed class RecordDocumentTests
{
    private static readonly DateTimeOffset Now = RecordScene.Start.AddDays(2);

    private readonly RecordScene _scene = new();

    /// <summary>Mandatory fields of ISO/IEC TS 27560, and those that the GDPR makes so, and where the DPV's guide puts them.</summary>
    public static TheoryData<string, string> Fields27560 => new()
    {
        { "schema_version", "dct:conformsTo.@id" },
        { "record_id", "dct:identifier" },
        { "pii_principal_id", "dpv:hasDataSubject.dct:identifier" },
        { "privacy_notice", "dpv:hasNotice.dct:identifier" },
        { "language", "dct:language" },
        { "purpose", "dpv:hasProcess.0.dpv:hasPurpose.dct:identifier" },
        { "lawful_basis", "dpv:hasProcess.0.dpv:hasLegalBasis.@id" },
        { "pii_information", "dpv:hasProcess.0.dpv:hasPersonalData.0.@type" },
        { "pii_type", "dpv:hasProcess.0.dpv:hasPersonalData.1.@type" },
        { "collection_method", "dpv:hasProcess.0.dpv:hasPersonalData.0.dpv:hasDataSource.@id" },
        { "processing_method", "dpv:hasProcess.0.dpv:hasProcessing.0.@id" },
        { "storage_locations", "dpv:hasProcess.0.dpv:hasStorageCondition.0.dpv:hasLocation.0.@id" },
        { "retention_period", "dpv:hasProcess.0.dpv:hasStorageCondition.1.dpv:hasDuration" },
        { "jurisdiction", "dpv:hasJurisdiction.@id" },
        { "recipient_third_parties", "dpv:hasThirdParty.@type" },
        { "withdrawal_method", "dpv:hasConsentControl.dct:description" },
        { "privacy_rights", "dpv:hasRight.0.@id" },
        { "party_id", "dpv:hasDataController.dct:identifier" },
        { "address", "dpv:hasDataController.dpv:hasAddress" },
        { "name", "dpv:hasDataController.dpv:hasName" },
        { "role, type", "dpv:hasDataController.@type.1" },
        { "contact", "dpv:hasDataController.dpv:hasContact" },
        { "event_time", "dpv:hasConsentStatus.1.dct:date" },
        { "validity_duration", "dpv:hasConsentStatus.1.dct:valid" },
        { "entity_id", "dpv:hasConsentStatus.1.dpv:isImplementedByEntity.@id" },
        { "event_type", "dpv:hasConsentStatus.1.dpv:hasLegalBasis.@id" },
        { "event_state", "dpv:hasConsentStatus.1.@type" },
    };

    [Theory]
    [MemberData(nameof(Fields27560))]
    public void The_record_has_every_mandatory_field(string field, string path) =>
        Assert.True(At(Made(Iso27560.Record(_scene.Case(_scene.Given(RecordScene.Person)))), path) is { Length: > 0 }, field);

    [Fact]
    public void The_record_says_what_was_granted_for_how_long_and_until_when()
    {
        var record = Made(Iso27560.Record(_scene.Case(_scene.Given(RecordScene.Person))));

        Assert.Equal(["quality", "training"], record["dpv:hasProcess"]!.AsArray().Select(process => At(process!, "dpv:hasPurpose.dct:identifier")));
        Assert.Equal("P90D", At(record, "dpv:hasProcess.0.dpv:hasStorageCondition.1.dpv:hasDuration"));
        Assert.Equal("eu-gdpr:A6-1-a", At(record, "dpv:hasProcess.0.dpv:hasLegalBasis.@id"));
        Assert.Equal(RecordScene.Person.ToString(), At(record, "dpv:hasDataSubject.dct:identifier"));

        // The call ended 30 s after it began; quality keeps it for 90 days.
        Assert.Equal("2026-03-01T10:00:09.250Z/2026-05-30T10:00:30.250Z", At(record, "dpv:hasConsentStatus.1.dct:valid"));
        Assert.False(RecordScene.SaysNumber(record.ToJsonString()), record.ToJsonString());
    }

    [Fact]
    public void What_a_record_will_want_can_be_asked_before_there_is_a_call()
    {
        Assert.Empty(Iso27560.Unsaid(_scene.Line, _scene.Records));
        (_scene.Line, _scene.Records) = (_scene.Line with { Country = null, Controller = null, Purposes = [] }, null);
        var missing = Iso27560.Record(_scene.Case(_scene.Given(RecordScene.Person))).Missing.Select(one => one.Setting);
        Assert.Equal(missing.Order(StringComparer.Ordinal), Iso27560.Unsaid(_scene.Line, _scene.Records).Order(StringComparer.Ordinal));
        Assert.Empty(Iso27560.Unsaid(_scene.Line with { Mode = ConsentMode.Never }, null));
    }

    [Fact]
    public void A_receipt_is_the_record_with_a_reference()
    {
        var consent = _scene.Case(_scene.Given(RecordScene.Person));
        var receipt = Made(Iso27560.Receipt(consent));

        Assert.Equal(Iso27560.ReceiptProfile, At(receipt, "dct:conformsTo.@id"));
        Assert.Equal(consent.Reference, At(receipt, "dct:identifier"));
        Assert.True(ReceiptReference.TryRead(consent.Reference, out var position));
        Assert.Equal(consent.Decision.Position, position);
        Assert.Equal(consent.Decision.EventId.ToString(), At(receipt, "dct:hasPart.dct:identifier"));
    }

    public static TheoryData<string, Func<RecordScene, RecordScene>> Unsaid => new()
    {
        { "records.storage_locations", scene => With(scene, records => records with { StorageLocations = null }) },
        { "records.recipients", scene => With(scene, records => records with { Recipients = null }) },
        { "records.withdrawal", scene => With(scene, records => records with { Withdrawal = null }) },
        { "records.rights", scene => With(scene, records => records with { Rights = null }) },
        { "lines[demo].controller", scene => WithLine(scene, line => line with { Controller = null }) },
        { "lines[demo].country", scene => WithLine(scene, line => line with { Country = null }) },
        { "lines[demo].purposes", scene => WithLine(scene, line => line with { Purposes = [] }) },
    };

    [Theory]
    [MemberData(nameof(Unsaid))]
    public void What_no_setting_says_is_asked_for_and_not_invented(string setting, Func<RecordScene, RecordScene> without)
    {
        var scene = without(_scene);
        var made = Iso27560.Record(scene.Case(scene.Given(RecordScene.Person)));

        Assert.Null(made.Document);
        Assert.Equal(setting, Assert.Single(made.Missing).Setting);
    }

    [Fact]
    public void Without_its_terms_a_consent_has_no_record()
    {
        var made = Iso27560.Record(ConsentCase.From(_scene.Given(null), terms: null)!);

        Assert.Null(made.Document);
        Assert.Contains(_scene.Written.Sha256, Assert.Single(made.Missing).Setting, StringComparison.Ordinal);
        Assert.Null(Vcon.Of(ConsentCase.From(_scene.Given(null), terms: null)!, Now).Document);
    }

    [Theory]
    [InlineData("ConsentRefused")]
    [InlineData("ConsentUnknown")]
    [InlineData("ConsentWithdrawn")]
    public void Every_state_has_its_term(string state)
    {
        var record = Made(Iso27560.Record(_scene.Case(_scene.Call("17.2", RecordScene.Person, state switch
        {
            "ConsentRefused" => [RecordScene.Heard(), new ConsentRefused('2', RecordScene.Start.AddSeconds(9), 1, 0), RecordScene.Ended],
            "ConsentUnknown" => [RecordScene.Heard(), new ConsentNotObtained(ConsentStatus.NoResponse, 2, 0, null), RecordScene.Ended],
            _ => [RecordScene.Heard(), Yes, new ConsentWithdrawn("*9", RecordScene.Start.AddSeconds(20), WithdrawalScope.Call, WithdrawalAction.Erase), RecordScene.Ended],
        }))));

        var last = record["dpv:hasConsentStatus"]!.AsArray()[^1]!;
        Assert.Equal($"dpv:{state}", At(last, "@type"));
    }

    [Fact]
    public void A_withdrawal_of_the_whole_person_in_another_call_reaches_this_one()
    {
        var withdrawn = new ConsentWithdrawn("*9", RecordScene.Start.AddDays(1), WithdrawalScope.Person, WithdrawalAction.Erase);
        var later = _scene.Call(RecordScene.Start.AddDays(1), "18.1", RecordScene.Person, withdrawn);
        var stranger = _scene.Call(RecordScene.Start.AddDays(1), "18.2", new(Guid.NewGuid()), withdrawn);

        Assert.Equal(ConsentState.Withdrawn, _scene.Case(_scene.Given(RecordScene.Person), later).State);
        Assert.Equal(ConsentState.Given, _scene.Case(_scene.Given(RecordScene.Person), stranger).State);
        Assert.Equal(ConsentState.Given, _scene.Case(_scene.Given(null), later).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_mode_is_the_one_that_the_law_left_and_not_the_lines_own(bool byTable)
    {
        _scene.Line = _scene.Line with { Mode = ConsentMode.Announce };
        var law = new JurisdictionApplied(ConsentMode.Explicit, ConsentMode.Announce, ["PL", "DE"], ["DE"], null, ["the caller's number is from DE"]);
        var staff = new ConsentGiven(null, RecordScene.Start.AddSeconds(9), 0, 0) { Mode = byTable ? null : ConsentMode.Explicit, Purposes = ["quality"], By = "agent:7" };
        CallEvent[] facts = byTable ? [law, RecordScene.Heard(), staff, RecordScene.Ended] : [RecordScene.Heard(), staff, RecordScene.Ended];
        var consent = _scene.Case(_scene.Call("17.6", RecordScene.Person, facts));

        Assert.Equal("Explicit", At(Made(Vcon.Of(consent, Now)), "attachments.0.body.metadata.mode"));
        Assert.Equal("dpv:ExplicitlyExpressedConsent", At(Made(Iso27560.Record(consent)), "dpv:hasConsentStatus.1.dpv:hasLegalBasis.@id"));
    }

    [Fact]
    public void A_call_without_any_decision_has_no_record() => Assert.Null(ConsentCase.From(_scene.Call("17.3", null, RecordScene.Heard()), _scene.Terms));

    [Fact]
    public void Another_ground_is_no_consent_but_has_a_vcon()
    {
        var consent = _scene.Case(_scene.Call("17.4", RecordScene.Person, RecordScene.Heard(), new CallerInformed(["contract"], [LawfulBasis.Contract]), RecordScene.Ended));

        Assert.Null(Iso27560.Record(consent).Document);
        Assert.Equal("contract", At(Made(Vcon.Of(consent, Now)), "attachments.0.body.lawful_basis"));
    }

    /// <summary>Fields that draft-ietf-vcon-vcon-core-03 and draft-howe-vcon-lawful-basis-02 require.</summary>
    public static TheoryData<string> FieldsVcon =>
    [
        "uuid", "created_at", "extensions.0", "parties.0.uuid", "parties.0.tel", "parties.1.name", "dialog.0.type", "dialog.0.start", "dialog.0.parties.0",
        "dialog.0.party_history.0.party", "dialog.0.party_history.0.time", "dialog.0.party_history.0.event", "dialog.0.party_history.1.button",
        "attachments.0.purpose", "attachments.0.start", "attachments.0.party", "attachments.0.dialog", "attachments.0.mediatype", "attachments.0.encoding",
        "attachments.0.body.lawful_basis", "attachments.0.body.expiration", "attachments.0.body.purpose_grants.0.purpose", "attachments.0.body.purpose_grants.0.granted",
        "attachments.0.body.purpose_grants.0.granted_at", "attachments.0.body.proof_mechanisms.0.proof_type", "attachments.0.body.proof_mechanisms.0.timestamp",
        "attachments.0.body.proof_mechanisms.0.proof_data.event_id",
    ];

    [Theory]
    [MemberData(nameof(FieldsVcon))]
    public void The_vcon_has_every_required_field(string path) =>
        Assert.True(At(Made(Vcon.Of(_scene.Case(_scene.Given(RecordScene.Person)), Now)), path) is { Length: > 0 }, path);

    [Fact]
    public void The_vcon_names_its_drafts_and_shows_the_key()
    {
        var vcon = Made(Vcon.Of(_scene.Case(_scene.Given(RecordScene.Person)), Now));

        Assert.Equal(Vcon.Syntax, At(vcon, "vcon"));
        Assert.Contains(Vcon.CoreDraft, At(vcon, "subject"), StringComparison.Ordinal);
        Assert.Equal("tel:+48601234567", At(vcon, "parties.0.tel"));
        Assert.Equal(["join", "keydown", "keyup", "drop"], vcon["dialog"]![0]!["party_history"]!.AsArray().Select(entry => At(entry!, "event")));
        Assert.Equal("1", At(vcon, "dialog.0.party_history.1.button"));
        Assert.Equal("external_system", At(vcon, "attachments.0.body.proof_mechanisms.0.proof_type"));
        Assert.Equal(["true", "true"], vcon["attachments"]![0]!["body"]!["purpose_grants"]!.AsArray().Select(grant => At(grant!, "granted")));
    }

    [Fact]
    public void A_refusal_grants_nothing_and_never_expires()
    {
        var vcon = Made(Vcon.Of(_scene.Case(_scene.Call("17.5", null, RecordScene.Heard(), new ConsentRefused('2', RecordScene.Start.AddSeconds(9), 1, 0), RecordScene.Ended)), Now));

        var body = vcon["attachments"]![0]!["body"]!.AsObject();
        Assert.True(body.ContainsKey("expiration"));
        Assert.Null(body["expiration"]);
        Assert.All(body["purpose_grants"]!.AsArray(), grant => Assert.Equal("false", At(grant!, "granted")));
    }

    private static ConsentGiven Yes => new('1', RecordScene.Start.AddSeconds(9), 1, 0) { Mode = ConsentMode.Explicit, Purposes = ["quality"] };

    private static RecordScene With(RecordScene scene, Func<RecordOptions, RecordOptions> change)
    {
        scene.Records = change(scene.Records!);
        return scene;
    }

    private static RecordScene WithLine(RecordScene scene, Func<LineOptions, LineOptions> change)
    {
        scene.Line = change(scene.Line);
        return scene;
    }

    internal static JsonObject Made(RecordDocument made)
    {
        Assert.Empty(made.Missing.Select(field => field.ToString()));
        return made.Document!;
    }

    internal static string? At(JsonNode node, string path)
    {
        JsonNode? at = node;
        foreach (var step in path.Split('.'))
        {
            at = at is JsonArray list ? list[int.Parse(step, CultureInfo.InvariantCulture)] : at?[step];
        }

        return at is JsonValue value ? value.ToString() : at?.ToJsonString();
    }
}
