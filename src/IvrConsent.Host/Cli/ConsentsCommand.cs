using System.CommandLine;
using System.Text.Json;
using IvrConsent.Core.Access;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using IvrConsent.Host.Api;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent consents</c>: consents that did not come from a call's keys.</summary>
internal static class ConsentsCommand
{
    public static Command Create() => new("consents", "Enter, import and show consents that were given by other ways than a key in a call.") { CreateAdd(), CreateImport(), CreateShow() };

    /// <summary>
    /// Who enters is who logged in, as everywhere. Scripts of before this was so give their own name here, and go on; another name is refused, and not
    /// passed over.
    /// </summary>
    private static Option<string?> Actor()
    {
        var actor = new Option<string?>("--actor") { Hidden = true };
        actor.Validators.Add(result =>
        {
            if (result is { Implicit: false, Tokens: [{ Value: var name }] } && name != CliActor.Name)
            {
                result.AddError($"Who enters it is who logged in to this machine ({CliActor.Name}), and no other: leave --actor out. What else is to be known goes into the reference.");
            }
        });
        return actor;
    }

    private static Command CreateAdd()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var number = CommandContext.NumberFrom();
        var status = new Option<string>("--status") { Description = "given, refused, withdrawn or opted-out.", Required = true };
        var purposes = new Option<string[]>("--purpose") { Description = "To what; several may be given. * is everything, in an opt-out or a withdrawal.", Required = true, AllowMultipleArgumentsPerToken = true };
        var source = new Option<string>("--source") { Description = "staff-written or staff-spoken.", Required = true };
        var reference = new Option<string>("--reference") { Description = "Where the proof lies, for example a document's number.", Required = true };
        var givenAt = new Option<string>("--given-at") { Description = "When it was said: 2026-03-01T12:00:00Z, or a date.", Required = true };
        var expiresAt = new Option<string?>("--expires-at") { Description = "Until when it holds." };
        var notice = new Option<string?>("--notice") { Description = "Id of the notice that the person read or heard." };
        var version = new Option<string?>("--notice-version") { Description = "The notice's version." };
        var language = new Option<string?>("--language") { Description = "The language it was given in." };
        var line = new Option<string?>("--line") { Description = "The line it belongs to." };
        var command = new Command("add", "Enter what a person wrote or said, with a reference to the proof.")
        {
            number, status, purposes, source, reference, givenAt, expiresAt, notice, version, language, line, Actor(), config, json,
        };
        command.SetAction((parsed, cancel) => WithDeskAsync(parsed.GetValue(config)!, async (desk, settings, terms) =>
        {
            var input = new EntryInput
            {
                Number = await CommandContext.ReadNumberAsync(parsed.GetValue(number)!, cancel) ?? "",
                Status = parsed.GetValue(status),
                Purposes = parsed.GetValue(purposes),
                Source = parsed.GetValue(source),
                Reference = parsed.GetValue(reference),
                GivenAt = parsed.GetValue(givenAt),
                ExpiresAt = parsed.GetValue(expiresAt),
                Notice = parsed.GetValue(notice),
                NoticeVersion = parsed.GetValue(version),
                Language = parsed.GetValue(language),
                Line = parsed.GetValue(line),
            };
            var entry = input.Check(CliActor.Name, null, TimeProvider.System.GetUtcNow(), HasLine(settings), out var problems, purposes: Purposes(settings));
            if (entry is null)
            {
                foreach (var problem in problems)
                {
                    await Console.Error.WriteLineAsync($"{problem.Field}: {problem.Why}");
                }

                return ExitCodes.Usage;
            }

            var of = EntryInput.Filled(input.Line);
            var result = await desk.EnterAsync(input.Number!, of, entry with { Terms = of is null ? null : await terms.OnRecordAsync(of) }, cancel);
            if (result.Outcome != EntryOutcome.Entered)
            {
                await Console.Error.WriteLineAsync("The ledger did not take the entry. It was not entered.");
                return ExitCodes.Unavailable;
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { EventId = result.Event, CallId = result.Call.ToString() });
            }
            else
            {
                Console.Out.WriteLine($"Entered as event {result.Event} (record {result.Call}).");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateImport()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var file = new Argument<string>("file") { Description = $"CSV (RFC 4180, UTF-8) with the columns {string.Join(',', ConsentImport.Columns)}; - is standard input." };
        var command = new Command("import", "Import existing consents. Bad rows are told and passed over; importing a file again adds nothing twice.") { file, Actor(), config, json };
        command.SetAction((parsed, cancel) => WithDeskAsync(parsed.GetValue(config)!, async (desk, settings, terms) =>
        {
            var name = parsed.GetValue(file)!;
            await using var stream = name == "-" ? Console.OpenStandardInput() : File.OpenRead(name);
            var import = new ConsentImport(desk, HasLine(settings), TimeProvider.System, terms.OnRecordAsync, Purposes(settings));
            return parsed.GetValue(json)
                ? await ImportAsJsonAsync(import, stream, cancel)
                : await ImportAsTextAsync(import, stream, cancel);
        }));
        return command;
    }

    private static async Task<int> ImportAsTextAsync(ConsentImport import, Stream stream, CancellationToken cancel)
    {
        var report = await import.RunAsync(stream, CliActor.Name, row => Console.Out.WriteLineAsync($"row {row.Row}: {row.Field}: {row.Why}"), cancel);
        Console.Out.WriteLine($"{report.Rows} rows: {report.Imported} imported, {report.AlreadyThere} there already, {report.Refused} refused");
        return report.Refused > 0 ? ExitCodes.Failed : ExitCodes.Ok;
    }

    // Written as it comes: a list with a million bad rows is not held in memory for it.
    private static async Task<int> ImportAsJsonAsync(ConsentImport import, Stream stream, CancellationToken cancel)
    {
        await using var output = Console.OpenStandardOutput();
        await using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartArray("refused_rows");
        var report = await import.RunAsync(
            stream,
            CliActor.Name,
            async row =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("row", row.Row);
                writer.WriteString("field", row.Field);
                writer.WriteString("why", row.Why);
                writer.WriteEndObject();
                await writer.FlushAsync(cancel);
            },
            cancel);
        writer.WriteEndArray();
        writer.WriteNumber("rows", report.Rows);
        writer.WriteNumber("imported", report.Imported);
        writer.WriteNumber("already_there", report.AlreadyThere);
        writer.WriteNumber("refused", report.Refused);
        writer.WriteEndObject();
        await writer.FlushAsync(cancel);
        await output.WriteAsync("\n"u8.ToArray(), cancel);
        return report.Refused > 0 ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private static Command CreateShow()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var number = CommandContext.NumberFrom();
        var reason = CommandContext.ReasonOption();
        var command = new Command("show", "Show how a person stands to each purpose. The search is put on record before it is answered.") { number, reason, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.HandleRequests, async context =>
        {
            var person = await context.FindPersonAsync(parsed.GetValue(number)!, parsed.GetValue(reason)!, cancel);
            var answer = StandingAnswer.Of(person is { } subject ? await History(context.Settings, context.Get<ILedgerReader>()).FindAsync(subject, cancel) : null, TimeProvider.System.GetUtcNow());
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(answer);
            }
            else if (!answer.Known)
            {
                Console.Out.WriteLine("The ledger has nothing of this person.");
            }
            else
            {
                CommandContext.WriteTable(
                    ["Purpose", "Stands", "Since (UTC)", "Until", "Notice", "Line", "Event"],
                    answer.Purposes.Select(one => (IReadOnlyList<string>)
                        [
                            one.Purpose,
                            one.Status == StandingStatus.Given && !one.Holds ? "Expired" : one.Status.ToString(),
                            LedgerExport.Time(one.Since),
                            one.Until is { } until ? LedgerExport.Time(until) : "",
                            LedgerExport.Printable($"{one.Notice} {one.NoticeVersion}".Trim()),
                            one.Line ?? "",
                            one.EventId.ToString(),
                        ])
                        .Concat(answer.OptOuts.Select(one => (IReadOnlyList<string>)[one.Purpose, "OptedOut", LedgerExport.Time(one.Since), "", "", "", one.EventId.ToString()])));
            }

            return answer.Known ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static PurposeBook Purposes(HostSettings settings) => new(() => settings.Lines.Select(line => line.Options), () => settings.Purposes.Keys);

    private static ConsentHistory History(HostSettings settings, ILedgerReader reader) => new(reader, name => settings.Lines.Select(line => line.Options).FirstOrDefault(line => line.Name == name));

    private static Func<string, bool> HasLine(HostSettings settings) => name => settings.Lines.Any(line => line.Options.Name == name);

    /// <summary>Of any line, by the whole number, and a withdrawal that is entered erases recordings: for who handles persons' requests.</summary>
    private static Task<int> WithDeskAsync(string config, Func<ConsentDesk, HostSettings, LineTerms, Task<int>> use) => CommandContext.WithSettingsAsync(config, async settings =>
    {
        // A spool of its own: a worker that runs has the other. What waits there is taken up by the next of these commands.
        var options = CommandContext.LedgerOptions(settings);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(new LedgerOptions { Connection = options.Connection, SpoolFolder = options.SpoolFolder + "-cli", KeyFolder = options.KeyFolder, CommitLimit = TimeSpan.FromSeconds(10) });
        using var host = builder.Build();
        var subjects = host.Services.GetRequiredService<ISubjects>();
        await host.StartAsync();
        try
        {
            var ledger = host.Services.GetRequiredService<ILedger>();
            if (!ledger.Health.Available)
            {
                await Console.Error.WriteLineAsync(ledger.Health.Detail);
                return ExitCodes.Unavailable;
            }

            var reader = host.Services.GetRequiredService<ILedgerReader>();
            return await use(new ConsentDesk(subjects, ledger, reader, History(settings, reader), TimeProvider.System), settings, new LineTerms(settings, ledger, TimeProvider.System));
        }
        finally
        {
            await host.StopAsync();
        }
    }, CommandContext.Only(Act.HandleRequests));
}
