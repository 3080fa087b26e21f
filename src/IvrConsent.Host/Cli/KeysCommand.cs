using System.CommandLine;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Cli;

/// <summary><c>ivrconsent keys</c>: makes and shows the keys of <see cref="KeyFiles.All"/>.</summary>
internal static class KeysCommand
{
    private const string WrappedElsewhere = "keys.wrap_command wraps the keys of recordings.";

    public static Command Create() => new("keys", "Make, show and rotate the keys: of phone numbers, of the ledger's checkpoints, of recordings.") { CreateInit(), CreateShow(), KeysRotateCommand.Create() };

    private static Command CreateInit()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("init", "Make the keys that are not there yet (mode 0600); no recordings.key where keys.wrap_command is set. Never overwrites one: exit code 1 where all are there.") { config, json };
        var elsewhere = FolderOption(command);
        command.SetAction(parsed => WithFolder(parsed.GetValue(config)!, parsed.GetValue(elsewhere), (folder, commands) =>
        {
            var made = folder.MakeMissing(commands);
            string[] notNeeded = [.. KeyFiles.All.Except(KeyFiles.NeededToRecord(commands)).Select(key => key.Name)];
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(new { folder = folder.Path, made, notNeeded });
            }
            else if (made.Count > 0)
            {
                Console.Out.WriteLine($"Made in {folder.Path}: {string.Join(", ", made)}");
                Console.Out.WriteLine("They must be readable by the worker's user, and only by it. Keep a copy where the database's backups are not.");
            }
            else
            {
                Console.Error.WriteLine($"All keys are in {folder.Path} already; nothing was made. A key is never overwritten: to change that of phone numbers or recordings, keys rotate.");
            }

            if (notNeeded.Length > 0 && !parsed.GetValue(json))
            {
                Console.Out.WriteLine($"Not made: {string.Join(", ", notNeeded)}. {WrappedElsewhere}");
            }

            return made.Count > 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command CreateShow()
    {
        var config = CommandContext.ConfigOption();
        var json = CommandContext.JsonOption();
        var command = new Command("show", "Show the ids and the public halves of the keys; never a secret.") { config, json };
        var elsewhere = FolderOption(command);
        command.SetAction(parsed => WithFolder(parsed.GetValue(config)!, parsed.GetValue(elsewhere), (folder, commands) =>
        {
            var needed = KeyFiles.NeededToRecord(commands);
            var keys = KeyFiles.All.Select(key => Show(folder, key, needed.Contains(key))).ToArray();
            if (parsed.GetValue(json))
            {
                CommandContext.WriteJson(keys);
            }
            else
            {
                foreach (var key in keys)
                {
                    Console.Out.WriteLine($"{key.File}  {key.Problem ?? string.Join(", ", key.Ids)}{(key.OnlyPublic ? " (its public half; the key itself is not here, or not for this user)" : "")}");
                    Console.Out.WriteLine($"    {key.Purpose}");
                    if (key.PublicKey is { } pem)
                    {
                        Console.Out.Write(pem);
                    }
                }
            }

            return keys.Any(key => key.Problem is not null && key.Required) ? ExitCodes.Failed : ExitCodes.Ok;
        }));
        return command;
    }

    private static ShownKey Show(KeyFolder folder, KeyFile key, bool needed)
    {
        if (!needed && !folder.Has(key) && !folder.HasPublic(key))
        {
            return new ShownKey(key.Name, key.Purpose, needed, [], null, false, $"is not here, and not needed. {WrappedElsewhere}");
        }

        try
        {
            var shown = folder.Describe(key);
            return new ShownKey(key.Name, key.Purpose, needed, shown.Ids, shown.PublicKey, !folder.CanRead(key), null);
        }
        catch (KeyFolderException error)
        {
            return new ShownKey(key.Name, key.Purpose, needed, [], null, false, error.Message);
        }
    }

    /// <summary>Keys that systemd or a secret store hands to the worker are made where the settings do not lead.</summary>
    private static Option<string?> FolderOption(Command command)
    {
        var folder = new Option<string?>("--folder") { Description = "The folder of keys, in place of keys.folder; the settings are not read then, keys.wrap_command neither." };
        command.Add(folder);
        return folder;
    }

    private static int WithFolder(string config, string? elsewhere, Func<KeyFolder, KeyCommandOptions, int> run)
    {
        var settings = elsewhere is null ? CommandContext.Load(config) : null;
        if ((elsewhere ?? settings?.KeysFolder) is not { } path)
        {
            return ExitCodes.Usage;
        }

        try
        {
            return run(new KeyFolder(path), settings is null ? KeyCommandOptions.None : CommandContext.KeyCommands(settings));
        }
        catch (KeyFolderException error)
        {
            Console.Error.WriteLine(error.Message);
            return ExitCodes.Failed;
        }
    }

    private sealed record ShownKey(string File, string Purpose, bool Required, IReadOnlyList<string> Ids, string? PublicKey, bool OnlyPublic, string? Problem);
}
