using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Which line a call belongs to.</summary>
public class CallSettingsTests
{
    private readonly CallSettings settings = new(
        Samples.Settings(Samples.With("    language: en\n", "  - name: other\n    numbers: [+48221234567, sales]\n  - name: \"100\"\n") + "worker: { name: w }\nunknown_line: hangup\n"),
        ListedPrompts.AllIn("en"));

    [Theory]
    [InlineData("demo", "+48221234567", "demo")]
    [InlineData(" demo ", "", "demo")]
    [InlineData("100", "", "100")]
    [InlineData("Demo", "100", null)]
    [InlineData("nobody", "100", null)]
    [InlineData(null, "100", "demo")]
    [InlineData("", "100", "demo")]
    [InlineData(null, " +48221234567 ", "other")]
    [InlineData(null, "sales", "other")]
    [InlineData(null, "Sales", null)]
    [InlineData(null, "48221234567", null)]
    [InlineData(null, "", null)]
    public void The_dialplans_name_decides_else_the_number(string? argument, string number, string? line) =>
        Assert.Equal(line, settings.FindLine(argument, number)?.Name);

    [Fact]
    public void The_rest_is_passed_on()
    {
        Assert.Equal(("w", "en"), (settings.Worker, settings.DefaultLanguage));
        Assert.Equal(Core.Calls.Afterwards.HangUp, settings.OnUnknownLine);
        Assert.NotNull(settings.Prompts.Find("en", "notice"));
    }
}
