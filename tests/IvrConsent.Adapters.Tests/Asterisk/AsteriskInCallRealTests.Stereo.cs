using System.Diagnostics;
using System.Globalization;
using IvrConsent.Asterisk.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

// Recordings with two channels: whose voice is where, and that one moment is at one place in both.
public partial class AsteriskInCallRealTests
{
    private const double Unwanted = 2200;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(0.5);

    /// <summary>So long nothing comes from one party, or from either.</summary>
    private static readonly TimeSpan _gap = TimeSpan.FromSeconds(2);

    /// <summary>What both say with one beat, one after another, to find the moment again in either half.</summary>
    private static readonly double[] _marks = [900, 1100, 1300, 1500, 1900, 2100];

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task In_two_channels_the_parties_are_apart_and_neither_holds_what_was_said_in_a_pause_or_after_the_end(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: true, channels: RecordingChannels.Stereo);
        await Task.Delay(500, Cancel);
        await talk.Recording!.PauseAsync(Cancel);
        await BothSayAsync(talk, Unwanted);
        await BothSayAsync(talk, LabTones.Caller, LabTones.Agent);
        await talk.Agent!.WaitUntilSilentAsync(TimeSpan.FromMilliseconds(200), Unwanted, ct: Cancel);
        await talk.Recording.ResumeAsync(Cancel);
        await Task.Delay(300, Cancel);
        await BothSayAsync(talk, Secret);
        await talk.Recording.StopAsync(Cancel);
        await BothSayAsync(talk, Unwanted);

