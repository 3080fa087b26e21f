-- Callers' numbers leave the calls' rows for a mapping of their own: found by a keyed hash, shown by decryption, deleted in one
-- place. The program moves the numbers that are there when this has run (NumberMove), as that takes the keys.
CREATE TABLE subjects (
    subject_id       uuid             NOT NULL PRIMARY KEY,
    number_hash      bytea            NOT NULL UNIQUE,
    number_encrypted bytea            NOT NULL,
    key_id           text COLLATE "C" NOT NULL,
    created_at       timestamptz(3)   NOT NULL
);

CREATE INDEX subjects_key ON subjects (key_id);

-- What the database must know of itself: the id of the key that its hashes are made with, the origin of its checkpoints.
CREATE TABLE ledger_facts (
    name  text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);

ALTER TABLE calls ADD COLUMN subject_id uuid NULL;
ALTER TABLE calls ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'Inbound';

CREATE INDEX calls_subject ON calls (subject_id, arrived_at);

-- The heads of the Merkle tree over all events in the order of their positions, signed. leaves holds the leaf hashes (32 bytes
-- each) that came since the checkpoint before, frontier the roots of the full subtrees, so that the next head costs only what is
-- new.
CREATE TABLE checkpoints (
    size      bigint           NOT NULL PRIMARY KEY CHECK (size > 0),
    root      bytea            NOT NULL,
    note      text COLLATE "C" NOT NULL,
    leaves    bytea            NOT NULL,
    frontier  bytea            NOT NULL,
    sealed_at timestamptz(3)   NOT NULL
);

-- Hashes do not compress.
ALTER TABLE checkpoints ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE FUNCTION checkpoints_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: checkpoints cannot be changed or deleted, and each is larger than the one before'
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE FUNCTION checkpoints_refuse_smaller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints) THEN
        RAISE EXCEPTION 'the ledger is append-only: a checkpoint is larger than the one before' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER checkpoints_no_change BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION checkpoints_refuse_change();

CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION checkpoints_refuse_change();

CREATE TRIGGER checkpoints_no_smaller BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION checkpoints_refuse_smaller();
