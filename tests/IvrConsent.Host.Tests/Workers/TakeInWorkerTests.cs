using System.Collections.Concurrent;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.Host.Tests.Cli;
using IvrConsent.Host.Workers;
using IvrConsent.Storage;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using IvrConsent.Storage.Recordings;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Host.Tests.Workers;

/// <summary>The worker that takes in and compares, on a real database and a clock that the test moves.</summary>
public sealed class TakeInWorkerTests : IDisposable
{
    private readonly Installation _here = new();
    private readonly ManualTimeProvider _time = new();
    private readonly EmptyStore _store = new();
    private readonly KeptLog _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _here.Dispose();

    [Fact]
    public async Task A_comparison_that_failed_is_made_again_at_the_next_minute_and_said_once_and_the_next_is_an_hour_later()
    {
        using var host = await StartHostAsync();
        using var worker = new TakeInWorker(host.Services.GetRequiredService<TakeIn>(), host.Services.GetRequiredService<VaultReconciler>(), _time, _log);
        _store.Trouble = new RecordingStoreException("The folder is away.");
        await worker.StartAsync(Cancel);
        await NextMinuteAsync();
        await NextMinuteAsync();
        Assert.Equal(2, _store.Comparisons);
        Assert.Contains("the test's store: The folder is away.", Assert.Single(_log.Lines), StringComparison.Ordinal);

        _store.Trouble = null;
        await NextMinuteAsync();
        Assert.Equal(3, _store.Comparisons);
        for (var minute = 1; minute < 60; minute++)
        {
            await NextMinuteAsync();
        }

        Assert.Equal(3, _store.Comparisons);
        await NextMinuteAsync();
        Assert.Equal(4, _store.Comparisons);
        Assert.Single(_log.Lines);
        await worker.StopAsync(Cancel);
        await host.StopAsync(Cancel);
    }

    private async Task<IHost> StartHostAsync()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddStorage(new LedgerOptions
        {
            Connection = Path.Combine(_here.Folder, "ledger.db"), SpoolFolder = Path.Combine(_here.Folder, "spool"), KeyFolder = _here.Keys, CommitLimit = TimeSpan.FromSeconds(10),
        });
        builder.Services.AddVault(_ => _store, _ => RecordingKeyWraps.Create(new KeyFolder(_here.Keys), KeyCommandOptions.None, TimeProvider.System))
            .AddTakeIn(new TakeInOptions()).AddSingleton<IPbx>(new FakePbx(_time));
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return host;
    }

    // It takes in in one loop, and compares in another.
    private Task NextMinuteAsync() => _time.NextMinuteAsync(loops: 2);

    /// <summary>A store with nothing in it, which each comparison lists.</summary>
    private sealed class EmptyStore : IRecordingStore
    {
        private int _comparisons;

        public string Name => "the test's store";

        public Exception? Trouble { get; set; }

        public int Comparisons => _comparisons;

        public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel)
        {
            Interlocked.Increment(ref _comparisons);
            return Trouble is { } trouble ? throw trouble : AsyncEnumerable.Empty<ListedObject>();
        }

        public Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel) => Task.FromResult(0);

        public Task<long> PutAsync(string name, Stream content, CancellationToken cancel) => throw new NotSupportedException();

        public Task<Stream?> OpenAsync(string name, CancellationToken cancel) => Task.FromResult<Stream?>(null);

        public Task<long?> FindAsync(string name, CancellationToken cancel) => Task.FromResult<long?>(null);

        public Task DeleteAsync(string name, CancellationToken cancel) => Task.CompletedTask;
    }

    private sealed class KeptLog : ILogger<TakeInWorker>
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }
}
