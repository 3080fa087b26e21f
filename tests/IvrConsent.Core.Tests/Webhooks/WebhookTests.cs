using System.Text.Json.Nodes;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Webhooks;
using IvrConsent.TestKit.Fakes;
using Xunit;

namespace IvrConsent.Core.Tests.Webhooks;

public sealed class WebhookTests
{
    private static readonly WebhookOptions Plain = new() { Name = "crm", Url = new Uri("https://crm.example.com") };

    private readonly RecordScene _scene = new();

    // The example of the Standard Webhooks specification and its libraries.
    [Fact]
    public void The_signature_is_that_of_the_specification_s_example()
    {
        var key = WebhookSignature.ReadSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;

        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", DateTimeOffset.FromUnixTimeSeconds(1614265330), "{\"test\": 2432232314}"));
    }

    [Theory]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64 at all, whatever it is.")]
    public void A_secret_that_is_none_is_refused(string written) => Assert.Null(WebhookSignature.ReadSecret(written));

    [Fact]
    public void Without_fields_nothing_personal_is_sent()
    {
        CallEvent[] facts =
        [
            RecordScene.Heard(),
            new ConsentGiven('1', RecordScene.Start, 1, 0) { Mode = ConsentMode.Explicit, Purposes = ["quality"], Keys = "*1" },
            new RecordingPaused("ivrc-1", "agent:smith"),
            new RecordingErased("ivrc-1", "asked for by Smith"),
            new PurposesChanged(["contract"], "smith", "the caller told his name"),
            new ConsentWithdrawn("*9", RecordScene.Start, WithdrawalScope.Call, WithdrawalAction.Erase),
            new CallEnded(ConsentStatus.Withdrawn, Termination.Completed, true, 1000, 16, "Smith again"),
        ];
        var lines = _scene.Call("PJSIP/smith-0001", RecordScene.Person, facts);
        foreach (var line in lines.Where(line => Plain.Wants(line.Entry.Event)))
        {
            var body = WebhookBody.Write(Plain, line, lines);
            Assert.DoesNotContain("smith", body, StringComparison.OrdinalIgnoreCase);
            Assert.False(RecordScene.SaysNumber(body), body);
            Assert.DoesNotContain(RecordScene.Person.ToString(), body, StringComparison.Ordinal);
            Assert.DoesNotContain("*", body, StringComparison.Ordinal);
            Assert.False(JsonNode.Parse(body)!["data"]!.AsObject().ContainsKey("key"));
        }
    }

    [Fact]
    public void What_a_webhook_is_configured_to_get_it_gets()
    {
        var all = Plain with { Fields = WebhookFields.All };
        var lines = _scene.Given(RecordScene.Person);
        var data = JsonNode.Parse(WebhookBody.Write(all, lines[2], lines))!["data"]!;

        Assert.Equal("+48 601 234 567", (string?)data["caller_number"]);
        Assert.Equal("100", (string?)data["called_number"]);
        Assert.Equal(RecordScene.Person.ToString(), (string?)data["subject"]);
        Assert.Equal("1", (string?)data["key"]);
    }

    [Fact]
    public void The_purposes_are_those_granted_by_then()
    {
        var lines = _scene.Call(
            "1",
            null,
            new ConsentGiven('1', RecordScene.Start, 1, 0) { Purposes = ["quality", "training"] },
            new PurposesChanged(["quality"], "dialplan", "-"),
            new ConsentWithdrawn("*9", RecordScene.Start, WithdrawalScope.Call, WithdrawalAction.Erase));

        Assert.Equal([[], ["quality", "training"], ["quality"], []], lines.Select(line => WebhookBody.GrantedBy(line, lines)));
    }

    [Theory]
    [InlineData(ConsentStatus.Given, 1)]
    [InlineData(ConsentStatus.Refused, 0)]
    public void A_recording_that_is_ready_has_the_purposes_of_an_answer_given_before(ConsentStatus status, int granted)
    {
        var lines = _scene.Call(
            "1",
            null,
            new ConsentReused(Guid.NewGuid(), status, ["quality"], RecordScene.Start, RecordScene.Start.AddDays(30), "asked before"),
            new RecordingStored("ivrc-1", "ivrc-1.1.age", 1, new string('a', 64), 1000, RecordScene.Start.AddDays(30)));
        var message = JsonNode.Parse(WebhookBody.Write(Plain, lines[^1], lines))!;
        Assert.Equal("recording.ready", (string?)message["type"]);
        Assert.Equal(granted, message["data"]!["purposes"]!.AsArray().Count);
        Assert.Equal((1000, "ivrc-1"), ((int?)message["data"]!["length_ms"], (string?)message["data"]!["recording"]));
    }

    [Fact]
    public void A_quarantined_recording_is_for_nothing_until_it_is_released_for_something()
    {
        var lines = _scene.Call(
            "1",
            null,
            new ConsentGiven('1', RecordScene.Start, 1, 0) { Purposes = ["quality", "training"] },
            new RecordingQuarantined("ivrc-1", "its consent is not proved"),
            new RecordingReleased("ivrc-1", ["quality"], RecordScene.Start.AddDays(30), "anna", "heard by two"),
            new RecordingStored("ivrc-2", "ivrc-2.1.age", 1, new string('a', 64), 1000, RecordScene.Start.AddDays(30)));
        var messages = lines.TakeLast(3).Select(line => JsonNode.Parse(WebhookBody.Write(Plain, line, lines))!).ToList();

        Assert.Equal(["recording.quarantined", "recording.released", "recording.ready"], messages.Select(message => (string?)message["type"]));
        Assert.Equal([0, 1, 2], messages.Select(message => message["data"]!["purposes"]!.AsArray().Count));
        Assert.Equal("quality", (string?)messages[1]["data"]!["purposes"]![0]);
        Assert.All(messages, message => Assert.True(message["data"]!["reason"] is null && message["data"]!["actor"] is null));
    }

    [Fact]
    public void Terms_and_notices_are_no_webhook_s_business()
    {
        Assert.False(Plain.Wants(RecordScene.Heard()));
        Assert.False(Plain.Wants(new TermsInForce("", "", "")));
        Assert.True(Plain.Wants(RecordScene.Ended));
        Assert.False((Plain with { Events = ["consent.given"] }).Wants(RecordScene.Ended));
    }

    [Theory]
    [InlineData(204, WebhookResult.Delivered)]
    [InlineData(301, WebhookResult.Refused)]
    [InlineData(400, WebhookResult.Refused)]
    [InlineData(408, WebhookResult.Unavailable)]
    [InlineData(429, WebhookResult.Unavailable)]
    [InlineData(503, WebhookResult.Unavailable)]
    public void A_status_says_whether_others_are_worth_trying(int status, WebhookResult result) => Assert.Equal(result, WebhookRetryPolicy.Judge(status));

    [Fact]
    public void Attempts_are_further_and_further_apart_and_end()
    {
        var delays = Enumerable.Range(1, WebhookRetryPolicy.Attempts).Select(attempt => WebhookRetryPolicy.NextAfter(attempt, 0.5)).ToArray();

        Assert.Null(delays[^1]);
        Assert.Equal(delays[..^1].Order(), delays[..^1]);
        Assert.InRange(delays[..^1].Sum(delay => delay!.Value.TotalDays), 3, 4);
        Assert.Equal(4, WebhookRetryPolicy.NextAfter(1, 0)!.Value.TotalSeconds, 3);
        Assert.Equal(6, WebhookRetryPolicy.NextAfter(1, 1)!.Value.TotalSeconds, 3);
        Assert.InRange(WebhookRetryPolicy.PauseAfter(1000, 1).TotalSeconds, 1, 360);
    }
}
