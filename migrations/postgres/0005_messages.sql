-- Jobs, and what people are told: notifications, mails, reminders, and the live stream.

-- Work that follows from a transaction: written in it, and done afterwards by workers of any process.
CREATE TABLE jobs (
    id UUID PRIMARY KEY,
    -- The kind of the payload, for lists of the operator.
    kind TEXT NOT NULL,
    -- JSON, read by the library alone.
    payload TEXT NOT NULL,
    -- A key has at most one unfinished job; null for jobs that may exist any number of times.
    key TEXT,
    -- Jobs of a smaller number go first: what people wait for, before bulk, before upkeep.
    priority BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'failed')),
    -- When a worker may take it. Of a running job: when the lease of its worker ends, and another may.
    due_at TIMESTAMPTZ NOT NULL,
    -- How often it was taken. The number names the lease: a worker whose lease ended may not finish the job.
    leases BIGINT NOT NULL DEFAULT 0,
    -- How often it was taken since it last succeeded.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Why the last attempt failed.
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    -- When the state last changed.
    updated_at TIMESTAMPTZ NOT NULL
);

-- What workers take.
CREATE INDEX jobs_due ON jobs (priority, due_at, id) WHERE state IN ('waiting', 'running');
CREATE UNIQUE INDEX jobs_once ON jobs (key) WHERE key IS NOT NULL AND state IN ('waiting', 'running');
-- Those that are pruned, and those that an operator looks at.
CREATE INDEX jobs_ended ON jobs (state, updated_at, id) WHERE state IN ('finished', 'failed');

CREATE TABLE notifications (
    -- No foreign key: it would lock the users of a large audience, and no row of users is ever deleted.
    user_id UUID NOT NULL,
    -- A UUIDv7 of the time of the occasion and of a hash of user and occasion: the same occasion makes no
    -- second row.
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about, as far as there is any. Without foreign keys: what happened is told also when its
    -- subject has been deleted.
    event_id UUID,
    occurrence_id UUID,
    -- The registration, comment, feedback or session.
    subject_id UUID,
    -- Who did it, if that is told.
    actor_id UUID,
    -- The title of the occurrence or event at that time, its start and its zone.
    title TEXT,
    starts_at TIMESTAMPTZ,
    timezone TEXT,
    all_day BOOLEAN NOT NULL,
    -- JSON: what else is told, such as the former start.
    details TEXT,
    -- Whether it is shown in the app, by the preferences of that time, or only told on other channels.
    in_app BOOLEAN NOT NULL,
    -- From when on a worker writes its mail; null once that is done, and for what is not told by mail.
    mail_due_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    -- The order of the list.
    PRIMARY KEY (user_id, id)
);

CREATE INDEX notifications_unread ON notifications (user_id, id) WHERE read_at IS NULL AND in_app;
-- What workers take. Rows leave it as soon as their mails are written.
CREATE INDEX notifications_to_mail ON notifications (mail_due_at, user_id, id) WHERE mail_due_at IS NOT NULL;

-- The preferences that differ from the default, which is to tell.
CREATE TABLE notification_preferences (
    user_id UUID NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    in_app BOOLEAN NOT NULL,
    email BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- Events of which a user wants to be told nothing.
CREATE TABLE event_mutes (
    user_id UUID NOT NULL REFERENCES users (id),
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, event_id)
);

CREATE INDEX event_mutes_of_event ON event_mutes (event_id);

-- The lead times of all lists of reminders and of the default: what is due is looked up for each of them.
CREATE TABLE reminder_leads (
    lead TEXT PRIMARY KEY,
    -- With days of 24 hours.
    seconds BIGINT NOT NULL,
    -- How far clock changes may move it: its days are calendar days.
    slack_seconds BIGINT NOT NULL
);

INSERT INTO reminder_leads (lead, seconds, slack_seconds) VALUES ('P1D', 86400, 10800), ('PT1H', 3600, 0);

-- Mails that are to be delivered, or were. Their text is written when they are delivered.
CREATE TABLE mails (
    -- The Message-ID is derived from it.
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- The event that a notification is about, for limits and digests; null for mails about accounts.
    event_id UUID,
    -- The address at that time.
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

-- What transactions have changed, for those who follow it live in any process, and for a few minutes
-- afterwards.
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
