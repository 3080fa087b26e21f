namespace IvrConsent.Storage.Database;

/// <summary>
/// The ledger's SQL, written once for both databases. The writer's statements take their values by position: <c>$1</c> is a
/// position to PostgreSQL and a name to SQLite.
/// </summary>
internal static class LedgerSql
{
    /// <summary>
    /// Makes the subject of a row's number where there is none, in the same transaction as the row. Not for a row that is there: what is
    /// replayed must not bring a mapping back that was deleted since. Where there is one, it is left as it is, and on PostgreSQL held until
    /// the transaction ends: whoever would delete it waits, and then sees the row (<see cref="LedgerDatabase.Held"/>).
    /// </summary>
    public const string InsertSubject =
        """
        INSERT INTO subjects (subject_id, number_hash, number_encrypted, key_id, created_at)
        SELECT $1, $2, $3, $4, $5
        WHERE NOT EXISTS (SELECT 1 FROM calls WHERE call_id = $6)
        ON CONFLICT (number_hash) DO UPDATE SET key_id = excluded.key_id WHERE false
        """;

    /// <summary>The same outside a call.</summary>
    public const string AddSubject =
        """
        INSERT INTO subjects (subject_id, number_hash, number_encrypted, key_id, created_at)
        VALUES (@subject, @hash, @number, @key, @at)
        ON CONFLICT (number_hash) DO NOTHING
        """;

    /// <summary>Writes a call's row, once. Its end may already be known: the row can come late, out of the spool. A record, which
    /// has no end, is none of the open calls from the beginning. Where it has a number, the person is who has that number now: the
    /// subject that the row names may have lost it a moment ago.</summary>
    public const string InsertCall =
        """
        INSERT INTO calls (call_id, pbx, channel, line, called_number, subject_id, kind, arrived_at, ended_at)
        VALUES (
            $1, $2, $3, $4, $5,
            coalesce((SELECT subject_id FROM subjects WHERE number_hash = $7), $6),
            $8, $9,
            CASE WHEN $8 = 'Record' THEN $9 ELSE (SELECT at FROM events WHERE call_id = $1 AND type = 'CallEnded') END)
        ON CONFLICT (call_id) DO NOTHING
        """;

    /// <summary>
    /// Appends an event behind the last one; nothing happens where it already stands or is a second end of its call. A number
    /// within the call that another event has taken (two workers wrote on one call) moves the newcomer behind the call's last
    /// event: both are facts, and none may be lost. Gives back the number it got, or no row.
    /// </summary>
    public const string InsertEvent =
        """
        INSERT INTO events (position, event_id, call_id, call_sequence, at, type, body)
        SELECT
            (SELECT coalesce(max(position), 0) + 1 FROM events),
            $1, $2,
            CASE WHEN EXISTS (SELECT 1 FROM events WHERE call_id = $2 AND call_sequence = $3)
                 THEN (SELECT max(call_sequence) + 1 FROM events WHERE call_id = $2)
                 ELSE $3 END,
            $4, $5, $6
        WHERE NOT EXISTS (SELECT 1 FROM events WHERE event_id = $1)
            AND NOT ($5 = 'CallEnded' AND EXISTS (SELECT 1 FROM events WHERE call_id = $2 AND type = 'CallEnded'))
        ON CONFLICT (event_id) DO NOTHING
        RETURNING call_sequence
        """;

    /// <summary>Takes the call out of the open ones.</summary>
    public const string EndCall = "UPDATE calls SET ended_at = $2 WHERE call_id = $1 AND ended_at IS NULL";

    private const string Columns =
        """
        SELECT e.position, e.event_id, e.call_id, e.call_sequence, e.at, e.body,
            c.pbx, c.channel, c.line, c.called_number, c.arrived_at, c.kind, c.subject_id,
            s.key_id, s.number_encrypted
        """;

    /// <summary>The open calls of one PBX with their events, oldest call first.</summary>
    public const string OpenCalls =
        Columns + """

        FROM calls c JOIN events e ON e.call_id = c.call_id LEFT JOIN subjects s ON s.subject_id = c.subject_id
        WHERE c.pbx = @pbx AND c.ended_at IS NULL
        ORDER BY c.arrived_at, c.call_id, e.call_sequence
        """;

    /// <summary>The events of the calls with the ids <c>@calls</c>, in order within each.</summary>
    /// <param name="among">How this database compares with a list (<see cref="LedgerDatabase.AmongCalls"/>).</param>
    public static string SomeCalls(string among) =>
        Columns + $"""

        FROM events e LEFT JOIN calls c ON c.call_id = e.call_id LEFT JOIN subjects s ON s.subject_id = c.subject_id
        WHERE e.call_id {among}
        ORDER BY e.call_id, e.call_sequence
        """;

    /// <summary>The lines that match the given conditions (of <see cref="LedgerRows.Conditions"/>).</summary>
    public static string Lines(IReadOnlyList<string> conditions, bool limited) =>
        Columns + "\nFROM events e LEFT JOIN calls c ON c.call_id = e.call_id LEFT JOIN subjects s ON s.subject_id = c.subject_id"
        + (conditions.Count == 0 ? string.Empty : "\nWHERE " + string.Join(" AND ", conditions))
        + (limited ? "\nORDER BY e.position DESC LIMIT @limit" : "\nORDER BY e.position");
}
