using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent holds</c>: legal holds.</summary>
internal static class HoldsCommand
{
    public static Command Create() => new("holds", "Legal holds: as long as one is in force, nothing that it covers is deleted.") { CreatePlace(), CreateList(), CreateRelease() };

    private static Command CreatePlace()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var person = new Option<string?>("--number-from") { Description = "Of the person whose number is the first line of this file; - is standard input." };
        var call = new Option<string?>("--call") { Description = "Of this call." };
        var line = new Option<string?>("--line") { Description = "Of this line." };
        var from = CommandContext.TimeOption("--from", "Of calls that ended from this time on (UTC unless it has an offset).");
        var until = CommandContext.TimeOption("--until", "Of calls that ended before this time.");
        var ends = CommandContext.TimeOption("--ends", "When the hold ends of itself. Default: when it is released.");
        var reason = CommandContext.ReasonOption("Why: a file's number rather than a name, as it stays in the ledger.");
        var owner = new Option<string>("--owner") { Description = "Who answers for it.", Required = true };
        var command = new Command("place", "Place a hold on what all the given conditions apply to.") { person, call, line, from, until, ends, reason, owner, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.Hold, async context =>
        {
            var subject = parsed.GetValue(person) is { } source
                ? await context.FindPersonAsync(source, parsed.GetValue(reason)!, cancel) ?? throw new RightsRefusedException("the ledger knows nobody of this number")
                : (Core.Subjects.SubjectId?)null;
            var scope = new HoldScope(
                subject, parsed.GetValue(call) is { } id ? RightsContext.Id(id) : null, parsed.GetValue(line), parsed.GetValue(from), parsed.GetValue(until));
            var (hold, covered) = await context.Get<HoldDesk>().PlaceAsync(scope, parsed.GetValue(reason)!, parsed.GetValue(owner)!, context.Actor, parsed.GetValue(ends), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Hold = hold.Id.ToString(), Covered = covered });
            }
            else
            {
                Console.Out.WriteLine($"Hold {hold.Id} is in force. It covers {covered} recordings now, and those to come.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var all = new Option<bool>("--all") { Description = "Also those that ended or were released." };
        var command = new Command("list", "List the holds in force.") { all, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ReadEvents, async context =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var holds = await context.Get<IHolds>().ListAsync(!parsed.GetValue(all), now, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(holds.Select(hold => new
                {
                    Hold = hold.Id.ToString(), InForce = hold.IsInForce(now), Covers = Scope(hold.Scope), hold.Reason, hold.Owner, hold.PlacedBy, hold.PlacedAt, hold.EndsAt, hold.ReleasedAt,
                }));
            }
            else
            {
                CommandContext.WriteTable(
                    ["Hold", "In force", "Covers", "Reason", "Owner", "Placed (UTC)", "Ends"],
                    holds.Select(hold => (IReadOnlyList<string>)
                    [
                        hold.Id.ToString(), hold.IsInForce(now) ? "yes" : "no", Scope(hold.Scope), LedgerExport.Printable(hold.Reason), LedgerExport.Printable(hold.Owner), LedgerExport.Time(hold.PlacedAt),
                        (hold.ReleasedAt ?? hold.EndsAt) is { } end ? LedgerExport.Time(end) : "",
                    ]));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateRelease()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = new Argument<string>("hold") { Description = "Its id, as `holds list` shows it." };
        var reason = new Option<string>("--reason") { Description = "Why.", Required = true };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("release", "Release a hold. What is due is deleted at the next sweep.") { id, reason, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.Hold, async context =>
        {
            var hold = RightsContext.Id(parsed.GetValue(id));
            if (!await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"Hold {hold} ends, and what only it keeps will be deleted.", "release"))
            {
                return ExitCodes.Failed;
            }

            if (!await context.Get<HoldDesk>().ReleaseAsync(hold, context.Actor, parsed.GetValue(reason)!, cancel))
            {
                throw new RightsRefusedException($"there is no hold {hold} that was not released before; holds list --all shows them");
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Hold = hold.ToString(), Released = true });
            }
            else
            {
                Console.Out.WriteLine($"Hold {hold} is released.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static string Scope(HoldScope scope) => string.Join(
        ", ",
        ((string?[])
        [
            scope.Subject is { } subject ? $"person {subject}" : null,
            scope.Call is { } call ? $"call {call}" : null,
            scope.Line is { } line ? $"line {line}" : null,
            scope.From is { } from ? $"from {LedgerExport.Time(from)}" : null,
            scope.Until is { } until ? $"until {LedgerExport.Time(until)}" : null,
        ]).OfType<string>());
}
