namespace IvrConsent.Asterisk.Ari;

/// <summary>The messages of ARI that mean something to us.</summary>
internal enum AriEventType
{
    Unknown,
    StasisStart,
    StasisEnd,
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelDtmfReceived,
    ChannelVarset,
    PlaybackStarted,
    PlaybackFinished,
    RecordingStarted,
    RecordingFinished,
    RecordingFailed,
    CallBroadcast,
    ApplicationReplaced,
    RestResponse,
}

/// <summary>
/// One message from the event socket, all models in one flat object. It is read, dispatched and used again for the next
/// message: who needs something of it later copies the values.
/// </summary>
internal sealed class AriEvent
{
    public AriEventType Type;
    public string? Application;
    public DateTimeOffset? Timestamp;

    public string? ChannelId;
    public bool ChannelUp;
    public DateTimeOffset? ChannelCreatedAt;
    public string? CallerNumber;
    public string? Extension;

    public readonly List<string> Args = [];
    public int? Cause;
    public char Digit;

    /// <summary>Of ChannelVarset; the value only where somebody hears the variable.</summary>
    public string? Variable;
    public string? Value;

    /// <summary>Where in the message the value stands: read only when its variable is heard.</summary>
    public Range ValueAt;

    public string? PlaybackId;
    public bool PlaybackFailed;

    public string? RecordingName;
    public string? RecordingCause;

    public int RequestId;
    public int StatusCode;

    /// <summary>Where in the message the body of a response stands, with its quotes; read only when somebody wants it.</summary>
    public Range Body;

    public void Reset()
    {
        Type = AriEventType.Unknown;
        Application = ChannelId = CallerNumber = Extension = PlaybackId = RecordingName = RecordingCause = Variable = Value = null;
        Timestamp = ChannelCreatedAt = null;
        ChannelUp = PlaybackFailed = false;
        Args.Clear();
        Cause = null;
        Digit = '\0';
        RequestId = StatusCode = 0;
        Body = ValueAt = default;
    }
}
