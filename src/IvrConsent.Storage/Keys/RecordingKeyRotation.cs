using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// Changes the master of recordings' keys, while workers record and persons are erased: each key is unwrapped and wrapped anew, and no sound
/// is touched. First the new master goes into <c>recordings.key</c> before the older ones, then its public half into <c>recordings.pub</c>;
/// then the keys follow in batches, in the order of their recordings' names. Which master a key is under is found by opening it: a file of
/// age does not say it. So what was cut off is continued without anything noted, and a key that came under an older master meanwhile is found.
/// With a command that wraps, there is no master here: every key is wrapped anew by it.
/// </summary>
public sealed class RecordingKeyRotation : IKeyRotation
{
    private const int BatchSize = 500;
    private const int MostFailuresInARow = 10;

    // A worker that wrapped a key before it saw the new public half stores it when its recording is encrypted: minutes later, at the most hours.
    private static readonly TimeSpan Settling = TimeSpan.FromDays(1);
    private readonly LedgerDatabase _database;
    private readonly KeyFolder _folder;
    private readonly AgeKeyWrap _own;
    private readonly IRecordingKeyWrap _wrap;
    private readonly bool _byCommand;
    private readonly TimeProvider _time;

    /// <summary>For the ledger and the keys that the options name.</summary>
    public RecordingKeyRotation(LedgerOptions options, KeyCommandOptions commands, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(commands);
        ArgumentNullException.ThrowIfNull(time);
        _database = LedgerDatabase.Create(options);
        _folder = new KeyFolder(options.KeyFolder);
        _own = new AgeKeyWrap(_folder);
        _wrap = RecordingKeyWraps.Create(_folder, commands, time);
        _byCommand = commands.Wrap.Count > 0;
        _time = time;
    }

    /// <summary>Makes a new master; with a command that wraps, nothing: its keys are changed where it has them.</summary>
    /// <inheritdoc/>
    public Task MakeKeyAsync(CancellationToken cancel) => RunAsync(
        _ =>
        {
            if (!_byCommand)
            {
                using var master = _own.ReadMaster();
                Write(master.WriteRotated());
                PublishNewest();
            }

            return Task.FromResult(true);
        },
        cancel);

    /// <inheritdoc/>
    public Task<long> RenewAsync(CancellationToken cancel) => RunAsync(
        async connection =>
        {
            if (!_byCommand)
            {
                PublishNewest();
            }

            var (done, failed, inARow) = (0L, 0L, 0);
            KeyFolderException? first = null;
            await foreach (var batch in ReadAsync(connection, cancel))
            {
                var renewed = new List<Renewed>();
                using var master = _byCommand ? null : _own.ReadMaster();
                foreach (var row in batch)
                {
                    try
                    {
                        if (await RenewAsync(master, row, cancel) is { } one)
                        {
                            renewed.Add(one);
                        }

                        inARow = 0;
                    }
                    catch (KeyFolderException error)
                    {
                        // One that is damaged must not keep the others under the old master; a command that is away would fail for all.
                        first ??= error;
                        failed++;
                        if (++inARow >= MostFailuresInARow)
                        {
                            break;
                        }
                    }
                }

                done += await StoreAsync(connection, renewed, cancel);
                if (inARow >= MostFailuresInARow)
                {
                    break;
                }
            }

            await _database.ScrubAsync(connection, cancel);
            return first is null ? done : throw new KeyFolderException(
                $"{failed} keys of recordings stay as they are ({done} were wrapped anew). {first.Message} Then run: ivrconsent keys rotate recordings --continue", first);
        },
        cancel);

