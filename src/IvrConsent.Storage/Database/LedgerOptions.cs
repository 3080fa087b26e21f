namespace IvrConsent.Storage.Database;

/// <summary>Where the ledger is and how long a caller waits for it.</summary>
public sealed class LedgerOptions
{
    /// <summary>
    /// The database: the path of an SQLite file (or <c>Data Source=…</c>), or a PostgreSQL connection string
    /// (<c>Host=…;Database=…</c>) or URL (<c>postgres://user:password@host:5432/database</c>). May hold a password: it is never
    /// logged or shown.
    /// </summary>
    public required string Connection { get; init; }

    /// <summary>
    /// Folder for entries that the database could not take. On a disk of this machine, not shared with another worker; made
    /// with mode 0700 when it is missing.
    /// </summary>
    public required string SpoolFolder { get; init; }

    /// <summary>Folder of the keys (<see cref="Keys.KeyFolder"/>); read when the first of them is needed.</summary>
    public required string KeyFolder { get; init; }

    /// <summary>An append is answered within this time, whatever happens; 100 ms to 10 s. Default 800 ms.</summary>
    public TimeSpan CommitLimit { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>So many appends may wait for the database; the next one goes to the spool. 1 to 1,000,000. Default 4096.</summary>
    public int QueueLimit { get; init; } = 4096;

    /// <summary>Whether the worker applies missing migrations itself. Default true.</summary>
    public bool MigrateAtStart { get; init; } = true;

    /// <summary>Throws with the option's name and range where a value makes no sense.</summary>
    internal void Check()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Connection, nameof(Connection));
        ArgumentException.ThrowIfNullOrWhiteSpace(SpoolFolder, nameof(SpoolFolder));
        ArgumentException.ThrowIfNullOrWhiteSpace(KeyFolder, nameof(KeyFolder));
        if (CommitLimit < TimeSpan.FromMilliseconds(100) || CommitLimit > TimeSpan.FromSeconds(10))
        {
            throw new ArgumentException("The ledger's commit limit must be 100 ms to 10 s.", nameof(CommitLimit));
        }

        if (QueueLimit is < 1 or > 1_000_000)
        {
            throw new ArgumentException("The ledger's queue limit must be 1 to 1,000,000.", nameof(QueueLimit));
        }
    }
}
