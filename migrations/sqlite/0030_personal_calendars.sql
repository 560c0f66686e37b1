-- The secret addresses of personal calendars, of which only hashes are stored. A user has at most one.
CREATE TABLE personal_calendars (
    user_id BLOB PRIMARY KEY REFERENCES users (id),
    -- SHA-256 of the secret.
    hash BLOB NOT NULL CONSTRAINT personal_calendars_hash_key UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
