using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace IvrConsent.TestKit.Sip;

/// <summary>An ACK and where it goes.</summary>
internal sealed record Acknowledgement(SipMessage Message, IPEndPoint To);

/// <summary>A request under way and its answer.</summary>
internal sealed class ClientTransaction(SipMessage request, IPEndPoint destination, Action<SipMessage>? provisional)
{
    private readonly TaskCompletionSource<SipMessage> _final = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SipMessage Request { get; } = request;

    public IPEndPoint Destination { get; } = destination;

    /// <summary>The final response; <see cref="TimeoutException"/> if there was none.</summary>
    public Task<SipMessage> Final => _final.Task;

    public bool Answered { get; private set; }

    /// <summary>What a repeated final response to an INVITE is met with.</summary>
    public Acknowledgement? Ack { get; set; }

    public void Take(SipMessage response)
    {
        Answered = true;
        if (response.Status >= 200)
        {
            _final.TrySetResult(response);
        }
        else
        {
            provisional?.Invoke(response);
        }
    }

    public void GiveUp() => _final.TrySetException(new TimeoutException($"No answer to {Request} from {Destination}."));
}

/// <summary>
/// SIP over UDP: sends, repeats what is not answered, and keeps what a repeated request was answered with (RFC 3261 section 17).
/// </summary>
internal sealed class SipTransport : IAsyncDisposable
{
    public static readonly TimeSpan T1 = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan T2 = TimeSpan.FromSeconds(4);
    public static readonly TimeSpan GiveUpAfter = 64 * T1;

    private const int AnswersKept = 5000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<string, ClientTransaction> _transactions = new();
    private readonly ConcurrentDictionary<string, SipMessage> _answers = new();
    private readonly ConcurrentQueue<string> _answerOrder = new();
    private readonly Action<SipMessage, IPEndPoint> _onRequest;
    private readonly Task _receiving;

    public SipTransport(IPAddress address, int port, Action<SipMessage, IPEndPoint> onRequest)
    {
        _onRequest = onRequest;
        _socket.ReceiveBufferSize = 1 << 20;
        _socket.Bind(new IPEndPoint(address, port));
        Local = (IPEndPoint)_socket.LocalEndPoint!;
        _receiving = Task.Run(ReceiveAsync);
    }

    public IPEndPoint Local { get; }

    public static string NewToken() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    public string NewVia() => $"SIP/2.0/UDP {Local};branch=z9hG4bK{NewToken()};rport";

    public void Send(SipMessage message, IPEndPoint to)
    {
        try
        {
            _socket.SendTo(message.ToBytes(), to);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Not received is what the timers are for.
        }
    }

    /// <summary>Starts a transaction; the request gets a Via of its own unless it has one (CANCEL repeats the INVITE's).</summary>
    public ClientTransaction Start(SipMessage request, IPEndPoint to, Action<SipMessage>? provisional = null)
    {
        if (request["Via"] is null)
        {
            request.AddFirst("Via", NewVia());
        }

        var transaction = new ClientTransaction(request, to, provisional);
        _transactions[Key(request)] = transaction;
        _ = RepeatAsync(transaction);
        return transaction;
    }

    /// <summary>Sends a request other than INVITE and waits for its final response.</summary>
    public async Task<SipMessage> RequestAsync(SipMessage request, IPEndPoint to, TimeSpan within, CancellationToken ct)
    {
        try
        {
            return await Start(request, to).Final.WaitAsync(within, ct);
        }
        finally
        {
            _transactions.TryRemove(Key(request), out _);
        }
    }

    /// <summary>Answers a request, and each repetition of it.</summary>
    public void Respond(SipMessage request, IPEndPoint from, SipMessage response)
    {
        Remember(Key(request), response);
        Send(response, from);
    }

    /// <summary>Sends a final response to an INVITE again and again until told to stop; false if that never happened.</summary>
    public async Task<bool> RespondUntilAsync(Task acknowledged, SipMessage request, IPEndPoint from, SipMessage response)
    {
        Respond(request, from, response);
        var interval = T1;
        for (var waited = TimeSpan.Zero; waited < GiveUpAfter && !_closing.IsCancellationRequested; waited += interval, interval = Longer(interval))
        {
            if (await EndsWithinAsync(acknowledged, interval))
            {
                return true;
            }

            Send(response, from);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        await _receiving;
        foreach (var transaction in _transactions.Values)
        {
            transaction.GiveUp();
        }

        _closing.Dispose();
    }

    private static string Key(SipMessage message) => message.Branch + " " + message.Method;

    private static TimeSpan Longer(TimeSpan interval) => 2 * interval < T2 ? 2 * interval : T2;

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan time)
    {
        await task.WaitAsync(time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    private async Task RepeatAsync(ClientTransaction transaction)
    {
        var interval = T1;
        for (var waited = TimeSpan.Zero; waited < GiveUpAfter && !_closing.IsCancellationRequested; waited += interval, interval = Longer(interval))
        {
            Send(transaction.Request, transaction.Destination);
            if (await EndsWithinAsync(transaction.Final, interval))
            {
                return;
            }

            if (transaction.Answered && transaction.Request.Method == "INVITE")
            {
                return;
            }
        }

        transaction.GiveUp();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[65536];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _closing.Token);
                if (SipMessage.Parse(buffer.AsSpan(0, received.ReceivedBytes)) is { } message)
                {
                    TakeSafely(message, (IPEndPoint)received.RemoteEndPoint);
                }
            }
            catch (SocketException)
            {
                // Nobody at a port written to.
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Take(SipMessage message, IPEndPoint from)
    {
        if (!message.IsRequest)
        {
            TakeResponse(message);
        }
        else if (message.Method != "ACK" && _answers.TryGetValue(Key(message), out var answer))
        {
            Send(answer, from);
        }
        else
        {
            _onRequest(message, from);
        }
    }

    /// <summary>What cannot be read (a port of 99999, a payload type of letters) is refused and must not stop the loop.</summary>
    private void TakeSafely(SipMessage message, IPEndPoint from)
    {
        try
        {
            Take(message, from);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            if (message is { IsRequest: true, Method: not "ACK" })
            {
                Respond(message, from, SipMessage.Response(message, 400, "Bad Request", NewToken()));
            }
        }
    }

    private void TakeResponse(SipMessage response)
    {
        if (!_transactions.TryGetValue(Key(response), out var transaction))
        {
            return;
        }

        if (response.Method == "INVITE" && response.Status >= 300)
        {
            transaction.Ack ??= new(AckOfRefusal(transaction.Request, response), transaction.Destination);
        }

        if (response.Status >= 200 && transaction.Ack is { } ack)
        {
            Send(ack.Message, ack.To);
        }

        transaction.Take(response);
    }

    /// <summary>The ACK of a refusal belongs to the transaction: same Via, the refusal's To (RFC 3261 section 17.1.1.3).</summary>
    private static SipMessage AckOfRefusal(SipMessage invite, SipMessage response) => SipMessage.Request("ACK", invite.Uri)
        .Add("Via", invite["Via"]!)
        .Add("Max-Forwards", "70")
        .Add("From", invite["From"]!)
        .Add("To", response["To"] ?? invite["To"]!)
        .Add("Call-ID", invite.CallId)
        .Add("CSeq", $"{invite.CSeq} ACK");

    private void Remember(string key, SipMessage response)
    {
        if (!_answers.ContainsKey(key))
        {
            _answerOrder.Enqueue(key);
        }

        _answers[key] = response;
        while (_answerOrder.Count > AnswersKept && _answerOrder.TryDequeue(out var oldest))
        {
            _answers.TryRemove(oldest, out _);
        }
    }
}
