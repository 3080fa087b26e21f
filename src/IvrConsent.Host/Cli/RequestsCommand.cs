using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Rights;
using IvrConsent.Host.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent requests</c>: what persons ask for, as cases with a date.</summary>
internal static class RequestsCommand
{
    public static Command Create() => new("requests", "Persons' requests (GDPR art. 15 to 18, 21): each a case, due within a month.")
    {
        CreateOpen(),
        CreateList(),
        CreateShow(),
        CreateStep("extend", "Put the answer off by two more months, once (GDPR 12(3)).", "Why; the person must be told.", async (context, request, reason, cancel) =>
            $"Due {LedgerExport.Time((await context.Get<RequestDesk>().ExtendAsync(request.Id, reason!, context.Actor, cancel)).DueAt)}"),
        CreateStep("approve", "Agree as the second of four eyes to what the case asks for.", null, async (context, request, _, cancel) =>
        {
            await context.Get<RequestDesk>().ApproveAsync(request.Id, context.Actor, cancel);
            return $"Approved by {context.Actor}";
        }),
        CreateStep("restrict", "Keep the recordings of the case and use them no more (GDPR 18).", null, (context, request, _, cancel) => RestrictAsync(context, request, true, cancel)),
        CreateStep("lift", "Lift the restriction of the case.", null, (context, request, _, cancel) => RestrictAsync(context, request, false, cancel)),
        CreateErase(),
        CreateObject(),
        CreateAccess(),
        RectifyCommand.Create(),
        CreateClose(),
    };

    /// <summary>The argument of every step.</summary>
    public static Argument<string> CaseArgument() => new("case") { Description = "The case's id, as `requests list` shows it." };

    /// <summary>Erases, asks before, and writes the certificate; for <c>subjects erase</c> as well.</summary>
    public static async Task<int> EraseAsync(RightsContext context, RequestCase request, string? output, string language, bool yes, bool json, CancellationToken cancel)
    {
        var desk = context.Get<RequestDesk>();
        if (context.Settings.Access.FourEyesErasure)
        {
            await desk.RequireApprovalAsync(request.Id, context.Actor, cancel);
        }

        RequireNewFiles(CertificateFiles(output));
        if (!await RightsContext.ConfirmAsync(yes, $"Case {request.Id}: the person's recordings that no other ground keeps will be erased.", "erase"))
        {
            return ExitCodes.Failed;
        }

        var certificate = await desk.EraseAsync(request.Id, context.Actor, cancel);
        var purposes = context.Settings.Lines.SelectMany(line => line.Options.Purposes).ToList();
        var (machine, person) = (certificate.ToJson(), CertificatePage.Text(certificate, language, id => PurposeWords.Of(id, purposes, language)));

        // Shown before it is written: it is made once, and the ledger keeps its hash only. A full disk must not be its end.
        Console.Out.Write(json ? $"{machine}\n" : person);
        foreach (var (file, text) in CertificateFiles(output).Zip([machine, person]))
        {
            await WriteNewAsync(file, text, cancel);
        }

        if (!json)
        {
            if (certificate.Erased.Count > 0)
            {
                await Console.Error.WriteLineAsync(
                    "Older copies of the database (a backup, a standby, PostgreSQL's write-ahead log) still hold the erased recordings' keys, wrapped to the master of that time. They open nothing any more once it is given up: ivrconsent keys rotate recordings, and a day later with --forget-old");
            }

            await SayOpenAsync(request);
        }

        return ExitCodes.Ok;
    }

    /// <summary>The files of a certificate; none where it is only shown.</summary>
    public static string[] CertificateFiles(string? output) => output is null ? [] : [$"{output}.json", $"{output}.txt"];

    /// <summary>Throws, before anything is done, where one of the files could not be made.</summary>
    public static void RequireNewFiles(params string[] files)
    {
        if (files.Select(CommandContext.WhyNoNewFile).OfType<string>().FirstOrDefault() is { } why)
        {
            throw new RightsRefusedException($"{why} Nothing was done.");
        }
    }

