using Amazon.S3.Model;
using IvrConsent.Adapters.Tests.Ledger;
using IvrConsent.Core.Recordings;
using IvrConsent.Storage.Recordings;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>The S3 store on a real server: what every store must do, and what this one must when its server does not.</summary>
public sealed class S3RecordingStoreTests : RecordingStoreContract, IAsyncLifetime
{
    /// <summary>So long a test waits for what must come; how soon is nobody's promise on a busy machine.</summary>
    private static readonly TimeSpan _soon = TimeSpan.FromMinutes(1);

    private const int SomeParts = 18_000_000;
    private S3Bucket _bucket = null!;
    private S3RecordingStore _store = null!;

    public override IRecordingStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        _bucket = await S3Bucket.MakeAsync();
        _store = new S3RecordingStore(_bucket.Options, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _store?.Dispose();
        if (_bucket is not null)
        {
            await _bucket.DisposeAsync();
        }
    }

    [Fact]
    public async Task Everything_is_under_the_prefix_and_nothing_else_is_seen()
    {
        await _bucket.Client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket.Name, Key = "aaaa-2", ContentBody = "x", UseChunkEncoding = false }, Cancel);
        await _bucket.Client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket.Name, Key = "calls/rec/more/aaaa-3", ContentBody = "x", UseChunkEncoding = false }, Cancel);
        await Store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel);
        Assert.Equal(["aaaa-1"], await NamesAsync());
        Assert.Null(await Store.FindAsync("aaaa-2", Cancel));
        Assert.Contains("calls/rec/aaaa-1", (await _bucket.VersionsAsync()).Select(version => version.Key));
    }

    [Fact]
    public async Task A_name_that_begins_another_is_deleted_alone()
    {
        foreach (var name in new[] { "aaaa", "aaaa-1", "aaaa-12" })
        {
            await Store.PutAsync(name, new MemoryStream([1]), Cancel);
        }

        await Store.DeleteAsync("aaaa-1", Cancel);
        Assert.Equal(["aaaa", "aaaa-12"], await NamesAsync());
    }

    [Fact]
    public async Task More_than_a_page_is_listed()
    {
        using var store = new S3RecordingStore(_bucket.Options, TimeProvider.System) { PageSize = 3 };
        var names = Enumerable.Range(0, 10).Select(n => $"018f-{n:d4}.age").ToArray();
        foreach (var name in names)
        {
            await store.PutAsync(name, new MemoryStream([1]), Cancel);
        }

        Assert.Equal(names.Select(name => new ListedObject(name, 1)), await store.ListAsync(Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task More_than_a_page_of_uploads_is_swept()
    {
        using var store = new S3RecordingStore(_bucket.Options, TimeProvider.System) { PageSize = 2 };
        for (var i = 0; i < 5; i++)
        {
            await _bucket.Client.InitiateMultipartUploadAsync(_bucket.Name, $"calls/rec/018f-{i}.age", Cancel);
        }

        Assert.Equal(5, await store.SweepAsync(DateTimeOffset.MaxValue, Cancel));
        Assert.Empty(await _bucket.UploadsAsync());
    }

    [Fact]
    public async Task Storing_that_breaks_off_leaves_no_parts()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Store.PutAsync("aaaa-1", new BreakingStream(SomeParts), Cancel));
        Assert.Empty(await _bucket.UploadsAsync());
    }

    [Fact]
    public async Task A_server_lost_in_the_middle_leaves_nothing_to_see_and_the_sweep_removes_its_parts()
    {
        await using var proxy = new TcpProxy("127.0.0.1", _bucket.Options.Endpoint.Port);
        using var store = Through(proxy, TimeSpan.FromSeconds(5));
        var content = new CuttingStream(SomeParts, 2 * S3Upload.PartBytes, proxy.Stop);
        await Assert.ThrowsAsync<RecordingStoreException>(() => store.PutAsync("aaaa-1", content, Cancel));

        Assert.Empty(await NamesAsync());
        Assert.Null(await Store.FindAsync("aaaa-1", Cancel));
        var left = Assert.Single(await _bucket.UploadsAsync());
        Assert.Equal(0, await Store.SweepAsync(new DateTimeOffset(left.Initiated.ToUniversalTime(), TimeSpan.Zero) - TimeSpan.FromMinutes(1), Cancel));
        Assert.Equal(1, await Store.SweepAsync(new DateTimeOffset(left.Initiated.ToUniversalTime(), TimeSpan.Zero) + TimeSpan.FromMinutes(1), Cancel));
        Assert.Empty(await _bucket.UploadsAsync());
    }

    [Fact]
    public async Task The_sweep_leaves_others_uploads()
    {
        await _bucket.Client.InitiateMultipartUploadAsync(_bucket.Name, "backup/other.bin", Cancel);
        Assert.Equal(0, await Store.SweepAsync(DateTimeOffset.MaxValue, Cancel));
        Assert.Single(await _bucket.UploadsAsync());
    }

    [Fact]
    public async Task A_server_that_is_away_is_said_within_the_limit()
    {
        await using var proxy = new TcpProxy("127.0.0.1", _bucket.Options.Endpoint.Port);
        using var store = Through(proxy, TimeSpan.FromSeconds(5));
        proxy.Stop();
        await RefusedAsync(store, "cannot be reached");
        proxy.Start();
        Assert.Equal(1, await store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_at_the_limit()
    {
        await using var proxy = new TcpProxy("127.0.0.1", _bucket.Options.Endpoint.Port);
        using var store = Through(proxy, TimeSpan.FromSeconds(1));
        proxy.Freeze();
        await RefusedAsync(store, "does not answer within 1 s");
    }

    [Fact]
    public async Task A_server_that_stands_still_while_we_read_is_given_up()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream(new byte[SomeParts]), Cancel);
        await using var proxy = new TcpProxy("127.0.0.1", _bucket.Options.Endpoint.Port);
        using var store = Through(proxy, TimeSpan.FromSeconds(1));
        await using var stream = (await store.OpenAsync("aaaa-1", Cancel))!;
        await stream.ReadExactlyAsync(new byte[1_000], Cancel);
        proxy.FreezeAnswers();
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => stream.CopyToAsync(Stream.Null, Cancel));
        Assert.Contains("does not answer", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_breaks_off_while_we_read_gives_no_short_recording()
    {
        await Store.PutAsync("aaaa-1", new MemoryStream(new byte[SomeParts]), Cancel);
        await using var proxy = new TcpProxy("127.0.0.1", _bucket.Options.Endpoint.Port);
        using var store = Through(proxy, TimeSpan.FromSeconds(5));
        await using var stream = (await store.OpenAsync("aaaa-1", Cancel))!;
        await stream.ReadExactlyAsync(new byte[1_000], Cancel);
        proxy.Stop();
        await Assert.ThrowsAsync<RecordingStoreException>(() => stream.CopyToAsync(Stream.Null, Cancel));
    }

    [Fact]
    public async Task A_wrong_secret_key_is_said_and_not_shown()
    {
        const string Wrong = "wrong-secret-0123456789";
        using var store = new S3RecordingStore(_bucket.Options with { SecretKey = Wrong }, TimeProvider.System);
        await RefusedAsync(store, "secret key", Wrong);
        Assert.DoesNotContain(Wrong, $"{_bucket.Options with { SecretKey = Wrong }} {store.Name}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_access_key_is_said()
    {
        using var store = new S3RecordingStore(_bucket.Options with { AccessKey = "ivrconsent:nobody" }, TimeProvider.System);
        await RefusedAsync(store, "access key");
    }

    [Fact]
    public async Task An_account_without_rights_is_said()
    {
        using var store = new S3RecordingStore(_bucket.Options with { AccessKey = "ivrconsent:guest" }, TimeProvider.System);
        await RefusedAsync(store, "rights");
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_no_empty_store()
    {
        using var store = new S3RecordingStore(_bucket.Options with { Bucket = $"none-{Guid.NewGuid():N}" }, TimeProvider.System);
        await RefusedAsync(store, "has no bucket");
        await Assert.ThrowsAsync<RecordingStoreException>(() => store.OpenAsync("aaaa-1", Cancel));
        await Assert.ThrowsAsync<RecordingStoreException>(() => store.DeleteAsync("aaaa-1", Cancel));
        await Assert.ThrowsAsync<RecordingStoreException>(() => store.SweepAsync(DateTimeOffset.MaxValue, Cancel));
        await Assert.ThrowsAsync<RecordingStoreException>(async () => await store.ListAsync(Cancel).FirstOrDefaultAsync(Cancel));
    }

    [Theory]
    [InlineData("https://u:p@s3.example.org", "bucket", "")]
    [InlineData("https://s3.example.org/path", "bucket", "")]
    [InlineData("ftp://s3.example.org", "bucket", "")]
    [InlineData("https://s3.example.org", "Bucket/..", "")]
    [InlineData("https://s3.example.org", "bucket", "/a")]
    [InlineData("https://s3.example.org", "bucket", "a//b")]
    public void What_is_no_place_is_refused(string endpoint, string bucket, string prefix) =>
        Assert.Throws<ArgumentException>(() => new S3RecordingStore(_bucket.Options with { Endpoint = new Uri(endpoint), Bucket = bucket, Prefix = prefix }, TimeProvider.System));

    private static async Task RefusedAsync(S3RecordingStore store, string words, string? secret = null)
    {
        var told = await Assert.ThrowsAsync<RecordingStoreException>(() => store.FindAsync("aaaa-1", Cancel).WaitAsync(_soon, Cancel));
        foreach (var error in new[] { told, await Assert.ThrowsAsync<RecordingStoreException>(() => store.PutAsync("aaaa-1", new MemoryStream([1]), Cancel)) })
        {
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(secret ?? "no secret", error.ToString(), StringComparison.Ordinal);
        }
    }

    private S3RecordingStore Through(TcpProxy proxy, TimeSpan limit) =>
        new(_bucket.Options with { Endpoint = new Uri($"http://127.0.0.1:{proxy.Port}"), Timeout = limit, Retries = 1 }, TimeProvider.System);

    /// <summary>Zeros; before the byte at <paramref name="at"/> it does what it is told to.</summary>
    private sealed class CuttingStream(int length, int at, Action cut) : MemoryStream
    {
        private int _given;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(Math.Min(buffer.Length, 64 * 1024), length - _given);
            if (_given <= at && _given + count > at)
            {
                cut();
            }

            _given += count;
            return ValueTask.FromResult(count);
        }
    }
}

/// <summary>The S3 store where the bucket keeps versions.</summary>
public sealed class S3VersionsTests : RecordingStoreContract, IAsyncLifetime
{
    private S3Bucket _bucket = null!;
    private S3RecordingStore _store = null!;

    public override IRecordingStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        _bucket = await S3Bucket.MakeAsync(versioned: true);
        _store = new S3RecordingStore(_bucket.Options, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _store?.Dispose();
        if (_bucket is not null)
        {
            await _bucket.DisposeAsync();
        }
    }

    [Fact]
    public async Task Every_version_and_delete_marker_is_deleted()
    {
        for (var i = 0; i < 3; i++)
        {
            await Store.PutAsync("aaaa-1", new MemoryStream([(byte)i]), Cancel);
        }

        await Store.PutAsync("bbbb-1", new MemoryStream([1]), Cancel);
        await _bucket.Client.DeleteObjectAsync(_bucket.Name, "calls/rec/aaaa-1", Cancel);
        Assert.Contains(await _bucket.VersionsAsync(), version => version.IsDeleteMarker);
        Assert.Equal(5, (await _bucket.VersionsAsync()).Count);

        await Store.DeleteAsync("aaaa-1", Cancel);
        Assert.Equal(["calls/rec/bbbb-1"], (await _bucket.VersionsAsync()).Select(version => version.Key));
    }
}

/// <summary>A long recording goes through one buffer, up and down.</summary>
[Collection(MemoryGroup.Name)]
public sealed class S3MemoryTests
{
    private const long Length = 200_000_000;

    [Fact]
    public async Task Two_hundred_megabytes_take_no_more_memory_than_a_few()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var bucket = await S3Bucket.MakeAsync();
        using var store = new S3RecordingStore(bucket.Options, TimeProvider.System);
        await store.PutAsync("warm-up", new MemoryStream(new byte[9_000_000]), cancel);

        var content = new MeasuringStream(Length);
        Assert.Equal(Length, await store.PutAsync("aaaa-1", content, cancel));
        Assert.InRange(content.Most, 1, 40 << 20);

        await using var stream = (await store.OpenAsync("aaaa-1", cancel))!;
        var buffer = new byte[64 * 1024];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long total = 0, most = 0;
        int read;
        while ((read = await stream.ReadAsync(buffer, cancel)) > 0)
        {
            if (total / 20_000_000 != (total += read) / 20_000_000)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(Length, total);
        Assert.InRange(most, long.MinValue, 40 << 20);
        await store.DeleteAsync("warm-up", cancel);
        await store.DeleteAsync("aaaa-1", cancel);
        Assert.Empty(await bucket.VersionsAsync());
    }

    /// <summary>Zeros, and the most memory in use while they were asked for.</summary>
    private sealed class MeasuringStream(long length) : MemoryStream
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private long _given;

        public long Most { get; private set; } = 1;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(Math.Min(buffer.Length, 1 << 20), length - _given);
            if (_given / 20_000_000 != (_given += count) / 20_000_000)
            {
                Most = Math.Max(Most, GC.GetTotalMemory(forceFullCollection: true) - _before);
            }

            return ValueTask.FromResult(count);
        }
    }
}
