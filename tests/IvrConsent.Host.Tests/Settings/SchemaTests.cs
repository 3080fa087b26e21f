using System.Text.Json.Nodes;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Settings.Reading;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The schema that editors check by is what the reader reads by.</summary>
public class SchemaTests
{
    /// <summary>After a change of the table of keys: IVRCONSENT_WRITE_SCHEMA=1 with this test writes the file anew.</summary>
    [Fact]
    public void The_schema_in_the_repository_is_the_readers()
    {
        if (Environment.GetEnvironmentVariable("IVRCONSENT_WRITE_SCHEMA") == "1")
        {
            File.WriteAllText(Samples.ShippedSchema, SettingsSchema.ToJson());
        }

        Assert.Equal(SettingsSchema.ToJson(), File.ReadAllText(Samples.ShippedSchema));
    }

    [Fact]
    public void Every_key_has_a_summary_and_a_good_default()
    {
        foreach (var key in AllKeys(SettingsKeys.Root))
        {
            Assert.EndsWith(".", key.Summary, StringComparison.Ordinal);
            var scalar = key.Kind as ScalarKind ?? (key.Kind as ChoiceOrMapKind)?.Choice;
            if (scalar is not null && key.Default is { } text)
            {
                Assert.NotNull(scalar.Read(text.Trim('"'), out _));
            }

            if (scalar is not null and not SecretKind)
            {
                Assert.NotNull(scalar.Read(key.Example.Trim('"'), out _));
            }
        }
    }

    [Fact]
    public void Keys_types_ranges_and_defaults_are_in_the_schema()
    {
        var schema = JsonNode.Parse(SettingsSchema.ToJson())!;

        Assert.Equal("https://json-schema.org/draft/2020-12/schema", schema["$schema"]!.GetValue<string>());
        Assert.Equal(["pbx", "notices", "lines"], schema["required"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.False(schema["additionalProperties"]!.GetValue<bool>());
        var line = schema["properties"]!["lines"]!["items"]!["properties"]!;
        Assert.Equal((0, 5, 1), (line["repeats"]!["minimum"]!.GetValue<int>(), line["repeats"]!["maximum"]!.GetValue<int>(), line["repeats"]!["default"]!.GetValue<int>()));
        Assert.True(line["confirm"]!["default"]!.GetValue<bool>());
        Assert.Contains("1s to 60s. Default 5s.", line["first_digit_timeout"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(schema["properties"]!["defaults"]!["properties"]!["numbers"]);
    }

    [Fact]
    public void The_sample_names_the_schema_beside_it()
    {
        var first = File.ReadLines(Samples.ShippedFile).First();

        Assert.Equal($"# yaml-language-server: $schema={Path.GetFileName(Samples.ShippedSchema)}", first);
    }

    private static IEnumerable<SettingKey> AllKeys(MapKind map) => map.Keys.SelectMany(key => key.Kind switch
    {
        MapKind section => AllKeys(section).Prepend(key),
        NamedListKind list => AllKeys(list.Item).Prepend(key),
        NamedMapKind named => AllKeys(named.Item).Prepend(key),
        ChoiceOrMapKind either => AllKeys(either.Map).Prepend(key),
        _ => [key],
    });
}
