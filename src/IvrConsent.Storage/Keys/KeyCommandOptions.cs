namespace IvrConsent.Storage.Keys;

/// <summary>
/// The commands that wrap and unwrap the keys of recordings in place of the key folder's master: a way to any KMS or HSM. Each is a program
/// and its arguments, started without a shell: it reads from its standard input, writes to its standard output, has the recording's name in
/// the environment (<see cref="RecordingVariable"/>), and ends with exit code 0.
/// </summary>
public sealed class KeyCommandOptions
{
    /// <summary>The environment variable with the recording's name.</summary>
    public const string RecordingVariable = "IVRCONSENT_RECORDING";

    /// <summary>Neither command: the key folder's own master is used.</summary>
    public static KeyCommandOptions None { get; } = new();

    /// <summary>Wraps: an absolute path and arguments. Empty: <c>recordings.pub</c> wraps.</summary>
    public IReadOnlyList<string> Wrap { get; init; } = [];

    /// <summary>Unwraps what <see cref="Wrap"/> made: an absolute path and arguments. Empty: only <c>recordings.key</c> unwraps.</summary>
    public IReadOnlyList<string> Unwrap { get; init; } = [];

    /// <summary>After this time a command is stopped, and has failed. Default 10 s.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(10);
}
