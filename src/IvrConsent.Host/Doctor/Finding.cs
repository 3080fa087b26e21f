using System.Text.Json.Serialization;

namespace IvrConsent.Host.Doctor;

/// <summary>What a check came to.</summary>
internal enum FindingStatus
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Calls work, and something should be looked at.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Calls do not work as they should.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Could not be looked at.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped,
}

/// <summary>The outcome of one check.</summary>
/// <param name="Check">Its name; stays the same from release to release, for programs.</param>
/// <param name="Pbx">The PBX it is about; null when it is about the worker's own machine.</param>
/// <param name="Status">What it came to.</param>
/// <param name="Found">What was seen. Never holds a secret.</param>
/// <param name="Remedy">What to write, in which file, or what to run; null when nothing needs to be done.</param>
internal sealed record Finding(string Check, string? Pbx, FindingStatus Status, string Found, string? Remedy)
{
    /// <summary>Whether nothing answered at all: when that is so of every PBX, the exit code says it.</summary>
    [JsonIgnore]
    public bool Unreachable { get; init; }

    public static Finding Ok(string check, string found) => new(check, null, FindingStatus.Ok, found, null);

    public static Finding Warning(string check, string found, string remedy) => new(check, null, FindingStatus.Warning, found, remedy);

    public static Finding Failed(string check, string found, string remedy) => new(check, null, FindingStatus.Failed, found, remedy);

    public static Finding Skipped(string check, string found, string? remedy = null) => new(check, null, FindingStatus.Skipped, found, remedy);

    /// <summary>Our messages for people say what is wrong in their first sentence and what to do in the rest.</summary>
    public static Finding Failed(string check, string message)
    {
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0
            ? Failed(check, message.TrimEnd('.'), "Look at the worker's log for more.")
            : Failed(check, message[..end], message[(end + 2)..]);
    }
}

/// <summary>The names of the checks.</summary>
internal static class Checks
{
    public const string Settings = "settings";
    public const string User = "user";
    public const string Prompts = "prompts";
    public const string Database = "database";
    public const string DatabaseDisk = "database disk";
    public const string Spool = "spool folder";
    public const string Keys = "keys";
    public const string Vault = "vault";
    public const string VaultFolder = "vault folder";
    public const string VaultDisk = "vault disk";
    public const string Quarantine = "quarantine";
    public const string AbsentPbx = "absent pbx";
    public const string RecordingMemory = "recordings in memory";
    public const string Worker = "worker";
    public const string Sox = "sox";
    public const string Reach = "reach";
    public const string Rights = "rights";
    public const string Version = "version";
    public const string Modules = "modules";
    public const string Attach = "attach";
    public const string Application = "application";
    public const string Dialplan = "dialplan";
    public const string Clock = "clock";
    public const string WriteTimeout = "write timeout";
    public const string SessionLimit = "session limit";
    public const string Numbers = "numbers on disk";
    public const string Recording = "recording";
    public const string Fetching = "prompts over http";
    public const string Folder = "prompts folder";
    public const string Playing = "prompts play";
}
