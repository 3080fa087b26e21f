using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Subjects;
using Xunit;

namespace IvrConsent.Core.Tests.Retention;

public sealed class DeletionPolicyTests
{
    private static readonly DateTimeOffset Ended = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = Ended.AddDays(5);
    private static readonly SubjectId Person = new(Guid.NewGuid());
    private static readonly CallId Call = CallId.FromChannel("pbx", "1.1", Ended);

    private static RetainedRecording Recording(LawfulBasis basis = LawfulBasis.Consent, int days = 30) =>
        new("rec", Call, Person, "sales", "pbx", Ended, [new RetentionTerm("p", basis, Ended.AddDays(days))], Ended.AddDays(days));

    private static LegalHold Hold(HoldScope scope) => new(CallId.FromChannel("-", "hold", Ended), scope, "case 4 C 12/26", "legal", "anna", Ended);

    // What of a still running ground gives way to what cause; the article is what keeps it.
    public static TheoryData<LawfulBasis, DeletionCause, string?> Grounds => new()
    {
        { LawfulBasis.Consent, DeletionCause.RetentionEnded, "GDPR 17(1)(b)" },
        { LawfulBasis.Consent, DeletionCause.ErasureRequested, null },
        { LawfulBasis.Consent, DeletionCause.ConsentWithdrawn, null },
        { LawfulBasis.Consent, DeletionCause.ObjectionUpheld, "GDPR 17(1)(b)" },
        { LawfulBasis.Contract, DeletionCause.RetentionEnded, "GDPR 17(3)(e)" },
        { LawfulBasis.Contract, DeletionCause.ErasureRequested, "GDPR 17(3)(e)" },
        { LawfulBasis.Contract, DeletionCause.ConsentWithdrawn, "GDPR 17(3)(e)" },
        { LawfulBasis.Contract, DeletionCause.ObjectionUpheld, "GDPR 17(3)(e)" },
        { LawfulBasis.LegalObligation, DeletionCause.RetentionEnded, "GDPR 17(3)(b)" },
        { LawfulBasis.LegalObligation, DeletionCause.ErasureRequested, "GDPR 17(3)(b)" },
        { LawfulBasis.LegalObligation, DeletionCause.ConsentWithdrawn, "GDPR 17(3)(b)" },
        { LawfulBasis.LegalObligation, DeletionCause.ObjectionUpheld, "GDPR 17(3)(b)" },
        { LawfulBasis.VitalInterests, DeletionCause.RetentionEnded, "GDPR 17(1)(a)" },
        { LawfulBasis.VitalInterests, DeletionCause.ErasureRequested, "GDPR 17(1)(a)" },
        { LawfulBasis.VitalInterests, DeletionCause.ConsentWithdrawn, "GDPR 17(1)(a)" },
        { LawfulBasis.VitalInterests, DeletionCause.ObjectionUpheld, "GDPR 17(1)(a)" },
        { LawfulBasis.PublicTask, DeletionCause.RetentionEnded, "GDPR 17(3)(b)" },
        { LawfulBasis.PublicTask, DeletionCause.ErasureRequested, "GDPR 17(3)(b)" },
        { LawfulBasis.PublicTask, DeletionCause.ConsentWithdrawn, "GDPR 17(3)(b)" },
        { LawfulBasis.PublicTask, DeletionCause.ObjectionUpheld, null },
        { LawfulBasis.LegitimateInterests, DeletionCause.RetentionEnded, "GDPR 17(1)(a)" },
        { LawfulBasis.LegitimateInterests, DeletionCause.ErasureRequested, null },
        { LawfulBasis.LegitimateInterests, DeletionCause.ConsentWithdrawn, "GDPR 17(1)(a)" },
        { LawfulBasis.LegitimateInterests, DeletionCause.ObjectionUpheld, null },
    };

    [Theory]
    [MemberData(nameof(Grounds))]
    public void A_running_ground_gives_way_or_keeps_it(LawfulBasis basis, DeletionCause cause, string? keptBy)
    {
        var decision = DeletionPolicy.Decide(Recording(basis), cause, [], Now);
        Assert.Equal(keptBy is null, decision.Delete);
        Assert.Equal(keptBy is null ? [] : [keptBy], decision.Kept.Select(one => one.Article));
    }

    [Theory]
    [MemberData(nameof(Grounds))]
    public void When_every_term_has_ended_nothing_but_a_hold_keeps_it(LawfulBasis basis, DeletionCause cause, string? keptBy)
    {
        _ = keptBy;
        Assert.True(DeletionPolicy.Decide(Recording(basis, days: 5), cause, [], Now).Delete);
        var held = DeletionPolicy.Decide(Recording(basis, days: 5), cause, [Hold(new HoldScope(Line: "sales"))], Now);
        Assert.False(held.Delete);
        Assert.Contains("4 C 12/26", held.Reason, StringComparison.Ordinal);
        Assert.Equal("GDPR 17(3)(e)", Assert.Single(held.Kept).Article);
    }

