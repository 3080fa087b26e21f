using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using IvrConsent.Core.Calls;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>From values that are right one by one to settings that are right together.</summary>
internal sealed partial class SettingsBinder(string file, ProblemList problems)
{
    private readonly string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;

    /// <summary>The settings; of use only when no problem was found.</summary>
    public HostSettings Bind(SettingsMap root, string hostName)
    {
        var http = new HttpSettings(root.Section("http").Get<IPEndPoint>("listen"));
        var notices = new NoticeBinder(root);
        var jurisdictions = JurisdictionTable.For(folder, problems);
        var consent = new ConsentBinder(root, problems, jurisdictions);
        var lines = new LineBinder(problems, consent).Bind(root, notices);
        var api = new ApiBinder(folder, problems).Bind(root.Section("api"));
        var sms = new SmsBinder(folder, problems).Bind(root.Section("sms"));
        if (sms is null && root.Section("sms").Own("url") is null)
        {
            foreach (var line in lines.Where(line => line.Options.ReceiptBySms))
            {
                problems.Add(line.Place, $"lines[{line.Options.Name}].receipt", "it is sms, and there is no gateway for text messages", "sms.url, or none", "Describe the gateway: sms: { url: https://… } (or write: receipt: none)");
            }
        }

        var vault = new VaultBinder(folder, problems, (map, key, fileKey) => BindSecret(map, key, fileKey, required: false)).Bind(root.Section("vault"));
        var records = RecordBinder.BindRecords(root);
        if (vault is not null)
        {
            RecordBinder.WarnOfUnsaid(root, records, [.. lines.Select(line => line.Options)], problems);
        }

        return new HostSettings
        {
            WorkerName = root.Section("worker").GetOrNull<string>("name") ?? NotAllowedInNames().Replace(hostName, "-"),
            Http = http,
            Database = BindDatabase(root.Section("database")),
            Keys = KeysBinder.Bind(root.Section("keys"), Absolute, problems),
            Access = AccessBinder.Bind(root.Section("access"), problems),
            PromptsFolder = Absolute(root.Section("prompts").Get<string>("folder")),
            Logging = BindLogging(root.Section("logging")),
            FinishDialoguesWithin = root.Section("shutdown").Get<TimeSpan>("finish_dialogues_within"),
            Pbxes = BindPbxes(root, http),
            Notices = notices.ForExplicitLines,
            Purposes = consent.Purposes,
            Parties = consent.Parties,
            Agents = consent.Agents,
            Jurisdictions = jurisdictions,
            Lines = lines,
            UnknownLine = new(LineBinder.BindAfterwards(root, "unknown_line"), root.Find("unknown_line")?.Place ?? new SettingsPlace(file)),
            Api = api,
            Public = new PublicBinder(folder, problems).Bind(root.Section("public"), http, api, lines),
            Sms = sms,
            Vault = vault,
            DefaultLanguage = root.Section("defaults").Get<string>("language"),
            Records = records,
            Webhooks = new RecordBinder(folder, problems).BindWebhooks(root),
        };
    }

    private static LoggingSettings BindLogging(SettingsMap section) => new(
        section.Get<string>("format") == "json" ? LogFormat.Json : LogFormat.Console,
        Enum.Parse<LogLevel>(section.Get<string>("level"), ignoreCase: true));

    private DatabaseSettings BindDatabase(SettingsMap section)
    {
        var secret = BindSecret(section, "connection", "connection_file", required: false);
        var text = secret?.Reveal() ?? section.Get<Secret>("connection").Reveal();
        var key = section.Own("connection_file") is not null && section.Own("connection") is null ? "connection_file" : "connection";
        var connection = DatabaseConnection.Read(text, folder, section.PlaceOf(key), section.PathOf(key), problems);
        return new DatabaseSettings(
            connection?.Kind ?? DatabaseKind.Sqlite,
            connection?.Connection ?? new Secret(""),
            Absolute(section.Get<string>("spool")),
            section.Get<TimeSpan>("commit_limit"))
        {
            LedgerKeptFor = section.Find("ledger_retention_days")?.Value is int days ? TimeSpan.FromDays(days) : null,
        };
    }

    private ImmutableArray<PbxSettings> BindPbxes(SettingsMap root, HttpSettings http)
    {
        var bound = new List<PbxSettings>();
        var applications = new Dictionary<(Uri, string), string>();
        foreach (var pbx in root.Items("pbx"))
        {
            var settings = BindPbx(pbx, http);
            bound.Add(settings);
            if (pbx.GetOrNull<Uri>("url") is { } url && !applications.TryAdd((url, settings.Application), pbx.Path))
            {
                problems.Add(pbx.PlaceOf("url"), pbx.PathOf("url"), $"{applications[(url, settings.Application)]} has the same url and application", null, "Delete one of the two, or give one another application.");
            }
        }

        return [.. bound];
    }

