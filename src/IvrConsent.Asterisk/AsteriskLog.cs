using Microsoft.Extensions.Logging;

namespace IvrConsent.Asterisk;

/// <summary>What is logged. No password, no number, no key pressed, no query of a request is ever among the values.</summary>
internal static partial class AsteriskLog
{
    [LoggerMessage(1, LogLevel.Information, "{Pbx}: attached to Asterisk {Version} as application {Application}, requests over {Transport}")]
    public static partial void Attached(this ILogger log, string pbx, string version, string application, string transport);

    [LoggerMessage(2, LogLevel.Warning, "{Pbx}: not attached: {Reason}")]
    public static partial void NotAttached(this ILogger log, string pbx, string reason);

    [LoggerMessage(3, LogLevel.Warning, "{Pbx}: connection lost: {Reason}; {Calls} calls had it")]
    public static partial void Lost(this ILogger log, string pbx, string reason, int calls);

    [LoggerMessage(4, LogLevel.Debug, "{Pbx}: request {Request}")]
    public static partial void Request(this ILogger log, string pbx, string request);

    [LoggerMessage(5, LogLevel.Debug, "{Pbx}: event {Type} {Subject}")]
    public static partial void Event(this ILogger log, string pbx, Ari.AriEventType type, string? subject);

    [LoggerMessage(6, LogLevel.Debug, "{Pbx}: message dropped ({Reason}), {Bytes} bytes")]
    public static partial void MessageDropped(this ILogger log, string pbx, string reason, int bytes);

    [LoggerMessage(7, LogLevel.Error, "{Pbx}: an event of type {Type} could not be handled")]
    public static partial void EventFailed(this ILogger log, string pbx, Ari.AriEventType type, Exception exception);

    [LoggerMessage(8, LogLevel.Debug, "{Pbx}: best-effort request failed: {Reason}")]
    public static partial void BestEffortFailed(this ILogger log, string pbx, string reason);

    [LoggerMessage(9, LogLevel.Error, "{Pbx}: the handler of call {Call} failed")]
    public static partial void HandlerFailed(this ILogger log, string pbx, string call, Exception exception);

    [LoggerMessage(10, LogLevel.Warning, "{Pbx}: channel {Channel} sent on in the dialplan: {Reason}")]
    public static partial void SentOn(this ILogger log, string pbx, string channel, string reason);

    [LoggerMessage(11, LogLevel.Warning, "{Pbx}: the event filter was refused ({Reason}); unused events are passed over here instead")]
    public static partial void FilterRefused(this ILogger log, string pbx, string reason);

    [LoggerMessage(12, LogLevel.Warning, "{Pbx}: request answered late or not at all ({Misses} in a row): {Reason}")]
    public static partial void ProbeMissed(this ILogger log, string pbx, int misses, string reason);

    [LoggerMessage(13, LogLevel.Warning, "{Pbx}: call {Call} was taken back by the PBX")]
    public static partial void TakenBack(this ILogger log, string pbx, string call);

    [LoggerMessage(14, LogLevel.Warning, "{Pbx}: claim of an offered call failed: {Reason}")]
    public static partial void ClaimFailed(this ILogger log, string pbx, string reason);

    [LoggerMessage(15, LogLevel.Warning, "{Pbx}: recording {Recording}: {What}")]
    public static partial void RecordingTrouble(this ILogger log, string pbx, string recording, string what);

    [LoggerMessage(16, LogLevel.Error, "{Pbx}: unexpected failure, attaching again")]
    public static partial void Unexpected(this ILogger log, string pbx, Exception exception);

    [LoggerMessage(17, LogLevel.Warning, "{Pbx}: playback {Playback} did not report its end after a stop order")]
    public static partial void StopUnreported(this ILogger log, string pbx, string playback);
}
