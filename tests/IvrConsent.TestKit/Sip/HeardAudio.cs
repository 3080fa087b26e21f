using System.Diagnostics;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>
/// Everything a call has heard so far, as PCM on a time line that starts with the first packet. Packets lie where their RTP
/// timestamps put them, so one lost is 20 ms of silence; when a stream starts anew (other SSRC, a jump in timestamps) it
/// lies where its arrival puts it. Safe to read while the call goes on.
/// </summary>
public sealed class HeardAudio
{
    private static readonly TimeSpan _believableJitter = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private short[] _pcm = new short[16000];
    private int _length;
    private long _started;
    private uint? _ssrc;
    private uint _anchorTimestamp;
    private long _anchorPosition;
    private int _lastSequence = -1;

    /// <summary>8000, or 16000 if the first packet was G.722. Later packets of another rate are converted.</summary>
    public int SampleRate { get; private set; } = 8000;

    /// <summary>When the time line began: the arrival of the first packet; null before.</summary>
    public DateTimeOffset? StartedAt { get; private set; }

    /// <summary>Voice packets received.</summary>
    public int Packets { get; private set; }

    /// <summary>Packets missing by sequence number; one that came late is not.</summary>
    public int LostPackets { get; private set; }

    /// <summary>Up to where there is sound: a mark to pass as <c>since</c> to a later wait.</summary>
    public TimeSpan Length
    {
        get
        {
            lock (_gate)
            {
                return TimeSpan.FromSeconds((double)_length / SampleRate);
            }
        }
    }

    /// <summary>Where on the time line now is, whether or not something arrives.</summary>
    public TimeSpan Now
    {
        get
        {
            lock (_gate)
            {
                return StartedAt is null ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_started);
            }
        }
    }

    /// <summary>A copy of the sound from a position on.</summary>
    public short[] Snapshot(TimeSpan from = default)
    {
        lock (_gate)
        {
            var start = Math.Clamp((int)(from.TotalSeconds * SampleRate), 0, _length);
            return _pcm[start.._length];
        }
    }

    /// <summary>Which of the tones were heard when.</summary>
    public ToneTimeline Tones(params ReadOnlySpan<double> frequencies) => ToneAnalyzer.Analyze(Snapshot(), SampleRate, frequencies);

    /// <summary>Keys heard as sound.</summary>
    public string Digits() => string.Concat(Dtmf.Detect(Snapshot(), SampleRate).Select(d => d.Digit));

    /// <summary>Takes one packet's sound in; timestamps count in 8 kHz, whatever the codec (RFC 3551).</summary>
    internal void Add(uint ssrc, ushort sequence, uint timestamp, ReadOnlySpan<short> sound, int sampleRate)
    {
        lock (_gate)
        {
            if (StartedAt is null)
            {
                StartedAt = TimeProvider.System.GetUtcNow();
                _started = Stopwatch.GetTimestamp();
                SampleRate = sampleRate;
            }

            Count(ssrc, sequence);
            var position = PositionOf(ssrc, timestamp);
            var converted = sampleRate == SampleRate ? sound : Convert(sound, sampleRate, SampleRate);
            if (position >= 0)
            {
                Place(converted, (int)position);
            }
        }
    }

    private void Count(uint ssrc, ushort sequence)
    {
        Packets++;
        var step = (ushort)(sequence - _lastSequence);
        if (_ssrc == ssrc && step is > 1 and < 1000)
        {
            LostPackets += step - 1;
        }
        else if (_ssrc == ssrc && step >= 0x8000 && LostPackets > 0)
        {
            // Late, not lost.
            LostPackets--;
        }

        if (_ssrc != ssrc || step < 0x8000)
        {
            _lastSequence = sequence;
        }
    }

    private long PositionOf(uint ssrc, uint timestamp)
    {
        var arrival = (long)(Stopwatch.GetElapsedTime(_started).TotalSeconds * SampleRate);
        var position = _anchorPosition + (long)(int)(timestamp - _anchorTimestamp) * SampleRate / 8000;
        if (_ssrc == ssrc && Math.Abs(position - arrival) < _believableJitter.TotalSeconds * SampleRate)
        {
            return position;
        }

        _anchorPosition = _ssrc is null ? 0 : Math.Max(arrival, _ssrc == ssrc ? 0 : _length);
        _anchorTimestamp = timestamp;
        _ssrc = ssrc;
        return _anchorPosition;
    }

    private void Place(ReadOnlySpan<short> sound, int position)
    {
        var end = position + sound.Length;
        if (end > _pcm.Length)
        {
            Array.Resize(ref _pcm, Math.Max(end, _pcm.Length * 2));
        }

        sound.CopyTo(_pcm.AsSpan(position));
        _length = Math.Max(_length, end);
    }

    private static short[] Convert(ReadOnlySpan<short> sound, int from, int to)
    {
        var converted = new short[(int)((long)sound.Length * to / from)];
        for (var i = 0; i < converted.Length; i++)
        {
            // Twice or half the rate, nothing else occurs: the mean of two, or each one twice.
            converted[i] = from > to ? (short)((sound[2 * i] + sound[2 * i + 1]) / 2) : sound[i / 2];
        }

        return converted;
    }
}
