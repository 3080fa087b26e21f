-- Where each recording is on its way from the PBX into the vault. Its key is in recording_keys, its date in retention.
CREATE TABLE vault (
    recording   TEXT NOT NULL PRIMARY KEY,
    call_id     TEXT NOT NULL,
    pbx         TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'Waiting' CHECK (state IN ('Waiting', 'Stored', 'Done', 'Missing')),
    attempt     INTEGER NOT NULL DEFAULT 0,
    try_at      TEXT NOT NULL,
    quarantined INTEGER NOT NULL DEFAULT 0,
    object      TEXT NULL,
    bytes       INTEGER NULL,
    sha256      TEXT NULL,
    length_ms   INTEGER NULL,
    silent      INTEGER NOT NULL DEFAULT 0,
    stored_at   TEXT NULL,
    detail      TEXT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX vault_due ON vault (try_at) WHERE state IN ('Waiting', 'Stored');
CREATE INDEX vault_call ON vault (call_id, recording);
CREATE INDEX vault_quarantined ON vault (recording) WHERE quarantined = 1;

-- How far the ledger was read.
CREATE TABLE vault_cursor (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO vault_cursor (one, position) VALUES (1, 0);
