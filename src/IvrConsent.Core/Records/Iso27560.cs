using System.Globalization;
using System.Text.Json.Nodes;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;

namespace IvrConsent.Core.Records;

/// <summary>
/// Consent record and receipt of ISO/IEC TS 27560:2023 in the terms of W3C's Data Privacy Vocabulary, as JSON-LD, after the DPV's guide
/// for 27560 (profile for the GDPR). The context stands in the document, so it can be read without fetching anything.
/// </summary>
public static class Iso27560
{
    /// <summary>The profile that records conform to: schema_version.</summary>
    public const string RecordProfile = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr";

    /// <summary>The profile that receipts conform to.</summary>
    public const string ReceiptProfile = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr";

    /// <summary>The record.</summary>
    public static RecordDocument Record(ConsentCase consent) => Build(consent, receipt: false);

    /// <summary>The receipt: a copy of the record for the person, with the reference that is spoken or sent.</summary>
    public static RecordDocument Receipt(ConsentCase consent) => Build(consent, receipt: true);

    /// <summary>
    /// The settings without which the consents of a line's calls have no record: those that <see cref="Record"/> names as missing, asked before there is
    /// a call. None where nobody is asked for consent.
    /// </summary>
    public static IEnumerable<string> Unsaid(LineOptions line, RecordOptions? records)
    {
        ArgumentNullException.ThrowIfNull(line);
        return line.NeverRecorded || line.Mode == ConsentMode.Inform ? [] : new (string Setting, bool Said)[]
        {
            ("records.storage_locations", records?.StorageLocations is { Count: > 0 }),
            ("records.recipients", records?.Recipients is not null),
            ("records.withdrawal", records?.Withdrawal is not null),
            ("records.rights", records?.Rights is { Count: > 0 }),
            ($"lines[{line.Name}].country", line.Country is not null),
            ($"lines[{line.Name}].controller", line.Controller is not null),
            ($"lines[{line.Name}].purposes", line.Purposes.Count > 0),
        }.Where(one => !one.Said).Select(one => one.Setting);
    }

