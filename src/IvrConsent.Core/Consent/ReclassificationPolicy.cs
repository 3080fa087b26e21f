namespace IvrConsent.Core.Consent;

/// <summary>What a call may be said to be recorded for, while it runs or after it.</summary>
public static class ReclassificationPolicy
{
    /// <summary>
    /// Null when it may; else why not, for a person. A purpose on another ground than consent may be added (a contract was concluded);
    /// one that rests on consent only when this caller granted it, for nobody else can.
    /// </summary>
    /// <param name="known">The purposes of the line.</param>
    /// <param name="granted">Those that the caller consented to, and did not withdraw from.</param>
    /// <param name="objected">Whether the caller objected (GDPR art. 21): then nothing is added that must give way to it.</param>
    /// <param name="wanted">All purposes from now on.</param>
    public static string? Refusal(IReadOnlyList<PurposeOptions> known, IReadOnlyCollection<string> granted, bool objected, IReadOnlyCollection<string> wanted)
    {
        if (wanted.Count == 0)
        {
            return "no purpose was named: a recording without one has no ground; stop it instead";
        }

        foreach (var id in wanted)
        {
            if (known.FirstOrDefault(purpose => purpose.Id == id) is not { } purpose)
            {
                return known.Count == 0 ? "the line has no purposes" : $"a purpose is not one of the line's, which are: {string.Join(", ", known.Select(one => one.Id))}";
            }

            if (purpose.Basis == LawfulBasis.Consent && !granted.Contains(id))
            {
                return $"{id} rests on consent, and the caller has not granted it";
            }

            if (objected && purpose.Basis is (LawfulBasis.LegitimateInterests or LawfulBasis.PublicTask))
            {
                return $"{id} gives way to an objection, and the caller has objected";
            }
        }

        return null;
    }
}
