-- Events, their dates, and the places of people at them.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE events (
    id UUID PRIMARY KEY,
    organizer_id UUID NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    url TEXT,
    -- The wall clock at the first occurrence, `YYYY-MM-DDTHH:MM:SS`: it, not the instant, survives changes of the tz database.
    starts_local TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- Of two instants that the wall clock names twice, which was meant; null outside of such folds.
    starts_offset_seconds BIGINT,
    -- Seconds; whole days for an all-day event.
    duration_seconds BIGINT NOT NULL CHECK (duration_seconds >= 0),
    all_day BOOLEAN NOT NULL,
    capacity BIGINT NOT NULL CHECK (capacity BETWEEN 1 AND 1000000),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'cancelled')),
    waitlist_enabled BOOLEAN NOT NULL,
    registration_opens_at TIMESTAMPTZ,
    registration_closes_at TIMESTAMPTZ,
    max_party_size BIGINT NOT NULL CHECK (max_party_size >= 1),
    -- RFC 5545 RRULE without its name; null for a single date.
    rrule TEXT,
    -- JSON lists of local times, as `starts_local`: only ever read whole.
    rdate TEXT NOT NULL DEFAULT '[]',
    exdate TEXT NOT NULL DEFAULT '[]',
    -- How far occurrences have been made; null when all of them have been.
    expanded_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE INDEX events_of_organizer ON events (organizer_id, id);
-- The daily job asks for what does not reach the horizon yet.
CREATE INDEX events_to_expand ON events (expanded_until) WHERE expanded_until IS NOT NULL;

CREATE TABLE event_organizers (
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (event_id, user_id)
);

CREATE INDEX event_organizers_of_user ON event_organizers (user_id, event_id);

-- What substring filters look at, folded (no case, no accents): once for an event, and once for each occurrence that has words of its own.
CREATE TABLE texts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    location TEXT NOT NULL
);

CREATE INDEX texts_of_event ON texts (event_id);
CREATE INDEX texts_title ON texts USING gin (title gin_trgm_ops);
CREATE INDEX texts_location ON texts USING gin (location gin_trgm_ops);

CREATE TABLE occurrences (
    id UUID PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- RFC 5545 RECURRENCE-ID: where the rule places it. It stays when the occurrence is moved.
    original_start TIMESTAMPTZ NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    -- Its own time, not the rule's.
    moved BOOLEAN NOT NULL DEFAULT FALSE,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
    -- Overrides: null where the event's own holds.
    title TEXT,
    description TEXT,
    location TEXT,
    url TEXT,
    capacity_override BIGINT CHECK (capacity_override BETWEEN 1 AND 1000000),
    -- What holds: the override, or the event's. Seats may exceed it once it was lowered.
    capacity BIGINT NOT NULL,
    -- The sum of the parties that are confirmed or attended, and the number of registrations that wait: kept by the same transactions.
    seats_taken BIGINT NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    waitlist_length BIGINT NOT NULL DEFAULT 0 CHECK (waitlist_length >= 0),
    next_waitlist_number BIGINT NOT NULL DEFAULT 1,
    -- Copies of what the agenda filters by, so that a page of it is one index range.
    organizer_id UUID NOT NULL REFERENCES users (id),
    listed BOOLEAN NOT NULL,
    text_id BIGINT NOT NULL REFERENCES texts (id),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT occurrences_original_start_key UNIQUE (event_id, original_start),
    CHECK (ends_at >= starts_at)
);

-- The agenda: what everyone may find, by date.
CREATE INDEX agenda ON occurrences (starts_at, id) WHERE listed;
CREATE INDEX occurrences_of_event ON occurrences (event_id, starts_at, id);
CREATE INDEX occurrences_of_organizer ON occurrences (organizer_id, starts_at, id);
CREATE INDEX occurrences_of_text ON occurrences (text_id, starts_at, id);

CREATE TABLE registrations (
    id UUID PRIMARY KEY,
    occurrence_id UUID NOT NULL REFERENCES occurrences (id),
    event_id UUID NOT NULL REFERENCES events (id),
    user_id UUID NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled', 'attended')),
    party_size BIGINT NOT NULL CHECK (party_size >= 1),
    -- The order in which they joined the list; kept afterwards as a record.
    waitlist_number BIGINT,
    -- False: keeps the place, but is passed over.
    auto_promote BOOLEAN NOT NULL DEFAULT TRUE,
    -- Unguessable; shown as a QR code at the door.
    ticket_code TEXT NOT NULL CONSTRAINT registrations_ticket_code_key UNIQUE,
    checked_in_at TIMESTAMPTZ,
    checked_in_by UUID REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (status <> 'waitlisted' OR waitlist_number IS NOT NULL),
    CHECK ((status = 'attended') = (checked_in_at IS NOT NULL))
);

-- One live registration per user and occurrence, whoever else tries at the same instant.
CREATE UNIQUE INDEX registrations_live ON registrations (occurrence_id, user_id) WHERE status <> 'cancelled';
CREATE UNIQUE INDEX registrations_waitlist ON registrations (occurrence_id, waitlist_number) WHERE status = 'waitlisted';
-- The head of the list without those who are passed over.
CREATE INDEX registrations_promotable ON registrations (occurrence_id, waitlist_number) WHERE status = 'waitlisted' AND auto_promote;
CREATE INDEX registrations_of_user ON registrations (user_id, occurrence_id);
CREATE INDEX registrations_of_event ON registrations (event_id, user_id);
CREATE INDEX registrations_of_occurrence ON registrations (occurrence_id, created_at, id);
