using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>A line without its prompts is refused before a caller finds out.</summary>
public class LinePromptsTests
{
    [Fact]
    public void A_line_with_all_prompts_is_fine() =>
        Assert.Empty(LinePrompts.Check(Samples.Settings(Samples.Minimal), ListedPrompts.AllIn("en")));

    [Theory]
    [InlineData("language: en", "notice, wrong-key, reminder, accepted, declined")]
    [InlineData("repeats: 0", "notice, wrong-key, accepted, declined")]
    [InlineData("repeats: 0\n    confirm: false", "notice, wrong-key")]
    [InlineData("repeats: 0\n    confirm: false\n    on_wrong_keys: hangup", "notice, wrong-key, goodbye")]
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
