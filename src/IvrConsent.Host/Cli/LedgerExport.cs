using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;

namespace IvrConsent.Host.Cli;

/// <summary>The ledger's lines as JSON, CSV and text.</summary>
internal static class LedgerExport
{
    private static readonly string[] CsvColumns =
        ["position", "event_id", "call_id", "sequence", "at", "type", "pbx", "channel", "line", "called_number", "caller_number", "arrived_at", "event"];

    /// <summary>UTC with milliseconds, ISO 8601.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The number as logs show it.</summary>
    public static string Masked(string? number) => PhoneNumberMask.Mask(number);

    /// <summary>Control characters, which could drive a terminal, become dots.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '·' : c));

    /// <summary>The event's members in one line.</summary>
    public static string Facts(CallEvent fact)
    {
        var members = JsonNode.Parse(LedgerJson.Write(fact))!.AsObject();
        members.Remove("type");
        return Printable(string.Join("  ", members.Select(member => $"{member.Key}={Short(member.Value)}")));
    }

    /// <summary>One line of the ledger as an object.</summary>
    public static JsonObject ToJson(LedgerLine line, bool maskNumbers) => new()
    {
        ["position"] = line.Position,
        ["event_id"] = line.Entry.EventId.ToString(),
        ["call_id"] = line.Entry.CallId.ToString(),
        ["sequence"] = line.Entry.CallSequence,
        ["at"] = Time(line.Entry.At),
        ["pbx"] = line.Call.Pbx,
        ["channel"] = line.Call.Channel,
        ["line"] = line.Call.Line,
        ["called_number"] = line.Call.CalledNumber,
        ["caller_number"] = maskNumbers ? Masked(line.Call.CallerNumber) : line.Call.CallerNumber,
        ["arrived_at"] = Time(line.Call.ArrivedAt),
        ["event"] = JsonNode.Parse(LedgerJson.Write(line.Entry.Event)),
    };

    /// <summary>Streams lines as one JSON array or as CSV; answers with their number.</summary>
    public static async Task<long> WriteAsync(IAsyncEnumerable<LedgerLine> lines, string format, bool maskNumbers, Stream output, CancellationToken cancel)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = format == "csv" ? "\r\n" : "\n" };
        var csv = format == "csv";
        await writer.WriteLineAsync(csv ? string.Join(',', CsvColumns) : "[");
        long count = 0;
        await foreach (var line in lines.WithCancellation(cancel))
        {
            if (csv)
            {
                await writer.WriteLineAsync(Csv(line, maskNumbers));
            }
            else
            {
                await writer.WriteAsync(count == 0 ? "" : ",\n");
                await writer.WriteAsync(ToJson(line, maskNumbers).ToJsonString());
            }

            count++;
        }

        if (!csv)
        {
            await writer.WriteLineAsync("\n]");
        }

        return count;
    }

    private static string Csv(LedgerLine line, bool maskNumbers) => string.Join(',', new[]
    {
        line.Position.ToString(CultureInfo.InvariantCulture),
        line.Entry.EventId.ToString(),
        line.Entry.CallId.ToString(),
        line.Entry.CallSequence.ToString(CultureInfo.InvariantCulture),
        Time(line.Entry.At),
        line.Entry.Event.GetType().Name,
        line.Call.Pbx,
        line.Call.Channel,
        line.Call.Line ?? "",
        line.Call.CalledNumber,
        maskNumbers ? Masked(line.Call.CallerNumber) : line.Call.CallerNumber ?? "",
        Time(line.Call.ArrivedAt),
        LedgerJson.Write(line.Entry.Event),
    }.Select(Cell));

    /// <summary>
    /// RFC 4180 quoting. A cell that a spreadsheet would take for a formula (OWASP: CSV injection) gets a leading apostrophe: what a
    /// caller put into his number is not run on a clerk's machine. A plain <c>+</c> and digits is a phone number and stays.
    /// </summary>
    internal static string Cell(string text)
    {
        var phone = text.Length > 1 && text[0] == '+' && text.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' && !phone)
        {
            text = "'" + text;
        }

        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Short(JsonNode? value)
    {
        var text = value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value?.ToJsonString() ?? "";
        return text.Length == 64 && text.All(char.IsAsciiHexDigit) ? text[..12] + "…" : text;
    }
}
