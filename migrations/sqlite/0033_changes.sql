-- What transactions have changed, for those who follow it live in any process, and a few minutes later.

CREATE TABLE changes (
    -- There is one writer, so that ids are committed in their order. They are never used again.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The transaction, on the other database only.
    number INTEGER NOT NULL DEFAULT 0,
    -- What has changed: kinds and ids, separated by spaces.
    topics TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
