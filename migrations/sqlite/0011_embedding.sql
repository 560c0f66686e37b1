-- What programs that embed the library need: users whom they name, and changes that they read afterwards.

-- The id by which the embedding program knows the user; null for users who have an account here alone.
ALTER TABLE users ADD COLUMN external_id TEXT;

CREATE UNIQUE INDEX users_by_external_id ON users (external_id);

-- What transactions have changed, for programs that read it after the commit. Only filled on demand.
CREATE TABLE kept_changes (
    -- There is one writer, so that ids are committed in their order. They are never used again.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The transaction, on PostgreSQL only.
    number INTEGER NOT NULL DEFAULT 0,
    -- A JSON list of changes, in the order in which they were made.
    changes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX kept_changes_by_age ON kept_changes (created_at);
