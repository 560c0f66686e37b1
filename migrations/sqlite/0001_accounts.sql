-- Accounts: users, how they prove who they are, and what belongs to nobody else.

-- What all processes of an installation share.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    -- In lower case, because usernames are compared without case. That of a deleted user is a placeholder.
    username TEXT NOT NULL CONSTRAINT users_username_key UNIQUE,
    -- As it was given; null once the user is deleted.
    email TEXT,
    -- What is compared, for uniqueness and at the sign-in.
    email_folded TEXT CONSTRAINT users_email_folded_key UNIQUE,
    email_verified_at INTEGER,
    -- The address that replaces a verified one once it is verified itself.
    pending_email TEXT,
    -- Since when mails to the address are refused; null if they are not.
    email_bounced_at INTEGER,
    display_name TEXT NOT NULL,
    -- Username, display name and address, folded, on a line each: what admins search in.
    search_text TEXT NOT NULL,
    -- IANA name; the zone in which the user is told times.
    timezone TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    -- PHC string; null for users who cannot sign in with a password.
    password_hash TEXT,
    -- How long before the start the user is reminded: a JSON list of ISO 8601 durations. Null: the default.
    reminders TEXT,
    -- Set by an admin: the user may not sign in, and loses nothing.
    disabled_at INTEGER,
    -- A deleted user is anonymised. The row stays, because records of others refer to it.
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK ((deleted_at IS NULL) = (email_folded IS NOT NULL))
) STRICT;

-- The order in which admins list users.
CREATE INDEX users_by_age ON users (created_at, id) WHERE deleted_at IS NULL;

-- Sessions: each is a family of refresh tokens. Signing out deletes it.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- Shown in the list of sessions.
    user_agent TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When the password was last given in the session: at the sign-in, or since. Changes of credentials
    -- require that this was in the last five minutes. Null if it is not known.
    confirmed_at INTEGER
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id);

CREATE TABLE refresh_tokens (
    -- SHA-256 of the token: whoever reads the table cannot sign in.
    hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    -- When it was used, which is allowed once. A second use means that it was stolen, and ends the session.
    used_at INTEGER,
    -- The pair that replaced a used token, encrypted with a key derived from that token: a repeat gets the
    -- pair again for 20 seconds, and a reader of the table cannot decrypt it.
    successor BLOB
) STRICT;

CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

-- Personal access tokens, for scripts.
CREATE TABLE access_tokens (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- SHA-256 of the token.
    hash BLOB NOT NULL CONSTRAINT access_tokens_hash_key UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE INDEX access_tokens_of_user ON access_tokens (user_id, created_at, id);

-- The keys that sign access tokens of sessions. Each token names its key.
CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- When the tokens signed with it are no longer accepted; null for the current key.
    retires_at INTEGER
) STRICT;

-- There is one current key.
CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((retires_at IS NULL)) WHERE retires_at IS NULL;

-- Links in mails that verify an address or set a new password. Their tokens are signed and not stored.
CREATE TABLE account_links (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    -- The address that it was sent to.
    email TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Set at its one use.
    used_at INTEGER
) STRICT;

CREATE INDEX account_links_of_user ON account_links (user_id, purpose, created_at);
CREATE INDEX account_links_by_expiry ON account_links (expires_at);

-- The clients from which a user has signed in: a sign-in from another one is told by mail.
CREATE TABLE known_clients (
    user_id BLOB NOT NULL REFERENCES users (id),
    -- A hash of the user agent without its version.
    fingerprint BLOB NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, fingerprint)
) STRICT;

-- Requests with an Idempotency-Key: a repeat gets the answer to the first instead of being executed again.
CREATE TABLE idempotency_keys (
    -- SHA-256 of the owner and the key: neither can be read here.
    id BLOB PRIMARY KEY,
    -- SHA-256 of the request: the same key with another request is refused.
    request BLOB NOT NULL,
    -- The attempt that holds the key. The row exists once a transaction of that attempt was committed.
    attempt BLOB NOT NULL,
    -- Encrypted with what only the owner of the key knows; null until there is an answer.
    answer BLOB,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotency_keys_expired ON idempotency_keys (expires_at);
