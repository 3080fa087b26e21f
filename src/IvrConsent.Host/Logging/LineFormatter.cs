using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace IvrConsent.Host.Logging;

/// <summary>One line an entry, for a person at a terminal or in the journal: time (UTC), level, message, and what was thrown.</summary>
internal sealed class LineFormatter : ConsoleFormatter
{
    public const string FormatName = "line";

    private readonly TimeProvider _time;

    public LineFormatter(TimeProvider time)
        : base(FormatName) => _time = time;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(_time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture));
        textWriter.Write(logEntry.LogLevel switch
        {
            LogLevel.Trace => "trace ",
            LogLevel.Debug => "debug ",
            LogLevel.Information => "info  ",
            LogLevel.Warning => "warn  ",
            LogLevel.Error => "error ",
            _ => "crit  ",
        });
        WriteOneLine(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(" | ");
            WriteOneLine(textWriter, exception.ToString());
        }

        textWriter.Write('\n');
    }

    /// <summary>What came from outside can neither start a line of its own nor drive a terminal.</summary>
    private static void WriteOneLine(TextWriter writer, string text)
    {
        foreach (var c in text)
        {
            writer.Write(char.IsControl(c) ? ' ' : c);
        }
    }
}
