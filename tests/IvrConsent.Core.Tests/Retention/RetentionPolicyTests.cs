using IvrConsent.Core.Consent;
using IvrConsent.Core.Retention;
using Xunit;

namespace IvrConsent.Core.Tests.Retention;

public sealed class RetentionPolicyTests
{
    private static readonly DateTimeOffset Ended = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly PurposeOptions Quality = new() { Id = "quality", Retention = TimeSpan.FromDays(30) };
    private static readonly PurposeOptions Training = new() { Id = "training", Retention = TimeSpan.FromDays(90) };
    private static readonly PurposeOptions Contract = new() { Id = "contract", Basis = LawfulBasis.Contract, Retention = TimeSpan.FromDays(2190) };

    [Fact]
    public void A_recording_lives_until_the_last_of_its_purposes_ends()
    {
        var terms = RetentionPolicy.Terms([Quality, Contract, Training], Ended);
        Assert.Equal(Ended.AddDays(2190), RetentionPolicy.Until(terms));
        Assert.Equal(["quality", "contract", "training"], RetentionPolicy.Running(terms, Ended.AddDays(30).AddMilliseconds(-1)).Select(term => term.Purpose));
        Assert.Equal(["contract", "training"], RetentionPolicy.Running(terms, Ended.AddDays(30)).Select(term => term.Purpose));
        Assert.Equal(["contract"], RetentionPolicy.Running(terms, Ended.AddDays(90)).Select(term => term.Purpose));
        Assert.Empty(RetentionPolicy.Running(terms, Ended.AddDays(2190)));
    }

    [Fact]
    public void Without_purposes_there_is_no_date() => Assert.Null(RetentionPolicy.Until(RetentionPolicy.Terms([], Ended)));

    [Fact]
    public void A_consent_that_expires_ends_what_rests_on_it_and_nothing_else()
    {
        var terms = RetentionPolicy.Terms([Training, Contract], Ended, consentUntil: Ended.AddDays(10));
        Assert.Equal([Ended.AddDays(10), Ended.AddDays(2190)], terms.Select(term => term.Until));
        Assert.Equal(Ended.AddDays(90), RetentionPolicy.Terms([Training], Ended, consentUntil: Ended.AddDays(400))[0].Until);
    }

    [Fact]
    public void Withdrawal_ends_all_that_rests_on_consent_or_the_purposes_it_names()
    {
        var terms = RetentionPolicy.Terms([Quality, Training, Contract], Ended);
        Assert.Equal(["contract"], RetentionPolicy.WithoutConsent(terms).Select(term => term.Purpose));
        Assert.Equal(["training", "contract"], RetentionPolicy.WithoutConsent(terms, ["quality", "contract"]).Select(term => term.Purpose));
    }

    [Theory]
    [InlineData(LawfulBasis.Consent, true)]
    [InlineData(LawfulBasis.Contract, true)]
    [InlineData(LawfulBasis.LegalObligation, true)]
    [InlineData(LawfulBasis.VitalInterests, true)]
    [InlineData(LawfulBasis.PublicTask, false)]
    [InlineData(LawfulBasis.LegitimateInterests, false)]
    public void Objection_ends_what_can_be_objected_to(LawfulBasis basis, bool stays) =>
        Assert.Equal(stays ? 1 : 0, RetentionPolicy.WithoutObjected([new("x", basis, Ended)]).Count);

    [Fact]
    public void Reclassifying_brings_no_purpose_that_needs_a_consent_nobody_gave()
    {
        var before = RetentionPolicy.Terms([Quality], Ended, consentUntil: Ended.AddDays(7));
        var after = RetentionPolicy.Reclassified(before, [Quality, Training, Contract], Ended);
        Assert.Equal([("quality", Ended.AddDays(7)), ("contract", Ended.AddDays(2190))], after.Select(term => (term.Purpose, term.Until)));
        Assert.Equal(["contract"], RetentionPolicy.Reclassified(before, [Contract], Ended).Select(term => term.Purpose));
    }
}
