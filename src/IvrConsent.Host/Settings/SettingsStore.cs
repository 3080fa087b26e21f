using IvrConsent.Core.Calls;

namespace IvrConsent.Host.Settings;

/// <summary>What became of the last change of settings or prompts, for readiness and the console.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Applied">Whether it is in force; if not, what was in force before still is.</param>
/// <param name="Problems">What kept it from being used.</param>
/// <param name="Warnings">What should be looked at, also what needs a restart.</param>
public sealed record SettingsReload(
    DateTimeOffset At,
    bool Applied,
    IReadOnlyList<SettingsProblem> Problems,
    IReadOnlyList<SettingsProblem> Warnings);

/// <summary>The settings to start with, or why there are none.</summary>
/// <param name="Store">The settings; null when there are problems.</param>
/// <param name="Problems">What keeps them from being used.</param>
/// <param name="Warnings">What should be looked at.</param>
public sealed record SettingsStart(SettingsStore? Store, IReadOnlyList<SettingsProblem> Problems, IReadOnlyList<SettingsProblem> Warnings);

/// <summary>Holds the settings in force. A call takes the snapshot once; a change swaps it in one step.</summary>
public sealed class SettingsStore : ICallSettingsSource
{
    private volatile State state;

    private SettingsStore(HostSettings settings, ICallSettings calls, SettingsReload loaded, string fingerprint)
    {
        state = new State(settings, calls, loaded);
        StartFingerprint = fingerprint;
    }

    /// <inheritdoc/>
    public ICallSettings Current => state.Calls;

    /// <summary>The settings that <see cref="Current"/> was made of; sections that need a restart are those of the start.</summary>
    public HostSettings Settings => state.Settings;

    /// <summary>What became of the last change; of the start, when there was none.</summary>
    public SettingsReload LastReload => state.Reload;

    /// <summary>File and prompts that the start has read: what changed since is found even if it changed during the start.</summary>
    internal string StartFingerprint { get; }

    /// <summary>Starts with what <see cref="SettingsFile.Load"/> gave, after checking that every line has its prompts.</summary>
    public static async Task<SettingsStart> StartAsync(SettingsResult loaded, PromptSource prompts, TimeProvider time, CancellationToken cancel)
    {
        if (loaded.Settings is not { } settings)
        {
            return new SettingsStart(null, loaded.Problems, loaded.Warnings);
        }

        var fingerprint = Fingerprint(loaded.FileSha256, await prompts.Fingerprint(cancel));
        var catalogue = await prompts.Load(cancel);
        var problems = LinePrompts.Check(settings, catalogue);
        var store = problems.Count > 0
            ? null
            : new SettingsStore(settings, new CallSettings(settings, catalogue), new SettingsReload(time.GetUtcNow(), true, [], loaded.Warnings), fingerprint);
        return new SettingsStart(store, problems, loaded.Warnings);
    }

    internal static string Fingerprint(string file, string prompts) => $"{file}/{prompts}";

    internal void Apply(HostSettings settings, ICallSettings calls, SettingsReload reload) =>
        state = new State(settings, calls, reload);

    internal void Refuse(SettingsReload reload) => state = state with { Reload = reload };

    private sealed record State(HostSettings Settings, ICallSettings Calls, SettingsReload Reload);
}
