using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings;

/// <summary>Sends requests of the SDK within the time limit, and makes of every failure a message that says what to do.</summary>
internal sealed class S3Calls(S3StoreOptions options, TimeProvider time)
{
    // What servers answer to a request that they do not know: those without versions or without lists of unfinished uploads.
    private static readonly HashSet<string> UnknownCodes = ["NotImplemented", "MethodNotAllowed"];

    private readonly string _where = $"The S3 server {options.Endpoint.Authority}";

    /// <summary>The answer to one request.</summary>
    /// <exception cref="RecordingStoreException">There is none within the limit, or it is no.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancel)
    {
        try
        {
            return await LimitAsync(request, cancel);
        }
        catch (Exception e) when (IsTrouble(e) && !cancel.IsCancellationRequested)
        {
            throw Trouble(e);
        }
    }

    /// <summary>As <see cref="AskAsync"/>; nothing where the server answers that there is none, or (<paramref name="orUnknown"/>) that it knows no such request.</summary>
    public async Task<T?> FindAsync<T>(Func<CancellationToken, Task<T>> request, bool orUnknown, CancellationToken cancel)
        where T : class
    {
        try
        {
            return await LimitAsync(request, cancel);
        }
        catch (AmazonS3Exception e) when (IsNone(e) || (orUnknown && IsUnknown(e)))
        {
            return null;
        }
        catch (Exception e) when (IsTrouble(e) && !cancel.IsCancellationRequested)
        {
            throw Trouble(e);
        }
    }

    /// <summary>Whether an exception is the server's, the network's or the limit's, and none of ours.</summary>
    public static bool IsTrouble(Exception e) =>
        e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException or OperationCanceledException or WebException;

    /// <summary>Whether the server refuses because it must not, rather than because it cannot.</summary>
    public static bool IsRefusal(Exception e) => e is RecordingStoreException { InnerException: AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.Locked } };

    /// <summary>The failure for a person.</summary>
    public RecordingStoreException Trouble(Exception e) => e switch
    {
        AmazonS3Exception refused => new(Explain(refused), refused),
        OperationCanceledException or TimeoutException => new($"{_where} does not answer within {options.Timeout.TotalSeconds:0.#} s. Look whether it runs and is reached from this machine, and at its load.", e),
        _ => new($"{_where} cannot be reached: {Cause(e)} Look whether it runs, at the endpoint in the settings, at the network between, and at its certificate.", e),
    };

    private static bool IsNone(AmazonS3Exception e) =>
        e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket";

    private static bool IsUnknown(AmazonS3Exception e) =>
        UnknownCodes.Contains(e.ErrorCode ?? "") || e.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed;

    private static string Cause(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e.Message.EndsWith('.') ? e.Message : e.Message + ".";
    }

    private async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        return await request(both.Token);
    }

    // The server's own words stay out: some servers put the whole request in them.
    private string Explain(AmazonS3Exception e) => (e.ErrorCode, e.StatusCode) switch
    {
        ("NoSuchBucket", _) => $"{_where} has no bucket {options.Bucket}. Make the bucket, or correct its name in the settings.",
        ("InvalidAccessKeyId", _) => $"{_where} does not know the access key. Correct access_key in the settings.",
        ("SignatureDoesNotMatch", _) => $"{_where} does not accept the secret key. Correct the secret key of this access key, and look at the region ({options.Region}).",
        ("RequestTimeTooSkewed", _) => $"{_where} has another time than this machine. Set both clocks by NTP.",
        ("AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException", _) => $"{_where} expects another region or address than {options.Region} for the bucket {options.Bucket}. Correct region and endpoint in the settings.",
        ("QuotaExceeded" or "EntityTooLarge", _) or (_, HttpStatusCode.InsufficientStorage) => $"{_where} has no room left for the bucket {options.Bucket}. Make room, or raise its quota.",
        (_, HttpStatusCode.Forbidden) => $"{_where} refuses access to the bucket {options.Bucket} ({e.ErrorCode}). Give the access key the rights to read, write, list and delete objects and their versions there.",
        (_, >= HttpStatusCode.InternalServerError) => $"{_where} fails ({(int)e.StatusCode} {e.ErrorCode}). Look at its own log and its load.",
        _ => $"{_where} refuses the request ({(int)e.StatusCode} {e.ErrorCode}). Look at the bucket {options.Bucket} and the settings of the store.",
    };
}
