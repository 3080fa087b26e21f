using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Retention;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent retention</c>: what is due for deletion.</summary>
internal static class RetentionCommand
{
    public static Command Create() => new("retention", "Delete recordings whose date has come.") { CreateSweep() };

    private static Command CreateSweep()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var dry = new Option<bool>("--dry-run") { Description = "Only say what would be deleted, and what keeps the rest." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("sweep", "Delete what is due, and what rests on a consent that was withdrawn, and forget whose the entries of the ledger are where they are older than the settings keep that, now: the worker does it every hour. Exit code 1 where something could not be finished.") { dry, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunAsync(parsed.GetValue(config)!, Act.Sweep, async context =>
        {
            var sweep = context.Get<RetentionSweep>();
            var tried = parsed.GetValue(dry);
            if (!tried && !await RightsContext.ConfirmAsync(parsed.GetValue(yes), await QuestionAsync(), "erase"))
            {
                return ExitCodes.Failed;
            }

            async Task<string> QuestionAsync()
            {
                var would = await sweep.TryAsync(cancel);
                var persons = would.Forgotten.Persons > 0 ? $", and the ledger will forget whose the entries of {would.Forgotten.Persons} persons are" : "";
                return $"{would.Erased + would.Withdrawn} recordings will be erased{persons}.";
            }

            var report = tried ? await sweep.TryAsync(cancel) : await sweep.RunAsync(cancel);
            var finishes = context.Get<ErasureFinisher>().CanFinish;
            var gone = tried ? report.Erased : report.Due - report.Kept.Count;
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new
                {
                    DryRun = tried,
                    report.Alone,
                    report.Due,
                    Erased = gone,
                    report.Withdrawn,
                    ForgottenPersons = report.Forgotten.Persons,
                    MinimisedCalls = report.Forgotten.Calls,
                    report.Unfinished,
                    report.Undated,
                    Kept = report.Kept.Select(Shown),
                    KeptWithdrawn = report.KeptWithdrawn.Select(Shown),
                });
            }
            else
            {
                Write(report, gone, tried, finishes);
            }

            return report.Alone ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static object Shown(DecidedErasure one) => new { Recording = one.Recording.Name, Call = one.Recording.Call.ToString(), one.Decision.Reason };

    private static void WriteKept(IEnumerable<DecidedErasure> kept)
    {
        foreach (var one in kept)
        {
            Console.Out.WriteLine($"  {one.Recording.Name}: {LedgerExport.Printable(one.Decision.Reason)}");
        }
    }

    private static void Write(SweepReport report, int gone, bool tried, bool finishes)
    {
        if (!report.Alone)
        {
            Console.Error.WriteLine("Another sweep runs, and does the same. Nothing was done.");
            return;
        }

        Console.Out.WriteLine($"{report.Due} due: {gone} {(tried ? "would be erased" : "erased")}, {report.Kept.Count} kept");
        if (report.Withdrawn > 0)
        {
            Console.Out.WriteLine($"{report.Withdrawn} more {(tried ? "would be erased" : "erased")}, because the consent was withdrawn");
        }

        if (report.Forgotten != default)
        {
            Console.Out.WriteLine(
                $"{report.Forgotten.Persons} persons {(tried ? "would be forgotten" : "forgotten")}, {report.Forgotten.Calls} calls {(tried ? "would lose" : "lost")} channel and number dialled, for their age (database.ledger_retention_days)");
        }

        WriteKept(report.Kept);
        if (report.KeptWithdrawn.Count > 0)
        {
            Console.Out.WriteLine($"{report.KeptWithdrawn.Count} more kept although the consent was withdrawn:");
            WriteKept(report.KeptWithdrawn);
        }

        if (report.Unfinished > 0)
        {
            Console.Out.WriteLine($"{report.Unfinished}{(report.Unfinished == 200 ? " or more" : "")} erased recordings have no key any more, and {(finishes ? "a file that could not be deleted yet" : "files that the worker deletes, with an entry in the ledger each, at its next sweep")}.");
        }

        if (report.Undated > 0)
        {
            Console.Out.WriteLine($"{report.Undated} recordings have no date, because no purpose gives them one: name purposes in the settings and reclassify them.");
        }
    }
}
