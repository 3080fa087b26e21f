using System.Buffers.Binary;
using System.Globalization;
using IvrConsent.TestKit.Audio;

namespace IvrConsent.TestKit.Sip;

/// <summary>A key the far side pressed, received as an RTP event or by SIP INFO (for keys heard as sound see <see cref="HeardAudio.Digits"/>).</summary>
public sealed record ReceivedDigit(char Digit, DtmfMode Mode, TimeSpan Duration, DateTimeOffset At);

/// <summary>Collects them: the packets of one RTP event carry one timestamp and are one key.</summary>
internal sealed class DigitInbox
{
    private readonly Lock _gate = new();
    private readonly List<ReceivedDigit> _digits = [];
    private (uint Ssrc, uint Timestamp)? _event;

    public IReadOnlyList<ReceivedDigit> Snapshot()
    {
        lock (_gate)
        {
            return [.. _digits];
        }
    }

    public void AddEvent(in RtpPacket packet)
    {
        if (packet.Payload.Length < 4 || packet.Payload[0] >= Dtmf.Keys.Length)
        {
            return;
        }

        var duration = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt16BigEndian(packet.Payload[2..]) / 8000.0);
        lock (_gate)
        {
            if (_event == (packet.Ssrc, packet.Timestamp))
            {
                var last = _digits.FindLastIndex(d => d.Mode == DtmfMode.Rfc4733);
                _digits[last] = _digits[last] with { Duration = Max(duration, _digits[last].Duration) };
                return;
            }

            _event = (packet.Ssrc, packet.Timestamp);
            _digits.Add(new(Dtmf.Keys[packet.Payload[0]], DtmfMode.Rfc4733, duration, TimeProvider.System.GetUtcNow()));
        }
    }

    /// <summary>Takes <c>Signal=1</c> and <c>Duration=100</c> lines, or (application/dtmf) the bare key.</summary>
    public void AddInfo(string body)
    {
        var fields = body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2).DistinctBy(pair => pair[0].Trim().ToUpperInvariant()).ToDictionary(pair => pair[0].Trim().ToUpperInvariant(), pair => pair[1].Trim());
        var signal = fields.GetValueOrDefault("SIGNAL", body.Trim());
        if (signal.Length != 1 || !Dtmf.Keys.Contains(signal[0], StringComparison.Ordinal))
        {
            return;
        }

        _ = int.TryParse(fields.GetValueOrDefault("DURATION"), CultureInfo.InvariantCulture, out var milliseconds);
        lock (_gate)
        {
            _digits.Add(new(signal[0], DtmfMode.Info, TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System.GetUtcNow()));
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
