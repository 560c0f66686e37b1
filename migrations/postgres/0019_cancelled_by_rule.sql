-- Whether a change of the rule cancelled the occurrence: if the rule places it there again, it takes place with
-- its registrations. What an organizer cancelled stays cancelled.
ALTER TABLE occurrences ADD COLUMN cancelled_by_rule BOOLEAN NOT NULL DEFAULT FALSE;