    /// <summary>UTC, milliseconds.</summary>
    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static RecordDocument Build(ConsentCase consent, bool receipt)
    {
        ArgumentNullException.ThrowIfNull(consent);
        var demands = new Demands(consent);
        if (consent.Steps.All(step => step.State is ConsentState.Informed or ConsentState.Requested))
        {
            return new RecordDocument(null, [new MissingField("event", "CallerInformed", "This call was recorded on another ground than consent: there is no consent to record. Use --format vcon or csv.")]);
        }

        if (demands.Terms() is not { } terms)
        {
            return new RecordDocument(null, demands.Missing);
        }

        var records = terms.Records ?? new RecordOptions();
        var language = consent.IsEntry
            ? demands.Of(consent.NoticeId is null ? null : consent.Language, "privacy_notice, language", "ConsentEntered.notice, language", "The entry does not say which notice it was given to: enter it with notice, notice version and language.")
            : demands.Of(consent.Notice is null ? null : consent.Language, "privacy_notice, language", "NoticePlayed", "No notice was heard in this call: there was nothing to consent to.");
        var controller = demands.OfLine(terms.Controller, "pii_controllers, party", "controller");
        var country = demands.OfLine(terms.Country, "jurisdiction", "country");
        var purposes = demands.OfLine(consent.KnownPurposes.Count == 0 ? null : consent.KnownPurposes, "purpose, retention_period", "purposes");
        var storage = demands.OfRecords(records.StorageLocations is { Count: > 0 } places ? places : null, "storage_locations", "storage_locations");
        var recipients = demands.OfRecords(records.Recipients, "recipient_third_parties", "recipients");
        var withdrawal = demands.OfRecords(records.Withdrawal, "withdrawal_method", "withdrawal");
        var rights = demands.OfRecords(records.Rights is { Count: > 0 } some ? some : null, "privacy_rights", "rights");
        if (demands.Missing.Count > 0)
        {
            return new RecordDocument(null, demands.Missing);
        }

        var record = new JsonObject
        {
            ["@id"] = Urn(consent.Decision.EventId),
            ["@type"] = "dpv:ConsentRecord",
            ["dct:conformsTo"] = Iri(RecordProfile),
            ["dct:identifier"] = consent.Decision.EventId.ToString(),
            ["dpv:hasDataSubject"] = Principal(consent),
            ["dct:language"] = language!,
            ["dpv:hasNotice"] = Notice(consent, terms, records),
            ["dpv:hasDataController"] = Party(controller!, "dpv:DataController"),
            ["dpv:hasDataProcessor"] = new JsonArray([.. terms.Processors.Select(party => Party(party, "dpv:DataProcessor"))]),
            ["dpv:hasJurisdiction"] = Iri($"loc:{country}"),
            ["dpv:hasThirdParty"] = new JsonArray([.. recipients!.Select(name => (JsonNode)new JsonObject { ["@type"] = "dpv:ThirdParty", ["dpv:hasName"] = name })]),
            ["dpv:hasProcess"] = new JsonArray([.. purposes!.Select(purpose => Process(purpose, language!, storage!))]),
            ["dpv:hasConsentControl"] = Withdrawal(withdrawal!, terms),
            ["dpv:hasRight"] = new JsonArray([.. rights!.Select(word => (JsonNode)Iri($"eu-gdpr:{PrivacyRights.Articles[word]}"))]),
            ["dpv:hasConsentStatus"] = new JsonArray([.. consent.Steps.Select((_, step) => Event(consent, step))]),
            ["dct:source"] = new JsonObject { ["@type"] = "dpv:RecordsOfActivities", ["dct:identifier"] = consent.Call.Id.ToString(), ["dct:description"] = $"The ledger's entries of this {(consent.IsEntry ? "record" : "call")}. The terms have the SHA-256 {consent.TermsSha256}." },
        };
        if (recipients!.Count == 0)
        {
            // The field is mandatory, and nobody is a value too: an empty array would say nothing at all once it is RDF.
            record["dpv:hasThirdParty"] = new JsonObject { ["@type"] = "dpv:NotApplicable", ["dct:description"] = "No third party gets recordings." };
        }

        if (consent.Statements.Count > 0)
        {
            record["dct:description"] = new JsonArray([.. consent.Statements.Select(statement =>
                (JsonNode)$"The data subject states about event {statement.Event} (GDPR art. 16, {Time(statement.At)}): {statement.Text}")]);
        }

        if (records.Authority is { } authority)
        {
            record["dpv:hasAuthority"] = new JsonObject { ["@type"] = "dpv:DataProtectionAuthority", ["dpv:hasName"] = authority };
        }

        return new RecordDocument(WithContext(receipt ? Wrap(consent, record) : record), []);
    }

    private static JsonObject Wrap(ConsentCase consent, JsonObject record) => new()
    {
        ["@id"] = $"{Urn(consent.Decision.EventId)}#receipt",
        ["@type"] = "dpv:ConsentReceipt",
        ["dct:conformsTo"] = Iri(ReceiptProfile),
        ["dct:identifier"] = consent.Reference,
        ["dct:hasPart"] = record,
    };

    private static JsonObject WithContext(JsonObject document)
    {
        var whole = new JsonObject { ["@context"] = Context() };
        foreach (var (key, value) in document.ToArray())
        {
            document.Remove(key);
            whole[key] = value;
        }

        return whole;
    }

    private static JsonObject Context() => new()
    {
        ["dpv"] = "https://w3id.org/dpv#",
        ["pd"] = "https://w3id.org/dpv/pd#",
        ["loc"] = "https://w3id.org/dpv/loc#",
        ["eu-gdpr"] = "https://w3id.org/dpv/legal/eu/gdpr#",
        ["dct"] = "http://purl.org/dc/terms/",
        ["xsd"] = "http://www.w3.org/2001/XMLSchema#",
        ["dct:date"] = new JsonObject { ["@type"] = "xsd:dateTime" },
        ["dpv:hasDuration"] = new JsonObject { ["@type"] = "xsd:duration" },
    };

