using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

public class JurisdictionPolicyTests
{
    private static readonly JurisdictionRow[] Table =
    [
        new("PL", ConsentingParties.Told, false, true, "s", null, "+48"),
        new("DE", ConsentingParties.All, false, false, "s", null, "+49"),
        new("CH", ConsentingParties.All, true, true, "s", null, "+41"),
        new("US-NY", ConsentingParties.One, true, true, "s"),
        new("US-FL", ConsentingParties.All, false, false, "s"),
    ];

    private static LineOptions Line(ConsentMode mode, string? country) =>
        new() { Name = "demo", Language = "en", Notice = new NoticeOptions("n", "1", "own"), Mode = mode, Country = country };

    [Theory]
    [InlineData(ConsentMode.Announce, "CH", "+41441234567", ConsentMode.Announce, "")]
    [InlineData(ConsentMode.Announce, "CH", "0049301234567", ConsentMode.Explicit, "DE")]
    [InlineData(ConsentMode.Announce, "CH", null, ConsentMode.Announce, "")]
    [InlineData(ConsentMode.Announce, "CH", "anonymous", ConsentMode.Announce, "")]
    [InlineData(ConsentMode.Announce, "CH", "+380441234567", ConsentMode.Announce, "")]
    [InlineData(ConsentMode.Announce, "US-NY", "+12125550100", ConsentMode.Explicit, "US-FL")]
    [InlineData(ConsentMode.Announce, "US-NY", null, ConsentMode.Announce, "")]
    [InlineData(ConsentMode.Announce, "US", null, ConsentMode.Explicit, "US-FL")]
    [InlineData(ConsentMode.Announce, null, "+48221234567", ConsentMode.Explicit, "PL")]
    [InlineData(ConsentMode.Inform, "PL", "+48221234567", ConsentMode.Inform, "")]
    [InlineData(ConsentMode.Inform, "PL", "+49301234567", ConsentMode.Explicit, "DE")]
    [InlineData(ConsentMode.Granular, "DE", "+49301234567", ConsentMode.Granular, "")]
    [InlineData(ConsentMode.AskInCall, "DE", "+12125550100", ConsentMode.AskInCall, "")]
    public void The_strictest_of_both_countries_wins(ConsentMode mode, string? country, string? caller, ConsentMode expected, string forbidding)
    {
        var verdict = JurisdictionPolicy.ModeFor(Table, Line(mode, country), caller);

        Assert.Equal(expected, verdict.Line.Mode);
        Assert.Equal(forbidding, string.Join(",", verdict.Forbidding));
        Assert.Equal(expected == mode ? "own" : "notice", verdict.Line.Notice.Prompt);
        Assert.All(verdict.Reasons, reason => Assert.DoesNotContain("1234567", reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Where_nothing_rests_on_consent_a_forbidden_mode_means_no_recording()
    {
        var line = Line(ConsentMode.Inform, "PL") with { Purposes = [new PurposeOptions { Id = "duty", Basis = LawfulBasis.LegalObligation, Retention = TimeSpan.FromDays(1) }] };

        Assert.Equal(ConsentMode.Never, JurisdictionPolicy.ModeFor(Table, line, "+49301234567").Line.Mode);
    }

    [Fact]
    public void An_override_keeps_the_mode_and_is_told()
    {
        var verdict = JurisdictionPolicy.ModeFor(Table, Line(ConsentMode.Announce, "DE") with { Override = "legal: signed" }, null);

        Assert.Equal(ConsentMode.Announce, verdict.Line.Mode);
        Assert.Equal(["DE"], verdict.Forbidding);
        Assert.Contains("overridden by legal: signed", verdict.Reasons);
    }
}
