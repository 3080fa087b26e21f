using System.Globalization;
using System.Net;
using System.Text;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Retention;
using IvrConsent.Host.PublicPages;

namespace IvrConsent.Host.Rights;

/// <summary>The first page of a person's file, in the person's language: the calls, what was said, what is kept for what and until when, and where each file is.</summary>
internal static class PersonIndex
{
    /// <summary>The page.</summary>
    /// <param name="content">What it tells of.</param>
    /// <param name="language">One of <see cref="ExportTexts.All"/>.</param>
    /// <param name="today">A purpose's words in that language by the settings of today, by its id: for one that the terms of that time do not name.</param>
    public static string Html(IndexContent content, string language, Func<string, string> today)
    {
        var (texts, consents) = (ExportTexts.All[language], content.Consents.ToLookup(one => one.Consent.Call.Id, one => one.Consent));
        var html = NoticePage.Begin(language, texts.Title).Append("<h1>").Append(E(texts.Title)).Append("</h1>\n<p>").Append(E(texts.Intro)).Append("</p>\n<div class=\"wide\">\n<table>\n<thead><tr>");
        foreach (var heading in (string[])[texts.When, texts.Line, texts.Said, texts.Files, texts.KeptFor])
        {
            html.Append("<th scope=\"col\">").Append(E(heading)).Append("</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        foreach (var (row, said) in content.Calls)
        {
            var of = content.Recordings[row.Id].ToArray();
            var told = consents[row.Id].SelectMany(consent => consent.Terms?.Purposes ?? []).ToArray();
            html.Append("<tr><td>").Append(Stamp(row.ArrivedAt, language)).Append(' ').Append(PersonTime.Clock(row.ArrivedAt)).Append("</td><td>").Append(E(row.Line ?? "-")).Append("</td><td>")
                .Append(E(said is { } status ? texts.Statuses[status] : "-")).Append("</td><td class=\"files\">")
                .AppendJoin("<br />", of.Select(one => Shown(one, texts, language))).Append("</td><td>")
                .AppendJoin("<br />", of.SelectMany(one => one.Recording.Terms).Select(term => $"{E(PurposeWords.Told(term.Purpose, told, language) ?? today(term.Purpose))}, {Stamp(term.Until, language)}")).Append("</td></tr>\n");
        }

        html.Append("</tbody>\n</table>\n</div>\n");
        AppendConsents(html, texts, language, content.Consents);
        AppendStatements(html, texts, language, content.Statements);
        AppendNotices(html, texts, content.Notices);
        return html.Append("<p>").Append(E(texts.Data)).Append("</p>\n<p>").Append(E(texts.Rights)).Append("</p>\n</body>\n</html>\n").ToString();
    }

    private static void AppendNotices(StringBuilder html, ExportTexts texts, List<(string Line, string File)> notices)
    {
        if (notices.Count > 0)
        {
            html.Append("<h2>").Append(E(texts.Notices)).Append("</h2>\n<ul>\n")
                .AppendJoin("", notices.Select(notice => $"<li><a href=\"{E(notice.File)}\">{E($"{texts.Line}: {notice.Line}")}</a></li>\n")).Append("</ul>\n");
        }
    }

    private static void AppendConsents(StringBuilder html, ExportTexts texts, string language, List<ExportedConsent> consents)
    {
        if (consents.Count == 0)
        {
            return;
        }

        html.Append("<h2>").Append(E(texts.Consents)).Append("</h2>\n<ul>\n");
        foreach (var (consent, files, lacking) in consents)
        {
            html.Append("<li>").Append(E($"{PersonTime.Time(consent.Call.ArrivedAt, language)} UTC, {ConsentTexts.All[language].States[consent.State]}: "))
                .AppendJoin(", ", files.Select(file => $"<a href=\"{E(file)}\">{E(file)}</a>"));
            if (lacking.Count > 0)
            {
                html.Append("<br />").Append(E($"{texts.Lacking} {string.Join(", ", lacking)}"));
            }

            html.Append("</li>\n");
        }

        html.Append("</ul>\n");
    }

    private static void AppendStatements(StringBuilder html, ExportTexts texts, string language, List<LedgerEntry> statements)
    {
        if (statements.Count > 0)
        {
            html.Append("<h2>").Append(E(texts.Statements)).Append("</h2>\n<ul>\n")
                .AppendJoin("", statements.Select(entry => $"<li>{E($"{PersonTime.Time(entry.At, language)} UTC: {((StatementAdded)entry.Event).Text}")}</li>\n")).Append("</ul>\n");
        }
    }

    private static string Shown(ExportedRecording one, ExportTexts texts, string language) => one.File is { } file
        ? $"<a href=\"{E(file)}\">{E(file)}</a>{Restricted(one, texts)}"
        : $"<code>{E(one.Recording.Name)}</code>: " + E(string.Format(CultureInfo.InvariantCulture, Words(one.Why, texts), one.Since is { } since ? PersonTime.Time(since, language) : null)) + Restricted(one, texts);

    /// <summary>The day, which is not broken over two lines, and for programs the time as well.</summary>
    private static string Stamp(DateTimeOffset time, string language) => $"<time datetime=\"{time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture)}\">{PersonTime.Day(time, language)}</time>";

    private static string Restricted(ExportedRecording one, ExportTexts texts) => one.Recording.RestrictedBy is null ? "" : $" ({E(texts.Restricted)})";

    private static string Words(Absence why, ExportTexts texts) => why switch
    {
        Absence.Quarantined => texts.Locked,
        Absence.Waiting => texts.Waiting,
        Absence.Lost => texts.Lost,
        Absence.Damaged => texts.Damaged,
        _ => texts.NoAudio,
    };

    private static string E(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>What the index tells of.</summary>
internal sealed record IndexContent(
    List<(CallRow Row, ConsentStatus? Said)> Calls, ILookup<CallId, ExportedRecording> Recordings, List<ExportedConsent> Consents, List<LedgerEntry> Statements, List<(string Line, string File)> Notices);

/// <summary>A consent, its files, and the fields for want of which a form for machines is not among them.</summary>
internal sealed record ExportedConsent(ConsentCase Consent, IReadOnlyList<string> Files, IReadOnlyList<string> Lacking);

/// <summary>Why a recording is not in the file.</summary>
internal enum Absence
{
    /// <summary>It is.</summary>
    None,

    /// <summary>It lies on the PBX.</summary>
    Waiting,

    /// <summary>The ledger has no ground for it.</summary>
    Quarantined,

    /// <summary>The PBX did not have it when it was to be taken in.</summary>
    Lost,

    /// <summary>It is not what was stored.</summary>
    Damaged,

    /// <summary>It cannot be opened here: the private key, or the object, is not here.</summary>
    Closed,
}

/// <summary>A recording, its file, or why there is none; and since when it waits.</summary>
internal sealed record ExportedRecording(RetainedRecording Recording, string? File, Absence Why, DateTimeOffset? Since);
