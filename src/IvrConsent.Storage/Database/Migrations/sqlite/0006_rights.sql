-- What is kept until when, what holds it, and what persons asked for. The proof is in the ledger; these are the working tables.

-- The keys of recordings, one row each: deleting the row is what erases the recording.
CREATE TABLE IF NOT EXISTS recording_keys (
    recording TEXT NOT NULL PRIMARY KEY,
    wrapped   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- state: kept, or erasing: the key is destroyed, file and ledger entry are not done yet. When they are, the row goes.
CREATE TABLE retention (
    recording     TEXT NOT NULL PRIMARY KEY,
    call_id       TEXT NOT NULL,
    subject_id    TEXT NULL,
    line          TEXT NULL,
    pbx           TEXT NOT NULL,
    call_ended_at TEXT NOT NULL,
    terms         TEXT NOT NULL,
    retain_until  TEXT NULL,
    restricted_by TEXT NULL,
    state         TEXT NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'erasing')),
    erase_event   TEXT NULL,
    erase_reason  TEXT NULL,
    erase_actor   TEXT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX retention_due ON retention (retain_until, recording) WHERE state = 'kept';
CREATE INDEX retention_erasing ON retention (recording) WHERE state = 'erasing';
CREATE INDEX retention_subject ON retention (subject_id, recording);
CREATE INDEX retention_call ON retention (call_id, recording);
CREATE INDEX retention_line ON retention (line, call_ended_at);
CREATE INDEX retention_period ON retention (call_ended_at);

CREATE TABLE holds (
    hold_id        TEXT NOT NULL PRIMARY KEY,
    subject_id     TEXT NULL,
    call_id        TEXT NULL,
    line           TEXT NULL,
    from_at        TEXT NULL,
    until_at       TEXT NULL,
    reason         TEXT NOT NULL,
    owner          TEXT NOT NULL,
    placed_by      TEXT NOT NULL,
    placed_at      TEXT NOT NULL,
    ends_at        TEXT NULL,
    released_at    TEXT NULL,
    released_by    TEXT NULL,
    release_reason TEXT NULL,
    CHECK (coalesce(subject_id, call_id, line, from_at, until_at) IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    request_id       TEXT NOT NULL PRIMARY KEY,
    kind             TEXT NOT NULL,
    subject_id       TEXT NULL,
    call_id          TEXT NULL,
    received_at      TEXT NOT NULL,
    due_at           TEXT NOT NULL,
    opened_by        TEXT NOT NULL,
    state            TEXT NOT NULL DEFAULT 'Open',
    extension_reason TEXT NULL,
    closed_at        TEXT NULL,
    close_reason     TEXT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_due ON requests (state, due_at);

CREATE TABLE request_approvals (
    request_id  TEXT NOT NULL,
    actor       TEXT NOT NULL,
    approved_at TEXT NOT NULL,
    PRIMARY KEY (request_id, actor)
) STRICT, WITHOUT ROWID;
