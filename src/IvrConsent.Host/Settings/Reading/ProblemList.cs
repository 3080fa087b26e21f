using System.Globalization;
using System.Text;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>Collects problems and warnings while everything is read to the end: an admin wants all of them at once.</summary>
internal sealed class ProblemList
{
    private readonly List<SettingsProblem> problems = [];
    private readonly List<SettingsProblem> warnings = [];

    public bool Any => problems.Count > 0;

    /// <summary>In the order of the file, then those of the environment.</summary>
    public IReadOnlyList<SettingsProblem> Problems => InOrder(problems);

    public IReadOnlyList<SettingsProblem> Warnings => InOrder(warnings);

    public void Add(SettingsPlace place, string key, string what, string? expected, string remedy) =>
        problems.Add(new SettingsProblem(place, key, what, expected, remedy));

    public void Warn(SettingsPlace place, string key, string what, string? expected, string remedy) =>
        warnings.Add(new SettingsProblem(place, key, what, expected, remedy));

    private static SettingsProblem[] InOrder(List<SettingsProblem> found) =>
        [.. found.Distinct()
            .OrderBy(problem => problem.Place.Variable is null ? 0 : 1)
            .ThenBy(problem => problem.Place.Line ?? 0)
            .ThenBy(problem => problem.Place.Column ?? 0)];
}

/// <summary>Makes text from a settings file fit to be shown in a message.</summary>
internal static class Shown
{
    private const int LongestShown = 60;

    /// <summary>
    /// In quotes, shortened, control characters spelled out (a terminal must not obey a settings file), and not at all when
    /// it looks like credentials: a password in the wrong place is still a password.
    /// </summary>
    public static string Quote(string text)
    {
        if (LooksSecret(text))
        {
            return "the value (not shown, it may hold a password)";
        }

        var shown = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length > LongestShown)
            {
                shown.Append('…');
                break;
            }

            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator)
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
            }
            else
            {
                shown.Append(rune.ToString());
            }
        }

        return shown.Append('"').ToString();
    }

    /// <summary>The value of a scalar, unless it spans lines and may have swallowed what was never meant to be shown.</summary>
    public static string Quote(ScalarNode node) => node.SeveralLines ? "a text over several lines" : Quote(node.Text);

    /// <summary>A key inside a path: shortened and harmless, without quotes.</summary>
    public static string Key(string text) => Quote(text) is ['"', .. var shown, '"'] ? shown : "…";

    private static bool LooksSecret(string text) =>
        (text.Contains("://", StringComparison.Ordinal) && text.Contains('@'))
        || (text.Contains("password", StringComparison.OrdinalIgnoreCase) && text.Contains('='))
        || text.Contains("pwd=", StringComparison.OrdinalIgnoreCase);
}
