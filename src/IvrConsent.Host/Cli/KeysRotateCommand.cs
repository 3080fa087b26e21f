using System.CommandLine;
using IvrConsent.Core.Access;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent keys rotate</c>: changes a key while workers run.</summary>
internal static class KeysRotateCommand
{
    public static Command Create() => new("rotate", "Change a key.") { CreateNumbers(), CreateRecordings() };

    private static Command CreateNumbers() => Create(
        "numbers",
        "Make a new key for phone numbers and encrypt every number anew, while workers run. The key that numbers are found by stays.",
        "Take the older keys out of the file. Refused while a number or the spool may need one. Backups of the database made before need them: keep a copy with those.",
        KeyFiles.Numbers,
        settings => new NumberRotation(CommandContext.LedgerOptions(settings)),
        count => $"{count} numbers were encrypted anew. Save the new numbers.key. The older keys stay in it to read with; when no worker, spool or backup needs them: ivrconsent keys rotate numbers --forget-old");

    private static Command CreateRecordings() => Create(
        "recordings",
        "Make a new master for the keys of recordings and wrap every key anew, while workers run; no recording is touched. With keys.wrap_command, wrap every key anew by that command.",
        "Take the older masters out of recordings.key. Refused within a day, and while a key is under one of them. Backups of the database made before need them: whoever has both can also open what was erased since.",
        KeyFiles.Recordings,
        settings => new RecordingKeyRotation(CommandContext.LedgerOptions(settings), CommandContext.KeyCommands(settings), TimeProvider.System),
        count => $"{count} keys of recordings were wrapped anew. With a new master: save the new recordings.key, and give the new recordings.pub to every machine that records. A day later: ivrconsent keys rotate recordings --forget-old");

    private static Command Create(string name, string description, string forgetting, KeyFile key, Func<HostSettings, IKeyRotation> open, Func<long, string> told)
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var more = new Option<bool>("--continue") { Description = "Make no new key: go on with what is still under an older one, where a rotation was cut off." };
        var forget = new Option<bool>("--forget-old") { Description = forgetting };
        var command = new Command(name, description) { config, json, more, forget };
        command.Validators.Add(result =>
        {
            if (result.GetValue(more) && result.GetValue(forget))
            {
                result.AddError("--continue and --forget-old are two steps, one after the other.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            if (CommandContext.LoadFor(parsed.GetValue(config)!, CommandContext.Only(Act.Administer), out var refused) is not { } settings)
            {
                return refused;
            }

            try
            {
                await using var rotation = open(settings);
                var count = await RunAsync(rotation, parsed.GetValue(more), parsed.GetValue(forget), cancel);
                if (parsed.GetValue(json))
                {
                    CommandContext.WriteJson(new { encrypted = count ?? 0, ids = Ids(settings, key) });
                }
                else
                {
                    Console.Out.WriteLine(count is { } some ? told(some) : "The older keys are out of the file.");
                }

                return ExitCodes.Ok;
            }
            catch (KeyFolderException error)
            {
                await Console.Error.WriteLineAsync(error.Message);
                return ExitCodes.Failed;
            }
            catch (LedgerUnavailableException error)
            {
                await Console.Error.WriteLineAsync(error.Message);
                return ExitCodes.Unavailable;
            }
        });
        return command;
    }

    /// <summary>How much was brought under the newest key; null where the older ones were forgotten.</summary>
    private static async Task<long?> RunAsync(IKeyRotation rotation, bool more, bool forget, CancellationToken cancel)
    {
        if (forget)
        {
            await rotation.ForgetAsync(cancel);
            return null;
        }

        if (!more)
        {
            await rotation.MakeKeyAsync(cancel);
        }

        return await rotation.RenewAsync(cancel);
    }

    /// <summary>With a command that wraps, there may be no key here.</summary>
    private static IReadOnlyList<string> Ids(HostSettings settings, KeyFile key)
    {
        var folder = new KeyFolder(settings.KeysFolder);
        return folder.Has(key) ? folder.Describe(key).Ids : [];
    }
}
