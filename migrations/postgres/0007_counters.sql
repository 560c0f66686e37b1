-- Counters of the agenda by day and label, so that counting does not depend on the number of occurrences.
--
-- Triggers note each change of an occurrence in lists, whatever wrote it, as a row of its own: transactions
-- that create events on the same day do not wait for each other. A job adds these rows to the counters and
-- deletes them. Whoever reads the counters adds the rows that are left, so that counts are exact at any time.

CREATE TABLE agenda_counts (
    -- What is counted: `all` occurrences in lists, those of a category (its id in hexadecimal digits), or
    -- `events` by the end of their last occurrence.
    scope TEXT COLLATE "C" NOT NULL,
    -- By what the counter counts, and the length of its bucket: quarters of an hour, days or months in UTC.
    -- The numbers are those of `CountSeries` in the library.
    series BIGINT NOT NULL,
    -- The number of the quarter or day since 1970, or of the month since the year 0.
    bucket BIGINT NOT NULL,
    -- Empty in totals. A category as in `scope`, or a tag: its folded form, U+001F and its spelling.
    label TEXT COLLATE "C" NOT NULL,
    -- Of the occurrences; empty for events.
    status TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (scope, series, bucket, label, status)
) WITH (fillfactor = 80);

-- The events that are counted, by the end of their last upcoming occurrence when they were.
CREATE TABLE counted_events (
    event_id UUID PRIMARY KEY,
    -- The greatest `upcoming_until` of its scheduled occurrences in lists.
    upcoming_until TIMESTAMPTZ NOT NULL,
    -- The labels of that occurrence.
    labels TEXT NOT NULL
);

CREATE INDEX counted_events_by_end ON counted_events (upcoming_until);

-- What the counters do not have yet.
CREATE TABLE uncounted_changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id UUID NOT NULL,
    -- The day of the start since 1970: in UTC, of an all-day occurrence its own.
    day BIGINT NOT NULL,
    -- The quarter of an hour of the start since 1970; null for an all-day occurrence.
    quarter BIGINT,
    status TEXT NOT NULL,
    labels TEXT NOT NULL,
    -- 1 for an occurrence that is counted from now on, -1 for one that is not any more.
    change BIGINT NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE FUNCTION counted_day(starts_at TIMESTAMPTZ, day TEXT) RETURNS BIGINT LANGUAGE sql STABLE
    RETURN CASE WHEN day IS NULL THEN CAST(floor(extract(epoch FROM starts_at) / 86400) AS BIGINT)
        ELSE CAST(CAST(day AS DATE) - DATE '1970-01-01' AS BIGINT) END;

CREATE FUNCTION counted_quarter(starts_at TIMESTAMPTZ, day TEXT) RETURNS BIGINT LANGUAGE sql STABLE
    RETURN CASE WHEN day IS NULL THEN CAST(floor(extract(epoch FROM starts_at) / 900) AS BIGINT) END;

CREATE FUNCTION note_inserted_occurrences() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    SELECT o.event_id, counted_day(o.starts_at, o.day), counted_quarter(o.starts_at, o.day), o.status,
        o.labels, 1
    FROM new_rows o WHERE o.listed;
    RETURN NULL;
END $$;

CREATE FUNCTION note_deleted_occurrences() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    SELECT o.event_id, counted_day(o.starts_at, o.day), counted_quarter(o.starts_at, o.day), o.status,
        o.labels, -1
    FROM old_rows o WHERE o.listed;
    RETURN NULL;
END $$;

CREATE FUNCTION note_updated_occurrence() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uncounted_changes (event_id, day, quarter, status, labels, change)
    SELECT o.event_id, counted_day(o.starts_at, o.day), counted_quarter(o.starts_at, o.day), o.status,
        o.labels, o.change
    FROM (VALUES
        (OLD.listed, OLD.event_id, OLD.starts_at, OLD.day, OLD.status, OLD.labels, -1),
        (NEW.listed, NEW.event_id, NEW.starts_at, NEW.day, NEW.status, NEW.labels, 1)
    ) o(listed, event_id, starts_at, day, status, labels, change)
    WHERE o.listed;
    RETURN NULL;
END $$;

CREATE TRIGGER occurrences_counted_insert AFTER INSERT ON occurrences
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_inserted_occurrences();

CREATE TRIGGER occurrences_counted_delete AFTER DELETE ON occurrences
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_deleted_occurrences();

-- Registrations update other columns, and do not run it.
CREATE TRIGGER occurrences_counted_update
    AFTER UPDATE OF event_id, starts_at, ends_at, all_day, starts_local, original_local, status, listed,
        category_id, tags ON occurrences FOR EACH ROW
    WHEN ((OLD.listed OR NEW.listed)
        AND (OLD.listed, OLD.event_id, OLD.starts_at, OLD.upcoming_until, OLD.day, OLD.status, OLD.labels)
            IS DISTINCT FROM
            (NEW.listed, NEW.event_id, NEW.starts_at, NEW.upcoming_until, NEW.day, NEW.status, NEW.labels))
    EXECUTE FUNCTION note_updated_occurrence();
