using IvrConsent.Core.Calls;

namespace IvrConsent.Core.Consent;

/// <summary>Whether a playback that the PBX calls completed was really heard (promise 4).</summary>
public static class HeardPolicy
{
    /// <summary>
    /// The PBX's own start and end reports wander by some ten milliseconds; a missing or broken file "completes" at once, one
    /// that was cut by hold or a transfer completes early. In between lies this allowance.
    /// </summary>
    public static readonly TimeSpan Allowance = TimeSpan.FromMilliseconds(300);

    /// <summary>True when all of the prompt went out, within the allowance (a fifth of the length for short prompts).</summary>
    public static bool HeardInFull(PlaybackEnd end, TimeSpan length)
    {
        var allowance = length / 5 < Allowance ? length / 5 : Allowance;
        return end.Result == PlaybackResult.Completed && end.StartedAt is not null && end.Heard >= length - allowance;
    }
}
