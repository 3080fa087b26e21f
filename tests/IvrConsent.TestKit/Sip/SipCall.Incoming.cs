using System.Net;

namespace IvrConsent.TestKit.Sip;

// The called side: ringing, answering, refusing, being cancelled.
public sealed partial class SipCall
{
    private TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static SipCall Receive(SipPhone phone, SipMessage invite, IPEndPoint from) =>
        new(phone, SipDialog.Incoming(invite, from, phone.Contact), placed: false, invite, from, new AnswerOptions());

    internal void Ring()
    {
        SetState(SipCallState.Ringing);
        Respond(_invite, _inviteFrom, 180);
    }

    /// <summary>Rings on, then answers or rejects, as the options say.</summary>
    internal async Task TakeAsync(AnswerOptions options, CancellationToken ct)
    {
        if (options.RingFor > TimeSpan.Zero)
        {
            await Task.WhenAny(Ended, Task.Delay(options.RingFor, ct));
            ct.ThrowIfCancellationRequested();
        }

        if (options.RejectWith is { } status)
        {
            await RejectAsync(status, ct);
        }
        else
        {
            await AcceptAsync(options, ct);
        }
    }

    internal void TakeCancel(SipMessage cancel)
    {
        if (State < SipCallState.Answered)
        {
            _ = RefuseAsync(487, new HangupReason(HangupBy.FarSide, 487, cancel["Reason"]), CancellationToken.None);
        }
    }

    private async Task AcceptAsync(AnswerOptions options, CancellationToken ct)
    {
        if (State != SipCallState.Ringing)
        {
            throw new SipCallFailedException($"The call cannot be answered any more: {this}.");
        }

        _options = options;
        _stream = new RtpStream(_phone.Local.Address, options, Heard, _inbox);
        var (status, body) = AnswerTo(_invite);
        if (status != 200)
        {
            await RejectAsync(status, ct);
            throw new SipCallFailedException("The offer", status, SipStatus.Phrase(status));
        }

        if (!SetState(SipCallState.Answered))
        {
            await _stream.DisposeAsync();
            throw new SipCallFailedException($"The call ended before it was answered: {this}.");
        }

        if (!await RespondUntilAckAsync(_invite, _inviteFrom, body).WaitAsync(ct))
        {
            End(new HangupReason(HangupBy.Lost, 200, "The answer was not acknowledged."));
            throw new SipCallFailedException($"The answer was not acknowledged: {this}.");
        }
    }

    private Task<bool> RespondUntilAckAsync(SipMessage invite, IPEndPoint from, string sdp)
    {
        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _acknowledged = acknowledged;
        var response = Response(invite, 200).WithBody("application/sdp", sdp);
        return _phone.Transport.RespondUntilAsync(acknowledged.Task, invite, from, response);
    }

    private async Task RefuseAsync(int status, HangupReason reason, CancellationToken ct)
    {
        if (!End(reason))
        {
            return;
        }

        var acknowledged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _acknowledged = acknowledged;
        await _phone.Transport.RespondUntilAsync(acknowledged.Task, _invite, _inviteFrom, Response(_invite, status)).WaitAsync(ct);
    }

    private void TakeAck(SipMessage ack)
    {
        if (_offerIsOurs && Sdp.Parse(ack.Body) is { } answer)
        {
            Agree(answer, offerWasTheirs: false);
        }

        _acknowledged.TrySetResult();
    }
}
