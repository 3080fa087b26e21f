using IvrConsent.Core.Access;

namespace IvrConsent.Host.Settings;

/// <summary>A user of this machine and what he is here for.</summary>
/// <param name="Role">The role.</param>
/// <param name="Lines">The lines that are his; only a supervisor's count.</param>
public sealed record UserAccess(Role Role, IReadOnlyList<string> Lines);

/// <summary>Who may do what on the command line.</summary>
/// <param name="Users">By the user's name on this machine; empty: roles are not in force.</param>
/// <param name="FourEyesErasure">Whether a second person must approve before a person's data, or a quarantined recording, is erased.</param>
/// <param name="FourEyesExport">Whether a second person must approve before a person's data is handed out, or a file with sound or whole numbers is written.</param>
/// <param name="FourEyesRelease">Whether a second person must approve before a quarantined recording is released.</param>
public sealed record AccessSettings(IReadOnlyDictionary<string, UserAccess> Users, bool FourEyesErasure, bool FourEyesExport, bool FourEyesRelease)
{
    /// <summary>No roles, no four eyes.</summary>
    public static AccessSettings None { get; } = new(new Dictionary<string, UserAccess>(), false, false, false);

    /// <summary>Why the user may not do it; null when he may. Where no user is named at all, whoever can read the keys may do all.</summary>
    /// <param name="user">The user's name.</param>
    /// <param name="act">What he wants to do.</param>
    /// <param name="line">The line that it is of; null: of no one line.</param>
    public string? WhyNot(string user, Act act, string? line = null)
    {
        if (Users.Count == 0)
        {
            return null;
        }

        if (!Users.TryGetValue(user, out var access))
        {
            return $"{user} has no role: name that user in the settings under access";
        }

        return RolePolicy.Allows(access.Role, act, line, access.Lines)
            ? null
            : $"{user} is {access.Role.ToString().ToLowerInvariant()}, who may not do that{(line is null ? string.Empty : $" on line {line}")}";
    }

    /// <summary>Why the user may do it on no line at all; null when he may on some.</summary>
    public string? WhyNowhere(string user, Act act) => LinesOf(user, act) is { Count: 0 } ? WhyNot(user, act) : null;

    /// <summary>The lines that the user may do it on; null: all of them, and what is of no line.</summary>
    public IReadOnlyList<string>? LinesOf(string user, Act act) =>
        Users.Count == 0 ? null
        : !Users.TryGetValue(user, out var access) ? []
        : RolePolicy.Of(access.Role, act) switch { Extent.All => null, Extent.OwnLines => access.Lines, _ => [] };

    /// <summary>Whether both say the same.</summary>
    public bool Same(AccessSettings other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return FourEyesErasure == other.FourEyesErasure && FourEyesExport == other.FourEyesExport && FourEyesRelease == other.FourEyesRelease && Users.Count == other.Users.Count
            && Users.All(user => other.Users.TryGetValue(user.Key, out var its) && its.Role == user.Value.Role && its.Lines.SequenceEqual(user.Value.Lines));
    }
}
