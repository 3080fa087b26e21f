using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.Core.Rights;
using IvrConsent.Core.Subjects;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent recordings</c>: what is in the vault, and listening to it.</summary>
internal static class RecordingsCommand
{
    private static readonly IReadOnlyDictionary<string, VaultState> States = new Dictionary<string, VaultState>
    {
        ["waiting"] = VaultState.Waiting, ["stored"] = VaultState.Stored, ["done"] = VaultState.Done, ["missing"] = VaultState.Missing,
    };

    public static Command Create() => new("recordings", "The recordings in the vault: list, play, export, reclassify, and what becomes of those without a ground.")
    {
        CreateList(), RecordingsAudio.CreatePlay(), RecordingsAudio.CreateExport(), CreateReclassify(), QuarantineCommand.Create(),
    };

    private static Command CreateList()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var call = new Option<string?>("--call") { Description = "Of this call." };
        var person = new Option<string?>("--number-from") { Description = "Of the person whose number is the first line of this file; - is standard input. With --reason: the search is put on record before it is answered." };
        var reason = CommandContext.ReasonOption("Why a person is searched for, for the ledger.", required: false);
        var line = new Option<string?>("--line") { Description = "Of this line." };
        var state = new Option<string?>("--state") { Description = "waiting (on the PBX), stored (in the vault, and perhaps still on the PBX), done (in the vault only) or missing." };
        state.AcceptOnlyFromAmong([.. States.Keys]);
        var quarantined = new Option<bool>("--quarantined") { Description = "Only those without a ground in the ledger." };
        var limit = CommandContext.LimitOption("Behind the last one listed it goes on with --before.");
        var before = new Option<string?>("--before") { Description = "Only those older than the recording of this name." };
        var command = new Command("list", "List recordings, the newest first: no audio, no number. A supervisor sees those of his lines.") { call, person, reason, line, state, quarantined, limit, before, config, json };
        command.Validators.Add(result =>
        {
            if ((result.GetResult(person) is { Implicit: false }) != (result.GetResult(reason) is { Implicit: false }))
            {
                result.AddError("--number-from and --reason \"…\" go together.");
            }
        });
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.ReadEvents, ofLines: true, async context =>
        {
            if (parsed.GetValue(line) is { } one)
            {
                context.Require(Act.ReadEvents, one);
            }

            SubjectId? subject = null;
            if (parsed.GetValue(person) is { } source && (subject = await context.FindPersonAsync(source, parsed.GetValue(reason)!, cancel)) is null)
            {
                await Console.Error.WriteLineAsync("The ledger knows nobody of this number.");
                return ExitCodes.Failed;
            }

            var search = new VaultSearch(
                parsed.GetValue(limit),
                parsed.GetValue(before),
                Call: parsed.GetValue(call) is { } id ? RightsContext.Id(id) : null,
                Subject: subject,
                Lines: parsed.GetValue(line) is { } only ? [only] : context.LinesOf(Act.ReadEvents),
                State: parsed.GetValue(state) is { } word ? States[word] : null,
                Quarantined: parsed.GetValue(quarantined),
                NewestFirst: true);
            var entries = await context.Get<IVaultIndex>().SearchAsync(search, cancel);
            var holds = await context.Get<IHolds>().ListAsync(inForceOnly: true, TimeProvider.System.GetUtcNow(), cancel);
            Write(entries, holds, parsed.GetValue(json));
            if (entries.Count == search.Most)
            {
                await Console.Error.WriteLineAsync($"There may be more: --before {entries[^1].Item.Recording}");
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static void Write(IReadOnlyList<VaultEntry> entries, IReadOnlyList<LegalHold> holds, bool json)
    {
        IEnumerable<string> Holding(VaultEntry entry) => entry.Retained is { } retained ? holds.Where(hold => hold.Scope.Covers(retained)).Select(hold => hold.Id.ToString()) : [];
        if (json)
        {
            CommandContext.WriteJson(entries.Select(entry => new
            {
                entry.Item.Recording,
                Call = entry.Item.Call.ToString(),
                entry.Line,
                entry.EndedAt,
                LengthMs = entry.Item.Stored?.LengthMs,
                Purposes = entry.Retained?.Terms,
                RetainUntil = entry.Retained?.RetainUntil,
                State = Word(entry.Item.State),
                entry.Erasing,
                entry.Item.Quarantined,
                Silent = entry.Item.Stored?.Silent,
                RestrictedBy = entry.Retained?.RestrictedBy?.ToString(),
                Holds = Holding(entry),
                entry.Item.Detail,
            }));
            return;
        }

        CommandContext.WriteTable(
            ["Recording", "Call", "Line", "Ended (UTC)", "Length", "For, until", "State", ""],
            entries.Select(entry => (IReadOnlyList<string>)
            [
                LedgerExport.Printable(entry.Item.Recording), entry.Item.Call.ToString(), LedgerExport.Printable(entry.Line ?? "unknown"), entry.EndedAt is { } ended ? LedgerExport.Time(ended) : "unknown",
                entry.Item.Stored is { } stored ? TimeSpan.FromMilliseconds(stored.LengthMs).ToString(@"h\:mm\:ss", System.Globalization.CultureInfo.InvariantCulture) : "", Kept(entry.Retained),
                Word(entry.Item.State), string.Join(", ", Marks(entry, Holding(entry).Any())),
            ]));
    }

    private static IEnumerable<string> Marks(VaultEntry entry, bool held)
    {
        foreach (var (applies, word) in (IEnumerable<(bool, string)>)
            [
                (entry.Erasing, "being erased"), (entry.Item.Quarantined, "quarantined"), (entry.Retained?.RestrictedBy is not null, "restricted"), (held, "on hold"),
                (entry.Item.Stored?.Silent == true, "silent"), (entry.Item.Detail is not null, LedgerExport.Printable(entry.Item.Detail ?? "")),
            ])
        {
            if (applies)
            {
                yield return word;
            }
        }
    }

    private static string Kept(RetainedRecording? retained) => retained switch
    {
        null => "",
        { Terms.Count: > 0 } => string.Join(", ", retained.Terms.Select(term => $"{term.Purpose} {LedgerExport.Time(term.Until)[..10]}")),
        { RetainUntil: { } until } => LedgerExport.Time(until)[..10],
        _ => "no date",
    };

    private static string Word(VaultState state) => States.First(one => one.Value == state).Key;

    private static Command CreateReclassify()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var what = new Argument<string>("call") { Description = "The call's id, or the name of one of its recordings: all of the call's are reclassified." };
        var purposes = new Option<string>("--purposes") { Description = "All purposes from now on, by id, with commas between. One that rests on consent only where the caller gave it.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, for the ledger.", Required = true };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask where something becomes due for deletion at once." };
        var command = new Command("reclassify", "Change what a call that is over was recorded for, and with it how long its recordings are kept. Exit code 1 where it must be done again.") { what, purposes, reason, yes, config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Reclassify, ofLines: true, async context =>
        {
            var desk = context.Get<ReclassifyDesk>();
            var call = await FindCallAsync(context, parsed.GetValue(what)!, cancel);
            context.Require(Act.Reclassify, (await context.Get<Core.Ledger.ILedger>().FindCallAsync(call, cancel))?.Call.Line);
            var plan = await desk.PlanAsync(call, parsed.GetValue(purposes)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), cancel);
            var due = plan.Recordings.Count(one => one.Until <= TimeProvider.System.GetUtcNow());
            if (due > 0 && !await RightsContext.ConfirmAsync(parsed.GetValue(yes), $"{due} of {plan.Recordings.Count} recordings become due, and will be erased at the next sweep.", "reclassify"))
            {
                return ExitCodes.Failed;
            }

            var outcome = await desk.CarryOutAsync(plan, context.Actor, parsed.GetValue(reason)!, cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { Call = call.ToString(), plan.Purposes, outcome.Changed, outcome.OnTheirWay, Recordings = plan.Recordings.Select(one => new { Recording = one.Recording.Name, one.Until, one.Terms }) });
            }
            else
            {
                Console.Out.WriteLine($"Call {call} is on record as recorded for {string.Join(", ", plan.Purposes)}; {outcome.Changed} recordings have their new dates.");
            }

            if (outcome.OnTheirWay.Count > 0)
            {
                await Console.Error.WriteLineAsync($"{outcome.OnTheirWay.Count} recordings were just being taken in and may have the old dates. Do this again when `recordings list --call {call}` shows them as done.");
                return ExitCodes.Failed;
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static async Task<CallId> FindCallAsync(RightsContext context, string text, CancellationToken cancel) =>
        CallId.TryParse(text, out var id) ? id
        : await context.Get<IVaultIndex>().FindAsync(text, cancel) is { } item ? item.Call
        : throw new RightsRefusedException("that is neither a call's id (32 hexadecimal digits) nor the name of a recording in the vault");
}
