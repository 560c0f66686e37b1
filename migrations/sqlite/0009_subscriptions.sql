-- Calendars of others that organizers follow: each is read again and again, and what it has becomes events.

CREATE TABLE calendar_subscriptions (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,

    -- What new events get where the calendar says nothing, as for imports; null for the defaults.
    location TEXT,
    capacity INTEGER CHECK (capacity BETWEEN 1 AND 1000000),
    timezone TEXT,
    visibility TEXT CHECK (visibility IN ('public', 'unlisted', 'private')),
    -- Whether new events are drafts.
    drafts INTEGER NOT NULL CHECK (drafts IN (0, 1)),

    -- What the server has said of the file that was last read, to ask only for a newer one: ETag and
    -- Last-Modified. SHA-256 of the file itself, for servers that say neither.
    etag TEXT,
    last_modified TEXT,
    fingerprint BLOB,
    -- When that was. Once a day it is read again in any case: more of it may lie within the horizon.
    read_at INTEGER,
    -- What became of its components, as JSON.
    report TEXT,

    -- The last attempt, and the last one that was answered with a calendar, or that it has not changed.
    checked_at INTEGER,
    succeeded_at INTEGER,
    -- Since when each attempt fails, and why the last one did; null if it did not.
    failing_since INTEGER,
    failure TEXT,
    -- Events that have disappeared and of which the owner is not told yet.
    untold_missing INTEGER NOT NULL DEFAULT 0,

    -- Null while the calendar is followed. With `ending`, its events are being cancelled, and then it is
    -- deleted.
    disabled_at INTEGER,
    disabled_because TEXT CHECK (disabled_because IN ('owner', 'failing', 'gone', 'ending')),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX calendar_subscriptions_of_user ON calendar_subscriptions (user_id, created_at, id);

-- Which events come from a followed calendar.
CREATE TABLE subscribed_events (
    subscription_id BLOB NOT NULL REFERENCES calendar_subscriptions (id) ON DELETE CASCADE,
    -- As in `imported_events`.
    uid TEXT NOT NULL,
    part TEXT NOT NULL,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Since when the calendar lacks it. It may be there again next time: what it lacks twice is cancelled.
    missing_since INTEGER,
    PRIMARY KEY (subscription_id, uid, part)
) STRICT;

CREATE INDEX subscribed_events_of_event ON subscribed_events (event_id);
CREATE INDEX subscribed_events_missing ON subscribed_events (subscription_id, missing_since)
    WHERE missing_since IS NOT NULL;

-- The calendar that an event comes from, which alone changes it; null for all others.
ALTER TABLE events ADD COLUMN subscription_id BLOB
    REFERENCES calendar_subscriptions (id) ON DELETE SET NULL;

CREATE INDEX events_of_subscription ON events (subscription_id) WHERE subscription_id IS NOT NULL;
