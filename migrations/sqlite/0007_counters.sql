-- Counters of the agenda by day and label, so that counting does not depend on the number of occurrences.
--
-- Triggers note each change of an occurrence in lists, whatever wrote it. A job adds these rows to the
-- counters and deletes them. Whoever reads the counters adds the rows that are left, so that counts are exact
-- at any time.

CREATE TABLE agenda_counts (
    -- What is counted: `all` occurrences in lists, those of a category (its id in hexadecimal digits), or
    -- `events` by the end of their last occurrence.
    scope TEXT NOT NULL,
    -- By what the counter counts, and the length of its bucket: quarters of an hour, days or months in UTC.
    -- The numbers are those of `CountSeries` in the library.
    series INTEGER NOT NULL,
    -- The number of the quarter or day since 1970, or of the month since the year 0.
    bucket INTEGER NOT NULL,
    -- Empty in totals. A category as in `scope`, or a tag: its folded form, U+001F and its spelling.
    label TEXT NOT NULL,
    -- Of the occurrences; empty for events.
    status TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (scope, series, bucket, label, status)
) STRICT, WITHOUT ROWID;

-- The events that are counted, by the end of their last upcoming occurrence when they were.
CREATE TABLE counted_events (
    event_id BLOB PRIMARY KEY NOT NULL,
    -- The greatest `upcoming_until` of its scheduled occurrences in lists.
    upcoming_until INTEGER NOT NULL,
    -- The labels of that occurrence.
    labels TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX counted_events_by_end ON counted_events (upcoming_until);

-- What the counters do not have yet.
CREATE TABLE uncounted_changes (
    id INTEGER PRIMARY KEY,
    event_id BLOB NOT NULL,
    -- The day of the start since 1970: in UTC, of an all-day occurrence its own.
    day INTEGER NOT NULL,
    -- The quarter of an hour of the start since 1970; null for an all-day occurrence.
    quarter INTEGER,
    status TEXT NOT NULL,
    labels TEXT NOT NULL,
    -- 1 for an occurrence that is counted from now on, -1 for one that is not any more.
    change INTEGER NOT NULL
) STRICT;

CREATE TRIGGER occurrences_counted_insert AFTER INSERT ON occurrences WHEN NEW.listed BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    VALUES (NEW.event_id,
        CASE WHEN NEW.day IS NULL THEN NEW.starts_at / 86400000000 ELSE unixepoch(NEW.day) / 86400 END,
        CASE WHEN NEW.day IS NULL THEN NEW.starts_at / 900000000 END, NEW.status, NEW.labels, 1);
END;

CREATE TRIGGER occurrences_counted_delete AFTER DELETE ON occurrences WHEN OLD.listed BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    VALUES (OLD.event_id,
        CASE WHEN OLD.day IS NULL THEN OLD.starts_at / 86400000000 ELSE unixepoch(OLD.day) / 86400 END,
        CASE WHEN OLD.day IS NULL THEN OLD.starts_at / 900000000 END, OLD.status, OLD.labels, -1);
END;

-- Registrations update other columns, and do not run it.
CREATE TRIGGER occurrences_counted_update
    AFTER UPDATE OF event_id, starts_at, ends_at, all_day, starts_local, original_local, status, listed,
        category_id, tags ON occurrences
    WHEN (OLD.listed OR NEW.listed)
        AND (OLD.listed, OLD.event_id, OLD.starts_at, OLD.upcoming_until, OLD.day, OLD.status, OLD.labels)
            IS NOT
            (NEW.listed, NEW.event_id, NEW.starts_at, NEW.upcoming_until, NEW.day, NEW.status, NEW.labels)
BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    SELECT OLD.event_id,
        CASE WHEN OLD.day IS NULL THEN OLD.starts_at / 86400000000 ELSE unixepoch(OLD.day) / 86400 END,
        CASE WHEN OLD.day IS NULL THEN OLD.starts_at / 900000000 END, OLD.status, OLD.labels, -1
    WHERE OLD.listed;
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    SELECT NEW.event_id,
        CASE WHEN NEW.day IS NULL THEN NEW.starts_at / 86400000000 ELSE unixepoch(NEW.day) / 86400 END,
        CASE WHEN NEW.day IS NULL THEN NEW.starts_at / 900000000 END, NEW.status, NEW.labels, 1
    WHERE NEW.listed;
END;
