-- When seats_taken or waitlist_length last changed. What an occurrence shows changes with them, but neither
-- its version nor its entry in calendars, which updated_at dates. Null: not since this column exists.
ALTER TABLE occurrences ADD COLUMN seats_changed_at INTEGER;
