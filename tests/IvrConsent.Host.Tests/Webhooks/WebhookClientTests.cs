using System.Net;
using IvrConsent.Core.Webhooks;
using IvrConsent.Host.Settings;
using IvrConsent.Host.Webhooks;
using Xunit;

namespace IvrConsent.Host.Tests.Webhooks;

/// <summary>Sending to receivers of every kind, over real sockets.</summary>
public sealed class WebhookClientTests : IDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly Receiver _receiver = new();

    public void Dispose() => _receiver.Dispose();

    [Fact]
    public async Task A_message_is_signed_so_that_its_receiver_can_tell()
    {
        var attempt = await SendAsync(_receiver.Url);

        Assert.Equal(WebhookResult.Delivered, attempt.Result);
        var received = Assert.Single(_receiver.All);
        Assert.Equal("msg-1", received.Id);
        var at = DateTimeOffset.FromUnixTimeSeconds(long.Parse(received.Timestamp));
        Assert.Equal(WebhookSignature.Sign(WebhookSignature.ReadSecret(Secret), received.Id, at, received.Body), received.Signature);
        Assert.Equal("{}", received.Body);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        using var elsewhere = new Receiver();
        _receiver.Answer = _ => Receiver.Status(307, $"Location: {elsewhere.Url}\r\n");

        var attempt = await SendAsync(_receiver.Url);

        Assert.Equal(WebhookResult.Refused, attempt.Result);
        Assert.Contains("redirects are not followed", attempt.Detail, StringComparison.Ordinal);
        Assert.Empty(elsewhere.All);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_left_after_the_timeout_and_not_tried_at_once_again()
    {
        _receiver.Answer = _ => null;

        var attempt = await SendAsync(_receiver.Url, TimeSpan.FromSeconds(1));

        Assert.Equal(WebhookResult.Unavailable, attempt.Result);
        Assert.True(attempt.TimedOut);
        Assert.Single(_receiver.All);
    }

    [Theory]
    [InlineData("garbage, not HTTP\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")]
    [InlineData("")]
    public async Task An_answer_that_is_none_is_no_delivery(string answer)
    {
        _receiver.Answer = _ => answer;

        var attempt = await SendAsync(_receiver.Url);

        Assert.Equal(WebhookResult.Unavailable, attempt.Result);
        Assert.DoesNotContain("garbage", attempt.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endless_headers_are_cut_off()
    {
        _receiver.Answer = _ => "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 40_000).Select(n => $"x-{n}: y\r\n")) + "\r\n";

        Assert.Equal(WebhookResult.Unavailable, (await SendAsync(_receiver.Url)).Result);
    }

    [Fact]
    public async Task A_short_failure_is_bridged_by_the_same_attempt()
    {
        var failures = 2;
        _receiver.Answer = _ => Receiver.Status(failures-- > 0 ? 503 : 200);

        Assert.Equal(WebhookResult.Delivered, (await SendAsync(_receiver.Url)).Result);
        Assert.Equal(3, _receiver.All.Count);
        Assert.Equal("msg-1", Assert.Single(_receiver.All.Select(received => received.Id).Distinct()));
    }

    [Fact]
    public async Task Nobody_there_is_told_as_such()
    {
        var url = _receiver.Url;
        _receiver.Dispose();

        var attempt = await SendAsync(url);

        Assert.Equal(WebhookResult.Unavailable, attempt.Result);
        Assert.Contains("ConnectionRefused", attempt.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    public async Task A_private_address_is_only_called_when_it_is_written_as_a_number(string text)
    {
        var address = IPAddress.Parse(text);

        Assert.False(PublicAddress.Is(address));
        Assert.Equal([address], await PublicAddress.ResolveAsync(text, (_, _) => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("2a00::1")]
    [InlineData("::ffff:8.8.8.8")]
    public void An_address_of_the_Internet_is_one(string text) => Assert.True(PublicAddress.Is(IPAddress.Parse(text)));

    [Fact]
    public async Task A_name_that_leads_into_the_own_network_is_not_called()
    {
        // Whoever rules the name may change where it leads at any time: it is looked at for each connection.
        var attempt = await SendAsync(new Uri($"http://crm.example.com:{_receiver.Url.Port}/hook"), resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")]));

        Assert.Equal(WebhookResult.Unavailable, attempt.Result);
        Assert.Contains("private network", attempt.Detail, StringComparison.Ordinal);
        Assert.Empty(_receiver.All);
    }

    [Fact]
    public async Task Of_a_name_s_addresses_only_the_public_ones_are_called()
    {
        IPAddress[] both = [IPAddress.Parse("192.168.0.1"), IPAddress.Parse("8.8.8.8")];

        Assert.Equal([both[1]], await PublicAddress.ResolveAsync("crm.example.com", (_, _) => Task.FromResult(both), TestContext.Current.CancellationToken));
    }

    private static async Task<WebhookAttempt> SendAsync(Uri url, TimeSpan? timeout = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        var options = new WebhookOptions { Name = "crm", Url = url, Timeout = timeout ?? TimeSpan.FromSeconds(10) };
        using var client = new WebhookClient(new WebhookSettings(options, new Secret(Secret)), TimeProvider.System, resolve);
        return await client.SendAsync("msg-1", "{}", TestContext.Current.CancellationToken);
    }
}
