using System.Globalization;
using System.Net;

namespace IvrConsent.TestKit.Sip;

// Transfer (RFC 3515 REFER, RFC 3891 Replaces, RFC 5589): the side that transfers, and the side that is transferred.
public sealed partial class SipCall
{
    private readonly TaskCompletionSource<SipCall> _transferred = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<int> _referResult = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Sends the far side to another number (or full sip: URI) and hangs up when it got there.
    /// </summary>
    /// <exception cref="SipCallFailedException">The transfer was refused, or its target was: this call is still up.</exception>
    public Task BlindTransferAsync(string target, TimeSpan? within = null, CancellationToken ct = default)
    {
        var host = _dialog.RemoteTarget[(_dialog.RemoteTarget.LastIndexOf('@') + 1)..].Split(';')[0].Replace("sip:", "", StringComparison.OrdinalIgnoreCase);
        var uri = target.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) ? target : $"sip:{target}@{host}";
        return ReferAsync($"<{uri}>", within, ct);
    }

    /// <summary>
    /// Connects the far side with the far side of another call of this phone; both of ours end. Let both calls be heard first:
    /// an Asterisk that is given answer, hold and transfer within a few milliseconds may leave the caller without sound.
    /// </summary>
    public async Task AttendedTransferAsync(SipCall other, TimeSpan? within = null, CancellationToken ct = default)
    {
        var replaces = Uri.EscapeDataString($"{other.CallId};to-tag={other._dialog.RemoteTag};from-tag={other._dialog.LocalTag}");
        var target = other._dialog.RemoteTarget.Split('?')[0];
        await ReferAsync($"<{target}?Replaces={replaces}>", within, ct);
        await Task.WhenAny(other.Ended, Task.Delay(TimeSpan.FromSeconds(1), ct));
        await other.HangUpAsync(ct);
    }

    /// <summary>Waits until the far side has sent this call elsewhere; gives the new call, which is under way to its target.</summary>
    public Task<SipCall> WaitForTransferAsync(TimeSpan? within = null, CancellationToken ct = default) =>
        _transferred.Task.WaitAsync(within ?? TimeSpan.FromSeconds(10), ct);

    /// <summary>Takes the place of another call of this phone (an INVITE with Replaces) with the same voice.</summary>
    internal async Task ReplaceAsync(SipCall replaced)
    {
        SetState(SipCallState.Ringing);
        try
        {
            var options = replaced._options;
            await AcceptAsync(
                new AnswerOptions
                {
                    Codecs = options.Codecs,
                    Dtmf = options.Dtmf,
                    TelephoneEventPayloadType = options.TelephoneEventPayloadType,
                    Voice = options.Voice,
                    SendsAudio = options.SendsAudio,
                },
                CancellationToken.None);
            await replaced.HangUpAsync();
        }
        catch (Exception e) when (e is SipCallFailedException or TimeoutException)
        {
            // The replaced call goes on.
        }
    }

    private async Task ReferAsync(string referTo, TimeSpan? within, CancellationToken ct)
    {
        var result = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _referResult = result;
        var identity = SipAddress.Parse(_dialog.LocalAddress).Uri;
        await RequestInDialogAsync(_dialog.Request("REFER").Add("Refer-To", referTo).Add("Referred-By", $"<{identity}>"), ct);

        // A far side that hangs up at once has taken the transfer over without a word about its outcome.
        await Task.WhenAny(result.Task, Ended).WaitAsync(within ?? TimeSpan.FromSeconds(20), ct);
        if (result.Task is { IsCompletedSuccessfully: true, Result: >= 300 and var status })
        {
            throw new SipCallFailedException("The transfer", status, "as notified");
        }

        await Task.WhenAny(Ended, Task.Delay(TimeSpan.FromMilliseconds(500), ct));
        await HangUpAsync(ct);
    }

    /// <summary>The progress of our REFER: a status line as the body (RFC 3515 section 2.4.4).</summary>
    private void TakeNotify(SipMessage notify)
    {
        var line = notify.Body.Split(' ', 3);
        if (line[0] == "SIP/2.0" && int.TryParse(line.ElementAtOrDefault(1), CultureInfo.InvariantCulture, out var status) && status >= 200)
        {
            _referResult.TrySetResult(status);
        }
    }

    private void TakeRefer(SipMessage refer, IPEndPoint from)
    {
        var target = SipAddress.Parse(refer["Refer-To"] ?? "").Uri.Split('?', 2);
        if (SipAddress.Resolve(target[0]) is not { } destination)
        {
            Respond(refer, from, 404);
            return;
        }

        Respond(refer, from, 202);
        var headers = target.ElementAtOrDefault(1)?.Split('&').Select(h => h.Split('=', 2)).Where(h => h.Length == 2)
            .Select(h => (h[0], Uri.UnescapeDataString(h[1]))).ToList() ?? [];
        _ = FollowAsync(destination, target[0], headers);
    }

    private async Task FollowAsync(IPEndPoint destination, string uri, List<(string Name, string Value)> headers)
    {
        var options = new CallOptions
        {
            FromUser = _phone.User,
            Codecs = _options.Codecs,
            Dtmf = _options.Dtmf,
            TelephoneEventPayloadType = _options.TelephoneEventPayloadType,
            Voice = _options.Voice,
            SendsAudio = _options.SendsAudio,
        };
        try
        {
            await NotifyAsync("100 Trying", "active;expires=60");
            var call = _phone.Dial(destination, uri, options, headers);
            _transferred.TrySetResult(call);
            try
            {
                await call.WaitForAnswerAsync();
                await NotifyAsync("200 OK", "terminated;reason=noresource");
            }
            catch (Exception e) when (e is SipCallFailedException or TimeoutException)
            {
                var status = e is SipCallFailedException { Status: >= 300 } failed ? failed.Status : 503;
                await NotifyAsync($"{status} {SipStatus.Phrase(status)}", "terminated;reason=noresource");
            }
        }
        catch (Exception e) when (e is SipCallFailedException or TimeoutException)
        {
            // The one who transferred us does not listen any more; the new call stands on its own.
        }
    }

    private async Task NotifyAsync(string outcome, string subscription) => await RequestInDialogAsync(
        _dialog.Request("NOTIFY").Add("Event", "refer").Add("Subscription-State", subscription)
            .WithBody("message/sipfrag;version=2.0", $"SIP/2.0 {outcome}\r\n"),
        CancellationToken.None);
}
