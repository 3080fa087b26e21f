using System.Net;
using System.Text.Json.Nodes;
using IvrConsent.Core.Access;
using IvrConsent.Host.Api;
using IvrConsent.Storage.Database;
using Xunit;

namespace IvrConsent.Host.Tests.Api;

/// <summary>Who is let in, and what everybody else gets.</summary>
public sealed class ApiAccessTests
{
    private static readonly (string Method, string Path, string Scope)[] Endpoints =
    [
        ("GET", "calls/0123456789abcdef0123456789abcdef", ApiScopes.CallsRead),
        ("POST", "calls/0123456789abcdef0123456789abcdef/pause", ApiScopes.CallsControl),
        ("POST", "calls/0123456789abcdef0123456789abcdef/reclassify", ApiScopes.CallsControl),
        ("POST", "consents", ApiScopes.ConsentsWrite),
        ("POST", "consents/lookup", ApiScopes.ConsentsRead),
        ("POST", "events/0123456789abcdef0123456789abcdef/corrections", ApiScopes.ConsentsWrite),
        ("POST", "outbound/check", ApiScopes.OutboundCheck),
    ];

    [Fact]
    public async Task Every_endpoint_opens_with_its_scope_alone()
    {
        await using var scene = await ApiScene.StartAsync();
        foreach (var (method, path, scope) in Endpoints)
        {
            var others = scene.Key([.. ApiScopes.All.Where(other => other != scope)]);
            var refused = (await SendAsync(scene, method, path, others)).Problem(HttpStatusCode.Forbidden);
            Assert.Contains(scope, refused["detail"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.DoesNotContain((await SendAsync(scene, method, path, scene.Key(scope))).Status, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden });
        }
    }

    [Fact]
    public async Task No_endpoint_is_forgotten_here()
    {
        await using var scene = await ApiScene.StartAsync();
        var document = (await scene.GetAsync("openapi.json", null)).Json;
        var paths = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (Path: path.Key, Operation: operation.Value!))).ToArray();
        Assert.Equal(6, paths.Length);
        Assert.All(paths, one => Assert.NotNull(one.Operation["security"]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ivrc_")]
    [InlineData("ivrc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("' OR 1=1 --")]
    public async Task Without_a_key_that_is_known_there_is_nothing(string? key)
    {
        await using var scene = await ApiScene.StartAsync();
        var answer = await scene.PostAsync("consents", key, ApiScene.Entry());
        answer.Problem(HttpStatusCode.Unauthorized);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Empty(scene.Ledger.Entries);
    }

    [Fact]
    public async Task A_form_may_bring_the_key_where_a_dialplan_asks_and_nowhere_else()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        Assert.Equal(HttpStatusCode.OK, (await SendFormAsync("outbound/check", key)).Status);
        (await SendFormAsync("outbound/check", ApiKeySecret.New())).Problem(HttpStatusCode.Unauthorized);
        (await SendFormAsync("outbound/check", scene.Key(ApiScopes.Sms))).Problem(HttpStatusCode.Forbidden);
        (await SendFormAsync("consents", key)).Problem(HttpStatusCode.UnsupportedMediaType);
        (await scene.PostAsync("outbound/check", null, new { access_token = key, number = ApiScene.Number, purpose = "offers" })).Problem(HttpStatusCode.Unauthorized);

        Task<ApiAnswer> SendFormAsync(string path, string secret) => scene.SendAsync(
            HttpMethod.Post, path, null, new FormUrlEncodedContent(new Dictionary<string, string> { ["access_token"] = secret, ["number"] = ApiScene.Number, ["purpose"] = "offers" }));
    }

    [Theory]
    [InlineData("Basic", "ZGlhbHBsYW46a2V5")]
    [InlineData("Digest", "x")]
    [InlineData("", "")]
    public async Task Another_scheme_is_no_key(string scheme, string text)
    {
        await using var scene = await ApiScene.StartAsync();
        (await scene.SendAsync(HttpMethod.Post, "consents", null, ApiScene.Json("{}"), authorization: $"{scheme} {text}")).Problem(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_key_in_the_address_is_no_key()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        (await scene.PostAsync($"consents?api_key={key}&access_token={key}", null, ApiScene.Entry())).Problem(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_expired_and_a_revoked_key_are_refused_in_the_same_words_and_the_log_says_which()
    {
        await using var scene = await ApiScene.StartAsync();
        var expired = scene.Keys.Add("old-one", TimeProvider.System.GetUtcNow(), [.. ApiScopes.All]);
        var revoked = scene.Keys.Add("lost-one", ApiScene.Tomorrow, [.. ApiScopes.All]);
        await scene.Keys.RevokeAsync("lost-one", DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);

        var unknown = await scene.PostAsync("consents", ApiKeySecret.New(), ApiScene.Entry());
        Assert.Equal(unknown.Text, (await scene.PostAsync("consents", expired, ApiScene.Entry())).Text);
        Assert.Equal(unknown.Text, (await scene.PostAsync("consents", revoked, ApiScene.Entry())).Text);
        Assert.Contains("old-one, which has expired", scene.Log.Text, StringComparison.Ordinal);
        Assert.Contains("lost-one, which was revoked", scene.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_some_failures_an_address_must_wait_and_costs_no_look_into_the_database()
    {
        await using var scene = await ApiScene.StartAsync();
        for (var i = 0; i < ApiAccess.Failures; i++)
        {
            (await scene.PostAsync("consents", ApiKeySecret.New(), ApiScene.Entry())).Problem(HttpStatusCode.Unauthorized);
        }

        var lookups = scene.Keys.Lookups;
        var answer = await scene.PostAsync("consents", scene.Key(), ApiScene.Entry());
        answer.Problem(HttpStatusCode.TooManyRequests);
        Assert.Equal(ApiAccess.Window, answer.Headers.RetryAfter!.Delta);
        Assert.Equal(lookups, scene.Keys.Lookups);
    }

    [Fact]
    public async Task Good_keys_do_not_count_as_failures()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        for (var i = 0; i < 3 * ApiAccess.Failures; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await scene.PostAsync("consents", key, ApiScene.Entry())).Status);
        }
    }

    [Fact]
    public async Task A_database_that_is_away_is_said()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        scene.Keys.Fault = new LedgerUnavailableException("The database is away.");
        Assert.Equal("The database is away.", (await scene.PostAsync("consents", key, ApiScene.Entry())).Problem(HttpStatusCode.ServiceUnavailable)["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_slip_of_ours_tells_nothing_outside()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        scene.Keys.Fault = new InvalidOperationException("inner-workings");
        var answer = await scene.PostAsync("consents", key, ApiScene.Entry());
        answer.Problem(HttpStatusCode.InternalServerError);
        Assert.DoesNotContain("inner-workings", answer.Text, StringComparison.Ordinal);
        Assert.Contains("inner-workings", scene.Log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "nothing-here", HttpStatusCode.NotFound)]
    [InlineData("GET", "consents", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "outbound/check", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "calls/0123456789abcdef0123456789abcdef/hangup", HttpStatusCode.NotFound)]
    public async Task What_is_not_there_is_a_problem_too(string method, string path, HttpStatusCode status)
    {
        await using var scene = await ApiScene.StartAsync();
        (await scene.SendAsync(new HttpMethod(method), path, scene.Key(), null, accept: "text/html")).Problem(status);
    }

    [Fact]
    public async Task Nothing_personal_and_no_key_is_in_the_log()
    {
        await using var scene = await ApiScene.StartAsync();
        var (good, bad) = (scene.Key(), ApiKeySecret.New());
        await scene.PostAsync("consents", good, ApiScene.Entry());
        await scene.PostAsync("consents", bad, ApiScene.Entry());
        await scene.PostAsync("outbound/check", good, new { number = ApiScene.Number, purpose = "offers" });
        await scene.PostAsync("consents/lookup", good, new { number = ApiScene.Number, reason = "call 7" });
        Assert.All(new[] { ApiScene.Number, ApiScene.Number[1..], good, bad }, secret => Assert.DoesNotContain(secret, scene.Log.Text, StringComparison.Ordinal));
    }

    private static Task<ApiAnswer> SendAsync(ApiScene scene, string method, string path, string key) =>
        scene.SendAsync(new HttpMethod(method), path, key, method == "POST" ? ApiScene.Json("{}") : null);
}
