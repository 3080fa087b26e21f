using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings;

/// <summary>
/// Objects in a bucket of any server that speaks S3, under <c>PREFIX NAME</c>. What fits one part is put at once; what is longer goes
/// up in parts, and is there when the last request says so, whole or not at all.
/// </summary>
internal sealed partial class S3RecordingStore : IRecordingStore, IDisposable
{
    // Between two lists that still show what was deleted: some servers write their lists a moment later.
    private const int MostDeleteRounds = 5;
    private static readonly TimeSpan ListDelay = TimeSpan.FromMilliseconds(200);

    private readonly S3StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly AmazonS3Client _client;
    private readonly S3Calls _calls;
    private readonly string _prefix;

    public S3RecordingStore(S3StoreOptions options, TimeProvider time)
    {
        Check(options);
        _options = options;
        _time = time;
        _calls = new S3Calls(options, time);
        _prefix = options.Prefix.Length == 0 || options.Prefix.EndsWith('/') ? options.Prefix : options.Prefix + "/";
        _client = new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
        {
            ServiceURL = options.Endpoint.ToString(),
            UseHttp = options.Endpoint.Scheme == Uri.UriSchemeHttp,
            AuthenticationRegion = options.Region,
            ForcePathStyle = options.PathStyle,
            MaxErrorRetry = options.Retries,
            Timeout = options.Timeout,

            // A server that is away stays a store that is away: others' requests are not held back by its failures.
            ThrottleRetries = false,
        });
    }

    /// <summary>How many names, versions or uploads are asked for at once; servers give no more than 1000.</summary>
    internal int PageSize { get; init; } = 1_000;

    public string Name => $"S3 {_options.Endpoint.Authority}, bucket {_options.Bucket}{(_prefix.Length > 0 ? $", prefix {_prefix}" : "")}";

    public void Dispose() => _client.Dispose();

    public async Task<long> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        var key = KeyOf(name);
        var bytes = await new S3Upload(_client, _calls, _options, _time).PutAsync(key, content, cancel);
        var stored = await FindAsync(name, cancel);
        return stored == bytes
            ? bytes
            : throw new RecordingStoreException($"The S3 server {_options.Endpoint.Authority} has {stored ?? 0} bytes of an object of {bytes}. Look at its own log, and whether anybody else writes to the bucket {_options.Bucket}.");
    }

    public async Task<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        var key = KeyOf(name);
        var answer = await _calls.FindAsync(limited => _client.GetObjectAsync(new GetObjectRequest { BucketName = _options.Bucket, Key = key }, limited), orUnknown: false, cancel);
        return answer is null ? null : new S3ObjectStream(answer, _calls, _options.Timeout, _time);
    }

    public async Task<long?> FindAsync(string name, CancellationToken cancel)
    {
        var key = KeyOf(name);
        GetObjectMetadataResponse? answer;
        try
        {
            answer = await _calls.FindAsync(limited => _client.GetObjectMetadataAsync(_options.Bucket, key, limited), orUnknown: false, cancel);
        }
        catch (RecordingStoreException e) when (S3Calls.IsRefusal(e))
        {
            await SayWhyAsync(key, cancel);
            throw;
        }

        if (answer is null)
        {
            await SayWhyAsync(key, cancel);
        }

        return answer?.ContentLength;
    }

    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        var key = KeyOf(name);
        for (var round = 0; round < MostDeleteRounds; round++)
        {
            var versions = await VersionsAsync(key, cancel);
            if (versions.Count == 0 && await FindAsync(name, cancel) is null)
            {
                return;
            }

            if (round > 0)
            {
                await Task.Delay(ListDelay, _time, cancel);
            }

            // The oldest first: no server then makes an older one the current one on the way.
            versions.Reverse();
            foreach (var version in versions.DefaultIfEmpty(null))
            {
                await DeleteVersionAsync(key, version, cancel);
            }
        }

        throw new RecordingStoreException($"The S3 server {_options.Endpoint.Authority} says that it deleted an object and still has it. Look at the rules of the bucket {_options.Bucket} for versions, replication and locks, and at who else writes to it.");
    }

    public async IAsyncEnumerable<ListedObject> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _prefix, MaxKeys = PageSize };
        ListObjectsV2Response page;
        do
        {
            page = await _calls.AskAsync(limited => _client.ListObjectsV2Async(request, limited), cancel);
            foreach (var found in page.S3Objects ?? [])
            {
                if (NameOf(found.Key) is { } name)
                {
                    yield return new ListedObject(name, found.Size);
                }
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated && page.NextContinuationToken is { Length: > 0 });
    }

    /// <summary>Aborts uploads that nobody finished. A server that cannot list them cannot be helped: its own rules must remove them.</summary>
    public async Task<int> SweepAsync(DateTimeOffset before, CancellationToken cancel)
    {
        var removed = 0;
        var request = new ListMultipartUploadsRequest { BucketName = _options.Bucket, Prefix = _prefix, MaxUploads = PageSize };
        while (true)
        {
            var page = await _calls.FindAsync(limited => _client.ListMultipartUploadsAsync(request, limited), orUnknown: true, cancel);
            foreach (var upload in page?.MultipartUploads ?? [])
            {
                if (NameOf(upload.Key) is not null && upload.Initiated.ToUniversalTime() < before.UtcDateTime)
                {
                    var gone = await _calls.FindAsync(limited => _client.AbortMultipartUploadAsync(_options.Bucket, upload.Key, upload.UploadId, limited), orUnknown: true, cancel);
                    removed += gone is null ? 0 : 1;
                }
            }

            if (page is not { IsTruncated: true, NextKeyMarker.Length: > 0 })
            {
                return removed;
            }

            request.KeyMarker = page.NextKeyMarker;
            request.UploadIdMarker = page.NextUploadIdMarker;
        }
    }

    /// <summary>Every version and delete marker of exactly this key; none where the server has no versions.</summary>
    private async Task<List<string?>> VersionsAsync(string key, CancellationToken cancel)
    {
        var versions = new List<string?>();
        var request = new ListVersionsRequest { BucketName = _options.Bucket, Prefix = key, MaxKeys = PageSize };
        while (true)
        {
            var page = await _calls.FindAsync(limited => _client.ListVersionsAsync(request, limited), orUnknown: true, cancel);
            versions.AddRange((page?.Versions ?? []).Where(version => version.Key == key).Select(version => version.VersionId));

            // In order of the keys, and the key itself is the first that begins with it: what follows is others'.
            if (page is not { IsTruncated: true, NextKeyMarker.Length: > 0 } || page.NextKeyMarker != key)
            {
                return versions;
            }

            request.KeyMarker = page.NextKeyMarker;
            request.VersionIdMarker = page.NextVersionIdMarker;
        }
    }

    private async Task DeleteVersionAsync(string key, string? version, CancellationToken cancel)
    {
        try
        {
            await _calls.FindAsync(limited => _client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _options.Bucket, Key = key, VersionId = version }, limited), orUnknown: false, cancel);
        }
        catch (RecordingStoreException e) when (S3Calls.IsRefusal(e))
        {
            var kept = await _calls.FindAsync(limited => _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = key, VersionId = version }, limited), orUnknown: true, cancel);
            if (kept?.ObjectLockLegalHoldStatus == ObjectLockLegalHoldStatus.On)
            {
                throw new RecordingStoreException($"The object is locked by a legal hold of the S3 server {_options.Endpoint.Authority}. Whoever set the hold must lift it there; then delete again.", e);
            }

            if (kept?.ObjectLockRetainUntilDate.ToUniversalTime() is { } until && until > _time.GetUtcNow().UtcDateTime)
            {
                throw new RecordingStoreException($"The object is locked against deletion until {until:yyyy-MM-dd HH:mm} UTC by the S3 server {_options.Endpoint.Authority} ({kept.ObjectLockMode}). Delete it after that; destroying its key makes it unreadable now.", e);
            }

            throw;
        }
    }

    // To HEAD a server says no or nothing, and never why. A list asked for in its place fails with the reason: a bucket that is gone
    // must not look like an empty store.
    private async Task SayWhyAsync(string key, CancellationToken cancel) =>
        await _calls.AskAsync(limited => _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = key, MaxKeys = 1 }, limited), cancel);

    private string KeyOf(string name) => _prefix + RecordingObjectName.Require(name);

    private string? NameOf(string key) =>
        key.StartsWith(_prefix, StringComparison.Ordinal) && key[_prefix.Length..] is var name && RecordingObjectName.IsGood(name) ? name : null;

    private static void Check(S3StoreOptions options)
    {
        Require(options.Endpoint is { IsAbsoluteUri: true, PathAndQuery: "/", UserInfo.Length: 0, Scheme: "http" or "https" }, "The endpoint is an address as https://s3.example.org, without path and credentials.");
        Require(BucketForm().IsMatch(options.Bucket), "A bucket's name has 3 to 63 small letters, digits, dots and hyphens.");
        Require(PrefixForm().IsMatch(options.Prefix) && !options.Prefix.Contains("//", StringComparison.Ordinal), "A prefix is letters, digits, hyphens, dots, underscores and single slashes, and begins with none.");
        Require(options.AccessKey.Length > 0 && options.SecretKey.Length > 0, "Access key and secret key are needed.");
        Require(options.Timeout > TimeSpan.Zero && options.Retries >= 0, "The time limit is above 0 and the retries not below.");
        Require(options.Lock is null or { Days: > 0 }, "A lock lasts a day at least.");
    }

    private static void Require(bool good, string what)
    {
        if (!good)
        {
            throw new ArgumentException(what);
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z")]
    private static partial Regex BucketForm();

    [GeneratedRegex(@"\A([A-Za-z0-9_-][A-Za-z0-9._/-]{0,199})?\z")]
    private static partial Regex PrefixForm();
}
