-- Dates keep their wall clocks: they, not the instants, survive changes of the tz database.

-- At `original_start`, `YYYY-MM-DDTHH:MM:SS`, as the rule says it.
ALTER TABLE occurrences ADD COLUMN original_local TEXT NOT NULL DEFAULT '';
-- At `starts_at`, where the date was moved; null where it takes place as the rule says.
ALTER TABLE occurrences ADD COLUMN starts_local TEXT;

-- Until now every event had the one date at its start.
UPDATE occurrences SET original_local = (SELECT e.starts_local FROM events e WHERE e.id = occurrences.event_id);
