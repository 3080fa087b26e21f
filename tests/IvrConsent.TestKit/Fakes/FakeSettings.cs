using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.TestKit.Fakes;

/// <summary>Settings with one line, 100 or "demo", and every prompt in English, unless told otherwise.</summary>
public sealed class FakeSettings : ICallSettings, ICallSettingsSource, IPromptCatalogue
{
    public LineOptions Line { get; set; } = new()
    {
        Name = "demo",
        Numbers = ["100"],
        Language = "en",
        Notice = new NoticeOptions("recording", "7"),
    };

    /// <summary>Names of prompts that there are.</summary>
    public HashSet<string> PromptNames { get; } = [.. Core.Notices.PromptNames.All];

    public string Worker => "worker-1";

    public Afterwards OnUnknownLine { get; set; } = Afterwards.Continue;

    public string DefaultLanguage => "en";

    public IPromptCatalogue Prompts => this;

    public Dictionary<string, Core.Consent.AgentOptions> Staff { get; } = [];

    public IReadOnlyDictionary<string, Core.Consent.AgentOptions> Agents => Staff;

    public List<Core.Consent.JurisdictionRow> Table { get; } = [];

    public IReadOnlyList<Core.Consent.JurisdictionRow> Jurisdictions => Table;

    public Core.Records.RecordOptions? Records { get; set; }

    /// <summary>Spoken words, by <c>LANGUAGE/NAME</c>; a prompt without any has none.</summary>
    public Dictionary<string, string> Words { get; } = [];

    public ICallSettings Current => this;

    public LineOptions? FindLine(string? lineArgument, string calledNumber) =>
        lineArgument is null ? (Line.Numbers.Contains(calledNumber) ? Line : null) : lineArgument == Line.Name ? Line : null;

    public Prompt? Find(string language, string name) => PromptNames.Contains(name)
        ? new Prompt(name, language, Sha(name), null, name.StartsWith("notice", StringComparison.Ordinal) && name != Core.Notices.PromptNames.NoticeInCall ? TimeSpan.FromSeconds(8) : TimeSpan.FromSeconds(2), Words.GetValueOrDefault($"{language}/{name}"))
        : null;

    /// <summary>The SHA-256 that stands for a prompt.</summary>
    public static string Sha(string name) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)));
}
