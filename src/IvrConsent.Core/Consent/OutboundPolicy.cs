namespace IvrConsent.Core.Consent;

/// <summary>Whether a person may be called for a purpose.</summary>
/// <param name="Allowed">Whether the call may be placed.</param>
/// <param name="Reason">Why, as a stable word (<see cref="OutboundReasons"/>).</param>
/// <param name="BasisEvent">The event that decides; null when there is none.</param>
/// <param name="ExpiresAt">Until when the answer's consent holds, or held; null: no end.</param>
public sealed record OutboundAnswer(bool Allowed, string Reason, Guid? BasisEvent = null, DateTimeOffset? ExpiresAt = null);

/// <summary>The words of <see cref="OutboundAnswer.Reason"/>.</summary>
public static class OutboundReasons
{
    /// <summary>The person consented.</summary>
    public const string Consent = "consent";

    /// <summary>The purpose rests on another ground than consent, and nothing speaks against it.</summary>
    public const string OtherBasis = "other-basis";

    /// <summary>The person asked not to be called.</summary>
    public const string OptedOut = "opted-out";

    /// <summary>The consent was given for a time that is over.</summary>
    public const string Expired = "expired";

    /// <summary>The consent was taken back.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>The person said no.</summary>
    public const string Refused = "refused";

    /// <summary>The person objected (GDPR art. 21).</summary>
    public const string Objected = "objected";

    /// <summary>Nothing is known of the person for this purpose.</summary>
    public const string NoConsent = "no-consent";

    /// <summary>What is called the number holds neither digit nor letter: nobody could be found under it.</summary>
    public const string NoNumber = "no-number";

    /// <summary>The answer could not be put on record, or entries wait that the database does not show yet: nobody is called on a guess.</summary>
    public const string LedgerUnavailable = "ledger-unavailable";
}

/// <summary>
/// Decides, before dialling, whether a person may be called for a purpose. An opt-out wins over everything. Where the ground is consent, only a
/// consent that holds permits the call: what is unknown is not permitted (German UWG § 7, ePrivacy directive art. 13).
/// </summary>
public static class OutboundPolicy
{
    /// <summary>The answer.</summary>
    /// <param name="purpose">What the call is for.</param>
    /// <param name="basis">The purpose's ground; <see cref="LawfulBasis.Consent"/>, the strictest, for a purpose that the settings do not have.</param>
    /// <param name="standing">How the person stands; null when nothing is known of them.</param>
    /// <param name="now">The time of the question.</param>
    public static OutboundAnswer Decide(string purpose, LawfulBasis basis, StandingConsent? standing, DateTimeOffset now)
    {
        if (standing?.OptOutFrom(purpose) is { } optOut)
        {
            return new OutboundAnswer(false, OutboundReasons.OptedOut, optOut.Event);
        }

        var grant = standing?.Grants.GetValueOrDefault(purpose);
        return basis switch
        {
            LawfulBasis.Consent => ByConsent(grant, now),

            // Only these two end by a mere objection (art. 21); a contract or a duty does not.
            LawfulBasis.LegitimateInterests or LawfulBasis.PublicTask when grant is { Status: not StandingStatus.Given } => Refusal(grant),
            _ => new OutboundAnswer(true, OutboundReasons.OtherBasis, grant?.Event),
        };
    }

    private static OutboundAnswer ByConsent(StandingGrant? grant, DateTimeOffset now) => grant switch
    {
        null => new OutboundAnswer(false, OutboundReasons.NoConsent),
        { Status: StandingStatus.Given } when grant.Holds(now) => new OutboundAnswer(true, OutboundReasons.Consent, grant.Event, grant.Until),
        { Status: StandingStatus.Given } => new OutboundAnswer(false, OutboundReasons.Expired, grant.Event, grant.Until),
        _ => Refusal(grant),
    };

    private static OutboundAnswer Refusal(StandingGrant grant) => new(
        false,
        grant.Status switch
        {
            StandingStatus.Refused => OutboundReasons.Refused,
            StandingStatus.Withdrawn => OutboundReasons.Withdrawn,
            _ => OutboundReasons.Objected,
        },
        grant.Event);
}
