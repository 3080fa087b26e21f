using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Host.Settings.Reading;

namespace IvrConsent.Host.Settings;

/// <summary>The JSON Schema of the settings file, for editors: written from the table that the reader reads by.</summary>
public static class SettingsSchema
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema (2020-12) as text, ending with a line break.</summary>
    public static string ToJson()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "IvrConsent settings",
            ["description"] = "Written from the reader's own table of keys; do not edit.",
        };
        foreach (var (name, value) in SettingsKeys.Root.ToSchema())
        {
            schema[name] = value?.DeepClone();
        }

        return schema.ToJsonString(Readable) + "\n";
    }
}
