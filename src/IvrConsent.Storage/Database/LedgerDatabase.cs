using System.Data;
using System.Data.Common;
using IvrConsent.Core.Calls;
using IvrConsent.Core.Ledger;
using IvrConsent.Storage.Keys;

namespace IvrConsent.Storage.Database;

/// <summary>
/// The database behind the ledger: how it is opened, and the few things in which SQLite and PostgreSQL differ. The SQL itself
/// is in <see cref="LedgerSql"/>.
/// </summary>
internal abstract class LedgerDatabase(NumberKeyRing numbers) : IAsyncDisposable
{
    private const int MostScrubTries = 20;
    private static readonly TimeSpan ScrubDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>The keys that callers' numbers are found and encrypted with.</summary>
    public NumberKeyRing Numbers => numbers;

    /// <summary>For a person; without user or password.</summary>
    public abstract string Name { get; }

    /// <summary>Whether its calls block the thread, whatever their names say.</summary>
    public abstract bool Blocks { get; }

    /// <summary>The folder of its migrations.</summary>
    public abstract string MigrationFolder { get; }

    /// <summary>Opens the one connection that writes. Never makes a database: a lost ledger must not look like an empty one.</summary>
    public abstract Task<LedgerSession> OpenSessionAsync(TimeSpan commitLimit, CancellationToken cancel);

    /// <summary>Opens a connection that only reads.</summary>
    public abstract Task<DbConnection> OpenReaderAsync(CancellationToken cancel);

    /// <summary>Opens a connection for changes that are no events: what is deleted over it is overwritten.</summary>
    public abstract Task<DbConnection> OpenWriterAsync(CancellationToken cancel);

    /// <summary>Opens a connection that adds checkpoints, in a way that does not hold the writer of events up.</summary>
    public abstract Task<DbConnection> OpenSealerAsync(CancellationToken cancel);

    /// <summary>Tells whether this connection is the one that seals; null where no other process can be at it.</summary>
    public abstract string? SealLock { get; }

    /// <summary>Gives that up again: a connection that rests in the pool would keep it.</summary>
    public abstract string? SealUnlock { get; }

    /// <summary>The leaf of an event (<see cref="Core.Ledger.Proof.LedgerLeaf"/>) of the table <c>events e</c>.</summary>
    public abstract string LeafText { get; }

