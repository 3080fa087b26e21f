using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent records</c>: consents in forms that others can read.</summary>
internal static class RecordsCommand
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => new("records", "Consents as records and receipts that others can read.") { CreateExport() };

    private static Command CreateExport()
    {
        var config = CommandContext.ConfigOption();
        var which = new Which();
        var format = new Option<string>("--format", "-f")
        {
            Description = "27560 (ISO/IEC TS 27560 consent record as JSON-LD), receipt (the same for the person, with its reference), vcon (IETF vCon), csv.",
            DefaultValueFactory = _ => "27560",
        };
        format.AcceptOnlyFromAmong("27560", "receipt", "vcon", "csv");
        var output = new Option<string?>("--output", "-o") { Description = "File to write (made anew, readable by its owner only). Default: standard output." };
        var reveal = new Option<bool>("--reveal-numbers") { Description = "Whole phone numbers in vcon and csv, for who may look at them; with --reason. The export is put on record before it is written." };
        var reason = new Option<string?>("--reason") { Description = "Why whole numbers are needed, for the ledger." };
        var command = new Command(
            "export",
            "Export one consent, or all of a person's. vcon has no caller's number and csv a masked one, unless --reveal-numbers is given or the export is by the number itself: both are put on record.")
        {
            config, format, output, reveal, reason,
        };
        which.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(reveal) == string.IsNullOrWhiteSpace(result.GetValue(reason)))
            {
                result.AddError("--reveal-numbers and --reason \"…\" go together.");
            }

            if (result.GetValue(reveal) && !HasNumber(result.GetValue(format)))
            {
                result.AddError("--reveal-numbers is for vcon and csv: the other formats have no number.");
            }
        });
        command.SetAction((parsed, cancel) =>
        {
            var (file, wanted) = (new Target(parsed.GetValue(format)!, parsed.GetValue(output)), which.Read(parsed));
            var why = parsed.GetValue(reveal) ? parsed.GetValue(reason)!.Trim() : wanted.Number && HasNumber(file.Format) ? "the records of this number were asked for" : null;
            return why is null ? RunMaskedAsync(parsed.GetValue(config)!, wanted, file, cancel) : RightsContext.RunAsync(
                parsed.GetValue(config)!,
                Act.RevealNumber,
                context => ExportAsync(context.Services, wanted, file, cases => PutOnRecordAsync(context, cases, why), cancel));
        });
        return command;
    }

    private static bool HasNumber(string? format) => format is "vcon" or "csv";

    private static Task PutOnRecordAsync(RightsContext context, IReadOnlyList<ConsentCase> cases, string reason)
    {
        var log = context.Get<RightsLog>();
        return log.BeginAsync(log.NewId(), cases[0].Call.Subject, null, new NumberRevealed(context.Actor, reason), "Nothing was exported");
    }

    private static Task<int> RunMaskedAsync(string config, Wanted wanted, Target file, CancellationToken cancel) => CommandContext.WithStorageAsync(
        config,
        (settings, services) => ExportAsync(services, wanted, file, reveal: null, cancel, line => settings.Access.WhyNot(CliActor.Name, Act.ReadEvents, line)),
        access => access.WhyNowhere(CliActor.Name, Act.ReadEvents));

    /// <summary>Exports; whole numbers only where <paramref name="reveal"/> puts that on record.</summary>
    private static Task<int> ExportAsync(
        IServiceProvider services, Wanted wanted, Target file, Func<IReadOnlyList<ConsentCase>, Task>? reveal, CancellationToken cancel, Func<string?, string?>? whyNot = null) => CommandErrors.GuardAsync(
        async () =>
        {
            var cases = await FindAsync(services, wanted, cancel);
            if (cases.Count == 0)
            {
                await Console.Error.WriteLineAsync($"The ledger has no consent, and no refusal, for {wanted.Shown}.");
                return ExitCodes.Failed;
            }

            if (cases.Select(consent => whyNot?.Invoke(consent.Call.Line)).FirstOrDefault(why => why is not null) is { } why)
            {
                await Console.Error.WriteLineAsync(why);
                return ExitCodes.Failed;
            }

            return await WriteAsync(reveal is null ? [.. cases.Select(consent => Masked(consent, file.Format))] : cases, file, many: wanted.Number, () => reveal?.Invoke(cases) ?? Task.CompletedTask, cancel);
        },
        CommandErrors.ExportNeverOverwrites);

    /// <summary>A vCon's tel is a URI (RFC 3966), which stars have no place in: there the number is left out.</summary>
    private static ConsentCase Masked(ConsentCase consent, string format) => consent with
    {
        Call = consent.Call with { CallerNumber = format == "csv" && consent.Call.CallerNumber is { } number ? LedgerExport.Masked(number) : null },
    };

    private static async Task<IReadOnlyList<ConsentCase>> FindAsync(IServiceProvider services, Wanted wanted, CancellationToken cancel)
    {
        var finder = new ConsentCases(services.GetRequiredService<ILedgerReader>());
        var lookup = services.GetRequiredService<IRecordLookup>();
        if (wanted.Number)
        {
            var subjects = services.GetRequiredService<ISubjects>();
            var number = await Console.In.ReadLineAsync(cancel);
            if (PhoneNumber.Normalise(number) is null)
            {
                throw new CommandUsageException("Standard input holds no number: write the caller's number as its only line.");
            }

            return await subjects.FindAsync(number!, cancel) is { } subject ? await finder.OfPersonAsync(subject, cancel) : [];
        }

        if (wanted.Position is { } position)
        {
            return await finder.OfReceiptAsync(lookup, position, cancel) is { } receipted ? [receipted] : [];
        }

        var call = wanted.Event is { } eventId ? await lookup.FindCallOfEventAsync(eventId, cancel) : wanted.Call;
        return call is { } id && await finder.OfCallAsync(id, cancel) is { } consent ? [consent] : [];
    }

    private static async Task<int> WriteAsync(IReadOnlyList<ConsentCase> cases, Target file, bool many, Func<Task> beforeWriting, CancellationToken cancel)
    {
        var (format, output) = file;
        var documents = format == "csv" ? [] : cases.Select(consent => (Consent: consent, Made: Make(consent, format))).ToArray();
        foreach (var (consent, made) in documents.Where(document => document.Made.Document is null))
        {
            await Console.Error.WriteLineAsync($"Call {consent.Call.Id}: no record, as mandatory fields have no source:");
            foreach (var field in made.Missing)
            {
                await Console.Error.WriteLineAsync($"  {field}");
            }
        }

        JsonNode[] whole = [.. documents.Select(document => document.Made.Document).OfType<JsonNode>()];
        if (format != "csv" && whole.Length == 0)
        {
            return ExitCodes.Failed;
        }

        await using var stream = output is null
            ? Console.OpenStandardOutput()
            : new FileStream(output, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });

        // The file first: what cannot be written is nothing that anybody looked at.
        await beforeWriting();
        await using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = format == "csv" ? "\r\n" : "\n" };
        if (format == "csv")
        {
            await writer.WriteLineAsync(RecordsCsv.Header);
            foreach (var row in cases.SelectMany(RecordsCsv.Rows))
            {
                await writer.WriteLineAsync(row.AsMemory(), cancel);
            }

            return ExitCodes.Ok;
        }

        await writer.WriteLineAsync((many ? new JsonArray(whole) : whole[0]).ToJsonString(Readable).AsMemory(), cancel);
        return whole.Length == documents.Length ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static RecordDocument Make(ConsentCase consent, string format) => format switch
    {
        "receipt" => Iso27560.Receipt(consent),
        "vcon" => Vcon.Of(consent, TimeProvider.System.GetUtcNow()),
        _ => Iso27560.Record(consent),
    };

    /// <summary>Where the export goes.</summary>
    private sealed record Target(string Format, string? Output);

    /// <summary>What is asked for; one of its members.</summary>
    private sealed record Wanted(Guid? Event, CallId? Call, long? Position, bool Number, string Shown);

    /// <summary>The options that say which consent; exactly one is given.</summary>
    private sealed class Which
    {
        private readonly Option<string?> _event = new("--event") { Description = "The consent that this event belongs to: its id, as `events list --json` shows it." };
        private readonly Option<string?> _call = new("--call") { Description = "The consent of this call: its id, as `events list` shows it." };
        private readonly Option<string?> _receipt = new("--receipt") { Description = "The consent with this receipt reference (10 or 13 digits, spaces allowed)." };
        private readonly Option<bool> _number = new("--number-from-stdin") { Description = "All consents of the person with the number that standard input holds; never on the command line, where others see it." };

        public void AddTo(Command command)
        {
            command.Add(_event);
            command.Add(_call);
            command.Add(_receipt);
            command.Add(_number);
            Check(command, _event, text => Guid.TryParse(text, out _), "is not an event's id: 32 hexadecimal digits are expected, hyphens allowed");
            Check(command, _call, text => CallId.TryParse(text, out _), "is not a call's id: 32 hexadecimal digits are expected");
            Check(command, _receipt, text => ReceiptReference.TryRead(text, out _), "is no receipt's reference: a digit is wrong, or two have changed places");
            command.Validators.Add(result =>
            {
                Option[] all = [_event, _call, _receipt, _number];
                if (all.Count(option => result.GetResult(option) is { Implicit: false }) != 1)
                {
                    result.AddError("Say which consent: one of --event ID, --call ID, --receipt DIGITS, --number-from-stdin.");
                }
            });
        }

        public Wanted Read(ParseResult parsed)
        {
            var (eventId, call, receipt) = (parsed.GetValue(_event), parsed.GetValue(_call), parsed.GetValue(_receipt));
            long? position = ReceiptReference.TryRead(receipt, out var at) ? at : null;
            return new Wanted(
                eventId is null ? null : Guid.Parse(eventId),
                CallId.TryParse(call, out var id) ? id : null,
                position,
                parsed.GetValue(_number),
                eventId is not null ? $"event {eventId}" : call is not null ? $"call {call}" : receipt is not null ? $"receipt {receipt}" : "that number");
        }

        private static void Check(Command command, Option<string?> option, Func<string, bool> good, string wrong) => command.Validators.Add(result =>
        {
            if (result.GetResult(option) is { Implicit: false } && result.GetValue(option) is { } text && !good(text))
            {
                result.AddError($"\"{LedgerExport.Printable(text)}\" {wrong}.");
            }
        });
    }
}
