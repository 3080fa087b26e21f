using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>A line without its prompts is refused before a caller finds out.</summary>
public class LinePromptsTests
{
    private const string Silent = "in_call: { withdraw: none, give: none, pause: none }";

    [Fact]
    public void Each_language_that_a_line_can_come_to_speak_must_be_whole()
    {
        var settings = Samples.Settings(Samples.With("language: en", "languages: { by_prefix: { \"+49\": de }, by_key: { \"1\": en, \"2\": pl } }"));
        string[] german = [.. PromptNames.All.Where(name => name is not (PromptNames.Reminder or PromptNames.Language)).Select(name => $"de/{name}")];
        string[] english = [.. PromptNames.All.Select(name => $"en/{name}")];

        var problems = LinePrompts.Check(settings, new ListedPrompts([.. english, .. german]));

        Assert.Equal(2, problems.Count);
        Assert.Equal("prompts are missing in the language de: reminder", problems[0].What);
        Assert.StartsWith("prompts are missing in the language pl: notice, ", problems[1].What, StringComparison.Ordinal);
        Assert.DoesNotContain("language,", problems[1].Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_asks_for_the_language_needs_the_question_in_its_own()
    {
        var settings = Samples.Settings(Samples.With("language: en", "languages: { by_key: { \"1\": en } }"));
        string[] all = [.. PromptNames.All.Where(name => name != PromptNames.Language).Select(name => $"en/{name}")];

        Assert.Equal("prompts are missing in the language en: language", Assert.Single(LinePrompts.Check(settings, new ListedPrompts(all))).What);
    }

    [Fact]
    public void A_line_that_is_never_recorded_needs_no_prompt() =>
        Assert.Empty(LinePrompts.Check(Samples.Settings(Samples.With("language: en", "mode: never")), new ListedPrompts()));

    [Fact]
    public void A_line_with_all_prompts_is_fine() =>
        Assert.Empty(LinePrompts.Check(Samples.Settings(Samples.Minimal), ListedPrompts.AllIn("en")));

    [Theory]
    [InlineData("language: en", "notice, wrong-key, reminder, accepted, declined, withdrawn, notice-in-call, paused, resumed")]
    [InlineData(Silent, "notice, wrong-key, reminder, accepted, declined")]
    [InlineData($"repeats: 0\n    {Silent}", "notice, accepted, declined")]
    [InlineData($"repeats: 0\n    confirm: false\n    {Silent}", "notice")]
    [InlineData($"repeats: 0\n    confirm: false\n    on_wrong_keys: hangup\n    {Silent}", "notice, goodbye")]
    [InlineData($"keys: {{ info: \"9\" }}\n    repeats: 0\n    confirm: false\n    {Silent}", "notice, reminder, full-notice")]
    [InlineData($"mode: announce\n    {Silent}", "notice-announce, wrong-key, accepted, declined, notice, reminder")]
    [InlineData($"mode: ask-in-call\n    {Silent}", "notice-in-call, accepted")]
    [InlineData("confirm: false\n    repeats: 0\n    in_call: { give: none, pause: none }", "notice, withdrawn")]
    public void A_line_needs_what_its_dialogue_may_say(string line, string missing)
    {
        var problem = Assert.Single(LinePrompts.Check(Samples.Settings(Samples.With("language: en", line)), new ListedPrompts()));

        Assert.Equal($"prompts are missing in the language en: {missing}", problem.What);
    }

    [Fact]
    public void The_place_of_the_line_and_the_remedy_are_told()
    {
        var settings = Samples.Settings(Samples.With("language: en", "language: pl"));

        var problem = Assert.Single(LinePrompts.Check(settings, ListedPrompts.AllIn("en")));

        Assert.Equal("etc/ivrconsent.yaml:8:11", problem.Place.ToString());
        Assert.Equal("lines[demo]", problem.Key);
        Assert.Contains("pl/notice.wav", problem.Expected, StringComparison.Ordinal);
        Assert.Contains("ivrconsent prompts import", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_line_that_is_hung_up_on_needs_its_goodbye()
    {
        var settings = Samples.Settings(Samples.Minimal + "defaults: { language: pl }\nunknown_line: hangup\n");

        var problem = Assert.Single(LinePrompts.Check(settings, ListedPrompts.AllIn("en")));

        Assert.Equal(("unknown_line", 12), (problem.Key, problem.Place.Line));
        Assert.Contains("pl/goodbye.wav", problem.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void A_minimum_longer_than_the_notice_would_never_be_reached()
    {
        var settings = Samples.Settings(Samples.With("language: en", "minimum_heard: 5s"));

        var problem = Assert.Single(LinePrompts.Check(settings, ListedPrompts.AllIn("en")));

        Assert.Equal(("lines[demo].minimum_heard", 10, 20), (problem.Key, problem.Place.Line, problem.Place.Column));
        Assert.Equal("Write for example: minimum_heard: 4s", problem.Remedy);
    }
}
