namespace IvrConsent.TestKit.Sip;

/// <summary>Who or what ended a call.</summary>
public enum HangupBy
{
    /// <summary>This phone's user: BYE, CANCEL or a refusal sent.</summary>
    Us,

    /// <summary>The far side: BYE or CANCEL received.</summary>
    FarSide,

    /// <summary>The far side refused the call with a final status of 300 or above.</summary>
    Rejected,

    /// <summary>Nothing more was heard of the far side.</summary>
    Lost,
}

/// <summary>How a call ended.</summary>
/// <param name="By">Who ended it.</param>
/// <param name="Status">The final SIP status where the call was never answered; 200 for a BYE.</param>
/// <param name="Text">The Reason header of BYE or CANCEL (RFC 3326), or the reason phrase.</param>
public sealed record HangupReason(HangupBy By, int Status, string? Text);

/// <summary>A call, a transfer or a request inside a call was refused.</summary>
public sealed class SipCallFailedException : Exception
{
    public SipCallFailedException()
    {
    }

    public SipCallFailedException(string message)
        : base(message)
    {
    }

    public SipCallFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public SipCallFailedException(string what, int status, string reasonPhrase)
        : base($"{what} was refused: {status} {reasonPhrase}")
    {
        Status = status;
        ReasonPhrase = reasonPhrase;
    }

    /// <summary>The final SIP status.</summary>
    public int Status { get; }

    public string ReasonPhrase { get; } = "";
}
