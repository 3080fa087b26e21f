using System.Net;
using IvrConsent.Core.Calls;
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

    /// <summary>The lines; at least one.</summary>
    public required IReadOnlyList<LineSettings> Lines { get; init; }

    /// <summary>What happens to a call on an unknown line.</summary>
    public required UnknownLineSettings UnknownLine { get; init; }

    /// <summary>Language where no line says one: <c>defaults.language</c>.</summary>
    public required string DefaultLanguage { get; init; }
}

/// <summary>The worker's own HTTP server.</summary>
/// <param name="Listen">Address and port.</param>
public sealed record HttpSettings(IPEndPoint Listen);

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
public sealed record DatabaseSettings(DatabaseKind Kind, Secret Connection, string SpoolFolder, TimeSpan CommitLimit);

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
