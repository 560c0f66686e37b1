-- Who uses the system, and how they prove it. Instants are microseconds since 1970, ids are the 16 bytes of a UUID, truths are 0 and 1.

-- What every process of one installation must share, such as the key that signs access tokens.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    -- Lower case already: usernames are compared without case. A deleted user gets a placeholder.
    username TEXT NOT NULL CONSTRAINT users_username_key UNIQUE,
    -- As it was given, because the part before the @ belongs to its owner; null once deleted.
    email TEXT,
    -- What uniqueness and sign-in compare.
    email_folded TEXT CONSTRAINT users_email_folded_key UNIQUE,
    email_verified_at INTEGER,
    display_name TEXT NOT NULL,
    -- Username, display name and address, folded, a line each: what admins search in.
    search_text TEXT NOT NULL,
    -- IANA name; the zone in which this person is told times.
    timezone TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    -- PHC string; null for users who cannot sign in with a password.
    password_hash TEXT,
    -- Set by the operator: may not sign in, loses nothing.
    disabled_at INTEGER,
    -- Anonymised, never removed: others' records refer to the row.
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK ((deleted_at IS NULL) = (email_folded IS NOT NULL))
) STRICT;

-- Admins list users in the order in which they came.
CREATE INDEX users_by_age ON users (created_at, id) WHERE deleted_at IS NULL;

-- A sign-in that holds; the family of its refresh tokens. Who signs out leaves nothing behind.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- What the person sees in the list of sessions.
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token: who reads the table can't sign in.
    hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    -- Set at its one use; a second use means that it was stolen, and ends the session.
    used_at INTEGER
) STRICT;

CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

-- Personal access tokens, for scripts.
CREATE TABLE access_tokens (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    hash BLOB NOT NULL CONSTRAINT access_tokens_hash_key UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX access_tokens_of_user ON access_tokens (user_id, created_at, id);