    public static TheoryData<string, HoldScope, bool> Scopes => new()
    {
        { "the person", new(Subject: Person), true },
        { "another person", new(Subject: new SubjectId(Guid.NewGuid())), false },
        { "the call", new(Call: Call), true },
        { "another call", new(Call: CallId.FromChannel("pbx", "1.2", Ended)), false },
        { "the line", new(Line: "sales"), true },
        { "another line", new(Line: "Sales"), false },
        { "from its very end", new(From: Ended), true },
        { "from a millisecond later", new(From: Ended.AddMilliseconds(1)), false },
        { "until its very end", new(Until: Ended), false },
        { "until a millisecond later", new(Until: Ended.AddMilliseconds(1)), true },
        { "line and period", new(Line: "sales", From: Ended.AddDays(-1), Until: Ended.AddDays(1)), true },
        { "line, but not the period", new(Line: "sales", From: Ended.AddDays(1)), false },
        { "nothing at all", new(), false },
    };

    [Theory]
    [MemberData(nameof(Scopes))]
    public void A_hold_covers_what_all_its_conditions_apply_to(string what, HoldScope scope, bool covers)
    {
        Assert.NotEmpty(what);
        Assert.Equal(!covers, DeletionPolicy.Decide(Recording(days: 1), DeletionCause.RetentionEnded, [Hold(scope)], Now).Delete);
    }

    [Fact]
    public void A_hold_that_ended_or_was_released_keeps_nothing()
    {
        var hold = Hold(new HoldScope(Subject: Person));
        Assert.True(DeletionPolicy.Decide(Recording(days: 1), DeletionCause.RetentionEnded, [hold with { EndsAt = Now }], Now).Delete);
        Assert.False(DeletionPolicy.Decide(Recording(days: 1), DeletionCause.RetentionEnded, [hold with { EndsAt = Now.AddMilliseconds(1) }], Now).Delete);
        Assert.True(DeletionPolicy.Decide(Recording(days: 1), DeletionCause.RetentionEnded, [hold with { ReleasedAt = Now }], Now).Delete);
    }

    [Theory]
    [InlineData(DeletionCause.RetentionEnded)]
    [InlineData(DeletionCause.ConsentWithdrawn)]
    [InlineData(DeletionCause.ObjectionUpheld)]
    [InlineData(DeletionCause.NoGround)]
    public void A_restriction_stops_every_deletion_but_the_one_that_the_person_asks_for(DeletionCause cause)
    {
        var recording = Recording(days: 1);
        var restricted = recording with { RestrictedBy = Call };
        Assert.True(DeletionPolicy.Decide(recording, cause, [], Now).Delete);
        var kept = DeletionPolicy.Decide(restricted, cause, [], Now);
        Assert.Equal("GDPR 18(1)", Assert.Single(kept.Kept).Article);
        Assert.Contains($"case {Call}", kept.Reason, StringComparison.Ordinal);
        Assert.True(DeletionPolicy.Decide(restricted, DeletionCause.ErasureRequested, [], Now).Delete);
    }

    [Fact]
    public void Without_a_date_only_the_person_can_have_it_deleted()
    {
        var undated = Recording() with { Terms = [], RetainUntil = null };
        Assert.Contains("settings", DeletionPolicy.Decide(undated, DeletionCause.RetentionEnded, [], Now).Reason, StringComparison.Ordinal);
        Assert.True(DeletionPolicy.Decide(undated, DeletionCause.ErasureRequested, [], Now).Delete);
    }

    [Fact]
    public void What_was_made_without_a_ground_goes_unless_a_hold_or_the_person_keeps_it()
    {
        var locked = Recording() with { Terms = [], RetainUntil = Ended.AddDays(30) };
        var decision = DeletionPolicy.Decide(locked, DeletionCause.NoGround, [], Now);
        Assert.True(decision.Delete);
        Assert.Contains("GDPR 17(1)(d)", decision.Reason, StringComparison.Ordinal);
        Assert.Equal("GDPR 17(3)(e)", Assert.Single(DeletionPolicy.Decide(locked, DeletionCause.NoGround, [Hold(new HoldScope(Call: Call))], Now).Kept).Article);

        // Who finds that a recording of him is unlawful may want it kept and not used (18(1)(b)).
        Assert.Equal("GDPR 18(1)", Assert.Single(DeletionPolicy.Decide(locked with { RestrictedBy = Call }, DeletionCause.NoGround, [], Now).Kept).Article);

        // It was released meanwhile.
        Assert.False(DeletionPolicy.Decide(Recording(), DeletionCause.NoGround, [], Now).Delete);
    }
}
