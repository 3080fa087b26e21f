using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>How a phone sends the keys its user presses.</summary>
public enum DtmfMode
{
    /// <summary>Events in the RTP stream, in place of the voice (RFC 4733, formerly RFC 2833).</summary>
    Rfc4733,

    /// <summary>SIP INFO with application/dtmf-relay.</summary>
    Info,

    /// <summary>The two tones themselves, as sound.</summary>
    InBand,
}

/// <summary>What both ends of a call can choose about sound and keys.</summary>
public abstract record VoiceOptions
{
    /// <summary>Codecs in order of preference.</summary>
    public IReadOnlyList<VoiceCodec> Codecs { get; init; } = [VoiceCodec.Pcmu, VoiceCodec.Pcma];

    /// <summary>How keys are sent.</summary>
    public DtmfMode Dtmf { get; init; } = DtmfMode.Rfc4733;

    /// <summary>The payload type offered for telephone-event; null offers none. An answer repeats the offer's.</summary>
    public int? TelephoneEventPayloadType { get; init; } = 101;

    /// <summary>The tone that stands for this side's voice; null is silence.</summary>
    public Tone? Voice { get; init; }

    /// <summary>False: no RTP at all is sent, not even silence.</summary>
    public bool SendsAudio { get; init; } = true;
}

/// <summary>A call to be placed.</summary>
public sealed record CallOptions : VoiceOptions
{
    /// <summary>The user part of the From URI.</summary>
    public string FromUser { get; init; } = "caller";

    /// <summary>The display name in From, quoted as it should be; null for none.</summary>
    public string? FromDisplay { get; init; }

    /// <summary>
    /// The From value sent as it stands, in place of user and display: broken quotes, line folds, anything. A tag is put
    /// behind it if it has none.
    /// </summary>
    public string? RawFrom { get; init; }

    /// <summary>Withholds the number: an anonymous From (RFC 3323) and <c>Privacy: id</c>.</summary>
    public bool Anonymous { get; init; }

    /// <summary>A P-Asserted-Identity value (RFC 3325), for example <c>&lt;sip:+4930123@trunk&gt;</c>.</summary>
    public string? AssertedIdentity { get; init; }

    /// <summary>Further headers of the INVITE.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>How long to wait for an answer before giving up.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How an incoming call is taken.</summary>
public sealed record AnswerOptions : VoiceOptions
{
    /// <summary>How long it rings (180) before the answer.</summary>
    public TimeSpan RingFor { get; init; }

    /// <summary>A final status such as 486 or 603 to refuse with, after ringing; null answers.</summary>
    public int? RejectWith { get; init; }
}
