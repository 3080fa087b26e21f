using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Webhooks;

/// <summary>
/// What a webhook is sent: type, time, ids, the purposes granted by then, and what of the event says nothing of a person. Each
/// member is named here: what a later version adds to an event is not sent until somebody has looked at it.
/// </summary>
public static class WebhookBody
{
    /// <summary>Members of the ledger's events that hold no personal data and no free text.</summary>
    private static readonly string[] Plain =
    [
        "status", "mode", "scope", "action", "recording", "format", "reason", "length_ms", "bytes", "expected_ms", "paused_ms", "consent",
        "termination", "recorded", "duration_ms", "cause", "attempt", "attempts", "obeyed", "bases", "started_at", "sha256", "retain_until",
    ];

    /// <summary>Members that are somebody's, and the field that lets them out.</summary>
    private static readonly Dictionary<string, string> Personal = new(StringComparer.Ordinal)
    {
        ["key"] = WebhookFields.Keys,
        ["keys"] = WebhookFields.Keys,
        ["actor"] = WebhookFields.Actor,
        ["by"] = WebhookFields.Actor,
    };

    /// <summary>Events whose reason is one of the program's own words, not a text that somebody wrote.</summary>
    private static readonly string[] ReasonIsAWord = [nameof(RecordingSuppressed), nameof(RecordingFailed)];

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON text of a message.</summary>
    /// <param name="hook">Who gets it.</param>
    /// <param name="line">The event.</param>
    /// <param name="call">The events of its call so far.</param>
    public static string Write(WebhookOptions hook, LedgerLine line, IEnumerable<LedgerLine> call)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(line);
        var fact = line.Entry.Event;
        var data = new JsonObject
        {
            ["event_id"] = line.Entry.EventId.ToString(),
            ["position"] = line.Position,
            ["call_id"] = line.Entry.CallId.ToString(),
            ["sequence"] = line.Entry.CallSequence,
            ["pbx"] = line.Call.Pbx,
            ["line"] = line.Call.Line,
            ["kind"] = line.Call.Kind.ToString(),
            ["purposes"] = new JsonArray([.. GrantedBy(line, call).Select(purpose => (JsonNode)purpose)]),
        };
        AddFacts(data, hook, fact);
        AddPerson(data, hook, line);
        return new JsonObject
        {
            ["type"] = WebhookEvents.NameOf(fact),
            ["timestamp"] = Time(line.Entry.At),
            ["data"] = data,
        }.ToJsonString(Compact);
    }

    /// <summary>The message that only tells whether messages arrive.</summary>
    public static string WriteTest(DateTimeOffset now) => new JsonObject
    {
        ["type"] = WebhookEvents.Test,
        ["timestamp"] = Time(now),
        ["data"] = new JsonObject(),
    }.ToJsonString(Compact);

    /// <summary>What the call's recording may be used for by then: granted, told, changed; nothing once the consent is taken back.</summary>
    public static IReadOnlyList<string> GrantedBy(LedgerLine line, IEnumerable<LedgerLine> call)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Entry.Event is RecordingQuarantined or RecordingReleased)
        {
            // Of this recording alone, whatever the call's others may be used for.
            return line.Entry.Event is RecordingReleased released ? released.Purposes : [];
        }

        IReadOnlyList<string> granted = [];
        foreach (var fact in call.Where(other => other.Position <= line.Position).OrderBy(other => other.Position).Select(other => other.Entry.Event))
        {
            granted = fact switch
            {
                ConsentGiven given => [.. granted.Union(given.Purposes ?? [])],
                ConsentReused { Status: ConsentStatus.Given } reused => [.. granted.Union(reused.Purposes ?? [])],
                CallerInformed informed => [.. granted.Union(informed.Purposes)],
                PurposesChanged changed => changed.Purposes,
                ConsentWithdrawn or CallerObjected { Obeyed: true } => [],
                _ => granted,
            };
        }

        return granted;
    }

    private static void AddFacts(JsonObject data, WebhookOptions hook, CallEvent fact)
    {
        var members = JsonNode.Parse(LedgerJson.Write(fact))!.AsObject();
        var type = fact.GetType().Name;
        foreach (var (name, value) in members)
        {
            var plain = Plain.Contains(name) && (name != "reason" || ReasonIsAWord.Contains(type));
            if (plain || (Personal.TryGetValue(name, out var field) && hook.Fields.Contains(field)))
            {
                data[name] = value?.DeepClone();
            }
        }
    }

    private static void AddPerson(JsonObject data, WebhookOptions hook, LedgerLine line)
    {
        foreach (var field in hook.Fields)
        {
            var value = field switch
            {
                WebhookFields.CallerNumber => line.Call.CallerNumber,
                WebhookFields.CalledNumber => line.Call.CalledNumber,
                WebhookFields.Subject => line.Call.Subject?.ToString(),
                _ => null,
            };
            if (value is not null)
            {
                data[field] = value;
            }
        }
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
