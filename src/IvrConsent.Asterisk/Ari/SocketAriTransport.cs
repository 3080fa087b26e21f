using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using IvrConsent.Core.Calls;

namespace IvrConsent.Asterisk.Ari;

/// <summary>
/// Requests over the event socket: one connection and no HTTP head per request. Asterisk carries them out one after another in
/// the order sent, so none that may take long must be among them (<see cref="AriRequest.WaitsForChannel"/>).
/// </summary>
internal sealed class SocketAriTransport(Func<ReadOnlyMemory<byte>, ValueTask> send, TimeProvider time) : IAriTransport
{
    /// <summary>More than this waiting to be sent means a socket that takes nothing: refuse instead of hoarding.</summary>
    private const int MostQueued = 4096;

    private readonly ConcurrentDictionary<int, Pending> _pending = new();
    private readonly Queue<Pending> _queue = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private Utf8JsonWriter? _writer;
    private bool _sending;
    private int _lastId;
    private string? _lost;

    public string Name => "the event socket";

    public async Task<AriResponse> SendAsync(AriRequest request, TimeSpan limit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var pending = new Pending(request, Interlocked.Increment(ref _lastId));
        _pending[pending.Id] = pending;
        try
        {
            Enqueue(pending);
            return await pending.Task.WaitAsync(limit, time, cancel);
        }
        catch (TimeoutException)
        {
            throw new PbxException($"{request}: no answer within {limit.TotalMilliseconds:0} ms");
        }
        finally
        {
            _pending.TryRemove(pending.Id, out _);
            // Given up before it was sent: the sender passes it over. No effect once answered.
            pending.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Called by the read loop with the answer to a request; the waiter goes on elsewhere.</summary>
    public bool Answer(AriEvent response, ReadOnlySpan<byte> message)
    {
        if (!_pending.TryGetValue(response.RequestId, out var pending))
        {
            return false;
        }

        var body = pending.Request.WantsBody || response.StatusCode >= 400 ? AriEventReader.ReadBody(message, response.Body) : null;
        return pending.TrySetResult(new AriResponse(response.StatusCode, body));
    }

    /// <summary>The connection is lost: whoever waits, waits no longer.</summary>
    public void Fail(string reason)
    {
        lock (_queue)
        {
            _lost ??= reason;
            _queue.Clear();
        }

        foreach (var pending in _pending.Values)
        {
            pending.TrySetException(new PbxException($"{pending.Request}: {reason}"));
        }
    }

    // Whoever finds nobody sending becomes the sender, until the queue is empty: first come, first sent, one at a time, and in the
    // usual case of an empty queue without a change of thread.
    private void Enqueue(Pending pending)
    {
        lock (_queue)
        {
            if (_lost is not null)
            {
                throw new PbxException($"{pending.Request}: {_lost}");
            }

            if (_queue.Count >= MostQueued)
            {
                throw new PbxException($"{pending.Request}: {MostQueued} requests wait to be sent already");
            }

            _queue.Enqueue(pending);
            if (_sending)
            {
                return;
            }

            _sending = true;
        }

        _ = SendQueuedAsync();
    }

    private async Task SendQueuedAsync()
    {
        while (true)
        {
            Pending? pending;
            lock (_queue)
            {
                if (!_queue.TryDequeue(out pending))
                {
                    _sending = false;
                    return;
                }
            }

            if (pending.Task.IsCompleted)
            {
                continue;
            }

            try
            {
                Write(pending);
                await send(_buffer.WrittenMemory);
            }
            catch (Exception e)
            {
                // The read loop finds the broken socket too and fails the rest; this one is told at once.
                pending.TrySetException(new PbxException($"{pending.Request}: could not be sent: {e.Message}", e));
            }
        }
    }

    private void Write(Pending pending)
    {
        var request = pending.Request;
        _buffer.ResetWrittenCount();
        _writer ??= new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
        _writer.Reset(_buffer);
        Span<char> id = stackalloc char[11];
        pending.Id.TryFormat(id, out var digits, provider: CultureInfo.InvariantCulture);

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "RESTRequest"u8);
        _writer.WriteString("transaction_id"u8, "ivrconsent"u8);
        _writer.WriteString("request_id"u8, id[..digits]);
        _writer.WriteString("method"u8, request.Method.Method);
        _writer.WriteString("uri"u8, request.Path);
        if (request.Query.Length > 0)
        {
            _writer.WriteStartArray("query_strings"u8);
            foreach (var (name, value) in request.Query)
            {
                _writer.WriteStartObject();
                _writer.WriteString("name"u8, name);
                _writer.WriteString("value"u8, value);
                _writer.WriteEndObject();
            }

            _writer.WriteEndArray();
        }

        if (request.Body is not null)
        {
            _writer.WriteString("content_type"u8, "application/json"u8);
            _writer.WriteString("message_body"u8, request.Body);
        }

        _writer.WriteEndObject();
        _writer.Flush();
    }

    private sealed class Pending(AriRequest request, int id) : TaskCompletionSource<AriResponse>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public AriRequest Request => request;

        public int Id => id;
    }
}
