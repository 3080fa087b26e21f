using IvrConsent.Host.Cli;
using IvrConsent.Host.Settings;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Host.Doctor;

/// <summary>The folder of keys: whether all are there, are keys, are readable by those only who need them, and what this machine can do with them.</summary>
internal static class KeyChecks
{
    public static Finding Judge(HostSettings settings)
    {
        var commands = CommandContext.KeyCommands(settings);
        var keys = new KeyFolder(settings.KeysFolder);
        try
        {
            foreach (var key in KeyFiles.NeededToRecord(commands))
            {
                keys.Describe(key);
            }

            if (commands.Wrap.Take(1).Concat(commands.Unwrap.Take(1)).FirstOrDefault(program => !File.Exists(program)) is { } program)
            {
                return Finding.Failed(Checks.Keys, $"there is no {program}, which is to wrap or unwrap the keys of recordings", "Put it there, or change keys.wrap_command and keys.unwrap_command.");
            }

            if (keys.FindTooOpen() is { } open)
            {
                return Finding.Failed(Checks.Keys, $"every user of this machine may use {open}", $"chmod o-rwx {open}; whoever could read it may have a copy: ivrconsent keys rotate --help");
            }

            return keys.IsRotating(KeyFiles.Recordings)
                ? Finding.Warning(Checks.Keys, "recordings.key has more than one key: its rotation is not finished", "ivrconsent keys rotate recordings --continue, and when no machine records with an older recordings.pub: --forget-old")
                : Finding.Ok(Checks.Keys, $"{settings.KeysFolder} has every key, readable by its owner or group only; {Role(keys, commands)}");
        }
        catch (KeyFolderException error)
        {
            return Finding.Failed(Checks.Keys, error.Message);
        }
    }

    private static string Role(KeyFolder keys, KeyCommandOptions commands) => (commands.Unwrap.Count > 0, keys.CanRead(KeyFiles.Recordings)) switch
    {
        (true, _) => "this machine records, and opens recordings by keys.unwrap_command",
        (_, true) => "this machine records, and opens recordings",
        _ => "this machine records, and cannot open recordings (no recordings.key that this user may read)",
    };
}
