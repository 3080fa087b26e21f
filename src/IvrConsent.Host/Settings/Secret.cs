using System.Text.Json;
using System.Text.Json.Serialization;

namespace IvrConsent.Host.Settings;

/// <summary>
/// A password or a connection string. Whatever prints it (a log, a record's own text, JSON) prints <c>***</c>; only
/// <see cref="Reveal"/> gives the text, so every place that uses a secret can be found by that name.
/// </summary>
[JsonConverter(typeof(SecretJsonConverter))]
public sealed class Secret : IEquatable<Secret>
{
    private readonly string value;

    /// <summary>Wraps a secret.</summary>
    public Secret(string value) => this.value = value;

    /// <summary>The secret itself.</summary>
    public string Reveal() => value;

    /// <summary>Never the secret.</summary>
    public override string ToString() => "***";

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && value == other.value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);

    private sealed class SecretJsonConverter : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Secrets are read from the settings file, the environment or a file, never from JSON.");

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
