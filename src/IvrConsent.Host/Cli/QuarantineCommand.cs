using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent recordings quarantine</c>: what becomes of recordings for which the ledger has no ground.</summary>
internal static class QuarantineCommand
{
    /// <summary>How staff begin; the words that alerts and checks end in.</summary>
    public const string Hint = "ivrconsent recordings quarantine list";

    public static Command Create() => new("quarantine", "Recordings for which the ledger has no ground: locked away, not to be played, erased when their days are over. Release them with a ground, or delete them.")
    {
        CreateList(), CreateRelease(), CreateDelete(), CreateApprove(),
    };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var limit = CommandContext.LimitOption();
        var command = new Command("list", "List them, the newest first, with why each is locked away and when it is erased if nobody decides. A supervisor sees those of his lines.") { limit, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.ReadEvents, ofLines: true, async context =>
        {
            var search = new VaultSearch(parsed.GetValue(limit), Lines: context.LinesOf(Act.ReadEvents), Quarantined: true, NewestFirst: true);
            var locked = new List<(VaultEntry Entry, string? Why, IReadOnlyList<QuarantineApproved> Approved)>();
            foreach (var entry in await context.Get<IVaultIndex>().SearchAsync(search, cancel))
            {
                var facts = ((await context.Get<ILedger>().FindCallAsync(entry.Item.Call, cancel))?.Entries ?? []).Select(one => one.Event).ToArray();
                locked.Add((
                    entry,
                    facts.OfType<RecordingQuarantined>().LastOrDefault(fact => fact.Recording == entry.Item.Recording)?.Reason,
                    [.. facts.OfType<QuarantineApproved>().Where(fact => fact.Recording == entry.Item.Recording)]));
            }

            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(locked.Select(one => new
                {
                    one.Entry.Item.Recording,
                    Call = one.Entry.Item.Call.ToString(),
                    one.Entry.Line,
                    one.Entry.EndedAt,
                    LengthMs = one.Entry.Item.Stored?.LengthMs,
                    one.Why,
                    ErasedOn = one.Entry.Retained?.RetainUntil,
                    one.Entry.Erasing,
                    RestrictedBy = one.Entry.Retained?.RestrictedBy?.ToString(),
                    Approved = one.Approved.Select(approved => new { approved.Step, approved.Purposes, approved.Actor }),
                }));
                return ExitCodes.Ok;
            }

            CommandContext.WriteTable(
                ["Recording", "Call", "Line", "Ended (UTC)", "Why", "Erased on", ""],
                locked.Select(one => (IReadOnlyList<string>)
                [
                    LedgerExport.Printable(one.Entry.Item.Recording), one.Entry.Item.Call.ToString(), LedgerExport.Printable(one.Entry.Line ?? "unknown"),
                    one.Entry.EndedAt is { } ended ? LedgerExport.Time(ended) : "unknown", LedgerExport.Printable(one.Why ?? "not told yet"),
                    one.Entry.Erasing ? "being erased" : one.Entry.Retained?.RetainUntil is { } until ? LedgerExport.Time(until)[..10] : "",
                    string.Join(", ", one.Approved.Select(approved => LedgerExport.Printable($"{Words(approved)} approved by {approved.Actor}"))),
                ]));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateRelease()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var (recording, yes) = (RecordingArgument(), YesOption());
        var purposes = new Option<string>("--purposes") { Description = "What it is kept for from now on, by id, with commas between: purposes of the call's line. One that rests on consent only where the ledger has that consent.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, for the ledger: how its ground was found.", Required = true };
        var command = new Command("release", "Release a recording for which a ground was found: from then on it is kept, heard and erased as others are. Refused where the ledger says that the caller refused or withdrew, or that it was erased.")
        { recording, purposes, reason, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Quarantine, ofLines: false, async context =>
        {
            var desk = context.Get<QuarantineDesk>();
            var plan = await desk.PlanAsync(await context.Get<ListeningDesk>().GetAsync(parsed.GetValue(recording)!, cancel), Split(parsed.GetValue(purposes)!), cancel);
            var name = LedgerExport.Printable(plan.Entry.Item.Recording);
            var due = plan.Until <= TimeProvider.System.GetUtcNow() ? " That day is over: it will be erased at the next sweep." : "";
            if (!await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"{name} will be kept for {string.Join(", ", plan.Purposes)} until {LedgerExport.Time(plan.Until)[..10]}, and whoever may hear recordings may hear it.{due}", "release"))
            {
                return ExitCodes.Failed;
            }

            await desk.ReleaseAsync(plan, context.Actor, parsed.GetValue(reason)!, context.Settings.Access.FourEyesRelease, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { plan.Entry.Item.Recording, Released = true, plan.Purposes, RetainUntil = plan.Until, plan.Terms });
            }
            else
            {
                Console.Out.WriteLine($"{name} is released for {string.Join(", ", plan.Purposes)}; kept until {LedgerExport.Time(plan.Until)[..10]}.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateDelete()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var (recording, yes) = (RecordingArgument(), YesOption());
        var reason = new Option<string>("--reason") { Description = "Why, for the ledger.", Required = true };
        var command = new Command("delete", "Delete one now, as an erasure does: the key at once, then file, versions and the PBX's copy by the worker. Exit code 1 where a legal hold or a restriction keeps it.") { recording, reason, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Quarantine, ofLines: false, async context =>
        {
            var entry = await context.Get<ListeningDesk>().GetAsync(parsed.GetValue(recording)!, cancel);
            if (QuarantinePolicy.WhyNotDecide(entry) is { } why)
            {
                throw new RightsRefusedException(why);
            }

            var name = LedgerExport.Printable(entry.Item.Recording);
            if (!await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"{name} will be erased, and every copy of it unreadable.", "delete"))
            {
                return ExitCodes.Failed;
            }

            var decided = await context.Get<QuarantineDesk>().DeleteAsync(entry, context.Actor, parsed.GetValue(reason)!, context.Settings.Access.FourEyesErasure, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { entry.Item.Recording, KeyDestroyed = decided.Decision.Delete, decided.Decision.Reason, decided.Decision.Kept });
            }
            else if (decided.Decision.Delete)
            {
                Console.Out.WriteLine($"{name}: its key is destroyed. The worker deletes file and PBX's copy within seconds, looks that they are gone, and writes RecordingErased (events show {entry.Item.Call}).");
            }

            if (!decided.Decision.Delete)
            {
                await Console.Error.WriteLineAsync($"{name} was not deleted: {LedgerExport.Printable(decided.Decision.Reason)}");
            }

            return decided.Decision.Delete ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateApprove()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var recording = RecordingArgument();
        var step = CommandContext.WordArgument<QuarantineStep>("step");
        step.Description = "What is agreed to.";
        var purposes = new Option<string?>("--purposes") { Description = "For a release: exactly the purposes that it will be released for." };
        var command = new Command("approve", "Agree as the second of four eyes, before it is released or deleted.") { recording, step, purposes, config, json };
        command.Validators.Add(result =>
        {
            // By its word: the value of one that is none cannot be asked for.
            var release = nameof(QuarantineStep.Release).Equals(result.GetResult(step) is { Tokens: [var word, ..] } ? word.Value : null, StringComparison.OrdinalIgnoreCase);
            if (release != (result.GetResult(purposes) is { Implicit: false }))
            {
                result.AddError("A release names its --purposes; a deletion has none.");
            }
        });
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Quarantine, ofLines: false, async context =>
        {
            var entry = await context.Get<ListeningDesk>().GetAsync(parsed.GetValue(recording)!, cancel);
            await context.Get<QuarantineDesk>().ApproveAsync(entry, parsed.GetValue(step), Split(parsed.GetValue(purposes) ?? ""), context.Actor, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { entry.Item.Recording, Step = parsed.GetValue(step), ApprovedBy = context.Actor });
            }
            else
            {
                Console.Out.WriteLine($"{LedgerExport.Printable(entry.Item.Recording)}: approved by {context.Actor}.");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Argument<string> RecordingArgument() => new("recording") { Description = "Its name, as `recordings quarantine list` shows it." };

    private static Option<bool> YesOption() => new("--yes", "-y") { Description = "Do not ask." };

    private static string[] Split(string purposes) => purposes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Words(QuarantineApproved approved) => approved.Step == QuarantineStep.Delete ? "deletion" : $"release for {string.Join(", ", approved.Purposes)}";
}
