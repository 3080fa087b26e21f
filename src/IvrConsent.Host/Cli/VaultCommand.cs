using System.CommandLine;
using System.Globalization;
using IvrConsent.Core.Access;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent vault</c>: the store of recordings as a whole.</summary>
internal static class VaultCommand
{
    private const int ShownWaiting = 20;

    public static Command Create() => new("vault", "The vault as a whole: how much is in it, whether it is whole, moving it to another store.") { CreateStatus(), CreateVerify(), CreateMigrate() };

    private static Command CreateStatus()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("status", "Show how many recordings are where, and what went wrong with those that wait. Exit code 1 where some are missing or quarantined, or have waited for an hour for a PBX that is not in the settings.") { config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.SeeHealth, ofLines: false, async context =>
        {
            var index = context.Get<IVaultIndex>();
            var (counts, undated) = (await index.CountAsync(cancel), await context.Get<IRetention>().CountUndatedAsync(cancel));

            // Single calls are more than health: for who may see them.
            var waiting = context.Settings.Access.WhyNot(context.Actor, Act.ReadEvents) is not null
                ? []
                : (await index.SearchAsync(new VaultSearch(ShownWaiting, State: VaultState.Waiting), cancel)).Where(entry => entry.Item.Detail is not null).ToArray();
            var absent = await PbxBacklog.FindAbsentAsync(index, context.Settings.Pbxes.Select(pbx => pbx.Name), TimeProvider.System.GetUtcNow(), cancel);
            var (store, opens) = (context.Get<IRecordingStore>().Name, context.Get<IRecordingCipher>().CanOpen);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new
                {
                    Store = store,
                    OpensHere = opens,
                    counts.Waiting,
                    counts.Stored,
                    counts.Done,
                    counts.Missing,
                    counts.Quarantined,
                    Undated = undated,
                    AbsentPbxs = absent.Select(one => new { one.Pbx, one.Waiting, one.Erasing }),
                    Troubled = waiting.Select(entry => new { entry.Item.Recording, entry.Item.Pbx, entry.Item.Attempt, entry.Item.Detail }),
                });
            }
            else
            {
                Console.Out.WriteLine($"Store: {store}");
                Console.Out.WriteLine(opens ? "Recordings can be opened here: the private key is here." : "Recordings cannot be opened here: the private key is elsewhere.");
                CommandContext.WriteTable(
                    ["Recordings", ""],
                    [
                        ["on the PBX, waiting", Number(counts.Waiting)], ["in the vault, the PBX's copy not gone yet", Number(counts.Stored)], ["in the vault", Number(counts.Done)],
                        ["missing: the PBX did not have them", Number(counts.Missing)], ["quarantined: without a ground", Number(counts.Quarantined)], ["without a date: no purpose gives one", Number(undated)],
                    ]);
                if (counts.Quarantined > 0)
                {
                    Console.Out.WriteLine($"Decide what becomes of the quarantined ones: {QuarantineCommand.Hint}");
                }

                foreach (var one in absent)
                {
                    Console.Out.WriteLine($"{one.Words}: wait for the PBX {LedgerExport.Printable(one.Pbx)}, which is not in these settings. {PbxBacklog.Remedy}");
                }

                foreach (var entry in waiting)
                {
                    Console.Out.WriteLine($"{LedgerExport.Printable(entry.Item.Recording)} waits on {entry.Item.Pbx}, tried {entry.Item.Attempt} times: {LedgerExport.Printable(entry.Item.Detail!)}");
                }
            }

            return counts.Missing + counts.Quarantined + absent.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateVerify()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command(
            "verify",
            "Read every recording in the store back to its end: its SHA-256, and where the private key is here, decrypted as well. Changes nothing. Exit code 1 where something is damaged, missing or unknown.")
        { config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.ReadEvents, ofLines: false, async context =>
        {
            using var counter = new Counter(TimeProvider.System);
            var report = await context.Get<VaultVerifier>().RunAsync(at => counter.Say($"{at.Done} of about {at.Of} recordings, {at.Bytes / (1024 * 1024)} MB"), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { report.Recordings, report.Bytes, report.Opened, report.LeftOvers, Whole = report.Findings.Count == 0, Findings = report.Findings.Select(Shown) });
            }
            else
            {
                WriteFindings(report.Findings);
                Console.Out.WriteLine(
                    $"{report.Recordings} recordings, {report.Bytes} bytes read{(report.Opened ? " and decrypted" : "; compared by SHA-256, as the private key is not here")}: "
                    + (report.Findings.Count == 0 ? "all are whole." : $"{report.Findings.Count} FINDINGS.")
                    + (report.LeftOvers > 0 ? $" {report.LeftOvers} left-overs of interrupted work, which the worker removes." : ""));
            }

            return report.Findings.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateMigrate()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command(
            "migrate",
            "Move all recordings from the store of vault.migrate_from to that of vault.store, while calls run: copied, read back, compared, and only then deleted there. Cut off, run it again. Exit code 1 where something stays behind.")
        { config, json };
        command.SetAction((parsed, cancel) => RightsContext.RunOnVaultAsync(parsed.GetValue(config)!, Act.Administer, ofLines: false, async context =>
        {
            if (context.Get<IRecordingStore>() is not MigratingStore stores)
            {
                await Console.Error.WriteLineAsync(
                    "The settings name no store to move from. Put the new store into vault.store and the present one into vault.migrate_from, restart every worker (each finds recordings in both then), and run this again.");
                return ExitCodes.Usage;
            }

            using var counter = new Counter(TimeProvider.System);
            var report = await new VaultMigration(stores, context.Get<IVaultIndex>(), TimeProvider.System).RunAsync(moved => counter.Say($"{moved} recordings moved"), cancel);
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { report.Moved, report.Removed, Emptied = report.Left.Count == 0, Left = report.Left.Select(Shown) });
            }
            else
            {
                WriteFindings(report.Left);
                Console.Out.WriteLine(
                    $"{report.Moved} recordings moved, {report.Removed} left-overs removed. "
                    + (report.Left.Count == 0 ? "The old store is empty: take vault.migrate_from out of the settings and restart the workers." : $"{report.Left.Count} STAY BEHIND: keep vault.migrate_from until they are settled."));
            }

            return report.Left.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static void WriteFindings(IReadOnlyList<VaultFinding> findings)
    {
        foreach (var finding in findings)
        {
            Console.Out.WriteLine($"{finding.Fault.ToString().ToUpperInvariant()} {LedgerExport.Printable(finding.Recording ?? finding.StoredAs)}: {LedgerExport.Printable(finding.Detail)}");
        }
    }

    private static object Shown(VaultFinding finding) => new { finding.Fault, finding.Recording, finding.StoredAs, finding.Detail };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>How far it is, on standard error, once a second at most: a line rewritten on a terminal, lines elsewhere every ten seconds.</summary>
    private sealed class Counter(TimeProvider time) : IDisposable
    {
        private readonly bool _terminal = !Console.IsErrorRedirected;
        private long _said = time.GetTimestamp();
        private bool _open;

        public void Say(string text)
        {
            if (time.GetElapsedTime(_said) < TimeSpan.FromSeconds(_terminal ? 1 : 10))
            {
                return;
            }

            _said = time.GetTimestamp();
            _open = _terminal;
            Console.Error.Write(_terminal ? $"\r{text} " : $"{text}\n");
        }

        public void Dispose()
        {
            if (_open)
            {
                Console.Error.WriteLine();
            }
        }
    }
}
