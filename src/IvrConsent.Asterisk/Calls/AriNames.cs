using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Asterisk.Calls;

/// <summary>
/// The ids that we give to things on the PBX. All derive from the call's id, so a worker that was restarted finds what its
/// forerunner left behind.
/// </summary>
internal static class AriNames
{
    private const string Prefix = "ivrc-";
    private const string SnoopMark = "-rec-";
    private const string OtherSnoopMark = "-re2-";
    private const string WhisperMark = "-whi-";
    private const string CallerHalf = "-caller";
    private const string OtherHalf = "-other";
    private const int IdLength = 32;

    /// <summary>Playbacks of one call are numbered in a ring of this size: what there is to search for after a restart.</summary>
    public const int PlaybackRing = 32;

    /// <summary>Asterisk takes ids of up to 149 characters.</summary>
    public const int LongestRecordingName = 149 - 5 - IdLength - 5 - 7;

    public static string Playback(CallId call, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{call}-p{((number - 1) % PlaybackRing) + 1}");

    /// <summary>The snoop channel that a recording is made on. It carries the recording's name: ARI has no list of live recordings.</summary>
    public static string Snoop(CallId call, string recording) => $"{Prefix}{call}{SnoopMark}{recording}";

    /// <summary>The same again, where the first id is still taken by a forerunner's channel; and back.</summary>
    public static string OtherSnoop(string snoop)
    {
        var mark = snoop.AsSpan(Prefix.Length + IdLength, SnoopMark.Length);
        return string.Concat(
            snoop.AsSpan(0, Prefix.Length + IdLength),
            mark.SequenceEqual(SnoopMark) ? OtherSnoopMark : SnoopMark,
            snoop.AsSpan(Prefix.Length + IdLength + SnoopMark.Length));
    }

    /// <summary>The channel that a prompt is whispered from; one at a time in a call, numbered as its playback is.</summary>
    public static string Whisper(CallId call, int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{call}{WhisperMark}{((number - 1) % PlaybackRing) + 1}");

    public static bool IsWhisper(string channel) =>
        IsOurs(channel) && channel.Length > Prefix.Length + IdLength && channel.AsSpan(Prefix.Length + IdLength).StartsWith(WhisperMark, StringComparison.Ordinal);

    /// <summary>The two recordings that one with two channels is made of: what the caller says, and what the caller hears.</summary>
    public static (string Caller, string Other) Halves(string recording) => (recording + CallerHalf, recording + OtherHalf);

    /// <summary>The recording with two channels that this one is half of; itself where it is no half.</summary>
    public static string WholeOf(string recording)
    {
        var whole = recording.EndsWith(CallerHalf, StringComparison.Ordinal) ? recording[..^CallerHalf.Length]
            : recording.EndsWith(OtherHalf, StringComparison.Ordinal) ? recording[..^OtherHalf.Length]
            : recording;
        return RecordingNames.IsStereo(whole) ? whole : recording;
    }

    /// <summary>Whether a channel is one of ours: never a call.</summary>
    public static bool IsOurs(string channel) => channel.StartsWith(Prefix, StringComparison.Ordinal);

    public static bool TryReadSnoop(string channel, out CallId call, [NotNullWhen(true)] out string? recording)
    {
        recording = null;
        call = default;
        var nameAt = Prefix.Length + IdLength + SnoopMark.Length;
        if (channel.Length <= nameAt || !IsOurs(channel)
            || !(channel.AsSpan(Prefix.Length + IdLength, SnoopMark.Length) is SnoopMark or OtherSnoopMark)
            || !CallId.TryParse(channel.Substring(Prefix.Length, IdLength), out call))
        {
            return false;
        }

        recording = channel[nameAt..];
        return true;
    }
}
