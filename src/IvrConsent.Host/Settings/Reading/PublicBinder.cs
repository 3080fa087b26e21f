using System.Net;
using IvrConsent.Core.Consent;
using IvrConsent.Host.PublicPages;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>public</c>.</summary>
internal sealed class PublicBinder(string folder, ProblemList problems)
{
    /// <summary>Its keys.</summary>
    public static MapKind Keys { get; } = new(
    [
        new("listen", new ListenKind(), "Where the notices stand: GET /notice/LINE and /notice/LINE/LANGUAGE. Nothing else is served there.") { DefaultInWords = "none: there is no page", Example = "127.0.0.1:8092" },
        .. TlsBinder.KeysOf("public"),
    ]);

    /// <summary>The page; null when the section names no address for it.</summary>
    public PublicSettings? Bind(SettingsMap section, HttpSettings http, ApiSettings api, IReadOnlyList<LineSettings> lines)
    {
        var tls = new TlsBinder(folder, problems).Bind(section, section.Find("listen") is not null);
        if (section.GetOrNull<IPEndPoint>("listen") is not { } listen)
        {
            return null;
        }

        CheckAddress(section, listen, "http.listen", http.Listen);
        if (api.Enabled)
        {
            CheckAddress(section, listen, "api.listen", api.Listen);
        }

        foreach (var line in lines.Where(line => line.Options.Mode != ConsentMode.Never))
        {
            CheckLine(line);
        }

        return new PublicSettings(listen, tls);
    }

    private void CheckAddress(SettingsMap section, IPEndPoint listen, string other, IPEndPoint taken)
    {
        if (listen.Equals(taken))
        {
            problems.Add(section.PlaceOf("listen"), section.PathOf("listen"), $"{other} is the same address", "an address or port of its own", $"Write for example: listen: {new IPEndPoint(listen.Address, listen.Port == 8092 ? 8093 : 8092)}");
        }
    }

    /// <summary>A notice without who and why is none (GDPR art. 13(1)): better no page than one that misleads.</summary>
    private void CheckLine(LineSettings line)
    {
        var path = $"lines[{line.Options.Name}]";
        if (line.Options.Controller is null)
        {
            problems.Add(line.Place, $"{path}.controller", "the public page of the notices could not say who is responsible", "a controller", "Describe it under parties: in the first column, and name it in the line.");
        }

        if (line.Options is { Purposes.Count: 0, OptOut: false })
        {
            problems.Add(line.Place, $"{path}.purposes", "the public page of the notices could not say why calls are recorded", "a purpose", "Describe purposes: in the first column and name them in the line.");
        }

        foreach (var language in line.Options.SpokenLanguages().Where(language => NoticeWords.Of(language) is null))
        {
            problems.Warn(line.Place, path, $"the public page of the notices has no headings in the language {Shown.Key(language)}: they will be in English", string.Join(", ", NoticeWords.All.Keys), "Nothing need be done where callers can read that; the purposes and the spoken words stand there in their own language.");
        }
    }
}
