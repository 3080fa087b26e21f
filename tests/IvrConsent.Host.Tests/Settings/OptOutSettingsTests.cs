using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The key opt_out of a line: it takes a key and records nothing, and what would contradict that is refused.</summary>
public class OptOutSettingsTests
{
    private const string More = """
        purposes:
          quality: { retention_days: 30, texts: { en: quality } }
          offers: { retention_days: 30, texts: { en: offers } }

        """;

    [Fact]
    public void A_line_takes_none_unless_it_says_so() => Assert.False(Samples.Settings(Samples.Minimal).Lines[0].Options.OptOut);

    [Fact]
    public void What_is_about_recording_does_not_reach_it_from_the_defaults()
    {
        const string Defaults = "defaults: { purposes: [quality], keys: { info: \"3\" }, ask_again: { reuse_consent_days: 5 }, in_call: { give: \"*7\" } }\n";
        var line = Samples.Settings($"{Samples.With("language: en", "opt_out: true")}{More}{Defaults}").Lines[0].Options;

        Assert.Equal((true, ConsentMode.Explicit, PromptNames.NoticeOptOut, null), (line.OptOut, line.Mode, line.Notice.Prompt, line.InfoKey));
        Assert.Empty(line.Purposes);
        Assert.Equal((null, null, null), (line.InCall.GiveKeys, line.InCall.PauseKeys, line.InCall.WithdrawKeys));
        Assert.False(line.AskAgain.LooksBack);
    }

    [Theory]
    [InlineData("mode: announce", "lines[demo].mode", "an opt-out takes a key")]
    [InlineData("mode: inform", "lines[demo].mode", "an opt-out takes a key")]
    [InlineData("mode: granular", "lines[demo].mode", "an opt-out takes a key")]
    [InlineData("mode: never", "lines[demo].mode", "an opt-out takes a key")]
    [InlineData("mode: ask-in-call", "lines[demo].mode", "an opt-out takes a key")]
    [InlineData("purposes: [offers]", "lines[demo].purposes", "nothing is recorded on this line")]
    [InlineData("in_call: { give: \"*7\" }", "lines[demo].in_call", "nothing is recorded on this line")]
    [InlineData("ask_again: { reuse_consent_days: 5 }", "lines[demo].ask_again", "nothing is recorded on this line")]
    [InlineData("recording: { format: wav16 }", "lines[demo].recording", "nothing is recorded on this line")]
    [InlineData("keys: { info: \"3\" }", "lines[demo].keys.info", "the long information is about recording")]
    public void What_contradicts_it_in_the_line_is_refused(string key, string path, string why)
    {
        var problem = Samples.Problem($"{Samples.With("language: en", $"opt_out: true\n    {key}")}{More}");

        Assert.Equal(path, problem.Key);
        Assert.Contains(why, problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_for_a_line_to_say_and_not_for_all_lines_at_once() =>
        Assert.Equal("defaults.opt_out", Samples.Problem($"{Samples.Minimal}defaults: {{ opt_out: true }}\n").Key);

    [Fact]
    public void Its_prompts_must_be_there()
    {
        var problem = Assert.Single(LinePrompts.Check(Samples.Settings(Samples.With("language: en", "opt_out: true")), new ListedPrompts()));

        Assert.Equal("prompts are missing in the language en: notice-opt-out, opted-out, number-hidden", problem.What);
    }
}
