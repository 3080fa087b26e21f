using System.Collections.Frozen;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;

namespace IvrConsent.Host.Settings;

/// <summary>What calls are led by: one snapshot of settings and prompts.</summary>
public sealed class CallSettings : ICallSettings
{
    private readonly FrozenDictionary<string, LineOptions> byName;
    private readonly FrozenDictionary<string, LineOptions> byNumber;

    /// <summary>Makes the snapshot of checked settings and the prompts that belong to them.</summary>
    public CallSettings(HostSettings settings, IPromptCatalogue prompts)
    {
        Worker = settings.WorkerName;
        OnUnknownLine = settings.UnknownLine.Action;
        DefaultLanguage = settings.DefaultLanguage;
        Prompts = prompts;
        byName = settings.Lines.ToFrozenDictionary(line => line.Options.Name, line => line.Options, StringComparer.Ordinal);
        byNumber = settings.Lines
            .SelectMany(line => line.Options.Numbers, (line, number) => KeyValuePair.Create(number.Trim(), line.Options))
            .ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Worker { get; }

    /// <inheritdoc/>
    public Afterwards OnUnknownLine { get; }

    /// <inheritdoc/>
    public string DefaultLanguage { get; }

    /// <inheritdoc/>
    public IPromptCatalogue Prompts { get; }

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
