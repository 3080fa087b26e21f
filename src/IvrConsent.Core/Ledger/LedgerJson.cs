using System.Text.Json;
using System.Text.Json.Serialization;

namespace IvrConsent.Core.Ledger;

/// <summary>The ledger's JSON: snake_case, nulls left out, source generated.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(CallEvent))]
[JsonSerializable(typeof(LedgerBatch))]
public sealed partial class LedgerJson : JsonSerializerContext
{
    /// <summary>The names of all event types, as <c>type</c> has them.</summary>
    public static IReadOnlyList<string> EventTypes { get; } =
        [.. typeof(CallEvent).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false).Cast<JsonDerivedTypeAttribute>().Select(derived => derived.DerivedType.Name)];

    /// <summary>The event as stored.</summary>
    public static string Write(CallEvent value) => JsonSerializer.Serialize(value, Default.CallEvent);

    /// <summary>The event from its stored form; throws <see cref="JsonException"/> on anything else.</summary>
    public static CallEvent Read(string json) =>
        JsonSerializer.Deserialize(json, Default.CallEvent) ?? throw new JsonException("The event is null.");
}
