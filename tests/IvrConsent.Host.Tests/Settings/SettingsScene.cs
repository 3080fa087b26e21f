using System.Text;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>A good settings file to break, and a folder to keep it in.</summary>
internal static class SettingsScene
{
    public const string Good = """
        worker: { name: worker-1 }
        database:
          connection: ledger.db
          commit_limit: 800ms
        pbx:
          - name: main
            url: http://127.0.0.1:8088
            password: "wholly-secret"
        notices:
          recording: { version: "1" }
        defaults:
          language: en
          keys: { accept: "1", decline: "2" }
        lines:
          - name: demo
            numbers: ["100", "+48221234567"]
            first_digit_timeout: 5s
            on_decline: hangup
          - name: sales
            numbers: ["200"]
            repeats: 2
        unknown_line: continue

        """;

    private static readonly Dictionary<string, string> NoEnvironment = [];

    public static SettingsResult Read(string text, IReadOnlyDictionary<string, string>? environment = null) =>
        Read(Encoding.UTF8.GetBytes(text), environment);

    public static SettingsResult Read(byte[] bytes, IReadOnlyDictionary<string, string>? environment = null) =>
        SettingsFile.Parse("/etc/x/ivrconsent.yaml", bytes, environment ?? NoEnvironment, "host");

    /// <summary>The good file with one piece replaced.</summary>
    public static string With(string piece, string replacement)
    {
        Xunit.Assert.Contains(piece, Good, StringComparison.Ordinal);
        return Good.Replace(piece, replacement, StringComparison.Ordinal);
    }
}
