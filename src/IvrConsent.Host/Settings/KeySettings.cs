using System.Collections.Immutable;

namespace IvrConsent.Host.Settings;

/// <summary>Where the keys are, and what wraps those of recordings.</summary>
/// <param name="Folder">The folder of keys, absolute.</param>
/// <param name="WrapCommand">The program, by its absolute path, and its arguments, that wrap a recording's key; empty: the folder's recordings.pub.</param>
/// <param name="UnwrapCommand">Those that unwrap it; empty: the folder's recordings.key.</param>
/// <param name="CommandTimeout">After this time a command has failed.</param>
public sealed record KeySettings(string Folder, ImmutableArray<string> WrapCommand, ImmutableArray<string> UnwrapCommand, TimeSpan CommandTimeout)
{
    /// <summary>Whether both say the same.</summary>
    public bool Same(KeySettings other) => other is not null
        && other.Folder == Folder
        && other.WrapCommand.SequenceEqual(WrapCommand)
        && other.UnwrapCommand.SequenceEqual(UnwrapCommand)
        && other.CommandTimeout == CommandTimeout;
}
