-- Registration windows relative to the start of each occurrence, and windows of single occurrences.

-- When registration opens and closes: an instant in RFC 3339, or an ISO 8601 duration before the start of
-- each occurrence. The library resolves them: the days of a duration are calendar days of the event's zone.
ALTER TABLE events ADD COLUMN registration_opens TEXT;
ALTER TABLE events ADD COLUMN registration_closes TEXT;
UPDATE events SET
    registration_opens = strftime('%Y-%m-%dT%H:%M:%S', registration_opens_at / 1000000, 'unixepoch')
        || printf('.%06dZ', registration_opens_at % 1000000),
    registration_closes = strftime('%Y-%m-%dT%H:%M:%S', registration_closes_at / 1000000, 'unixepoch')
        || printf('.%06dZ', registration_closes_at % 1000000)
WHERE registration_opens_at IS NOT NULL OR registration_closes_at IS NOT NULL;

-- Overrides; null where the event's own window applies.
ALTER TABLE occurrences ADD COLUMN registration_opens TEXT;
ALTER TABLE occurrences ADD COLUMN registration_closes TEXT;
-- The resolved instants, written in the transactions that change the start or the window, so that free seats
-- are found without reading the event.
ALTER TABLE occurrences ADD COLUMN registration_opens_at INTEGER;
ALTER TABLE occurrences ADD COLUMN registration_closes_at INTEGER;
UPDATE occurrences SET
    registration_opens_at = (SELECT e.registration_opens_at FROM events e WHERE e.id = occurrences.event_id),
    registration_closes_at = (SELECT e.registration_closes_at FROM events e WHERE e.id = occurrences.event_id)
WHERE event_id IN
    (SELECT id FROM events WHERE registration_opens_at IS NOT NULL OR registration_closes_at IS NOT NULL);

ALTER TABLE events DROP COLUMN registration_opens_at;
ALTER TABLE events DROP COLUMN registration_closes_at;
