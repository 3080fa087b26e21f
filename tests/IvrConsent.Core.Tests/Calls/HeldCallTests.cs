using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Core.Retention;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>A legal hold stops every deletion, also the one that a caller asks for by key.</summary>
public sealed class HeldCallTests
{
    private readonly Holds _holds = new();
    private readonly CallScene _scene;

    public HeldCallTests() => _scene = new CallScene(holds: _holds);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_hold_covers_is_stopped_by_the_withdrawal_and_left_to_the_vault(bool hangsUp)
    {
        _holds.Line = _scene.Settings.Line.Name;
        var call = Withdrawn(hangsUp);

        Assert.False(call.Recording!.IsWriting);
        Assert.Equal(WithdrawalAction.Erase, _scene.The<ConsentWithdrawn>(call).Action);
        Assert.DoesNotContain(_scene.Events(call), fact => fact is RecordingErased);
        var kept = _scene.The<RecordingFailed>(call);
        Assert.Equal((RecordingFailures.NotErased, call.Recording.Name), (kept.Reason, kept.Recording));
        Assert.Contains("the lawsuit", kept.Detail, StringComparison.Ordinal);
        Assert.Equal(call.Recording.Name, _scene.The<RecordingStopped>(call).Recording);
        Assert.Equal([call.Recording.Name], _scene.Pbx.Stored.Keys);
        _scene.The<CallEnded>(call);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_no_hold_covers_is_erased_at_once(bool hangsUp)
    {
        _holds.Line = "another";
        var call = Withdrawn(hangsUp);

        Assert.Equal(call.Recording!.Name, _scene.The<RecordingErased>(call).Recording);
        Assert.Empty(_scene.Pbx.Stored);
    }

    [Fact]
    public void What_cannot_be_found_out_deletes_nothing()
    {
        _holds.Trouble = new InvalidOperationException("The database is away.");
        var call = Withdrawn(hangsUp: false);

        Assert.Contains("could not be found out", _scene.The<RecordingFailed>(call).Detail, StringComparison.Ordinal);
        Assert.Single(_scene.Pbx.Stored);
    }

    [Fact]
    public void It_is_not_waited_for_longer_than_a_second()
    {
        _holds.Stuck = true;
        var call = Withdrawn(hangsUp: false);

        Assert.False(call.Recording!.IsWriting);
        Assert.Contains("could not be found out", _scene.The<RecordingFailed>(call).Detail, StringComparison.Ordinal);
        Assert.Contains("en/withdrawn", string.Join('\n', call.Orders), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_worker_did_not_live_to_erase_is_asked_about_again_by_the_next(bool held)
    {
        _holds.Line = held ? _scene.Settings.Line.Name : "another";
        var call = _scene.Pbx.Ring();
        _scene.Simulation.Run(async () =>
        {
            _ = _scene.Handler.HandleAsync(_scene.Pbx, call);
            await _scene.Presses((3, '1'))(call);
            await _scene.After(5);
            call.LosePbx();
            await _scene.After(0.01);
        });
        var name = call.Recording!.Name;
        _scene.Pbx.Stored[name] = new StoredRecording(name, 80_044, TimeSpan.FromSeconds(5));
        _scene.Simulation.Run(async () =>
        {
            // On record by the one that died, and nothing of the erasure.
            var open = (await _scene.Ledger.FindCallAsync(call.Arrival.Id, default))!;
            var at = _scene.Time.GetUtcNow();
            var fact = new ConsentWithdrawn("*9", at, WithdrawalScope.Call, WithdrawalAction.Erase);
            await _scene.Ledger.AppendAsync(new LedgerBatch(null, [new LedgerEntry(Guid.CreateVersion7(at), call.Arrival.Id, open.Entries[^1].CallSequence + 1, at, fact)]));
            var next = new CallHandler(_scene.Ledger, _scene.Settings, new CallMetrics(new TestMeters()), _scene.Time, NullLogger<CallHandler>.Instance, holds: new CallHolds(_holds, _scene.Ledger, _scene.Time));
            await next.ReconcileAsync(_scene.Pbx, default);
        });

        Assert.Equal(held, _scene.Pbx.Stored.ContainsKey(name));
        Assert.Equal(held, !_scene.Events(call).Any(one => one is RecordingErased));
        Assert.Equal(held, _scene.Events(call).Any(one => one is RecordingFailed { Reason: RecordingFailures.NotErased }));
        _scene.The<CallEnded>(call);
    }

    private FakeCall Withdrawn(bool hangsUp) => _scene.Call(
        async call =>
        {
            await _scene.After(3);
            call.Press('1');
            await _scene.After(7);
            call.Press('*');
            call.Press('9');
            if (hangsUp)
            {
                call.HangUp();
            }

            await _scene.After(5);
        });

    private sealed class Holds : IHolds
    {
        public string Line { get; set; } = "-";

        public Exception? Trouble { get; set; }

        public bool Stuck { get; set; }

        public async Task<IReadOnlyList<LegalHold>> ListAsync(bool inForceOnly, DateTimeOffset now, CancellationToken cancel)
        {
            if (Stuck)
            {
                await new TaskCompletionSource().Task.WaitAsync(cancel);
            }

            return Trouble is null ? [new LegalHold(CallId.FromChannel("-", "hold", now), new HoldScope(Line: Line), "the lawsuit", "legal", "anna", now)] : throw Trouble;
        }

        public Task<long> PlaceAsync(LegalHold hold, CancellationToken cancel) => throw new NotSupportedException();

        public Task<bool> ReleaseAsync(CallId id, string actor, string reason, DateTimeOffset now, CancellationToken cancel) => throw new NotSupportedException();
    }
}
