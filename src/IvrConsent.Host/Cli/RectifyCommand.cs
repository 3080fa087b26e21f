using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent requests rectify</c>: carries out a case of rectification (GDPR art. 16).</summary>
internal static class RectifyCommand
{
    public static Command Create()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = RequestsCommand.CaseArgument();
        var wrong = new Option<string>("--event") { Description = "The event that is wrong: its id, as `events list --json` and the access file show it.", Required = true };
        var text = new Option<string>("--text")
        {
            Description = $"What the person states, or with --never-was why it is wrong; up to {RequestPolicy.LongestStatement} characters. It stays in the ledger for ever: no name, number or address.",
            Required = true,
        };
        var reason = new Option<string?>("--reason") { Description = "How it was established, for example the letter's number. Default: it is what the person says." };
        var never = new Option<bool>("--never-was") { Description = "The event tells of a consent, refusal or withdrawal that never was: it counts no longer, and the next sweep erases what rested on it alone." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("rectify", "Carry out a case of rectification (GDPR 16): put the person's statement beside an event, which stays as it is, or correct an entry of what never was.")
        {
            id, wrong, text, reason, never, yes, config, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(wrong) is { } given && !Guid.TryParse(given, out _))
            {
                result.AddError($"\"{LedgerExport.Printable(given)}\" is not an event's id: 32 hexadecimal digits are expected, hyphens allowed.");
            }

            if (result.GetValue(never) && result.GetValue(reason) is not null)
            {
                result.AddError("With --never-was the text is the reason: leave --reason out.");
            }
        });
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, parsed.GetValue(never) ? Act.ErasePerson : Act.HandleRequests, async context =>
        {
            var (request, about) = (RightsContext.Id(parsed.GetValue(id)), Guid.Parse(parsed.GetValue(wrong)!));
            if (parsed.GetValue(never) && context.Settings.Access.FourEyesErasure)
            {
                await context.Get<RequestDesk>().RequireApprovalAsync(request, context.Actor, cancel);
            }

            var desk = context.Get<RectificationDesk>();
            if (!parsed.GetValue(never))
            {
                await desk.StateAsync(request, about, parsed.GetValue(text)!, parsed.GetValue(reason), context.Actor, cancel);
            }
            else if (await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"Case {request}: the event will count no longer, and what was recorded on its ground alone will be erased.", "correct"))
            {
                await desk.VoidAsync(request, about, parsed.GetValue(text)!, context.Actor, cancel);
            }
            else
            {
                return ExitCodes.Failed;
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Case = request.ToString(), Event = about, Corrected = parsed.GetValue(never) });
            }
            else
            {
                Console.Out.WriteLine($"Case {request}: {(parsed.GetValue(never) ? $"event {about} counts no longer" : $"the statement stands beside event {about}")}.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }
}