    private static JsonObject Principal(ConsentCase consent) => new()
    {
        ["@id"] = Urn(consent.Call.Subject?.Value ?? consent.Call.Id.Value),
        ["@type"] = "dpv:DataSubject",
        ["dct:identifier"] = consent.Call.Subject?.ToString() ?? consent.Call.Id.ToString(),
        ["dct:description"] = consent.Call.Subject is null
            ? "The caller of this call: the ledger knows no other name (the number was withheld, or has no subject)."
            : "The ledger's random name of the person.",
    };

    private static JsonObject Notice(ConsentCase consent, Terms terms, RecordOptions records)
    {
        var notice = new JsonObject
        {
            ["@type"] = "dpv:ConsentNotice",
            ["dct:identifier"] = consent.NoticeVersion is { } version ? $"{consent.NoticeId} version {version}" : consent.NoticeId,
            ["dct:language"] = consent.Language,
        };
        if (consent.Notice is { } heard)
        {
            notice["dct:language"] = heard.Language;
            notice["dct:description"] = $"Spoken: {heard.HeardMs} of {heard.AudioMs} ms were heard. SHA-256 of the audio: {heard.Sha256}.";
            if (terms.NoticePrompts.GetValueOrDefault(heard.Language) is { Text: { } text } words && (words.Sha256 == heard.Sha256 || words.WidebandSha256 == heard.Sha256))
            {
                notice["dct:abstract"] = new JsonObject { ["@value"] = text, ["@language"] = heard.Language };
            }
        }
        else
        {
            notice["dct:description"] = "As the entry names it; it was not heard in a call.";
        }

        if (records.NoticeUrl is { } url)
        {
            notice["dct:source"] = Iri(url);
        }

        return notice;
    }

    private static JsonObject Process(TermsPurpose purpose, string language, IReadOnlyList<string> storage) => new()
    {
        ["@type"] = "dpv:Process",
        ["dpv:hasPurpose"] = new JsonObject
        {
            ["@type"] = "dpv:Purpose",
            ["dct:identifier"] = purpose.Id,
            ["dct:title"] = new JsonArray([.. purpose.Texts.OrderBy(text => text.Key == language ? 0 : 1).Select(text => (JsonNode)new JsonObject { ["@value"] = text.Value, ["@language"] = text.Key })]),
        },
        ["dpv:hasLegalBasis"] = Iri($"eu-gdpr:A6-1-{(char)('a' + (int)purpose.Basis)}"),
        ["dpv:hasPersonalData"] = new JsonArray(
            PersonalData("pd:VoiceCommunicationRecording"),
            PersonalData("pd:TelephoneNumber")),
        ["dpv:hasProcessing"] = new JsonArray(Iri("dpv:Collect"), Iri("dpv:Record"), Iri("dpv:Store"), Iri("dpv:Use"), Iri("dpv:Erase")),
        ["dpv:hasStorageCondition"] = new JsonArray(
            new JsonObject { ["@type"] = "dpv:StorageLocation", ["dpv:hasLocation"] = new JsonArray([.. storage.Select(place => (JsonNode)Iri($"loc:{place}"))]) },
            new JsonObject { ["@type"] = "dpv:StorageDuration", ["dpv:hasDuration"] = string.Create(CultureInfo.InvariantCulture, $"P{purpose.RetentionDays}D"), ["dct:description"] = "From the end of the call." }),
    };

    private static JsonObject PersonalData(string type) => new() { ["@type"] = type, ["dpv:hasDataSource"] = Iri("dpv:DataSubject") };

    private static JsonObject Party(PartyOptions party, string role)
    {
        var described = new JsonObject
        {
            ["@id"] = $"urn:ivrconsent:party:{Uri.EscapeDataString(party.Id)}",
            ["@type"] = new JsonArray("dpv:LegalEntity", role),
            ["dct:identifier"] = party.Id,
            ["dpv:hasName"] = party.Name,
            ["dpv:hasAddress"] = $"{party.Address}, {party.Country}",
            ["dpv:hasContact"] = party.Contact,
        };
        if (party.DataProtectionOfficer is { } officer)
        {
            described["dpv:hasDataProtectionOfficer"] = new JsonObject { ["@type"] = "dpv:DataProtectionOfficer", ["dpv:hasContact"] = officer };
        }

        return described;
    }

