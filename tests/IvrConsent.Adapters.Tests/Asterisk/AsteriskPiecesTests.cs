using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IvrConsent.Asterisk;
using IvrConsent.Asterisk.Ari;
using IvrConsent.Asterisk.Calls;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Recordings;
using IvrConsent.TestKit.Asterisk;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

public class AsteriskPiecesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2026-11-22T03:00:00.123+0000", "2026-11-22T03:00:00.1230000Z")]
    [InlineData("2026-11-22T03:00:00.123+0130", "2026-11-22T01:30:00.1230000Z")]
    [InlineData("2026-11-22T03:00:00.123-0500", "2026-11-22T08:00:00.1230000Z")]
    [InlineData("2026-11-22T03:00:00+01:00", "2026-11-22T02:00:00.0000000Z")]
    [InlineData("2026-11-22T03:00:00.1Z", "2026-11-22T03:00:00.1000000Z")]
    [InlineData("2024-02-29T23:59:59.999999999+0000", "2024-02-29T23:59:59.9999999Z")]
    public void Timestamps_are_read_in_UTC(string text, string utc)
    {
        Assert.True(AriTimestamp.TryParse(Encoding.ASCII.GetBytes(text), out var read));
        Assert.Equal(utc, read.UtcDateTime.ToString("O"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-22")]
    [InlineData("2026-02-30T03:00:00.123+0000")]
    [InlineData("2026-11-22T25:00:00.123+0000")]
    [InlineData("2026-11-22T03:00:00.123")]
    [InlineData("2026-11-22T03:00:00.123+9900")]
    [InlineData("0000-11-22T03:00:00.123+0000")]
    [InlineData("2026-11-22T03:00:00.123456789012345678901234567890+0000")]
    public void What_is_no_timestamp_is_none(string text) => Assert.False(AriTimestamp.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void Any_bytes_as_a_timestamp_do_no_harm() =>
        Prop.ForAll<byte[]>(bytes => AriTimestamp.TryParse(bytes, out _) || true).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("22.10.1+dfsg+~cs6.17.60671434-1", 22, 10, true, true)]
    [InlineData("22.4.0", 22, 4, true, false)]
    [InlineData("22.3.0", 22, 3, false, false)]
    [InlineData("20.14.0", 20, 14, true, false)]
    [InlineData("21.9.1", 21, 9, true, false)]
    [InlineData("21.12.0", 21, 12, true, false)]
    [InlineData("16.28.0~dfsg-0+deb11u9", 16, 28, false, false)]
    [InlineData("23.0.0", 23, 0, true, false)]
    [InlineData("23.4.0", 23, 4, true, true)]
    [InlineData("24.0.0", 24, 0, true, true)]
    [InlineData("certified/20.7-cert3", 20, 7, false, false)]
    [InlineData("GIT-master-a1b2c3", 0, 0, false, false)]
    [InlineData("", 0, 0, false, false)]
    [InlineData("99999999999999999999.1", 0, 1, false, false)]
    public void Versions_say_what_they_can(string text, int major, int minor, bool overSocket, bool manyVariables)
    {
        var version = AsteriskVersion.Parse(text);
        Assert.Equal(new AsteriskVersion(major, minor), version);
        Assert.Equal((overSocket, manyVariables), (version.HasRestOverSocket, version.HasManyVariables));
    }

    [Theory]
    [InlineData("16.28.0", false)]
    [InlineData("18.20.2", false)]
    [InlineData("18.21.0", true)]
    [InlineData("19.8.1", false)]
    [InlineData("20.5.2", false)]
    [InlineData("20.6.0", true)]
    [InlineData("21.0.2", false)]
    [InlineData("21.1.0", true)]
    [InlineData("22.10.1", true)]
    [InlineData("certified/18.9-cert5", false)]
    [InlineData("certified/20.7-cert3", true)]
    [InlineData("GIT-master-a1b2c3", false)]
    public void A_recording_is_muted_only_where_it_can_be_muted_again(string text, bool again) =>
        Assert.Equal(again, AsteriskVersion.Parse(text).MutesAgain);

    [Fact]
    public void Settings_that_cannot_work_are_refused_each_with_a_sentence()
    {
        var good = new AsteriskOptions { Name = "pbx1", Url = new Uri("http://127.0.0.1:8088/ari"), Username = "u", Password = "secret-word", PromptFolder = "/prompts" };
        Assert.Empty(good.FindProblems());
        Assert.Contains("user or password", Assert.Single((good with { Url = new Uri("http://u:secret-word@h/ari") }).FindProblems()), StringComparison.Ordinal);
        Assert.Contains("exactly one", Assert.Single((good with { PromptUrl = new Uri("http://h") }).FindProblems()), StringComparison.Ordinal);
        Assert.Single((good with { PromptFolder = "relative" }).FindProblems());
        Assert.Single((good with { RecordingFolder = "relative" }).FindProblems());
        Assert.Single((good with { Application = "a b" }).FindProblems());
        Assert.Single((good with { PromptRate = 44100 }).FindProblems());
        Assert.Single((good with { RequestTimeout = TimeSpan.Zero }).FindProblems());
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddAsterisk(good with { Name = string.Empty }));
        Assert.DoesNotContain("secret-word", good.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_snoop_channel_s_id_tells_call_and_recording()
    {
        var id = CallId.FromChannel("pbx1", "1763780400.7", DateTimeOffset.UnixEpoch);
        var snoop = AriNames.Snoop(id, "r-1.2");
        Assert.True(AriNames.TryReadSnoop(snoop, out var call, out var recording));
        Assert.Equal((id, "r-1.2"), (call, recording));
        var other = AriNames.OtherSnoop(snoop);
        Assert.NotEqual(snoop, other);
        Assert.True(AriNames.TryReadSnoop(other, out call, out recording));
        Assert.Equal((id, "r-1.2"), (call, recording));
        Assert.Equal(snoop, AriNames.OtherSnoop(other));
        Assert.False(AriNames.TryReadSnoop("1763780400.7", out _, out _));
        Assert.False(AriNames.TryReadSnoop("ivrc-", out _, out _));
        Assert.False(AriNames.TryReadSnoop(AriNames.Playback(id, 1) + new string('x', 20), out _, out _));
    }

    [Theory]
    [InlineData("+48221234501", "+48221234501")]
    [InlineData("", null)]
    [InlineData("  ", null)]
    [InlineData("Anonymous", null)]
    [InlineData("anonymous", null)]
    [InlineData("Restricted", null)]
    [InlineData("unknown", null)]
    [InlineData("48\r\n22\u0000\u001b[31m", "4822[31m")]
    public void The_caller_s_number_is_cleaned_and_a_withheld_one_is_none(string sent, string? kept) =>
        Assert.Equal(kept, Arrivals.Make(Options, "c", DateTimeOffset.UnixEpoch, "sales", "100", "s", sent, DateTimeOffset.UnixEpoch).CallerNumber);

    [Fact]
    public void Half_a_character_is_no_number() =>
        Assert.Null(Arrivals.Make(Options, "c", DateTimeOffset.UnixEpoch, null, null, null, new string('\ud83d', 2), DateTimeOffset.UnixEpoch).CallerNumber);

    [Fact]
    public void Hostile_lengths_are_cut()
    {
        var arrival = Arrivals.Make(Options, "c", DateTimeOffset.UnixEpoch, new string('l', 5000), new string('1', 5000), null, new string('2', 5000), DateTimeOffset.UnixEpoch);
        Assert.Equal((128, 128, 128), (arrival.LineArgument!.Length, arrival.CalledNumber.Length, arrival.CallerNumber!.Length));
    }

    [Fact]
    public void Without_a_dialled_number_the_extension_is_taken()
    {
        var arrival = Arrivals.Make(Options, "c", DateTimeOffset.UnixEpoch, null, string.Empty, "22123456", null, DateTimeOffset.UnixEpoch);
        Assert.Equal((null, "22123456"), (arrival.LineArgument, arrival.CalledNumber));
    }

    [Fact]
    public async Task A_recording_in_a_shared_folder_is_looked_at_there()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var wav = FakePbx.Wav(8000, null);
            await File.WriteAllBytesAsync(Path.Combine(folder, "narrow.wav"), wav, Cancel);
            await File.WriteAllBytesAsync(Path.Combine(folder, "wide.wav16"), wav, Cancel);
            Assert.Equal(new StoredRecording("narrow", wav.Length, TimeSpan.FromSeconds(1)), await FindAsync(folder, "narrow"));
            Assert.Equal(new StoredRecording("wide", wav.Length, TimeSpan.FromSeconds(1)), await FindAsync(folder, "wide"));
            Assert.Null(await FindAsync(folder, "none"));

            // That the folder is not there is not the recording's fault.
            await Assert.ThrowsAsync<PbxException>(() => FindAsync(Path.Combine(folder, "elsewhere"), "narrow"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static async Task<StoredRecording?> FindAsync(string folder, string name) =>
            (await StoredRecordings.FindAsync(folder, name, TimeSpan.FromSeconds(10), TimeProvider.System, Cancel))?.Recording;
    }

    [Theory]
    [InlineData("Stasis", "ivrconsent,sales,100,deadline", "sales|100|deadline")]
    [InlineData("Stasis", "ivrconsent", "")]
    [InlineData("StasisBroadcast", "500,^ivrconsent,sales:100:none", "sales|100|none")]
    [InlineData("StasisBroadcast", "500", "")]
    [InlineData("Dial", "PJSIP/agent", null)]
    [InlineData(null, null, null)]
    public void Arguments_are_found_again_in_the_channel(string? application, string? data, string? args) =>
        Assert.Equal(args, Arrivals.ArgumentsOf(application, data) is { } found ? string.Join('|', found) : null);

    [Theory]
    [InlineData(8000, null, 1000)]
    [InlineData(8000, 0u, 1000)]
    [InlineData(8000, uint.MaxValue, 1000)]
    [InlineData(0, null, 0)]
    [InlineData(4, null, 0.5)]
    public void A_recording_is_as_long_as_its_sound_whatever_its_header_claims(int samples, uint? claimed, double milliseconds)
    {
        var wav = FakePbx.Wav(samples, claimed);
        Assert.Equal(milliseconds, StoredRecordings.LengthOf(wav.AsSpan(0, Math.Min(wav.Length, 4096)), wav.Length).TotalMilliseconds);
    }

    [Fact]
    public void Any_bytes_as_a_recording_do_no_harm() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            byte[] head = [.. "RIFF\0\0\0\0WAVE"u8, .. bytes];
            return StoredRecordings.LengthOf(bytes, bytes.Length) >= TimeSpan.Zero && StoredRecordings.LengthOf(head, head.Length) >= TimeSpan.Zero;
        }).QuickCheckThrowOnFailure();

    private static AsteriskOptions Options { get; } = new() { Name = "pbx1", Url = new Uri("http://h/ari"), Username = "u", Password = "p" };
}
