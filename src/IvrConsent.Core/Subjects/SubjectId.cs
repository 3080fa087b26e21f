using System.Text.Json;
using System.Text.Json.Serialization;

namespace IvrConsent.Core.Subjects;

/// <summary>
/// A data subject in the ledger: a random name that says nothing of the person. The one way from it to a phone number is
/// <see cref="ISubjects"/>, and that way can be destroyed (GDPR art. 17).
/// </summary>
/// <param name="Value">Random (UUID version 4), never derived from the number.</param>
[JsonConverter(typeof(SubjectIdJsonConverter))]
public readonly record struct SubjectId(Guid Value)
{
    /// <summary>Reads an id in either of the two usual forms (with or without hyphens).</summary>
    public static bool TryParse(string? text, out SubjectId id)
    {
        var read = Guid.TryParse(text, out var value);
        id = new SubjectId(value);
        return read;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("N");
}

/// <summary>Writes a <see cref="SubjectId"/> as its 32 hexadecimal digits.</summary>
public sealed class SubjectIdJsonConverter : JsonConverter<SubjectId>
{
    /// <inheritdoc/>
    public override SubjectId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SubjectId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("A subject's id is 32 hexadecimal digits.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SubjectId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
