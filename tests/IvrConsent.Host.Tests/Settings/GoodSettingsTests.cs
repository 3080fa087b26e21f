using System.Text.RegularExpressions;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

public sealed partial class GoodSettingsTests
{
    private static string Config(string name) => Path.Combine(Cli.Installation.Repository, "config", name);

    [Fact]
    public void A_good_file_is_read_with_its_defaults()
    {
        var settings = SettingsScene.Read(SettingsScene.Good).Settings!;

        Assert.Equal("worker-1", settings.WorkerName);
        Assert.Equal("wholly-secret", settings.Pbxes[0].Password.Reveal());
        Assert.DoesNotContain("wholly-secret", settings.ToString() + settings.Pbxes[0], StringComparison.Ordinal);
        Assert.Equal(new Uri("http://127.0.0.1:8090"), settings.Pbxes[0].PromptsUrl);
        Assert.Equal("/etc/x/prompts", settings.PromptsFolder);
        var demo = settings.Lines[0].Options;
        Assert.Equal(("demo", "en", '1', '2', null), (demo.Name, demo.Language, demo.AcceptKey, demo.DeclineKey, demo.RepeatKey));
        Assert.Equal(Afterwards.HangUp, demo.OnDecline);
        Assert.Equal(new NoticeOptions("recording", "1"), demo.Notice);
        Assert.Equal((1, 2), (demo.Repeats, settings.Lines[1].Options.Repeats));
    }

    [Theory]
    [InlineData("007")]
    [InlineData("+48221234567")]
    [InlineData("0x10")]
    [InlineData("1_000")]
    public void A_number_without_quotes_is_taken_letter_by_letter(string number)
    {
        var settings = SettingsScene.Read(SettingsScene.With("[\"200\"]", $"[{(number == "+48221234567" ? "+48221234568" : number)}]")).Settings;
        Assert.Equal(number == "+48221234567" ? "+48221234568" : number, settings!.Lines[1].Options.Numbers[0]);
    }

    [Fact]
    public void The_environment_takes_the_place_of_single_values()
    {
        var settings = SettingsScene.Read(SettingsScene.Good, new Dictionary<string, string>
        {
            ["IVRCONSENT__PBX__MAIN__PASSWORD"] = "from-environment",
            ["IVRCONSENT__HTTP__LISTEN"] = "127.0.0.1:9999",
            ["IVRCONSENT__LINES__DEMO__LANGUAGE"] = "pl",
            ["PATH"] = "/bin",
        }).Settings!;

        Assert.Equal("from-environment", settings.Pbxes[0].Password.Reveal());
        Assert.Equal(9999, settings.Http.Listen.Port);
        Assert.Equal("pl", settings.Lines[0].Options.Language);
    }

    [Theory]
    [InlineData("IVRCONSENT__HTTP__LISTNE", "127.0.0.1:1")]
    [InlineData("IVRCONSENT__DATABASE__COMMIT_LIMIT", "soon")]
    public void A_mistake_in_the_environment_names_the_variable(string variable, string value)
    {
        var result = SettingsScene.Read(SettingsScene.Good, new Dictionary<string, string> { [variable] = value });
        Assert.Null(result.Settings);
        Assert.Contains(variable, result.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_file_is_good_as_it_is()
    {
        var result = SettingsFile.Parse(Config("ivrconsent.yaml"), File.ReadAllBytes(Config("ivrconsent.yaml")), Password);
        Assert.Empty(result.Problems);
    }

    [Fact]
    public void Every_setting_that_the_shipped_file_shows_in_a_comment_is_good()
    {
        var shipped = File.ReadAllText(Config("ivrconsent.yaml"));
        var count = 0;
        foreach (var comment in CommentedSetting().Matches(shipped).Cast<Match>())
        {
            // One at a time: some of them exclude each other.
            var text = shipped.Remove(comment.Index, comment.Length).Insert(comment.Index, comment.Groups["indent"].Value + comment.Groups["setting"].Value);
            if (comment.Groups["setting"].Value.StartsWith("- name", StringComparison.Ordinal))
            {
                continue;
            }

            var result = SettingsFile.Parse(Config("ivrconsent.yaml"), System.Text.Encoding.UTF8.GetBytes(text), Password);
            var problems = result.Problems.Where(problem => !IsFileOrTwin(problem)).ToArray();
            Assert.True(problems.Length == 0, $"{comment.Value.Trim()}: {string.Join("\n", problems.AsEnumerable())}");
            count++;
        }

        Assert.True(count > 30, $"only {count} settings are shown");
    }

    [Fact]
    public void The_committed_schema_is_the_readers_own_table()
    {
        var file = Config("ivrconsent.schema.json");
        if (Environment.GetEnvironmentVariable("IVRCONSENT_UPDATE") == "1")
        {
            File.WriteAllText(file, SettingsSchema.ToJson());
        }

        Assert.Equal(SettingsSchema.ToJson(), File.ReadAllText(file));
    }

    [Fact]
    public void A_line_is_found_by_its_name_or_by_the_dialled_number()
    {
        var calls = new CallSettings(SettingsScene.Read(SettingsScene.Good).Settings!, new FakeSettings());

        Assert.Equal("sales", calls.FindLine("sales", "100")?.Name);
        Assert.Equal("demo", calls.FindLine(null, "100")?.Name);
        Assert.Equal("demo", calls.FindLine("", " +48221234567 ")?.Name);
        Assert.Equal("demo", calls.FindLine("100", "100")?.Name);
        Assert.Equal("sales", calls.FindLine(null, "sales")?.Name);
        Assert.Null(calls.FindLine("other", "100"));
        Assert.Null(calls.FindLine(null, "999"));
    }

    [Fact]
    public void A_line_without_a_prompt_it_plays_is_refused_at_its_own_place()
    {
        var prompts = new FakeSettings();
        prompts.PromptNames.Remove(PromptNames.Goodbye);

        var problem = Assert.Single(LinePrompts.Check(SettingsScene.Read(SettingsScene.Good).Settings!, prompts));
        Assert.Equal((15, 11), (problem.Place.Line, problem.Place.Column));
        Assert.Contains("goodbye", problem.What, StringComparison.Ordinal);
        Assert.Contains("prompts import", problem.Remedy, StringComparison.Ordinal);
    }

    private static readonly Dictionary<string, string> Password = new() { ["IVRCONSENT__PBX__MAIN__PASSWORD"] = "x" };

    // Taking the example of a secret's file, or of both ways to give one secret, is a mistake only on this machine.
    private static bool IsFileOrTwin(SettingsProblem problem) =>
        problem.Key.EndsWith("_file", StringComparison.Ordinal) || problem.What.StartsWith("both ", StringComparison.Ordinal) || problem.What.Contains("twice", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<indent> *)#(?<setting>[a-z_-][^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex CommentedSetting();
}
