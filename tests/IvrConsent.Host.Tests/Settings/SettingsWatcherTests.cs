using IvrConsent.Core.Notices;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Host.Tests.Settings;

/// <summary>Changes are taken while calls run; on a clock that moves only when told.</summary>
public sealed class SettingsWatcherTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ivrconsent-watch-").FullName;
    private readonly ManualTimeProvider _time = new();
    private readonly FakeSettings _catalogue = new();
    private string _promptsPrint = "1";
    private SettingsStore _store = null!;
    private SettingsWatcher _watcher = null!;

    private string SettingsPath => Path.Combine(_folder, "ivrconsent.yaml");

    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(SettingsPath, SettingsScene.Good);
        File.SetUnixFileMode(SettingsPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var prompts = new PromptSource(_ => ValueTask.FromResult<IPromptCatalogue>(_catalogue), _ => ValueTask.FromResult(_promptsPrint));
        var start = await SettingsStore.StartAsync(SettingsFile.Load(SettingsPath, new Dictionary<string, string>()), prompts, _time, default);
        _store = start.Store!;
        _watcher = new SettingsWatcher(_store, prompts, new SettingsWatch(SettingsPath, new Dictionary<string, string>(), Hints: false), _time, NullLogger<SettingsWatcher>.Instance);
        await _watcher.StartAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await _watcher.StopAsync(default);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_good_change_is_in_force_from_the_next_call_on()
    {
        var before = _store.Current;
        File.WriteAllText(SettingsPath, SettingsScene.With("repeats: 2", "repeats: 4"));

        await UntilAsync(() => _store.Current.FindLine("sales", "")!.Repeats == 4);
        Assert.Equal(2, before.FindLine("sales", "")!.Repeats);
    }

    [Fact]
    public async Task A_broken_change_is_refused_and_the_old_settings_stay()
    {
        File.WriteAllText(SettingsPath, SettingsScene.With("repeats: 2", "repeats: 99"));

        await UntilAsync(() => !_store.LastReload.Applied);
        Assert.Equal(2, _store.Current.FindLine("sales", "")!.Repeats);
        Assert.Equal("lines[sales].repeats", _store.LastReload.Problems[0].Key);

        File.WriteAllText(SettingsPath, SettingsScene.With("repeats: 2", "repeats: 3"));
        await UntilAsync(() => _store.LastReload.Applied);
        Assert.Equal(3, _store.Current.FindLine("sales", "")!.Repeats);
    }

    [Fact]
    public async Task A_file_that_is_gone_changes_nothing()
    {
        File.Delete(SettingsPath);

        await UntilAsync(() => !_store.LastReload.Applied);
        Assert.NotNull(_store.Current.FindLine("sales", ""));
    }

    [Fact]
    public async Task A_prompt_that_a_line_needs_and_that_disappears_is_refused()
    {
        _catalogue.PromptNames.Remove(PromptNames.Reminder);
        _promptsPrint = "2";

        await UntilAsync(() => !_store.LastReload.Applied);
        Assert.Contains("reminder", _store.LastReload.Problems[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_needs_a_restart_is_told_and_left_as_it_was()
    {
        File.WriteAllText(SettingsPath, SettingsScene.With("127.0.0.1:8088", "127.0.0.1:8089"));

        await UntilAsync(() => _store.LastReload.Warnings.Any(warning => warning.ToString().Contains("restart", StringComparison.Ordinal)));
        Assert.Equal(8088, _store.Settings.Pbxes[0].Url.Port);
    }

    /// <summary>Lets the clock go on in steps until it is so; bounded in real time, because the watcher reads a real disk.</summary>
    private async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!isSo())
        {
            _time.Advance(TimeSpan.FromMilliseconds(300));
            await Task.Delay(5, limit.Token);
        }
    }
}
