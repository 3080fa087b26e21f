using IvrConsent.Core.Recordings;

namespace IvrConsent.Core.Calls;

/// <summary>One PBX that we are attached to, or try to be.</summary>
public interface IPbx
{
    /// <summary>The settings' name of it.</summary>
    string Name { get; }

    /// <summary>What readiness and the console show.</summary>
    PbxHealth Health { get; }

    /// <summary>
    /// Attaches, delivers calls to <paramref name="handler"/>, and attaches again after every loss until cancelled. After
    /// each attaching, and before anything else is promised, <see cref="ICallHandler.ReconcileAsync"/> is called.
    /// </summary>
    Task RunAsync(ICallHandler handler, CancellationToken cancel);

    /// <summary>
    /// All calls that wait on us inside our application now, whoever took them (a worker before us, perhaps), without those
    /// that this process already has in hand.
    /// </summary>
    Task<IReadOnlyList<ICall>> FindWaitingCallsAsync(CancellationToken cancel);

    /// <summary>The call again, with its departure, digits and recording reported from now on; null when the PBX has it no more.</summary>
    Task<ICall?> ReattachAsync(CallArrival arrival, CancellationToken cancel);

    /// <summary>All recordings of ours that are being written now, as (call, recording).</summary>
    Task<IReadOnlyList<LiveRecording>> FindLiveRecordingsAsync(CancellationToken cancel);

    /// <summary>The finished recording with this name; null when there is none.</summary>
    Task<StoredRecording?> FindStoredRecordingAsync(string name, CancellationToken cancel);

    /// <summary>
    /// The bytes of a finished recording, from the first on, as long as the caller reads; to be disposed of by the caller. Null when
    /// there is none. <see cref="PbxException"/> or <see cref="IOException"/> while it is read: it came no further.
    /// </summary>
    Task<Stream?> OpenStoredRecordingAsync(string name, CancellationToken cancel);

    /// <summary>The names of all finished recordings of ours that lie on the PBX.</summary>
    Task<IReadOnlyList<string>> ListStoredRecordingsAsync(CancellationToken cancel);

    /// <summary>Deletes a finished recording; nothing happens when there is none.</summary>
    Task DeleteStoredRecordingAsync(string name, CancellationToken cancel);
}

/// <summary>A recording of ours found running on the PBX.</summary>
/// <param name="CallId">The call, read from the recording's own name.</param>
/// <param name="Recording">Its handle.</param>
public sealed record LiveRecording(CallId CallId, IRecording Recording);

/// <summary>Takes the calls of a PBX.</summary>
public interface ICallHandler
{
    /// <summary>False while shutting down: an offered call is then left to another worker or to the dialplan.</summary>
    bool Accepting { get; }

    /// <summary>Leads one call from its arrival to its end. Never throws.</summary>
    Task HandleAsync(IPbx pbx, ICall call);

    /// <summary>Finds and puts right what happened while we were not attached. Throws only when <paramref name="cancel"/> is cancelled.</summary>
    Task ReconcileAsync(IPbx pbx, CancellationToken cancel);
}

/// <summary>State of the attachment to one PBX.</summary>
/// <param name="Attached">Events flow and requests are answered.</param>
/// <param name="Since">Since when it is so (UTC).</param>
/// <param name="Detail">For a person: the version, or what went wrong last and what to do.</param>
public sealed record PbxHealth(bool Attached, DateTimeOffset Since, string Detail);
