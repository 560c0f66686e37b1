-- The days of all-day dates, counting by lists, and one index for all that is asked of the registrations of a date.

-- A copy of the event's, so that a day is found without looking at the event.
ALTER TABLE occurrences ADD COLUMN all_day BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE occurrences SET all_day = TRUE WHERE event_id IN (SELECT id FROM events WHERE all_day);
-- `YYYY-MM-DD`, the day by the clocks of its own zone: whoever looks from where, an all-day date is on this day. Null where it has times.
ALTER TABLE occurrences ADD COLUMN day TEXT GENERATED ALWAYS AS (CASE WHEN all_day THEN substr(coalesce(starts_local, original_local), 1, 10) END) STORED;

-- Someone registered, ever: insights of an organizer look at no others.
ALTER TABLE occurrences ADD COLUMN registered BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE occurrences SET registered = TRUE WHERE id IN (SELECT occurrence_id FROM registrations);
CREATE INDEX occurrences_registered ON occurrences (organizer_id, event_id, id) WHERE registered;

DROP INDEX agenda;
CREATE INDEX agenda ON occurrences (starts_at, id) INCLUDE (event_id, text_id, category_id, status, tags, day) WHERE listed;
DROP INDEX occurrences_of_text;
CREATE INDEX occurrences_of_text ON occurrences (text_id, starts_at, id) INCLUDE (event_id, category_id, status, listed, tags, day);

-- Lists of a date read it in this order, and insights count all of it without looking at the registrations themselves: each registration is
-- written to one index less.
DROP INDEX registrations_insights;
DROP INDEX registrations_of_occurrence;
CREATE INDEX registrations_of_occurrence ON registrations (occurrence_id, created_at, id) INCLUDE (status, waitlist_number, party_size);
