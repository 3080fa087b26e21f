using System.Runtime.CompilerServices;
using System.Text;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Settings to start a test from.</summary>
internal static class Samples
{
    public const string FileName = "etc/ivrconsent.yaml";

    /// <summary>The least that is needed; tests change a part of it, so line numbers stay easy to see.</summary>
    public const string Minimal = """
        pbx:
          - name: main
            url: http://127.0.0.1:8088
            password: secret-word
        notices:
          recording: { version: "1" }
        lines:
          - name: demo
            numbers: ["100"]
            language: en

        """;

    public static readonly IReadOnlyDictionary<string, string> NoEnvironment = new Dictionary<string, string>();

    /// <summary>The repository's root, found from where this file was compiled.</summary>
    public static string Repository([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath("../../..", Path.GetDirectoryName(thisFile)!);

    public static string ShippedFile => Path.Combine(Repository(), "config", "ivrconsent.yaml");

    public static string ShippedSchema => Path.Combine(Repository(), "config", "ivrconsent.schema.json");

    public static SettingsResult Parse(string yaml, params (string Variable, string Value)[] environment) =>
        SettingsFile.Parse(FileName, Encoding.UTF8.GetBytes(yaml), environment.ToDictionary(pair => pair.Variable, pair => pair.Value), "host-1");

    /// <summary>The settings, or a failed test that shows every problem.</summary>
    public static HostSettings Settings(string yaml, params (string Variable, string Value)[] environment)
    {
        var result = Parse(yaml, environment);
        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        return result.Settings!;
    }

    /// <summary>The only problem.</summary>
    public static SettingsProblem Problem(string yaml, params (string Variable, string Value)[] environment)
    {
        var result = Parse(yaml, environment);
        Assert.Null(result.Settings);
        return Assert.Single(result.Problems);
    }

    /// <summary>Minimal settings with other words in it; the test fails when there is nothing to change.</summary>
    public static string With(string old, string replacement)
    {
        Assert.Contains(old, Minimal, StringComparison.Ordinal);
        return Minimal.Replace(old, replacement, StringComparison.Ordinal);
    }
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ivrconsent-settings-").FullName;

    public string Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, mode);
        }

        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Prompts that exist by being listed: <c>en/notice</c>.</summary>
internal sealed class ListedPrompts(params string[] names) : IPromptCatalogue
{
    public static ListedPrompts AllIn(params string[] languages) =>
        new([.. languages.SelectMany(language => PromptNames.All.Select(name => $"{language}/{name}"))]);

    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(4.5);

    public Prompt? Find(string language, string name) =>
        names.Contains($"{language}/{name}") ? new Prompt(name, language, new string('0', 64), null, Length, null) : null;
}
