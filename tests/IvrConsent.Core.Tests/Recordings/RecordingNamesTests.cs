using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Recordings;
using Xunit;

namespace IvrConsent.Core.Tests.Recordings;

public class RecordingNamesTests
{
    private static readonly CallId Call = CallId.FromChannel("pbx1", "1.1", DateTimeOffset.UnixEpoch);

    [Theory]
    [InlineData(1, RecordingChannels.Mono, "")]
    [InlineData(2, RecordingChannels.Mono, "-2")]
    [InlineData(1, RecordingChannels.Stereo, "-2ch")]
    [InlineData(2, RecordingChannels.Stereo, "-2-2ch")]
    [InlineData(12, RecordingChannels.Stereo, "-12-2ch")]
    public void A_name_tells_the_call_the_number_and_the_channels(int number, RecordingChannels channels, string end)
    {
        var name = RecordingNames.Of(Call, number, channels);
        Assert.Equal($"ivrc-{Call}{end}", name);
        Assert.Equal((Call, number, channels == RecordingChannels.Stereo), (RecordingNames.CallOf(name)!.Value, RecordingNames.NumberOf(name), RecordingNames.IsStereo(name)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ivrc-")]
    [InlineData("ivrc-2ch")]
    [InlineData("-2ch")]
    [InlineData("voicemail/7")]
    [InlineData("ivrc-0000000000000000000000000000000g")]
    public void What_is_none_of_ours_has_no_call(string name) => Assert.Equal((null, 1), (RecordingNames.CallOf(name), RecordingNames.NumberOf(name)));

    [Theory]
    [InlineData(10_000, 10_000, null)]
    [InlineData(10_000, 9_400, null)]
    [InlineData(10_000, 9_000, RecordingFailures.Truncated)]
    [InlineData(10_000, 0, RecordingFailures.Truncated)]
    [InlineData(0, 0, RecordingFailures.Empty)]
    public void The_shorter_half_is_what_is_judged(int longer, int shorter, string? reason)
    {
        var file = new StoredRecording("r", 1, TimeSpan.FromMilliseconds(longer)) { Complete = TimeSpan.FromMilliseconds(shorter) };
        Assert.Equal(reason, RecordingLengthPolicy.Judge(file, TimeSpan.FromSeconds(10)));
    }
}
