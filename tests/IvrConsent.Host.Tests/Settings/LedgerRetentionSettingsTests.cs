using IvrConsent.Host.Settings;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>How long the ledger can tell whose its entries are.</summary>
public sealed class LedgerRetentionSettingsTests
{
    [Fact]
    public void The_ledger_forgets_nobody_unless_a_time_is_set()
    {
        Assert.Null(Samples.Settings(Samples.Minimal).Database.LedgerKeptFor);
        Assert.Equal(TimeSpan.FromDays(3650), Samples.Settings($"{Samples.Minimal}database: {{ ledger_retention_days: 3650 }}\n").Database.LedgerKeptFor);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("36501")]
    [InlineData("10y")]
    public void A_time_that_is_none_is_refused(string days) =>
        Assert.Equal("database.ledger_retention_days", Samples.Problem($"{Samples.Minimal}database: {{ ledger_retention_days: {days} }}\n").Key);

    [Fact]
    public void A_change_needs_a_restart() => Assert.Equal(
        "database",
        Assert.Single(RestartOnly.Keep(Samples.Settings(Samples.Minimal), Samples.Settings($"{Samples.Minimal}database: {{ ledger_retention_days: 3650 }}\n"), "f").Warnings).Key);
}
