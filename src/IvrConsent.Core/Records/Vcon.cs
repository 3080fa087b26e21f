using System.Text.Json.Nodes;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Records;

/// <summary>
/// The consent as an IETF vCon, without the audio: parties, the call with its key presses as <c>party_history</c>, and the
/// <c>lawful_basis</c> attachment. Both drafts move; the versions written to are named in the document.
/// </summary>
public static class Vcon
{
    /// <summary>The draft of the container and its syntax version.</summary>
    public const string CoreDraft = "draft-ietf-vcon-vcon-core-03";

    /// <summary>The syntax version of that draft.</summary>
    public const string Syntax = "0.4.0";

    /// <summary>The draft of the attachment.</summary>
    public const string LawfulBasisDraft = "draft-howe-vcon-lawful-basis-02";

    /// <summary>The vCon of a consent, a refusal, or information on another ground.</summary>
    /// <param name="consent">What happened.</param>
    /// <param name="now">When the document is made (UTC).</param>
    public static RecordDocument Of(ConsentCase consent, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(consent);
        var demands = new Demands(consent);
        if (demands.Terms() is not { } terms)
        {
            return new RecordDocument(null, demands.Missing);
        }

        var controller = demands.OfLine(terms.Controller, "parties[1]", "controller");
        var purposes = demands.OfLine(consent.KnownPurposes.Count == 0 ? null : consent.KnownPurposes, "purpose_grants", "purposes");
        if (demands.Missing.Count > 0)
        {
            return new RecordDocument(null, demands.Missing);
        }

        // An attachment has one ground: one attachment for each ground there is.
        var attachments = purposes!.GroupBy(purpose => purpose.Basis).OrderBy(group => group.Key).Select(group => Attachment(consent, group.Key, [.. group]));
        return new RecordDocument(
            new JsonObject
            {
                ["vcon"] = Syntax,
                ["uuid"] = consent.Decision.EventId.ToString(),
                ["created_at"] = Iso27560.Time(now),
                ["subject"] = $"{(consent.IsEntry ? "Consent that was entered without a call" : "Consent to the recording of a call")} ({CoreDraft}, {LawfulBasisDraft})",
                ["extensions"] = new JsonArray("lawful_basis"),
                ["parties"] = new JsonArray(Caller(consent), Controller(controller!)),
                ["dialog"] = consent.IsEntry ? [] : new JsonArray(Dialog(consent)),
                ["attachments"] = new JsonArray([.. attachments]),
            },
            []);
    }

    private static JsonObject Caller(ConsentCase consent)
    {
        var caller = new JsonObject { ["uuid"] = consent.Call.Subject?.ToString() ?? consent.Call.Id.ToString(), ["type"] = "person" };
        if (PhoneNumber.Normalise(consent.Call.CallerNumber) is ['+', .. var digits] && digits.All(char.IsAsciiDigit))
        {
            // RFC 3966: a number that is not international would need a context, which nobody knows here.
            caller["tel"] = $"tel:+{digits}";
        }

        return caller;
    }

    private static JsonObject Controller(PartyOptions party) => new()
    {
        ["uuid"] = party.Id,
        ["type"] = "organization",
        ["name"] = party.Name,
        ["civicaddress"] = new JsonObject { ["country"] = party.Country, ["loc"] = party.Address },
    };

    private static JsonObject Dialog(ConsentCase consent)
    {
        var history = new JsonArray(History(consent.Call.ArrivedAt, "join", null));
        foreach (var step in consent.Steps.Where(step => step.Call == consent.Call.Id))
        {
            // The PBX tells of a key once, when it has ended: down and up have the same time.
            foreach (var key in step.Keys ?? string.Empty)
            {
                history.Add(History(step.At, "keydown", key));
                history.Add(History(step.At, "keyup", key));
            }
        }

        var dialog = new JsonObject
        {
            // Of the types that there are, the one for a call that was set up; the audio is kept elsewhere.
            ["type"] = "recording",
            ["start"] = Iso27560.Time(consent.Call.ArrivedAt),
            ["parties"] = new JsonArray(0, 1),
            ["originator"] = 0,
        };
        if (consent.EndedAt is { } over)
        {
            dialog["duration"] = (over - consent.Call.ArrivedAt).TotalSeconds;
            history.Add(History(over, "drop", null));
        }

        dialog["party_history"] = history;
        return dialog;
    }

    private static JsonObject History(DateTimeOffset at, string name, char? button)
    {
        var entry = new JsonObject { ["party"] = 0, ["time"] = Iso27560.Time(at), ["event"] = name };
        if (button is { } key)
        {
            entry["button"] = key.ToString();
        }

        return entry;
    }

