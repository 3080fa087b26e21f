using IvrConsent.Core.Calls;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage.Database;

/// <summary>What the ledger tells the operator. Never a number, a key or a password.</summary>
internal static partial class LedgerLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "The ledger {Database} takes entries.")]
    public static partial void Available(ILogger logger, string database);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Error,
        Message = "The ledger does not take entries; they go to the spool {Spool} and calls go on unrecorded. {Remedy}")]
    public static partial void Away(ILogger logger, string spool, string remedy, Exception? error);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Information, Message = "The ledger has everything that waited in the spool.")]
    public static partial void SpoolEmpty(ILogger logger);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Warning,
        Message = "{Count} batches of an earlier run wait in the spool {Spool}; they are brought to the ledger now.")]
    public static partial void SpoolFound(ILogger logger, long count, string spool);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Error, Message = "The spool {Spool} cannot be written or read.")]
    public static partial void SpoolFailed(ILogger logger, string spool, Exception error);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Warning,
        Message = "The last line of {File} in the spool was cut off and is left out: its entries were never confirmed.")]
    public static partial void SpoolTorn(ILogger logger, string file);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Error,
        Message = "{Count} lines of {File} in the spool are damaged and are left out; the file is kept as .damaged.")]
    public static partial void SpoolDamaged(ILogger logger, string file, int count);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Critical,
        Message = "Entries of call {Call} are LOST: neither the database nor the spool {Spool} took them. Look at both disks.")]
    public static partial void Lost(ILogger logger, CallId call, string spool);

    [LoggerMessage(EventId = 2009, Level = LogLevel.Critical,
        Message = "The database refuses entries of call {Call} for their content; kept in refused.jsonl of the spool: {Kept}.")]
    public static partial void Refused(ILogger logger, CallId call, bool kept, Exception error);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Warning,
        Message = "Two workers wrote on call {Call} under the same number; the later entry was put behind the call's last one.")]
    public static partial void Moved(ILogger logger, CallId call);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning,
        Message = "The ledger answers too slowly; new entries go to the spool until it has caught up.")]
    public static partial void Stalled(ILogger logger);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Error, Message = "The ledger's loop met an error nobody expected; it goes on.")]
    public static partial void Unexpected(ILogger logger, Exception error);
}
