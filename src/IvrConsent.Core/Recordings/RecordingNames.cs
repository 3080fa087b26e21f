using System.Globalization;
using IvrConsent.Core.Calls;

namespace IvrConsent.Core.Recordings;

/// <summary>
/// The names of a call's recordings on the PBX: <c>ivrc-CALL</c>, from the second on <c>ivrc-CALL-2</c>, and <c>-2ch</c> behind it where
/// it has two channels. So whoever finds one, a worker after a restart as well, knows whose it is and what it consists of.
/// </summary>
public static class RecordingNames
{
    /// <summary>What every recording's name begins with; the call's id follows.</summary>
    public const string Prefix = "ivrc-";

    /// <summary>What the name of a recording with two channels ends in.</summary>
    public const string StereoMark = "-2ch";

    private const int IdLength = 32;

    /// <summary>Name of a call's recording.</summary>
    /// <param name="id">The call.</param>
    /// <param name="number">From 1: which of its recordings.</param>
    /// <param name="channels">One channel or two.</param>
    public static string Of(CallId id, int number, RecordingChannels channels) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{id}{(number > 1 ? "-" : string.Empty)}{(number > 1 ? number : string.Empty)}{(channels == RecordingChannels.Stereo ? StereoMark : string.Empty)}");

    /// <summary>Whether a recording of this name has two channels.</summary>
    public static bool IsStereo(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(StereoMark, StringComparison.Ordinal);
    }

    /// <summary>The call that a recording's name belongs to; null where it is none of ours.</summary>
    public static CallId? CallOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length >= Prefix.Length + IdLength && CallId.TryParse(name.Substring(Prefix.Length, IdLength), out var id)
            ? id
            : null;
    }

    /// <summary>Which of its call's recordings it is, from 1; 1 as well where the name does not say.</summary>
    public static int NumberOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var rest = name.AsSpan(Math.Min(name.Length, Prefix.Length + IdLength));
        rest = IsStereo(name) ? rest[..Math.Max(0, rest.Length - StereoMark.Length)] : rest;
        return rest.Length > 1 && int.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 1;
    }
}