    /// <summary>
    /// Sees to it, as far as this database can, that what was deleted before stands in none of its files any more. False: something hinders it now;
    /// it is to be tried again. Never holds the writer of calls up.
    /// </summary>
    public abstract Task<bool> ScrubAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>Tries a few times within a second, for hindrances that are over at once; false: none of them did it.</summary>
    protected static async Task<bool> TryScrubAsync(Func<Task<bool>> scrub, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var done = await scrub();
            if (done || tries == MostScrubTries)
            {
                return done;
            }

            await Task.Delay(ScrubDelay, TimeProvider.System, cancel);
        }
    }

    /// <summary>Writes all of a table anew, without what was dropped from it.</summary>
    public abstract Task RewriteAsync(DbConnection connection, string table, CancellationToken cancel);

    /// <summary>Makes the transactions that decide about recordings follow one another; null where there is one writer anyway.</summary>
    public abstract string? RightsLock { get; }

    /// <summary>The type of an id, for one that is null.</summary>
    public abstract DbType IdType { get; }

    /// <summary>
    /// Behind a SELECT of single rows in a transaction: nobody else changes or deletes them until it ends, and who is just about to is waited
    /// for. Nothing where one transaction at a time writes.
    /// </summary>
    public virtual string Held => string.Empty;

    /// <summary>The same for several rows, without those that somebody else holds: who waits for one while it holds another could be waited for.</summary>
    public virtual string HeldIfFree => string.Empty;

    /// <summary>The type of a time, for one that is null.</summary>
    public abstract DbType TimeType { get; }

    /// <summary>Takes a lock that one process at a time can have, for work that runs once; null while another has it.</summary>
    public abstract Task<IAsyncDisposable?> TryRunAloneAsync(string table, CancellationToken cancel);

    /// <summary>Opens a connection for migrations, and makes an SQLite file where there is none.</summary>
    public abstract Task<DbConnection> OpenForMigrationAsync(CancellationToken cancel);

    /// <summary>Opens a connection of its own that holds a name against all other processes; null while another has it.</summary>
    public abstract Task<TakenConnection?> TryTakeAsync(string name, CancellationToken cancel);

    /// <summary>Begins a transaction that no other migrating process can be in at the same time.</summary>
    public abstract Task BeginMigrationAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>Whether a table is there.</summary>
    public abstract string TableExists { get; }

    /// <summary>An id as a value.</summary>
    public abstract object Id(Guid id);

    /// <summary>Several ids as one value, for <see cref="AmongCalls"/>.</summary>
    public abstract object Ids(IEnumerable<Guid> ids);

    /// <summary>The comparison of a column with the list <c>@calls</c>.</summary>
    public abstract string AmongCalls { get; }

    /// <summary>A time as a value, in whole milliseconds.</summary>
    public abstract object Time(DateTimeOffset time);

    /// <summary>A time of a row.</summary>
    public abstract DateTimeOffset ReadTime(DbDataReader row, int column);

    /// <summary>
    /// Whether the database is there and refuses the content of what it was given: to try again is of no use. Anything else
    /// counts as the database being away.
    /// </summary>
    public abstract bool IsRefusal(Exception error);

    /// <summary>What is wrong and what to do, for a person; never a secret, never a caller's data.</summary>
    public abstract string Describe(Exception error);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The statements of all batches; an error in here is the batches' own.</summary>
    public List<LedgerCommand> Commands(IReadOnlyList<LedgerBatch> batches)
    {
        var commands = new List<LedgerCommand>(batches.Count * 3);
        try
        {
            foreach (var batch in batches)
            {
                this.AddCommands(batch, commands);
            }
        }
        catch (Exception error)
        {
            throw new LedgerContentException(error);
        }

        return commands;
    }

    /// <summary>The database that the options name.</summary>
    public static LedgerDatabase Create(LedgerOptions options)
    {
        options.Check();
        var connection = options.Connection.Trim();
        var numbers = new NumberKeyRing(new KeyFolder(options.KeyFolder));
        if (connection.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || connection.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
        {
            return new PostgresLedgerDatabase(PostgresUrl.Read(connection), numbers);
        }

        if (!connection.Contains('=', StringComparison.Ordinal) || connection.StartsWith('/'))
        {
            return new SqliteLedgerDatabase(connection, numbers);
        }

        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = connection;
        }
        catch (ArgumentException)
        {
            // The message of the original quotes the string, which may hold a password.
            throw new ArgumentException("The ledger's connection is neither a file's path nor a connection string.", nameof(options));
        }

        return pairs.ContainsKey("Host") || pairs.ContainsKey("Server")
            ? new PostgresLedgerDatabase(PostgresUrl.Keywords(connection), numbers)
            : pairs.TryGetValue("Data Source", out var path) || pairs.TryGetValue("DataSource", out path) || pairs.TryGetValue("Filename", out path)
                ? new SqliteLedgerDatabase((string)path, numbers)
                : throw new ArgumentException(
                    "The ledger's connection names neither a Host (PostgreSQL) nor a Data Source (SQLite).", nameof(options));
    }
}

/// <summary>A batch that cannot be turned into rows at all.</summary>
internal sealed class LedgerContentException(Exception inner) : Exception("The batch cannot be stored.", inner);

/// <summary>What a commit did.</summary>
internal sealed class WriteOutcome
{
    /// <summary>Events written.</summary>
    public int Stored { get; set; }

    /// <summary>Events that stood there already, or were a second end.</summary>
    public int Dropped { get; set; }

    /// <summary>Calls where an event had to move behind the last one, because another had its number.</summary>
    public List<CallId> Moved { get; } = [];

    /// <summary>Counts one event by the number it got; null when nothing was written.</summary>
    public void Count(LedgerEntry entry, int? sequence)
    {
        if (sequence is null)
        {
            Dropped++;
            return;
        }

        Stored++;
        if (sequence != entry.CallSequence)
        {
            Moved.Add(entry.CallId);
        }
    }
}

/// <summary>The one connection that writes. Used by one caller at a time; after an error of the connection it is thrown away.</summary>
internal abstract class LedgerSession : IAsyncDisposable
{
    /// <summary>The connection, for the check of the tables.</summary>
    public abstract DbConnection Connection { get; }

    /// <summary>Commits all batches in one transaction; when it returns they are durable.</summary>
    public abstract Task<WriteOutcome> CommitAsync(IReadOnlyList<LedgerBatch> batches, CancellationToken cancel);

    /// <summary>Throws when the database would not take a batch now.</summary>
    public abstract Task ProbeAsync(CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
