using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IvrConsent.Asterisk.Ari;
using Xunit;

namespace IvrConsent.Adapters.Tests.Asterisk;

public class AriEventReaderTests
{
    private const string StasisStart = """
        {"type":"StasisStart","timestamp":"2026-11-22T03:00:00.123+0000","args":["sales","22123456","deadline"],
         "channel":{"id":"1763780400.7","name":"PJSIP/caller-00000003","state":"Ring","protocol_id":"x","caller":{"name":"A","number":"+48221234501"},
         "connected":{"name":"","number":"999"},"accountcode":"","dialplan":{"context":"from-trunk","exten":"22123456","priority":3,"app_name":"Stasis","app_data":"ivrconsent,sales"},
         "creationtime":"2026-11-22T03:59:59.900+0100","language":"en"},"asterisk_id":"00:11","application":"ivrconsent"}
        """;

    private static readonly string[] Real =
    [
        StasisStart,
        """{"type":"ChannelDtmfReceived","timestamp":"2026-11-22T03:00:05.001+0000","digit":"1","duration_ms":100,"channel":{"id":"1763780400.7","state":"Up"},"application":"ivrconsent"}""",
        """{"type":"PlaybackFinished","timestamp":"2026-11-22T03:00:05.001+0000","playback":{"id":"ivrc-x-p1","media_uri":"sound:a","state":"failed"},"application":"ivrconsent"}""",
        """{"type":"RecordingFailed","timestamp":"2026-11-22T03:00:05.001+0000","recording":{"name":"r","format":"wav","state":"failed","cause":"disk full"},"application":"ivrconsent"}""",
        """{"type":"ChannelDestroyed","timestamp":"2026-11-22T03:00:05.001+0000","cause":16,"cause_txt":"Normal Clearing","channel":{"id":"1763780400.7"},"application":"ivrconsent"}""",
        """{"type":"RESTResponse","transaction_id":"t","request_id":"17","status_code":404,"reason_phrase":"Not Found","uri":"channels/x","content_type":"application/json","message_body":"{\"message\":\"Channel not found\"}","application":"ivrconsent"}""",
    ];

    private readonly AriEvent _event = new();

