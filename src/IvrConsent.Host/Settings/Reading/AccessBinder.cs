using IvrConsent.Core.Access;

namespace IvrConsent.Host.Settings.Reading;

/// <summary>The section <c>access</c>: a list of users for each role.</summary>
internal static class AccessBinder
{
    private const string UserPattern = @"^[a-z_][a-z0-9_.@-]{0,63}\$?$";

    private static readonly TextKind User = new(UserPattern, "a user's name on this machine", "anna");

    private static readonly TextKind Supervisor = new(
        @"^[a-z_][a-z0-9_.@-]{0,63}:[A-Za-z0-9._-]{1,64}$", "a user's name on this machine, a colon and a line's name", "\"ben:demo\"");

    /// <summary>The section's keys.</summary>
    public static MapKind Kind { get; } = new(
    [
        new("operator", new ScalarListKind(User, "[olga]"), "Users who see health and statistics.") { Default = "[]" },
        new("supervisor", new ScalarListKind(Supervisor, "[\"ben:demo\"]"), "Users who listen to the calls of a line, one item for each of his lines.") { Default = "[]" },
        new("dpo", new ScalarListKind(User, "[anna]"), "Users who handle persons' requests, holds and erasure.") { Default = "[]" },
        new("admin", new ScalarListKind(User, "[carl]"), "Users who run the program; they hear no recording.") { Default = "[]" },
        new("auditor", new ScalarListKind(User, "[dora]"), "Users who read all that was done; they hear no recording.") { Default = "[]" },
        new("four_eyes_erasure", new BoolKind(), "Whether a second person must approve before a person's data, or a quarantined recording, is erased.") { Default = "false" },
        new("four_eyes_export", new BoolKind(), "Whether a second person must approve before a person's data is handed out (requests approve), or a file with sound or whole numbers is written: recordings export, play --out, events export and records export with whole numbers (exports approve).") { Default = "false" },
        new("four_eyes_release", new BoolKind(), "Whether a second person must approve before a quarantined recording is released.") { Default = "false" },
    ]);

    /// <summary>The settings; a user stands in one role.</summary>
    public static AccessSettings Bind(SettingsMap section, ProblemList problems)
    {
        var users = new Dictionary<string, UserAccess>(StringComparer.Ordinal);
        foreach (var (key, role) in (IEnumerable<(string, Role)>)
            [("operator", Role.Operator), ("supervisor", Role.Supervisor), ("dpo", Role.Dpo), ("admin", Role.Admin), ("auditor", Role.Auditor)])
        {
            foreach (var item in section.Own(key)?.Value as IReadOnlyList<WrittenValue> ?? [])
            {
                var (user, line) = ((string)item.Value!).Split(':') is [var name, var his] ? (name, his) : ((string)item.Value!, null);
                if (users.TryGetValue(user, out var before) && (before.Role != role || role != Role.Supervisor))
                {
                    problems.Add(item.Place, item.Path, $"{user} has the role {before.Role.ToString().ToLowerInvariant()} already", "each user in one role", "Delete one of the two.");
                    continue;
                }

                users[user] = new UserAccess(role, [.. before?.Lines ?? [], .. line is null ? (IEnumerable<string>)[] : [line]]);
            }
        }

        foreach (var key in (IEnumerable<string>)["four_eyes_erasure", "four_eyes_export", "four_eyes_release"])
        {
            if (users.Count == 0 && section.Get<bool>(key) && section.Own(key) is { } asked)
            {
                // Whoever may run the commands under two names is two persons then.
                problems.Warn(asked.Place, asked.Path, "a second person is asked for, and nobody is named who may be one: everybody with a login here may", null, "Name the users of each role under access.");
            }
        }

        return new AccessSettings(users, section.Get<bool>("four_eyes_erasure"), section.Get<bool>("four_eyes_export"), section.Get<bool>("four_eyes_release"));
    }
}
