using Xunit;

namespace IvrConsent.Host.Tests.Settings;

public sealed class AccessSettingsTests
{
    [Theory]
    [InlineData("four_eyes_erasure")]
    [InlineData("four_eyes_export")]
    [InlineData("four_eyes_release")]
    public void A_second_person_without_anybody_named_is_warned_of(string key)
    {
        Assert.Equal($"access.{key}", Assert.Single(Samples.Parse($"{Samples.Minimal}access: {{ {key}: true }}\n").Warnings).Key);
        Assert.Empty(Samples.Parse($"{Samples.Minimal}access: {{ {key}: false }}\n").Warnings);
        Assert.Empty(Samples.Parse($"{Samples.Minimal}access: {{ dpo: [anna, ben], {key}: true }}\n").Warnings);
    }
}
