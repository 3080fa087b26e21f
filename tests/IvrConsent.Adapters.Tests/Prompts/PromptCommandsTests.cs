using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Notices;
using IvrConsent.Storage.Prompts;
using Xunit;

namespace IvrConsent.Adapters.Tests.Prompts;

public sealed class PromptCommandsTests : IDisposable
{
    private static readonly LineOptions Line = new()
    {
        Name = "sales",
        Language = "pl",
        Notice = new NoticeOptions("sales", "1"),
        InCall = new InCallOptions { WithdrawKeys = null, GiveKeys = null, PauseKeys = null },
    };

    private readonly PromptFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<PromptProblem> Check(params LineOptions[] lines) =>
        new PromptCommands(_folder.Prompts).Check(lines, Afterwards.Continue, "en");

    private void PutAll(params string[] names)
    {
        foreach (var name in names)
        {
            _folder.Put($"pl/{name}.wav", PromptFolder.Tone(2));
            _folder.Put($"pl/{name}.txt", "Words.");
        }
    }

    [Fact]
    public void All_is_well_when_a_line_has_what_it_plays()
    {
        PutAll("notice", "reminder", "wrong-key", "accepted", "declined");

        Assert.Empty(Check(Line));
        Assert.Equal(5, new PromptCommands(_folder.Prompts).List().Prompts.Count);
    }

    [Fact]
    public void A_missing_prompt_is_named_once_with_every_line_that_plays_it()
    {
        PutAll("notice");

        var problems = Check(Line with { Repeats = 0, Confirm = false, OnNoAnswer = Afterwards.HangUp }, Line with { Name = "service", Repeats = 0, Confirm = false, OnAccept = Afterwards.HangUp });

        var problem = Assert.Single(problems);
        Assert.Equal(PromptProblemSeverity.Error, problem.Severity);
        Assert.EndsWith("goodbye.wav", problem.File, StringComparison.Ordinal);
        Assert.Contains("line sales, line service", problem.What, StringComparison.Ordinal);
        Assert.Contains("prompts import pl goodbye", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_line_that_is_hung_up_needs_a_goodbye_in_the_default_language()
    {
        PutAll("notice");

        var problems = new PromptCommands(_folder.Prompts).Check([], Afterwards.HangUp, "de");

        Assert.EndsWith("goodbye.wav", Assert.Single(problems).File, StringComparison.Ordinal);
        Assert.Contains("prompts import de goodbye", problems[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_notice_shorter_than_must_be_heard_or_without_words_is_told()
    {
        _folder.Put("pl/notice.wav", PromptFolder.Tone(2));

        var problems = Check(Line with { Repeats = 0, Confirm = false, MinimumHeard = TimeSpan.FromSeconds(3) });

        Assert.Equal([PromptProblemSeverity.Warning, PromptProblemSeverity.Error], problems.Select(p => p.Severity));
    }

    [Fact]
    public void The_shipped_prompts_serve_a_line_and_are_told_to_be_placeholders()
    {
        var shipped = PromptCatalogue.Load(Path.Combine(PromptFolder.Repository, "prompts"));

        var problems = PromptCommands.CheckLines(shipped, [Line with { OnDecline = Afterwards.HangUp, InCall = new InCallOptions() }], Afterwards.HangUp, "en");

        // notice, reminder, wrong-key, accepted, declined, goodbye, withdrawn, notice-in-call, paused, resumed; and a goodbye in English.
        Assert.Equal(11, problems.Count);
        Assert.All(problems, p => Assert.True(p.Severity == PromptProblemSeverity.Warning && p.What.Contains("placeholder", StringComparison.Ordinal)));
    }
}
