using System.Collections.Frozen;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Core.Records;

namespace IvrConsent.Host.Settings;

/// <summary>What calls are led by: one snapshot of settings and prompts.</summary>
public sealed class CallSettings : ICallSettings
{
    private readonly FrozenDictionary<string, LineOptions> byName;
    private readonly FrozenDictionary<string, LineOptions> byNumber;
    private readonly FrozenDictionary<string, WrittenTerms> terms;

    /// <summary>Makes the snapshot of checked settings and the prompts that belong to them.</summary>
    public CallSettings(HostSettings settings, IPromptCatalogue prompts)
    {
        Worker = settings.WorkerName;
        OnUnknownLine = settings.UnknownLine.Action;
        DefaultLanguage = settings.DefaultLanguage;
        Prompts = prompts;
        Agents = settings.Agents;
        Jurisdictions = settings.Jurisdictions;
        Records = settings.Records;
        byName = settings.Lines.ToFrozenDictionary(line => line.Options.Name, line => line.Options, StringComparer.Ordinal);
        byNumber = settings.Lines
            .SelectMany(line => line.Options.Numbers, (line, number) => KeyValuePair.Create(number.Trim(), line.Options))
            .ToFrozenDictionary(StringComparer.Ordinal);
        terms = settings.Lines.ToFrozenDictionary(line => line.Options.Name, line => WrittenTerms.Write(Core.Records.Terms.Of(line.Options, settings.Records, prompts)), StringComparer.Ordinal);
    }

    /// <summary>What callers agree to, by line.</summary>
    public IReadOnlyDictionary<string, WrittenTerms> Terms => terms;

    /// <inheritdoc/>
    public string Worker { get; }

    /// <inheritdoc/>
    public Afterwards OnUnknownLine { get; }

    /// <inheritdoc/>
    public string DefaultLanguage { get; }

    /// <inheritdoc/>
    public IPromptCatalogue Prompts { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, AgentOptions> Agents { get; }

    /// <inheritdoc/>
    public IReadOnlyList<JurisdictionRow> Jurisdictions { get; }

    /// <inheritdoc/>
    public RecordOptions? Records { get; }

    /// <inheritdoc/>
    public string? TermsOf(string line) => terms.GetValueOrDefault(line)?.Sha256;

    /// <inheritdoc/>
    public LineOptions? FindLine(string? lineArgument, string calledNumber)
    {
        // The dialplan's sample passes the dialled number where the admin names no line; an empty argument is an unset variable.
        var (name, number) = (lineArgument?.Trim(), calledNumber.Trim());
        return string.IsNullOrEmpty(name) || name == number
            ? byNumber.GetValueOrDefault(number) ?? byName.GetValueOrDefault(number)
            : byName.GetValueOrDefault(name);
    }
}
