using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent exports</c>: what waits for the second of four eyes before it leaves (<c>access.four_eyes_export</c>).</summary>
internal static class ExportsCommand
{
    public static Command Create() => new("exports", "With access.four_eyes_export: exports of sound and whole numbers that wait for a second person.") { CreateList(), CreateApprove() };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("list", "List those that were asked for and have not ended: what, by whom, why, and who approved it.") { config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ReadEvents, async context =>
        {
            var orders = await context.Get<ExportDesk>().ListAsync(cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(orders.Select(order => new
                {
                    Export = order.Id.ToString(), order.Asked.What, order.Asked.Reason, AskedBy = order.Asked.Actor, order.AskedAt, order.EndsAt, ApprovedBy = order.Approvers,
                }));
            }
            else
            {
                CommandContext.WriteTable(
                    ["Export", "What", "Reason", "Asked by", "Ends (UTC)", "Approved by"],
                    orders.Select(order => (IReadOnlyList<string>)
                    [
                        order.Id.ToString(), LedgerExport.Printable(order.Asked.What), LedgerExport.Printable(order.Asked.Reason), order.Asked.Actor, LedgerExport.Time(order.EndsAt),
                        string.Join(", ", order.Approvers),
                    ]));
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateApprove()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var id = new Argument<string>("export") { Description = "Its id, as `exports list` shows it." };
        var command = new Command("approve", "Agree as the second of four eyes: who asked may then export exactly that. For the data protection officer, and never one's own.") { id, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.ExportPerson, async context =>
        {
            var order = await context.Get<ExportDesk>().ApproveAsync(RightsContext.Id(parsed.GetValue(id)), context.Actor, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Export = order.Id.ToString(), order.Asked.What, order.Asked.Reason, AskedBy = order.Asked.Actor, ApprovedBy = context.Actor, order.EndsAt });
            }
            else
            {
                Console.Out.WriteLine($"{LedgerExport.Printable(order.Asked.What)}, for {order.Asked.Actor} until {LedgerExport.Time(order.EndsAt)}: approved by {context.Actor}.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }
}