        var (caller, other) = await ReadAsync(talk);
        foreach (var (heard, mine, theirs) in new[] { (caller, LabTones.Caller, LabTones.Agent), (other, LabTones.Agent, LabTones.Caller) })
        {
            var tones = ToneAnalyzer.Analyze(heard, 8000, mine, theirs, Unwanted, Secret);
            output.WriteLine($"{tones}");
            Assert.Equal((true, false, false, true), (tones.Contains(mine), tones.Contains(theirs), tones.Contains(Unwanted), tones.Contains(Secret)));
        }
    }

    /// <summary>
    /// Also behind pauses, and behind stretches in which nothing at all came from the caller, from the agent, from both. One frame; and one
    /// more for either pause where the PBX cannot be muted again. A PBX that has to wait for the processor writes some frames late, within
    /// its queue of 100 ms: so each mark may be off by that, the middle one may not.
    /// </summary>
    [Theory]
    [InlineData("22", true, 1)]
    [InlineData("16", false, 3)]
    public async Task What_is_said_at_one_moment_is_at_one_place_in_both_channels_from_start_to_end(string version, bool pauseIsSilence, int frames)
    {
        var seen = await RecordWithGapsAsync(version);
        output.WriteLine($"{seen}");
        Assert.Equal(pauseIsSilence, seen.PauseIsSilence);
        Assert.InRange(seen.Apart.Select(Math.Abs).Order().ElementAt(seen.Apart.Count / 2), 0, (frames * 20) + 0.5);
        Assert.All(seen.Apart, apart => Assert.InRange(apart, -100.5, 100.5));
        Assert.InRange(seen.LongerBy, -100.5, 100.5);
        // No gap is missing, and no pause where it is silence.
        Assert.InRange(seen.Length - seen.Expected, TimeSpan.FromMilliseconds(-300), TimeSpan.FromMilliseconds(300));
    }

    /// <summary>A PBX that was muted once and unmuted may not obey a second time, and not say so (Asterisk's issue #322).</summary>
    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task In_two_channels_nothing_of_a_second_pause_is_in_the_file_and_all_behind_it_is(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: true, channels: RecordingChannels.Stereo);
        foreach (var mark in _marks[..3])
        {
            await talk.Recording!.PauseAsync(Cancel);
            await BothSayAsync(talk, Unwanted);
            await BothSayAsync(talk, mark);
            await talk.Agent!.WaitUntilSilentAsync(TimeSpan.FromMilliseconds(200), Unwanted, ct: Cancel);
            await talk.Recording.ResumeAsync(Cancel);
            await Task.Delay(300, Cancel);
        }

        await talk.Recording!.StopAsync(Cancel);
        var (caller, other) = await ReadAsync(talk);
        foreach (var half in new[] { caller, other })
        {
            var tones = ToneAnalyzer.Analyze(half, 8000, [Unwanted, .. _marks]);
            output.WriteLine($"{tones}");
            Assert.False(tones.Contains(Unwanted), $"{tones}");
            Assert.All(_marks[..3], mark => Assert.True(tones.Contains(mark), $"{mark} Hz: {tones}"));
        }
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task What_is_said_and_heard_at_one_moment_is_at_one_place_in_both_channels(string version)
    {
        await using var talk = await TalkAsync(version, "109", record: true, channels: RecordingChannels.Stereo);
        await Task.Delay(500, Cancel);
        talk.Caller.SetTone(Secret);
        await talk.Caller.WaitUntilHeardAsync(Secret, TimeSpan.FromSeconds(0.3), ct: Cancel);
        await talk.Recording!.StopAsync(Cancel);

        // The caller hears himself, frame by frame: what lies between the two is the recording's own.
        var (caller, other) = await ReadAsync(talk);
        var apart = Apart(caller, other, Secret);
        output.WriteLine($"{apart} ms apart");
        Assert.InRange(apart, -20.5, 20.5);
    }

    /// <summary>How far apart the halves are, over many calls. Run it with <c>-explicit only</c>.</summary>
    [Theory(Explicit = true)]
    [InlineData("22", 30)]
    [InlineData("16", 10)]
    public async Task How_far_apart_the_two_channels_are(string version, int calls)
    {
        var all = new List<Seen>();
        for (var i = 0; i < calls; i++)
        {
            all.Add(await RecordWithGapsAsync(version));
            output.WriteLine($"{all[^1]}");
        }

        output.WriteLine($"{version}, {calls} calls");
        output.WriteLine($"at the start: {Distribution(all.Select(seen => seen.Apart[0]))}");
        output.WriteLine($"at every mark: {Distribution(all.SelectMany(seen => seen.Apart))}");
        output.WriteLine($"most within one call less least: {Distribution(all.Select(seen => seen.Apart.Max() - seen.Apart.Min()))}");
        output.WriteLine($"caller's half longer by: {Distribution(all.Select(seen => seen.LongerBy))}");

        static string Distribution(IEnumerable<double> of) => string.Join(
            ", ", of.GroupBy(ms => Math.Round(ms / 5) * 5).OrderBy(group => group.Key).Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Key} ms {group.Count()} times")));
    }

    /// <summary>A call with two pauses and three gaps, and a mark before and behind each.</summary>
    private static async Task<Seen> RecordWithGapsAsync(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: true, channels: RecordingChannels.Stereo);
        var (caller, agent) = (talk.Caller, talk.Agent!);
        var paused = TimeSpan.Zero;
        await MarkAsync(0);
        await PauseAsync(1);
        await PauseAsync(2);
        await GapAsync(3, caller);
        await GapAsync(4, agent);
        await GapAsync(5, caller, agent);
        var expected = Stopwatch.GetElapsedTime(talk.RecordingSince) - (talk.Recording!.PauseIsSilence ? TimeSpan.Zero : paused);
        await talk.Recording.StopAsync(Cancel);

        var (left, right) = await ReadAsync(talk);
        var (callerHalf, otherHalf) = AriNames.Halves(talk.Recording.Name);
        var longer = WavFile.Read(talk.Lab.RecordingFile(callerHalf)).Duration - WavFile.Read(talk.Lab.RecordingFile(otherHalf)).Duration;
        return new Seen([.. _marks.Select(mark => Apart(left, right, mark))], longer.TotalMilliseconds, TimeSpan.FromSeconds(left.Length / 8000.0), expected, talk.Recording.PauseIsSilence);

        Task MarkAsync(int mark) => BothSayAsync(talk, _marks[mark]);

        async Task PauseAsync(int mark)
        {
            await talk.Recording!.PauseAsync(Cancel);
            var since = Stopwatch.GetTimestamp();
            await Task.Delay(_pause, Cancel);
            await talk.Recording.ResumeAsync(Cancel);
            paused += Stopwatch.GetElapsedTime(since);
            await MarkAsync(mark);
        }

        async Task GapAsync(int mark, params SipCall[] silent)
        {
            Array.ForEach(silent, one => one.InterruptVoice(true));
            await Task.Delay(_gap, Cancel);
            Array.ForEach(silent, one => one.InterruptVoice(false));
            await MarkAsync(mark);
        }
    }

    /// <summary>From one beat on, until the agent has heard it.</summary>
    private static async Task BothSayAsync(Talk talk, double callerSays, double? agentSays = null)
    {
        var now = talk.Agent!.Heard.Now;
        SipCall.SetTones((talk.Caller, callerSays), (talk.Agent, agentSays ?? callerSays));
        await talk.Agent.WaitUntilHeardAsync(callerSays, TimeSpan.FromSeconds(0.3), since: now, ct: Cancel);
    }

    /// <summary>How many milliseconds later it is in the other half.</summary>
    private static double Apart(short[] caller, short[] other, double tone)
    {
        return (Find(other) - Find(caller)).TotalMilliseconds;

        TimeSpan Find(short[] half) => ToneOnset.Find(half, 8000, tone)
            ?? throw new InvalidOperationException($"there is no {tone} Hz in {(half == caller ? "the caller's" : "the other")} half: {ToneAnalyzer.Analyze(half, 8000, [LabTones.Caller, LabTones.Agent, Secret, .. _marks])}");
    }

    /// <summary>The two channels of the call's recording, as they are taken in.</summary>
    private static async Task<(short[] Caller, short[] Other)> ReadAsync(Talk talk)
    {
        using var whole = new MemoryStream();
        await using (var stream = await talk.Pbx.OpenStoredRecordingAsync(talk.Recording!.Name, Cancel))
        {
            await stream!.CopyToAsync(whole, Cancel);
        }

        var wav = WavFile.Read(whole.ToArray());
        return (wav.Channel(0), wav.Channel(1));
    }

    /// <summary>What one call's recording was like.</summary>
    /// <param name="Apart">At each mark, how many milliseconds later it is in the other half.</param>
    /// <param name="LongerBy">How many milliseconds the caller's half is longer.</param>
    /// <param name="Length">Of the whole.</param>
    /// <param name="Expected">How long it should be, by our clock.</param>
    /// <param name="PauseIsSilence">Whether that is with the pauses.</param>
    private sealed record Seen(IReadOnlyList<double> Apart, double LongerBy, TimeSpan Length, TimeSpan Expected, bool PauseIsSilence)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"apart {string.Join(" ", Apart)} ms; caller's half {LongerBy} ms longer; {Length.TotalSeconds:F2} s long, {Expected.TotalSeconds:F2} s expected");
    }
}
