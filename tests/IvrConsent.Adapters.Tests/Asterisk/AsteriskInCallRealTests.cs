using System.Diagnostics;
using IvrConsent.Asterisk;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Audio;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Sip;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

/// <summary>A caller and an agent with phones of their own, talking over a real Asterisk: what is heard and recorded is judged by its tones.</summary>
[Collection("lab")]
public partial class AsteriskInCallRealTests(ITestOutputHelper output)
{
    private const double Secret = 2500;
    private const double Whispered = 440;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task Nothing_of_a_pause_is_in_the_file(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: true);
        await Task.Delay(500, Cancel);
        await talk.Recording!.PauseAsync(Cancel);
        talk.Caller.SetTone(Secret);
        talk.Agent!.SetTone(Secret);
        await talk.Agent.WaitUntilHeardAsync(Secret, TimeSpan.FromSeconds(1), ct: Cancel);
        talk.Caller.SetTone(LabTones.Caller);
        talk.Agent.SetTone(LabTones.Agent);
        await talk.Agent.WaitUntilSilentAsync(TimeSpan.FromMilliseconds(200), Secret, ct: Cancel);
        await talk.Recording.ResumeAsync(Cancel);
        await Task.Delay(500, Cancel);
        await talk.Recording.StopAsync(Cancel);

        var wav = WavFile.Read(talk.Lab.RecordingFile(talk.Recording.Name));
        var tones = wav.Tones(LabTones.Caller, LabTones.Agent, Secret);
        output.WriteLine($"{tones}");
        Assert.False(tones.Contains(Secret));
        Assert.InRange(tones.DurationOf(LabTones.Caller), TimeSpan.FromMilliseconds(700), TimeSpan.FromSeconds(10));
        Assert.True(tones.Contains(LabTones.Agent));
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task A_whisper_over_the_agent_s_voice_is_heard_and_not_recorded(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: true);
        var prompt = talk.Lab.Tone(1);
        var whisper = await talk.Call.WhisperAsync(prompt, toBoth: false, Cancel);
        output.WriteLine($"{whisper}");
        Assert.Equal((true, prompt.Sha256), (whisper.Heard, whisper.Sha256));
        await talk.Caller.WaitUntilHeardAsync(Whispered, TimeSpan.FromSeconds(0.9), ct: Cancel);
        Assert.False(talk.Agent!.Heard.Tones(Whispered).Contains(Whispered));

        await talk.Recording!.StopAsync(Cancel);
        var wav = WavFile.Read(talk.Lab.RecordingFile(talk.Recording.Name));
        Assert.False(wav.Tones(Whispered, LabTones.Caller).Contains(Whispered));

