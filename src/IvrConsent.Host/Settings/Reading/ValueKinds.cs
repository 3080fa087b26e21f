using System.Text.Json.Nodes;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>What may stand behind a key. The reader reads by it and the JSON Schema is written from it, so the two agree.</summary>
internal abstract class ValueKind
{
    /// <summary>What is expected, to go on "Expected …".</summary>
    public abstract string Expected { get; }

    /// <summary>A value to copy.</summary>
    public abstract string Example { get; }

    /// <summary>The checked range in a few words for the annotated file and the schema; null when the choice is free.</summary>
    public virtual string? Range => null;

    /// <summary>Its JSON Schema.</summary>
    public abstract JsonObject ToSchema();

    /// <summary>A default in the type that the schema has.</summary>
    public virtual JsonNode DefaultForSchema(string text) => text.Trim('"');

    protected static JsonArray Array(IEnumerable<string> values) => [.. values.Select(value => (JsonNode)value)];
}

/// <summary>A single value.</summary>
internal abstract class ScalarKind : ValueKind
{
    /// <summary>Never shown in a message.</summary>
    public virtual bool IsSecret => false;

    /// <summary>The value of a text, or null and what is wrong with it: "is not a duration".</summary>
    public abstract object? Read(string text, out string wrong);
}

/// <summary>A list of single values.</summary>
internal sealed class ScalarListKind(ScalarKind item, string example) : ValueKind
{
    public ScalarKind Item => item;

    public override string Expected => $"a list, each item {item.Expected}";

    public override string Example => example;

    public override JsonObject ToSchema() => new()
    {
        ["type"] = "array",
        ["items"] = item.ToSchema(),
    };

    public override JsonNode DefaultForSchema(string text) => JsonNode.Parse(text)!;
}

/// <summary>A map with a fixed set of keys.</summary>
internal sealed class MapKind(IReadOnlyList<SettingKey> keys, string expected = "a map of keys and values") : ValueKind
{
    public IReadOnlyList<SettingKey> Keys => keys;

    public override string Expected => expected;

    public override string Example => $"{{ {string.Join(", ", keys.Where(key => key.Required).Select(key => $"{key.Name}: {key.Example}"))} }}";

    public override JsonObject ToSchema()
    {
        var properties = new JsonObject();
        foreach (var key in keys)
        {
            properties[key.Name] = key.ToSchema();
        }

        var required = keys.Where(key => key.Required).Select(key => key.Name).ToArray();
        var schema = new JsonObject
        {
            // A section whose keys are all commented out is nothing to YAML, and fine.
            ["type"] = required.Length > 0 ? "object" : new JsonArray("object", "null"),
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
        if (required.Length > 0)
        {
            schema["required"] = Array(required);
        }

        return schema;
    }
}

/// <summary>A list of maps, each with a name of its own: environment variables address an item by that name.</summary>
internal sealed class NamedListKind(MapKind item, string noun, bool mayBeEmpty = false) : ValueKind
{
    /// <summary>The key that names an item.</summary>
    public const string NameKey = "name";

    public MapKind Item => item;

    /// <summary>What an item is called in messages.</summary>
    public string Noun => noun;

    /// <summary>Whether there may be none, and the key with all its items commented out is fine.</summary>
    public bool MayBeEmpty => mayBeEmpty;

    public override string Expected => $"a list, each item beginning with \"- {NameKey}:\"";

    public override string Example => $"- {NameKey}: …";

    public override JsonObject ToSchema() => new()
    {
        ["type"] = mayBeEmpty ? new JsonArray("array", "null") : "array",
        ["minItems"] = mayBeEmpty ? 0 : 1,
        ["items"] = item.ToSchema(),
    };
}

/// <summary>A map whose keys are names chosen by the admin.</summary>
internal sealed class NamedMapKind(ScalarKind name, MapKind item, string noun) : ValueKind
{
    public ScalarKind Name => name;

    public MapKind Item => item;

    /// <summary>What an item is called in messages.</summary>
    public string Noun => noun;

    public override string Expected => $"a map of names, each with the keys of a {noun}";

    public override string Example => $"{{ {name.Example}: {item.Example} }}";

    public override JsonObject ToSchema() => new()
    {
        ["type"] = "object",
        ["minProperties"] = 1,
        ["propertyNames"] = new JsonObject { ["pattern"] = ((TextKind)name).Pattern },
        ["additionalProperties"] = item.ToSchema(),
    };
}

/// <summary>A map whose keys are chosen by the admin, each with a single value.</summary>
internal sealed class ScalarMapKind(ScalarKind name, ScalarKind value, string example) : ValueKind
{
    public ScalarKind Name => name;

    public ScalarKind Value => value;

    public override string Expected => $"a map, each key {name.Expected}, each value {value.Expected}";

    public override string Example => example;

    public override JsonObject ToSchema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = name.ToSchema()["pattern"]!.DeepClone() },
        ["additionalProperties"] = value.ToSchema(),
    };

    public override JsonNode DefaultForSchema(string text) => JsonNode.Parse(text)!;
}

/// <summary>A word, or a map that says more.</summary>
internal sealed class ChoiceOrMapKind(ChoiceKind choice, MapKind map) : ValueKind
{
    public ChoiceKind Choice => choice;

    public MapKind Map => map;

    public override string Expected => $"{choice.Expected}, or {map.Expected}";

    public override string Example => choice.Example;

    public override string? Range => $"{choice.Range} | {{ {string.Join(", ", map.Keys.Select(key => key.Name))} }}";

    public override JsonObject ToSchema() => new() { ["oneOf"] = new JsonArray(choice.ToSchema(), map.ToSchema()) };
}

/// <summary>One key: its name, what may stand behind it, what it means, and what holds when it is not written.</summary>
/// <param name="Name">The key.</param>
/// <param name="Kind">What may stand behind it.</param>
/// <param name="Summary">What it means, in one or two sentences.</param>
internal sealed record SettingKey(string Name, ValueKind Kind, string Summary)
{
    /// <summary>What holds when it is not written, as it would be written; null when there is no such text.</summary>
    public string? Default { get; init; }

    /// <summary>The default in words, where it is not a fixed text.</summary>
    public string? DefaultInWords { get; init; }

    /// <summary>Must be written.</summary>
    public bool Required { get; init; }

    /// <summary>A value to copy.</summary>
    public string Example { get => field ?? Default ?? Kind.Example; init; }

    /// <summary>The default as documentation says it.</summary>
    public string? DefaultShown => Default ?? DefaultInWords;

    public JsonObject ToSchema()
    {
        var schema = Kind.ToSchema();
        var text = Summary;
        if (Kind.Range is { } range)
        {
            text += $" {range}.";
        }

        text += Required ? " Required." : DefaultShown is { } shown ? $" Default {shown}." : "";
        schema["description"] = text;
        if (Default is not null)
        {
            schema["default"] = Kind.DefaultForSchema(Default);
        }

        return schema;
    }
}
