using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Subjects;
using Xunit;

namespace IvrConsent.Core.Tests.Consent;

/// <summary>Whether somebody may be called: ground × what is known.</summary>
public sealed class OutboundPolicyTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<LawfulBasis, string, bool, string> Table => new()
    {
        { LawfulBasis.Consent, "nobody", false, OutboundReasons.NoConsent },
        { LawfulBasis.Consent, "other-purpose", false, OutboundReasons.NoConsent },
        { LawfulBasis.Consent, "given", true, OutboundReasons.Consent },
        { LawfulBasis.Consent, "in-time", true, OutboundReasons.Consent },
        { LawfulBasis.Consent, "expired", false, OutboundReasons.Expired },
        { LawfulBasis.Consent, "expires-now", false, OutboundReasons.Expired },
        { LawfulBasis.Consent, "withdrawn", false, OutboundReasons.Withdrawn },
        { LawfulBasis.Consent, "refused", false, OutboundReasons.Refused },
        { LawfulBasis.Consent, "objected", false, OutboundReasons.Objected },
        { LawfulBasis.Consent, "opted-out", false, OutboundReasons.OptedOut },
        { LawfulBasis.LegitimateInterests, "nobody", true, OutboundReasons.OtherBasis },
        { LawfulBasis.LegitimateInterests, "expired", true, OutboundReasons.OtherBasis },
        { LawfulBasis.LegitimateInterests, "objected", false, OutboundReasons.Objected },
        { LawfulBasis.LegitimateInterests, "refused", false, OutboundReasons.Refused },
        { LawfulBasis.PublicTask, "objected", false, OutboundReasons.Objected },
        { LawfulBasis.LegitimateInterests, "opted-out", false, OutboundReasons.OptedOut },
        { LawfulBasis.Contract, "nobody", true, OutboundReasons.OtherBasis },
        { LawfulBasis.Contract, "objected", true, OutboundReasons.OtherBasis },
        { LawfulBasis.Contract, "opted-out", false, OutboundReasons.OptedOut },
        { LawfulBasis.LegalObligation, "opted-out", false, OutboundReasons.OptedOut },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Answers(LawfulBasis basis, string known, bool allowed, string reason)
    {
        var answer = OutboundPolicy.Decide("offers", basis, Standing(known), Now);
        Assert.Equal((allowed, reason), (answer.Allowed, answer.Reason));
    }

    private static StandingConsent? Standing(string known)
    {
        var call = CallId.FromChannel("-", "x", Now);
        StandingGrant Grant(StandingStatus status, DateTimeOffset? until = null, string purpose = "offers") =>
            new(purpose, status, Now.AddDays(-1), until, Guid.NewGuid(), call);
        StandingGrant? grant = known switch
        {
            "nobody" => null,
            "other-purpose" => Grant(StandingStatus.Given, null, "quality"),
            "given" or "opted-out" => Grant(StandingStatus.Given),
            "in-time" => Grant(StandingStatus.Given, Now.AddSeconds(1)),
            "expires-now" => Grant(StandingStatus.Given, Now),
            "expired" => Grant(StandingStatus.Given, Now.AddSeconds(-1)),
            "withdrawn" => Grant(StandingStatus.Withdrawn),
            "refused" => Grant(StandingStatus.Refused),
            "objected" => Grant(StandingStatus.Objected),
            _ => throw new ArgumentOutOfRangeException(nameof(known)),
        };
        return grant is null
            ? null
            : new StandingConsent(
                new SubjectId(Guid.NewGuid()),
                new Dictionary<string, StandingGrant> { [grant.Purpose] = grant },
                known == "opted-out" ? [new OptOut("*", Now.AddDays(-2), Guid.NewGuid())] : [],
                new Dictionary<string, DateTimeOffset>());
    }
}
