using System.Collections.Concurrent;
using System.Threading.Channels;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.Logging;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The local files that hold what the database could not take. A file only grows; before it is replayed it is closed, and what
/// comes after goes to the next one; when all of it is committed it is deleted. So nothing is ever cut out of a file that is
/// being written, and a crash between commit and deletion only means that it is replayed once more: every entry has its id.
/// </summary>
internal sealed class Spool : IAsyncDisposable
{
    private const string Prefix = "spool-";
    private const string Suffix = ".jsonl";
    private const string RefusedName = "refused.jsonl";

    // Larger files would make a replay after a crash begin further back, smaller ones make more of them.
    private const long FileLimit = 4 << 20;
    private const int GroupLimit = 256;

    private readonly ISpoolFolder _folder;
    private readonly NumberKeyRing _numbers;
    private readonly ILogger _logger;
    private readonly Channel<Waiter> _queue;
    private readonly Lock _gate = new();
    private readonly Queue<SpoolName> _closed = new();

    // How many batches of each call wait here. What follows them must wait behind them.
    private readonly ConcurrentDictionary<CallId, int> _calls = new();
    private Task _loop = Task.CompletedTask;
    private SpoolName? _activeName;
    private ISpoolFile? _active;
    private long _number;
    private long _waiting;
    private long _refused;

    // The replay's place; only the writer's loop is here.
    private SpoolName? _replaying;
    private SpoolContent? _content;
    private int _replayed;
    private int _handed;

    public Spool(ISpoolFolder folder, NumberKeyRing numbers, int queueLimit, ILogger logger)
    {
        _folder = folder;
        _numbers = numbers;
        _logger = logger;
        _queue = Channel.CreateBounded<Waiter>(new BoundedChannelOptions(queueLimit) { SingleReader = true });
    }

    /// <summary>Batches that the database does not have yet.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Batches that the database refused for their content, in a file of their own for a person.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Whether entries of this call wait here.</summary>
    public bool Holds(CallId call) => _calls.ContainsKey(call);

    /// <summary>For a person.</summary>
    public string Path => _folder.Path;

    /// <summary>Takes the folder and finds what an earlier process left.</summary>
    public void Open()
    {
        // Without its keys it could neither take a number nor give one back: better to fail now.
        _ = _numbers.Current;
        _folder.Take();
        foreach (var name in _folder.List().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (long.TryParse(name.AsSpan(Prefix.Length, Math.Min(10, name.Length - Prefix.Length)), out var number))
            {
                _number = Math.Max(_number, number);
            }

            if (name.EndsWith(Suffix, StringComparison.Ordinal))
            {
                var batches = SpoolLine.ReadAll(_folder.Read(name), _numbers).Batches;
                var found = new SpoolName(name) { Batches = batches.Count };
                Count(batches);
                _closed.Enqueue(found);
            }
        }

        if (_folder.List().Contains(RefusedName))
        {
            _refused = SpoolLine.ReadAll(_folder.Read(RefusedName), _numbers).Batches.Count;
        }

        if (Waiting > 0)
        {
            LedgerLog.SpoolFound(_logger, Waiting, Path);
        }

        _loop = BlockingThread.RunAsync("ledger spool", RunAsync);
    }

    /// <summary>Appends a batch; true when it is on the disk.</summary>
    public Task<bool> AppendAsync(LedgerBatch batch)
    {
        var waiter = new Waiter(batch);
        return _queue.Writer.TryWrite(waiter) ? waiter.Done.Task : Task.FromResult(false);
    }

    /// <summary>
    /// The next batches to replay, oldest first; none when there is nothing. The same ones again until <see cref="Confirm"/>.
    /// </summary>
    public IReadOnlyList<LedgerBatch> Next(int limit)
    {
        while (true)
        {
            if (_replaying is null && !TakeFile())
            {
                return [];
            }

            if (_content is null)
            {
                // A failed append that could not be taken back may have left more in the file than was counted.
                _content = SpoolLine.ReadAll(_folder.Read(_replaying!.Name), _numbers);
                Count([.. _content.Batches.Skip(_replaying.Batches)]);
                Interlocked.Add(ref _waiting, Math.Min(0, _content.Batches.Count - _replaying.Batches));
            }

            if (_replayed < _content.Batches.Count)
            {
                _handed = Math.Min(limit, _content.Batches.Count - _replayed);
                return [.. _content.Batches.Skip(_replayed).Take(_handed)];
            }

            Finish();
        }
    }

    /// <summary>What <see cref="Next"/> gave is committed.</summary>
    public void Confirm()
    {
        Discount(_content!.Batches.Skip(_replayed).Take(_handed));
        _replayed += _handed;
        _handed = 0;
        if (_content is { } content && _replayed >= content.Batches.Count)
        {
            Finish();
        }
    }

    /// <summary>Keeps a batch that the database will never take, for a person to look at; true when it is on the disk.</summary>
    public bool Refuse(LedgerBatch batch)
    {
        try
        {
            using var file = _folder.Append(RefusedName);
            Write(file, SpoolLine.Write(batch, _numbers));
            _folder.Sync();
            Interlocked.Increment(ref _refused);
            return true;
        }
        catch (Exception error)
        {
            LedgerLog.SpoolFailed(_logger, Path, error);
            return false;
        }
    }

