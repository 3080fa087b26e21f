using System.Collections.Immutable;
using System.Net;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Records;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Host.Settings;

/// <summary>Everything that the settings file says, checked, with every default filled in.</summary>
public sealed record HostSettings
{
    /// <summary>Name of this worker in the ledger and the logs.</summary>
    public required string WorkerName { get; init; }

    /// <summary>Where health and prompts are served.</summary>
    public required HttpSettings Http { get; init; }

    /// <summary>The ledger.</summary>
    public required DatabaseSettings Database { get; init; }

    /// <summary>The keys.</summary>
    public required KeySettings Keys { get; init; }

    /// <summary>The folder of keys, absolute.</summary>
    public string KeysFolder => Keys.Folder;

    /// <summary>Who may do what on the command line.</summary>
    public AccessSettings Access { get; init; } = AccessSettings.None;

    /// <summary>The prompts' folder, absolute.</summary>
    public required string PromptsFolder { get; init; }

    /// <summary>What is logged and how.</summary>
    public required LoggingSettings Logging { get; init; }

    /// <summary>How long calls in the dialogue may take to end when the worker is stopped.</summary>
    public required TimeSpan FinishDialoguesWithin { get; init; }

    /// <summary>The PBXs; at least one.</summary>
    public required IReadOnlyList<PbxSettings> Pbxes { get; init; }

    /// <summary>The notices by their id.</summary>
    public required IReadOnlyDictionary<string, NoticeOptions> Notices { get; init; }

    /// <summary>What recordings are made for, by id; empty where the file names none.</summary>
    public IReadOnlyDictionary<string, PurposeOptions> Purposes { get; init; } = ImmutableSortedDictionary<string, PurposeOptions>.Empty;

    /// <summary>Controllers and processors by id; empty where the file names none.</summary>
    public IReadOnlyDictionary<string, PartyOptions> Parties { get; init; } = ImmutableSortedDictionary<string, PartyOptions>.Empty;

    /// <summary>The staff of whom the file says whether they may be recorded, by name; empty where it says nothing.</summary>
    public IReadOnlyDictionary<string, AgentOptions> Agents { get; init; } = ImmutableSortedDictionary<string, AgentOptions>.Empty;

    /// <summary>The jurisdiction table: the file beside the settings file, else the built-in one.</summary>
    public IReadOnlyList<JurisdictionRow> Jurisdictions { get; init; } = [];

    /// <summary>The lines; at least one.</summary>
    public required IReadOnlyList<LineSettings> Lines { get; init; }

    /// <summary>What happens to a call on an unknown line.</summary>
    public required UnknownLineSettings UnknownLine { get; init; }

    /// <summary>Language where no line says one: <c>defaults.language</c>.</summary>
    public required string DefaultLanguage { get; init; }

    /// <summary>The HTTP API.</summary>
    public ApiSettings Api { get; init; } = ApiSettings.Off;

    /// <summary>The public page of the notices; null: none.</summary>
    public PublicSettings? Public { get; init; }

    /// <summary>What consent records say besides what lines say; null when nothing is written.</summary>
    public RecordOptions? Records { get; init; }

    /// <summary>Who is told of events; may be empty.</summary>
    public IReadOnlyList<WebhookSettings> Webhooks { get; init; } = [];

    /// <summary>The gateway for text messages; null: none.</summary>
    public SmsSettings? Sms { get; init; }

    /// <summary>Where recordings are kept; null: they stay on the PBX.</summary>
    public VaultSettings? Vault { get; init; }
}

/// <summary>The worker's own HTTP server.</summary>
/// <param name="Listen">Address and port.</param>
public sealed record HttpSettings(IPEndPoint Listen);

/// <summary>The HTTP API for programs of the house, with keys.</summary>
/// <param name="Enabled">Whether it is served at all.</param>
/// <param name="Listen">Address and port.</param>
/// <param name="Tls">Its certificate; null: plain HTTP.</param>
/// <param name="BehindProxy">Whether a proxy stands before it that speaks TLS and names the caller's address.</param>
public sealed record ApiSettings(bool Enabled, IPEndPoint Listen, ServerTlsSettings? Tls, bool BehindProxy)
{
    /// <summary>None.</summary>
    public static ApiSettings Off { get; } = new(false, new IPEndPoint(IPAddress.Loopback, 8091), null, false);
}

/// <summary>The public page of the notices.</summary>
/// <param name="Listen">Address and port.</param>
/// <param name="Tls">Its certificate; null: plain HTTP, which is enough for what everybody may read.</param>
public sealed record PublicSettings(IPEndPoint Listen, ServerTlsSettings? Tls);

