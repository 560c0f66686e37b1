-- What transactions have changed, for those who follow it live in any process, and a few minutes later.

CREATE TABLE changes (
    -- The transaction. Ids of a sequence are not committed in their order, so that a reader that remembers
    -- the last id would lose rows. By this number and a snapshot it knows exactly what it has not seen.
    number BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    -- What has changed: kinds and ids, separated by spaces.
    topics TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (number, id)
);
