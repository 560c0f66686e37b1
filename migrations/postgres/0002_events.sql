-- Events and their occurrences, categories and tags, and what search reads.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE categories (
    id UUID PRIMARY KEY,
    -- The current one; `category_slugs` also has the former ones.
    slug TEXT NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- In which clients show it, as `#rrggbb`.
    colour TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

-- Every slug that a category has had, so that links to it stay valid when it is renamed.
CREATE TABLE category_slugs (
    slug TEXT PRIMARY KEY,
    category_id UUID NOT NULL REFERENCES categories (id) ON DELETE CASCADE
);

CREATE INDEX category_slugs_of_category ON category_slugs (category_id);

INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at) VALUES
    ('018bcfe5-6800-7000-8000-000000000001', 'conference', 'Conference', 'Talks by many, over a day or more',
        '#3366cc', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000002', 'workshop', 'Workshop', 'Learn by doing, in a small group',
        '#dc7633', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000003', 'concert', 'Concert', 'Music, live',
        '#8e44ad', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000004', 'meetup', 'Meetup', 'People with something in common',
        '#1e8449', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000005', 'exhibition', 'Exhibition', 'Things to see',
        '#b7950b', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000006', 'sports', 'Sports', 'To play or to watch',
        '#c0392b', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000007', 'course', 'Course', 'Lessons that build on each other',
        '#117a65', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000008', 'festival', 'Festival', 'A celebration over days',
        '#d81b60', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-000000000009', 'online', 'Online', 'Wherever you are',
        '#2e86c1', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z'),
    ('018bcfe5-6800-7000-8000-00000000000a', 'other', 'Other', 'What fits nowhere else',
        '#616a6b', '2023-11-14T22:13:20Z', '2023-11-14T22:13:20Z');
INSERT INTO category_slugs (slug, category_id) SELECT slug, id FROM categories;

CREATE TABLE events (
    id UUID PRIMARY KEY,
    organizer_id UUID NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    url TEXT,
    category_id UUID REFERENCES categories (id),
    -- A JSON list of the tags as they are shown. `event_tags` has them for search.
    tags TEXT NOT NULL DEFAULT '[]',
    -- The local time of the first occurrence, `YYYY-MM-DDTHH:MM:SS`. It, and not the instant, stays when the
    -- rules of the time zone change.
    starts_local TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- Which of two instants is meant if the local time occurs twice; null otherwise.
    starts_offset_seconds BIGINT,
    -- Whole days for an all-day event.
    duration_seconds BIGINT NOT NULL CHECK (duration_seconds >= 0),
    all_day BOOLEAN NOT NULL,
    capacity BIGINT NOT NULL CHECK (capacity BETWEEN 1 AND 1000000),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'cancelled')),
    waitlist_enabled BOOLEAN NOT NULL,
    -- When registration opens and closes: an instant in RFC 3339, or an ISO 8601 duration before the start of
    -- each occurrence. The days of a duration are calendar days of the event's zone.
    registration_opens TEXT,
    registration_closes TEXT,
    max_party_size BIGINT NOT NULL CHECK (max_party_size >= 1),
    -- The RRULE of RFC 5545, without its name; null for a single event.
    rrule TEXT,
    -- JSON lists of local times in the form of `starts_local`.
    rdate TEXT NOT NULL DEFAULT '[]',
    exdate TEXT NOT NULL DEFAULT '[]',
    -- Until when occurrences are stored; null if all are.
    expanded_until TIMESTAMPTZ,
    -- SEQUENCE of the entries in calendar files rises with every change of what they show, and never falls.
    -- These are the changes that the event's version does not count: of single occurrences, and of the name
    -- of a category that the event no longer has.
    calendar_changes BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE INDEX events_of_organizer ON events (organizer_id, id);
CREATE INDEX events_of_category ON events (category_id);
-- What the daily job expands.
CREATE INDEX events_to_expand ON events (expanded_until) WHERE expanded_until IS NOT NULL;

-- The co-organizers.
CREATE TABLE event_organizers (
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (event_id, user_id)
);

CREATE INDEX event_organizers_of_user ON event_organizers (user_id, event_id);

