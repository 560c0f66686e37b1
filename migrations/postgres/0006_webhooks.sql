-- Webhooks: URLs that are told of changes, and what was delivered to them.

CREATE TABLE webhooks (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Whether it is told of all events, as an admin may ask. Otherwise: of those that the user organizes.
    all_events BOOLEAN NOT NULL,
    -- The secret that signs, encrypted: each delivery needs it again, so a hash would not do.
    secret BYTEA NOT NULL,
    -- The secret before, which signs too until then.
    former_secret BYTEA,
    former_secret_until TIMESTAMPTZ,
    -- Null while it is told of changes.
    disabled_at TIMESTAMPTZ,
    disabled_because TEXT CHECK (disabled_because IN ('owner', 'failing', 'gone')),
    -- When something was last delivered, to the minute.
    last_success_at TIMESTAMPTZ,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX webhooks_of_user ON webhooks (user_id, created_at, id);
-- Looked at by each change: usually empty.
CREATE INDEX webhooks_of_all_events ON webhooks (id) WHERE all_events;

-- The kinds of changes that a webhook is told of.
CREATE TABLE webhook_kinds (
    webhook_id UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (webhook_id, kind)
);

CREATE INDEX webhook_kinds_by_kind ON webhook_kinds (kind, webhook_id);

CREATE TABLE webhook_deliveries (
    -- Sent as webhook-id, so that a receiver recognises a repeat.
    id UUID PRIMARY KEY,
    webhook_id UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- JSON: the ids of what has changed. The rest is read when it is sent.
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
    -- Whether the owner asked for it: a test, or a repeat. It is tried once.
    manual BOOLEAN NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Of the last attempt: the status of the answer and its beginning, or why there was none.
    status BIGINT,
    answer TEXT,
    error TEXT,
    -- When the change happened.
    happened_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    attempted_at TIMESTAMPTZ,
    next_attempt_at TIMESTAMPTZ
);

CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at, id);
