using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Workers;

/// <summary>
/// Puts the lines' terms into the ledger, at the start and when settings or prompts were changed: calls only name their hash. A call may
/// name it moments before it is there, or while the database is away; the hash holds all the same, and the entry follows.
/// </summary>
internal sealed partial class TermsWorker(ICallSettingsSource source, ILedger ledger, TimeProvider time, ILogger<TermsWorker> log) : BackgroundService
{
    /// <summary>How often it looks whether the settings were changed.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>Appends the terms that this process has not appended yet; true when all are in the ledger, or will be.</summary>
    internal async Task<bool> WriteAsync(IReadOnlyDictionary<string, WrittenTerms> terms)
    {
        var all = true;
        foreach (var (line, written) in terms)
        {
            if (_written.Contains(written.Sha256))
            {
                continue;
            }

            var now = time.GetUtcNow();
            var result = await ledger.AppendAsync(TermsEntries.Batch(written, line, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond))));
            if (result == AppendResult.Lost)
            {
                NotWritten(log, line);
                all = false;
                continue;
            }

            _written.Add(written.Sha256);
            Written(log, line, written.Sha256);
        }

        return all;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ICallSettings? seen = null;
        try
        {
            while (true)
            {
                if (source.Current is CallSettings current && !ReferenceEquals(current, seen) && await WriteAsync(current.Terms))
                {
                    seen = current;
                }

                await Task.Delay(seen is null ? 10 * Period : Period, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    [LoggerMessage(330, LogLevel.Information, "Terms of line {Line} are on record as {Sha256}")]
    private static partial void Written(ILogger log, string line, string sha256);

    [LoggerMessage(331, LogLevel.Error, "ALERT the terms of line {Line} could not be put on record; it is tried again. Until then consents on it name terms that nobody can show")]
    private static partial void NotWritten(ILogger log, string line);
}
