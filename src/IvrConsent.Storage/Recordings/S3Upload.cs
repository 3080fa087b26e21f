using System.Buffers;
using Amazon.S3;
using Amazon.S3.Model;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings;

/// <summary>Stores content of unknown length through one buffer: at once what fits it, in parts what does not.</summary>
internal sealed class S3Upload(AmazonS3Client client, S3Calls calls, S3StoreOptions options, TimeProvider time)
{
    /// <summary>Bytes of a part and of the buffer; S3 wants 5 MiB at least for all parts but the last.</summary>
    public const int PartBytes = 8 * 1024 * 1024;

    /// <summary>Most parts that S3 takes.</summary>
    public const int MostParts = 10_000;

    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(10);

    /// <summary>Stores it.</summary>
    /// <returns>How many bytes there were.</returns>
    public async Task<long> PutAsync(string key, Stream content, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            var filled = await content.ReadAtLeastAsync(buffer.AsMemory(0, PartBytes), PartBytes, throwOnEndOfStream: false, cancel);
            if (filled < PartBytes)
            {
                await PutAtOnceAsync(key, buffer, filled, cancel);
                return filled;
            }

            return await PutInPartsAsync(key, content, buffer, cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task PutAtOnceAsync(string key, byte[] buffer, int length, CancellationToken cancel)
    {
        var request = new PutObjectRequest
        {
            BucketName = options.Bucket, Key = key, InputStream = new MemoryStream(buffer, 0, length, writable: false), ContentType = "application/octet-stream", CalculateContentMD5Header = true,

            // Signed over the whole part, not chunk by chunk: not every server understands those, and the part is in memory anyway.
            UseChunkEncoding = false,
        };
        if (options.Lock is { } held)
        {
            request.ObjectLockMode = Mode(held);
            request.ObjectLockRetainUntilDate = Until(held);
        }

        await calls.AskAsync(limited => client.PutObjectAsync(request, limited), cancel);
    }

    private async Task<long> PutInPartsAsync(string key, Stream content, byte[] buffer, CancellationToken cancel)
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = key, ContentType = "application/octet-stream" };
        if (options.Lock is { } held)
        {
            begin.ObjectLockMode = Mode(held);
            begin.ObjectLockRetainUntilDate = Until(held);
        }

        var upload = (await calls.AskAsync(limited => client.InitiateMultipartUploadAsync(begin, limited), cancel)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            var bytes = 0L;
            for (var filled = PartBytes; filled > 0;)
            {
                if (parts.Count == MostParts)
                {
                    throw new RecordingStoreException($"A recording has more than {(long)PartBytes * MostParts >> 30} GiB, which is more than this store takes. Record it in pieces.");
                }

                parts.Add(await PutPartAsync(key, upload, parts.Count + 1, buffer, filled, cancel));
                bytes += filled;
                filled = filled < PartBytes ? 0 : await content.ReadAtLeastAsync(buffer.AsMemory(0, PartBytes), PartBytes, throwOnEndOfStream: false, cancel);
            }

            await calls.AskAsync(limited => client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload, PartETags = parts }, limited), cancel);
            return bytes;
        }
        catch
        {
            await AbortAsync(key, upload);
            throw;
        }
    }

    private async Task<PartETag> PutPartAsync(string key, string upload, int number, byte[] buffer, int length, CancellationToken cancel)
    {
        var answer = await calls.AskAsync(
            limited => client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = options.Bucket, Key = key, UploadId = upload, PartNumber = number, PartSize = length,
                    InputStream = new MemoryStream(buffer, 0, length, writable: false), CalculateContentMD5Header = true, UseChunkEncoding = false,
                },
                limited),
            cancel);
        return new PartETag(number, answer.ETag);
    }

    // Also when the caller has had enough: the parts take room until somebody removes them.
    private async Task AbortAsync(string key, string upload)
    {
        using var limit = new CancellationTokenSource(AbortLimit, time);
        try
        {
            await client.AbortMultipartUploadAsync(options.Bucket, key, upload, limit.Token);
        }
        catch (Exception e) when (S3Calls.IsTrouble(e))
        {
            // SweepAsync finds it.
        }
    }

    private static ObjectLockMode Mode(S3Lock held) => held.Mode == S3LockMode.Compliance ? ObjectLockMode.Compliance : ObjectLockMode.Governance;

    private DateTime Until(S3Lock held) => time.GetUtcNow().UtcDateTime.AddDays(held.Days);
}