    /// <summary>All that waits, oldest first. Read it before the database: what is replayed meanwhile is then found in one of the two.</summary>
    public IReadOnlyList<LedgerBatch> ReadAll()
    {
        if (Waiting == 0)
        {
            return [];
        }

        SpoolName[] names;
        lock (_gate)
        {
            names = [.. ((SpoolName?[])[_replaying, .. _closed, _activeName]).OfType<SpoolName>()];
        }

        var batches = new List<LedgerBatch>();
        foreach (var name in names)
        {
            try
            {
                batches.AddRange(SpoolLine.ReadAll(_folder.Read(name.Name), _numbers).Batches);
            }
            catch (FileNotFoundException)
            {
                // Replayed and deleted in this moment: the database has it.
            }
        }

        return batches;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        lock (_gate)
        {
            _active?.Dispose();
            _active = null;
        }

        _folder.Dispose();
    }

    private async Task RunAsync()
    {
        var group = new List<Waiter>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            while (group.Count < GroupLimit && _queue.Reader.TryRead(out var waiter))
            {
                group.Add(waiter);
            }

            // One sync for many; where that fails, each by itself: a disk that is nearly full may still take some.
            if (Store(group))
            {
                group.ForEach(w => w.Done.SetResult(true));
            }
            else
            {
                group.ForEach(w => w.Done.SetResult(group.Count > 1 && Store([w])));
            }
        }
    }

    private bool Store(List<Waiter> group)
    {
        try
        {
            using var lines = new MemoryStream();
            group.ForEach(w => lines.Write(SpoolLine.Write(w.Batch, _numbers)));
            lock (_gate)
            {
                Write(Active(), lines.GetBuffer().AsMemory(0, (int)lines.Length));
                _activeName!.Batches += group.Count;
                Count([.. group.Select(waiter => waiter.Batch)]);
                if (_active!.Length >= FileLimit)
                {
                    Close();
                }
            }

            return true;
        }
        catch (Exception error)
        {
            LedgerLog.SpoolFailed(_logger, Path, error);
            return false;
        }
    }

    private void Count(IReadOnlyCollection<LedgerBatch> batches)
    {
        Interlocked.Add(ref _waiting, batches.Count);
        foreach (var batch in batches)
        {
            _calls.AddOrUpdate(batch.Entries[0].CallId, 1, (_, count) => count + 1);
        }
    }

    private void Discount(IEnumerable<LedgerBatch> batches)
    {
        foreach (var batch in batches)
        {
            Interlocked.Decrement(ref _waiting);
            var call = batch.Entries[0].CallId;
            if (_calls.AddOrUpdate(call, 0, (_, count) => count - 1) == 0)
            {
                // Unless one more came in this moment.
                _calls.TryRemove(new KeyValuePair<CallId, int>(call, 0));
            }
        }
    }

    /// <summary>Appends and syncs, or takes back what it can.</summary>
    private void Write(ISpoolFile file, ReadOnlyMemory<byte> lines)
    {
        var length = file.Length;
        try
        {
            file.Append(lines);
            file.Sync();
        }
        catch
        {
            try
            {
                file.Truncate(length);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // What stands there now may be half a line: nothing may follow it in the same file.
                if (ReferenceEquals(file, _active))
                {
                    Close();
                }
            }

            throw;
        }
    }

    private ISpoolFile Active()
    {
        if (_active is null)
        {
            var name = $"{Prefix}{_number + 1:D10}{Suffix}";
            var file = _folder.Append(name);
            _number++;
            _active = file;
            _activeName = new SpoolName(name);
            _folder.Sync();
        }

        return _active;
    }

    private void Close()
    {
        _active?.Dispose();
        _active = null;
        if (_activeName is not null)
        {
            _closed.Enqueue(_activeName);
            _activeName = null;
        }
    }

    private bool TakeFile()
    {
        lock (_gate)
        {
            if (_closed.Count == 0 && _activeName is not null)
            {
                Close();
            }

            return _closed.TryDequeue(out _replaying);
        }
    }

    private void Finish()
    {
        var name = _replaying!.Name;
        try
        {
            if (_content!.Damaged > 0)
            {
                // There was something that nobody can read any more: kept for a person, who may read more than we do.
                LedgerLog.SpoolDamaged(_logger, name, _content.Damaged);
                _folder.Rename(name, System.IO.Path.ChangeExtension(name, ".damaged"));
            }
            else
            {
                _folder.Delete(name);
            }

            if (_content.Torn)
            {
                LedgerLog.SpoolTorn(_logger, name);
            }

            _folder.Sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It stays and is replayed again at the next start, which changes nothing.
            LedgerLog.SpoolFailed(_logger, Path, error);
        }

        lock (_gate)
        {
            _replaying = null;
        }

        _content = null;
        _replayed = 0;
    }

    /// <summary>A file with the number of batches that were confirmed into it.</summary>
    private sealed class SpoolName(string name)
    {
        public string Name { get; } = name;

        public int Batches { get; set; }
    }

    private sealed record Waiter(LedgerBatch Batch)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
