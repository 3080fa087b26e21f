-- How far each webhook is, and what it did not take. Nothing is written here when an event is: positions have no gaps, so a webhook
-- is a place in the ledger.
CREATE TABLE webhook_cursors (
    hook     text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint           NOT NULL
);

-- A message kept for another attempt; dead where next_at is null.
CREATE TABLE webhook_deliveries (
    hook     text COLLATE "C" NOT NULL,
    position bigint           NOT NULL,
    event_id uuid             NOT NULL,
    call_id  uuid             NOT NULL,
    attempts integer          NOT NULL,
    next_at  timestamptz(3)   NULL,
    error    text COLLATE "C" NULL,
    PRIMARY KEY (hook, position)
);
