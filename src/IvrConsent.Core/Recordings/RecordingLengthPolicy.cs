using IvrConsent.Core.Ledger;

namespace IvrConsent.Core.Recordings;

/// <summary>Whether a finished file holds the recorded part of the call.</summary>
public static class RecordingLengthPolicy
{
    /// <summary>Below this a call may rightly leave an empty file: the PBX writes in steps of 20 ms and starts with a step's delay.</summary>
    public static readonly TimeSpan TooShortToJudge = TimeSpan.FromMilliseconds(500);

    /// <summary>The failure's word (<see cref="RecordingFailures"/>), or null when the file is as it must be.</summary>
    /// <param name="file">The file; null when there is none.</param>
    /// <param name="expected">Length of the recorded part of the call; null when unknown (then only missing and empty are found).</param>
    public static string? Judge(StoredRecording? file, TimeSpan? expected)
    {
        if (file is null)
        {
            return RecordingFailures.Missing;
        }

        if (expected < TooShortToJudge)
        {
            return null;
        }

        if (file.Length <= TimeSpan.Zero)
        {
            return RecordingFailures.Empty;
        }

        if (file.Complete <= TimeSpan.Zero)
        {
            return RecordingFailures.Truncated;
        }

        // Clocks of recorder and signalling drift apart with the length; half a second covers the ends.
        return expected is { } length && file.Complete < length - TimeSpan.FromMilliseconds(500) - (length / 100)
            ? RecordingFailures.Truncated
            : null;
    }
}
