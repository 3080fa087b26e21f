using System.Collections.Frozen;
using System.Text.RegularExpressions;
using IvrConsent.Core.Consent;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Settings.Reading;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The annotated sample tells the truth: as it is, with each of its comments taken at its word, and key by key.</summary>
public sealed partial class ShippedFileTests : IDisposable
{
    private static readonly string[] Shipped = File.ReadAllLines(Samples.ShippedFile);

    private readonly TemporaryFolder folder = new();

    public ShippedFileTests()
    {
        folder.Write("ari-password", "secret-word\n");
        folder.Write("database-connection", "Host=db;Password=secret-word\n");
        folder.Write("webhook-secret", "whsec_c2VjcmV0LXdvcmQtc2VjcmV0LXdvcmQtc2VjcmV0\n");
    }

    public static TheoryData<int> CommentedSettings =>
        [.. Enumerable.Range(0, Shipped.Length).Where(line => CommentedSetting().IsMatch(Shipped[line]) && !Continuation().IsMatch(Shipped[line])).Select(line => line + 1)];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_loads_without_problem_or_warning()
    {
        var result = Load(Shipped);

        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        Assert.Empty(result.Warnings.Select(warning => warning.ToString()));
        Assert.Equal("demo", Assert.Single(result.Settings!.Lines).Options.Name);
    }

    [Fact]
    public void Without_its_password_file_it_says_what_to_do()
    {
        File.Delete(Path.Combine(folder.Path, "ari-password"));

        var problem = Assert.Single(Load(Shipped).Problems);

        Assert.Contains("Create it readable by the worker's user only", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(CommentedSettings))]
    public void A_setting_that_is_commented_out_can_be_set_as_it_stands(int line)
    {
        var lines = (string[])Shipped.Clone();
        Uncomment(lines, line - 1);
        for (var next = line; next < lines.Length && (Continuation().IsMatch(lines[next]) || Explanation().IsMatch(lines[next])); next++)
        {
            if (Continuation().IsMatch(lines[next]))
            {
                Uncomment(lines, next);
            }
        }

        if (lines[line - 1].Contains(" password:", StringComparison.Ordinal))
        {
            // One in place of the other, as its comment says.
            var other = Array.FindIndex(lines, text => text.Contains(" password_file:", StringComparison.Ordinal));
            lines[other] = "";
        }

        var result = Load(lines);

        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void All_settings_that_show_a_default_can_be_set_at_once_and_change_nothing()
    {
        var lines = (string[])Shipped.Clone();
        string[] examples = ["worker-1", "connection_file", "password:", "prompts_folder", "recordings_folder", "{ context", "{ accept", "purposes: [", "country:", "override:", "by_prefix", "by_key", "dpo:", "- name", "storage_locations", "recipients", "withdrawal", "rights", "authority", "notice_url", "sms", "agents:", "8092", "wrap_command", "ledger_retention_days"];
        for (var line = 0; line < lines.Length; line++)
        {
            if (CommentedSetting().IsMatch(lines[line]) && !Continuation().IsMatch(lines[line]) && !examples.Any(example => lines[line].Contains(example, StringComparison.Ordinal)))
            {
                Uncomment(lines, line);
            }
        }

        var set = Load(lines);
        var unset = Load(Shipped);

        Assert.Empty(set.Problems.Select(problem => problem.ToString()));
        Assert.Equal(unset.Settings!.Pbxes, set.Settings!.Pbxes);
        Assert.Equal(unset.Settings.Database, set.Settings.Database);
        Assert.Equal(unset.Settings.Http, set.Settings.Http);
        var (before, after) = (unset.Settings.Lines[0].Options, set.Settings.Lines[0].Options);
        Assert.Equal(before with { Numbers = [], Purposes = [] }, after with { Numbers = [], Purposes = [] });
        Assert.Equal(before.Purposes.Select(Comparable), after.Purposes.Select(Comparable));
        Assert.Equal(unset.Settings.UnknownLine.Action, set.Settings.UnknownLine.Action);
    }

    [Fact]
    public void Every_key_of_the_reader_is_explained_with_its_range_and_default()
    {
        foreach (var key in Keys(SettingsKeys.Root))
        {
            var explained = CommentsAbove(key.Name).ToArray();
            Assert.True(explained.Length > 0, $"{key.Name} is not in the file.");
            Assert.Contains(
                explained,
                comment => (key.Required ? comment.Contains("Required.", StringComparison.Ordinal) : key.DefaultShown is null || comment.Contains($"Default {key.DefaultShown}.", StringComparison.Ordinal))
                    && (key.Kind.Range is null || comment.Contains(key.Kind.Range, StringComparison.Ordinal)));
        }
    }

    private static (string, string) Comparable(PurposeOptions purpose) =>
        ((purpose with { Texts = FrozenDictionary<string, string>.Empty }).ToString(), string.Join('\n', purpose.Texts));

    /// <summary>The comment above each place where a key is written, set or commented out, as one line.</summary>
    private static IEnumerable<string> CommentsAbove(string key)
    {
        for (var line = 0; line < Shipped.Length; line++)
        {
            if (Regex.IsMatch(Shipped[line], $@"^\s*(#(- |  )?|- )?{key}:"))
            {
                var first = line;
                while (first > 0 && Shipped[first - 1].TrimStart().StartsWith("# ", StringComparison.Ordinal))
                {
                    first--;
                }

                yield return string.Join(' ', Shipped[first..line].Select(text => text.Trim().TrimStart('#').Trim()));
            }
        }
    }

    private static IEnumerable<SettingKey> Keys(MapKind map) => map.Keys.SelectMany(key => key.Kind switch
    {
        // A map of nothing but required keys stands in one line: it is explained as a whole.
        MapKind section when section.Keys.All(inner => inner.Required) => [key],
        MapKind section => Keys(section),
        NamedListKind list => Keys(list.Item),
        NamedMapKind named => Keys(named.Item),
        _ => [key],
    });

    private static void Uncomment(string[] lines, int line)
    {
        var hash = lines[line].IndexOf('#', StringComparison.Ordinal);
        lines[line] = lines[line].Remove(hash, 1);
    }

    private SettingsResult Load(string[] lines) =>
        SettingsFile.Load(folder.Write("ivrconsent.yaml", string.Join('\n', lines)), Samples.NoEnvironment);

    [GeneratedRegex(@"^\s*#(- )?[a-z_]+:|^\s*#  [a-z_]+:")]
    private static partial Regex CommentedSetting();

    // The further lines of a commented item: two spaces behind the sign.
    [GeneratedRegex(@"^\s*#  [a-z_]+:")]
    private static partial Regex Continuation();

    // What may stand between the lines of one commented item: the next key's comment, with room above it.
    [GeneratedRegex(@"^\s*(# .*)?$")]
    private static partial Regex Explanation();
}
