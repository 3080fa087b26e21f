using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Notices;
using IvrConsent.TestKit.Asterisk;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>The adapter attached to a fake PBX (or to a real one), with a handler that lets the test lead the calls.</summary>
internal sealed class Rig : ICallHandler, IAsyncDisposable
{
    /// <summary>What "soon" means on a machine that is busy with other tests.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>Waits so short that a test of each loss is over in a second or two.</summary>
    public static readonly AsteriskLimits Short = new()
    {
        RetryBase = TimeSpan.FromMilliseconds(20),
        RetryCap = TimeSpan.FromMilliseconds(200),
        RefusedRetry = TimeSpan.FromMilliseconds(400),
        SettledAfter = TimeSpan.FromMilliseconds(50),
        StopReport = TimeSpan.FromMilliseconds(300),
        RecordingLag = TimeSpan.FromMilliseconds(20),
        LeftUnasked = TimeSpan.FromMilliseconds(100),
        HangUpReport = TimeSpan.FromMilliseconds(300),
        RecordingReport = TimeSpan.FromMilliseconds(200),
    };

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<ICall> _calls = Channel.CreateUnbounded<ICall>();
    private readonly Task _running;

    public Rig(AsteriskOptions options, FakeAri? ari = null, AsteriskLimits? limits = null, Func<IPbx, CancellationToken, Task>? reconcile = null)
    {
        Ari = ari!;
        OnReconcile = reconcile;
        Log = new MemoryLog();
        Pbx = new AsteriskPbx(options, Log, TimeProvider.System, limits ?? Short);
        _running = Pbx.RunAsync(this, _stop.Token);
    }

    public FakeAri Ari { get; }

    public AsteriskPbx Pbx { get; }

    public MemoryLog Log { get; }

    public bool Accepting { get; set; } = true;

    public int Reconciled;

    public Func<IPbx, CancellationToken, Task>? OnReconcile { get; set; }

    /// <summary>Handed out so far.</summary>
    public ConcurrentBag<ICall> All { get; } = [];

    public static Prompt Notice { get; } = new("notice", "en", new string('a', 64), new string('b', 64), TimeSpan.FromSeconds(3), "This call may be recorded.");

    public static async Task<Rig> AttachAsync(AsteriskTransport transport = AsteriskTransport.Auto, Action<FakeAri>? arrange = null, AsteriskLimits? limits = null, Func<AsteriskOptions, AsteriskOptions>? change = null)
    {
        var ari = new FakeAri();
        arrange?.Invoke(ari);
        var options = Options(ari, transport);
        var rig = new Rig(change is null ? options : change(options), ari, limits);
        await rig.AttachedAsync();
        return rig;
    }

    public static AsteriskOptions Options(FakeAri ari, AsteriskTransport transport = AsteriskTransport.Auto) => new()
    {
        Name = "pbx1",
        Url = ari.Url,
        Username = ari.Username,
        Password = ari.Password,
        PromptUrl = new Uri("http://127.0.0.1:8090"),
        Transport = transport,
    };

    public Task AttachedAsync() => UntilAsync(() => Pbx.Health.Attached, () => Pbx.Health.Detail);

    public Task DetachedAsync() => UntilAsync(() => !Pbx.Health.Attached, () => Pbx.Health.Detail);

    /// <summary>The next call handed to the handler.</summary>
    public async Task<ICall> NextCallAsync()
    {
        try
        {
            return await _calls.Reader.ReadAsync().AsTask().WaitAsync(Soon);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"no call was handed out:\n{Log}");
        }
    }

    /// <summary>A call from the fake, arrived here.</summary>
    public async Task<(FakeChannel Channel, ICall Call)> CallAsync(Action<FakeChannel>? change = null)
    {
        var channel = await Ari.Model.CallAsync(change, "sales", "100", "deadline");
        return (channel, await NextCallAsync());
    }

    public static async Task UntilAsync(Func<bool> held, Func<string>? detail = null)
    {
        var since = Stopwatch.StartNew();
        while (!held())
        {
            Assert.True(since.Elapsed < Soon, $"did not come to pass: {detail?.Invoke()}");
            await Task.Delay(5);
        }
    }

    public Task HandleAsync(IPbx pbx, ICall call)
    {
        All.Add(call);
        _calls.Writer.TryWrite(call);
        return Task.CompletedTask;
    }

    public async Task ReconcileAsync(IPbx pbx, CancellationToken cancel)
    {
        Interlocked.Increment(ref Reconciled);
        if (OnReconcile is { } reconcile)
        {
            await reconcile(pbx, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Soon);
        if (Ari is not null)
        {
            await Ari.DisposeAsync();
        }

        _stop.Dispose();
    }
}

/// <summary>Keeps what is logged, for tests of what must not be.</summary>
internal sealed class MemoryLog : ILogger<AsteriskPbx>
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <summary>As a host logs: nothing below information.</summary>
    public bool Silent { get; set; }

    public bool IsEnabled(LogLevel logLevel) => !Silent || logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public override string ToString() => string.Join('\n', Lines);
}
