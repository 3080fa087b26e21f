using System.Threading.Channels;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings.Reading;

namespace IvrConsent.Host.Settings;

/// <summary>The prompts as they lie on disk.</summary>
/// <param name="Load">Reads them all into a snapshot.</param>
/// <param name="Fingerprint">A text that changes when any of them does; cheap, as it is asked every two seconds.</param>
public sealed record PromptSource(
    Func<CancellationToken, ValueTask<IPromptCatalogue>> Load,
    Func<CancellationToken, ValueTask<string>> Fingerprint);

/// <summary>Where the watcher looks.</summary>
/// <param name="File">The settings file.</param>
/// <param name="Environment">Environment variables of the start; they cannot change while we run.</param>
/// <param name="HostName">Name of the worker where the settings give none; null: this machine's.</param>
/// <param name="Hints">Whether the operating system is asked to report changes at once; the poll runs anyway.</param>
public sealed record SettingsWatch(string File, IReadOnlyDictionary<string, string> Environment, string? HostName = null, bool Hints = true);

/// <summary>
/// Takes over changes of the settings file and the prompts while calls run. It looks every two seconds at what the file
/// holds, not at its date or its inode, so it sees an edit in place, a rename over it and a swapped symbolic link alike;
/// reports of the operating system only make it look sooner. A change is taken when it has lain still: no half-written
/// file is read. What is broken is told in full and changes nothing.
/// </summary>
public sealed partial class SettingsWatcher : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How long a change must have lain still.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(250);

    private readonly SettingsStore store;
    private readonly PromptSource prompts;
    private readonly SettingsWatch watch;
    private readonly TimeProvider time;
    private readonly ILogger<SettingsWatcher> log;

    // One wake-up is enough, however many reports there are.
    private readonly Channel<bool> wakeUps = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile bool reloadDemanded;
    private string handled;
    private string? seen;
    private long seenAt;
    private bool lookFailed;

    /// <summary>Made by the host.</summary>
    public SettingsWatcher(SettingsStore store, PromptSource prompts, SettingsWatch watch, TimeProvider time, ILogger<SettingsWatcher> log)
    {
        this.store = store;
        this.prompts = prompts;
        this.watch = watch;
        this.time = time;
        this.log = log;
        handled = store.StartFingerprint;
    }

    private enum Sight
    {
        Unchanged,
        Moving,
        Handled,
    }

    /// <summary>Reads settings and prompts anew though nothing seems changed: SIGHUP, or an operator's wish.</summary>
    public void DemandReload()
    {
        reloadDemanded = true;
        wakeUps.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var reports = new ChangeReports(watch.Hints ? [watch.File] : [], watch.Hints ? store.Settings.PromptsFolder : null, () => wakeUps.Writer.TryWrite(true), log);
        using var hangUp = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGHUP,
            signal =>
            {
                signal.Cancel = true;
                DemandReload();
            });
        using var soon = time.CreateTimer(_ => wakeUps.Writer.TryWrite(true), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var poll = time.CreateTimer(_ => wakeUps.Writer.TryWrite(true), null, TimeSpan.Zero, Period);
        await foreach (var _ in wakeUps.Reader.ReadAllAsync(stoppingToken))
        {
            if (await LookSafelyAsync(stoppingToken) == Sight.Moving)
            {
                soon.Change(Settle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task<Sight> LookSafelyAsync(CancellationToken cancel)
    {
        try
        {
            var sight = await LookAsync(cancel);
            lookFailed = false;
            return sight;
        }
        catch (Exception wrong) when (!cancel.IsCancellationRequested)
        {
            // A folder removed in mid-reading, a disk that fails: look again at the next poll.
            if (!lookFailed)
            {
                LogLookFailed(wrong);
                lookFailed = true;
            }

            return Sight.Unchanged;
        }
    }

    private async Task<Sight> LookAsync(CancellationToken cancel)
    {
        var reading = new ProblemList();
        var bytes = SettingsFile.ReadBytes(watch.File, reading);
        var promptsNow = await prompts.Fingerprint(cancel);
        var now = SettingsStore.Fingerprint(bytes is null ? "" : SettingsFile.Sha256(bytes), promptsNow);
        if (now == handled && !reloadDemanded)
        {
            seen = null;
            return Sight.Unchanged;
        }

        if (now != seen)
        {
            seen = now;
            seenAt = time.GetTimestamp();
            return Sight.Moving;
        }

        if (time.GetElapsedTime(seenAt) < Settle)
        {
            return Sight.Moving;
        }

        var catalogue = await prompts.Load(cancel);
        if (await prompts.Fingerprint(cancel) != promptsNow)
        {
            seen = null;
            return Sight.Moving;
        }

        handled = now;
        seen = null;
        reloadDemanded = false;
        Take(
            bytes is null
                ? new SettingsResult(null, reading.Problems, reading.Warnings)
                : SettingsFile.Parse(watch.File, bytes, watch.Environment, watch.HostName),
            catalogue);
        return Sight.Handled;
    }

    private void Take(SettingsResult result, IPromptCatalogue catalogue)
    {
        var at = time.GetUtcNow();
        var problems = result.Settings is { } loaded ? LinePrompts.Check(loaded, catalogue) : result.Problems;
        if (result.Settings is null || problems.Count > 0)
        {
            foreach (var problem in problems)
            {
                LogProblem(problem);
            }

            LogRefused(problems.Count);
            store.Refuse(new SettingsReload(at, false, problems, result.Warnings));
            return;
        }

        var (settings, restart) = RestartOnly.Keep(store.Settings, result.Settings, watch.File);
        SettingsProblem[] warnings = [.. result.Warnings, .. restart];
        foreach (var warning in warnings)
        {
            LogWarning(warning);
        }

        store.Apply(settings, new CallSettings(settings, catalogue), new SettingsReload(at, true, [], warnings));
        LogApplied(settings.Lines.Count);
    }

    [LoggerMessage(1, LogLevel.Error, "Settings: {Problem}")]
    private partial void LogProblem(SettingsProblem problem);

    [LoggerMessage(2, LogLevel.Error, "The changed settings or prompts have {Count} problem(s) and are not used; those before stay in force")]
    private partial void LogRefused(int count);

    [LoggerMessage(3, LogLevel.Warning, "Settings: {Warning}")]
    private partial void LogWarning(SettingsProblem warning);

    [LoggerMessage(4, LogLevel.Information, "The changed settings and prompts are in force from the next call on ({Lines} lines)")]
    private partial void LogApplied(int lines);

    [LoggerMessage(5, LogLevel.Warning, "Could not look for changes of settings and prompts; trying again")]
    private partial void LogLookFailed(Exception exception);
}
