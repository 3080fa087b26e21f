using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>A key on its way out through the sound stream.</summary>
internal sealed record OutgoingDigit(char Key, bool AsEvent, int Duration, int Gap)
{
    /// <summary>The timestamp at which it began, once it has.</summary>
    public uint? Start { get; set; }

    public bool EndSent { get; set; }

    /// <summary>The voice that takes over in the very next beat behind the key; null: the voice stays as it is.</summary>
    public Tone? ThenVoice { get; init; }

    /// <summary>When its end went out.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    public TaskCompletionSource<DateTimeOffset> Sent { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>One call's RTP: a socket, a voice that is sent every 20 ms, and what is heard.</summary>
internal sealed class RtpStream : IRtpTicked, IAsyncDisposable
{
    private const int FrameTicks = 160;

    private readonly Lock _gate = new();
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _closing = new();
    private readonly HeardAudio _heard;
    private readonly DigitInbox _inbox;
    private readonly Task _receiving;
    private readonly Dictionary<int, (VoiceCodec Codec, Func<ReadOnlySpan<byte>, short[]> Decode)> _decoders;
    private readonly bool _sendsAudio;
    private readonly Queue<OutgoingDigit> _digits = new();
    private readonly uint _ssrc = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
    private readonly uint _timestampBase = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
    private ushort _sequence = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue);
    private Task? _closed;
    private bool _marker = true;
    private Tone? _voice;
    private ToneSource _voiceSource = new(8000);
    private (ToneSource Low, ToneSource High) _keySources;
    private IPEndPoint? _remote;
    private bool _sending;
    private bool _interrupted;
    private VoiceCodec _codec;
    private Func<ReadOnlySpan<short>, byte[]> _encode = VoiceCodec.Pcmu.NewEncoder();
    private int? _eventPayloadType;

    public RtpStream(IPAddress address, VoiceOptions options, HeardAudio heard, DigitInbox digits)
    {
        (_heard, _inbox) = (heard, digits);
        _socket.ReceiveBufferSize = 1 << 20;
        _socket.Bind(new IPEndPoint(address, 0));
        _sendsAudio = options.SendsAudio;
        _voice = options.Voice;
        _decoders = options.Codecs.Distinct().ToDictionary(codec => codec.PayloadType(), codec => (codec, codec.NewDecoder()));
        _receiving = ReceiveAsync();
        RtpClock.Shared.Add(this);
    }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>The codec being sent.</summary>
    public VoiceCodec Codec
    {
        get
        {
            lock (_gate)
            {
                return _codec;
            }
        }
    }

    public bool CanSendEvents
    {
        get
        {
            lock (_gate)
            {
                return _eventPayloadType is not null;
            }
        }
    }

    /// <summary>Takes what was agreed: where to send to, in which codec, and whether to send at all.</summary>
    public void Agree(Sdp theirs, VoiceCodec codec, int? eventPayloadType, bool sending)
    {
        lock (_gate)
        {
            if (_codec != codec || _remote is null)
            {
                _codec = codec;
                _encode = codec.NewEncoder();
                _voiceSource = new ToneSource(codec.SampleRate());
            }

            _marker |= !_sending && sending;
            _remote = theirs.Remote;
            _eventPayloadType = eventPayloadType;
            _sending = sending;
        }
    }

    public void SetVoice(Tone? voice)
    {
        lock (_gate)
        {
            _voice = voice;
        }
    }

    /// <summary>Sends no voice, not even silence, until it is taken back; keys go out all the same.</summary>
    public void Interrupt(bool interrupted)
    {
        lock (_gate)
        {
            _interrupted = interrupted;
        }
    }

    /// <summary>Puts a key into the stream; the task ends when it and the gap behind it are out, and says when the key's end went out.</summary>
    public Task<DateTimeOffset> SendDigitAsync(char key, bool asEvent, TimeSpan duration, TimeSpan gap, Tone? thenVoice = null)
    {
        _ = Dtmf.Frequencies(key);
        var digit = new OutgoingDigit(key, asEvent, (int)(duration.TotalMilliseconds * 8), (int)(gap.TotalMilliseconds * 8)) { ThenVoice = thenVoice };
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw new SipCallFailedException("The call has ended.");
            }

