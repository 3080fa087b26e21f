using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace IvrConsent.Host.PublicPages;

/// <summary>A notice as a page for browsers, and as text. Without scripts, without anything from elsewhere.</summary>
internal static partial class NoticePage
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1b1b1f;--soft:#55565e;--paper:#fff;--rule:#d5d6dc;--link:#0b57a4}
        @media (prefers-color-scheme:dark){:root{--ink:#ececf1;--soft:#b3b4bd;--paper:#17181c;--rule:#3d3e46;--link:#8ec1ff}}
        html{font:1.0625rem/1.6 system-ui,sans-serif;background:var(--paper);color:var(--ink)}
        body{max-width:42rem;margin:0 auto;padding:2rem 1.25rem 4rem;overflow-wrap:anywhere}
        h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}
        h2{font-size:1.2rem;line-height:1.35;margin:2.25rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--rule)}
        h3{font-size:1rem;margin:1.25rem 0 .25rem}
        p,ul,dl,blockquote{margin:.5rem 0}
        dl{display:grid;grid-template-columns:minmax(8rem,30%) 1fr;gap:.25rem 1rem}
        dt,.soft{color:var(--soft)}
        dd{margin:0}
        blockquote{padding:.25rem 0 .25rem 1rem;border-left:.25rem solid var(--rule)}
        a{color:var(--link)}
        a:focus-visible{outline:3px solid var(--link);outline-offset:2px}
        nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
        table{border-collapse:collapse;margin:1rem 0}
        th,td{text-align:left;vertical-align:top;padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--rule);overflow-wrap:normal}
        td a,td code{overflow-wrap:anywhere}
        code{font:inherit}
        .wide{overflow-x:auto}
        .files{min-width:12rem}
        time{white-space:nowrap}
        @media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
        @media print{html{font-size:11pt;background:#fff;color:#000}body{max-width:none;padding:0}nav{display:none}h2,h3{break-after:avoid}dt,.soft{color:#333}a{color:inherit}}
        """;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>The style alone may be used, and only as it is here (CSP level 3).</summary>
    public static string SecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The notice for a browser.</summary>
    public static string Html(FullNotice notice)
    {
        var words = notice.Words;
        var page = Begin(words.Language, words.Title);
        if (notice.Languages.Count > 1)
        {
            page.Append("<nav aria-label=\"").Append(Escape(words.OtherLanguages)).Append("\">\n<ul>\n");
            foreach (var language in notice.Languages)
            {
                AppendLanguage(page, notice, language);
            }

            page.Append("</ul>\n</nav>\n");
        }

        page.Append("<main>\n<h1>").Append(Escape(words.Title)).Append("</h1>\n<p class=\"soft\">").Append(Escape($"{words.Line}: {notice.Line}")).Append("</p>\n");
        foreach (var (section, number) in notice.Sections.Select((section, index) => (section, index + 1)))
        {
            page.Append("<section aria-labelledby=\"s").Append(number).Append("\">\n<h2 id=\"s").Append(number).Append("\">").Append(Escape(section.Heading)).Append("</h2>\n");
            var open = "";
            foreach (var piece in section.Pieces)
            {
                open = Group(page, open, piece.Kind switch { NoticePieceKind.Fact => "dl", NoticePieceKind.Item => "ul", _ => "" });
                AppendPiece(page, notice, piece);
            }

            Group(page, open, "");
            page.Append("</section>\n");
        }

        return page.Append("</main>\n<footer>\n<p class=\"soft\">").Append(Escape(notice.Version)).Append("</p>\n</footer>\n</body>\n</html>\n").ToString();
    }

    /// <summary>The notice as text, for who reads without a browser.</summary>
    public static string Text(FullNotice notice)
    {
        var text = new StringBuilder(notice.Words.Title).Append('\n').Append(notice.Words.Line).Append(": ").Append(notice.Line).Append('\n');
        foreach (var section in notice.Sections)
        {
            text.Append('\n').Append(section.Heading).Append('\n').Append('-', section.Heading.Length).Append('\n');
            foreach (var piece in section.Pieces)
            {
                text.Append(piece.Kind switch
                {
                    NoticePieceKind.Heading => $"\n{piece.Text}",
                    NoticePieceKind.Fact => $"{piece.Label}: {piece.Text}",
                    NoticePieceKind.Item => $"* {piece.Text}",
                    NoticePieceKind.Spoken => $"> {piece.Text}",
                    _ => piece.Text,
                }).Append('\n');
            }
        }

        return text.Append('\n').Append(notice.Version).Append('\n').ToString();
    }

    /// <summary>What stands at every other address.</summary>
    public static string NotFoundHtml(NoticeWords words) => Begin(words.Language, words.NotFoundTitle)
        .Append("<main>\n<h1>").Append(Escape(words.NotFoundTitle)).Append("</h1>\n<p>").Append(Escape(words.NotFound)).Append("</p>\n</main>\n</body>\n</html>\n").ToString();

    /// <summary>The same as text.</summary>
    public static string NotFoundText(NoticeWords words) => $"{words.NotFoundTitle}\n\n{words.NotFound}\n";

    /// <summary>The head that all pages have, up to the body; well-formed as XML, too.</summary>
    internal static StringBuilder Begin(string language, string title) => new StringBuilder("<!DOCTYPE html>\n<html lang=\"").Append(Escape(language)).Append("\">\n<head>\n<meta charset=\"utf-8\" />\n")
        .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>").Append(Escape(title)).Append("</title>\n<style>").Append(Style).Append("</style>\n</head>\n<body>\n");

    private static void AppendLanguage(StringBuilder page, FullNotice notice, string language)
    {
        var name = Escape(NoticeWords.Of(language) is { } words && words.Language.Equals(language, StringComparison.OrdinalIgnoreCase) ? words.Name : language);
        var tag = Escape(language);
        page.Append(language == notice.Language
            ? $"<li><span aria-current=\"page\" lang=\"{tag}\">{name}</span></li>\n"
            : $"<li><a href=\"/notice/{Escape(Uri.EscapeDataString(notice.Line))}/{tag}\" hreflang=\"{tag}\" lang=\"{tag}\">{name}</a></li>\n");
    }

    private static void AppendPiece(StringBuilder page, FullNotice notice, NoticePiece piece)
    {
        var lang = piece.IsOwnLanguage && notice.Language != notice.Words.Language ? $" lang=\"{Escape(notice.Language)}\"" : "";
        page.Append(piece.Kind switch
        {
            NoticePieceKind.Heading => $"<h3{lang}>{Escape(piece.Text)}</h3>\n",
            NoticePieceKind.Fact => $"<dt>{Escape(piece.Label)}</dt><dd>{Linked(piece.Text)}</dd>\n",
            NoticePieceKind.Item => $"<li>{Escape(piece.Text)}</li>\n",
            NoticePieceKind.Spoken => $"<blockquote{lang}><p>{Escape(piece.Text)}</p></blockquote>\n",
            _ => $"<p>{Escape(piece.Text)}</p>\n",
        });
    }

    /// <summary>Closes the list that is open and opens the one that is wanted, where they differ.</summary>
    private static string Group(StringBuilder page, string open, string wanted)
    {
        if (open != wanted)
        {
            page.Append(open.Length > 0 ? $"</{open}>\n" : "").Append(wanted.Length > 0 ? $"<{wanted}>\n" : "");
        }

        return wanted;
    }

    /// <summary>A mail address, a telephone number or a web address as a whole becomes a link; nothing else does.</summary>
    private static string Linked(string text)
    {
        var target = MailAddress().IsMatch(text) ? $"mailto:{text}"
            : Telephone().IsMatch(text) ? $"tel:{text.Replace(" ", "", StringComparison.Ordinal)}"
            : WebAddress().IsMatch(text) && Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri.AbsoluteUri
            : null;
        return target is null ? Escape(text) : $"<a href=\"{Escape(target)}\" rel=\"noreferrer\">{Escape(text)}</a>";
    }

    private static string Escape(string text) => Encoder.Encode(text);

    [GeneratedRegex(@"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}\z")]
    private static partial Regex MailAddress();

    [GeneratedRegex(@"^\+[0-9][0-9 ]{4,20}\z")]
    private static partial Regex Telephone();

    [GeneratedRegex(@"^https?://[^\s<>""']{1,400}\z")]
    private static partial Regex WebAddress();
}
