using IvrConsent.Core.Access;
using Xunit;

namespace IvrConsent.Core.Tests.Access;

public sealed class RolePolicyTests
{
    private const Extent N = Extent.None;
    private const Extent O = Extent.OwnLines;
    private const Extent A = Extent.All;

    // Columns: operator, supervisor, dpo, admin, auditor.
    public static TheoryData<Act, Extent[]> Table => new()
    {
        { Act.SeeHealth, [A, A, A, A, A] },
        { Act.ReadEvents, [N, O, A, A, A] },
        { Act.Listen, [N, O, A, N, N] },
        { Act.RevealNumber, [N, N, A, N, N] },
        { Act.Reclassify, [N, O, A, N, N] },
        { Act.HandleRequests, [N, N, A, N, N] },
        { Act.ExportPerson, [N, N, A, N, N] },
        { Act.ErasePerson, [N, N, A, N, N] },
        { Act.Quarantine, [N, N, A, N, N] },
        { Act.Hold, [N, N, A, N, N] },
        { Act.Sweep, [N, N, A, A, N] },
        { Act.Administer, [N, N, N, A, N] },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Each_role_reaches_as_far_as_the_table_says(Act act, Extent[] extents)
    {
        Assert.Equal(extents, Enum.GetValues<Role>().Select(role => RolePolicy.Of(role, act)));
        foreach (var role in Enum.GetValues<Role>())
        {
            var extent = RolePolicy.Of(role, act);
            Assert.Equal(extent == A, RolePolicy.Allows(role, act, null, ["sales"]));
            Assert.Equal(extent == A, RolePolicy.Allows(role, act, "support", ["sales"]));
            Assert.Equal(extent != N, RolePolicy.Allows(role, act, "sales", ["sales"]));
        }
    }

    [Fact]
    public void The_table_has_every_act() => Assert.Equal(Enum.GetValues<Act>().Length, Table.Count);

    [Fact]
    public void Every_look_at_a_recording_or_a_number_needs_a_reason() =>
        Assert.All((Act[])[Act.Listen, Act.RevealNumber, Act.ExportPerson, Act.ErasePerson, Act.Quarantine, Act.Hold], act => Assert.True(RolePolicy.NeedsReason(act)));

    [Fact]
    public void Four_eyes_are_of_two_persons()
    {
        Assert.Contains("nobody", RolePolicy.WhyNotApproved("anna", null), StringComparison.Ordinal);
        Assert.Contains("somebody else", RolePolicy.WhyNotApproved("anna", "anna"), StringComparison.Ordinal);
        Assert.Null(RolePolicy.WhyNotApproved("anna", "ben"));
    }
}
