-- Keys of the HTTP API. The secret is nowhere: 256 random bits need no more than a plain SHA-256. A row is never deleted, because its name is
-- the actor of events in the ledger and must not come to mean somebody else.
CREATE TABLE api_keys (
    name        text COLLATE "C" NOT NULL PRIMARY KEY,
    secret_hash text COLLATE "C" NOT NULL UNIQUE,
    scopes      text COLLATE "C" NOT NULL,
    created_at  timestamptz(3) NOT NULL,
    expires_at  timestamptz(3) NOT NULL,
    revoked_at  timestamptz(3) NULL
);
