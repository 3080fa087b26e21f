using System.Text.Json.Serialization;

namespace IvrConsent.Core.Consent;

/// <summary>
/// What the caller said to being recorded. Says nothing of how the call ended: that is <see cref="Calls.Termination"/>.
/// Silence is not refusal, and failure is neither (promise 8).
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConsentStatus>))]
public enum ConsentStatus
{
    /// <summary>The question was never properly put: no line, notice missing or cut by a fault, storage or PBX failed.</summary>
    NotAsked,

    /// <summary>The caller pressed the accept key after the notice had begun.</summary>
    Given,

    /// <summary>The caller pressed the decline key.</summary>
    Refused,

    /// <summary>The notice was heard and no key came, as often as the line asks.</summary>
    NoResponse,

    /// <summary>Only keys came that mean nothing on this line.</summary>
    InvalidInput,

    /// <summary>The caller hung up before answering.</summary>
    Abandoned,

    /// <summary>Given, and taken back in the call (GDPR art. 7(3)).</summary>
    Withdrawn,
}
