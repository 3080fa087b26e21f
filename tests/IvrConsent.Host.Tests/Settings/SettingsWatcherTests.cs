using System.Collections.Concurrent;
using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Changes are taken over while calls run; broken ones are not. The clock is the test's own.</summary>
public sealed class SettingsWatcherTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ManualTimeProvider clock = new();
    private readonly LogLines log = new();
    private readonly string file;
    private string promptsFingerprint = "p1";
    private ListedPrompts prompts = ListedPrompts.AllIn("en");
    private Func<Exception?> failure = () => null;
    private SettingsStore store = null!;
    private SettingsWatcher? watcher;

    public SettingsWatcherTests() => file = folder.Write("ivrconsent.yaml", Samples.Minimal);

    public async ValueTask DisposeAsync()
    {
        if (watcher is not null)
        {
            await watcher.StopAsync(CancellationToken.None);
            watcher.Dispose();
        }

        folder.Dispose();
    }

    [Fact]
    public async Task A_change_is_in_force_from_the_next_call_on()
    {
        await StartAsync();
        var before = store.Current;

        Write(Samples.With("language: en", "language: en\n    repeats: 3"));
        await UntilReloadAsync();

        Assert.Equal(1, before.FindLine("demo", "")?.Repeats);
        Assert.Equal(3, store.Current.FindLine("demo", "")?.Repeats);
        Assert.True(store.LastReload.Applied);
        Assert.Empty(store.LastReload.Warnings);
    }

    [Fact]
    public async Task A_broken_change_is_told_with_its_place_and_changes_nothing()
    {
        await StartAsync();
        var before = store.Current;

        Write(Samples.With("language: en", "repeats: 9\n    colour: red"));
        await UntilReloadAsync();

        Assert.Same(before, store.Current);
        Assert.False(store.LastReload.Applied);
        Assert.Equal(["lines[demo].repeats", "lines[demo].colour"], store.LastReload.Problems.Select(problem => problem.Key));
        Assert.Contains(log.At(LogLevel.Error), line => line.Contains($"{file}:10:14: lines[demo].repeats", StringComparison.Ordinal));

        // The same broken file is not told again and again.
        var told = log.At(LogLevel.Error).Count();
        await QuietAsync();
        Assert.Equal(told, log.At(LogLevel.Error).Count());

        Write(Samples.With("language: en", "repeats: 2"));
        await UntilReloadAsync();
        Assert.Equal(2, store.Current.FindLine("demo", "")?.Repeats);
        Assert.True(store.LastReload.Applied);
    }

    [Fact]
    public async Task A_line_whose_prompts_are_missing_is_not_taken()
    {
        await StartAsync();

        Write(Samples.With("language: en", "language: pl"));
        await UntilReloadAsync();

        Assert.False(store.LastReload.Applied);
        Assert.Equal("en", store.Current.FindLine("demo", "")?.Language);

        // Then the prompts are brought in, and that is enough.
        prompts = ListedPrompts.AllIn("en", "pl");
        promptsFingerprint = "p2";
        await UntilReloadAsync();

        Assert.Equal("pl", store.Current.FindLine("demo", "")?.Language);
        Assert.NotNull(store.Current.Prompts.Find("pl", "notice"));
    }

    [Fact]
    public async Task Changed_prompts_are_taken_with_unchanged_settings()
    {
        await StartAsync();

        prompts = new ListedPrompts([.. PromptNames.All.Select(name => $"en/{name}")]) { Length = TimeSpan.FromSeconds(9) };
        promptsFingerprint = "p2";
        await UntilReloadAsync();

        Assert.Equal(TimeSpan.FromSeconds(9), store.Current.Prompts.Find("en", "notice")?.Length);
    }

    [Fact]
    public async Task What_needs_a_restart_is_said_and_left_as_it_runs()
    {
        await StartAsync();

        Write(Samples.With("http://127.0.0.1:8088", "http://127.0.0.1:8089") + "http: { listen: 127.0.0.1:9000 }\ndatabase: { commit_limit: 500ms }\nunknown_line: continue\n");
        await UntilReloadAsync();

        Assert.True(store.LastReload.Applied);
        Assert.Equal(["http", "database", "pbx"], store.LastReload.Warnings.Select(warning => warning.Key));
        Assert.All(store.LastReload.Warnings, warning => Assert.Contains("after a restart only", warning.What, StringComparison.Ordinal));
        Assert.Equal((8088, 8090), (store.Settings.Pbxes[0].Url.Port, store.Settings.Http.Listen.Port));
        Assert.Equal(3, log.At(LogLevel.Warning).Count());
    }

    [Fact]
    public async Task A_file_still_being_written_is_not_read()
    {
        await StartAsync();

        // Every look finds another half of the file, each of which would be refused.
        var whole = Samples.With("language: en", "language: en\n    repeats: 3");
        for (var half = 1; half < 20; half++)
        {
            File.WriteAllText(file, whole[..(half * whole.Length / 20)]);
            await AdvanceAsync(TimeSpan.FromMilliseconds(200));
        }

        Assert.Empty(log.At(LogLevel.Error));
        File.WriteAllText(file, whole);
        await UntilReloadAsync();
        Assert.Equal(3, store.Current.FindLine("demo", "")?.Repeats);
        Assert.Empty(log.At(LogLevel.Error));
    }

    [Fact]
    public async Task A_file_renamed_over_the_old_one_is_seen_though_date_and_size_are_the_same()
    {
        var date = new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.WriteAllText(file, Samples.With("language: en", "repeats: 2"));
        File.SetLastWriteTimeUtc(file, date);
        await StartAsync();

        var other = folder.Write("new", Samples.With("language: en", "repeats: 4"));
        File.SetLastWriteTimeUtc(other, date);
        File.Move(other, file, overwrite: true);
        await UntilReloadAsync();

        Assert.Equal(4, store.Current.FindLine("demo", "")?.Repeats);
    }

    [Fact]
    public async Task A_swapped_link_as_Kubernetes_makes_it_is_seen()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        folder.Write("v1/ivrconsent.yaml", Samples.With("language: en", "repeats: 2"));
        folder.Write("v2/ivrconsent.yaml", Samples.With("language: en", "repeats: 4"));
        var data = Path.Combine(folder.Path, "..data");
        File.CreateSymbolicLink(data, "v1");
        File.Delete(file);
        File.CreateSymbolicLink(file, "..data/ivrconsent.yaml");
        await StartAsync();

        File.Delete(data);
        File.CreateSymbolicLink(data, "v2");
        await UntilReloadAsync();

        Assert.Equal(4, store.Current.FindLine("demo", "")?.Repeats);
    }

    [Fact]
    public async Task A_file_that_is_gone_is_told_once_and_taken_again_when_it_is_back()
    {
        await StartAsync();

        File.Delete(file);
        await UntilReloadAsync();
        await QuietAsync();

        Assert.Equal("the file does not exist", Assert.Single(store.LastReload.Problems).What);
        Assert.Single(log.At(LogLevel.Error), line => line.Contains("does not exist", StringComparison.Ordinal));
        Assert.NotNull(store.Current.FindLine("demo", ""));

        Write(Samples.Minimal);
        await UntilReloadAsync();
        Assert.True(store.LastReload.Applied);
    }

    [Fact]
    public async Task A_change_made_between_the_start_and_the_first_look_is_seen()
    {
        await StartAsync(() => File.WriteAllText(file, Samples.With("language: en", "repeats: 5")));

        await UntilReloadAsync();

        Assert.Equal(5, store.Current.FindLine("demo", "")?.Repeats);
    }

    [Fact]
    public async Task Nothing_is_read_anew_while_nothing_changes()
    {
        await StartAsync();
        var (before, reload) = (store.Current, store.LastReload);

        await QuietAsync();

        Assert.Same(before, store.Current);
        Assert.Same(reload, store.LastReload);
    }

    [Fact]
    public async Task A_demanded_reload_reads_again_though_nothing_changed()
    {
        await StartAsync();
        var before = store.Current;

        watcher!.DemandReload();
        await UntilReloadAsync();

        Assert.NotSame(before, store.Current);
        Assert.True(store.LastReload.Applied);
    }

    [Fact]
    public async Task SIGHUP_demands_a_reload()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGHUP.");
        await StartAsync();

        // The watcher catches signals before it sets its timers; without that, this would end the test run.
        await EventuallyAsync(() => clock.WaitingTimers > 0);
        using var kill = System.Diagnostics.Process.Start("kill", ["-HUP", $"{Environment.ProcessId}"]);
        await UntilReloadAsync();

        Assert.True(store.LastReload.Applied);
    }

    [Fact]
    public async Task Prompts_that_cannot_be_read_do_not_end_the_watching()
    {
        await StartAsync();

        var fail = true;
        failure = () => fail ? new IOException("disk") : null;
        Write(Samples.With("language: en", "repeats: 2"));
        await QuietAsync();
        Assert.Equal(1, store.Current.FindLine("demo", "")?.Repeats);
        Assert.Single(log.At(LogLevel.Warning));
        fail = false;
        await UntilReloadAsync();

        Assert.Equal(2, store.Current.FindLine("demo", "")?.Repeats);
    }

    [Fact]
    public async Task Reports_of_the_operating_system_make_it_look_at_once()
    {
        await StartAsync(hints: true);

        Write(Samples.With("language: en", "repeats: 2"));

        // The clock moves by less than a poll: only a report can have led there.
        var reload = store.LastReload;
        await EventuallyAsync(() => clock.WaitingTimers == 2);
        clock.Advance(SettingsWatcher.Settle);
        await EventuallyAsync(() => store.LastReload != reload);

        Assert.Equal(2, store.Current.FindLine("demo", "")?.Repeats);
    }

    [Fact]
    public async Task A_start_with_missing_prompts_or_broken_settings_tells_why()
    {
        prompts = new ListedPrompts();
        var missing = await SettingsStore.StartAsync(SettingsFile.Load(file, Samples.NoEnvironment), Source(), clock, TestContext.Current.CancellationToken);
        Write("");
        var broken = await SettingsStore.StartAsync(SettingsFile.Load(file, Samples.NoEnvironment), Source(), clock, TestContext.Current.CancellationToken);

        Assert.Null(missing.Store);
        Assert.Contains("prompts are missing", Assert.Single(missing.Problems).What, StringComparison.Ordinal);
        Assert.Null(broken.Store);
        Assert.Equal(3, broken.Problems.Count);
    }

    private PromptSource Source() => new(
        _ => ValueTask.FromResult<IPromptCatalogue>(prompts),
        _ => failure() is { } wrong ? ValueTask.FromException<string>(wrong) : ValueTask.FromResult(promptsFingerprint));

    private async Task StartAsync(Action? beforeFirstLook = null, bool hints = false)
    {
        var start = await SettingsStore.StartAsync(SettingsFile.Load(file, Samples.NoEnvironment), Source(), clock, TestContext.Current.CancellationToken);
        store = start.Store!;
        beforeFirstLook?.Invoke();
        watcher = new SettingsWatcher(store, Source(), new SettingsWatch(file, Samples.NoEnvironment, Hints: hints), clock, log);
        await watcher.StartAsync(TestContext.Current.CancellationToken);
    }

    // No date of the operating system is needed to see a change, so none is waited for.
    private void Write(string yaml) => File.WriteAllText(file, yaml);

    private async Task UntilReloadAsync()
    {
        var before = store.LastReload;
        await EventuallyAsync(() =>
        {
            if (store.LastReload == before)
            {
                clock.Advance(TimeSpan.FromMilliseconds(250));
            }

            return store.LastReload != before;
        });
    }

    /// <summary>Several polls' worth of time.</summary>
    private async Task QuietAsync()
    {
        for (var i = 0; i < 40; i++)
        {
            await AdvanceAsync(TimeSpan.FromMilliseconds(250));
        }
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        clock.Advance(by);
        await Task.Delay(2, TestContext.Current.CancellationToken);
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(2, limit.Token);
        }
    }

    private sealed class LogLines : ILogger<SettingsWatcher>
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> lines = new();

        public IEnumerable<string> At(LogLevel level) => lines.Where(line => line.Level == level).Select(line => line.Text);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
