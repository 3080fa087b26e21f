namespace IvrConsent.Core.Recordings;

/// <summary>What to record and how.</summary>
/// <param name="Name">The recording's name on the PBX, safe as a file name.</param>
/// <param name="Format">The PBX's name of the file format, for example <c>wav</c> (8 kHz) or <c>wav16</c> (16 kHz).</param>
public sealed record RecordingRequest(string Name, string Format);

/// <summary>How the two parties' voices lie in a recording.</summary>
public enum RecordingChannels
{
    /// <summary>Mixed into one channel.</summary>
    Mono,

    /// <summary>Apart: left what the caller says, right what the caller hears.</summary>
    Stereo,
}

/// <summary>What became of a recording on the PBX.</summary>
/// <param name="Failed">The PBX reported that it failed.</param>
/// <param name="Cause">The PBX's own words on a failure; null otherwise.</param>
/// <param name="StartedAt">When the PBX reported its start (PBX clock, UTC); null when it never did.</param>
/// <param name="EndedAt">When the PBX reported its end (PBX clock, UTC).</param>
public sealed record RecordingEnd(bool Failed, string? Cause, DateTimeOffset? StartedAt, DateTimeOffset EndedAt);

/// <summary>A recording of a call: prepared, then started once, then ended.</summary>
public interface IRecording
{
    /// <summary>The recording's name on the PBX.</summary>
    string Name { get; }

    /// <summary>Completes, never fails, when the recording has ended for whatever reason; stays open while the PBX is lost.</summary>
    Task<RecordingEnd> Ended { get; }

    /// <summary>
    /// Whether a pause is silence in the file, as two channels need to stay together; else it is left out, and the file is shorter by it.
    /// </summary>
    bool PauseIsSilence { get; }

    /// <summary>
    /// Starts to write and returns when the PBX has reported that it does (a 2xx is no proof); answers with the time of that
    /// report. Throws <see cref="Calls.PbxException"/> when it does not start in time; then nothing is left running.
    /// </summary>
    Task<DateTimeOffset> StartAsync(CancellationToken cancel);

    /// <summary>
    /// Ends the recording and keeps the file. Returns when the PBX has reported the end. Where it does not in time, whatever else
    /// ends it is done as well (the channel that it is made on is hung up); <see cref="Calls.PbxException"/> when even that is not
    /// seen to have ended it.
    /// </summary>
    Task StopAsync(CancellationToken cancel);

    /// <summary>
    /// Writes nothing of what is said any more until <see cref="ResumeAsync"/>. Returns when the PBX has said that it is so.
    /// </summary>
    Task PauseAsync(CancellationToken cancel);

    /// <summary>Goes on after a pause, in the same file. Returns when the PBX has said that it is so.</summary>
    Task ResumeAsync(CancellationToken cancel);

    /// <summary>Ends it, started or not, and leaves no file. Safe to call at any time, twice as well.</summary>
    Task DiscardAsync(CancellationToken cancel);
}

/// <summary>A finished recording that lies on the PBX.</summary>
/// <param name="Name">Its name on the PBX.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Length">Length of the sound in it, from the bytes that are really there, not from what a header claims.</param>
public sealed record StoredRecording(string Name, long Bytes, TimeSpan Length)
{
    /// <summary>How much of it holds every channel: less than <see cref="Length"/> where one party's half is short or missing.</summary>
    public TimeSpan Complete { get; init; } = Length;
}
