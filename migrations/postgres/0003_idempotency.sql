-- Requests that came with a key of their own, so that a repeat gets the first answer instead of doing it all again.
CREATE TABLE idempotency_keys (
    -- SHA-256 of whose key it is and of the key: neither a person nor a key can be read here.
    id BYTEA PRIMARY KEY,
    -- SHA-256 of the request: the same key with another request is refused.
    request BYTEA NOT NULL,
    -- Which try holds the key. A row exists once a transaction of that try was committed.
    attempt UUID NOT NULL,
    -- Encrypted with what only the owner of the key knows; null until the answer is made.
    answer BYTEA,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX idempotency_keys_expired ON idempotency_keys (expires_at);
