-- Calendars of others that organizers follow: each is read again and again, and what it has becomes events.

CREATE TABLE calendar_subscriptions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,

    -- What new events get where the calendar says nothing, as for imports; null for the defaults.
    location TEXT,
    capacity BIGINT CHECK (capacity BETWEEN 1 AND 1000000),
    timezone TEXT,
    visibility TEXT CHECK (visibility IN ('public', 'unlisted', 'private')),
    -- Whether new events are drafts.
    drafts BOOLEAN NOT NULL,

    -- What the server has said of the file that was last read, to ask only for a newer one: ETag and
    -- Last-Modified. SHA-256 of the file itself, for servers that say neither.
    etag TEXT,
    last_modified TEXT,
    fingerprint BYTEA,
    -- When that was. Once a day it is read again in any case: more of it may lie within the horizon.
    read_at TIMESTAMPTZ,
    -- What became of its components, as JSON.
    report TEXT,

    -- The last attempt, and the last one that was answered with a calendar, or that it has not changed.
    checked_at TIMESTAMPTZ,
    succeeded_at TIMESTAMPTZ,
    -- Since when each attempt fails, and why the last one did; null if it did not.
    failing_since TIMESTAMPTZ,
    failure TEXT,
    -- Events that have disappeared and of which the owner is not told yet.
    untold_missing BIGINT NOT NULL DEFAULT 0,

    -- Null while the calendar is followed. With `ending`, its events are being cancelled, and then it is
    -- deleted.
    disabled_at TIMESTAMPTZ,
    disabled_because TEXT CHECK (disabled_because IN ('owner', 'failing', 'gone', 'ending')),
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX calendar_subscriptions_of_user ON calendar_subscriptions (user_id, created_at, id);

-- Which events come from a followed calendar.
CREATE TABLE subscribed_events (
    subscription_id UUID NOT NULL REFERENCES calendar_subscriptions (id) ON DELETE CASCADE,
    -- As in `imported_events`.
    uid TEXT NOT NULL,
    part TEXT NOT NULL,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Since when the calendar lacks it. It may be there again next time: what it lacks twice is cancelled.
    missing_since TIMESTAMPTZ,
    PRIMARY KEY (subscription_id, uid, part)
);

CREATE INDEX subscribed_events_of_event ON subscribed_events (event_id);
CREATE INDEX subscribed_events_missing ON subscribed_events (subscription_id, missing_since)
    WHERE missing_since IS NOT NULL;

-- The calendar that an event comes from, which alone changes it; null for all others.
ALTER TABLE events ADD COLUMN subscription_id UUID
    REFERENCES calendar_subscriptions (id) ON DELETE SET NULL;

CREATE INDEX events_of_subscription ON events (subscription_id) WHERE subscription_id IS NOT NULL;