    private PbxSettings BindPbx(SettingsMap pbx, HttpSettings http)
    {
        var url = pbx.GetOrNull<Uri>("url");
        if (url is not null && url.AbsolutePath.TrimEnd('/').EndsWith("/ari", StringComparison.Ordinal))
        {
            problems.Add(pbx.PlaceOf("url"), pbx.PathOf("url"), "the address ends with /ari", "the address of Asterisk's HTTP server", $"Write: url: {url.AbsoluteUri.TrimEnd('/')[..^"/ari".Length]}");
        }

        var delivery = pbx.Get<string>("prompts") == "folder" ? PromptDelivery.Folder : PromptDelivery.Http;
        CheckDelivery(pbx, delivery, http, url);
        return new PbxSettings
        {
            Name = pbx.GetOrNull<string>("name") ?? "",
            Url = url ?? new Uri("http://127.0.0.1"),
            Username = pbx.Get<string>("username"),
            Password = BindSecret(pbx, "password", "password_file", required: true) ?? new Secret(""),
            Application = pbx.Get<string>("application"),
            Prompts = delivery,
            PromptsUrl = delivery == PromptDelivery.Http ? pbx.GetOrNull<Uri>("prompts_url") ?? new Uri($"http://{http.Listen}") : null,
            PromptsFolder = delivery == PromptDelivery.Folder ? pbx.GetOrNull<string>("prompts_folder") : null,
            PromptRate = int.Parse(pbx.Get<string>("prompt_rate"), System.Globalization.CultureInfo.InvariantCulture),
            RecordingsFolder = pbx.GetOrNull<string>("recordings_folder"),
            Rest = Enum.Parse<RestTransport>(pbx.Get<string>("rest"), ignoreCase: true),
            RequestTimeout = pbx.Get<TimeSpan>("request_timeout"),
            RecordingStartTimeout = pbx.Get<TimeSpan>("recording_start_timeout"),
        };
    }

    private void CheckDelivery(SettingsMap pbx, PromptDelivery delivery, HttpSettings http, Uri? url)
    {
        var path = pbx.PathOf("prompts");
        if (delivery == PromptDelivery.Folder)
        {
            if (pbx.Own("prompts_folder") is null)
            {
                problems.Add(pbx.PlaceOf("prompts"), pbx.PathOf("prompts_folder"), "the key is missing and prompts is folder", "an absolute path on the PBX", "Write for example: prompts_folder: /var/lib/asterisk/sounds/ivrconsent");
            }

            WarnUnused(pbx, "prompts_url", "folder");
            return;
        }

        WarnUnused(pbx, "prompts_folder", "http");
        if (pbx.Own("prompts_url") is not null)
        {
            return;
        }

        if (http.Listen.Address.Equals(IPAddress.Any) || http.Listen.Address.Equals(IPAddress.IPv6Any))
        {
            problems.Add(pbx.Place, pbx.PathOf("prompts_url"), "the key is missing, and http.listen is no address that the PBX could call", "the worker's address as the PBX reaches it", $"Write for example: prompts_url: http://192.0.2.10:{http.Listen.Port}");
        }
        else if (IPAddress.IsLoopback(http.Listen.Address) && url is { IsLoopback: false })
        {
            problems.Warn(pbx.PlaceOf("url"), path, $"the PBX is on another machine and cannot fetch prompts from http://{http.Listen}", null, "Set http.listen to an address that it reaches, or prompts_url, or prompts: folder.");
        }
    }

    private void WarnUnused(SettingsMap pbx, string key, string delivery)
    {
        if (pbx.Own(key) is { } unused)
        {
            problems.Warn(unused.Place, unused.Path, $"the key has no effect with prompts: {delivery}", null, $"Delete {key}, or change prompts.");
        }
    }

    /// <summary>A secret written here or in a file; where one of the two comes from the environment, it wins.</summary>
    private Secret? BindSecret(SettingsMap map, string key, string fileKey, bool required)
    {
        var written = map.Own(key);
        var inFile = map.Own(fileKey);
        if (written is not null && inFile is not null)
        {
            if (written.Place.Variable is null == inFile.Place.Variable is null)
            {
                problems.Add(inFile.Place, inFile.Path, $"both {key} and {fileKey} are given", "one of them", $"Delete {key} and keep {fileKey}.");
                return null;
            }

            if (written.Place.Variable is null)
            {
                written = null;
            }
        }

        if (written is not null)
        {
            if (written.Place.Variable is null && (required || (written.Value as Secret)?.Reveal().Contains("password", StringComparison.OrdinalIgnoreCase) == true) && File.Exists(file))
            {
                SecretFile.WarnIfAnyoneCanRead(file, written.Place, written.Path, problems);
            }

            return (Secret?)written.Value;
        }

        if (inFile is not null)
        {
            return inFile.Value is null ? null : SecretFile.Read(folder, inFile, problems);
        }

        if (required)
        {
            problems.Add(map.Place, map.PathOf(key), "the key is missing", $"{fileKey} or {key}", $"Write for example: {fileKey}: ari-password");
        }

        return null;
    }

    private string Absolute(string path) => Path.GetFullPath(path, folder);

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex NotAllowedInNames();
}
