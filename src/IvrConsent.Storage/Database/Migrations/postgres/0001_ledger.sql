-- The append-only ledger on PostgreSQL 12 or newer.
--
-- Partitions by month: the first 48 bits of call_id are the milliseconds of the call's arrival and uuids compare byte by
-- byte, so `PARTITION BY RANGE (call_id)` is a partition by month of arrival, and the unique constraints that hold within a
-- call stay constraints, because they contain call_id. Two do not contain it: event_id (then `UNIQUE (call_id, event_id)`,
-- which is as good, as an event never changes its call) and position (then unique by the writer's lock alone, which is what
-- hands positions out today). Partitioning by `at` would lose "one end per call"; do not.

-- What identifies a person stands here and only here, so that it can be erased.
CREATE TABLE calls (
    call_id       uuid             NOT NULL PRIMARY KEY,
    pbx           text COLLATE "C" NOT NULL,
    channel       text COLLATE "C" NOT NULL,
    line          text COLLATE "C" NULL,
    called_number text COLLATE "C" NOT NULL,
    caller_number text COLLATE "C" NULL,
    arrived_at    timestamptz(3)   NOT NULL,
    ended_at      timestamptz(3)   NULL
);

CREATE INDEX calls_open ON calls (pbx, arrived_at) WHERE ended_at IS NULL;
CREATE INDEX calls_line ON calls (line, arrived_at);

-- No foreign key to calls: after a fault, the later entries of a call may be written before the row that waits in the spool.
-- position is not an identity: a sequence hands numbers out before the commit and loses them in a rollback, so two workers
-- would commit out of order and with gaps. Each writing transaction holds one advisory lock and takes max + 1.
CREATE TABLE events (
    position      bigint           NOT NULL PRIMARY KEY,
    event_id      uuid             NOT NULL UNIQUE,
    call_id       uuid             NOT NULL,
    call_sequence integer          NOT NULL CHECK (call_sequence > 0),
    at            timestamptz(3)   NOT NULL,
    type          text COLLATE "C" NOT NULL,
    body          text COLLATE "C" NOT NULL,
    UNIQUE (call_id, call_sequence)
);

CREATE UNIQUE INDEX events_one_end ON events (call_id) WHERE type = 'CallEnded';
CREATE INDEX events_at ON events (at);
CREATE INDEX events_type ON events (type, at);

CREATE FUNCTION events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: events cannot be changed or deleted' USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_refuse_change();

CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_refuse_change();
