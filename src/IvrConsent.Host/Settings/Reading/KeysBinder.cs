using System.Collections.Immutable;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>keys</c>: the folder, and the commands that stand before a KMS or HSM.</summary>
internal static class KeysBinder
{
    private static readonly TextKind Word = new(@"^[^\x00-\x1f\x7f-\x9f]{1,1024}$", "a program or an argument of it, 1 to 1024 characters", "/usr/local/bin/kms-wrap");

    /// <summary>The section's keys.</summary>
    public static MapKind Kind { get; } = new(
    [
        new("folder", new PathKind(absolute: false, "keys"), "The keys that ivrconsent keys init makes: of phone numbers, of the ledger's checkpoints and of recordings.") { Default = "keys" },
        Command("wrap_command", "kms-wrap", "A program and its arguments that wrap the key of a recording, in place of recordings.pub. No shell: the key comes by standard input, what wraps it goes to standard output; the recording's name is in IVRCONSENT_RECORDING."),
        Command("unwrap_command", "kms-unwrap", "The same for unwrapping, where recordings are opened, in place of recordings.key."),
        new("command_timeout", new DurationKind("1s", "1m"), "After this time one of the two commands is stopped, and has failed.") { Default = "10s" },
    ]);

    /// <summary>The settings; a program is named by its whole path, so that nobody can put another one before it.</summary>
    public static KeySettings Bind(SettingsMap section, Func<string, string> absolute, ProblemList problems) => new(
        absolute(section.Get<string>("folder")),
        BindCommand(section, "wrap_command", problems),
        BindCommand(section, "unwrap_command", problems),
        section.Get<TimeSpan>("command_timeout"));

    private static SettingKey Command(string name, string program, string summary) =>
        new(name, new ScalarListKind(Word, $"[/usr/local/bin/{program}]"), summary) { Default = "[]", Example = $"[/usr/local/bin/{program}]" };

    private static ImmutableArray<string> BindCommand(SettingsMap section, string key, ProblemList problems)
    {
        var words = section.Own(key)?.Value as IReadOnlyList<WrittenValue> ?? [];
        if (words.Count > 0 && words[0].Value is string program && !program.StartsWith('/'))
        {
            problems.Add(words[0].Place, words[0].Path, $"{program} is not a whole path", "the absolute path of a program", $"Write for example: {key}: [/usr/local/bin/{program.Split('/')[^1]}]");
        }

        return [.. words.Select(word => word.Value).OfType<string>()];
    }
}
