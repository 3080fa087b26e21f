using System.Net;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

// Offer and answer (RFC 3264), at the start of a call and in the middle of it.
public sealed partial class SipCall
{
    private bool _offerIsOurs;
    private int _reinviting;
    private MediaDirection _wanted = MediaDirection.SendRecv;
    private int _sdpVersion;
    private RtpStream? _stream;

    private void TakeReinvite(SipMessage request, IPEndPoint from)
    {
        if (request.Method == "UPDATE" && request.Body.Length == 0)
        {
            Respond(request, from, 200);
            return;
        }

        if (Volatile.Read(ref _reinviting) != 0)
        {
            Respond(request, from, 491);
            return;
        }

        _dialog.Retarget(request);
        var (status, body) = AnswerTo(request);
        if (status != 200 || request.Method == "UPDATE")
        {
            _phone.Transport.Respond(request, from, status == 200 ? Response(request, 200).WithBody("application/sdp", body) : Response(request, status));
        }
        else
        {
            _ = RespondUntilAckAsync(request, from, body);
        }
    }

    private async Task ReinviteAsync(MediaDirection direction, CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _reinviting, 1) != 0)
        {
            throw new InvalidOperationException("A change of this call is under way: one at a time.");
        }

        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var request = _dialog.Request("INVITE").Add("Allow", SipPhone.Methods).WithBody("application/sdp", Offer(direction));
                var transaction = _phone.Transport.Start(request, _dialog.Destination);
                var response = await transaction.Final.WaitAsync(_requestPatience, ct);
                if (response.Status < 300)
                {
                    _wanted = direction;
                    _dialog.Retarget(response);
                    Acknowledge(transaction, response);
                    if (Sdp.Parse(response.Body) is { } answer)
                    {
                        Agree(answer, offerWasTheirs: false);
                    }

                    return;
                }

                if (response.Status != 491 || attempt == 3)
                {
                    throw new SipCallFailedException("The re-INVITE", response.Status, response.Reason);
                }

                // Both sides at once: the one who owns the call waits longer (RFC 3261 section 14.1).
                await Task.Delay(TimeSpan.FromMilliseconds(_placed ? 2500 : 500), ct);
            }
        }
        finally
        {
            Volatile.Write(ref _reinviting, 0);
        }
    }

    private string Offer(MediaDirection direction) =>
        Sdp.Build(_stream!.Local, ++_sdpVersion, _options.Codecs, _options.TelephoneEventPayloadType, direction);

    /// <summary>Our side of the description for an INVITE received: an answer to its offer, or an offer where it has none.</summary>
    private (int Status, string Body) AnswerTo(SipMessage invite)
    {
        _offerIsOurs = invite.Body.Length == 0;
        if (_offerIsOurs)
        {
            return (200, Offer(_wanted));
        }

        if (Sdp.Parse(invite.Body) is not { } offer || CommonCodec(offer) is not { } codec)
        {
            return (488, "");
        }

        Agree(offer, offerWasTheirs: true);
        var events = _options.TelephoneEventPayloadType is null ? null : offer.EventPayloadType;
        var theirs = Sdp.Mirror(offer.Direction);
        var ours = _wanted == MediaDirection.SendRecv ? theirs : theirs == MediaDirection.SendRecv || theirs == _wanted ? _wanted : MediaDirection.Inactive;
        return (200, Sdp.Build(_stream!.Local, ++_sdpVersion, [codec], events, ours));
    }

    /// <summary>The offerer's first choice among what we have.</summary>
    private VoiceCodec? CommonCodec(Sdp theirs) => theirs.Codecs.Where(_options.Codecs.Contains).Select(codec => (VoiceCodec?)codec).FirstOrDefault();

    private void Agree(Sdp theirs, bool offerWasTheirs)
    {
        if (CommonCodec(theirs) is not { } codec)
        {
            return;
        }

        // The answer to our own hold is no word about theirs.
        if (offerWasTheirs || _wanted == MediaDirection.SendRecv)
        {
            HeldByFarSide = theirs.Direction is MediaDirection.SendOnly or MediaDirection.Inactive;
        }

        var sending = _wanted == MediaDirection.SendRecv && theirs.Direction is MediaDirection.SendRecv or MediaDirection.RecvOnly;
        _stream?.Agree(theirs, codec, _options.TelephoneEventPayloadType is null ? null : theirs.EventPayloadType, sending);
    }
}
