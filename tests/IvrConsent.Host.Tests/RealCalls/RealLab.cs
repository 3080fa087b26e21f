using System.Diagnostics.CodeAnalysis;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>Finds the lab for a test, or skips the test (or fails it, where the lab is required).</summary>
internal static class RealLab
{
    public static LabEnvironment Require() =>
        LabEnvironment.Find() is { } lab ? lab : Absent<LabEnvironment>("no lab: start one with tests/lab/lab up asterisk22 asterisk16 postgres");

    public static LabPbx RequirePbx(string version) =>
        Require().FindPbx(version) is { } pbx ? pbx : Absent<LabPbx>($"no Asterisk {version} in the lab: start it with tests/lab/lab up asterisk{version}");

    public static string RequirePostgres() =>
        Require().FindPostgres() is { } connection ? connection : Absent<string>("no PostgreSQL in the lab: start it with tests/lab/lab up postgres");

    [DoesNotReturn]
    private static T Absent<T>(string reason)
    {
        Assert.SkipUnless(LabEnvironment.Required, reason);
        throw new InvalidOperationException($"{reason} (IVRCONSENT_LAB_REQUIRED=1: a test without it fails)");
    }
}