CREATE TABLE event_tags (
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Without case and accents: what is compared.
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (event_id, folded)
);

CREATE INDEX event_tags_by_folded ON event_tags (folded, event_id);

-- What search reads: a document for each event, and one for each occurrence with texts of its own.
CREATE TABLE search_documents (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Folded: without case and accents.
    title TEXT NOT NULL,
    location TEXT NOT NULL,
    -- Whether the library has indexed the document.
    indexed BOOLEAN NOT NULL DEFAULT FALSE,
    -- The tokens of title, tags, location and description, separated by spaces, with ` # ` between the four
    -- texts.
    tokens TEXT NOT NULL DEFAULT '',
    -- Where in `tokens` the title ends, and where title, tags and location do, in characters.
    title_end BIGINT NOT NULL DEFAULT 0,
    head_end BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX search_documents_of_event ON search_documents (event_id);
CREATE INDEX search_documents_unindexed ON search_documents (id) WHERE NOT indexed;
-- Substrings of titles and locations.
CREATE INDEX search_documents_title ON search_documents USING gin (title gin_trgm_ops);
CREATE INDEX search_documents_location ON search_documents USING gin (location gin_trgm_ops);

-- The full-text index. Weight A is the title, B the tags, C the location, D the description.
CREATE TABLE search_tokens (
    id BIGINT PRIMARY KEY REFERENCES search_documents (id) ON DELETE CASCADE,
    tokens TSVECTOR NOT NULL
);

CREATE INDEX search_tokens_gin ON search_tokens USING gin (tokens);
-- What is found in the title comes first in the order of relevance, then what is in tags and location.
CREATE INDEX search_tokens_title_gin ON search_tokens USING gin (ts_filter(tokens, '{a}'));
CREATE INDEX search_tokens_head_gin ON search_tokens USING gin (ts_filter(tokens, '{a,b,c}'));

CREATE TABLE occurrences (
    id UUID PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- The RECURRENCE-ID of RFC 5545: the start by the rule. It stays when the occurrence is moved.
    original_start TIMESTAMPTZ NOT NULL,
    -- The same as a local time, `YYYY-MM-DDTHH:MM:SS`. Local times, and not the instants, stay when the rules
    -- of the time zone change.
    original_local TEXT NOT NULL DEFAULT '',
    starts_at TIMESTAMPTZ NOT NULL,
    -- The start as a local time if the occurrence was moved; null otherwise.
    starts_local TEXT,
    ends_at TIMESTAMPTZ NOT NULL,
    -- Whether it has a start or an end of its own.
    moved BOOLEAN NOT NULL DEFAULT FALSE,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
    -- Whether a change of the rule cancelled it: if the rule places it there again, it takes place with its
    -- registrations. What an organizer cancelled stays cancelled.
    cancelled_by_rule BOOLEAN NOT NULL DEFAULT FALSE,

    -- Overrides: null where the value of the event applies.
    title TEXT,
    description TEXT,
    location TEXT,
    url TEXT,
    capacity_override BIGINT CHECK (capacity_override BETWEEN 1 AND 1000000),
    registration_opens TEXT,
    registration_closes TEXT,

    -- What is over does not change: values of the event that a past occurrence keeps, copied by the first
    -- change of the event that would alter them. Null where they are the event's. Occurrences that have begun
    -- keep their time zone too.
    timezone TEXT,
    waitlist_enabled BOOLEAN,
    -- Whether the event had no `url`, which null cannot say.
    without_url BOOLEAN NOT NULL DEFAULT FALSE,

    -- The override, or the event's. Once it was lowered, more seats may be taken.
    capacity BIGINT NOT NULL,
    -- The sum of the parties that are confirmed or attended, and the number of waitlisted registrations.
    seats_taken BIGINT NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    waitlist_length BIGINT NOT NULL DEFAULT 0 CHECK (waitlist_length >= 0),
    next_waitlist_number BIGINT NOT NULL DEFAULT 1,
    -- When `seats_taken` or `waitlist_length` last changed. What an occurrence shows changes with them, but
    -- neither its version nor its entry in calendars, which `updated_at` dates.
    seats_changed_at TIMESTAMPTZ,
    -- Whether there was ever a registration: insights of an organizer read no other occurrences.
    registered BOOLEAN NOT NULL DEFAULT FALSE,
    -- The resolved registration window.
    registration_opens_at TIMESTAMPTZ,
    registration_closes_at TIMESTAMPTZ,

    -- Copies of what the agenda filters by, so that a page of it is one range of an index. A past occurrence
    -- keeps its category, its tags and whether it takes all day.
    organizer_id UUID NOT NULL REFERENCES users (id),
    listed BOOLEAN NOT NULL,
    category_id UUID,
    -- Separated by U+001F.
    tags TEXT NOT NULL DEFAULT '',
    all_day BOOLEAN NOT NULL DEFAULT FALSE,
    document_id BIGINT NOT NULL REFERENCES search_documents (id),

    -- The day of an all-day occurrence in its own zone, `YYYY-MM-DD`; null for a timed one.
    day TEXT GENERATED ALWAYS AS (
        CASE WHEN all_day THEN substr(coalesce(starts_local, original_local), 1, 10) END
    ) STORED,
    -- The category (its id in hexadecimal digits) and the tags, each after a U+001F: all that counting by
    -- label reads.
    labels TEXT GENERATED ALWAYS AS (
        coalesce(replace(CAST(category_id AS TEXT), '-', ''), '') || chr(31) || tags
    ) STORED,
    -- A timed occurrence is upcoming until it starts, an all-day one until its last day ends.
    upcoming_until TIMESTAMPTZ GENERATED ALWAYS AS (CASE WHEN all_day THEN ends_at ELSE starts_at END) STORED,
    -- By its length: 0 for an all-day occurrence of one day; then, timed ones included, 1 for at most 11
    -- days, 2 for at most 101 days, and 3. Null for a timed occurrence of at most 25 hours, the longest day.
    -- What takes place at a time is found by class: it ends within the longest duration of its class.
    length_class INTEGER GENERATED ALWAYS AS (CASE
        WHEN ends_at - starts_at > INTERVAL '101 days' THEN 3
        WHEN ends_at - starts_at > INTERVAL '11 days' THEN 2
        WHEN ends_at - starts_at > INTERVAL '25 hours' THEN 1
        WHEN all_day THEN 0
    END) STORED,

    -- The event and the original start by which the calendars of attendees know an occurrence, from when
    -- these change: an invitation with others would be one to something else.
    invitation_event UUID,
    invitation_start TIMESTAMPTZ,
    -- As a local time, whose day is that of an all-day occurrence.
    invitation_local TEXT,

    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT occurrences_original_start_key UNIQUE (event_id, original_start),
    CHECK (ends_at >= starts_at)
);

-- The agenda: what everyone may find, by start. Counting and filters read nothing but the index.
CREATE INDEX agenda ON occurrences (starts_at, id)
    INCLUDE (event_id, document_id, category_id, status, labels, day) WHERE listed;
CREATE INDEX agenda_of_category ON occurrences (category_id, starts_at, id, event_id, status) WHERE listed;
-- Occurrences of more than 25 hours, which is the longest day: those that lie on several days.
CREATE INDEX agenda_lasting ON occurrences (ends_at, id, starts_at)
    WHERE listed AND ends_at - starts_at > INTERVAL '25 hours';
-- What takes place at a time.
CREATE INDEX occurrences_by_length ON occurrences (length_class, ends_at, starts_at, id)
    WHERE length_class IS NOT NULL;
CREATE INDEX occurrences_of_event ON occurrences (event_id, starts_at, id);
CREATE INDEX occurrences_of_organizer ON occurrences (organizer_id, starts_at, id);
CREATE INDEX occurrences_of_document ON occurrences (document_id, starts_at, id)
    INCLUDE (event_id, category_id, status, listed, labels, day);
CREATE INDEX occurrences_registered ON occurrences (organizer_id, event_id, id) WHERE registered;
-- What starts in a range of time, for reminders.
CREATE INDEX occurrences_by_start ON occurrences (starts_at, id) WHERE status = 'scheduled';
