-- Callers' numbers leave the calls' rows for a mapping of their own: found by a keyed hash, shown by decryption, deleted in one
-- place. The program moves the numbers that are there when this has run (NumberMove), as that takes the keys.
CREATE TABLE subjects (
    subject_id       TEXT NOT NULL PRIMARY KEY,
    number_hash      BLOB NOT NULL UNIQUE,
    number_encrypted BLOB NOT NULL,
    key_id           TEXT NOT NULL,
    created_at       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX subjects_key ON subjects (key_id);

-- What the database must know of itself: the id of the key that its hashes are made with, the origin of its checkpoints.
CREATE TABLE ledger_facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE calls ADD COLUMN subject_id TEXT NULL;
ALTER TABLE calls ADD COLUMN kind TEXT NOT NULL DEFAULT 'Inbound';

CREATE INDEX calls_subject ON calls (subject_id, arrived_at);

-- The heads of the Merkle tree over all events in the order of their positions, signed. leaves holds the leaf hashes (32 bytes
-- each) that came since the checkpoint before, frontier the roots of the full subtrees, so that the next head costs only what is
-- new.
CREATE TABLE checkpoints (
    size      INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    root      BLOB    NOT NULL,
    note      TEXT    NOT NULL,
    leaves    BLOB    NOT NULL,
    frontier  BLOB    NOT NULL,
    sealed_at TEXT    NOT NULL
) STRICT;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: checkpoints cannot be changed');
END;

CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: checkpoints cannot be deleted');
END;

CREATE TRIGGER checkpoints_no_replace BEFORE INSERT ON checkpoints
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only: a checkpoint is larger than the one before');
END;
