using System.Net;
using System.Text;
using System.Text.Json;
using IvrConsent.Host.Consents;
using IvrConsent.Host.Settings;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IvrConsent.Host.Tests.Api;

/// <summary>Whatever comes in, the answer is never a slip of ours.</summary>
public sealed class ApiFuzzTests
{
    private static readonly string[] Paths =
    [
        "consents", "consents/lookup", "outbound/check", "events/0123456789abcdef0123456789abcdef/corrections",
        "calls/0123456789abcdef0123456789abcdef/pause", "calls/0123456789abcdef0123456789abcdef/reclassify",
        "sms/ask", "sms/inbound",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e999", "\"\"", "\"x\"", "[]", "{}", "[null]", "[\"\"]", "[[[]]]", "{\"a\":1}", "\"\\ud800\"", "\"\\udc00x\"", "\"\\u0000\"", "\"2026-02-30T25:61:61Z\"",
        "\"9999-12-31T23:59:59.9999999+14:00\"", "\"0001-01-01T00:00:00-14:00\"", "\"*\"", "[\"*\"]", "[\"offers\"]", "\"given\"", "\"opted-out\"", "\"staff-written\"", "\"+48221234501\"", "\"\ufeff\"", "\"\u202e\"", "\"'; DROP TABLE events; --\"",
        $"\"{new string('9', 5000)}\"", $"[{string.Join(',', Enumerable.Repeat("\"offers\"", 500))}]",
    ];

    private static readonly string[] Fields =
        ["number", "status", "purposes", "source", "reference", "given_at", "expires_at", "notice", "notice_version", "language", "line", "purpose", "reason", "instead", "id", "from", "text", "received_at", "Number", "$type", "__proto__", "", "number"];

    private static readonly string[] Whole =
    [
        "", " ", "{", "}", "[", "null", "\"", "{\"number\":", "{\"number\":\"+48\",}", "{\"number\":\"1\"}{}", "\u0000", "{'number':1}", "// x\n{}", "{\"instead\":{\"instead\":{}}}",
    ];

    [Fact]
    public async Task Bodies_of_all_kinds_are_answered_with_a_reason()
    {
        await using var scene = await ApiScene.StartAsync(services => services.AddSingleton(new SmsGateway(new SmsSettings(new Uri("http://127.0.0.1:9/"), null, "application/json", "{number}{text}", null))));
        var key = scene.Key();
        var random = new Random(20260301);
        foreach (var path in Paths)
        {
            foreach (var body in Whole.Concat([new string('[', 20_000), new string('{', 100) + "\"a\":1"]).Concat(Enumerable.Range(0, 300).Select(_ => Body(random))))
            {
                await CheckAsync(scene, path, key, Encoding.UTF8.GetBytes(body));
            }

            for (var i = 0; i < 100; i++)
            {
                // Bytes of a good body with some changed: also what is no UTF-8 any more.
                var bytes = JsonSerializer.SerializeToUtf8Bytes(ApiScene.Entry());
                for (var change = random.Next(1, 6); change > 0; change--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                await CheckAsync(scene, path, key, bytes);
            }
        }
    }

    [Fact]
    public async Task Forms_and_content_types_of_all_kinds_are_answered_with_a_reason()
    {
        await using var scene = await ApiScene.StartAsync();
        var key = scene.Key();
        foreach (var type in new[] { "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=nonsense", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "application/json; charset=nonsense", "text/plain", "application/jsonx", "x" })
        {
            foreach (var body in new[] { "", "=", "&&&", "number=%", "number=%ff%fe&purpose=%00", "number=+&number=1", new string('a', 5000) + "=1", string.Join('&', Enumerable.Range(0, 2000).Select(i => $"k{i}=1")), "{}" })
            {
                using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
                content.Headers.TryAddWithoutValidation("Content-Type", type);
                Check(await scene.SendAsync(HttpMethod.Post, "outbound/check", key, content), $"{type} {body[..Math.Min(80, body.Length)]}");
            }
        }
    }

    private static async Task CheckAsync(ApiScene scene, string path, string key, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        Check(await scene.SendAsync(HttpMethod.Post, path, key, content), $"{path} {Convert.ToHexString(body.AsSpan(0, Math.Min(300, body.Length)))}");
    }

    private static void Check(ApiAnswer answer, string sent)
    {
        // 502 is the gateway for text messages, which there is none here.
        Assert.True((int)answer.Status is < 500 or 502, $"{(int)answer.Status} for {sent}");
        if (answer.Status is not (HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted))
        {
            answer.Problem(answer.Status);
        }
    }

    private static string Body(Random random) =>
        "{" + string.Join(',', Enumerable.Range(0, random.Next(0, 8)).Select(_ => $"{JsonSerializer.Serialize(Fields[random.Next(Fields.Length)])}:{Values[random.Next(Values.Length)]}")) + "}";
}
