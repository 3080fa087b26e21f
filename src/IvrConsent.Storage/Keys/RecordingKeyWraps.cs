namespace IvrConsent.Storage.Keys;

/// <summary>Chooses how the keys of recordings are wrapped and unwrapped.</summary>
public static class RecordingKeyWraps
{
    /// <summary>
    /// Wraps by the command where there is one, by the folder's <c>recordings.pub</c> otherwise. Unwraps whatever either made: after a change
    /// from one to the other, what was wrapped before opens until a rotation has wrapped it anew.
    /// </summary>
    public static IRecordingKeyWrap Create(KeyFolder folder, KeyCommandOptions commands, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(commands);
        ArgumentNullException.ThrowIfNull(time);
        var own = new AgeKeyWrap(folder);
        return commands.Wrap.Count + commands.Unwrap.Count == 0 ? own : new CommandKeyWrap(commands, own, time);
    }
}
