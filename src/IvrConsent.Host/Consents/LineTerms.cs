using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Prompts;

namespace IvrConsent.Host.Consents;

/// <summary>
/// The terms of the lines for entries that are made beside the worker: by the same settings and prompts as it has, and put on record by the same
/// entry, so it does not matter who does it first.
/// </summary>
internal sealed class LineTerms(HostSettings settings, ILedger ledger, TimeProvider time)
{
    private readonly Dictionary<string, string?> _known = new(StringComparer.Ordinal);
    private CallSettings? _read;

    /// <summary>The hash of a line's terms, which are in the ledger by now, or will be; null for a line that the settings do not have, or where they could not be put there.</summary>
    public async Task<string?> OnRecordAsync(string line)
    {
        if (_known.TryGetValue(line, out var hash))
        {
            return hash;
        }

        _read ??= new CallSettings(settings, PromptCatalogue.Load(settings.PromptsFolder));
        if (_read.Terms.TryGetValue(line, out var written))
        {
            var now = time.GetUtcNow();
            var result = await ledger.AppendAsync(TermsEntries.Batch(written, line, now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond))));
            hash = result == AppendResult.Lost ? null : written.Sha256;
        }

        return _known[line] = hash;
    }
}