            _digits.Enqueue(digit);
        }

        return digit.Sent.Task;
    }

    public void Tick(long number)
    {
        lock (_gate)
        {
            if (_remote is null || !_sending)
            {
                return;
            }

            var timestamp = unchecked(_timestampBase + (uint)(number * FrameTicks));
            if (!SendDigit(timestamp) && _sendsAudio && !_interrupted)
            {
                SendVoice(timestamp, _voice);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed ??= CloseAsync();
            return new ValueTask(_closed);
        }
    }

    private async Task CloseAsync()
    {
        RtpClock.Shared.Remove(this);
        _remote = null;
        foreach (var digit in _digits)
        {
            digit.Sent.TrySetException(new SipCallFailedException($"The call ended before key {digit.Key} was out."));
        }

        await _closing.CancelAsync();
        _socket.Dispose();
        await _receiving;
        _closing.Dispose();
    }

    /// <summary>Sends this beat's part of the key at the head of the queue; false if the voice has the beat.</summary>
    private bool SendDigit(uint timestamp)
    {
        if (!_digits.TryPeek(out var digit))
        {
            return false;
        }

        if (digit.Start is null)
        {
            digit.Start = timestamp;
            _keySources = (new(_codec.SampleRate()), new(_codec.SampleRate()));
        }

        var sofar = (int)(timestamp - digit.Start.Value) + FrameTicks;
        if (digit.EndSent)
        {
            if (sofar > digit.Duration + digit.Gap)
            {
                _digits.Dequeue();
                digit.Sent.TrySetResult(digit.EndedAt!.Value);
                return SendDigit(timestamp);
            }

            // In the gap an event leaves room for the voice again; between tones it stays quiet, as behind a muted microphone.
            return !digit.AsEvent && SendSound(timestamp, new short[_codec.SampleRate() / 50]);
        }

        if (sofar >= digit.Duration)
        {
            (digit.EndSent, digit.EndedAt) = (true, TimeProvider.System.GetUtcNow());
            _voice = digit.ThenVoice ?? _voice;
        }

        return digit.AsEvent ? SendEvent(digit, Math.Min(sofar, digit.Duration)) : SendKeyTones(digit.Key, timestamp);
    }

    /// <summary>One packet of an event, three for its end: same timestamp throughout, duration growing, marker on the first.</summary>
    private bool SendEvent(OutgoingDigit digit, int duration)
    {
        var payload = new byte[4];
        payload[0] = (byte)Dtmf.Keys.IndexOf(digit.Key, StringComparison.Ordinal);
        payload[1] = (byte)(digit.EndSent ? 0x80 | 10 : 10);
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(2), (ushort)duration);
        var first = duration <= FrameTicks;
        for (var copies = digit.EndSent ? 3 : 1; copies > 0; copies--)
        {
            Send(_eventPayloadType ?? 101, first, digit.Start!.Value, payload);
            first = false;
        }

        return true;
    }

    private bool SendKeyTones(char key, uint timestamp)
    {
        var (low, high) = Dtmf.Frequencies(key);
        var pcm = new short[_codec.SampleRate() / 50];
        _keySources.Low.AddTo(pcm, new Tone(low, 0.2));
        _keySources.High.AddTo(pcm, new Tone(high, 0.2));
        return SendSound(timestamp, pcm);
    }

    private void SendVoice(uint timestamp, Tone? voice)
    {
        var pcm = new short[_codec.SampleRate() / 50];
        if (voice is not null)
        {
            _voiceSource.AddTo(pcm, voice);
        }

        SendSound(timestamp, pcm);
    }

    private bool SendSound(uint timestamp, short[] pcm)
    {
        Send(_codec.PayloadType(), _marker, timestamp, _encode(pcm));
        _marker = false;
        return true;
    }

    private void Send(int payloadType, bool marker, uint timestamp, ReadOnlySpan<byte> payload)
    {
        try
        {
            _socket.SendTo(RtpPacket.Build(payloadType, marker, _sequence++, timestamp, _ssrc, payload), _remote!);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A far side that is gone, or our own end: the signalling says which.
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[2048];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _closing.Token);
                Receive(buffer.AsSpan(0, received.ReceivedBytes));
            }
            catch (SocketException)
            {
                // Nobody at the far port just now.
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> datagram)
    {
        if (!RtpPacket.TryParse(datagram, out var packet))
        {
            return;
        }

        if (_decoders.TryGetValue(packet.PayloadType, out var known))
        {
            _heard.Add(packet.Ssrc, packet.Sequence, packet.Timestamp, known.Decode(packet.Payload), known.Codec.SampleRate());
        }
        else if (packet.PayloadType >= 96)
        {
            _inbox.AddEvent(packet);
        }
    }
}
