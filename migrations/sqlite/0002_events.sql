-- Events, their dates, and the places of people at them.

CREATE TABLE events (
    id BLOB PRIMARY KEY,
    organizer_id BLOB NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    url TEXT,
    -- The wall clock at the first occurrence, `YYYY-MM-DDTHH:MM:SS`: it, not the instant, survives changes of the tz database.
    starts_local TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- Of two instants that the wall clock names twice, which was meant; null outside of such folds.
    starts_offset_seconds INTEGER,
    -- Seconds; whole days for an all-day event.
    duration_seconds INTEGER NOT NULL CHECK (duration_seconds >= 0),
    all_day INTEGER NOT NULL CHECK (all_day IN (0, 1)),
    capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 1000000),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'cancelled')),
    waitlist_enabled INTEGER NOT NULL CHECK (waitlist_enabled IN (0, 1)),
    registration_opens_at INTEGER,
    registration_closes_at INTEGER,
    max_party_size INTEGER NOT NULL CHECK (max_party_size >= 1),
    -- RFC 5545 RRULE without its name; null for a single date.
    rrule TEXT,
    -- JSON lists of local times, as `starts_local`: only ever read whole.
    rdate TEXT NOT NULL DEFAULT '[]',
    exdate TEXT NOT NULL DEFAULT '[]',
    -- How far occurrences have been made; null when all of them have been.
    expanded_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX events_of_organizer ON events (organizer_id, id);
-- The daily job asks for what does not reach the horizon yet.
CREATE INDEX events_to_expand ON events (expanded_until) WHERE expanded_until IS NOT NULL;

CREATE TABLE event_organizers (
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id)
) STRICT;

CREATE INDEX event_organizers_of_user ON event_organizers (user_id, event_id);

-- What substring filters look at, folded (no case, no accents): once for an event, and once for each occurrence that has words of its own.
CREATE TABLE texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    location TEXT NOT NULL
) STRICT;

CREATE INDEX texts_of_event ON texts (event_id);

-- Trigrams over it; the triggers keep both in step.
CREATE VIRTUAL TABLE texts_trigrams USING fts5 (title, location, content = 'texts', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
    INSERT INTO texts_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;
CREATE TRIGGER texts_deleted AFTER DELETE ON texts BEGIN
    INSERT INTO texts_trigrams (texts_trigrams, rowid, title, location) VALUES ('delete', old.id, old.title, old.location);
END;
CREATE TRIGGER texts_updated AFTER UPDATE ON texts BEGIN
    INSERT INTO texts_trigrams (texts_trigrams, rowid, title, location) VALUES ('delete', old.id, old.title, old.location);
    INSERT INTO texts_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;

CREATE TABLE occurrences (
    id BLOB PRIMARY KEY,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- RFC 5545 RECURRENCE-ID: where the rule places it. It stays when the occurrence is moved.
    original_start INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    -- Its own time, not the rule's.
    moved INTEGER NOT NULL DEFAULT FALSE CHECK (moved IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
    -- Overrides: null where the event's own holds.
    title TEXT,
    description TEXT,
    location TEXT,
    url TEXT,
    capacity_override INTEGER CHECK (capacity_override BETWEEN 1 AND 1000000),
    -- What holds: the override, or the event's. Seats may exceed it once it was lowered.
    capacity INTEGER NOT NULL,
    -- The sum of the parties that are confirmed or attended, and the number of registrations that wait: kept by the same transactions.
    seats_taken INTEGER NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    waitlist_length INTEGER NOT NULL DEFAULT 0 CHECK (waitlist_length >= 0),
    next_waitlist_number INTEGER NOT NULL DEFAULT 1,
    -- Copies of what the agenda filters by, so that a page of it is one index range.
    organizer_id BLOB NOT NULL REFERENCES users (id),
    listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
    text_id INTEGER NOT NULL REFERENCES texts (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT occurrences_original_start_key UNIQUE (event_id, original_start),
    CHECK (ends_at >= starts_at)
) STRICT;

-- The agenda: what everyone may find, by date.
CREATE INDEX agenda ON occurrences (starts_at, id) WHERE listed;
CREATE INDEX occurrences_of_event ON occurrences (event_id, starts_at, id);
CREATE INDEX occurrences_of_organizer ON occurrences (organizer_id, starts_at, id);
CREATE INDEX occurrences_of_text ON occurrences (text_id, starts_at, id);

CREATE TABLE registrations (
    id BLOB PRIMARY KEY,
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id),
    event_id BLOB NOT NULL REFERENCES events (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled', 'attended')),
    party_size INTEGER NOT NULL CHECK (party_size >= 1),
    -- The order in which they joined the list; kept afterwards as a record.
    waitlist_number INTEGER,
    -- False: keeps the place, but is passed over.
    auto_promote INTEGER NOT NULL DEFAULT TRUE CHECK (auto_promote IN (0, 1)),
    -- Unguessable; shown as a QR code at the door.
    ticket_code TEXT NOT NULL CONSTRAINT registrations_ticket_code_key UNIQUE,
    checked_in_at INTEGER,
    checked_in_by BLOB REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (status <> 'waitlisted' OR waitlist_number IS NOT NULL),
    CHECK ((status = 'attended') = (checked_in_at IS NOT NULL))
) STRICT;

-- One live registration per user and occurrence, whoever else tries at the same instant.
CREATE UNIQUE INDEX registrations_live ON registrations (occurrence_id, user_id) WHERE status <> 'cancelled';
CREATE UNIQUE INDEX registrations_waitlist ON registrations (occurrence_id, waitlist_number) WHERE status = 'waitlisted';
-- The head of the list without those who are passed over.
CREATE INDEX registrations_promotable ON registrations (occurrence_id, waitlist_number) WHERE status = 'waitlisted' AND auto_promote;
CREATE INDEX registrations_of_user ON registrations (user_id, occurrence_id);
CREATE INDEX registrations_of_event ON registrations (event_id, user_id);
CREATE INDEX registrations_of_occurrence ON registrations (occurrence_id, created_at, id);
