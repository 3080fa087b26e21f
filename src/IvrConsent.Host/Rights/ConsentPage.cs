using System.Globalization;
using System.Net;
using System.Text;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Records;
using IvrConsent.Host.Cli;
using IvrConsent.Host.PublicPages;

namespace IvrConsent.Host.Rights;

/// <summary>One consent as a page that the person can read: what was told, what the person did, what holds now.</summary>
internal static class ConsentPage
{
    /// <summary>The page.</summary>
    /// <param name="consent">The consent.</param>
    /// <param name="language">One of <see cref="ConsentTexts.All"/>.</param>
    /// <param name="today">A purpose's words in that language by the settings of today, by its id: for one that the terms of that time do not name.</param>
    public static string Html(ConsentCase consent, string language, Func<string, string> today)
    {
        var (texts, words) = (ConsentTexts.All[language], NoticeWords.All[language]);
        var page = NoticePage.Begin(language, texts.Title).Append("<h1>").Append(E(texts.Title)).Append("</h1>\n<dl>\n");
        Fact(page, texts.Reference, ReceiptReference.Grouped(consent.Reference));
        Fact(page, texts.Call, PersonTime.Time(consent.Call.ArrivedAt, language));
        Fact(page, words.Line, consent.Call.Line ?? "-");
        Fact(page, texts.State, texts.States[consent.State]);
        if (consent.Terms?.Controller is { } controller)
        {
            Fact(page, words.Controller, $"{controller.Name}, {controller.Address}, {controller.Country}; {controller.Contact}");
        }

        page.Append("</dl>\n");
        AppendPurposes(page, consent, language, today);
        AppendNotices(page, consent, language);
        AppendSteps(page, consent, language, today);
        if (consent.Statements.Count > 0)
        {
            Heading(page, ExportTexts.All[language].Statements);
            page.Append("<ul>\n").AppendJoin("", consent.Statements.Select(statement => $"<li>{E($"{PersonTime.Time(statement.At, language)} UTC: {statement.Text}")}</li>\n")).Append("</ul>\n");
        }

        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendPurposes(StringBuilder page, ConsentCase consent, string language, Func<string, string> today)
    {
        var (texts, words) = (ConsentTexts.All[language], NoticeWords.All[language]);
        Heading(page, words.Purposes);
        var known = consent.KnownPurposes;
        string[] other = [.. (consent.Purposes ?? []).Except(known.Select(purpose => purpose.Id))];
        if (known.Count + other.Length == 0 || consent.Terms is null)
        {
            page.Append("<p>").Append(E(texts.NoTerms)).Append("</p>\n");
        }

        page.Append("<ul>\n");
        foreach (var purpose in known)
        {
            page.Append("<li>").Append(E($"{PurposeWords.Of(purpose.Id, purpose.Texts, language)}. {words.Basis}: {words.BasisText(purpose.Basis)}. {words.Kept}: {words.DaysText(purpose.RetentionDays)}.")).Append("</li>\n");
        }

        foreach (var id in other)
        {
            page.Append("<li>").Append(E(today(id))).Append("</li>\n");
        }

        page.Append("</ul>\n");
    }

    private static void AppendNotices(StringBuilder page, ConsentCase consent, string language)
    {
        var (texts, words) = (ConsentTexts.All[language], NoticeWords.All[language]);
        if (consent.Notices.Count == 0 && consent.NoticeId is null)
        {
            return;
        }

        Heading(page, texts.Notice);
        page.Append("<ul>\n");
        foreach (var notice in consent.Notices)
        {
            var heard = string.Format(CultureInfo.InvariantCulture, texts.Heard, Seconds(notice.HeardMs, language), Seconds(notice.AudioMs, language));
            page.Append("<li>").Append(E($"{string.Format(CultureInfo.InvariantCulture, words.Version, notice.Notice, notice.Version)} ({NoticeWords.Of(notice.Language)?.Name ?? notice.Language}): {heard}. SHA-256 {notice.Sha256}"));
            if (consent.Terms is { } terms && terms.Notice == notice.Notice && terms.NoticePrompts.GetValueOrDefault(notice.Language) is { Text: { } spoken } prompt
                && (prompt.Sha256 == notice.Sha256 || prompt.WidebandSha256 == notice.Sha256))
            {
                page.Append("<blockquote lang=\"").Append(E(notice.Language)).Append("\">").Append(E(spoken)).Append("</blockquote>");
            }

            page.Append("</li>\n");
        }

        if (consent.Notices.Count == 0)
        {
            page.Append("<li>").Append(E(string.Format(CultureInfo.InvariantCulture, words.Version, consent.NoticeId, consent.NoticeVersion))).Append("</li>\n");
        }

        page.Append("</ul>\n");
    }

    private static void AppendSteps(StringBuilder page, ConsentCase consent, string language, Func<string, string> today)
    {
        var texts = ConsentTexts.All[language];
        Heading(page, texts.Steps);
        page.Append("<ol>\n");

        // Who was told of another ground than consent heard a notice and was asked nothing.
        var told = consent.Steps.Any(step => step.State == ConsentState.Informed);
        foreach (var step in consent.Steps.Where(step => !told || step.State != ConsentState.Requested))
        {
            string?[] facts =
            [
                step.Purposes is null ? null : string.Join(", ", step.Purposes.Select(id => PurposeWords.Told(id, consent.Terms?.Purposes, language) ?? today(id))),
                step.Keys is null ? null : string.Format(CultureInfo.InvariantCulture, texts.Key, step.Keys),
                step.Implied ? texts.Implied : null,
                step.Source is { } source ? texts.Ways.GetValueOrDefault(source.Way, source.Way) : null,
                step.Source?.Reference,
                step.Correction is { } correction ? string.Format(CultureInfo.InvariantCulture, texts.Corrected, correction.Reason) : null,
            ];
            page.Append("<li>").Append(E(string.Join("; ", facts.OfType<string>().Prepend($"{PersonTime.Time(step.At, language)} UTC: {texts.States[step.State]}")))).Append("</li>\n");
        }

        page.Append("</ol>\n");
    }

    private static void Heading(StringBuilder page, string text) => page.Append("<h2>").Append(E(text)).Append("</h2>\n");

    private static void Fact(StringBuilder page, string label, string text) =>
        page.Append("<dt>").Append(E(label)).Append("</dt><dd>").Append(E(text)).Append("</dd>\n");

    /// <summary>With the decimal comma of all these languages but English.</summary>
    private static string Seconds(long milliseconds, string language) =>
        (milliseconds / 1000d).ToString("0.0", CultureInfo.InvariantCulture).Replace('.', language == "en" ? '.' : ',');

    // XML 1.0 has no place for other control characters, and a browser none of use.
    private static string E(string text) => WebUtility.HtmlEncode(LedgerExport.Printable(text));
}