    [Fact]
    public void A_call_s_start_is_read_whole()
    {
        Assert.Equal(AriReadOutcome.Event, Read(StasisStart));
        Assert.Equal(AriEventType.StasisStart, _event.Type);
        Assert.Equal("1763780400.7", _event.ChannelId);
        Assert.Equal("+48221234501", _event.CallerNumber);
        Assert.Equal("22123456", _event.Extension);
        Assert.Equal(["sales", "22123456", "deadline"], _event.Args);
        Assert.False(_event.ChannelUp);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 3, 0, 0, 123, TimeSpan.Zero), _event.Timestamp);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 2, 59, 59, 900, TimeSpan.Zero), _event.ChannelCreatedAt);
        Assert.Equal(TimeSpan.Zero, _event.Timestamp!.Value.Offset);
    }

    [Fact]
    public void Each_other_event_is_read()
    {
        Assert.Equal(AriReadOutcome.Event, Read(Real[1]));
        Assert.Equal((AriEventType.ChannelDtmfReceived, '1', "1763780400.7", true), (_event.Type, _event.Digit, _event.ChannelId, _event.ChannelUp));
        Read(Real[2]);
        Assert.Equal((AriEventType.PlaybackFinished, "ivrc-x-p1", true), (_event.Type, _event.PlaybackId, _event.PlaybackFailed));
        Read(Real[3]);
        Assert.Equal((AriEventType.RecordingFailed, "r", "disk full"), (_event.Type, _event.RecordingName, _event.RecordingCause));
        Read(Real[4]);
        Assert.Equal((AriEventType.ChannelDestroyed, 16), (_event.Type, _event.Cause));
        Assert.Null(_event.RecordingName);
    }

    [Fact]
    public void A_response_s_body_is_read_when_it_is_wanted()
    {
        var message = Encoding.UTF8.GetBytes(Real[5]);
        Assert.Equal(AriReadOutcome.Event, AriEventReader.Read(message, _event));
        Assert.Equal((17, 404), (_event.RequestId, _event.StatusCode));
        Assert.Equal("""{"message":"Channel not found"}""", Encoding.UTF8.GetString(AriEventReader.ReadBody(message, _event.Body)!));
    }

    [Theory]
    [InlineData("""{"type":"ChannelVarset","variable":"X"}""", AriReadOutcome.Ignored)]
    [InlineData("""{"type":7}""", AriReadOutcome.Ignored)]
    [InlineData("""{"type":["StasisStart"]}""", AriReadOutcome.Ignored)]
    [InlineData("{}", AriReadOutcome.Ignored)]
    [InlineData("", AriReadOutcome.Garbage)]
    [InlineData("null", AriReadOutcome.Garbage)]
    [InlineData("[]", AriReadOutcome.Garbage)]
    [InlineData("{\"type\":\"StasisStart\"", AriReadOutcome.Garbage)]
    [InlineData("{\"type\":\"StasisStart\"} trailing", AriReadOutcome.Garbage)]
    [InlineData("<html>502 Bad Gateway</html>", AriReadOutcome.Garbage)]
    internal void What_is_no_event_of_ours_is_said_to_be_so(string message, AriReadOutcome outcome) => Assert.Equal(outcome, Read(message));

    [Fact]
    public void A_member_of_the_wrong_type_is_as_good_as_absent_and_the_rest_still_counts()
    {
        Assert.Equal(AriReadOutcome.Event, Read("""{"type":"StasisStart","timestamp":17,"args":{"a":[1]},"channel":{"id":"c","state":{"x":"Up"},"caller":[{"number":"1"}],"dialplan":"s","creationtime":null},"digit":["1"],"cause":"16","playback":[],"recording":null}"""));
        Assert.Equal("c", _event.ChannelId);
        Assert.Null(_event.Timestamp);
        Assert.Null(_event.CallerNumber);
        Assert.Null(_event.Cause);
        Assert.Empty(_event.Args);
        Assert.Equal('\0', _event.Digit);
    }

    [Fact]
    public void A_name_in_some_old_code_page_does_not_lose_the_call()
    {
        var message = Encoding.Latin1.GetBytes("""{"type":"StasisStart","channel":{"id":"c","caller":{"name":"J\u00f3","number":"12ó\ud800"}}}""");
        Assert.Equal(AriReadOutcome.Event, AriEventReader.Read(message, _event));
        Assert.Equal("c", _event.ChannelId);
        Assert.NotNull(_event.CallerNumber);
    }

    [Fact]
    public void Deep_nesting_is_garbage_not_a_stack_overflow()
    {
        var deep = """{"type":"StasisStart","x":""" + new string('[', 100_000) + new string(']', 100_000) + "}";
        Assert.Equal(AriReadOutcome.Garbage, Read(deep));
    }

    [Fact]
    public void Any_bytes_come_in_and_no_exception_goes_out() =>
        Prop.ForAll<byte[]>(bytes => Survives(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Mutated_real_events_come_in_and_no_exception_goes_out()
    {
        var mutated =
            from message in Gen.Elements(Real)
            from count in Gen.Choose(1, 8)
            from places in Gen.Choose(0, message.Length - 1).ListOf(count)
            from values in Gen.Choose(0, 255).ListOf(count)
            from cut in Gen.Choose(0, 3)
            select Mutate(message, [.. places], [.. values], cut);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(mutated.ToArbitrary(), Survives));
    }

    private static byte[] Mutate(string message, int[] places, int[] values, int cut)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        for (var i = 0; i < places.Length; i++)
        {
            bytes[places[i]] = (byte)values[i];
        }

        return cut == 0 ? bytes[..places[0]] : bytes;
    }

    private static bool Survives(byte[] bytes)
    {
        var e = new AriEvent();
        var outcome = AriEventReader.Read(bytes, e);
        _ = AriEventReader.ReadBody(bytes, e.Body);
        return Enum.IsDefined(outcome);
    }

    private AriReadOutcome Read(string message) => AriEventReader.Read(Encoding.UTF8.GetBytes(message), _event);
}
