-- Where each recording is on its way from the PBX into the vault. Its key is in recording_keys, its date in retention.
CREATE TABLE vault (
    recording   text COLLATE "C" NOT NULL PRIMARY KEY,
    call_id     uuid NOT NULL,
    pbx         text COLLATE "C" NOT NULL,
    event_id    uuid NOT NULL,
    state       text COLLATE "C" NOT NULL DEFAULT 'Waiting' CHECK (state IN ('Waiting', 'Stored', 'Done', 'Missing')),
    attempt     integer NOT NULL DEFAULT 0,
    try_at      timestamptz(3) NOT NULL,
    quarantined bigint NOT NULL DEFAULT 0,
    object      text COLLATE "C" NULL,
    bytes       bigint NULL,
    sha256      text COLLATE "C" NULL,
    length_ms   bigint NULL,
    silent      bigint NOT NULL DEFAULT 0,
    stored_at   timestamptz(3) NULL,
    detail      text COLLATE "C" NULL
);

CREATE INDEX vault_due ON vault (try_at) WHERE state IN ('Waiting', 'Stored');
CREATE INDEX vault_call ON vault (call_id, recording);
CREATE INDEX vault_quarantined ON vault (recording) WHERE quarantined = 1;

-- How far the ledger was read.
CREATE TABLE vault_cursor (
    one      bigint NOT NULL PRIMARY KEY CHECK (one = 1),
    position bigint NOT NULL
);

INSERT INTO vault_cursor (one, position) VALUES (1, 0);