    /// <inheritdoc/>
    public Task ForgetAsync(CancellationToken cancel) => RunAsync(
        async connection =>
        {
            if (_byCommand)
            {
                throw new KeyFolderException("keys.wrap_command wraps the keys of recordings: its older keys are forgotten where it has them. When keys rotate recordings has run, recordings.key is needed no more.");
            }

            using var master = _own.ReadMaster();
            if (RecordingMaster.IdOf(_folder.ParsePublic(KeyFiles.Recordings, RecordingMaster.ParsePublic)) != master.Ids[0])
            {
                throw new KeyFolderException("recordings.pub is still an older key's. Run: ivrconsent keys rotate recordings --continue");
            }

            var settled = _folder.ChangedPublic(KeyFiles.Recordings) + Settling;
            if (_time.GetUtcNow() < settled)
            {
                throw new KeyFolderException(
                    $"recordings.pub was changed less than {Settling.TotalHours:0} hours ago: a worker may still store a key that it wrapped before. See to it that every machine that records has the new recordings.pub, and run this again after {settled:yyyy-MM-dd HH:mm} UTC.");
            }

            long left = 0;
            await foreach (var batch in ReadAsync(connection, cancel))
            {
                foreach (var row in batch)
                {
                    left += await IsUnderAsync(master, row, cancel) ? 0 : 1;
                }
            }

            if (left > 0)
            {
                throw new KeyFolderException($"{left} keys of recordings are still under an older key. See to it that every machine that records has the new recordings.pub, then run: ivrconsent keys rotate recordings --continue");
            }

            Write(master.WriteNewest());
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static async Task<bool> IsUnderAsync(RecordingMaster master, Stored row, CancellationToken cancel)
    {
        var bound = await AgeKeyWrap.TryOpenAsync(row.Wrapped, master.Identities[0], cancel);
        CryptographicOperations.ZeroMemory(bound);
        return bound is not null;
    }

    /// <summary>The key wrapped anew; null where it is under the newest master already.</summary>
    private async Task<Renewed?> RenewAsync(RecordingMaster? newest, Stored row, CancellationToken cancel)
    {
        if (newest is not null && await IsUnderAsync(newest, row, cancel))
        {
            return null;
        }

        var secret = await _wrap.UnwrapAsync(row.Recording, row.Wrapped, cancel);
        try
        {
            return new Renewed(row, await _wrap.WrapAsync(row.Recording, secret, cancel));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>
    /// Puts the new in place of the old where it still is the old: a recording erased meanwhile has no key, and gets none. One commit for
    /// the batch; the writer of calls waits no longer for it than for a group of its own.
    /// </summary>
    private async Task<int> StoreAsync(DbConnection connection, List<Renewed> renewed, CancellationToken cancel)
    {
        if (renewed.Count == 0)
        {
            return 0;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (_database.RightsLock is { } sql)
        {
            // An erasure takes many rows in its own order: side by side, each could wait for the other.
            await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, commandTimeout: 60, cancellationToken: cancel));
        }

        var done = 0;
        foreach (var one in renewed)
        {
            done += await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE recording_keys SET wrapped = @wrapped WHERE recording = @recording AND wrapped = @old",
                new { wrapped = one.Wrapped, recording = one.Old.Recording, old = one.Old.Wrapped },
                transaction,
                cancellationToken: cancel));
        }

        await transaction.CommitAsync(cancel);
        return done;
    }

    private static async IAsyncEnumerable<List<Stored>> ReadAsync(DbConnection connection, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = string.Empty; ;)
        {
            var batch = new List<Stored>();
            await using (var row = await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT recording, wrapped FROM recording_keys WHERE recording > @after ORDER BY recording LIMIT @limit", new { after, limit = BatchSize }, cancellationToken: cancel)))
            {
                while (await row.ReadAsync(cancel))
                {
                    batch.Add(new Stored(row.GetString(0), row.GetFieldValue<byte[]>(1)));
                }
            }

            if (batch.Count == 0)
            {
                yield break;
            }

            yield return batch;
            after = batch[^1].Recording;
        }
    }

    /// <summary>Puts the newest one's public half into its file, where that is not so: this is also what is done first after a cut.</summary>
    private void PublishNewest()
    {
        using var master = _own.ReadMaster();
        if (!_folder.HasPublic(KeyFiles.Recordings)
            || RecordingMaster.IdOf(_folder.ParsePublic(KeyFiles.Recordings, RecordingMaster.ParsePublic)) != master.Ids[0])
        {
            Writing(() => _folder.ReplacePublic(KeyFiles.Recordings, master.Public));
        }
    }

    private void Write(byte[] file)
    {
        try
        {
            Writing(() => _folder.Replace(KeyFiles.Recordings, file));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    private void Writing(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException && error is not KeyFolderException)
        {
            throw new KeyFolderException($"The key folder {_folder.Path} cannot be written: rotate with keys.folder where the original of recordings.key is, then hand the new files out.", error);
        }
    }

    /// <summary>Alone: of two that write the file at the same time, one would lose the other's new master.</summary>
    private async Task<T> RunAsync<T>(Func<DbConnection, Task<T>> run, CancellationToken cancel)
    {
        try
        {
            await using var alone = await _database.TryTakeAsync("recording-keys", cancel)
                ?? throw new KeyFolderException("Another rotation of recordings.key runs now. Wait for its end.");
            await using var connection = await _database.OpenWriterAsync(cancel);
            return await run(connection);
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }

    private sealed record Stored(string Recording, byte[] Wrapped);

    private sealed record Renewed(Stored Old, byte[] Wrapped);
}
