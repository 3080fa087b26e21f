using System.Diagnostics.Metrics;
using IvrConsent.Core.Consent;

namespace IvrConsent.Core.Diagnostics;

/// <summary>What can be counted of calls: meter <c>IvrConsent</c>.</summary>
public sealed class CallMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "IvrConsent";

    private readonly Counter<long> _calls;
    private readonly Counter<long> _recordingFailures;
    private readonly Histogram<double> _keyToRecording;

    /// <summary>Creates the instruments.</summary>
    public CallMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _calls = meter.CreateCounter<long>("ivrconsent.calls", "{call}", "Calls ended, by consent and line.");
        _recordingFailures = meter.CreateCounter<long>("ivrconsent.recordings.failed", "{recording}", "Recordings missing, empty, truncated or failed, by reason.");
        _keyToRecording = meter.CreateHistogram<double>("ivrconsent.key_to_recording", "ms", "From the accept key to the PBX's report that it records.");
    }

    internal void Ended(ConsentStatus consent, string? line) =>
        _calls.Add(1, new("consent", consent.ToString()), new("line", line ?? "unknown"));

    internal void RecordingFailed(string reason) => _recordingFailures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void KeyToRecording(double milliseconds) => _keyToRecording.Record(milliseconds);
}
