namespace IvrConsent.Storage.Proof;

/// <summary>The proof's SQL, once for both databases but for what <see cref="Database.LedgerDatabase"/> says of them.</summary>
internal static class ProofSql
{
    /// <summary>The newest checkpoint.</summary>
    public const string Newest = "SELECT size, note, frontier FROM checkpoints ORDER BY size DESC LIMIT 1";

    /// <summary>
    /// Adds a checkpoint, if the newest is still the one that it goes on from: of two processes that seal an SQLite file at the same time the
    /// second would otherwise bring leaves that the first has brought.
    /// </summary>
    public const string Insert =
        """
        INSERT INTO checkpoints (size, root, note, leaves, frontier, sealed_at)
        SELECT @size, @root, @note, @leaves, @frontier, @at WHERE (SELECT coalesce(max(size), 0) FROM checkpoints) = @from
        """;

    /// <summary>The checkpoints behind a size up to another, with how many leaves each brings.</summary>
    public const string Range =
        "SELECT size, note, length(leaves) / 32 FROM checkpoints WHERE size > @from AND size <= @to ORDER BY size";

    /// <summary>The leaf hashes of all checkpoints up to a size.</summary>
    public const string Leaves = "SELECT leaves FROM checkpoints WHERE size <= @size ORDER BY size";

    /// <summary>The leaf hashes that one checkpoint brought.</summary>
    public const string LeavesOf = "SELECT leaves FROM checkpoints WHERE size = @size";

    /// <summary>First and last position.</summary>
    public const string Extent = "SELECT coalesce(min(position), 1), coalesce(max(position), 0) FROM events";

    /// <summary>The leaves behind a position up to another, in order.</summary>
    /// <param name="text">How this database writes a leaf (<see cref="Database.LedgerDatabase.LeafText"/>).</param>
    public static string Events(string text) =>
        $"SELECT position, {text} FROM events e WHERE position > @from AND position <= @to ORDER BY position";

    /// <summary>One event's position and leaf.</summary>
    public static string Event(string text) => $"SELECT position, {text} FROM events e WHERE event_id = @id";
}
