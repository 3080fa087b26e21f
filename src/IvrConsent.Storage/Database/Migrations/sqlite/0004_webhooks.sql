-- How far each webhook is, and what it did not take. Nothing is written here when an event is: positions have no gaps, so a webhook
-- is a place in the ledger.
CREATE TABLE webhook_cursors (
    hook     TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message kept for another attempt; dead where next_at is null.
CREATE TABLE webhook_deliveries (
    hook     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    event_id TEXT    NOT NULL,
    call_id  TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  TEXT    NULL,
    error    TEXT    NULL,
    PRIMARY KEY (hook, position)
) STRICT, WITHOUT ROWID;
