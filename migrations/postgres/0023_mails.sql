-- Mails, the links that some of them carry, and the clients that people sign in from.

-- A mail that is to be delivered, or was. The text is written when it is delivered.
CREATE TABLE mails (
    -- Its Message-ID follows from it.
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- Where to: addresses change meanwhile.
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What it tells, as JSON with the kind. Read by the library alone.
    facts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'failed', 'dropped')),
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Why the last attempt failed.
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    -- When it was last attempted.
    updated_at TIMESTAMPTZ
);

CREATE INDEX mails_of_user ON mails (user_id, created_at, id);
CREATE INDEX mails_by_age ON mails (created_at, id);

-- A link in a mail that verifies an address or sets a new password. Its token is signed and not stored.
CREATE TABLE account_links (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    -- The address that it was sent to.
    email TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    -- Set at its one use.
    used_at TIMESTAMPTZ
);

CREATE INDEX account_links_of_user ON account_links (user_id, purpose, created_at);
CREATE INDEX account_links_by_expiry ON account_links (expires_at);

-- The clients from which a user has signed in: a sign-in from another one is told by mail.
CREATE TABLE known_clients (
    user_id UUID NOT NULL REFERENCES users (id),
    -- A hash of the user agent without its version.
    fingerprint BYTEA NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, fingerprint)
);

-- The address that replaces a verified one once it is verified itself.
ALTER TABLE users ADD COLUMN pending_email TEXT;
-- Since when mails to the address are refused; null if they are not.
ALTER TABLE users ADD COLUMN email_bounced_at TIMESTAMPTZ;
