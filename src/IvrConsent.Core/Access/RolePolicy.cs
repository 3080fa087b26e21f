using System.Text.Json.Serialization;

namespace IvrConsent.Core.Access;

/// <summary>What somebody is here for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Role>))]
public enum Role
{
    /// <summary>Sees whether calls flow.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator,

    /// <summary>Listens to the calls of some lines.</summary>
    [JsonStringEnumMemberName("supervisor")]
    Supervisor,

    /// <summary>The data protection officer, or who works for one.</summary>
    [JsonStringEnumMemberName("dpo")]
    Dpo,

    /// <summary>Runs the program. Hears no recording.</summary>
    [JsonStringEnumMemberName("admin")]
    Admin,

    /// <summary>Reads all that was done. Hears no recording.</summary>
    [JsonStringEnumMemberName("auditor")]
    Auditor,
}

/// <summary>What can be done with persons' data and with the program.</summary>
public enum Act
{
    /// <summary>Health, metrics, statistics: no number, no single call.</summary>
    SeeHealth,

    /// <summary>Single calls and their events, numbers masked.</summary>
    ReadEvents,

    /// <summary>Listen to a recording, or take it away.</summary>
    Listen,

    /// <summary>Look at a whole number.</summary>
    RevealNumber,

    /// <summary>Change what a call is recorded for.</summary>
    Reclassify,

    /// <summary>Open, extend and close a person's request; correct an entry; enter what a person said, and look up how one stands.</summary>
    HandleRequests,

    /// <summary>Hand out a person's data, and approve that somebody else exports sound or whole numbers.</summary>
    ExportPerson,

    /// <summary>Erase a person's data.</summary>
    ErasePerson,

    /// <summary>Decide what becomes of a recording without a ground: released for a purpose, or deleted.</summary>
    Quarantine,

    /// <summary>Place and release legal holds.</summary>
    Hold,

    /// <summary>Run the sweep by hand.</summary>
    Sweep,

    /// <summary>Settings, prompts, keys, API keys, users.</summary>
    Administer,
}

/// <summary>How far a role may do something.</summary>
public enum Extent
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>For the lines that are his.</summary>
    OwnLines,

    /// <summary>For all.</summary>
    All,
}

/// <summary>Who may do what: one table.</summary>
public static class RolePolicy
{
    /// <summary>How far a role reaches.</summary>
    public static Extent Of(Role role, Act act) => (role, act) switch
    {
        (_, Act.SeeHealth) => Extent.All,
        (Role.Supervisor, Act.ReadEvents or Act.Listen or Act.Reclassify) => Extent.OwnLines,
        (Role.Dpo, Act.Administer) => Extent.None,
        (Role.Dpo, _) => Extent.All,
        (Role.Admin, Act.ReadEvents or Act.Sweep or Act.Administer) => Extent.All,
        (Role.Auditor, Act.ReadEvents) => Extent.All,
        _ => Extent.None,
    };

    /// <summary>Whether the role may do it on the line; null: on something that is of no one line.</summary>
    /// <param name="role">The role.</param>
    /// <param name="act">What.</param>
    /// <param name="line">The line, or null.</param>
    /// <param name="ownLines">The lines that are his.</param>
    public static bool Allows(Role role, Act act, string? line, IReadOnlyCollection<string> ownLines) => Of(role, act) switch
    {
        Extent.All => true,
        Extent.OwnLines => line is not null && ownLines.Contains(line),
        _ => false,
    };

    /// <summary>Whether it needs a reason, which goes into the ledger with the name of who did it.</summary>
    public static bool NeedsReason(Act act) => act is not (Act.SeeHealth or Act.ReadEvents or Act.Administer or Act.Sweep);

    /// <summary>Why the second person does not count as one; null when he does.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="approver">Who approved it; null: nobody.</param>
    public static string? WhyNotApproved(string actor, string? approver) =>
        approver is null ? "nobody has approved it yet (four eyes)"
        : string.Equals(actor, approver, StringComparison.Ordinal) ? "who approved it must be somebody else than who does it (four eyes)"
        : null;
}
