using System.Data.Common;
using Dapper;
using IvrConsent.Storage.Database;

namespace IvrConsent.Storage.Keys;

/// <summary>
/// Changes the key that phone numbers are encrypted with, while workers run. First the new key goes into the file, before the old ones;
/// then every number is encrypted anew, in batches: cut off anywhere, it is continued. The old keys stay in the file to read with, until
/// they are forgotten on purpose: a spool or a backup may still need them. The key that numbers are found by does not change.
/// </summary>
public sealed class NumberRotation : IKeyRotation
{
    private const int BatchSize = 500;
    private readonly LedgerDatabase _database;
    private readonly KeyFolder _folder;
    private readonly string _spool;

    /// <summary>For the ledger and the keys that the options name.</summary>
    public NumberRotation(LedgerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _database = LedgerDatabase.Create(options);
        _folder = new KeyFolder(options.KeyFolder);
        _spool = options.SpoolFolder;
    }

    /// <summary>Makes a new key.</summary>
    /// <exception cref="KeyFolderException">The file cannot be read or written.</exception>
    public void MakeKey()
    {
        try
        {
            _folder.Replace(KeyFiles.Numbers, _folder.Parse(KeyFiles.Numbers, NumberKeys.Parse).Rotate().Write());
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException && error is not KeyFolderException)
        {
            throw new KeyFolderException($"The key folder {_folder.Path} cannot be written: rotate with keys.folder where the original of numbers.key is, then hand the new file out.", error);
        }
    }

    /// <summary>Encrypts every number anew that is not under the newest key; answers with how many those were.</summary>
    /// <exception cref="KeyFolderException">A number is under a key that the file has not.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be written.</exception>
    public Task<long> EncryptAsync(CancellationToken cancel) => RunAsync(
        async connection =>
        {
            long done = 0;
            while (await EncryptBatchAsync(connection, BatchSize, _database.HeldIfFree, cancel) is var count && count > 0)
            {
                done += count;
            }

            // What calls held meanwhile, one by one.
            while (await EncryptBatchAsync(connection, 1, _database.Held, cancel) is var count && count > 0)
            {
                done += count;
            }

            await _database.ScrubAsync(connection, cancel);
            return done;
        },
        cancel);

    /// <summary>Takes the older keys out of the file; what is still under one of them can never be read again.</summary>
    /// <exception cref="KeyFolderException">Something is: the message says what.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be read.</exception>
    public Task ForgetAsync(CancellationToken cancel) => RunAsync(
        async connection =>
        {
            var keys = _folder.Parse(KeyFiles.Numbers, NumberKeys.Parse);
            var left = await connection.ExecuteScalarAsync<long>(
                new CommandDefinition("SELECT count(*) FROM subjects WHERE key_id <> @key", new { key = keys.Ids[0] }, cancellationToken: cancel));
            if (left > 0)
            {
                throw new KeyFolderException($"{left} numbers are still under an older key. Run: ivrconsent keys rotate numbers --continue");
            }

            if (Directory.Exists(_spool) && Directory.EnumerateFiles(_spool).Any(file => Path.GetFileName(file) != "lock"))
            {
                throw new KeyFolderException($"What waits or was left in the spool {_spool} may be under an older key. Start the worker with the database there; look after what then still is in that folder.");
            }

            _folder.Replace(KeyFiles.Numbers, keys.Forget().Write());
            return true;
        },
        cancel);

    /// <inheritdoc/>
    Task IKeyRotation.MakeKeyAsync(CancellationToken cancel) => RunAsync(
        _ =>
        {
            MakeKey();
            return Task.FromResult(true);
        },
        cancel);

    /// <inheritdoc/>
    Task<long> IKeyRotation.RenewAsync(CancellationToken cancel) => EncryptAsync(cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task<int> EncryptBatchAsync(DbConnection connection, int limit, string held, CancellationToken cancel)
    {
        var keys = _database.Numbers.Current;

        // One commit for the batch; the writer of calls waits no longer for it than for a group of its own.
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (_database.RightsLock is { } sql)
        {
            await connection.ExecuteAsync(new CommandDefinition(sql, transaction: transaction, commandTimeout: 60, cancellationToken: cancel));
        }

        var old = new List<(Guid Subject, SealedNumber Number)>();
        await using (var rows = await connection.ExecuteReaderAsync(new CommandDefinition(
            $"SELECT subject_id, key_id, number_encrypted FROM subjects WHERE key_id <> @key LIMIT @limit{held}", new { key = keys.Ids[0], limit }, transaction, cancellationToken: cancel)))
        {
            while (await rows.ReadAsync(cancel))
            {
                old.Add((rows.GetGuid(0), new SealedNumber(rows.GetString(1), rows.GetFieldValue<byte[]>(2))));
            }
        }

        if (old.Count == 0)
        {
            return 0;
        }

        foreach (var (subject, number) in old)
        {
            var plain = keys.Open(number, subject)
                ?? throw new KeyFolderException($"The number of subject {subject:N} is under key {number.KeyId}, which numbers.key has not, or was changed. Restore the key from its backup.");
            var seal = keys.Seal(plain, subject);
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE subjects SET number_encrypted = @number, key_id = @key WHERE subject_id = @subject AND key_id = @old",
                new { number = seal.Bytes, key = seal.KeyId, subject = _database.Id(subject), old = number.KeyId },
                transaction,
                cancellationToken: cancel));
        }

        await transaction.CommitAsync(cancel);
        return old.Count;
    }

    /// <summary>Alone: of two that write the file at the same time, one would lose the other's new key, and with it what was encrypted meanwhile.</summary>
    private async Task<T> RunAsync<T>(Func<DbConnection, Task<T>> run, CancellationToken cancel)
    {
        try
        {
            await using var alone = await _database.TryTakeAsync("number-keys", cancel)
                ?? throw new KeyFolderException("Another rotation of numbers.key runs now. Wait for its end.");
            await using var connection = await _database.OpenWriterAsync(cancel);
            return await run(connection);
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
    }
}
