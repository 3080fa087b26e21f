using IvrConsent.Core.Consent;

namespace IvrConsent.Core.Retention;

/// <summary>One purpose's claim on a recording: as long as it runs, the recording may be used for this purpose.</summary>
/// <param name="Purpose">The purpose, by id.</param>
/// <param name="Basis">Its ground when the recording was made.</param>
/// <param name="Until">When it ends.</param>
public sealed record RetentionTerm(string Purpose, LawfulBasis Basis, DateTimeOffset Until);

/// <summary>
/// How long a recording is kept (GDPR art. 5(1)(e)): each purpose has its own end, and the recording lives until the last of them. A
/// recording whose settings name no purposes has no terms and so no date: it is told, not guessed.
/// </summary>
public static class RetentionPolicy
{
    /// <summary>The terms of a recording, counted from the end of its call.</summary>
    /// <param name="purposes">What it was recorded for: the purposes granted, and those with another ground.</param>
    /// <param name="endedAt">The call's end.</param>
    /// <param name="consentUntil">When the consent itself expires, and with it what rests on it; null: it does not.</param>
    public static IReadOnlyList<RetentionTerm> Terms(IEnumerable<PurposeOptions> purposes, DateTimeOffset endedAt, DateTimeOffset? consentUntil = null)
    {
        ArgumentNullException.ThrowIfNull(purposes);
        return
        [
            .. purposes.Select(purpose =>
            {
                var until = endedAt + purpose.Retention;
                return new RetentionTerm(purpose.Id, purpose.Basis, purpose.Basis == LawfulBasis.Consent && consentUntil < until ? consentUntil.Value : until);
            }),
        ];
    }

    /// <summary>When the last of the terms ends; null where there are none.</summary>
    public static DateTimeOffset? Until(IReadOnlyList<RetentionTerm> terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Count == 0 ? null : terms.Max(term => term.Until);
    }

    /// <summary>The terms that still run.</summary>
    public static IReadOnlyList<RetentionTerm> Running(IReadOnlyList<RetentionTerm> terms, DateTimeOffset now) => [.. terms.Where(term => term.Until > now)];

    /// <summary>What is left when consent was withdrawn (GDPR art. 7(3)): from the named purposes, or from all.</summary>
    public static IReadOnlyList<RetentionTerm> WithoutConsent(IReadOnlyList<RetentionTerm> terms, IReadOnlyCollection<string>? purposes = null) =>
        [.. terms.Where(term => term.Basis != LawfulBasis.Consent || purposes?.Contains(term.Purpose) == false)];

    /// <summary>What is left when the person objected (GDPR art. 21(1)) and no compelling ground was put against it.</summary>
    public static IReadOnlyList<RetentionTerm> WithoutObjected(IReadOnlyList<RetentionTerm> terms) =>
        [.. terms.Where(term => term.Basis is not (LawfulBasis.LegitimateInterests or LawfulBasis.PublicTask))];

    /// <summary>
    /// The terms after a call was reclassified: those of the new purposes. A purpose that rests on a consent nobody gave is no purpose
    /// of this recording, whoever reclassifies it: it stays out.
    /// </summary>
    /// <param name="before">The terms until now.</param>
    /// <param name="purposes">The purposes from now on.</param>
    /// <param name="endedAt">The call's end.</param>
    public static IReadOnlyList<RetentionTerm> Reclassified(IReadOnlyList<RetentionTerm> before, IEnumerable<PurposeOptions> purposes, DateTimeOffset endedAt)
    {
        var granted = before.Where(term => term.Basis == LawfulBasis.Consent).ToDictionary(term => term.Purpose, term => term.Until);
        return
        [
            .. Terms(purposes, endedAt)
                .Where(term => term.Basis != LawfulBasis.Consent || granted.ContainsKey(term.Purpose))
                .Select(term => term.Basis == LawfulBasis.Consent && granted[term.Purpose] < term.Until ? term with { Until = granted[term.Purpose] } : term),
        ];
    }
}
