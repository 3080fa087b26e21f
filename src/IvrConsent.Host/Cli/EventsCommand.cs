using System.CommandLine;
using System.Globalization;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Settings;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent events</c>: reads the ledger.</summary>
internal static class EventsCommand
{
    private const int MostShown = 240;

    private static readonly string[] EventTypes = [.. LedgerJson.EventTypes.Order(StringComparer.Ordinal)];

    public static Command Create() => new("events", "Read the consent ledger.") { CreateList(), CreateShow(), CreateExport() };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var filter = new Filter();
        var limit = CommandContext.LimitOption("For more use: events export");
        var command = new Command("list", "List the newest events, newest first. Caller numbers are masked.") { config, json, limit };
        filter.AddTo(command);
        command.SetAction((parsed, cancel) => WithReaderAsync(parsed.GetValue(config)!, filter.WhyNot(parsed), async (reader, _) =>
        {
            var lines = new List<LedgerLine>();
            await foreach (var line in reader.ReadAsync(filter.Query(parsed) with { Limit = parsed.GetValue(limit) }, cancel))
            {
                lines.Add(line);
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(lines.Select(line => LedgerExport.ToJson(line, maskNumbers: true)));
            }
            else
            {
                CommandContext.WriteTable(
                    ["Time (UTC)", "Call", "Line", "Caller", "Event", "Facts"],
                    lines.Select(line => (IReadOnlyList<string>)[LedgerExport.Time(line.Entry.At), line.Entry.CallId.ToString(), line.Call.Line ?? "unknown", LedgerExport.Masked(line.Call.CallerNumber), line.Entry.Event.GetType().Name, Clipped(LedgerExport.Facts(line.Entry.Event))]));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = new Argument<string>("call") { Description = "The call's id, as CONSENT_CALL_ID and `events list` show it." };
        var command = new Command("show", "Show one call with all its events, in order.") { id, config, json };
        command.SetAction((parsed, cancel) => WithReaderAsync(parsed.GetValue(config)!, access => access.WhyNowhere(CliActor.Name, Act.ReadEvents), async (reader, access) =>
        {
            if (!CallId.TryParse(parsed.GetValue(id), out var call))
            {
                await Console.Error.WriteLineAsync($"\"{parsed.GetValue(id)}\" is not a call's id: 32 hexadecimal digits are expected, as `events list` shows them.");
                return ExitCodes.Usage;
            }

            var lines = new List<LedgerLine>();
            await foreach (var line in reader.ReadAsync(new LedgerQuery(Call: call), cancel))
            {
                lines.Add(line);
            }

            if (lines.Count == 0)
            {
                await Console.Error.WriteLineAsync($"The ledger has no call {call}.");
                return ExitCodes.Failed;
            }

            if (access.WhyNot(CliActor.Name, Act.ReadEvents, lines[0].Call.Line) is { } why)
            {
                await Console.Error.WriteLineAsync(why);
                return ExitCodes.Failed;
            }

            lines.Sort((one, other) => one.Entry.CallSequence.CompareTo(other.Entry.CallSequence));
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(lines.Select(line => LedgerExport.ToJson(line, maskNumbers: true)));
                return ExitCodes.Ok;
            }

            var row = lines[0].Call;
            Console.Out.WriteLine($"Call {row.Id} at {row.Pbx} ({row.Channel}), line {row.Line ?? "unknown"}: {LedgerExport.Masked(row.CallerNumber)} called {LedgerExport.Printable(row.CalledNumber)} at {LedgerExport.Time(row.ArrivedAt)}");
            CommandContext.WriteTable(
                ["#", "Time (UTC)", "Event", "Facts"],
                lines.Select(line => (IReadOnlyList<string>)[line.Entry.CallSequence.ToString(CultureInfo.InvariantCulture), LedgerExport.Time(line.Entry.At), line.Entry.Event.GetType().Name, LedgerExport.Facts(line.Entry.Event)]));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateExport()
    {
        var config = CommandContext.ConfigOption();
        var filter = new Filter();
        var format = new Option<string>("--format", "-f") { Description = "json (one array) or csv (RFC 4180, UTF-8).", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong("json", "csv");
        var output = new Option<string?>("--output", "-o") { Description = "File to write (made anew, readable by its owner only). Default: standard output." };
        var reveal = new Option<bool>("--reveal-numbers") { Description = "Whole phone numbers, for who may look at them; with --reason. The export is put on record before it is written." };
        var reason = new Option<string?>("--reason") { Description = "Why whole numbers are needed, for the ledger." };
        var command = new Command("export", "Export events, oldest first. Caller numbers are masked unless --reveal-numbers is given: treat such a file as personal data.") { config, format, output, reveal, reason };
        command.Validators.Add(result =>
        {
            if (result.GetValue(reveal) == string.IsNullOrWhiteSpace(result.GetValue(reason)))
            {
                result.AddError("--reveal-numbers and --reason \"…\" go together.");
            }
        });
        filter.AddTo(command);
        command.SetAction((parsed, cancel) =>
        {
            var (file, settings) = (parsed.GetValue(output), parsed.GetValue(config)!);
            return parsed.GetValue(reveal)
                ? RightsContext.RunAsync(settings, Act.RevealNumber, async context =>
                {
                    var why = parsed.GetValue(reason)!.Trim();
                    await context.RequireExportApprovalAsync($"whole numbers of {filter.Words(parsed)}", why, cancel);

                    // The file first: what cannot be written is nothing that anybody looked at.
                    await using var stream = Open(file);
                    var log = context.Get<RightsLog>();
                    await log.BeginAsync(log.NewId(), null, null, new NumberRevealed(context.Actor, why), "Nothing was exported");
                    return await ExportAsync(context.Get<ILedgerReader>(), filter.Query(parsed), parsed.GetValue(format)!, maskNumbers: false, stream, file, cancel);
                })
                : WithReaderAsync(settings, filter.WhyNot(parsed), async (reader, _) =>
                {
                    await using var stream = Open(file);
                    return await ExportAsync(reader, filter.Query(parsed), parsed.GetValue(format)!, maskNumbers: true, stream, file, cancel);
                });
        });
        return command;
    }

    private static Stream Open(string? file) => file is null
        ? Console.OpenStandardOutput()
        : new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });

    private static async Task<int> ExportAsync(ILedgerReader reader, LedgerQuery query, string format, bool maskNumbers, Stream stream, string? file, CancellationToken cancel)
    {
        var count = await LedgerExport.WriteAsync(reader.ReadAsync(query, cancel), format, maskNumbers, stream, cancel);
        if (file is not null)
        {
            Console.Out.WriteLine($"{count} events written to {file}");
        }

        return ExitCodes.Ok;
    }

    private static Task<int> WithReaderAsync(string config, Func<AccessSettings, string?> whyNot, Func<ILedgerReader, AccessSettings, Task<int>> read) =>
        CommandContext.WithStorageAsync(config, (settings, services) => read(services.GetRequiredService<ILedgerReader>(), settings.Access), whyNot, CommandErrors.ExportNeverOverwrites);

    /// <summary>The conditions of list and export.</summary>
    private sealed class Filter
    {
        private readonly Option<DateTimeOffset?> _from = CommandContext.TimeOption("--from", "Not before this time (UTC unless it has an offset), for example 2026-11-01 or 2026-11-01T08:00:00.");
        private readonly Option<DateTimeOffset?> _until = CommandContext.TimeOption("--until", "Before this time.");
        private readonly Option<string?> _line = new("--line") { Description = "Only calls on this line." };
        private readonly Option<string?> _pbx = new("--pbx") { Description = "Only calls of this PBX." };
        private readonly Option<string?> _type = new("--type") { Description = "Only events of this type." };

        public Filter() => _type.AcceptOnlyFromAmong(EventTypes);

        public void AddTo(Command command)
        {
            command.Add(_from);
            command.Add(_until);
            command.Add(_line);
            command.Add(_pbx);
            command.Add(_type);
        }

        /// <summary>Why these events are not for who asks; null when they are. Who has lines of his own names one.</summary>
        public Func<AccessSettings, string?> WhyNot(ParseResult parsed) => access =>
            access.WhyNot(CliActor.Name, Act.ReadEvents, parsed.GetValue(_line)) is { } why
                ? access.LinesOf(CliActor.Name, Act.ReadEvents) is { Count: > 0 } lines ? $"{why}; name one of the lines {string.Join(", ", lines)} with --line" : why
                : null;

        /// <summary>The events in words: the same words for the same conditions.</summary>
        public string Words(ParseResult parsed)
        {
            var query = Query(parsed);
            return string.Join(", ", ((string?[])
            [
                query.EventType is { } type ? $"events {type}" : "events of all types",
                query.Line is { } line ? $"line {line}" : null,
                query.Pbx is { } pbx ? $"PBX {pbx}" : null,
                query.From is { } from ? $"from {LedgerExport.Time(from)}" : null,
                query.Until is { } until ? $"until {LedgerExport.Time(until)}" : null,
            ]).OfType<string>());
        }

        public LedgerQuery Query(ParseResult parsed) =>
            new(parsed.GetValue(_from), parsed.GetValue(_until), parsed.GetValue(_line), parsed.GetValue(_pbx), parsed.GetValue(_type));
    }

    /// <summary>As much as a table can show; <c>show</c> and <c>export</c> have all of it.</summary>
    private static string Clipped(string facts) => facts.Length <= MostShown ? facts : $"{facts[..(MostShown - 1)]}…";
}
