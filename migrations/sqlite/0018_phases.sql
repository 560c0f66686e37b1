-- Occurrences that have begun and are not over, and until when an occurrence is upcoming.

-- A timed occurrence is upcoming until it starts, an all-day one until its last day ends.
ALTER TABLE occurrences ADD COLUMN upcoming_until INTEGER
    GENERATED ALWAYS AS (CASE WHEN all_day THEN ends_at ELSE starts_at END) VIRTUAL;

-- How long it lasts: 0 for an all-day occurrence of one day; then, timed ones included, at most 11 days, at
-- most 101 days, and longer. Null for a timed occurrence of at most 25 hours, the longest day. What takes
-- place now is found by class: it ends within the longest duration of its class.
ALTER TABLE occurrences ADD COLUMN length_class INTEGER GENERATED ALWAYS AS (CASE
    WHEN ends_at - starts_at > 8726400000000 THEN 3
    WHEN ends_at - starts_at > 950400000000 THEN 2
    WHEN ends_at - starts_at > 90000000000 THEN 1
    WHEN all_day THEN 0
END) VIRTUAL;

CREATE INDEX occurrences_by_length ON occurrences (length_class, ends_at, starts_at, id)
    WHERE length_class IS NOT NULL;
