using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Recordings;
using IvrConsent.TestKit.Lab;
using IvrConsent.TestKit.Time;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>Object lock and pages of versions, which the lab's server does not have: against the answers that the S3 API prescribes.</summary>
public sealed class S3AnswersTests : IDisposable
{
    private const string OneVersion = """
        <?xml version="1.0" encoding="UTF-8"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>calls</Name><Prefix>aaaa-1</Prefix><MaxKeys>1000</MaxKeys>
        <IsTruncated>false</IsTruncated><Version><Key>aaaa-1</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"x"</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Version></ListVersionsResult>
        """;

    private readonly HttpListener _server = new();
    private readonly ConcurrentQueue<(string Method, string Query, string Mode, string Until, bool Digest)> _asked = [];
    private readonly int _port = FreePort.Take();
    private Func<HttpListenerRequest, (int Status, string Body, (string, string)[] Headers)> _answer = _ => (200, "", []);

    public S3AnswersTests()
    {
        _server.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _server.Start();
        _ = ServeAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Close();

    [Fact]
    public async Task A_locked_object_is_refused_with_the_date()
    {
        _answer = request => request.HttpMethod switch
        {
            "GET" => (200, OneVersion, []),
            "DELETE" => (403, "<Error><Code>AccessDenied</Code><Message>Access Denied because object protected by object lock.</Message></Error>", []),
            _ => (200, "", [("x-amz-object-lock-mode", "COMPLIANCE"), ("x-amz-object-lock-retain-until-date", "2031-05-06T07:08:00.000Z")]),
        };
        using var store = Store(null);
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => store.DeleteAsync("aaaa-1", Cancel));
        Assert.Contains("locked against deletion until 2031-05-06 07:08 UTC", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_legal_hold_of_the_server_is_said()
    {
        _answer = request => request.HttpMethod switch
        {
            "GET" => (200, OneVersion, []),
            "DELETE" => (403, "<Error><Code>AccessDenied</Code></Error>", []),
            _ => (200, "", [("x-amz-object-lock-legal-hold", "ON")]),
        };
        using var store = Store(null);
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => store.DeleteAsync("aaaa-1", Cancel));
        Assert.Contains("legal hold", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_without_a_lock_is_one_of_rights()
    {
        _answer = request => request.HttpMethod switch
        {
            "GET" => (200, OneVersion, []),
            "DELETE" => (403, "<Error><Code>AccessDenied</Code></Error>", []),
            _ => (200, "", []),
        };
        using var store = Store(null);
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => store.DeleteAsync("aaaa-1", Cancel));
        Assert.Contains("rights", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_says_it_deleted_and_still_lists_is_not_taken_for_deleted()
    {
        _answer = request => request.HttpMethod == "GET" ? (200, OneVersion, []) : (204, "", []);
        using var store = Store(null);
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => store.DeleteAsync("aaaa-1", Cancel));
        Assert.Contains("still has it", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_page_of_versions_is_deleted_the_oldest_first_and_no_other_object()
    {
        static string Page(string next, params (string Key, string Version)[] versions) =>
            $"<ListVersionsResult><IsTruncated>{(next.Length > 0 ? "true" : "false")}</IsTruncated>{next}{string.Concat(versions.Select(version => $"<Version><Key>{version.Key}</Key><VersionId>{version.Version}</VersionId><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Version>"))}</ListVersionsResult>";

        _answer = request => (request.HttpMethod, request.Url!.Query) switch
        {
            ("DELETE", _) => (204, "", []),
            ("HEAD", _) => (404, "", []),
            (_, var query) when query.Contains("list-type", StringComparison.Ordinal) => (200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>", []),
            _ when _asked.Any(asked => asked.Method == "DELETE") => (200, Page(""), []),
            (_, var query) when query.Contains("version-id-marker=v2", StringComparison.Ordinal) => (200, Page("", ("aaaa-1", "v1"), ("aaaa-12", "w1")), []),
            _ => (200, Page("<NextKeyMarker>aaaa-1</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>", ("aaaa-1", "v3"), ("aaaa-1", "v2")), []),
        };
        using var store = Store(null);
        await store.DeleteAsync("aaaa-1", Cancel);
        Assert.Equal(["?versionId=v1", "?versionId=v2", "?versionId=v3"], _asked.Where(asked => asked.Method == "DELETE").Select(asked => asked.Query));
    }

    [Theory]
    [InlineData(S3LockMode.Governance, "GOVERNANCE")]
    [InlineData(S3LockMode.Compliance, "COMPLIANCE")]
    public async Task What_is_put_is_locked_where_the_settings_say_so(S3LockMode mode, string sent)
    {
        _answer = _ => (200, "", [("Content-Length", "1")]);
        using var store = Store(new S3Lock(mode, 10), new ManualTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        await store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel);
        var put = _asked.Single(asked => asked.Method == "PUT");
        Assert.Equal((sent, true), (put.Mode, put.Digest));
        Assert.StartsWith("2026-01-11T00:00:00", put.Until, StringComparison.Ordinal);
    }

    private S3RecordingStore Store(S3Lock? held, TimeProvider? time = null) => new(
        new S3StoreOptions { Endpoint = new Uri($"http://127.0.0.1:{_port}"), Bucket = "calls", AccessKey = "us", SecretKey = "secret", Lock = held, Timeout = TimeSpan.FromSeconds(20) },
        time ?? TimeProvider.System);

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _server.GetContextAsync();
                var request = context.Request;
                await request.InputStream.CopyToAsync(Stream.Null);
                _asked.Enqueue((
                    request.HttpMethod, request.Url!.Query, request.Headers["x-amz-object-lock-mode"] ?? "", request.Headers["x-amz-object-lock-retain-until-date"] ?? "", request.Headers["Content-MD5"] is not null));
                var (status, body, headers) = _answer(request);
                var bytes = Encoding.UTF8.GetBytes(body);
                context.Response.StatusCode = status;
                foreach (var (name, value) in headers)
                {
                    if (name == "Content-Length")
                    {
                        if (request.HttpMethod == "HEAD")
                        {
                            context.Response.ContentLength64 = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                        }
                    }
                    else
                    {
                        context.Response.AddHeader(name, value);
                    }
                }

                if (request.HttpMethod != "HEAD")
                {
                    context.Response.ContentLength64 = bytes.Length;
                    await context.Response.OutputStream.WriteAsync(bytes);
                }

                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
        }
    }
}
