using System.Diagnostics.Metrics;

namespace IvrConsent.Asterisk;

/// <summary>What is counted, under the meter <c>IvrConsent.Asterisk</c>; each measurement names the PBX.</summary>
internal sealed class AsteriskMetrics(string pbx)
{
    public const string MeterName = "IvrConsent.Asterisk";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> EventCount = Meter.CreateCounter<long>("ivrconsent.asterisk.events", description: "Events of types in use.");
    private static readonly Counter<long> IgnoredCount = Meter.CreateCounter<long>("ivrconsent.asterisk.events.ignored", description: "Events of types not in use.");
    private static readonly Counter<long> DroppedCount = Meter.CreateCounter<long>("ivrconsent.asterisk.messages.dropped", description: "Messages that were none: garbage, binary, too large.");
    private static readonly Counter<long> DigitCount = Meter.CreateCounter<long>("ivrconsent.asterisk.digits.dropped", description: "Keys lost because they came faster than they were read.");
    private static readonly Counter<long> SignalCount = Meter.CreateCounter<long>("ivrconsent.asterisk.signals.dropped", description: "Signals of the dialplan lost because they came faster than they were read.");
    private static readonly Counter<long> ClaimCount = Meter.CreateCounter<long>("ivrconsent.asterisk.claims", description: "Offered calls claimed, by outcome.");
    private static readonly Counter<long> AttachCount = Meter.CreateCounter<long>("ivrconsent.asterisk.attached", description: "Times attached to the PBX.");
    private static readonly Counter<long> FailureCount = Meter.CreateCounter<long>("ivrconsent.asterisk.requests.failed", description: "Requests refused or not answered.");
    private static readonly Histogram<double> RequestTime = Meter.CreateHistogram<double>("ivrconsent.asterisk.request.duration", "s", "Time from sending a request to its answer.");

    private readonly KeyValuePair<string, object?> _pbx = new("pbx", pbx);

    /// <summary>Whether anybody listens to request times: a clock reading for nobody is saved.</summary>
    public static bool TimesRequests => RequestTime.Enabled;

    public void Event() => EventCount.Add(1, _pbx);

    public void Ignored() => IgnoredCount.Add(1, _pbx);

    public void Dropped(string reason) => DroppedCount.Add(1, _pbx, new("reason", reason));

    public void DigitDropped() => DigitCount.Add(1, _pbx);

    public void SignalDropped() => SignalCount.Add(1, _pbx);

    public void Claimed(string outcome) => ClaimCount.Add(1, _pbx, new("outcome", outcome));

    public void Attached() => AttachCount.Add(1, _pbx);

    public void RequestFailed() => FailureCount.Add(1, _pbx);

    public void Requested(TimeSpan taken) => RequestTime.Record(taken.TotalSeconds, _pbx);
}
