-- Sessions that end, keys that rotate, and refresh tokens that may be repeated.

-- When the password was last given in the session: at the sign-in, or since. Changes of credentials want it
-- given in the last five minutes. Null if that is not known.
ALTER TABLE sessions ADD COLUMN confirmed_at TIMESTAMPTZ;

-- A session lasts at most 90 days, however often its tokens are refreshed.
UPDATE sessions SET expires_at = least(expires_at, created_at + INTERVAL '2160 hours');
UPDATE refresh_tokens SET expires_at = least(refresh_tokens.expires_at, s.expires_at)
FROM sessions s WHERE s.id = session_id;

-- The pair that replaced a used token, encrypted with a key derived from that token: a repeat gets the pair
-- again for 20 seconds, and a reader of the table cannot decrypt it.
ALTER TABLE refresh_tokens ADD COLUMN successor BYTEA;

-- The keys that sign access tokens. Access tokens name theirs.
CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- When the tokens signed with it are no longer accepted; null for the current key.
    retires_at TIMESTAMPTZ
);

-- There is one current key.
CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((retires_at IS NULL)) WHERE retires_at IS NULL;

-- Access tokens without a key id are not accepted: their clients refresh them.
DELETE FROM settings WHERE key = 'jwt_secret';
