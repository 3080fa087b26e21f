using IvrConsent.Core.Calls;
using IvrConsent.Core.Diagnostics;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Core.Tests.Calls;

/// <summary>A line that keeps the two parties apart: its recordings' names say so, to whoever finds them.</summary>
public sealed class StereoTests
{
    private readonly CallScene _scene = new();

    public StereoTests() => _scene.Settings.Line = _scene.Settings.Line with { Channels = RecordingChannels.Stereo };

    [Fact]
    public void The_recording_is_asked_for_with_two_channels()
    {
        var call = _scene.Call(_scene.Presses((3, '1')));
        var name = RecordingNames.Of(call.Arrival.Id, 1, RecordingChannels.Stereo);
        Assert.Equal((name, name, name), (call.Recording!.Name, _scene.The<RecordingStarted>(call).Recording, _scene.The<RecordingStopped>(call).Recording));
    }

    [Theory]
    [InlineData(RecordingChannels.Mono, 1, true)]
    [InlineData(RecordingChannels.Mono, 0.9, false)]
    [InlineData(RecordingChannels.Stereo, 1, true)]
    [InlineData(RecordingChannels.Stereo, 0.9, false)]
    public void A_pause_counts_in_the_length_of_the_file_where_it_is_silence_in_it(RecordingChannels channels, double part, bool whole)
    {
        _scene.Settings.Line = _scene.Settings.Line with { Channels = channels };
        // 20 s of the minute are paused, and from its last seconds on it is paused again.
        var call = _scene.Call(_scene.Presses((3, '1'), (15, '*'), (0.1, '2'), (20, '*'), (0.1, '2'), (15, '*'), (0.1, '2')), faults: new FakeFaults { FileLength = part });
        Assert.Equal(2, _scene.Events(call).OfType<RecordingPaused>().Count());
        Assert.Equal(whole ? null : RecordingFailures.Truncated, _scene.Events(call).OfType<RecordingFailed>().SingleOrDefault()?.Reason);
        Assert.Equal(whole, _scene.Events(call).OfType<RecordingStopped>().Any());
    }

    [Theory]
    [InlineData(RecordingChannels.Mono)]
    [InlineData(RecordingChannels.Stereo)]
    public void What_a_worker_recorded_that_did_not_live_to_tell_is_found_by_either_name(RecordingChannels channels)
    {
        var gone = GoneBeforeItWasOnRecord();
        var name = RecordingNames.Of(gone.Arrival.Id, 1, channels);
        _scene.Pbx.Stored[name] = new StoredRecording(name, 32_044, TimeSpan.FromSeconds(1));
        _scene.Simulation.Run(() => NewWorker().ReconcileAsync(_scene.Pbx, default));
        Assert.Equal((name, name), (_scene.The<RecordingStarted>(gone).Recording, _scene.The<RecordingStopped>(gone).Recording));
    }

    [Fact]
    public void Of_two_that_run_the_later_one_has_the_ground_whatever_their_channels()
    {
        var orphan = GoneBeforeItWasOnRecord();
        var again = new FakeCall(_scene.Pbx, _scene.Time, orphan.Arrival, new FakeFaults());
        _scene.Pbx.InDialplan[orphan.Arrival.Id] = again;
        var (first, second) = (Running(1, RecordingChannels.Stereo), Running(2, RecordingChannels.Mono));
        _scene.Simulation.Run(() => NewWorker().ReconcileAsync(_scene.Pbx, default));
        Assert.Equal((true, false), (first.Discarded, second.Discarded));

        FakeRecording Running(int number, RecordingChannels channels)
        {
            var recording = new FakeRecording(orphan, _scene.Pbx, _scene.Time, new RecordingRequest(RecordingNames.Of(orphan.Arrival.Id, number, channels), "wav"), new FakeFaults());
            _scene.Pbx.Live.Add(new LiveRecording(orphan.Arrival.Id, recording));
            return recording;
        }
    }

    private CallHandler NewWorker() => new(_scene.Ledger, _scene.Settings, new CallMetrics(new TestMeters()), _scene.Time, NullLogger<CallHandler>.Instance);

    /// <summary>A call with a consent in the ledger whose worker died before it could tell of the recording.</summary>
    private FakeCall GoneBeforeItWasOnRecord()
    {
        var orphan = _scene.Pbx.Ring();
        _scene.Ledger.Fault = batch => (batch.Entries.Any(entry => entry.Event is RecordingStarted) ? AppendResult.Lost : AppendResult.Committed, TimeSpan.FromMilliseconds(1));
        _scene.Simulation.Run(async () =>
        {
            _ = _scene.Handler.HandleAsync(_scene.Pbx, orphan);
            await _scene.After(3);
            orphan.Press('1');
            await _scene.After(0.5);
            orphan.LosePbx();
            await _scene.After(0.1);
        });
        _scene.Ledger.Fault = _ => (AppendResult.Committed, TimeSpan.FromMilliseconds(1));
        Assert.Empty(_scene.Events(orphan).OfType<RecordingStarted>());
        return orphan;
    }
}
