-- What is kept until when, what holds it, and what persons asked for. The proof is in the ledger; these are the working tables.

-- The keys of recordings, one row each: deleting the row is what erases the recording.
CREATE TABLE IF NOT EXISTS recording_keys (
    recording text COLLATE "C" NOT NULL PRIMARY KEY,
    wrapped   bytea            NOT NULL
);

-- state: kept, or erasing: the key is destroyed, file and ledger entry are not done yet. When they are, the row goes.
CREATE TABLE retention (
    recording     text COLLATE "C" NOT NULL PRIMARY KEY,
    call_id       uuid             NOT NULL,
    subject_id    uuid             NULL,
    line          text COLLATE "C" NULL,
    pbx           text COLLATE "C" NOT NULL,
    call_ended_at timestamptz(3)   NOT NULL,
    terms         text COLLATE "C" NOT NULL,
    retain_until  timestamptz(3)   NULL,
    restricted_by uuid             NULL,
    state         text COLLATE "C" NOT NULL DEFAULT 'kept' CHECK (state IN ('kept', 'erasing')),
    erase_event   uuid             NULL,
    erase_reason  text COLLATE "C" NULL,
    erase_actor   text COLLATE "C" NULL
);

CREATE INDEX retention_due ON retention (retain_until, recording) WHERE state = 'kept';
CREATE INDEX retention_erasing ON retention (recording) WHERE state = 'erasing';
CREATE INDEX retention_subject ON retention (subject_id, recording);
CREATE INDEX retention_call ON retention (call_id, recording);
CREATE INDEX retention_line ON retention (line, call_ended_at);
CREATE INDEX retention_period ON retention (call_ended_at);

CREATE TABLE holds (
    hold_id        uuid             NOT NULL PRIMARY KEY,
    subject_id     uuid             NULL,
    call_id        uuid             NULL,
    line           text COLLATE "C" NULL,
    from_at        timestamptz(3)   NULL,
    until_at       timestamptz(3)   NULL,
    reason         text COLLATE "C" NOT NULL,
    owner          text COLLATE "C" NOT NULL,
    placed_by      text COLLATE "C" NOT NULL,
    placed_at      timestamptz(3)   NOT NULL,
    ends_at        timestamptz(3)   NULL,
    released_at    timestamptz(3)   NULL,
    released_by    text COLLATE "C" NULL,
    release_reason text COLLATE "C" NULL,
    CHECK (num_nonnulls(subject_id, call_id, line, from_at, until_at) > 0)
);

CREATE TABLE requests (
    request_id       uuid             NOT NULL PRIMARY KEY,
    kind             text COLLATE "C" NOT NULL,
    subject_id       uuid             NULL,
    call_id          uuid             NULL,
    received_at      timestamptz(3)   NOT NULL,
    due_at           timestamptz(3)   NOT NULL,
    opened_by        text COLLATE "C" NOT NULL,
    state            text COLLATE "C" NOT NULL DEFAULT 'Open',
    extension_reason text COLLATE "C" NULL,
    closed_at        timestamptz(3)   NULL,
    close_reason     text COLLATE "C" NULL
);

CREATE INDEX requests_due ON requests (state, due_at);

CREATE TABLE request_approvals (
    request_id  uuid             NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    approved_at timestamptz(3)   NOT NULL,
    PRIMARY KEY (request_id, actor)
);
