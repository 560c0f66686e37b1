-- What calendar programs need to see that something has changed.

-- SEQUENCE of the entries in calendar files rises with every change of what they show, and never falls. These
-- are the changes that the event's version does not count: of single occurrences, and of the name of a
-- category that the event no longer has.
ALTER TABLE events ADD COLUMN calendar_changes BIGINT NOT NULL DEFAULT 0;
-- Entries of occurrences have counted the versions of those.
UPDATE events SET calendar_changes = (
    SELECT coalesce(sum(o.version - 1), 0) FROM occurrences o WHERE o.event_id = events.id
);

-- The event and the original start by which the calendars of attendees know an occurrence, from when these
-- change: an invitation with others would be one to something else.
ALTER TABLE occurrences ADD COLUMN invitation_event UUID;
ALTER TABLE occurrences ADD COLUMN invitation_start TIMESTAMPTZ;
-- As a local time, whose day is that of an all-day occurrence.
ALTER TABLE occurrences ADD COLUMN invitation_local TEXT;

-- When feeds were last found changed. What leaves a feed takes its dates along, so that those of the rest
-- would go back.
CREATE TABLE feed_dates (
    -- SHA-256 of what selects the entries.
    feed BYTEA PRIMARY KEY,
    -- Of the content.
    fingerprint BYTEA NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
