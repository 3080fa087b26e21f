using Amazon.S3.Model;
using IvrConsent.Core.Recordings;

namespace IvrConsent.Storage.Recordings;

/// <summary>An object's content as it arrives; a server that stands still or breaks off becomes the store's exception.</summary>
internal sealed class S3ObjectStream(GetObjectResponse answer, S3Calls calls, TimeSpan timeout, TimeProvider time) : ForwardStream
{
    private readonly Stream _content = answer.ResponseStream;
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var read = await _content.ReadAsync(buffer, both.Token);
            _read += read;
            return read > 0 || buffer.Length == 0 || _read == answer.ContentLength
                ? read
                : throw new IOException($"the object broke off after {_read} of {answer.ContentLength} bytes");
        }
        catch (Exception e) when (S3Calls.IsTrouble(e) && !cancellationToken.IsCancellationRequested)
        {
            throw calls.Trouble(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
        }

        base.Dispose(disposing);
    }
}
