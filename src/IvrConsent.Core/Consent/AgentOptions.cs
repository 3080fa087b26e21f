namespace IvrConsent.Core.Consent;

/// <summary>One of the staff who talk to callers.</summary>
/// <param name="Name">As the dialplan names him in <c>CONSENT_AGENT</c>: letters, digits, dots, hyphens, underscores; 1 to 64.</param>
/// <param name="MayBeRecorded">Whether his own voice may be recorded: he consented, or need not be asked.</param>
public sealed record AgentOptions(string Name, bool MayBeRecorded);

/// <summary>Whether an agent may be recorded.</summary>
public static class AgentPolicy
{
    /// <summary>What the ledger calls an agent who is on no list: what else the dialplan called him may be a phone number.</summary>
    public const string Unlisted = "unlisted";

    /// <summary>
    /// Null when the agent may be recorded; else who it is, for the ledger. Settings without any agent say nothing of them: all may be.
    /// Where they list some, one who is not on the list has not consented.
    /// </summary>
    public static string? WhoForbids(IReadOnlyDictionary<string, AgentOptions> agents, string name)
    {
        if (name.Length == 0 || agents.Count == 0)
        {
            return null;
        }

        return agents.TryGetValue(name, out var agent) ? (agent.MayBeRecorded ? null : agent.Name) : Unlisted;
    }
}
