using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IvrConsent.Core.Ledger;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Host.Tests.Api;

/// <summary>Consent by text message: the question through a real HTTP server that plays the gateway, and the answer back.</summary>
public sealed class SmsTests : IAsyncLifetime
{
    private const string Key = "shared-with-the-gateway";

    private readonly ConcurrentQueue<(string Authorization, string Type, string Body)> _sent = new();
    private WebApplication _gateway = null!;
    private ApiScene _scene = null!;
    private string _key = "";
    private int _status = 200;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Now => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _gateway = builder.Build();
        _gateway.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            _sent.Enqueue((context.Request.Headers.Authorization.ToString(), context.Request.ContentType!, await reader.ReadToEndAsync()));
            context.Response.StatusCode = _status;
        });
        await _gateway.StartAsync(Cancel);
        await UseAsync("application/json", """{"to":{number},"text":{text},"ref":{id}}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _scene.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task A_yes_to_a_question_is_a_consent_with_the_questions_purposes_and_notice()
    {
        var asked = await AskAsync();
        Assert.Equal((HttpStatusCode.Accepted, "asked"), (asked.Status, asked.Json["outcome"]!.GetValue<string>()));
        var sent = Assert.Single(_sent);
        Assert.Equal(("Token wholly-secret", "application/json; charset=utf-8"), (sent.Authorization, sent.Type));
        var message = JsonNode.Parse(sent.Body)!;
        var request = Assert.IsType<ConsentRequested>(Assert.Single(_scene.Ledger.Entries).Event);
        Assert.Equal((ApiScene.Number, "Offers by phone? Answer TAK or NIE. \"{number}\"", request.Reference), (message["to"]!.GetValue<string>(), message["text"]!.GetValue<string>(), message["ref"]!.GetValue<string>()));

        Assert.Equal("entered", await AnswerAsync("m1", " Tak! "));
        var entered = Assert.IsType<ConsentEntered>(_scene.Ledger.Entries[^1].Event);
        Assert.Equal((EntryStatus.Given, EntrySource.Sms, "m1", "offers", "recording", "7", "pl"), (entered.Status, entered.Source, entered.Reference, entered.Purposes.Single(), entered.Notice, entered.NoticeVersion, entered.Language));
        Assert.True(await MayCallAsync());
    }

    [Theory]
    [InlineData("nie", "entered", EntryStatus.Refused)]
    [InlineData("No thank you", "entered", EntryStatus.Refused)]
    [InlineData("STOP", "entered", EntryStatus.OptedOut)]
    [InlineData("stop sending me this", "entered", EntryStatus.OptedOut)]
    [InlineData("tak, ale dopiero jutro", "unclear", null)]
    [InlineData("yes", "unclear", null)]
    [InlineData("", "unclear", null)]
    [InlineData("😀", "unclear", null)]
    public async Task Other_answers_are_what_they_say(string text, string outcome, EntryStatus? status)
    {
        await AskAsync();
        Assert.Equal(outcome, await AnswerAsync("m1", text));
        Assert.Equal(status, (_scene.Ledger.Entries[^1].Event as ConsentEntered)?.Status);
        Assert.False(await MayCallAsync());
    }

    [Fact]
    public async Task The_same_message_twice_counts_once()
    {
        await AskAsync();
        var at = Now;
        Assert.Equal("entered", await AnswerAsync("m1", "tak", at));
        Assert.Equal("already-there", await AnswerAsync("m1", "tak", at));
        Assert.Single(_scene.Ledger.Entries, entry => entry.Event is ConsentEntered);
    }

    [Fact]
    public async Task Without_a_question_a_yes_is_nothing_and_a_stop_counts_all_the_same()
    {
        Assert.Equal("no-question", await AnswerAsync("m1", "tak"));
        Assert.Equal("no-question", await AnswerAsync("m2", "nie"));
        Assert.Empty(_scene.Ledger.Entries);
        Assert.Equal("entered", await AnswerAsync("m3", "Stop."));
        Assert.Equal(["*"], Assert.IsType<ConsentEntered>(Assert.Single(_scene.Ledger.Entries).Event).Purposes);
        (await AskAsync()).Problem(HttpStatusCode.Conflict);
        Assert.IsType<NumberSearched>(_scene.Ledger.Entries[^1].Event); // it told how the person stands
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task An_answer_from_long_before_the_question_is_none()
    {
        await AskAsync();
        Assert.Equal("no-question", await AnswerAsync("m1", "tak", "2020-01-01T00:00:00Z"));
    }

    [Fact]
    public async Task The_gateway_may_sign_in_place_of_a_key()
    {
        await AskAsync();
        var body = JsonSerializer.Serialize(new { id = "m1", from = ApiScene.Number, text = "tak", received_at = Now });
        Assert.Equal(HttpStatusCode.OK, (await PostSignedAsync(body, Sign(body))).Status);
        (await PostSignedAsync(body.Replace("tak", "nie", StringComparison.Ordinal), Sign(body))).Problem(HttpStatusCode.Unauthorized);
        (await PostSignedAsync(body, "")).Problem(HttpStatusCode.Unauthorized);
        (await _scene.SendAsync(HttpMethod.Post, "sms/inbound", null, ApiScene.Json(body))).Problem(HttpStatusCode.Unauthorized);
        (await _scene.SendAsync(HttpMethod.Post, "sms/inbound", _scene.Key("calls.read"), ApiScene.Json(body))).Problem(HttpStatusCode.Forbidden);
        Assert.Single(_scene.Ledger.Entries, entry => entry.Event is ConsentEntered { Actor: "sms-gateway" });
    }

    [Fact]
    public async Task What_the_gateway_does_not_take_is_said()
    {
        _status = 503;
        Assert.Contains("503", (await AskAsync()).Problem(HttpStatusCode.BadGateway)["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single(_sent);
        await _gateway.StopAsync(Cancel);
        (await AskAsync()).Problem(HttpStatusCode.BadGateway);
        Assert.DoesNotContain(ApiScene.Number, _scene.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_sent_that_is_not_on_record()
    {
        _scene.Ledger.Fault = _ => (AppendResult.Lost, TimeSpan.Zero);
        (await AskAsync()).Problem(HttpStatusCode.ServiceUnavailable);
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task A_form_is_filled_in_encoded()
    {
        await _scene.DisposeAsync();
        await UseAsync("application/x-www-form-urlencoded", "to={number}&text={text}");
        await AskAsync();
        Assert.Equal("to=%2B48221234501&text=Offers%20by%20phone%3F%20Answer%20TAK%20or%20NIE.%20%22%7Bnumber%7D%22", Assert.Single(_sent).Body);
    }

    [Fact]
    public async Task Fields_that_cannot_be_are_named()
    {
        Assert.Equal(["number", "purposes", "language", "text"], (await _scene.PostAsync("sms/ask", _key, new { })).Fields());
        Assert.Equal(["from", "id", "received_at", "text"], (await _scene.PostAsync("sms/inbound", _key, new { })).Fields().OrderBy(field => Array.IndexOf(["from", "id", "received_at", "text"], field)));
    }

    private async Task UseAsync(string type, string body)
    {
        var settings = new SmsSettings(new Uri(_gateway.Urls.First()), new Secret("Token wholly-secret"), type, body, new Secret(Key));
        _scene = await ApiScene.StartAsync(services => services.AddSingleton(new SmsGateway(settings)));
        _key = _scene.Key();
    }

    private Task<ApiAnswer> AskAsync() => _scene.PostAsync(
        "sms/ask", _key, new { number = ApiScene.Number, purposes = new[] { "offers" }, language = "pl", text = "Offers by phone? Answer TAK or NIE. \"{number}\"", notice = "recording", notice_version = "7" });

    private async Task<string> AnswerAsync(string id, string text, string? at = null) =>
        (await _scene.PostAsync("sms/inbound", _key, new { id, from = "0048221234501", text, received_at = at ?? Now })).Json["outcome"]!.GetValue<string>();

    private async Task<bool> MayCallAsync() =>
        (await _scene.PostAsync("outbound/check", _key, new { number = ApiScene.Number, purpose = "offers" })).Json["allowed"]!.GetValue<bool>();

    private static string Sign(string body) => $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(body)))}";

    private async Task<ApiAnswer> PostSignedAsync(string body, string signature)
    {
        using var content = ApiScene.Json(body);
        return await _scene.SendAsync(HttpMethod.Post, "sms/inbound", null, content, signature: signature);
    }
}
