using System.Diagnostics;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Host.Tests.RealCalls;

/// <summary>What the PBX has of a call: its recording, and what its dialplan saw.</summary>
internal static class Recordings
{
    /// <summary>The recording's file as the PBX has it.</summary>
    public static WavFile Read(this LabPbx pbx, RecordingStarted started) => WavFile.Read(Path.Combine(pbx.Recordings, $"{started.Recording}.{started.Format}"));

    /// <summary>
    /// The call was recorded, from the consent on and no earlier: caller and agent (or who else spoke) are to be heard, nothing
    /// said before the key is, and it is no longer than the time between the key and the end.
    /// </summary>
    public static void AssertRecorded(this LabPbx pbx, CallRecord call, params double[] voices)
    {
        voices = voices.Length > 0 ? voices : [LabTones.Caller, LabTones.Agent];
        var started = call.Single<RecordingStarted>();
        var consent = call.Single<ConsentGiven>();
        var stopped = call.Single<RecordingStopped>();
        Assert.Equal("ivrc-" + call.Id, started.Recording);
        Assert.Equal(started.Recording, stopped.Recording);
        // Null where the worker that saw the start was killed before it told; the sound below is judged all the same.
        Assert.True(started.StartedAt is null || started.StartedAt >= consent.KeyAt, $"the recording began at {started.StartedAt:O}, the key came at {consent.KeyAt:O}");

        var wav = pbx.Read(started);
        Assert.True(wav.HeaderIsTrue);
        Assert.Equal(stopped.Bytes, wav.FileBytes);
        Assert.InRange(stopped.LengthMs, wav.Duration.TotalMilliseconds - 1, wav.Duration.TotalMilliseconds + 1);

        // Not a moment of before the key fits in: what there is, fits behind it.
        var afterKey = call.Row.ArrivedAt + TimeSpan.FromMilliseconds(call.End.DurationMs!.Value) - consent.KeyAt;
        Assert.True(wav.Duration <= afterKey + TimeSpan.FromMilliseconds(100), $"{wav.Duration} recorded, {afterKey} from key to end\n{call}");

        var tones = wav.Tones([TestCaller.EarlyVoice, .. voices]);
        Assert.True(tones.DurationOf(TestCaller.EarlyVoice) == TimeSpan.Zero, $"what the caller said before the consent is in the recording: {tones}");
        foreach (var voice in voices)
        {
            Assert.True(tones.DurationOf(voice) >= TimeSpan.FromSeconds(0.2), $"{voice} Hz is missing in the recording: {tones}\n{call}");
        }
    }

    /// <summary>The caller is to be heard until the call's very end.</summary>
    public static void AssertRecordedToTheEnd(this LabPbx pbx, CallRecord call)
    {
        var started = call.Single<RecordingStarted>();
        var wav = pbx.Read(started);
        var lasted = call.Row.ArrivedAt + TimeSpan.FromMilliseconds(call.End.DurationMs!.Value) - started.StartedAt;
        Assert.True(wav.Duration > lasted - TimeSpan.FromMilliseconds(500), $"{wav.Duration} recorded of {lasted}");
        var tones = wav.Tones(LabTones.Caller);
        Assert.True(tones.DurationOf(LabTones.Caller, wav.Duration - TimeSpan.FromMilliseconds(500)) > TimeSpan.FromMilliseconds(300), $"{tones}");
    }

    /// <summary>Nothing of the call was recorded, for that reason.</summary>
    public static void AssertNotRecorded(this LabPbx pbx, CallRecord call, string reason)
    {
        Assert.Equal(reason, call.Single<RecordingSuppressed>().Reason);
        Assert.False(call.Has<RecordingStarted>());
        Assert.False(call.Has<RecordingStopped>());
        pbx.AssertNoFile(call.Id);
    }

    /// <summary>There is no file of that call on the PBX.</summary>
    public static void AssertNoFile(this LabPbx pbx, CallId call) =>
        Assert.Empty(Directory.GetFiles(pbx.Recordings, $"*{call}*", SearchOption.AllDirectories));

    /// <summary>Waits for what the dialplan says of the call at its end: the variables that the worker set, and where the call was.</summary>
    public static async Task AssertDialplanSawAsync(this LabPbx pbx, CallRecord call, string consent, string recording, string context = "to-agent")
    {
        var wanted = $"consent={consent} recording={recording} call={call.Id} context={context}";
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            var seen = File.ReadLines(pbx.Log).Where(line => line.Contains("LAB h ", StringComparison.Ordinal) && line.Contains(call.Id.ToString(), StringComparison.Ordinal)).ToArray();
            if (seen.Any(line => line.Contains(wanted, StringComparison.Ordinal)))
            {
                return;
            }

            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), $"the dialplan did not see \"{wanted}\" but: {string.Join('\n', seen)}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
