using System.Globalization;
using System.Text.Json;

namespace IvrConsent.Bench.Withdrawals;

/// <summary>Milliseconds over all calls: the middle, the 99th percentile by nearest rank, the worst.</summary>
internal sealed record Spread(double P50, double P99, double Max)
{
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        double Rank(double share) => Math.Round(ordered[Math.Max(0, (int)Math.Ceiling(share * ordered.Length) - 1)], 1);
        return ordered.Length == 0 ? null : new Spread(Rank(0.5), Rank(0.99), Rank(1));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"p50 {P50,6:0.0}   p99 {P99,6:0.0}   max {Max,6:0.0} ms");
}

/// <summary>What the bench prints and writes.</summary>
/// <param name="Calls">How many calls were made.</param>
/// <param name="Failed">How many of them were not as they must be.</param>
/// <param name="BySound">How much of what the caller said behind his last key is in the recording.</param>
/// <param name="ByClock">The recording's start as the PBX reports it, and its length, less the moment in which the last key's end was sent.</param>
/// <param name="NotWithdrawn">Both figures of a call that did not withdraw: their difference is how far a recording lags behind the sound.</param>
internal sealed record Report(int Calls, int Failed, Spread? BySound, Spread? ByClock, MeasuredCall NotWithdrawn)
{
    public const double TargetMs = 200;

    public static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Whether the last recorded sample came within the target in every call, measured in either way.</summary>
    public bool TargetReached => Failed == 0 && BySound?.Max <= TargetMs && ByClock?.Max <= TargetMs;

    public static Report Of(IReadOnlyList<MeasuredCall> calls, MeasuredCall notWithdrawn) => new(
        calls.Count,
        calls.Count(call => call.Problem is not null),
        Spread.Of(calls.Select(call => call.BySound).OfType<double>()),
        Spread.Of(calls.Select(call => call.ByClock).OfType<double>()),
        notWithdrawn);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        last key to last recorded sample, {Calls} calls, {Failed} failed
          by the recorded sound   {BySound}
          by the clock            {ByClock}
          a call without withdrawal, by sound and clock: {NotWithdrawn.BySound:0.0} and {NotWithdrawn.ByClock:0.0} ms
          target {TargetMs} ms: {(TargetReached ? "reached" : "not reached")}
        """);
}
