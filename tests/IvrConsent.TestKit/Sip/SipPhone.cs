using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;

namespace IvrConsent.TestKit.Sip;

/// <summary>
/// A telephone for tests: SIP over UDP and RTP on the loopback, as caller, as agent, or both. It answers OPTIONS, NOTIFY and
/// repeated requests by itself. Disposing it hangs up what is left.
/// </summary>
public sealed class SipPhone : IAsyncDisposable
{
    internal const string Methods = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, REFER, UPDATE, MESSAGE";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, SipCall> _calls = new();
    private readonly ConcurrentQueue<SipCall> _callsInOrder = new();
    private readonly Channel<SipCall> _ringing = Channel.CreateUnbounded<SipCall>();

    /// <summary>Binds the port (0: any free one) on 127.0.0.1.</summary>
    public SipPhone(int port = 0, string user = "phone")
    {
        User = user;
        Transport = new SipTransport(IPAddress.Loopback, port, TakeRequest);
    }

    /// <summary>The user part of the phone's own contact.</summary>
    public string User { get; }

    /// <summary>The address it can be called at.</summary>
    public IPEndPoint Local => Transport.Local;

    /// <summary>All calls so far, in the order in which they came up, ended ones included.</summary>
    public IReadOnlyList<SipCall> Calls => [.. _callsInOrder];

    internal SipTransport Transport { get; }

    internal string Contact => $"<sip:{User}@{Local}>";

    /// <summary>
    /// Starts a call and returns at once; go on with <see cref="SipCall.WaitForRingingAsync"/> or
    /// <see cref="SipCall.WaitForAnswerAsync"/>.
    /// </summary>
    /// <param name="target">Where to send the INVITE, as host:port.</param>
    /// <param name="number">The number dialled.</param>
    /// <param name="options">The caller's identity, voice and keys.</param>
    public SipCall Dial(string target, string number, CallOptions? options = null)
    {
        var destination = SipAddress.Resolve(target) ?? throw new ArgumentException($"No address for {target}.", nameof(target));
        return Dial(destination, $"sip:{number}@{target}", options ?? new CallOptions(), []);
    }

    /// <summary>Calls and returns when the far side has answered.</summary>
    /// <exception cref="SipCallFailedException">It refused, with the status.</exception>
    /// <exception cref="TimeoutException">Nothing final came within <see cref="CallOptions.AnswerWithin"/>; the call was cancelled.</exception>
    public async Task<SipCall> CallAsync(string target, string number, CallOptions? options = null, CancellationToken ct = default)
    {
        var call = Dial(target, number, options);
        try
        {
            await call.WaitForAnswerAsync(options?.AnswerWithin, ct);
            return call;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await call.HangUpAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Waits for a call to ring here; answer or reject it yourself.</summary>
    public async Task<SipCall> WaitForRingingAsync(TimeSpan? within = null, CancellationToken ct = default)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(within ?? _patience);
        try
        {
            return await _ringing.Reader.ReadAsync(limited.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"No call came to {Local} within {within ?? _patience}.");
        }
    }

    /// <summary>Waits for a call, lets it ring as long as the options say, and answers (or rejects) it.</summary>
    public async Task<SipCall> WaitForCallAsync(AnswerOptions? options = null, TimeSpan? within = null, CancellationToken ct = default)
    {
        var call = await WaitForRingingAsync(within, ct);
        await call.TakeAsync(options ?? new AnswerOptions(), ct);
        return call;
    }

    /// <summary>
    /// Takes every call in the same way until cancelled, each as soon as it comes. <paramref name="taken"/> sees each one that
    /// was answered; a caller who gave up while it rang is only in <see cref="Calls"/>.
    /// </summary>
    public async Task AcceptCallsAsync(AnswerOptions options, Action<SipCall>? taken = null, CancellationToken ct = default)
    {
        try
        {
            await foreach (var call in _ringing.Reader.ReadAllAsync(ct))
            {
                _ = TakeOneAsync(call);
            }
        }
        catch (OperationCanceledException)
        {
            // That is how it is stopped.
        }

        async Task TakeOneAsync(SipCall call)
        {
            try
            {
                await call.TakeAsync(options, ct);
                taken?.Invoke(call);
            }
            catch (Exception e) when (e is SipCallFailedException or TimeoutException or OperationCanceledException)
            {
                // Gone before the answer: Calls and Ended say so.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_calls.Values.Select(call => call.DisposeAsync().AsTask()));
        await Transport.DisposeAsync();
        _ringing.Writer.TryComplete();
    }

    internal SipCall Dial(IPEndPoint destination, string uri, CallOptions options, IReadOnlyList<(string Name, string Value)> more)
    {
        var call = SipCall.Place(this, destination, uri, options, more);
        Register(call);
        call.StartInvite();
        return call;
    }

    private void Register(SipCall call)
    {
        _calls[Key(call.CallId, call.LocalTag)] = call;
        _callsInOrder.Enqueue(call);
    }

    private static string Key(string callId, string? localTag) => callId + " " + localTag;

    private void TakeRequest(SipMessage request, IPEndPoint from)
    {
        if (request.Method == "CANCEL")
        {
            var cancelled = _calls.Values.FirstOrDefault(call => call.InviteBranch == request.Branch);
            Answer(request, from, cancelled is null ? 481 : 200);
            cancelled?.TakeCancel(request);
        }
        else if (request.ToTag is { } tag)
        {
            TakeInDialog(request, from, tag);
        }
        else if (request.Method == "INVITE")
        {
            TakeInvite(request, from);
        }
        else if (request.Method != "ACK")
        {
            Answer(request, from, request.Method is "OPTIONS" or "NOTIFY" or "MESSAGE" or "INFO" ? 200 : request.Method is "BYE" ? 481 : 405);
        }
    }

    private void TakeInDialog(SipMessage request, IPEndPoint from, string tag)
    {
        if (_calls.TryGetValue(Key(request.CallId, tag), out var call))
        {
            call.TakeRequest(request, from);
        }
        else if (request.Method != "ACK")
        {
            Answer(request, from, 481);
        }
    }

    private void TakeInvite(SipMessage invite, IPEndPoint from)
    {
        Answer(invite, from, 100);
        SipCall? replaced = null;
        if (invite["Replaces"] is { } replaces)
        {
            // RFC 3891: to-tag is ours, as we are the one who receives it.
            _calls.TryGetValue(Key(replaces.Split(';')[0].Trim(), SipAddress.Parameter(replaces, "to-tag")), out replaced);
            if (replaced is null || replaced.State != SipCallState.Answered)
            {
                Answer(invite, from, 481);
                return;
            }
        }

        var call = SipCall.Receive(this, invite, from);
        Register(call);
        if (replaced is not null)
        {
            _ = call.ReplaceAsync(replaced);
        }
        else
        {
            call.Ring();
            _ringing.Writer.TryWrite(call);
        }
    }

    private void Answer(SipMessage request, IPEndPoint from, int status) => Transport.Respond(
        request,
        from,
        SipMessage.Response(request, status, SipStatus.Phrase(status), status == 100 ? null : SipTransport.NewToken()).Add("Allow", Methods).Add("Accept", "application/sdp"));
}
