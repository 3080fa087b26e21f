using IvrConsent.Core.Consent;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Core.Calls;

/// <summary>
/// One line per step of a call, with its id. Numbers are masked before they get here; keys never do (promise 7).
/// Event ids 100-199: the call; 200-299: alerts that want a person.
/// </summary>
internal static partial class CallLog
{
    [LoggerMessage(100, LogLevel.Information, "{CallId} arrived at {Pbx}: {Caller} calls {Called}, line {Line}")]
    public static partial void Arrived(ILogger log, CallId callId, string pbx, string caller, string called, string line);

    [LoggerMessage(101, LogLevel.Information, "{CallId} found waiting at {Pbx} and taken up again")]
    public static partial void Resumed(ILogger log, CallId callId, string pbx);

    [LoggerMessage(102, LogLevel.Information, "{CallId} {Step}")]
    public static partial void Step(ILogger log, CallId callId, string step);

    [LoggerMessage(103, LogLevel.Information, "{CallId} consent: {Status}")]
    public static partial void Decided(ILogger log, CallId callId, ConsentStatus status);

    [LoggerMessage(104, LogLevel.Information, "{CallId} recording started, {Milliseconds} ms after the key reached us")]
    public static partial void RecordingStarted(ILogger log, CallId callId, double milliseconds);

    [LoggerMessage(105, LogLevel.Information, "{CallId} not recorded: {Reason}")]
    public static partial void Suppressed(ILogger log, CallId callId, string reason);

    [LoggerMessage(106, LogLevel.Information, "{CallId} given back to the dialplan")]
    public static partial void Continued(ILogger log, CallId callId);

    [LoggerMessage(107, LogLevel.Information, "{CallId} ended: {Termination}, consent {Consent}, recorded {Recorded}")]
    public static partial void Ended(ILogger log, CallId callId, Termination termination, ConsentStatus consent, bool recorded);

    [LoggerMessage(108, LogLevel.Warning, "{CallId} is left as it is: {Reason}. It is looked for again when the PBX is back.")]
    public static partial void Interrupted(ILogger log, CallId callId, string reason);

    [LoggerMessage(109, LogLevel.Warning, "{CallId} came to {Pbx} on an unknown line (argument {Line}): add it to the settings' lines")]
    public static partial void UnknownLine(ILogger log, CallId callId, string pbx, string line);

    [LoggerMessage(110, LogLevel.Warning, "{CallId} {Order} ordered by {Actor} not done: {Reason}")]
    public static partial void NotObeyed(ILogger log, CallId callId, string order, string actor, string reason);

    [LoggerMessage(111, LogLevel.Warning, "{CallId} what was said before could not be looked up ({Reason}): the caller is asked")]
    public static partial void LookupFailed(ILogger log, CallId callId, string reason);

    [LoggerMessage(200, LogLevel.Error, "ALERT {CallId} recording {Recording} {Reason}: {Detail}")]
    public static partial void RecordingFailed(ILogger log, CallId callId, string recording, string reason, string detail);

    [LoggerMessage(201, LogLevel.Error, "ALERT {CallId} is not recorded although the caller consented: the ledger could not be written")]
    public static partial void LedgerUnavailable(ILogger log, CallId callId);

    [LoggerMessage(202, LogLevel.Error, "ALERT {CallId} the notice did not reach the caller: the call goes on unrecorded")]
    public static partial void NoticeFailed(ILogger log, CallId callId);

    [LoggerMessage(203, LogLevel.Error, "ALERT {CallId} the PBX refused an order: {Reason}")]
    public static partial void PbxRefused(ILogger log, CallId callId, string reason);

    [LoggerMessage(204, LogLevel.Critical, "ALERT {CallId} fell out of its way by an unforeseen error; the call was given back")]
    public static partial void Unforeseen(ILogger log, CallId callId, Exception exception);

    [LoggerMessage(205, LogLevel.Error, "ALERT {CallId} recording {Recording} ran without a consent in the ledger: stopped and deleted")]
    public static partial void RecordedWithoutConsent(ILogger log, CallId callId, string recording);

    [LoggerMessage(208, LogLevel.Error, "ALERT {CallId} a caller opted out, and neither the database nor the local file took it: the caller was not told that it is done")]
    public static partial void OptOutLost(ILogger log, CallId callId);

    [LoggerMessage(206, LogLevel.Warning, "{Pbx}: looking for calls of before failed ({Reason}); tried again in {Seconds} s")]
    public static partial void ReconcileFailed(ILogger log, string pbx, string reason, double seconds);

    [LoggerMessage(207, LogLevel.Information, "{Pbx}: {Open} open calls of before looked at: {Resumed} taken up, {Followed} followed, {Closed} closed, {Stopped} recordings stopped")]
    public static partial void Reconciled(ILogger log, string pbx, int open, int resumed, int followed, int closed, int stopped);
}
