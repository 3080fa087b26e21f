using System.Net;
using IvrConsent.Core.Consent;
using IvrConsent.Host.PublicPages;
using IvrConsent.Host.Settings;
using IvrConsent.TestKit.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IvrConsent.Host.Tests.PublicPages;

/// <summary>The page on a real listener: what is there, in which form and language, and that nothing else is.</summary>
public sealed class NoticeServerTests : IAsyncLifetime
{
    private readonly FakeSettings _settings = FullNoticeTests.Scene("pl", "en", "de-AT");
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private NoticeServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = new NoticeServer(_settings, NullLoggerFactory.Instance, new PublicSettings(new IPEndPoint(IPAddress.Loopback, 0), null));
        await _server.StartAsync(Cancel);
        _client.BaseAddress = new Uri(_server.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("pl", "pl", "Kto jest administratorem danych")]
    [InlineData("en", "en", "Who is responsible")]
    [InlineData("EN", "en", "Who is responsible")]
    [InlineData("de-at", "de-AT", "Wer verantwortlich ist")]
    public async Task It_is_a_page_in_each_language_of_the_line(string asked, string language, string heading)
    {
        using var answer = await GetAsync($"/notice/demo/{asked}");
        var html = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal((HttpStatusCode.OK, "text/html", language), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentLanguage.Single()));
        Assert.Contains(heading, html, StringComparison.Ordinal);
        Assert.Contains($"quality in {language}", html, StringComparison.Ordinal);
        Assert.Contains($"spoken in {language}", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("default-src 'none'; style-src 'sha256-", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(("nosniff", "no-referrer"), (answer.Headers.GetValues("X-Content-Type-Options").Single(), answer.Headers.GetValues("Referrer-Policy").Single()));
        Assert.False(answer.Headers.Contains("Server"));
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData(null, "pl")]
    [InlineData("en-GB, pl;q=0.9", "en")]
    [InlineData("fr, de;q=0.8, en;q=0.5", "de-AT")]
    [InlineData("en;q=0.2, pl;q=0.7", "pl")]
    [InlineData("en;q=0", "pl")]
    [InlineData("fr", "pl")]
    [InlineData("\u0001;;q=x,,*", "pl")]
    public async Task Without_a_language_it_takes_the_readers(string? wishes, string language)
    {
        using var answer = await GetAsync("/notice/demo", ("Accept-Language", wishes));

        Assert.Equal((HttpStatusCode.OK, language), (answer.StatusCode, answer.Content.Headers.ContentLanguage.Single()));
        Assert.Equal($"/notice/demo/{language}", answer.Content.Headers.ContentLocation!.ToString());
        Assert.Contains("Accept-Language", string.Join(", ", answer.Headers.Vary), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "text/html")]
    [InlineData("*/*", "text/html")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/plain, text/html", "text/html")]
    [InlineData("text/html;q=0.5, text/plain", "text/plain")]
    [InlineData("text/*;q=0.3, text/plain;q=0.9", "text/plain")]
    [InlineData("image/png", "text/html")]
    [InlineData(";;;/", "text/html")]
    public async Task Its_form_is_the_one_that_the_reader_likes_better(string? accepted, string form)
    {
        using var answer = await GetAsync("/notice/demo/en", ("Accept", accepted));

        Assert.Equal((HttpStatusCode.OK, form, "utf-8"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentType.CharSet));
        Assert.Equal(form == "text/plain", !(await answer.Content.ReadAsStringAsync(Cancel)).Contains('<', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/notice")]
    [InlineData("/notice/")]
    [InlineData("/notice/other/en")]
    [InlineData("/notice/100")]
    [InlineData("/notice/demo/it")]
    [InlineData("/notice/demo%20/en")]
    [InlineData("/notice/demo/en/more")]
    [InlineData("/notice/..%2f..%2fetc/passwd")]
    [InlineData("/notice/%3Cscript%3E/en")]
    [InlineData("/health/live")]
    [InlineData("/api/v1/openapi.json")]
    [InlineData("/prompts/x.wav")]
    public async Task Nothing_else_is_there(string path)
    {
        using var answer = await GetAsync(path, ("Accept-Language", "cs"));
        var html = await answer.Content.ReadAsStringAsync(Cancel);

        Assert.Equal((HttpStatusCode.NotFound, "text/html", "cs"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentLanguage.Single()));
        Assert.Contains("<h1>Taková informace tu není</h1>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("script", html, StringComparison.OrdinalIgnoreCase);
        using var text = await GetAsync(path, ("Accept", "text/plain"));
        Assert.StartsWith("No such notice\n", await text.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task It_can_only_be_read(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/notice/demo/en");
        using var answer = await _client.SendAsync(request, Cancel);

        Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, answer.StatusCode.ToString());
    }

    [Fact]
    public async Task Head_says_of_it_what_get_does()
    {
        using var get = await GetAsync("/notice/demo/en");
        using var request = new HttpRequestMessage(HttpMethod.Head, "/notice/demo/en");
        using var head = await _client.SendAsync(request, Cancel);

        Assert.Equal((get.StatusCode, get.Headers.ETag, get.Content.Headers.ContentLength), (head.StatusCode, head.Headers.ETag, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task It_is_sent_again_only_when_it_changed_and_then_at_once()
    {
        using var first = await GetAsync("/notice/demo/en");
        var tag = first.Headers.ETag!.ToString();
        using var same = await GetAsync("/notice/demo/en", ("If-None-Match", $"\"other\", W/{tag}"));
        _settings.Line = _settings.Line with { Controller = _settings.Line.Controller! with { Name = "New Owner" } };
        using var changed = await GetAsync("/notice/demo/en", ("If-None-Match", tag));

        Assert.Equal("no-cache, public", string.Join(", ", first.Headers.CacheControl!.ToString().Split(", ").Order()));
        Assert.Equal((HttpStatusCode.NotModified, tag), (same.StatusCode, same.Headers.ETag!.ToString()));
        Assert.Empty(await same.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Contains("New Owner", await changed.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        using var text = await GetAsync("/notice/demo/en", ("Accept", "text/plain"));
        Assert.NotEqual(changed.Headers.ETag, text.Headers.ETag);
    }

    [Fact]
    public async Task A_line_that_the_settings_no_longer_have_is_gone()
    {
        _settings.Line = _settings.Line with { Name = "sales", Mode = ConsentMode.Never };
        using var old = await GetAsync("/notice/demo/en");
        using var now = await GetAsync("/notice/sales/en");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (old.StatusCode, now.StatusCode));
    }

    private async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _client.SendAsync(request, Cancel);
    }
}