        whisper = await talk.Call.WhisperAsync(prompt, toBoth: true, Cancel);
        output.WriteLine($"to both: {whisper}");
        Assert.True(whisper.Heard);
        await talk.Agent.WaitUntilHeardAsync(Whispered, TimeSpan.FromSeconds(0.9), ct: Cancel);
    }

    /// <summary>What is said of it is what the caller's phone has heard; on hold on 22, where some calls hear it and some do not, nothing is claimed.</summary>
    [Theory]
    [InlineData("22", "102")]
    [InlineData("22", "108")]
    [InlineData("16", "102")]
    [InlineData("16", "108")]
    public async Task A_whisper_over_music_is_said_to_be_heard_where_it_was(string version, string number)
    {
        await using var talk = await TalkAsync(version, number, record: false);
        await (talk.Agent?.HoldAsync(Cancel) ?? Task.CompletedTask);
        await talk.Caller.WaitUntilHeardAsync(LabTones.All["hold"], TimeSpan.FromSeconds(0.3), ct: Cancel);
        var whisper = await talk.Call.WhisperAsync(talk.Lab.Tone(1), toBoth: false, Cancel);
        await talk.Caller.WaitUntilHeardAsync(LabTones.All["hold"], TimeSpan.FromSeconds(0.3), since: talk.Caller.Heard.Now, ct: Cancel);
        var tones = talk.Caller.Heard.Tones(Whispered, LabTones.All["hold"]);
        output.WriteLine($"{whisper.Heard} {whisper.Detail}; {tones}");
        Assert.Equal((version, number) == ("22", "102") ? null : tones.DurationOf(Whispered) > TimeSpan.FromMilliseconds(850), whisper.Heard);
    }

    [Theory]
    [InlineData("22", false)]
    [InlineData("22", true)]
    [InlineData("16", false)]
    [InlineData("16", true)]
    public async Task A_whisper_with_no_sound_to_ride_on_is_said_not_to_be_heard(string version, bool bridged)
    {
        await using var talk = await TalkAsync(version, bridged ? "102" : "107", record: false, agentSends: false);
        var whisper = await talk.Call.WhisperAsync(talk.Lab.Tone(1), toBoth: false, Cancel);
        output.WriteLine($"{whisper}; caller: {talk.Caller.Heard.Tones(Whispered)}");
        Assert.Equal(talk.Caller.Heard.Tones(Whispered).DurationOf(Whispered) > TimeSpan.FromMilliseconds(850), whisper.Heard);
        Assert.False(whisper.Heard);
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task The_shipped_samples_tell_the_agent_and_his_keys(string version)
    {
        await using var talk = await TalkAsync(version, "104", record: false);
        Assert.Equal((CallVariables.Agent, "alice"), await SignalAsync(talk.Call));
        await talk.Agent!.SendDigitsAsync("*71", ct: Cancel);
        Assert.Equal((CallVariables.Purposes, "contract"), await SignalAsync(talk.Call));
        await talk.Agent.SendDigitsAsync("*72", ct: Cancel);
        Assert.Equal((CallVariables.Record, "start"), await SignalAsync(talk.Call));
        Assert.False(talk.Call.Digits.TryRead(out _), "the agent's keys are not the caller's");
    }

    [Theory]
    [InlineData("22", false)]
    [InlineData("22", true)]
    [InlineData("16", false)]
    public async Task The_caller_s_keys_come_while_bridged_on_hold_and_after_transfers_and_the_agent_s_do_not(string version, bool record)
    {
        await using var talk = await TalkAsync(version, "102", record);
        await talk.Agent!.SendDigitsAsync("*9", ct: Cancel);
        await talk.Caller.WaitForDigitsAsync(2, ct: Cancel);
        await talk.Caller.SendDigitsAsync("*1", ct: Cancel);
        Assert.Equal("*1", await DigitsAsync(talk.Call));

        await talk.Agent.HoldAsync(Cancel);
        await talk.Caller.SendDigitsAsync("*2", ct: Cancel);
        Assert.Equal("*2", await DigitsAsync(talk.Call));
        await talk.Agent.ResumeAsync(Cancel);

        var inquiry = await talk.AgentPhone.CallAsync(talk.Lab.Sip, "300", new CallOptions { FromUser = "48999" }, Cancel);
        await talk.Agent.AttendedTransferAsync(inquiry, ct: Cancel);
        await talk.Caller.SendDigitsAsync("*3", ct: Cancel);
        Assert.Equal("*3", await DigitsAsync(talk.Call));
        Assert.False(talk.Call.Gone.IsCancellationRequested);
        await talk.Caller.HangUpAsync(Cancel);
        Assert.Equal(DepartureKind.HungUp, (await talk.Call.Departed.WaitAsync(Rig.Soon, Cancel)).Kind);
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task The_caller_s_keys_come_after_a_blind_transfer(string version)
    {
        await using var talk = await TalkAsync(version, "102", record: false);
        await talk.Agent!.BlindTransferAsync("300", ct: Cancel);
        await talk.Caller.SendDigitsAsync("*9", ct: Cancel);
        Assert.Equal("*9", await DigitsAsync(talk.Call));
    }

    [Theory]
    [InlineData("22")]
    [InlineData("16")]
    public async Task The_caller_s_keys_come_through_a_queue(string version)
    {
        await using var talk = await TalkAsync(version, "101", record: false);
        await talk.Caller.SendDigitsAsync("*9", ct: Cancel);
        Assert.Equal("*9", await DigitsAsync(talk.Call));
    }

    private static async Task<string> DigitsAsync(ICall call) => string.Concat(
        (await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit,
        (await call.Digits.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel)).Digit);

    private static async Task<(string, string)> SignalAsync(ICall call)
    {
        var signal = await call.Signals.ReadAsync(Cancel).AsTask().WaitAsync(Rig.Soon, Cancel);
        return (signal.Variable, signal.Value);
    }

    /// <summary>A call that has gone on to the agent (or, without a phone in the number, to whatever is there).</summary>
    private static async Task<Talk> TalkAsync(string version, string number, bool record, bool agentSends = true, RecordingChannels channels = RecordingChannels.Mono)
    {
        var lab = Lab.Require(version);
        var rig = new Rig(lab.Options(), limits: new AsteriskLimits { SettledAfter = TimeSpan.Zero });
        var (callerPhone, agentPhone) = (new SipPhone(), new SipPhone());
        var talk = new Talk(lab, rig, callerPhone, agentPhone);
        try
        {
            await rig.AttachedAsync();
            var withAgent = number is "102" or "104";
            talk.Caller = callerPhone.Dial(lab.Sip, withAgent ? $"{number}{agentPhone.Local.Port}" : number, new CallOptions { Voice = LabTones.Caller });
            talk.Call = await rig.NextCallAsync();
            talk.Call.HoldAtMost(TimeSpan.FromSeconds(30));
            await talk.Call.AnswerAsync(Cancel);
            await talk.Caller.WaitForAnswerAsync(ct: Cancel);
            if (record)
            {
                talk.Recording = await talk.Call.PrepareRecordingAsync(new RecordingRequest(RecordingNames.Of(talk.Call.Arrival.Id, 1, channels), "wav"), Cancel);
                await talk.Recording.StartAsync(Cancel);
                talk.RecordingSince = Stopwatch.GetTimestamp();
            }

            await talk.Call.SetVariablesAsync([new(CallVariables.CallId, talk.Call.Arrival.Id.ToString())], Cancel);
            var taken = withAgent ? agentPhone.WaitForCallAsync(new AnswerOptions { Voice = LabTones.Agent, SendsAudio = agentSends }, ct: Cancel) : null;
            await talk.Call.ContinueAsync(null, Cancel);
            if (taken is not null)
            {
                talk.Agent = await taken;
                await talk.Agent.WaitUntilHeardAsync(LabTones.Caller, TimeSpan.FromSeconds(0.5), ct: Cancel);
            }
            else if (number == "101")
            {
                await talk.Caller.WaitUntilHeardAsync(LabTones.Agent, TimeSpan.FromSeconds(0.5), ct: Cancel);
            }

            return talk;
        }
        catch
        {
            await talk.DisposeAsync();
            throw;
        }
    }

    private sealed class Talk(Lab lab, Rig rig, SipPhone callerPhone, SipPhone agentPhone) : IAsyncDisposable
    {
        public Lab Lab => lab;

        public AsteriskPbx Pbx => rig.Pbx;

        public SipPhone AgentPhone => agentPhone;

        public SipCall Caller { get; set; } = null!;

        public SipCall? Agent { get; set; }

        public ICall Call { get; set; } = null!;

        public IRecording? Recording { get; set; }

        public long RecordingSince { get; set; }

        public async ValueTask DisposeAsync()
        {
            await callerPhone.DisposeAsync();
            await agentPhone.DisposeAsync();
            if (Recording is { } recording)
            {
                await recording.Ended.WaitAsync(Rig.Soon);
                await rig.Pbx.DeleteStoredRecordingAsync(recording.Name, CancellationToken.None);
            }

            await rig.DisposeAsync();
        }
    }
}
