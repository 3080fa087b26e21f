-- The append-only ledger on SQLite. Ids are 32 lower-case hexadecimal digits and times are UTC text of fixed width, so both
-- sort as text and read the same as what PostgreSQL gives back.

-- What identifies a person stands here and only here, so that it can be erased.
CREATE TABLE calls (
    call_id       TEXT NOT NULL PRIMARY KEY,
    pbx           TEXT NOT NULL,
    channel       TEXT NOT NULL,
    line          TEXT NULL,
    called_number TEXT NOT NULL,
    caller_number TEXT NULL,
    arrived_at    TEXT NOT NULL,
    ended_at      TEXT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_open ON calls (pbx, arrived_at) WHERE ended_at IS NULL;
CREATE INDEX calls_line ON calls (line, arrived_at);

-- No foreign key to calls: after a fault, the later entries of a call may be written before the row that waits in the spool.
CREATE TABLE events (
    position      INTEGER NOT NULL PRIMARY KEY,
    event_id      TEXT    NOT NULL UNIQUE,
    call_id       TEXT    NOT NULL,
    call_sequence INTEGER NOT NULL CHECK (call_sequence > 0),
    at            TEXT    NOT NULL,
    type          TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    UNIQUE (call_id, call_sequence)
) STRICT;

CREATE UNIQUE INDEX events_one_end ON events (call_id) WHERE type = 'CallEnded';
CREATE INDEX events_at ON events (at);
CREATE INDEX events_type ON events (type, at);

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: events cannot be changed');
END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: events cannot be deleted');
END;

-- INSERT OR REPLACE deletes without calling the trigger above, unless the connection asks for it; so nothing is inserted over
-- what is there, and positions follow one another without a gap.
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
    OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id)
    OR EXISTS (SELECT 1 FROM events WHERE call_id = NEW.call_id AND call_sequence = NEW.call_sequence)
    OR (NEW.type = 'CallEnded' AND EXISTS (SELECT 1 FROM events WHERE call_id = NEW.call_id AND type = 'CallEnded'))
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: an event cannot be replaced, and the next one takes the next position');
END;
