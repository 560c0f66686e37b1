-- What is over does not change: values of the event that a past occurrence keeps. They are copied by the first
-- change of the event that would alter them. `all_day`, `category_id` and `tags` are copies in any case, which
-- changes of the event leave in past occurrences.

-- The time zone; null where it is the event's. Occurrences that have begun keep it too.
ALTER TABLE occurrences ADD COLUMN timezone TEXT;
-- Null where it is the event's.
ALTER TABLE occurrences ADD COLUMN waitlist_enabled BOOLEAN;
-- The event had no `url`, which null cannot say: that means the event's.
ALTER TABLE occurrences ADD COLUMN without_url BOOLEAN NOT NULL DEFAULT FALSE;
