-- Requests that came with a key of their own, so that a repeat gets the first answer instead of doing it all again.
CREATE TABLE idempotency_keys (
    -- SHA-256 of whose key it is and of the key: neither a person nor a key can be read here.
    id BLOB PRIMARY KEY,
    -- SHA-256 of the request: the same key with another request is refused.
    request BLOB NOT NULL,
    -- Which try holds the key. A row exists once a transaction of that try was committed.
    attempt BLOB NOT NULL,
    -- Encrypted with what only the owner of the key knows; null until the answer is made.
    answer BLOB,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX idempotency_keys_expired ON idempotency_keys (expires_at);
