using System.Net;
using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Consent;
using IvrConsent.Core.Ledger;
using IvrConsent.Core.Subjects;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace IvrConsent.Host.Tests.Api;

/// <summary>What the endpoints do.</summary>
public sealed class ApiEndpointTests
{
    [Fact]
    public async Task A_call_is_shown_with_its_number_masked()
    {
        await using var scene = await ApiScene.StartAsync();
        var call = await scene.AddCallAsync("worker-2", over: true);
        var answer = await scene.GetAsync($"calls/{call}", scene.Key());

        Assert.Equal(("worker-2", true, "+48 22 ••• •• 01"), (answer.Json["worker"]!.GetValue<string>(), answer.Json["over"]!.GetValue<bool>(), answer.Json["caller_number"]!.GetValue<string>()));
        Assert.Equal(["CallArrived", "CallEnded"], answer.Json["events"]!.AsArray().Select(one => one!["event"]!["type"]!.GetValue<string>()));
        Assert.DoesNotContain("1234501", answer.Text, StringComparison.Ordinal);
        (await scene.GetAsync("calls/00000000000000000000000000000000", scene.Key())).Problem(HttpStatusCode.NotFound);
        (await scene.GetAsync("calls/..%2f..%2fetc", scene.Key())).Problem(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("withdraw")]
    public async Task An_order_reaches_the_call_with_actor_and_reason(string order)
    {
        await using var scene = await ApiScene.StartAsync();
        var call = await scene.AddCallAsync("worker-1", over: false);
        var key = scene.Keys.Add("crm", ApiScene.Tomorrow, "calls.control");
        Assert.Equal(HttpStatusCode.OK, (await scene.PostAsync($"calls/{call}/{order}", key, new { reason = "card number" })).Status);
        Assert.Equal([$"{order} {call} by crm: card number"], scene.Control.Orders);
        Assert.Equal(["purposes"], (await scene.PostAsync($"calls/{call}/{order}", key, new { reason = "x", purposes = new[] { "offers" } })).Fields());
        Assert.Equal(["reason"], (await scene.PostAsync($"calls/{call}/{order}", key, new { })).Fields());
        Assert.Single(scene.Control.Orders);
    }

    [Fact]
    public async Task Reclassifying_names_the_purposes()
    {
        await using var scene = await ApiScene.StartAsync();
        var call = await scene.AddCallAsync("worker-1", over: false);
        var key = scene.Keys.Add("crm", ApiScene.Tomorrow, "calls.control");
        await scene.PostAsync($"calls/{call}/reclassify", key, new { reason = "contract", purposes = new[] { "contract", "service" } });
        Assert.Equal([$"reclassify contract+service {call} by crm: contract"], scene.Control.Orders);
        Assert.Equal(["purposes"], (await scene.PostAsync($"calls/{call}/reclassify", key, new { reason = "x" })).Fields());
        Assert.Equal(["purposes"], (await scene.PostAsync($"calls/{call}/reclassify", key, new { reason = "x", purposes = new[] { "No Such" } })).Fields());
    }

    [Theory]
    [InlineData(ControlOutcome.NotAllowed, HttpStatusCode.Conflict)]
    [InlineData(ControlOutcome.Failed, HttpStatusCode.BadGateway)]
    public async Task What_a_call_does_not_do_is_said(ControlOutcome outcome, HttpStatusCode status)
    {
        await using var scene = await ApiScene.StartAsync();
        scene.Control.Answer = new ControlResult(outcome, "because");
        var call = await scene.AddCallAsync("worker-1", over: false);
        Assert.Equal("because", (await scene.PostAsync($"calls/{call}/pause", scene.Key(), new { reason = "x" })).Problem(status)["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_call_that_this_worker_does_not_have_is_unknown_over_or_another_workers()
    {
        await using var scene = await ApiScene.StartAsync();
        scene.Control.Answer = new ControlResult(ControlOutcome.NotFound, "");
        var (other, over, key) = (await scene.AddCallAsync("worker-2", over: false), await scene.AddCallAsync("worker-2", over: true), scene.Key());
        Assert.Equal("worker-2", (await scene.PostAsync($"calls/{other}/pause", key, new { reason = "x" })).Problem(HttpStatusCode.Conflict)["worker"]!.GetValue<string>());
        Assert.Null((await scene.PostAsync($"calls/{over}/pause", key, new { reason = "x" })).Problem(HttpStatusCode.Conflict)["worker"]);
        (await scene.PostAsync("calls/00000000000000000000000000000000/pause", key, new { reason = "x" })).Problem(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_consent_of_a_call_that_is_over_can_be_withdrawn()
    {
        await using var scene = await ApiScene.StartAsync();
        scene.Control.Answer = new ControlResult(ControlOutcome.NotFound, "");
        var (over, running, key) = (await scene.AddCallAsync("worker-1", over: true), await scene.AddCallAsync("worker-2", over: false), scene.Keys.Add("desk", ApiScene.Tomorrow, ApiScopes.CallsControl));
        (await scene.PostAsync($"calls/{over}/withdraw", key, new { reason = "letter 7" })).Problem(HttpStatusCode.Conflict);
        var at = new DateTimeOffset(2026, 3, 1, 10, 0, 9, TimeSpan.Zero);
        await scene.Ledger.AppendAsync(new LedgerBatch(null, [new LedgerEntry(Guid.NewGuid(), over, 3, at, new ConsentGiven('1', at, 1, 0))]));

        var answer = await scene.PostAsync($"calls/{over}/withdraw", key, new { reason = "letter 7" });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("erased", answer.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        var withdrawn = Assert.IsType<ConsentWithdrawn>(scene.Ledger.Of(over)[^1].Event);
        Assert.Equal(("", WithdrawalScope.Call, WithdrawalAction.Erase, "desk", "letter 7"), (withdrawn.Keys, withdrawn.Scope, withdrawn.Action, withdrawn.By, withdrawn.Reason));
        (await scene.PostAsync($"calls/{over}/withdraw", key, new { reason = "again" })).Problem(HttpStatusCode.Conflict);
        Assert.Equal("worker-2", (await scene.PostAsync($"calls/{running}/withdraw", key, new { reason = "x" })).Problem(HttpStatusCode.Conflict)["worker"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_entry_is_in_the_ledger_with_the_keys_name_and_is_found_again()
    {
        await using var scene = await ApiScene.StartAsync();
        var clerk = scene.Keys.Add("clerk", ApiScene.Tomorrow, "consents.write");
        var body = ApiScene.Entry();
        body["expires_at"] = "2099-01-01";
        body["notice"] = "recording";
        body["notice_version"] = "7";
        body["line"] = "demo";
        var answer = await scene.PostAsync("consents", clerk, body);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        var entry = Assert.Single(scene.Ledger.Entries);
        Assert.Equal(entry.EventId, answer.Json["event_id"]!.GetValue<Guid>());
        var entered = Assert.IsType<ConsentEntered>(entry.Event);
        Assert.Equal((EntryStatus.Given, EntrySource.StaffWritten, "clerk", "DOC-17"), (entered.Status, entered.Source, entered.Actor, entered.Reference));
        Assert.DoesNotContain("1234501", LedgerJson.Write(entered), StringComparison.Ordinal);
        var found = (await scene.PostAsync("consents/lookup", scene.Key(), new { number = "0048 22 1234501", reason = "call 7" })).Json["purposes"]![0]!;
        Assert.Equal(("offers", "Given", true, "demo"), (found["purpose"]!.GetValue<string>(), found["status"]!.GetValue<string>(), found["holds"]!.GetValue<bool>(), found["line"]!.GetValue<string>()));
        Assert.False((await scene.PostAsync("consents/lookup", scene.Key(), new { number = "+4811", reason = "call 8" })).Json["known"]!.GetValue<bool>());
        var searches = scene.Ledger.Entries.Select(one => one.Event).OfType<NumberSearched>();
        Assert.Equal(["call 7", "call 8"], searches.Select(search => search.Reason));
        Assert.Equal(["reason"], (await scene.PostAsync("consents/lookup", scene.Key(), new { number = "+4811" })).Fields());
        Assert.Equal(["number", "reason"], (await scene.PostAsync("consents/lookup", scene.Key(), new { number = "--", reason = " " })).Fields());
        Assert.Equal(2, searches.Count());
    }

    [Theory]
    [InlineData("number", "")]
    [InlineData("number", "  --  ")]
    [InlineData("status", "Given")]
    [InlineData("status", "0")]
    [InlineData("source", "import")]
    [InlineData("source", "sms")]
    [InlineData("reference", "")]
    [InlineData("reference", "a\u0007b")]
    [InlineData("given_at", "yesterday")]
    [InlineData("given_at", "2999-01-01")]
    [InlineData("given_at", "2026-03-01T12:00:00")]
    [InlineData("given_at", "0001-01-01")]
    [InlineData("expires_at", "2026-02-01")]
    [InlineData("language", "english!")]
    [InlineData("line", "no-such-line")]
    public async Task A_field_that_cannot_be_is_named_and_nothing_is_entered(string field, string value)
    {
        await using var scene = await ApiScene.StartAsync();
        var body = ApiScene.Entry();
        body[field] = value;
        Assert.Equal([field], (await scene.PostAsync("consents", scene.Key(), body)).Fields());
        body[field] = "";
        Assert.Empty(scene.Ledger.Entries);
    }

    [Theory]
    [InlineData("given", "*")]
    [InlineData("given", "Offers")]
    [InlineData("opted-out", "a b")]
    public async Task Purposes_are_checked(string status, string purpose)
    {
        await using var scene = await ApiScene.StartAsync();
        Assert.Equal(["purposes"], (await scene.PostAsync("consents", scene.Key(), ApiScene.Entry(status, purpose))).Fields());
    }

    [Fact]
    public async Task A_purpose_that_the_settings_do_not_describe_is_refused_with_those_that_there_are()
    {
        await using var scene = await ApiScene.StartAsync(described: ["offers", "service"]);
        var key = scene.Key();
        var refused = await scene.PostAsync("consents", key, ApiScene.Entry(purpose: "ofers"));
        Assert.Equal(["purposes"], refused.Fields());
        Assert.Contains("did you mean offers?", refused.Text, StringComparison.Ordinal);
        Assert.Contains("offers, service", refused.Text, StringComparison.Ordinal);
        Assert.Equal(["purpose"], (await scene.PostAsync("outbound/check", key, new { number = ApiScene.Number, purpose = "ofers" })).Fields());
        Assert.Empty(scene.Ledger.Entries);

        var entered = (await scene.PostAsync("consents", key, ApiScene.Entry())).Json["event_id"]!.GetValue<Guid>();
        var instead = ApiScene.Entry("refused", "ofers");
        instead.Remove("number");
        Assert.Equal(["instead.purposes"], (await scene.PostAsync($"events/{entered}/corrections", key, new { reason = "typed wrongly", instead })).Fields());
        Assert.Equal(HttpStatusCode.Created, (await scene.PostAsync("consents", key, ApiScene.Entry("opted-out", "*"))).Status);
    }

    [Fact]
    public async Task A_correction_takes_the_place_of_what_it_corrects()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        var wrong = (await scene.PostAsync("consents", key, ApiScene.Entry())).Json["event_id"]!.GetValue<Guid>();
        var instead = ApiScene.Entry("refused");
        instead.Remove("number");
        Assert.Equal(HttpStatusCode.Created, (await scene.PostAsync($"events/{wrong}/corrections", key, new { reason = "typed wrongly", instead })).Status);
        Assert.Equal("Refused", (await scene.PostAsync("consents/lookup", key, new { number = ApiScene.Number, reason = "call 7" })).Json["purposes"]![0]!["status"]!.GetValue<string>());

        (await scene.PostAsync($"events/{Guid.NewGuid()}/corrections", key, new { reason = "x" })).Problem(HttpStatusCode.NotFound);
        (await scene.PostAsync("events/nonsense/corrections", key, new { reason = "x" })).Problem(HttpStatusCode.NotFound);
        (await scene.PostAsync($"events/{scene.Ledger.Entries.Last(entry => entry.Event is EntryCorrected).EventId}/corrections", key, new { reason = "x" })).Problem(HttpStatusCode.Conflict);
        Assert.Equal(["instead"], (await scene.PostAsync($"events/{wrong}/corrections", key, new { reason = "x", instead = ApiScene.Entry() })).Fields());
        Assert.Equal(["reason", "instead.status"], (await scene.PostAsync($"events/{wrong}/corrections", key, new { instead = new { purposes = instead["purposes"], source = "staff-spoken", reference = "x", given_at = "2026-03-01" } })).Fields());
    }

    [Fact]
    public async Task Whether_to_call_is_answered_and_on_record()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Keys.Add("dialer", ApiScene.Tomorrow, "outbound.check", "consents.write");
        Assert.Equal((false, "no-consent"), await CheckAsync("offers"));
        Assert.Equal((true, "other-basis"), await CheckAsync("service"));
        Assert.Equal((false, "no-consent"), await CheckAsync("never-heard-of"));
        var basis = (await scene.PostAsync("consents", key, ApiScene.Entry())).Json["event_id"]!.GetValue<Guid>();
        Assert.Equal((true, "consent"), await CheckAsync("offers"));
        await scene.PostAsync("consents", key, ApiScene.Entry("opted-out", "*"));
        Assert.Equal((false, "opted-out"), await CheckAsync("offers"));
        Assert.Equal((false, "opted-out"), await CheckAsync("service"));

        var used = scene.Ledger.Entries.Select(entry => entry.Event).OfType<ConsentUsed>().ToArray();
        Assert.Equal(6, used.Length);
        Assert.Equal(new ConsentUsed(basis, "offers", "dialer", true, "consent"), used[3]);

        async Task<(bool, string)> CheckAsync(string purpose)
        {
            var json = (await scene.PostAsync("outbound/check", key, new { number = ApiScene.Number, purpose })).Json;
            return (json["allowed"]!.GetValue<bool>(), json["reason"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_dialplan_asks_by_form_and_reads_one_word()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        Assert.Equal("no no-consent", await AskAsync(("number", ApiScene.Number), ("purpose", "offers")));
        await scene.PostAsync("consents", key, ApiScene.Entry());
        Assert.Equal("yes consent", await AskAsync(("number", ApiScene.Number), ("purpose", "offers"), ("line", "demo")));
        Assert.StartsWith("{\"type\":\"urn:", await AskAsync(("number", ""), ("purpose", "offers")), StringComparison.Ordinal);
        Assert.StartsWith("{\"type\":\"urn:", await AskAsync(("nummer", ApiScene.Number)), StringComparison.Ordinal);

        async Task<string> AskAsync(params (string, string)[] fields) =>
            (await scene.SendAsync(HttpMethod.Post, "outbound/check", key, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Item1, field.Item2))), "text/plain")).Text;
    }

    [Fact]
    public async Task Nobody_is_called_and_nothing_is_entered_when_the_ledger_takes_nothing()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        await scene.PostAsync("consents", key, ApiScene.Entry());
        scene.Ledger.Fault = _ => (AppendResult.Lost, TimeSpan.Zero);
        Assert.False((await scene.PostAsync("outbound/check", key, new { number = ApiScene.Number, purpose = "offers" })).Json["allowed"]!.GetValue<bool>());
        (await scene.PostAsync("consents", key, ApiScene.Entry())).Problem(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Without_a_mapping_of_numbers_what_is_about_persons_is_not_there()
    {
        await using var scene = await ApiScene.StartAsync(services => services.RemoveAll<ISubjects>());
        (await scene.PostAsync("consents", scene.Key(), ApiScene.Entry())).Problem(HttpStatusCode.NotFound);
        Assert.DoesNotContain("/api/v1/consents", (await scene.GetAsync("openapi.json", null)).Json["paths"]!.AsObject().Select(path => path.Key));
    }
}
