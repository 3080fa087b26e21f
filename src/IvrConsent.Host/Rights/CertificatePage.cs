using System.Globalization;
using System.Text;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Cli;

namespace IvrConsent.Host.Rights;

/// <summary>A certificate of erasure as a text for the person: what went, what stays, why, and what can be done about it (GDPR art. 12(4)).</summary>
internal static class CertificatePage
{
    /// <summary>The text.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="language">One of <see cref="CertificateTexts.All"/>.</param>
    /// <param name="purpose">A purpose's words in that language, by its id.</param>
    public static string Text(ErasureCertificate certificate, string language, Func<string, string> purpose)
    {
        var (texts, text) = (CertificateTexts.All[language], new StringBuilder());
        Add(Fill(texts.Title, certificate.Case));
        Add(Fill(texts.Issued, PersonTime.Time(certificate.IssuedAt, language), certificate.Actor));
        Add();
        Add(Fill(texts.Erased, certificate.Erased.Count));
        if (certificate.Erased.Count > 0)
        {
            Add(texts.ErasedHow);
        }

        foreach (var one in certificate.Erased)
        {
            Add($"- {Named(one)}");
        }

        if (certificate.Unfinished > 0)
        {
            Add(Fill(texts.Unfinished, certificate.Unfinished));
        }

        Add();
        Add(Fill(texts.Kept, certificate.Kept.Count));
        foreach (var one in certificate.Kept)
        {
            Add($"- {Named(one)}: {(one.Kept.Count == 0 ? texts.CallGoesOn : string.Join("; ", one.Kept.Select(Why)))}");
        }

        Add();
        Add(certificate.NumberKept is { } keeper ? Fill(texts.NumberKept, texts.Keepers[keeper]) : texts.NumberDeleted);
        Add(texts.Entries);
        if (certificate.Kept.Count > 0 || certificate.NumberKept is not (null or NumberKeeper.Withheld))
        {
            Add(texts.Remedy);
        }

        return text.ToString();

        // A reason that somebody wrote makes no line of its own.
        void Add(string line = "") => text.Append(LedgerExport.Printable(line)).Append('\n');

        string Named(CertifiedRecording one) => one.CallEndedAt is { } ended ? $"{one.Recording}, {Fill(texts.CallOf, PersonTime.Time(ended, language))}" : one.Recording;

        string Why(KeptBy kept) => kept switch
        {
            { Hold: { } hold } => Fill(texts.Hold, hold.Id, hold.Owner, hold.Reason) + Until(hold.EndsAt),
            { Term: { } term } => Fill(texts.Grounds[term.Basis], purpose(term.Purpose)) + Until(term.Until),
            _ => $"{kept.Why} ({kept.Article})",
        };

        string Until(DateTimeOffset? until) => until is { } end ? Fill(texts.Until, PersonTime.Day(end, language)) : "";
    }

    private static string Fill(string words, params object[] values) => string.Format(CultureInfo.InvariantCulture, words, values);
}
