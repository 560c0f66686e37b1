-- What programs that embed the library need: users whom they name, and changes that they read afterwards.

-- The id by which the embedding program knows the user; null for users who have an account here alone.
ALTER TABLE users ADD COLUMN external_id TEXT;

CREATE UNIQUE INDEX users_by_external_id ON users (external_id);

-- What transactions have changed, for programs that read it after the commit. Only filled on demand.
CREATE TABLE kept_changes (
    -- The transaction. Ids of a sequence are not committed in their order, so that a reader that remembers
    -- the last id would lose rows. By this number and a snapshot it knows exactly what it has not seen.
    number BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    -- Taken at the end of a transaction, when it has all its locks: a transaction that has waited for another
    -- one has a larger id.
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    -- A JSON list of changes, in the order in which they were made.
    changes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (number, id)
);

CREATE INDEX kept_changes_by_age ON kept_changes (created_at);
