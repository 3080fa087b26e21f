using System.Globalization;
using System.Text;

namespace IvrConsent.Host.Settings;

/// <summary>Where a setting was written: a place in a file, or an environment variable.</summary>
/// <param name="File">The file as it was named to us; null for an environment variable.</param>
/// <param name="Line">Line from 1; null when the file as a whole is meant.</param>
/// <param name="Column">Column from 1; null when the file as a whole is meant.</param>
/// <param name="Variable">The environment variable; null for a file.</param>
public sealed record SettingsPlace(string? File, int? Line = null, int? Column = null, string? Variable = null)
{
    /// <summary>The form that terminals and editors make a link of: <c>file:line:column</c>.</summary>
    public override string ToString() =>
        Variable is not null ? $"environment variable {Variable}"
        : Line is null ? File ?? ""
        : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}

/// <summary>One thing that is wrong, or doubtful, in the settings; for a person and, field by field, for a program.</summary>
/// <param name="Place">Where it was written.</param>
/// <param name="Key">The setting's path, for example <c>lines[demo].keys.accept</c>; empty when none is meant.</param>
/// <param name="What">What was found, and what is wrong with it. Never holds a secret.</param>
/// <param name="Expected">What may stand there; null when <paramref name="What"/> says all.</param>
/// <param name="Remedy">What to write or do.</param>
public sealed record SettingsProblem(SettingsPlace Place, string Key, string What, string? Expected, string Remedy)
{
    /// <summary>One line: place, key, what was found, what was expected, what to write.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(Place).Append(": ");
        if (Key.Length > 0)
        {
            text.Append(Key).Append(": ");
        }

        text.Append(What).Append('.');
        if (Expected is not null)
        {
            text.Append(" Expected ").Append(Expected).Append('.');
        }

        return text.Append(' ').Append(Remedy).ToString();
    }
}

/// <summary>The settings, or everything that keeps them from being used.</summary>
/// <param name="Settings">The settings; null exactly when there are problems.</param>
/// <param name="Problems">All problems, in the order of the file.</param>
/// <param name="Warnings">What can be used but should be looked at.</param>
public sealed record SettingsResult(
    HostSettings? Settings,
    IReadOnlyList<SettingsProblem> Problems,
    IReadOnlyList<SettingsProblem> Warnings)
{
    /// <summary>SHA-256 of the file that was read; empty when there was none.</summary>
    internal string FileSha256 { get; init; } = "";
}
