using System.Diagnostics;
using System.Net;

namespace IvrConsent.TestKit.Sip;

// The call's side of SIP: what is sent and what is made of what comes. The called side
// is in SipCall.Incoming.cs, offers and answers are in SipCall.Media.cs.
public sealed partial class SipCall
{
    private readonly Lock _gate = new();
    private readonly SipPhone _phone;
    private readonly SipDialog _dialog;
    private readonly bool _placed;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly DigitInbox _inbox = new();
    private readonly List<int> _statuses = [];
    private readonly TaskCompletionSource _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<HangupReason> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private VoiceOptions _options;
    private SipCallState _state;
    private SipMessage _invite;
    private IPEndPoint _inviteFrom;
    private SipMessage? _farMessage;
    private bool _cancelling;

    private SipCall(SipPhone phone, SipDialog dialog, bool placed, SipMessage invite, IPEndPoint far, VoiceOptions options)
    {
        (_phone, _dialog, _placed, _invite, _inviteFrom, _options) = (phone, dialog, placed, invite, far, options);
        if (placed)
        {
            FarNumber = SipAddress.Parse($"<{invite.Uri}>").User;
        }
        else
        {
            var from = SipAddress.Parse(invite["From"] ?? "");
            (FarNumber, FarDisplay, _farMessage) = (from.User, from.Display, invite);
        }

        // Nobody has to wait for either.
        _ = _rung.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _ = _answered.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    internal string LocalTag => _dialog.LocalTag;

    /// <summary>The transaction a CANCEL names.</summary>
    internal string InviteBranch => _placed ? "" : _invite.Branch;

    internal static SipCall Place(SipPhone phone, IPEndPoint destination, string uri, CallOptions options, IReadOnlyList<(string Name, string Value)> more)
    {
        var from = options switch
        {
            { RawFrom: { } raw } => raw,
            { Anonymous: true } => "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
            { FromDisplay: { } display } => $"{SipAddress.Quote(display)} <sip:{options.FromUser}@{phone.Local}>",
            _ => $"<sip:{options.FromUser}@{phone.Local}>",
        };
        var dialog = SipDialog.Outgoing(from, uri, destination, phone.Contact);
        var invite = dialog.Request("INVITE").Add("Allow", SipPhone.Methods).Add("Supported", "replaces");
        if (options.Anonymous)
        {
            invite.Add("Privacy", "id");
        }

        if (options.AssertedIdentity is { } identity)
        {
            invite.Add("P-Asserted-Identity", identity);
        }

        foreach (var (name, value) in options.Headers.Concat(more))
        {
            invite.Add(name, value);
        }

        var call = new SipCall(phone, dialog, placed: true, invite, destination, options);
        call._stream = new RtpStream(phone.Local.Address, options, call.Heard, call._inbox);
        invite.WithBody("application/sdp", call.Offer(MediaDirection.SendRecv));
        return call;
    }

    internal void StartInvite() => _ = InviteAsync();

    /// <summary>Takes a request inside the dialog; runs on the receive loop and must not block it.</summary>
    internal void TakeRequest(SipMessage request, IPEndPoint from)
    {
        if (request.Method == "ACK")
        {
            TakeAck(request);
        }
        else if (State == SipCallState.Ended)
        {
            Respond(request, from, 481);
        }
        else if (request.Method is "INVITE" or "UPDATE")
        {
            TakeReinvite(request, from);
        }
        else if (request.Method == "REFER")
        {
            TakeRefer(request, from);
        }
        else
        {
            Respond(request, from, request.Method is "BYE" or "INFO" or "NOTIFY" or "OPTIONS" or "MESSAGE" ? 200 : 405);
            switch (request.Method)
            {
                case "BYE":
                    End(new HangupReason(HangupBy.FarSide, 200, request["Reason"]));
                    break;
                case "INFO" when (request["Content-Type"] ?? "").StartsWith("application/dtmf", StringComparison.OrdinalIgnoreCase):
                    _inbox.AddInfo(request.Body);
                    break;
                case "NOTIFY":
                    TakeNotify(request);
                    break;
                default:
                    break;
            }
        }
    }

    private async Task InviteAsync()
    {
        var transaction = _phone.Transport.Start(_invite, _inviteFrom, TakeProvisional);
        SipMessage response;
        try
        {
            response = await transaction.Final;
        }
        catch (TimeoutException)
        {
            End(new HangupReason(HangupBy.Lost, 408, "No answer to the INVITE."));
            return;
        }

        Note(response);
        if (response.Status >= 300)
        {
            End(new HangupReason(_cancelling ? HangupBy.Us : HangupBy.Rejected, response.Status, response.Reason));
            return;
        }

        _farMessage = response;
        _dialog.Learn(response);
        Acknowledge(transaction, response);
        if (Sdp.Parse(response.Body) is { } answer)
        {
            Agree(answer, offerWasTheirs: false);
        }

        var answered = !_cancelling && SetState(SipCallState.Answered);

        // Whoever hangs up says so first and looks at the state then; here it is the other way round: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (!answered || _cancelling)
        {
            // The answer and our CANCEL crossed (RFC 3261 section 9.1), or we gave up before anything came.
            if (End(new HangupReason(HangupBy.Us, 200, null)) || !answered)
            {
                await SendByeAsync(CancellationToken.None);
            }
        }
    }

    private void TakeProvisional(SipMessage response)
    {
        Note(response);
        if (response.Status > 100)
        {
            if (Sdp.Parse(response.Body) is { } early)
            {
                Agree(early, offerWasTheirs: false);
            }

            SetState(SipCallState.Ringing);
        }

        if (_cancelling)
        {
            SendCancel();
        }
    }

    private void Acknowledge(ClientTransaction transaction, SipMessage response)
    {
        var ack = _dialog.Request("ACK", response.CSeq).AddFirst("Via", _phone.Transport.NewVia());
        var to = _dialog.Destination;

        // Kept before it is sent: the next repetition of the answer may be on its way already.
        transaction.Ack = new(ack, to);
        _phone.Transport.Send(ack, to);
    }

    private async Task CancelAsync(CancellationToken ct)
    {
        _cancelling = true;
        Interlocked.MemoryBarrier();
        if (State == SipCallState.Answered)
        {
            // The answer came in between: a CANCEL would do nothing any more.
            await SayByeAsync(ct);
            return;
        }

        var heardOf = Statuses.Count > 0;
        if (heardOf)
        {
            // Before that there is nothing to cancel: it follows on the first provisional response.
            SendCancel();
        }

        try
        {
            await Ended.WaitAsync(heardOf ? _requestPatience : SipTransport.T2 / 2, ct);
        }
        catch (TimeoutException)
        {
            End(new HangupReason(HangupBy.Us, 0, "No answer to the CANCEL."));
        }
    }

    private void SendCancel() => _ = _phone.Transport.Start(
        SipMessage.Request("CANCEL", _invite.Uri)
            .Add("Via", _invite["Via"]!).Add("Max-Forwards", "70").Add("From", _invite["From"]!).Add("To", _invite["To"]!)
            .Add("Call-ID", CallId).Add("CSeq", $"{_invite.CSeq} CANCEL"),
        _inviteFrom).Final.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private async Task SayByeAsync(CancellationToken ct)
    {
        if (End(new HangupReason(HangupBy.Us, 200, null)))
        {
            await SendByeAsync(ct);
        }
    }

    private async Task SendByeAsync(CancellationToken ct)
    {
        try
        {
            await _phone.Transport.RequestAsync(_dialog.Request("BYE"), _dialog.Destination, _requestPatience, ct);
        }
        catch (TimeoutException)
        {
            // We have hung up, whether or not somebody is left to say so.
        }
    }

    private async Task<SipMessage> RequestInDialogAsync(SipMessage request, CancellationToken ct)
    {
        var asking = _phone.Transport.RequestAsync(request, _dialog.Destination, _requestPatience, ct);
        if (await Task.WhenAny(asking, Ended) == Ended && !asking.IsCompleted)
        {
            _ = asking.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new SipCallFailedException($"The call ended before {request.Method} was answered: {await Ended}.");
        }

        var response = await asking;
        return response.Status < 300 ? response : throw new SipCallFailedException(request.Method, response.Status, response.Reason);
    }

    private SipMessage Response(SipMessage request, int status)
    {
        var response = SipMessage.Response(request, status, SipStatus.Phrase(status), _dialog.LocalTag).Add("Allow", SipPhone.Methods);
        return status is > 100 and < 300 ? response.Add("Contact", _phone.Contact).Add("Supported", "replaces") : response;
    }

    private void Respond(SipMessage request, IPEndPoint from, int status) => _phone.Transport.Respond(request, from, Response(request, status));

    private void Note(SipMessage response)
    {
        lock (_gate)
        {
            _statuses.Add(response.Status);
        }
    }

    /// <summary>States only go forward; false if the call is there already, or further.</summary>
    private bool SetState(SipCallState state)
    {
        lock (_gate)
        {
            if (_state >= state)
            {
                return false;
            }

            _state = state;
            if (state == SipCallState.Answered)
            {
                AnsweredAt = TimeProvider.System.GetUtcNow();
                AnsweredAfter = Stopwatch.GetElapsedTime(_started);
            }
        }

        _rung.TrySetResult();
        if (state == SipCallState.Answered)
        {
            _answered.TrySetResult();
        }

        return true;
    }

    /// <summary>Ends the call once; false if it had ended before.</summary>
    private bool End(HangupReason reason)
    {
        lock (_gate)
        {
            if (_state == SipCallState.Ended)
            {
                return false;
            }

            _state = SipCallState.Ended;
        }

        var failure = new SipCallFailedException("The call", reason.Status, reason.Text ?? reason.By.ToString());
        _rung.TrySetException(failure);
        _answered.TrySetException(failure);
        _ended.TrySetResult(reason);
        _ = _stream?.DisposeAsync().AsTask();
        return true;
    }
}
