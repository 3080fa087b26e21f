namespace IvrConsent.Storage.Webhooks;

/// <summary>The webhooks' SQL, written once for both databases.</summary>
internal static class WebhookSql
{
    /// <summary>A new webhook begins at the present end: what was before it came is not its business.</summary>
    public const string Begin =
        "INSERT INTO webhook_cursors (hook, position) SELECT @hook, coalesce(max(position), 0) FROM events WHERE true ON CONFLICT (hook) DO NOTHING";

    public const string Position = "SELECT position FROM webhook_cursors WHERE hook = @hook";

    public const string Advance = "UPDATE webhook_cursors SET position = @position WHERE hook = @hook";

    public const string Keep =
        """
        INSERT INTO webhook_deliveries (hook, position, event_id, call_id, attempts, next_at, error)
        VALUES (@hook, @position, @eventId, @callId, @attempts, @nextAt, @error)
        """;

    public const string Settle =
        "UPDATE webhook_deliveries SET attempts = @attempts, next_at = @nextAt, error = @error WHERE hook = @hook AND position = @position";

    public const string Delivered = "DELETE FROM webhook_deliveries WHERE hook = @hook AND position = @position";

    public const string Waiting = Columns + " WHERE hook = @hook AND next_at IS NOT NULL ORDER BY position";

    public const string DeadOfOne = Columns + " WHERE next_at IS NULL AND hook = @hook ORDER BY position LIMIT @limit";

    public const string DeadOfAll = Columns + " WHERE next_at IS NULL ORDER BY hook, position LIMIT @limit";

    public const string ReplayOne =
        "UPDATE webhook_deliveries SET attempts = 0, next_at = @now WHERE hook = @hook AND next_at IS NULL AND event_id = @eventId";

    public const string ReplayAll = "UPDATE webhook_deliveries SET attempts = 0, next_at = @now WHERE hook = @hook AND next_at IS NULL";

    public const string Progress =
        """
        SELECT c.hook, c.position,
            (SELECT coalesce(max(e.position), 0) FROM events e) - c.position AS behind,
            (SELECT count(*) FROM webhook_deliveries d WHERE d.hook = c.hook AND d.next_at IS NOT NULL) AS waiting,
            (SELECT count(*) FROM webhook_deliveries d WHERE d.hook = c.hook AND d.next_at IS NULL) AS dead
        FROM webhook_cursors c ORDER BY c.hook
        """;

    private const string Columns = "SELECT hook, position, event_id, call_id, attempts, next_at, error FROM webhook_deliveries";
}
