using FsCheck;
using FsCheck.Fluent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

public sealed class DialoguePolicyProperties
{
    private static readonly Gen<(int Repeats, Answer[] Answers, bool[] Heard)> Cases =
        from repeats in Gen.Choose(0, 5)
        from answers in Gen.Elements(Enum.GetValues<Answer>()).ArrayOf(7)
        from heard in Gen.Elements(true, false).ArrayOf(7)
        select (repeats, answers, heard);

    [Fact]
    public void Any_answers_come_to_one_decision_within_the_questions_allowed() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Cases.ToArbitrary(), Decides));

    private static bool Decides((int Repeats, Answer[] Answers, bool[] Heard) given)
    {
        var line = new FakeSettings().Line with { Repeats = given.Repeats };
        var state = default(DialogueState);
        var step = DialoguePolicy.First(line);
        var said = new List<Answer>();
        while (step.Status is null)
        {
            state = state with { Asked = state.Asked + 1, NoticeHeard = state.NoticeHeard || given.Heard[said.Count] };
            Assert.True(state.Asked <= line.Repeats + 1);
            said.Add(given.Answers[said.Count]);
            (state, step) = DialoguePolicy.Next(line, state, said[^1]);
        }

        Assert.Equal(step.Status == ConsentStatus.Given, said[^1] == Answer.Accept);
        Assert.Equal(step.Status == ConsentStatus.Refused, said[^1] == Answer.Decline);
        Assert.True(step.Status != ConsentStatus.InvalidInput || said.Contains(Answer.WrongKey));
        Assert.True(step.Status != ConsentStatus.NoResponse || !said.Contains(Answer.WrongKey));
        return step.Status != ConsentStatus.Abandoned;
    }

    [Theory]
    [InlineData('1', 0, true, Answer.Accept)]
    [InlineData('2', 0, true, Answer.Decline)]
    [InlineData('7', 0, true, Answer.WrongKey)]
    [InlineData('1', -1, true, null)]
    [InlineData('2', -1, true, null)]
    public void Keys_mean_what_the_line_says(char digit, int heardMs, bool playing, Answer? expected) =>
        Assert.Equal(expected, DialoguePolicy.Classify(new FakeSettings().Line, digit, heardMs < 0 ? null : TimeSpan.FromMilliseconds(heardMs), playing));
}
