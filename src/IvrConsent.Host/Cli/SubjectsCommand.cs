using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent subjects</c>: one person, by telephone number.</summary>
internal static class SubjectsCommand
{
    public static Command Create() => new("subjects", "Find, export or erase one person by telephone number.") { CreateFind(), CreateReveal(), CreateExport(), CreateErase() };

    private static Command CreateFind()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var person = CommandContext.NumberFrom();
        var reason = CommandContext.ReasonOption();
        var command = new Command("find", "Show what there is of a person: calls and recordings, no audio. The search is put on record before it is answered. Exit code 1 when there is nothing.") { person, reason, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.HandleRequests, async context =>
        {
            if (await context.FindPersonAsync(parsed.GetValue(person)!, parsed.GetValue(reason)!, cancel) is not { } subject)
            {
                await Console.Error.WriteLineAsync("The ledger knows nobody of this number.");
                return ExitCodes.Failed;
            }

            var calls = new HashSet<Core.Calls.CallId>();
            var events = 0;
            await foreach (var line in context.Get<ILedgerReader>().ReadAsync(new LedgerQuery(Subject: subject), cancel))
            {
                events++;
                calls.Add(line.Call.Id);
            }

            var recordings = new List<RetainedRecording>();
            string? after = null;
            while (await context.Get<IRetention>().FindAsync(subject, null, after, 200, cancel) is { Count: > 0 } page)
            {
                recordings.AddRange(page);
                after = page[^1].Name;
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new
                {
                    Subject = subject.ToString(),
                    Calls = calls.Count,
                    Events = events,
                    Recordings = recordings.Select(one => new { Recording = one.Name, Call = one.Call.ToString(), one.Line, one.EndedAt, one.RetainUntil, Restricted = one.RestrictedBy is not null, one.Terms }),
                });
            }
            else
            {
                Console.Out.WriteLine($"Subject {subject}: {calls.Count} calls and records with {events} entries, {recordings.Count} recordings");
                CommandContext.WriteTable(
                    ["Recording", "Call ended (UTC)", "Line", "Kept until", "For", ""],
                    recordings.Select(one => (IReadOnlyList<string>)
                    [
                        one.Name, LedgerExport.Time(one.EndedAt), one.Line ?? "unknown", one.RetainUntil is { } until ? LedgerExport.Time(until) : "no date",
                        string.Join(", ", one.Terms.Select(term => term.Purpose)), one.RestrictedBy is null ? "" : "restricted",
                    ]));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateReveal()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = new Argument<string>("subject") { Description = "The person's id, as `subjects find` and the ledger have it." };
        var reason = CommandContext.ReasonOption();
        var command = new Command("reveal", "Show the whole number of a person. The look is put on record before it is shown.") { id, reason, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.RevealNumber, async context =>
        {
            if (!SubjectId.TryParse(parsed.GetValue(id), out var subject) || await context.Get<ISubjects>().RevealAsync(subject, cancel) is not { } number)
            {
                throw new RightsRefusedException("there is no number of this id: it is wrong, or the number's mapping was deleted");
            }

            var log = context.Get<RightsLog>();
            await log.BeginAsync(log.NewId(), subject, null, new NumberRevealed(context.Actor, parsed.GetValue(reason)!), "Nothing was shown");
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Subject = subject.ToString(), Number = number });
            }
            else
            {
                Console.Out.WriteLine(LedgerExport.Printable(number));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateExport()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var person = CommandContext.NumberFrom();
        var output = new Option<string>("--output", "-o") { Description = "The ZIP to write, made anew, readable by its owner only.", Required = true };
        var language = RequestsCommand.LanguageOption();
        var reason = CommandContext.ReasonOption();
        var command = new Command("export", "Open a case of access and write its file at once. With four eyes: requests open, approve, access.") { person, output, language, reason, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ExportPerson, async context =>
        {
            RefuseFourEyes(context.Settings.Access.FourEyesExport, "access");
            RequestsCommand.RequireNewFiles(parsed.GetValue(output)!); // before a case is opened, which would stay open
            var subject = await context.FindPersonAsync(parsed.GetValue(person)!, parsed.GetValue(reason)!, cancel);
            var request = await context.Get<RequestDesk>().OpenAsync(RequestKind.Access, subject, null, null, context.Actor, cancel);
            return await RequestsCommand.ExportAsync(context, request, parsed.GetValue(output)!, parsed.GetValue(language)!, parsed.GetValue(reason)!, parsed.GetValue(json), cancel);
        }));
        return command;
    }

    private static Command CreateErase()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var person = CommandContext.NumberFrom();
        var output = new Option<string?>("--certificate", "-o") { Description = "Write the certificate to NAME.json and, in the person's language, NAME.txt, made anew." };
        var language = RequestsCommand.LanguageOption();
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask; needed where the number comes from standard input." };
        var command = new Command("erase", "Open a case of erasure and carry it out at once. With four eyes: requests open, approve, erase.") { person, output, language, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ErasePerson, async context =>
        {
            RefuseFourEyes(context.Settings.Access.FourEyesErasure, "erase");
            RequestsCommand.RequireNewFiles(RequestsCommand.CertificateFiles(parsed.GetValue(output)));
            var subject = await context.FindPersonAsync(parsed.GetValue(person)!, "to erase the person's data", cancel);
            if (!await RightsContext.ConfirmAsync(parsed.GetValue(yes), "The person's recordings that no other ground keeps will be erased.", "erase"))
            {
                return ExitCodes.Failed;
            }

            var request = await context.Get<RequestDesk>().OpenAsync(RequestKind.Erasure, subject, null, null, context.Actor, cancel);
            return await RequestsCommand.EraseAsync(context, request, parsed.GetValue(output), parsed.GetValue(language)!, yes: true, parsed.GetValue(json), cancel);
        }));
        return command;
    }

    private static void RefuseFourEyes(bool configured, string step)
    {
        if (configured)
        {
            throw new RightsRefusedException($"the settings ask for four eyes: open a case (requests open), have it approved by somebody else (requests approve), then requests {step}");
        }
    }
}