/// <summary>An HTTP gateway that sends text messages, and hands in those that come.</summary>
/// <param name="Url">Where a message is posted to.</param>
/// <param name="Authorization">Value of the header Authorization; null: none.</param>
/// <param name="ContentType">Of the body: JSON or a form.</param>
/// <param name="Body">The body, with {number}, {text} and perhaps {id} in it.</param>
/// <param name="Signature">Key by which it signs what it hands in; null: it uses an API key.</param>
public sealed record SmsSettings(Uri Url, Secret? Authorization, string ContentType, string Body, Secret? Signature);

/// <summary>The certificate of one of our servers, as PEM files.</summary>
/// <param name="Certificate">The certificate, absolute path.</param>
/// <param name="Key">Its private key, absolute path.</param>
public sealed record ServerTlsSettings(string Certificate, string Key);

/// <summary>The databases that a ledger can be kept in.</summary>
public enum DatabaseKind
{
    /// <summary>One file on this machine.</summary>
    Sqlite,

    /// <summary>A PostgreSQL server.</summary>
    PostgreSql,
}

/// <summary>The ledger's database.</summary>
/// <param name="Kind">Which database.</param>
/// <param name="Connection">ADO.NET connection string; the path in one of SQLite is absolute.</param>
/// <param name="SpoolFolder">Absolute folder that takes what cannot be written to the database at once.</param>
/// <param name="CommitLimit">How long a call waits for its consent to be committed before it goes on unrecorded.</param>
public sealed record DatabaseSettings(DatabaseKind Kind, Secret Connection, string SpoolFolder, TimeSpan CommitLimit)
{
    /// <summary>How long the ledger can tell whose its entries are, from a person's last call or entry on; null: for ever.</summary>
    public TimeSpan? LedgerKeptFor { get; init; }
}

/// <summary>The form of a log line.</summary>
public enum LogFormat
{
    /// <summary>For a person at a terminal.</summary>
    Console,

    /// <summary>One JSON object per line.</summary>
    Json,
}

/// <summary>Logging.</summary>
/// <param name="Format">The form of a line.</param>
/// <param name="Level">The least level that is written.</param>
public sealed record LoggingSettings(LogFormat Format, LogLevel Level);

/// <summary>How a PBX gets the prompts.</summary>
public enum PromptDelivery
{
    /// <summary>It fetches them from the worker's HTTP server.</summary>
    Http,

    /// <summary>It reads them from a folder on its own disk.</summary>
    Folder,
}

/// <summary>How ARI's requests travel.</summary>
public enum RestTransport
{
    /// <summary>Over the WebSocket where the PBX can, else over HTTP.</summary>
    Auto,

    /// <summary>Over the WebSocket that brings the events.</summary>
    WebSocket,

    /// <summary>Over HTTP.</summary>
    Http,
}

/// <summary>One Asterisk.</summary>
public sealed record PbxSettings
{
    /// <summary>Its name in the ledger, the logs and the environment variables.</summary>
    public required string Name { get; init; }

    /// <summary>Base address of its HTTP server, without <c>/ari</c>, without credentials.</summary>
    public required Uri Url { get; init; }

    /// <summary>ARI user.</summary>
    public required string Username { get; init; }

    /// <summary>The user's password.</summary>
    public required Secret Password { get; init; }

    /// <summary>The Stasis application's name.</summary>
    public required string Application { get; init; }

    /// <summary>How it gets the prompts.</summary>
    public required PromptDelivery Prompts { get; init; }

    /// <summary>How it reaches the worker's HTTP server; null when prompts come from a folder.</summary>
    public required Uri? PromptsUrl { get; init; }

    /// <summary>The folder as the PBX sees it; null when prompts come over HTTP.</summary>
    public required string? PromptsFolder { get; init; }

    /// <summary>Samples per second of the prompts that it is given: 8000 or 16000.</summary>
    public required int PromptRate { get; init; }

    /// <summary>Its folder of recordings as this worker sees it; null when it is asked for them over HTTP.</summary>
    public required string? RecordingsFolder { get; init; }

    /// <summary>How requests travel.</summary>
    public required RestTransport Rest { get; init; }

    /// <summary>Limit for the answer to one request.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>Limit for the report that a recording runs.</summary>
    public required TimeSpan RecordingStartTimeout { get; init; }
}

/// <summary>A line, and where it was written: whoever refuses it later can say where to look.</summary>
/// <param name="Options">The line.</param>
/// <param name="Place">Where its name was written.</param>
/// <param name="MinimumHeardPlace">Where its <c>minimum_heard</c> was written, in the line or the defaults; the line's place when nowhere.</param>
public sealed record LineSettings(LineOptions Options, SettingsPlace Place, SettingsPlace MinimumHeardPlace);

/// <summary>What happens to a call on an unknown line, and where that was written.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Place">Where it was written; the file when it is the default.</param>
public sealed record UnknownLineSettings(Afterwards Action, SettingsPlace Place);
