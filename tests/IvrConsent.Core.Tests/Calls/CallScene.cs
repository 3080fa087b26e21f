using IvrConsent.Core.Calls;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Fakes;
using IvrConsent.TestKit.Time;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>One worker, one PBX and one ledger on simulated time.</summary>
internal sealed class CallScene
{
    public CallScene(ILogger<CallHandler>? log = null, IHolds? holds = null)
    {
        Pbx = new FakePbx(Time);
        Ledger = new FakeLedger(Time);
        Handler = new CallHandler(Ledger, Settings, new CallMetrics(new TestMeters()), Time, log ?? NullLogger<CallHandler>.Instance, holds: holds is null ? null : new CallHolds(holds, Ledger, Time));
    }

    public Simulation Simulation { get; } = new();

    public ManualTimeProvider Time => Simulation.Time;

    public FakePbx Pbx { get; }

    public FakeLedger Ledger { get; }

    public FakeSettings Settings { get; } = new();

    public CallHandler Handler { get; }

    /// <summary>Rings, lets <paramref name="caller"/> act from the moment of arrival, hangs up after <paramref name="hangUpAfter"/> seconds.</summary>
    public FakeCall Call(Func<FakeCall, Task>? caller = null, double hangUpAfter = 60, FakeFaults? faults = null, string called = "100", string? line = null, string? from = "+48221234501")
    {
        FakeCall? call = null;
        Simulation.Run(async () =>
        {
            call = Pbx.Ring(called, line, from, faults);
            var handled = Handler.HandleAsync(Pbx, call);
            var acting = caller?.Invoke(call) ?? Task.CompletedTask;
            await After(hangUpAfter);
            call.HangUp();
            await handled;
            await acting;
        });
        return call!;
    }

    public Task After(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Time);

    /// <summary>Presses keys, each so many seconds after the one before.</summary>
    public Func<FakeCall, Task> Presses(params (double After, char Digit)[] keys) => async call =>
    {
        foreach (var (after, digit) in keys)
        {
            await After(after);
            call.Press(digit);
        }
    };

    public IReadOnlyList<CallEvent> Events(FakeCall call) => [.. Ledger.Of(call.Arrival.Id).Select(entry => entry.Event)];

    public string Course(FakeCall call) => string.Join(' ', Events(call).Select(fact => fact.GetType().Name));

    public T The<T>(FakeCall call)
        where T : CallEvent => Xunit.Assert.Single(Events(call).OfType<T>());

    /// <summary>One of several, by its place from 0.</summary>
    public T The<T>(FakeCall call, int index)
        where T : CallEvent => Events(call).OfType<T>().ElementAt(index);
}
