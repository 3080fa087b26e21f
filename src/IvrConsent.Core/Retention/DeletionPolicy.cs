using System.Globalization;
using System.Text.Json.Serialization;
using IvrConsent.Core.Consent;

namespace IvrConsent.Core.Retention;

/// <summary>Why a recording is to be deleted.</summary>
public enum DeletionCause
{
    /// <summary>Its date has come (GDPR art. 5(1)(e)).</summary>
    RetentionEnded,

    /// <summary>The person asked for erasure (GDPR art. 17), which takes back every consent and objects to what can be objected to.</summary>
    ErasureRequested,

    /// <summary>The consent was withdrawn (GDPR art. 7(3), 17(1)(b)).</summary>
    ConsentWithdrawn,

    /// <summary>An objection was upheld (GDPR art. 21(1), 17(1)(c)).</summary>
    ObjectionUpheld,

    /// <summary>The ledger has no ground for it, and somebody decided that there is none (GDPR art. 6(1), 17(1)(d)).</summary>
    NoGround,
}

/// <summary>What keeps a recording that somebody wants deleted.</summary>
/// <param name="Article">The rule, for example <c>GDPR 17(3)(b)</c>.</param>
/// <param name="Why">In words.</param>
/// <param name="Until">How long it keeps it; null: no end is known.</param>
public sealed record KeptBy(string Article, string Why, DateTimeOffset? Until)
{
    /// <summary>The hold, where it is one; for who says it in another language.</summary>
    [JsonIgnore]
    public LegalHold? Hold { get; init; }

    /// <summary>The purpose that has not ended, where it is one.</summary>
    [JsonIgnore]
    public RetentionTerm? Term { get; init; }
}

/// <summary>Whether a recording is deleted, and why or why not.</summary>
/// <param name="Delete">Whether.</param>
/// <param name="Reason">In words, for the ledger and the certificate.</param>
/// <param name="Kept">What keeps it; empty when it is deleted.</param>
public sealed record DeletionDecision(bool Delete, string Reason, IReadOnlyList<KeptBy> Kept);

/// <summary>
/// Whether a recording may be deleted. One function for the sweep, for erasure, for withdrawal and for objection: there is no other
/// way to the destruction of a key.
/// </summary>
public static class DeletionPolicy
{
    /// <summary>Decides.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="cause">Why it is to go.</param>
    /// <param name="holds">The holds; those that do not cover it or are not in force do not count.</param>
    /// <param name="now">The time.</param>
    public static DeletionDecision Decide(RetainedRecording recording, DeletionCause cause, IEnumerable<LegalHold> holds, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(recording);
        var kept = holds
            .Where(hold => hold.IsInForce(now) && hold.Scope.Covers(recording))
            .Select(hold => new KeptBy("GDPR 17(3)(e)", $"legal hold {hold.Id} of {hold.Owner}: {hold.Reason}", hold.EndsAt) { Hold = hold })
            .ToList();

        // Who had it restricted opposes its erasure, although nothing allows to use it any more, or needs it for a claim (art. 18(1)(b), (c)); and but for storing it nothing
        // may be done with it without that person's consent (18(2)), of which erasing is a part (4(2)). To take back the consent to a recording, or to object to it, ends its
        // use and is no such consent: until the restriction is lifted it is kept. To ask for the erasure itself is one: who asks for that (17(1)) opposes it no longer.
        if (recording.RestrictedBy is { } restriction && cause != DeletionCause.ErasureRequested)
        {
            kept.Add(new KeptBy("GDPR 18(1)", $"the person had it restricted (case {restriction}), until that is lifted", null));
        }

        if (cause == DeletionCause.RetentionEnded && recording.RetainUntil is null)
        {
            kept.Add(new KeptBy("none", "no purpose gives it a date: name purposes in the settings and reclassify it", null));
        }

        kept.AddRange(Left(recording.Terms, cause, now).Select(term => Ground(term) with { Term = term }));
        return kept.Count == 0
            ? new DeletionDecision(true, Words(cause, recording), [])
            : new DeletionDecision(false, string.Join("; ", kept.Select(one => $"{one.Why} ({one.Article})")), kept);
    }

    /// <summary>The terms that the cause does not end.</summary>
    public static IReadOnlyList<RetentionTerm> Left(IReadOnlyList<RetentionTerm> terms, DeletionCause cause, DateTimeOffset now)
    {
        var running = RetentionPolicy.Running(terms, now);
        return cause switch
        {
            DeletionCause.ConsentWithdrawn => RetentionPolicy.WithoutConsent(running),
            DeletionCause.ObjectionUpheld => RetentionPolicy.WithoutObjected(running),

            // A public task keeps what was asked to be erased (17(3)(b)); legitimate interests do not, as the request objects to them (17(1)(c)).
            DeletionCause.ErasureRequested => [.. RetentionPolicy.WithoutConsent(running).Where(term => term.Basis != LawfulBasis.LegitimateInterests)],
            _ => running,
        };
    }

    private static KeptBy Ground(RetentionTerm term) => term.Basis switch
    {
        LawfulBasis.LegalObligation => new("GDPR 17(3)(b)", $"a legal obligation: {term.Purpose}, until {Day(term.Until)}", term.Until),
        LawfulBasis.PublicTask => new("GDPR 17(3)(b)", $"a task in the public interest: {term.Purpose}, until {Day(term.Until)}", term.Until),
        LawfulBasis.Contract => new("GDPR 17(3)(e)", $"the contract and claims from it: {term.Purpose}, until {Day(term.Until)}", term.Until),
        LawfulBasis.VitalInterests => new("GDPR 17(1)(a)", $"still necessary for vital interests: {term.Purpose}, until {Day(term.Until)}", term.Until),
        LawfulBasis.LegitimateInterests => new("GDPR 17(1)(a)", $"still necessary: {term.Purpose}, until {Day(term.Until)}", term.Until),
        _ => new("GDPR 17(1)(b)", $"consent that still holds: {term.Purpose}, until {Day(term.Until)}", term.Until),
    };

    private static string Words(DeletionCause cause, RetainedRecording recording) => cause switch
    {
        DeletionCause.RetentionEnded => $"retention ended on {Day(recording.RetainUntil!.Value)}",
        DeletionCause.ErasureRequested => "the person asked for erasure (GDPR 17(1)) and no other ground keeps it",
        DeletionCause.ConsentWithdrawn => "consent was withdrawn (GDPR 17(1)(b)) and no other ground keeps it",
        DeletionCause.NoGround => "it was made without a ground (GDPR 17(1)(d))",
        _ => "the person objected (GDPR 17(1)(c)) and no other ground keeps it",
    };

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
