using IvrConsent.Core.Consent;
using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>The shipped table, and what check-config makes of it.</summary>
public class JurisdictionTests
{
    private static IReadOnlyList<JurisdictionRow> Shipped => Samples.Settings(Samples.Minimal).Jurisdictions;

    [Fact]
    public void The_shipped_table_has_every_country_and_state_with_its_source()
    {
        Assert.Equal(["AT", "CH", "CZ", "DE", "ES", "FR", "GB", "IT", "PL"], Shipped.Where(row => row.Code.Length == 2).Select(row => row.Code).Order(StringComparer.Ordinal));
        Assert.Equal(51, Shipped.Count(row => row.Code.StartsWith("US-", StringComparison.Ordinal)));
        Assert.All(Shipped, row => Assert.NotEqual("", row.Source));
        Assert.All(Shipped.Where(row => row.Code.Length == 2), row => Assert.NotNull(row.Prefix));
        Assert.DoesNotContain(Shipped, row => row.Parties == ConsentingParties.All && !row.StayingSuffices && row.OtherGround);
    }

    [Fact]
    public void A_mode_that_the_table_forbids_is_refused_with_the_source()
    {
        var problem = Samples.Problem(Samples.With("language: en", "country: DE\n    mode: announce"));

        Assert.Equal(("lines[demo].mode", 11), (problem.Key, problem.Place.Line));
        Assert.Contains("StGB s. 201", problem.What, StringComparison.Ordinal);
        Assert.Contains("override", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("country: DE\n    mode: explicit")]
    [InlineData("country: CH\n    mode: announce")]
    [InlineData("country: US-WA\n    mode: announce")]
    [InlineData("country: DE\n    mode: announce\n    override: { by: legal, reason: signed }")]
    public void What_it_allows_or_somebody_answers_for_is_taken(string line) =>
        Assert.NotNull(Samples.Settings(Samples.With("language: en", line)));

    [Fact]
    public void A_table_beside_the_settings_takes_the_place_of_the_built_in_one()
    {
        using var folder = new TemporaryFolder();
        folder.Write("jurisdictions.yaml", "jurisdictions:\n  DE: { parties: one, staying: yes, other_ground: no, source: x }\n");
        var file = folder.Write("s.yaml", Samples.With("language: en", "country: DE\n    mode: announce"));

        Assert.Equal("DE", Assert.Single(SettingsFile.Load(file, Samples.NoEnvironment).Settings!.Jurisdictions).Code);

        folder.Write("jurisdictions.yaml", "jurisdictions:\n  DE: { parties: some, staying: yes, other_ground: no, source: x }\n");
        var problem = SettingsFile.Load(file, Samples.NoEnvironment).Problems[0];
        Assert.EndsWith("jurisdictions.yaml", problem.Place.File, StringComparison.Ordinal);
        Assert.Equal(("jurisdictions[DE].parties", 2), (problem.Key, problem.Place.Line));
    }
}
