-- Work that follows from a transaction: written in it, and done by workers of any process afterwards.

CREATE TABLE jobs (
    id BLOB PRIMARY KEY,
    -- The word of the payload, for lists of the operator.
    kind TEXT NOT NULL,
    -- JSON, read by the library alone.
    payload TEXT NOT NULL,
    -- Of the unfinished jobs of a key there is one; null for jobs that may exist any number of times.
    key TEXT,
    -- Jobs of a smaller number go first: what people wait for, before bulk, before upkeep.
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'failed')),
    -- When a worker may take it. Of a running job: when the lease of its worker ends, and another may.
    due_at INTEGER NOT NULL,
    -- How often it was taken. The number names the lease: a worker whose lease ended may not finish the job.
    leases INTEGER NOT NULL DEFAULT 0,
    -- How often it was taken since it last succeeded.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Why the last attempt failed.
    last_error TEXT,
    created_at INTEGER NOT NULL,
    -- When the state last changed.
    updated_at INTEGER NOT NULL
) STRICT;

-- What workers ask for.
CREATE INDEX jobs_due ON jobs (priority, due_at, id) WHERE state IN ('waiting', 'running');
CREATE UNIQUE INDEX jobs_once ON jobs (key) WHERE key IS NOT NULL AND state IN ('waiting', 'running');
-- Those that are pruned, and those that an operator looks at.
CREATE INDEX jobs_ended ON jobs (state, updated_at, id) WHERE state IN ('finished', 'failed');
