using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Recordings;

/// <summary>The vault's log lines. A recording's name holds its call's id and nothing of the caller.</summary>
internal static partial class VaultLog
{
    [LoggerMessage(400, LogLevel.Information, "{Recording}: {Bytes} bytes are in {Store}; the PBX's copy is deleted")]
    public static partial void TakenIn(ILogger log, string recording, long bytes, string store);

    [LoggerMessage(401, LogLevel.Warning, "{Recording}: not taken in at attempt {Attempt}, again in {Seconds} s: {Reason}")]
    public static partial void NotTakenIn(ILogger log, string recording, int attempt, double seconds, string reason);

    [LoggerMessage(402, LogLevel.Warning, "{Recording}: another worker may begin with it too: {Reason}")]
    public static partial void NotHeld(ILogger log, string recording, string reason);

    [LoggerMessage(403, LogLevel.Error, "ALERT {Recording}: the ledger has no ground for it; it is locked away. See: ivrconsent recordings quarantine list")]
    public static partial void Quarantined(ILogger log, string recording);

    [LoggerMessage(404, LogLevel.Error, "ALERT {Recording}: there is no sound in it, only zeros")]
    public static partial void Silent(ILogger log, string recording);

    [LoggerMessage(405, LogLevel.Error, "ALERT {Recording}: {Pbx} does not have it any more, and it was not taken in")]
    public static partial void Lost(ILogger log, string recording, string pbx);

    [LoggerMessage(406, LogLevel.Error, "ALERT {Recording}: it was stored, and {Store} does not have it as it was: {Reason}")]
    public static partial void Damaged(ILogger log, string recording, string store, string reason);

    [LoggerMessage(407, LogLevel.Warning, "{Count} objects in {Store} belong to no recording that is known here, as {Examples}; they are left alone. See: ivrconsent vault verify")]
    public static partial void Unknown(ILogger log, long count, string store, string examples);

    [LoggerMessage(408, LogLevel.Information, "Vault: {Entered} found on the PBXs and entered, {Removed} left-overs removed, {Alerts} alerts")]
    public static partial void Reconciled(ILogger log, int entered, int removed, int alerts);

    [LoggerMessage(409, LogLevel.Warning, "Left-overs of interrupted work stay in {Store} until the next comparison: {Reason}")]
    public static partial void NotRemoved(ILogger log, string store, string reason);

    [LoggerMessage(410, LogLevel.Error, "ALERT {Pbx} has {Count} recordings of calls that the ledger does not know. Another worker's? If no other records there, set vault.take_unknown: they are locked away then")]
    public static partial void Strange(ILogger log, string pbx, int count);

    [LoggerMessage(412, LogLevel.Error, "ALERT recordings have waited for an hour for {Pbx}, which is not in the settings: {Backlog}. " + PbxBacklog.Remedy)]
    public static partial void Absent(ILogger log, string pbx, string backlog);

    [LoggerMessage(411, LogLevel.Error, "ALERT {Pbx} has {Count} files that are named after our recordings and that no worker made: no store takes their names, so they lie there in clear. Delete them; or leave only small letters, digits and hyphens behind the call's id, and they are locked away")]
    public static partial void Unnamed(ILogger log, string pbx, int count);
}
