using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using IvrConsent.Storage.Recordings;
using IvrConsent.TestKit.Lab;
using Xunit;

namespace IvrConsent.Adapters.Tests.Recordings;

/// <summary>A bucket of its own on the lab's S3 server, and a client that looks into it past the store.</summary>
internal sealed class S3Bucket : IAsyncDisposable
{
    private readonly LabS3 _server;

    private S3Bucket(LabS3 server)
    {
        _server = server;
        Client = new AmazonS3Client(new BasicAWSCredentials(server.AccessKey, server.SecretKey), new AmazonS3Config
        {
            ServiceURL = server.Endpoint.ToString(), UseHttp = true, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        });
    }

    public string Name { get; } = $"test-{Guid.NewGuid():N}";

    public AmazonS3Client Client { get; }

    public S3StoreOptions Options => new()
    {
        Endpoint = _server.Endpoint, Bucket = Name, Prefix = "calls/rec", AccessKey = _server.AccessKey, SecretKey = _server.SecretKey,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<S3Bucket> MakeAsync(bool versioned = false)
    {
        var server = LabEnvironment.Find()?.FindS3();
        if (server is null)
        {
            Assert.SkipUnless(LabEnvironment.Required, "No S3 server: start it with tests/lab/lab up s3.");
            throw new InvalidOperationException("No S3 server, and IVRCONSENT_LAB_REQUIRED=1. Start it with tests/lab/lab up s3.");
        }

        var bucket = new S3Bucket(server);
        await bucket.Client.PutBucketAsync(new PutBucketRequest { BucketName = bucket.Name, UseClientRegion = true }, Cancel);
        if (versioned)
        {
            await bucket.Client.PutBucketVersioningAsync(
                new PutBucketVersioningRequest { BucketName = bucket.Name, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } }, Cancel);
        }

        return bucket;
    }

    /// <summary>Every version and delete marker in the bucket.</summary>
    public async Task<IReadOnlyList<S3ObjectVersion>> VersionsAsync() => (await Client.ListVersionsAsync(Name, Cancel)).Versions;

    /// <summary>The uploads that nobody finished or aborted.</summary>
    public async Task<IReadOnlyList<MultipartUpload>> UploadsAsync() => (await Client.ListMultipartUploadsAsync(Name, Cancel)).MultipartUploads;

    public async ValueTask DisposeAsync()
    {
        foreach (var upload in await UploadsAsync())
        {
            await Client.AbortMultipartUploadAsync(Name, upload.Key, upload.UploadId, CancellationToken.None);
        }

        foreach (var version in (await VersionsAsync()).Reverse())
        {
            await Client.DeleteObjectAsync(Name, version.Key, version.VersionId, CancellationToken.None);
        }

        await Client.DeleteBucketAsync(Name, CancellationToken.None);
        Client.Dispose();
    }
}
