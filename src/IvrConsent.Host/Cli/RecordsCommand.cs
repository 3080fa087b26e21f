using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Records;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent records</c>: consents in forms that others can read.</summary>
internal static class RecordsCommand
{
    private const string StandardInput = "-";

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
        var reason = CommandContext.ReasonOption("Why whole numbers are needed, or a person is searched for, for the ledger.", required: false);
        var command = new Command(
            "export",
            "Export one consent, or all of a person's. vcon has no caller's number and csv a masked one, unless --reveal-numbers is given or the export is by the number itself: both are put on record.")
        {
            config, format, output, reveal, reason,
        };
        which.AddTo(command);
        command.Validators.Add(result =>
        {
            if ((result.GetValue(reveal) || which.IsByNumber(result)) != (result.GetResult(reason) is { Implicit: false }))
            {
                result.AddError("--reason \"…\" goes with --reveal-numbers and with --number-from-stdin, and they with it.");
            }

            if (result.GetValue(reveal) && !HasNumber(result.GetValue(format)))
            {
                result.AddError("--reveal-numbers is for vcon and csv: the other formats have no number.");
            }
        });
        command.SetAction((parsed, cancel) =>
        {
            var (file, wanted, settings) = (new Target(parsed.GetValue(format)!, parsed.GetValue(output)), which.Read(parsed), parsed.GetValue(config)!);
            if (!parsed.GetValue(reveal) && !wanted.Number)
            {
                return RunMaskedAsync(settings, wanted, file, cancel);
            }

            // By the number itself nothing is masked: who asks has it.
            var why = parsed.GetValue(reason)!.Trim();
            return HasNumber(file.Format)
                ? RightsContext.RunAsync(settings, Act.RevealNumber, context => RunAsync(context, wanted, file, why, cancel))
                : RightsContext.RunOnLinesAsync(settings, Act.ReadEvents, context => RunAsync(context, wanted, file, why, cancel));
        });
        return command;
    }

    private static bool HasNumber(string? format) => format is "vcon" or "csv";

    /// <summary>For a reason: by the person's number, or with whole numbers.</summary>
    private static Task<int> RunAsync(RightsContext context, Wanted wanted, Target file, string reason, CancellationToken cancel)
    {
        var log = context.Get<RightsLog>();
        return HasNumber(file.Format)
            ? ExportAsync(FindAsync, file, wanted, cases => log.BeginAsync(log.NewId(), cases[0].Call.Subject, null, new NumberRevealed(context.Actor, reason), "Nothing was exported"), null, cancel)
            : ExportAsync(FindAsync, file, wanted, reveal: null, line => context.Settings.Access.WhyNot(context.Actor, Act.ReadEvents, line), cancel);

        async Task<IReadOnlyList<ConsentCase>> FindAsync()
        {
            IReadOnlyList<ConsentCase> cases =
                !wanted.Number ? await RecordsCommand.FindAsync(context.Services, wanted, cancel)
                : await context.FindPersonAsync(StandardInput, reason, cancel) is { } subject ? await new ConsentCases(context.Get<ILedgerReader>()).OfPersonAsync(subject, cancel)
                : [];
            if (HasNumber(file.Format) && cases.Count > 0)
            {
                await context.RequireExportApprovalAsync($"consents of {(wanted.Number ? $"person {cases[0].Call.Subject}" : $"call {cases[0].Call.Id}")} with the whole number", reason, cancel);
            }

            return cases;
        }
    }

    private static Task<int> RunMaskedAsync(string config, Wanted wanted, Target file, CancellationToken cancel) => CommandContext.WithStorageAsync(
        config,
        (settings, services) => ExportAsync(() => FindAsync(services, wanted, cancel), file, wanted, reveal: null, line => settings.Access.WhyNot(CliActor.Name, Act.ReadEvents, line), cancel),
        access => access.WhyNowhere(CliActor.Name, Act.ReadEvents));

    /// <summary>Exports; whole numbers only where <paramref name="reveal"/> puts that on record.</summary>
    private static Task<int> ExportAsync(
        Func<Task<IReadOnlyList<ConsentCase>>> find, Target file, Wanted wanted, Func<IReadOnlyList<ConsentCase>, Task>? reveal, Func<string?, string?>? whyNot, CancellationToken cancel) => CommandErrors.GuardAsync(
        async () =>
        {
            var cases = await find();
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

    /// <summary>By an id, which is no person's.</summary>
    private static async Task<IReadOnlyList<ConsentCase>> FindAsync(IServiceProvider services, Wanted wanted, CancellationToken cancel)
    {
        var finder = new ConsentCases(services.GetRequiredService<ILedgerReader>());
        var lookup = services.GetRequiredService<IRecordLookup>();
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
        private readonly Option<bool> _number = new("--number-from-stdin") { Description = "All consents of the person with the number that standard input holds; never on the command line, where others see it. With --reason: the search is put on record before it is answered." };

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

        public bool IsByNumber(CommandResult result) => result.GetValue(_number);

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