    /// <summary>Writes a person's file; for <c>subjects export</c> as well.</summary>
    public static async Task<int> ExportAsync(RightsContext context, RequestCase request, string file, string language, string reason, bool json, CancellationToken cancel)
    {
        if (context.Settings.Access.FourEyesExport)
        {
            await context.Get<RequestDesk>().RequireApprovalAsync(request.Id, context.Actor, cancel);
        }

        RequireNewFiles(file);
        var export = new PersonExport(
            context.Get<RequestDesk>(), context.Get<ILedgerReader>(), context.Services.GetServices<IRecordingAudio>(), context.Services.GetServices<IVaultIndex>(), context.Get<RightsLog>(),
            [.. context.Settings.Lines.Select(line => line.Options)], context.Settings.Records);
        var written = await export.WriteAsync(request, file, language, context.Actor, reason, cancel);
        if (json)
        {
            CommandContext.WriteJson(new { Case = request.Id.ToString(), File = file, written.Recordings, written.Missing, written.Waiting, written.Quarantined, written.Events, written.Consents, written.Unrecorded, written.Sha256 });
        }
        else
        {
            Console.Out.WriteLine($"{file}: {written.Recordings} recordings, {written.Consents} consents, {written.Events} entries. SHA-256 {written.Sha256}");
            await SayOpenAsync(request);
        }

        if (written.Quarantined > 0)
        {
            await Console.Error.WriteLineAsync($"{written.Quarantined} recordings are quarantined and were left out; the index says so. Decide what becomes of them: {QuarantineCommand.Hint}");
        }

        if (written.Waiting > 0)
        {
            await Console.Error.WriteLineAsync($"{written.Waiting} recordings lie on the PBX still and are not in it; the index names them. Write it anew when they are in the vault: vault status tells what they wait for");
        }

        if (written.Missing > 0)
        {
            await Console.Error.WriteLineAsync($"{written.Missing} recordings that are kept, or should be, are not in it: they cannot be opened here, are damaged (vault verify) or lost. The index says so; the answer is not whole without them.");
        }

        if (written.Unrecorded > 0)
        {
            await Console.Error.WriteLineAsync($"{written.Unrecorded} consents are in it as pages only, or without one of the forms for machines; the index says what the settings of that time lacked. What is missing: records export --call ID");
        }

        return written.Absent == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    /// <summary>The language of what the person gets.</summary>
    public static Option<string> LanguageOption()
    {
        var language = new Option<string>("--language", "-l") { Description = $"The person's language: {string.Join(", ", ExportTexts.All.Keys)}.", DefaultValueFactory = _ => "en" };
        language.AcceptOnlyFromAmong([.. ExportTexts.All.Keys]);
        return language;
    }

    private static Command CreateOpen()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var kind = CommandContext.WordArgument<RequestKind>("kind");
        kind.Description = "What the person asks for.";
        var person = new Option<string?>("--number-from") { Description = "Of the person whose number is the first line of this file; - is standard input." };
        var call = new Option<string?>("--call") { Description = "About this one call." };
        var receipt = new Option<string?>("--receipt") { Description = "About the one call or entry whose receipt has this reference (10 or 13 digits, spaces allowed)." };
        var received = CommandContext.TimeOption("--received", "When it came in: from here the month runs. Default: now.");
        var command = new Command("open", "Open a case.") { kind, person, call, receipt, received, config, json };
        command.Validators.Add(result =>
        {
            if (((Option[])[person, call, receipt]).Count(option => result.GetResult(option) is { Implicit: false }) != 1)
            {
                result.AddError("Say whose or about what: one of --number-from FILE, --call ID, --receipt DIGITS.");
            }
        });
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.HandleRequests, async context =>
        {
            var subject = parsed.GetValue(person) is { } source ? await context.FindPersonAsync(source, $"to open a case of {parsed.GetValue(kind).ToString().ToLowerInvariant()}", cancel) : null;
            var about = parsed.GetValue(receipt) is { } reference ? await context.FindReceiptAsync(reference, cancel)
                : parsed.GetValue(call) is { } id ? RightsContext.Id(id) : (Core.Calls.CallId?)null;
            var request = await context.Get<RequestDesk>().OpenAsync(parsed.GetValue(kind), subject, about, parsed.GetValue(received), context.Actor, cancel);
            Write(request, parsed.GetValue(json));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var all = new Option<bool>("--all") { Description = "Also those that are closed." };
        var command = new Command("list", "List the open cases, the one due first first. Exit code 1 where one is overdue.") { all, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ReadEvents, async context =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var requests = await context.Get<IRequests>().ListAsync(!parsed.GetValue(all), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(requests.Select(request => Shown(request, now)));
            }
            else
            {
                CommandContext.WriteTable(
                    ["Case", "Kind", "State", "Received (UTC)", "Due", ""],
                    requests.Select(request => (IReadOnlyList<string>)
                        [request.Id.ToString(), request.Kind.ToString(), request.State.ToString(), LedgerExport.Time(request.ReceivedAt), LedgerExport.Time(request.DueAt), request.IsOverdue(now) ? "OVERDUE" : ""]));
            }

            return requests.Any(request => request.IsOverdue(now)) ? ExitCodes.Failed : ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var command = new Command("show", "Show a case and all that was done about it.") { id, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ReadEvents, async context =>
        {
            var request = await context.Get<RequestDesk>().GetAsync(RightsContext.Id(parsed.GetValue(id)), cancel);
            var entries = (await context.Get<ILedger>().FindCallAsync(request.Id, cancel))?.Entries ?? [];
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new
                {
                    Request = Shown(request, TimeProvider.System.GetUtcNow()),
                    Log = entries.Select(entry => new { entry.At, Event = System.Text.Json.Nodes.JsonNode.Parse(LedgerJson.Write(entry.Event)) }),
                });
                return ExitCodes.Ok;
            }

            Write(request, json: false);
            CommandContext.WriteTable(
                ["Time (UTC)", "Event", "Facts"],
                entries.Select(entry => (IReadOnlyList<string>)[LedgerExport.Time(entry.At), entry.Event.GetType().Name, LedgerExport.Facts(entry.Event)]));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateStep(string name, string description, string? reasonIs, Func<RightsContext, RequestCase, string?, CancellationToken, Task<string>> step)
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var command = new Command(name, description) { id, config, json };
        var reason = new Option<string?>("--reason") { Description = reasonIs ?? string.Empty, Required = true };
        if (reasonIs is not null)
        {
            command.Add(reason);
        }

        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.HandleRequests, async context =>
        {
            var request = await context.Get<RequestDesk>().GetAsync(RightsContext.Id(parsed.GetValue(id)), cancel);
            var done = await step(context, request, reasonIs is null ? null : parsed.GetValue(reason), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Case = request.Id.ToString(), Done = done });
            }
            else
            {
                Console.Out.WriteLine($"Case {request.Id}: {done}.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateErase()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var output = new Option<string?>("--certificate", "-o") { Description = "Write the certificate to NAME.json and, in the person's language, NAME.txt, made anew." };
        var language = LanguageOption();
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("erase", "Carry out a case of erasure (GDPR 17): what no other ground keeps goes, the certificate lists what stays and why.") { id, output, language, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ErasePerson, async context => await EraseAsync(
            context,
            await context.Get<RequestDesk>().GetAsync(RightsContext.Id(parsed.GetValue(id)), cancel),
            parsed.GetValue(output),
            parsed.GetValue(language)!,
            parsed.GetValue(yes),
            parsed.GetValue(json),
            cancel)));
        return command;
    }

    private static Command CreateObject()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("uphold", "Uphold a case of objection (GDPR 21): purposes of legitimate interests and public tasks end, recordings that nothing else keeps are erased.") { id, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ErasePerson, async context =>
        {
            var request = RightsContext.Id(parsed.GetValue(id));
            if (context.Settings.Access.FourEyesErasure)
            {
                await context.Get<RequestDesk>().RequireApprovalAsync(request, context.Actor, cancel);
            }

            if (!await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"Case {request}: recordings that nothing else keeps will be erased.", "erase"))
            {
                return ExitCodes.Failed;
            }

            var outcome = await context.Get<RequestDesk>().UpholdObjectionAsync(request, context.Actor, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Case = request.ToString(), outcome.Erased, Kept = outcome.Changed });
            }
            else
            {
                Console.Out.WriteLine($"Case {request}: {outcome.Erased} recordings erased, {outcome.Changed} kept for other purposes.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateAccess()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var output = new Option<string>("--output", "-o") { Description = "The ZIP to write, made anew, readable by its owner only.", Required = true };
        var language = LanguageOption();
        var reason = CommandContext.ReasonOption();
        var command = new Command("access", "Write the file that answers a case of access (GDPR 15): index, entries, each consent as page, 27560 record and vCon, recordings. Exit code 1 where it is not whole.") { id, output, language, reason, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ExportPerson, async context => await ExportAsync(
            context,
            await context.Get<RequestDesk>().GetAsync(RightsContext.Id(parsed.GetValue(id)), cancel) is { Kind: RequestKind.Access, State: RequestState.Open } request
                ? request
                : throw new RightsRefusedException("that is no open case of access"),
            parsed.GetValue(output)!,
            parsed.GetValue(language)!,
            parsed.GetValue(reason)!,
            parsed.GetValue(json),
            cancel)));
        return command;
    }

    private static Command CreateClose()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = CaseArgument();
        var state = new Argument<string>("state") { Description = "answered, refused or taken-back." };
        state.AcceptOnlyFromAmong("answered", "refused", "taken-back");
        var reason = new Option<string>("--reason") { Description = "What the person was told, for example the letter's number.", Required = true };
        var incomplete = new Option<bool>("--incomplete") { Description = "Close a case of access as answered although recordings that there are were not handed out; it is put on record." };
        var command = new Command("close", "Close a case. One of access is refused as answered while recordings of the person are not in the file that was written last.") { id, state, reason, incomplete, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.HandleRequests, async context =>
        {
            var desk = context.Get<RequestDesk>();
            var request = RightsContext.Id(parsed.GetValue(id));
            var how = parsed.GetValue(state) switch { "answered" => RequestState.Answered, "refused" => RequestState.Refused, _ => RequestState.TakenBack };
            await desk.CloseAsync(request, how, parsed.GetValue(reason)!, parsed.GetValue(incomplete), context.Actor, cancel);
            Write(await desk.GetAsync(request, cancel), parsed.GetValue(json));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static async Task<string> RestrictAsync(RightsContext context, RequestCase request, bool restrict, CancellationToken cancel) =>
        $"{(await context.Get<RequestDesk>().RestrictAsync(request.Id, restrict, context.Actor, cancel)).Changed} recordings {(restrict ? "are kept and no longer used" : "may be used again")}";

    /// <summary>A case is answered when the person was told, which no program sees; until then it is due. Beside the output, which may be kept.</summary>
    private static Task SayOpenAsync(RequestCase request) =>
        Console.Error.WriteLineAsync($"Case {request.Id} stays open until the person was told; then: ivrconsent requests close {request.Id} answered --reason ...");

    private static async Task WriteNewAsync(string path, string text, CancellationToken cancel)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancel);
    }

    private static void Write(RequestCase request, bool json)
    {
        if (json)
        {
            CommandContext.WriteJson(Shown(request, TimeProvider.System.GetUtcNow()));
        }
        else
        {
            Console.Out.WriteLine($"Case {request.Id}: {request.Kind.ToString().ToLowerInvariant()}, {request.State.ToString().ToLowerInvariant()}, received {LedgerExport.Time(request.ReceivedAt)}, due {LedgerExport.Time(request.DueAt)}");
        }
    }

    private static object Shown(RequestCase request, DateTimeOffset now) => new
    {
        Case = request.Id.ToString(),
        Kind = request.Kind.ToString().ToLowerInvariant(),
        State = request.State == RequestState.TakenBack ? "taken-back" : request.State.ToString().ToLowerInvariant(),
        Subject = request.Subject?.ToString(),
        Call = request.Call?.ToString(),
        request.ReceivedAt,
        request.DueAt,
        Overdue = request.IsOverdue(now),
        request.OpenedBy,
        request.ExtensionReason,
        request.ClosedAt,
        request.CloseReason,
    };
}
