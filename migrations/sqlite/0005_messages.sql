-- Jobs, and what people are told: notifications, mails, reminders, and the live stream.

-- Work that follows from a transaction: written in it, and done afterwards by workers of any process.
CREATE TABLE jobs (
    id BLOB PRIMARY KEY,
    -- The kind of the payload, for lists of the operator.
    kind TEXT NOT NULL,
    -- JSON, read by the library alone.
    payload TEXT NOT NULL,
    -- A key has at most one unfinished job; null for jobs that may exist any number of times.
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

-- What workers take.
CREATE INDEX jobs_due ON jobs (priority, due_at, id) WHERE state IN ('waiting', 'running');
CREATE UNIQUE INDEX jobs_once ON jobs (key) WHERE key IS NOT NULL AND state IN ('waiting', 'running');
-- Those that are pruned, and those that an operator looks at.
CREATE INDEX jobs_ended ON jobs (state, updated_at, id) WHERE state IN ('finished', 'failed');

CREATE TABLE notifications (
    -- No foreign key: it would lock the users of a large audience, and no row of users is ever deleted.
    user_id BLOB NOT NULL,
    -- A UUIDv7 of the time of the occasion and of a hash of user and occasion: the same occasion makes no
    -- second row.
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about, as far as there is any. Without foreign keys: what happened is told also when its
    -- subject has been deleted.
    event_id BLOB,
    occurrence_id BLOB,
    -- The registration, comment, feedback or session.
    subject_id BLOB,
    -- Who did it, if that is told.
    actor_id BLOB,
    -- The title of the occurrence or event at that time, its start and its zone.
    title TEXT,
    starts_at INTEGER,
    timezone TEXT,
    all_day INTEGER NOT NULL CHECK (all_day IN (0, 1)),
    -- JSON: what else is told, such as the former start.
    details TEXT,
    -- Whether it is shown in the app, by the preferences of that time, or only told on other channels.
    in_app INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    -- From when on a worker writes its mail; null once that is done, and for what is not told by mail.
    mail_due_at INTEGER,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    -- The order of the list.
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX notifications_unread ON notifications (user_id, id) WHERE read_at IS NULL AND in_app;
-- What workers take. Rows leave it as soon as their mails are written.
CREATE INDEX notifications_to_mail ON notifications (mail_due_at, user_id, id) WHERE mail_due_at IS NOT NULL;

-- The preferences that differ from the default, which is to tell.
CREATE TABLE notification_preferences (
    user_id BLOB NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    in_app INTEGER NOT NULL CHECK (in_app IN (0, 1)),
    email INTEGER NOT NULL CHECK (email IN (0, 1)),
    PRIMARY KEY (user_id, kind)
) STRICT;

-- Events of which a user wants to be told nothing.
CREATE TABLE event_mutes (
    user_id BLOB NOT NULL REFERENCES users (id),
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, event_id)
) STRICT;

CREATE INDEX event_mutes_of_event ON event_mutes (event_id);

-- The lead times of all lists of reminders and of the default: what is due is looked up for each of them.
CREATE TABLE reminder_leads (
    lead TEXT PRIMARY KEY,
    -- With days of 24 hours.
    seconds INTEGER NOT NULL,
    -- How far clock changes may move it: its days are calendar days.
    slack_seconds INTEGER NOT NULL
) STRICT;

INSERT INTO reminder_leads (lead, seconds, slack_seconds) VALUES ('P1D', 86400, 10800), ('PT1H', 3600, 0);

-- Mails that are to be delivered, or were. Their text is written when they are delivered.
CREATE TABLE mails (
    -- The Message-ID is derived from it.
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- The event that a notification is about, for limits and digests; null for mails about accounts.
    event_id BLOB,
    -- The address at that time.
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What it tells, as JSON with the kind. Read by the library alone.
    facts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'failed', 'dropped')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- Why the last attempt failed.
    last_error TEXT,
    created_at INTEGER NOT NULL,
    -- When it was last attempted.
    updated_at INTEGER
) STRICT;

CREATE INDEX mails_of_user ON mails (user_id, created_at, id);
CREATE INDEX mails_by_age ON mails (created_at, id);

-- What transactions have changed, for those who follow it live in any process, and for a few minutes
-- afterwards.
CREATE TABLE changes (
    -- There is one writer, so that ids are committed in their order. They are never used again.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The transaction, on PostgreSQL only.
    number INTEGER NOT NULL DEFAULT 0,
    -- What has changed: kinds and ids, separated by spaces.
    topics TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
