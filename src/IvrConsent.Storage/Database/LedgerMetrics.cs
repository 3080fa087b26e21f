using System.Diagnostics.Metrics;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Storage.Database;

/// <summary>The ledger's figures, on the meter <c>IvrConsent.Ledger</c>.</summary>
internal sealed class LedgerMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "IvrConsent.Ledger";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _moved;
    private readonly Counter<long> _refused;

    public LedgerMetrics(Func<LedgerHealth> health, Func<long> refused)
    {
        _duration = _meter.CreateHistogram<double>(
            "ivrconsent.ledger.append.duration", "s", "How long appends took, by what became of them.");
        _lost = _meter.CreateCounter<long>("ivrconsent.ledger.lost", "{batch}", "Batches that neither database nor spool took.");
        _moved = _meter.CreateCounter<long>("ivrconsent.ledger.moved", "{event}", "Events put behind another that had their number.");
        _refused = _meter.CreateCounter<long>("ivrconsent.ledger.refused", "{batch}", "Batches that the database refused for their content.");
        _meter.CreateObservableGauge("ivrconsent.ledger.waiting", () => health().Waiting, "{batch}", "Batches in the spool.");
        _meter.CreateObservableGauge("ivrconsent.ledger.available", () => health().Available ? 1 : 0, null, "Whether the database takes entries.");
        _meter.CreateObservableGauge("ivrconsent.ledger.refused.kept", refused, "{batch}", "Batches in the spool's refused.jsonl.");
    }

    public void Appended(AppendResult result, TimeSpan duration)
    {
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("result", result switch
        {
            AppendResult.Committed => "committed",
            AppendResult.Deferred => "deferred",
            _ => "lost",
        }));
        if (result == AppendResult.Lost)
        {
            _lost.Add(1);
        }
    }

    public void Moved(int events) => _moved.Add(events);

    public void Refused() => _refused.Add(1);

    public void Dispose() => _meter.Dispose();
}