    private static JsonObject Withdrawal(string words, Terms terms) => new()
    {
        ["@type"] = "dpv:WithdrawConsent",
        ["dct:description"] = terms.WithdrawKeys is { } keys ? $"In the call: press {keys}. {words}" : words,
    };

    private static JsonObject Event(ConsentCase consent, int index)
    {
        var step = consent.Steps[index];
        var given = new JsonObject
        {
            ["@id"] = Urn(step.EventId),
            ["@type"] = $"dpv:{step.State switch
            {
                ConsentState.Given => "ConsentGiven",
                ConsentState.Refused => "ConsentRefused",
                ConsentState.Withdrawn => "ConsentWithdrawn",
                ConsentState.Requested => "ConsentRequested",
                _ => "ConsentUnknown",
            }}",
            ["dct:date"] = Time(step.At),
            ["dct:valid"] = Validity(consent, index),
            ["dpv:isImplementedByEntity"] = Iri(step.State is ConsentState.Requested or ConsentState.Unknown
                ? $"urn:ivrconsent:party:{Uri.EscapeDataString(consent.Terms!.Controller!.Id)}"
                : Urn(consent.Call.Subject?.Value ?? consent.Call.Id.Value)),

            // A key is a statement of its own; staying on the line after the notice is an act that follows from it.
            ["dpv:hasLegalBasis"] = Iri(step.Implied ? "dpv:ImpliedConsent" : "dpv:ExplicitlyExpressedConsent"),
        };
        if (Method(step) is { } method)
        {
            given["dpv:hasIndicationMethod"] = method;
        }

        if (Remark(consent, step) is { Length: > 0 } remark)
        {
            given["dct:description"] = remark;
        }

        return given;
    }

    private static string? Method(ConsentStep step) => step switch
    {
        { Keys: { } keys } => $"telephone key {keys}",
        { Source: { Way: StepSource.EarlierAnswer } earlier } => $"an earlier answer that stands for this call: event {earlier.Reference}",
        { Source: { } source } => string.Join(", ", ((string?[])[source.Way, source.Actor is { } actor ? $"entered by {actor}" : null, source.Reference is { } reference ? $"reference {reference}" : null]).OfType<string>()),
        _ => null,
    };

    /// <summary>What the fields have no place for: a step about some of the purposes only, and a correction.</summary>
    private static string Remark(ConsentCase consent, ConsentStep step) => string.Join(" ", ((string?[])
    [
        step.State == ConsentState.Withdrawn && step.Purposes is { } some && consent.Purposes is { } all && !all.All(some.Contains) ? $"Of these purposes only: {string.Join(", ", some)}." : null,
        step.Correction is { } correction ? $"Corrected by {correction.Actor} (event {correction.EventId}): {correction.Reason}" : null,
    ]).OfType<string>());

    /// <summary>
    /// From this step to the next (ISO 8601 interval; open where nothing ended it yet). A given consent that was not taken back holds until
    /// it ends by itself, or the last of its purposes must let the recording go.
    /// </summary>
    private static string Validity(ConsentCase consent, int index)
    {
        var (step, from) = (consent.Steps[index], consent.Steps[index].At);

        // A withdrawal from some of the purposes ends the consent to these only.
        var next = consent.Steps.Skip(index + 1).FirstOrDefault(later => step.State != ConsentState.Given || consent.State != ConsentState.Given || later.State == ConsentState.Given);
        var until = next is not null ? next.At : step.State == ConsentState.Given ? step.Until ?? consent.KeptUntil : consent.EndedAt;
        return $"{Time(from)}/{(until is { } end ? Time(end) : "..")}";
    }

    private static JsonObject Iri(string iri) => new() { ["@id"] = iri };

    private static string Urn(Guid id) => $"urn:uuid:{id}";
}