    private static JsonObject Attachment(ConsentCase consent, LawfulBasis basis, TermsPurpose[] purposes)
    {
        var act = consent.Steps.Last(step => step.State != ConsentState.Requested);
        bool Granted(TermsPurpose purpose) => basis != LawfulBasis.Consent || consent.Grants(purpose.Id);
        var attachment = new JsonObject
        {
            ["purpose"] = "lawful_basis",
            ["start"] = Iso27560.Time(act.At),
            ["party"] = 0,
            ["dialog"] = 0,
            ["mediatype"] = "application/json",
            ["encoding"] = "json",
            ["body"] = new JsonObject
            {
                ["lawful_basis"] = basis switch
                {
                    LawfulBasis.Contract => "contract",
                    LawfulBasis.LegalObligation => "legal_obligation",
                    LawfulBasis.VitalInterests => "vital_interests",
                    LawfulBasis.PublicTask => "public_task",
                    LawfulBasis.LegitimateInterests => "legitimate_interests",
                    _ => "consent",
                },
                ["expiration"] = Expiration(consent, [.. purposes.Where(Granted)]) is { } end ? Iso27560.Time(end) : null,
                ["purpose_grants"] = new JsonArray([.. purposes.Select(purpose => (JsonNode)new JsonObject
                {
                    ["purpose"] = purpose.Id,
                    ["granted"] = Granted(purpose),
                    ["granted_at"] = Iso27560.Time(act.At),
                })]),
                ["proof_mechanisms"] = new JsonArray([.. consent.Steps.Where(step => step.State != ConsentState.Requested).Select(step => (JsonNode)Proof(consent, step))]),
                ["metadata"] = new JsonObject
                {
                    ["draft"] = LawfulBasisDraft,
                    ["state"] = consent.State.ToString(),
                    ["mode"] = consent.Mode?.ToString(),
                    ["receipt_reference"] = consent.Reference,
                    ["terms_sha256"] = consent.TermsSha256,
                },
            },
        };
        if (consent.Statements.Count > 0)
        {
            attachment["body"]!["metadata"]!["statements"] = new JsonArray([.. consent.Statements.Select(statement => (JsonNode)new JsonObject
            {
                ["event_id"] = statement.Event.ToString(),
                ["at"] = Iso27560.Time(statement.At),
                ["text"] = statement.Text,
            })]);
        }

        if (consent.IsEntry)
        {
            // There is no dialog that it could point to.
            attachment.Remove("dialog");
        }

        return attachment;
    }

    /// <summary>When the last of the granted purposes ends: with what it recorded, or with the consent itself. Null: no end is known, or nothing is granted.</summary>
    private static DateTimeOffset? Expiration(ConsentCase consent, TermsPurpose[] granted) => granted.Length == 0
        ? null
        : consent.EndedAt is { } end ? end + TimeSpan.FromDays(granted.Max(purpose => purpose.RetentionDays)) : consent.Steps.Last(step => step.State != ConsentState.Requested).Until;

    /// <summary>The draft knows no key press as a proof: the entry in the ledger of this system is one of an external system, and says what it holds.</summary>
    private static JsonObject Proof(ConsentCase consent, ConsentStep step) => new()
    {
        ["proof_type"] = step.Source?.Way switch
        {
            "staff-written" => "signed_document",
            "staff-spoken" => "verbal_confirmation",
            _ => "external_system",
        },
        ["timestamp"] = Iso27560.Time(step.At),
        ["proof_data"] = new JsonObject
        {
            ["system"] = "IvrConsent ledger",
            ["event_id"] = step.EventId.ToString(),
            ["position"] = step.Position,
            ["state"] = step.State.ToString(),
            ["keys"] = step.Keys,
            ["way"] = step.Source?.Way,
            ["entered_by"] = step.Source?.Actor,
            ["reference"] = step.Source?.Reference,
            ["corrected_by"] = step.Correction?.EventId.ToString(),
            ["correction_reason"] = step.Correction?.Reason,
            ["notice"] = consent.NoticeId,
            ["notice_version"] = consent.NoticeVersion,
            ["notice_sha256"] = consent.Notice?.Sha256,
            ["explanation"] = Explanation(step),
        },
    };

    private static string Explanation(ConsentStep step) => step switch
    {
        { Keys: not null } => "A telephone key (DTMF) was pressed; the draft has no proof type for it.",
        { Source.Way: StepSource.EarlierAnswer } => "An earlier answer stands for this call; the event it refers to is the proof.",
        { Source.Way: not StepSource.Staff } => "It was entered; the proof is what it refers to.",
        _ => "No key was pressed; the ledger's entry is the proof.",
    };
}
