namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>sms</c>.</summary>
internal sealed class SmsBinder(string folder, ProblemList problems)
{
    /// <summary>Its keys.</summary>
    public static MapKind Keys { get; } = new(
    [
        new("url", new UrlKind("https://sms.example.org/send"), "Where a message is posted to. Without it there is no gateway."),
        new("authorization_file", new PathKind(absolute: false, "sms-authorization"), "A file with the value of the header Authorization and nothing else."),
        new("content_type", new ChoiceKind("application/json", "application/x-www-form-urlencoded"), "What the gateway takes.") { Default = "application/json" },
        new("body", new TextKind(@"^[^\x00-\x1f\x7f-\x9f]+$", "one line with {number} and {text} in it", "'{\"to\":{number},\"text\":{text}}'"), "The body; {number}, {text} and {id} are filled in.") { Default = """{"to":{number},"text":{text}}""" },
        new("signature_file", new PathKind(absolute: false, "sms-signature"), "A file with the key by which the gateway signs what it posts here."),
    ]);

    public SmsSettings? Bind(SettingsMap section)
    {
        if (section.GetOrNull<Uri>("url") is not { } url)
        {
            return null;
        }

        if (url is { IsLoopback: false, Scheme: "http" })
        {
            problems.Add(section.PlaceOf("url"), section.PathOf("url"), "numbers would travel in clear", "an address beginning with https://", "Write for example: url: https://sms.example.org/send");
        }

        var (type, body) = (section.Get<string>("content_type"), section.Get<string>("body"));
        var json = type == "application/json";
        if (!body.Contains("{number}", StringComparison.Ordinal) || !body.Contains("{text}", StringComparison.Ordinal) || (!json && section.Own("body") is null))
        {
            problems.Add(
                section.PlaceOf("body"),
                section.PathOf("body"),
                section.Own("body") is null ? "the key is missing, and the default is for JSON" : "{number} or {text} is missing",
                "a text with {number} and {text} in it",
                json ? "Write for example: body: '{\"to\":{number},\"text\":{text}}'" : "Write for example: body: to={number}&text={text}");
        }

        return new SmsSettings(url, Secret(section, "authorization_file"), type, body, Secret(section, "signature_file"));
    }

    private Secret? Secret(SettingsMap section, string key) => section.Own(key) is { Value: not null } written ? SecretFile.Read(folder, written, problems) : null;
}
