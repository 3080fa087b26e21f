using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Core.Consent;

/// <summary>The history as the ledger has it: read anew for each question, so that what is committed counts at once and nothing can be stale.</summary>
/// <param name="reader">The ledger.</param>
/// <param name="findLine">The line of a name, as the settings have it now.</param>
public sealed class ConsentHistory(ILedgerReader reader, Func<string, LineOptions?> findLine) : IConsentHistory
{
    /// <inheritdoc/>
    public async Task<StandingConsent?> FindAsync(SubjectId subject, CancellationToken cancel)
    {
        var lines = new List<LedgerLine>();
        await foreach (var line in reader.ReadAsync(new LedgerQuery(Subject: subject), cancel))
        {
            lines.Add(line);
        }

        return StandingConsentPolicy.Fold(subject, lines, findLine);
    }
}
