using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using IvrConsent.Core.Ledger.Proof;
using IvrConsent.Storage.Database;
using IvrConsent.Storage.Keys;
using Microsoft.Extensions.Logging.Abstractions;

namespace IvrConsent.Storage.Proof;

/// <summary>A proof that cannot be given; the message says why and what to do.</summary>
public sealed class LedgerProofException : Exception
{
    /// <summary>With a message for a person.</summary>
    public LedgerProofException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for a person and what was behind it.</summary>
    public LedgerProofException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>Without a message of its own.</summary>
    public LedgerProofException()
    {
    }
}

/// <summary>The ledger as proof: checks all of it, and proves single events to others.</summary>
public sealed class LedgerProof : IAsyncDisposable
{
    private readonly LedgerDatabase _database;
    private readonly KeyFolder _keys;

    /// <summary>For the ledger that the options name.</summary>
    public LedgerProof(LedgerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _database = LedgerDatabase.Create(options);
        _keys = new KeyFolder(options.KeyFolder);
    }

    /// <summary>Checks the whole ledger.</summary>
    /// <param name="publicKeyPem">The key that checkpoints must be signed by; null: the folder's own.</param>
    /// <param name="outside">A checkpoint kept elsewhere, that the ledger must still begin with; or null.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="LedgerProofException">The key or the checkpoint given is none.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be read.</exception>
    public Task<LedgerVerdict> VerifyAsync(string? publicKeyPem, string? outside, CancellationToken cancel) => GuardAsync(async () =>
    {
        using var key = ReadPublicKey(publicKeyPem ?? PublicPem());
        return await new LedgerVerifier(_database, key, outside).VerifyAsync(cancel);
    });

    /// <summary>Proves that an event stands in the ledger as the newest checkpoint has it.</summary>
    /// <exception cref="LedgerProofException">There is no such event, or none that is sealed.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be read.</exception>
    public Task<LedgerProofBundle> ProveAsync(Guid eventId, CancellationToken cancel) => GuardAsync(async () =>
    {
        await using var connection = await _database.OpenReaderAsync(cancel);
        var (position, leaf) = await ReadEventAsync(connection, eventId, cancel)
            ?? throw new LedgerProofException($"The ledger has no event {eventId}. `events show CALL --json` shows the events of a call with their ids.");
        var (note, head) = await NewestAsync(connection, cancel);
        if (head is null || head.Size < position)
        {
            throw new LedgerProofException("The event is too new to be sealed. A running worker seals it within ten seconds; or run: ivrconsent ledger seal");
        }

        var leaves = await ReadLeavesAsync(connection, head, cancel);
        var index = (int)(position - 1);
        var bundle = new LedgerProofBundle(
            LedgerProofBundle.InclusionFormat, leaf, index, [.. MerkleTree.Inclusion(index, leaves).Select(Convert.ToBase64String)], note!, PublicPem());
        using var key = ReadPublicKey(bundle.PublicKey);

        // No proof is handed out that does not hold.
        return bundle.FindFault(key) is { } fault ? throw new LedgerProofException($"The proof does not hold: {fault}. Run: ivrconsent ledger verify") : bundle;
    });

    /// <summary>The newest checkpoint as a signed note; null where nothing was sealed yet.</summary>
    /// <exception cref="LedgerUnavailableException">The database cannot be read.</exception>
    public Task<string?> ReadCheckpointAsync(CancellationToken cancel) => GuardAsync(async () =>
    {
        await using var connection = await _database.OpenReaderAsync(cancel);
        return (await NewestAsync(connection, cancel)).Note;
    });

    /// <summary>Proves that the ledger only grew since an older checkpoint.</summary>
    /// <exception cref="LedgerProofException">It did not, or the checkpoint is none of this ledger's.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be read.</exception>
    public Task<LedgerConsistencyBundle> ProveGrowthAsync(string since, CancellationToken cancel) => GuardAsync(async () =>
    {
        using var key = ReadPublicKey(PublicPem());
        var old = OpenOutside(since, key);
        await using var connection = await _database.OpenReaderAsync(cancel);
        var (note, head) = await NewestAsync(connection, cancel);
        if (head is null || head.Size < old.Size || old.Size < 1)
        {
            throw new LedgerProofException($"The newest checkpoint covers {head?.Size ?? 0} events, the given one {old.Size}. Run: ivrconsent ledger verify");
        }

        var leaves = await ReadLeavesAsync(connection, head, cancel);
        var bundle = new LedgerConsistencyBundle(
            LedgerConsistencyBundle.ConsistencyFormat, since, note!, [.. MerkleTree.Consistency((int)old.Size, leaves).Select(Convert.ToBase64String)], PublicPem());
        return bundle.FindFault(key) is { } fault ? throw new LedgerProofException($"There is no such proof: {fault}. Run: ivrconsent ledger verify") : bundle;
    });

