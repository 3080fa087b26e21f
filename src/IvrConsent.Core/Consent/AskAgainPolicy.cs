using IvrConsent.Core.Calls;

namespace IvrConsent.Core.Consent;

/// <summary>Whether a caller who has answered before is asked again. Default: always.</summary>
public sealed record AskAgainOptions
{
    /// <summary>A consent younger than this to the same notice, purposes and controller stands for this call too; null: always asked. Whole days, 1 to 3650.</summary>
    public TimeSpan? ReuseConsent { get; init; }

    /// <summary>Who said no or took the consent back within this time is not asked again, and not recorded; null: always asked. Whole days, 1 to 3650.</summary>
    public TimeSpan? RespectRefusal { get; init; }

    /// <summary>Whether what was said before plays any part.</summary>
    public bool LooksBack => ReuseConsent is not null || RespectRefusal is not null;
}

/// <summary>An earlier answer that stands for this call.</summary>
/// <param name="Status">Given, or refused.</param>
/// <param name="Event">The event that proves it.</param>
/// <param name="Purposes">The purposes, by id; null where the settings name none.</param>
/// <param name="Since">When it was said.</param>
/// <param name="Until">Until when it stands for other calls.</param>
/// <param name="Reason">For a person: why it stands.</param>
public sealed record EarlierAnswer(ConsentStatus Status, Guid Event, IReadOnlyList<string>? Purposes, DateTimeOffset Since, DateTimeOffset Until, string Reason);

/// <summary>Decides whether the question is put again. In doubt it is.</summary>
public static class AskAgainPolicy
{
    /// <summary>Whether a line of the mode puts a question at the call's beginning, which an earlier answer can spare.</summary>
    public static bool CanSpare(ConsentMode mode) => mode is ConsentMode.Explicit or ConsentMode.Granular or ConsentMode.Announce;

    /// <summary>The answer that stands; null: ask. A changed notice, other purposes or another controller is another question.</summary>
    /// <param name="line">The line.</param>
    /// <param name="standing">What the person has said so far; null when nothing, or when the number is withheld.</param>
    /// <param name="now">The time of the call.</param>
    public static EarlierAnswer? Find(LineOptions line, StandingConsent? standing, DateTimeOffset now)
    {
        var named = line.Purposes.Count > 0;
        string[] asked = named
            ? [.. line.Purposes.Where(purpose => purpose.Basis == LawfulBasis.Consent).Select(purpose => purpose.Id)]
            : [StandingConsentPolicy.Recording];
        if (standing is null || asked.Length == 0 || !CanSpare(line.Mode))
        {
            return null;
        }

        var grants = asked.Select(purpose => standing.Grants.GetValueOrDefault(purpose)).OfType<StandingGrant>().Where(grant => IsSameQuestion(line, grant)).ToArray();
        if (grants.Length < asked.Length)
        {
            return null;
        }

        // The oldest: all of it must be young enough.
        var oldest = grants.MinBy(grant => grant.Since)!;
        if (line.AskAgain.ReuseConsent is { } reuse && grants.All(grant => grant.Holds(now)) && now - oldest.Since < reuse && !SaidToMore(standing, grants))
        {
            var until = grants.Select(grant => grant.Until ?? DateTimeOffset.MaxValue).Append(oldest.Since + reuse).Min();
            return new EarlierAnswer(ConsentStatus.Given, oldest.Event, named ? asked : null, oldest.Since, until,
                $"consent to the same notice, purposes and controller, less than {reuse.TotalDays:0} days old");
        }

        if (line.AskAgain.RespectRefusal is { } respect
            && grants.All(grant => grant.Status is StandingStatus.Refused or StandingStatus.Withdrawn) && now - oldest.Since < respect)
        {
            return new EarlierAnswer(ConsentStatus.Refused, oldest.Event, named ? asked : null, oldest.Since, oldest.Since + respect,
                $"said no to the same notice less than {respect.TotalDays:0} days ago");
        }

        return null;
    }

    private static bool IsSameQuestion(LineOptions line, StandingGrant grant) =>
        grant.Notice == line.Notice.Id && grant.NoticeVersion == line.Notice.Version && grant.Controller == line.Controller?.Id;

    /// <summary>The same act granted a purpose that the line no longer has: the purposes were changed since.</summary>
    private static bool SaidToMore(StandingConsent standing, StandingGrant[] grants) =>
        standing.Grants.Values.Any(other => Array.Exists(grants, grant => grant.Event == other.Event) && !Array.Exists(grants, grant => grant.Purpose == other.Purpose));
}
