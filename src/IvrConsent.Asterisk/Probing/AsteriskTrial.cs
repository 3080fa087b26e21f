namespace IvrConsent.Asterisk.Probing;

/// <summary>What became of playing or recording something for trial.</summary>
public enum AsteriskTrialResult
{
    /// <summary>It worked.</summary>
    Worked,

    /// <summary>The PBX refused the request.</summary>
    Refused,

    /// <summary>The PBX took the request and reported a failure, or did not do what it reported.</summary>
    Failed,

    /// <summary>It neither worked nor failed while we waited: a file that is being fetched and does not come.</summary>
    Hung,
}

/// <summary>What became of playing or recording something for trial.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Detail">What was seen, in words.</param>
public sealed record AsteriskTrial(AsteriskTrialResult Result, string Detail)
{
    /// <summary>Whether it worked.</summary>
    public bool Worked => Result == AsteriskTrialResult.Worked;
}

/// <summary>The PBX's clock against ours.</summary>
/// <param name="Ahead">How far the PBX's clock is ahead of ours; negative when it is behind.</param>
/// <param name="RoundTrip">The round trip it was measured over: the difference is known to half of this.</param>
public sealed record AsteriskClock(TimeSpan Ahead, TimeSpan RoundTrip);
