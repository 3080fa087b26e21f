using System.Text.Json.Serialization;

namespace IvrConsent.Core.Calls;

/// <summary>How the call ended, whatever the caller said to recording (that is <see cref="Consent.ConsentStatus"/>).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Termination>))]
public enum Termination
{
    /// <summary>Went back to the dialplan and ended there, whoever hung up.</summary>
    Completed,

    /// <summary>The caller hung up before we had given the call back.</summary>
    CallerHungUp,

    /// <summary>We hung up, because the line says so.</summary>
    EndedByLine,

    /// <summary>The PBX took the call back by itself, or refused an order in the dialogue; the call went on unrecorded.</summary>
    PbxFailed,

    /// <summary>The PBX was restarted or unreachable, and the call was gone when it was back.</summary>
    PbxLost,

    /// <summary>The worker that had the call died, and the call was over when another looked for it.</summary>
    WorkerLost,

    /// <summary>The worker was stopped before the dialogue was over; the call went on unrecorded.</summary>
    Shutdown,
}
