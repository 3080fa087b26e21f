using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

public sealed class LanguageTests
{
    private readonly CallScene _scene = new();

    private void Languages(LanguageOptions languages) => _scene.Settings.Line = _scene.Settings.Line with { Languages = languages };

    [Theory]
    [InlineData("+48221234501", "pl")]
    [InlineData("0048 22 123-45-01", "pl")]
    [InlineData("+48991234501", "de")]
    [InlineData("+33123456789", "en")]
    [InlineData(null, "en")]
    public void The_longest_prefix_of_the_number_decides(string? number, string expected)
    {
        var line = _scene.Settings.Line with { Languages = new LanguageOptions { ByPrefix = new Dictionary<string, string> { ["+48"] = "pl", ["+4899"] = "de", ["+4"] = "cs" } } };

        Assert.Equal(expected, LanguagePolicy.ByNumber(line, number));
    }

    [Fact]
    public void The_whole_dialogue_is_in_the_language_of_the_number()
    {
        Languages(new LanguageOptions { ByPrefix = new Dictionary<string, string> { ["+48"] = "pl" } });

        var call = _scene.Call(async call =>
        {
            await _scene.After(25);
            call.Press('*');
            call.Press('1');
        });

        Assert.Equal(["play pl/notice", "play pl/reminder"], call.Orders.Where(order => order.StartsWith("play", StringComparison.Ordinal)));
        Assert.Contains("whisper pl/accepted", call.Orders);
        Assert.Equal(("pl", (char?)null), (_scene.The<LanguageChosen>(call).Language, _scene.The<LanguageChosen>(call).Key));
        Assert.All(_scene.Events(call).OfType<NoticePlayed>(), notice => Assert.Equal("pl", notice.Language));
    }

    [Theory]
    [InlineData(0.5, '2', "de", '2')]
    [InlineData(4, '2', "de", '2')]
    [InlineData(0.5, '7', "pl", null)]
    [InlineData(0.5, '1', "en", '1')]
    public void A_key_chooses_and_what_is_no_choice_leaves_it_to_the_number(double after, char key, string expected, char? chosen)
    {
        Languages(new LanguageOptions
        {
            ByPrefix = new Dictionary<string, string> { ["+48"] = "pl" },
            ByKey = new Dictionary<char, string> { ['1'] = "en", ['2'] = "de" },
        });

        var call = _scene.Call(_scene.Presses((after, key), (4, '1')));

        Assert.Equal(["play en/language", $"play {expected}/notice"], call.Orders.Skip(1).Take(2));
        Assert.Equal((expected, chosen), (_scene.The<LanguageChosen>(call).Language, _scene.The<LanguageChosen>(call).Key));
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
        Assert.Equal(0, _scene.The<ConsentGiven>(call).WrongKeys);
    }

    [Fact]
    public void A_notice_in_the_call_is_in_the_language_of_the_number()
    {
        Languages(new LanguageOptions { ByPrefix = new Dictionary<string, string> { ["+48"] = "pl" } });
        _scene.Settings.Line = _scene.Settings.Line with { Mode = ConsentMode.AskInCall };

        var call = _scene.Call(_scene.Presses((5, '*'), (0.5, '1')));

        Assert.Contains("pl/notice-in-call", string.Join('\n', call.Orders), StringComparison.Ordinal);
        Assert.Equal("pl", _scene.The<NoticePlayed>(call).Language);
    }

    [Fact]
    public void Without_a_choice_or_a_prompt_it_is_the_lines_language()
    {
        Languages(new LanguageOptions { ByKey = new Dictionary<char, string> { ['1'] = "en", ['2'] = "de" } });
        var silent = _scene.Call();
        _scene.Settings.PromptNames.Remove("language");
        var unasked = _scene.Call();

        Assert.Equal(["play en/language", "play en/notice"], silent.Orders.Skip(1).Take(2));
        Assert.Equal("play en/notice", unasked.Orders[1]);
        Assert.DoesNotContain(_scene.Events(silent), fact => fact is LanguageChosen);
    }

    [Fact]
    public void Hanging_up_in_the_language_question_is_an_abandoned_call()
    {
        Languages(new LanguageOptions { ByKey = new Dictionary<char, string> { ['2'] = "de" } });

        var call = _scene.Call(hangUpAfter: 1);

        Assert.Equal("CallArrived ConsentNotObtained RecordingSuppressed CallEnded", _scene.Course(call));
        Assert.Equal(ConsentStatus.Abandoned, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void A_worker_that_takes_the_call_up_goes_on_in_the_chosen_language()
    {
        Languages(new LanguageOptions { ByKey = new Dictionary<char, string> { ['2'] = "de" } });
        var orphan = _scene.Pbx.Ring();
        FakeCall? call = null;
        _scene.Simulation.Run(async () =>
        {
            _ = _scene.Handler.HandleAsync(_scene.Pbx, orphan);
            await _scene.After(1);
            orphan.Press('2');
            await _scene.After(2);
            orphan.LosePbx();
            await _scene.After(1);
            call = new FakeCall(_scene.Pbx, _scene.Time, orphan.Arrival, new FakeFaults());
            _scene.Pbx.Waiting.Add(call);
            await _scene.Handler.ReconcileAsync(_scene.Pbx, default);
            await _scene.After(3);
            call.Press('1');
            await _scene.After(10);
            call.HangUp();
            await _scene.After(1);
        });

        Assert.Equal(["answer", "play de/notice"], call!.Orders.Take(2));
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
    }

    [Fact]
    public void The_full_notice_comes_back_to_the_question_and_costs_none_of_it()
    {
        _scene.Settings.Line = _scene.Settings.Line with { InfoKey = '0', Repeats = 0 };

        var call = _scene.Call(_scene.Presses((2, '0'), (6, '1')));

        Assert.Equal(["play en/notice", "play en/full-notice", "play en/notice", "prepare"], call.Orders.Skip(1).Take(4));
        Assert.Equal(ConsentStatus.Given, _scene.The<CallEnded>(call).Consent);
    }
}
