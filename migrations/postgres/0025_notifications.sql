-- What people are told in the app, what they want to be told, and when they are reminded.

CREATE TABLE notifications (
    -- No foreign key: it would lock the users of a large audience, and no row of users is ever deleted.
    user_id UUID NOT NULL,
    -- A UUIDv7 of the time of the occasion and of a hash that names person and occasion: whoever tells the
    -- same person of the same occasion again makes no second row.
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about; null where there is nothing of the kind. Without foreign keys: what happened is told
    -- also when its subject is gone.
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
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    -- The order of the list.
    PRIMARY KEY (user_id, id)
);

CREATE INDEX notifications_unread ON notifications (user_id, id) WHERE read_at IS NULL AND in_app;

-- The preferences that differ from the default, which is to tell.
CREATE TABLE notification_preferences (
    user_id UUID NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    in_app BOOLEAN NOT NULL,
    email BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- Events of which a person wants to be told nothing.
CREATE TABLE event_mutes (
    user_id UUID NOT NULL REFERENCES users (id),
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, event_id)
);

CREATE INDEX event_mutes_of_event ON event_mutes (event_id);

-- How long before the start a person is reminded: a JSON list of ISO 8601 durations. Null: the default.
ALTER TABLE users ADD COLUMN reminders TEXT;
-- The same for one registration; null: the list of the person.
ALTER TABLE registrations ADD COLUMN reminders TEXT;

-- The lead times of all these lists and of the default: what is due is asked for each of them.
CREATE TABLE reminder_leads (
    lead TEXT PRIMARY KEY,
    -- With days of 24 hours.
    seconds BIGINT NOT NULL,
    -- How far clock changes may move it: its days are calendar days.
    slack_seconds BIGINT NOT NULL
);

INSERT INTO reminder_leads (lead, seconds, slack_seconds) VALUES ('P1D', 86400, 10800), ('PT1H', 3600, 0);

-- What starts in a range of time.
CREATE INDEX occurrences_by_start ON occurrences (starts_at, id) WHERE status = 'scheduled';
