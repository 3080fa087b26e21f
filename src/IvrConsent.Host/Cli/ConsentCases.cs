using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Host.Cli;

/// <summary>Reads consents out of the ledger, each with the terms that it names.</summary>
internal sealed class ConsentCases(ILedgerReader reader)
{
    private readonly Dictionary<string, Terms?> _terms = new(StringComparer.Ordinal);

    /// <summary>The consent of a call; null when there is no such call, or nobody decided anything in it.</summary>
    public async Task<ConsentCase?> OfCallAsync(CallId call, CancellationToken cancel)
    {
        var lines = await ReadAsync(new LedgerQuery(Call: call), cancel);
        if (lines.Count == 0)
        {
            return null;
        }

        var elsewhere = lines[0].Call.Subject is { } subject ? await OfSubjectAsync(subject, cancel) : [];
        return ConsentCase.From(lines, await TermsAsync(ConsentCase.TermsOf(lines), cancel), elsewhere);
    }

    /// <summary>
    /// The consent that a receipt's reference names; null when there is none. A reference names a decision: one that leads to any other event was made
    /// up or misheard.
    /// </summary>
    public async Task<ConsentCase?> OfReceiptAsync(IRecordLookup lookup, long position, CancellationToken cancel) =>
        await lookup.FindEventAtAsync(position, cancel) is { } found && await OfCallAsync(found.Call, cancel) is { } consent && consent.Decision.Position == position ? consent : null;

    /// <summary>All consents of a person, oldest first.</summary>
    public async Task<IReadOnlyList<ConsentCase>> OfPersonAsync(SubjectId subject, CancellationToken cancel)
    {
        var lines = await OfSubjectAsync(subject, cancel);
        var cases = new List<ConsentCase>();
        foreach (var call in lines.GroupBy(line => line.Entry.CallId))
        {
            LedgerLine[] own = [.. call];
            if (ConsentCase.From(own, await TermsAsync(ConsentCase.TermsOf(own), cancel), lines) is { } consent)
            {
                cases.Add(consent);
            }
        }

        return cases;
    }

    private async Task<Terms?> TermsAsync(string? sha256, CancellationToken cancel)
    {
        if (sha256 is null)
        {
            return null;
        }

        if (!_terms.TryGetValue(sha256, out var terms))
        {
            var lines = await ReadAsync(new LedgerQuery(Call: TermsEntries.RowOf(sha256)), cancel);
            terms = lines.Select(line => line.Entry.Event).OfType<TermsInForce>().Select(written => WrittenTerms.Read(written.Json, sha256)).FirstOrDefault();
            _terms.Add(sha256, terms);
        }

        return terms;
    }

    /// <summary>What a query by person gives, and nothing of another person whatever it gives: a record must not be wrong about that.</summary>
    private async Task<List<LedgerLine>> OfSubjectAsync(SubjectId subject, CancellationToken cancel) =>
        (await ReadAsync(new LedgerQuery(Subject: subject), cancel)).FindAll(line => line.Call.Subject == subject);

    private async Task<List<LedgerLine>> ReadAsync(LedgerQuery query, CancellationToken cancel)
    {
        var lines = new List<LedgerLine>();
        await foreach (var line in reader.ReadAsync(query, cancel))
        {
            lines.Add(line);
        }

        return lines;
    }
}