    /// <summary>Seals what is new, as a running worker does by itself; answers with how many events that were.</summary>
    /// <exception cref="LedgerProofException">The ledger has a gap or has lost events.</exception>
    /// <exception cref="LedgerUnavailableException">The database cannot be written.</exception>
    public Task<long> SealAsync(CancellationToken cancel) => GuardAsync(async () =>
    {
        using var sealer = new LedgerSealer(_database, _keys, TimeProvider.System, NullLogger<LedgerSealer>.Instance);
        return await sealer.SealAsync(cancel);
    });

    /// <summary>A public key on P-256 (SubjectPublicKeyInfo, PEM).</summary>
    /// <exception cref="LedgerProofException">It is none.</exception>
    public static ECDsa ReadPublicKey(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize == 256)
            {
                return key;
            }
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new LedgerProofException("The key is none: PEM with an ECDSA key on P-256 is expected, as `keys show` prints it.", error);
        }

        key.Dispose();
        throw new LedgerProofException("The key is not on P-256.");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private static Checkpoint OpenOutside(string note, ECDsa key)
    {
        try
        {
            return Checkpoint.Open(note, key);
        }
        catch (FormatException error)
        {
            throw new LedgerProofException($"The given checkpoint: {error.Message}", error);
        }
    }

    private string PublicPem() => _keys.Describe(KeyFiles.Seal).PublicKey!;

    private async Task<(long Position, string Leaf)?> ReadEventAsync(DbConnection connection, Guid id, CancellationToken cancel)
    {
        var values = new DynamicParameters();
        values.Add("id", _database.Id(id));
        await using var row = await connection.ExecuteReaderAsync(
            new CommandDefinition(ProofSql.Event(_database.LeafText), values, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? (row.GetInt64(0), row.GetString(1)) : null;
    }

    private static async Task<(string? Note, Checkpoint? Head)> NewestAsync(DbConnection connection, CancellationToken cancel)
    {
        await using var row = await connection.ExecuteReaderAsync(new CommandDefinition(ProofSql.Newest, cancellationToken: cancel));
        return await row.ReadAsync(cancel) ? (row.GetString(1), Checkpoint.Parse(row.GetString(1)).Checkpoint) : (null, null);
    }

    /// <summary>All leaf hashes up to a checkpoint, as the sealer kept them: 32 bytes an event, and no event needs to be read.</summary>
    private static async Task<byte[]> ReadLeavesAsync(DbConnection connection, Checkpoint head, CancellationToken cancel)
    {
        if (head.Size > int.MaxValue / MerkleTree.HashLength)
        {
            throw new LedgerProofException($"The ledger has more than {int.MaxValue / MerkleTree.HashLength} events: this program proves none of so many.");
        }

        var leaves = new byte[head.Size * MerkleTree.HashLength];
        var at = 0;
        await using var rows = await connection.ExecuteReaderAsync(
            new CommandDefinition(ProofSql.Leaves, new { size = head.Size }, commandTimeout: 0, cancellationToken: cancel));
        while (await rows.ReadAsync(cancel))
        {
            var some = rows.GetFieldValue<byte[]>(0);
            if (at + some.Length > leaves.Length)
            {
                break;
            }

            some.CopyTo(leaves, at);
            at += some.Length;
        }

        return at == leaves.Length ? leaves : throw new LedgerProofException("The checkpoints do not hold the leaf hashes of all events. Run: ivrconsent ledger verify");
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception error) when (error is DbException or TimeoutException)
        {
            throw new LedgerUnavailableException(_database.Describe(error), error);
        }
        catch (Exception error) when (error is FormatException or InvalidDataException)
        {
            throw new LedgerProofException(error.Message, error);
        }
    }
}
