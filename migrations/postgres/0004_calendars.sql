-- Calendars: addresses of personal ones, imported files, and what feeds need.

-- The secret addresses of personal calendars, of which only hashes are stored. A user has at most one.
CREATE TABLE personal_calendars (
    user_id UUID PRIMARY KEY REFERENCES users (id),
    -- SHA-256 of the secret.
    hash BYTEA NOT NULL CONSTRAINT personal_calendars_hash_key UNIQUE,
    created_at TIMESTAMPTZ NOT NULL
);

-- Which events users have imported from calendar files: importing a file again changes them.
CREATE TABLE imported_events (
    user_id UUID NOT NULL REFERENCES users (id),
    -- The UID of the file, or its digest.
    uid TEXT NOT NULL,
    -- Tells the events apart into which a file divides a series; empty for the first.
    part TEXT NOT NULL,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, uid, part)
);

CREATE INDEX imported_events_event ON imported_events (event_id);

-- When feeds of calendars were last found changed. What leaves a feed takes its dates along, so that those of
-- the rest would go back.
CREATE TABLE feed_dates (
    -- SHA-256 of what selects the entries.
    feed BYTEA PRIMARY KEY,
    -- Of the content.
    fingerprint BYTEA NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
