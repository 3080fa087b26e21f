-- Keys of the HTTP API. The secret is nowhere: 256 random bits need no more than a plain SHA-256. A row is never deleted, because its name is
-- the actor of events in the ledger and must not come to mean somebody else.
CREATE TABLE api_keys (
    name        TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    scopes      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    revoked_at  TEXT NULL
) STRICT, WITHOUT ROWID;
