-- Events and their occurrences, categories and tags, and what search reads.

CREATE TABLE categories (
    id BLOB PRIMARY KEY,
    -- The current one; `category_slugs` also has the former ones.
    slug TEXT NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- In which clients show it, as `#rrggbb`.
    colour TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Every slug that a category has had, so that links to it stay valid when it is renamed.
CREATE TABLE category_slugs (
    slug TEXT PRIMARY KEY,
    category_id BLOB NOT NULL REFERENCES categories (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX category_slugs_of_category ON category_slugs (category_id);

INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at) VALUES
    (x'018bcfe5680070008000000000000001', 'conference', 'Conference', 'Talks by many, over a day or more',
        '#3366cc', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000002', 'workshop', 'Workshop', 'Learn by doing, in a small group',
        '#dc7633', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000003', 'concert', 'Concert', 'Music, live',
        '#8e44ad', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000004', 'meetup', 'Meetup', 'People with something in common',
        '#1e8449', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000005', 'exhibition', 'Exhibition', 'Things to see',
        '#b7950b', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000006', 'sports', 'Sports', 'To play or to watch',
        '#c0392b', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000007', 'course', 'Course', 'Lessons that build on each other',
        '#117a65', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000008', 'festival', 'Festival', 'A celebration over days',
        '#d81b60', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000009', 'online', 'Online', 'Wherever you are',
        '#2e86c1', 1700000000000000, 1700000000000000),
    (x'018bcfe568007000800000000000000a', 'other', 'Other', 'What fits nowhere else',
        '#616a6b', 1700000000000000, 1700000000000000);
INSERT INTO category_slugs (slug, category_id) SELECT slug, id FROM categories;

CREATE TABLE events (
    id BLOB PRIMARY KEY,
    organizer_id BLOB NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    url TEXT,
    category_id BLOB REFERENCES categories (id),
    -- A JSON list of the tags as they are shown. `event_tags` has them for search.
    tags TEXT NOT NULL DEFAULT '[]',
    -- The local time of the first occurrence, `YYYY-MM-DDTHH:MM:SS`. It, and not the instant, stays when the
    -- rules of the time zone change.
    starts_local TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- Which of two instants is meant if the local time occurs twice; null otherwise.
    starts_offset_seconds INTEGER,
    -- Whole days for an all-day event.
    duration_seconds INTEGER NOT NULL CHECK (duration_seconds >= 0),
    all_day INTEGER NOT NULL CHECK (all_day IN (0, 1)),
    capacity INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 1000000),
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'cancelled')),
    waitlist_enabled INTEGER NOT NULL CHECK (waitlist_enabled IN (0, 1)),
    -- When registration opens and closes: an instant in RFC 3339, or an ISO 8601 duration before the start of
    -- each occurrence. The days of a duration are calendar days of the event's zone.
    registration_opens TEXT,
    registration_closes TEXT,
    max_party_size INTEGER NOT NULL CHECK (max_party_size >= 1),
    -- The RRULE of RFC 5545, without its name; null for a single event.
    rrule TEXT,
    -- JSON lists of local times in the form of `starts_local`.
    rdate TEXT NOT NULL DEFAULT '[]',
    exdate TEXT NOT NULL DEFAULT '[]',
    -- Until when occurrences are stored; null if all are.
    expanded_until INTEGER,
    -- SEQUENCE of the entries in calendar files rises with every change of what they show, and never falls.
    -- These are the changes that the event's version does not count: of single occurrences, and of the name
    -- of a category that the event no longer has.
    calendar_changes INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX events_of_organizer ON events (organizer_id, id);
CREATE INDEX events_of_category ON events (category_id);
-- What the daily job expands.
CREATE INDEX events_to_expand ON events (expanded_until) WHERE expanded_until IS NOT NULL;

-- The co-organizers.
CREATE TABLE event_organizers (
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id)
) STRICT;

CREATE INDEX event_organizers_of_user ON event_organizers (user_id, event_id);

CREATE TABLE event_tags (
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Without case and accents: what is compared.
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (event_id, folded)
) STRICT;

CREATE INDEX event_tags_by_folded ON event_tags (folded, event_id);

-- What search reads: a document for each event, and one for each occurrence with texts of its own.
CREATE TABLE search_documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- Folded: without case and accents.
    title TEXT NOT NULL,
    location TEXT NOT NULL,
    -- Whether the library has indexed the document.
    indexed INTEGER NOT NULL DEFAULT FALSE CHECK (indexed IN (0, 1)),
    -- The tokens of title, tags, location and description, separated by spaces, with ` # ` between the four
    -- texts.
    tokens TEXT NOT NULL DEFAULT '',
    -- Where in `tokens` the title ends, and where title, tags and location do, in characters.
    title_end INTEGER NOT NULL DEFAULT 0,
    head_end INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX search_documents_of_event ON search_documents (event_id);
CREATE INDEX search_documents_unindexed ON search_documents (id) WHERE NOT indexed;

-- The full-text index, whose rows have the ids of the documents.
CREATE VIRTUAL TABLE search_tokens USING fts5 (title, tags, location, description, content = '',
    contentless_delete = 1, tokenize = "ascii tokenchars '+#'", prefix = '2 3');

CREATE TRIGGER search_tokens_deleted AFTER DELETE ON search_documents BEGIN
    DELETE FROM search_tokens WHERE rowid = old.id;
END;

-- Substrings of titles and locations.
CREATE VIRTUAL TABLE search_trigrams USING fts5 (title, location,
    content = 'search_documents', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');

CREATE TRIGGER search_documents_inserted AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;

CREATE TRIGGER search_documents_deleted AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_trigrams (search_trigrams, rowid, title, location)
    VALUES ('delete', old.id, old.title, old.location);
END;

CREATE TRIGGER search_documents_updated AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_trigrams (search_trigrams, rowid, title, location)
    VALUES ('delete', old.id, old.title, old.location);
    INSERT INTO search_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;

CREATE TABLE occurrences (
    id BLOB PRIMARY KEY,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- The RECURRENCE-ID of RFC 5545: the start by the rule. It stays when the occurrence is moved.
    original_start INTEGER NOT NULL,
    -- The same as a local time, `YYYY-MM-DDTHH:MM:SS`. Local times, and not the instants, stay when the rules
    -- of the time zone change.
    original_local TEXT NOT NULL DEFAULT '',
    starts_at INTEGER NOT NULL,
    -- The start as a local time if the occurrence was moved; null otherwise.
    starts_local TEXT,
    ends_at INTEGER NOT NULL,
    -- Whether it has a start or an end of its own.
    moved INTEGER NOT NULL DEFAULT FALSE CHECK (moved IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
    -- Whether a change of the rule cancelled it: if the rule places it there again, it takes place with its
    -- registrations. What an organizer cancelled stays cancelled.
    cancelled_by_rule INTEGER NOT NULL DEFAULT FALSE CHECK (cancelled_by_rule IN (0, 1)),

    -- Overrides: null where the value of the event applies.
    title TEXT,
    description TEXT,
    location TEXT,
    url TEXT,
    capacity_override INTEGER CHECK (capacity_override BETWEEN 1 AND 1000000),
    registration_opens TEXT,
    registration_closes TEXT,

    -- What is over does not change: values of the event that a past occurrence keeps, copied by the first
    -- change of the event that would alter them. Null where they are the event's. Occurrences that have begun
    -- keep their time zone too.
    timezone TEXT,
    waitlist_enabled INTEGER CHECK (waitlist_enabled IN (0, 1)),
    -- Whether the event had no `url`, which null cannot say.
    without_url INTEGER NOT NULL DEFAULT FALSE CHECK (without_url IN (0, 1)),

    -- The override, or the event's. Once it was lowered, more seats may be taken.
    capacity INTEGER NOT NULL,
    -- The sum of the parties that are confirmed or attended, and the number of waitlisted registrations.
    seats_taken INTEGER NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    waitlist_length INTEGER NOT NULL DEFAULT 0 CHECK (waitlist_length >= 0),
    next_waitlist_number INTEGER NOT NULL DEFAULT 1,
    -- When `seats_taken` or `waitlist_length` last changed. What an occurrence shows changes with them, but
    -- neither its version nor its entry in calendars, which `updated_at` dates.
    seats_changed_at INTEGER,
    -- Whether there was ever a registration: insights of an organizer read no other occurrences.
    registered INTEGER NOT NULL DEFAULT FALSE CHECK (registered IN (0, 1)),
    -- The resolved registration window.
    registration_opens_at INTEGER,
    registration_closes_at INTEGER,

    -- Copies of what the agenda filters by, so that a page of it is one range of an index. A past occurrence
    -- keeps its category, its tags and whether it takes all day.
    organizer_id BLOB NOT NULL REFERENCES users (id),
    listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
    category_id BLOB,
    -- Separated by U+001F.
    tags TEXT NOT NULL DEFAULT '',
    all_day INTEGER NOT NULL DEFAULT FALSE CHECK (all_day IN (0, 1)),
    document_id INTEGER NOT NULL REFERENCES search_documents (id),

    -- The day of an all-day occurrence in its own zone, `YYYY-MM-DD`; null for a timed one.
    day TEXT GENERATED ALWAYS AS (
        CASE WHEN all_day THEN substr(coalesce(starts_local, original_local), 1, 10) END
    ) VIRTUAL,
    -- The category (its id in hexadecimal digits) and the tags, each after a U+001F: all that counting by
    -- label reads.
    labels TEXT GENERATED ALWAYS AS (
        hex(category_id) || char(31) || tags
    ) VIRTUAL,
    -- A timed occurrence is upcoming until it starts, an all-day one until its last day ends.
    upcoming_until INTEGER GENERATED ALWAYS AS (CASE WHEN all_day THEN ends_at ELSE starts_at END) VIRTUAL,
    -- By its length: 0 for an all-day occurrence of one day; then, timed ones included, 1 for at most 11
    -- days, 2 for at most 101 days, and 3. Null for a timed occurrence of at most 25 hours, the longest day.
    -- What takes place at a time is found by class: it ends within the longest duration of its class.
    length_class INTEGER GENERATED ALWAYS AS (CASE
        WHEN ends_at - starts_at > 8726400000000 THEN 3
        WHEN ends_at - starts_at > 950400000000 THEN 2
        WHEN ends_at - starts_at > 90000000000 THEN 1
        WHEN all_day THEN 0
    END) VIRTUAL,

    -- The event and the original start by which the calendars of attendees know an occurrence, from when
    -- these change: an invitation with others would be one to something else.
    invitation_event BLOB,
    invitation_start INTEGER,
    -- As a local time, whose day is that of an all-day occurrence.
    invitation_local TEXT,

    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT occurrences_original_start_key UNIQUE (event_id, original_start),
    CHECK (ends_at >= starts_at)
) STRICT;

-- The agenda: what everyone may find, by start. Counting and filters read nothing but the index.
CREATE INDEX agenda ON occurrences
    (starts_at, id, event_id, document_id, category_id, status, labels, day) WHERE listed;
CREATE INDEX agenda_of_category ON occurrences (category_id, starts_at, id, event_id, status) WHERE listed;
-- Occurrences of more than 25 hours, which is the longest day: those that lie on several days.
CREATE INDEX agenda_lasting ON occurrences (ends_at, id, starts_at)
    WHERE listed AND ends_at - starts_at > 90000000000;
-- What takes place at a time.
CREATE INDEX occurrences_by_length ON occurrences (length_class, ends_at, starts_at, id)
    WHERE length_class IS NOT NULL;
CREATE INDEX occurrences_of_event ON occurrences (event_id, starts_at, id);
CREATE INDEX occurrences_of_organizer ON occurrences (organizer_id, starts_at, id);
CREATE INDEX occurrences_of_document ON occurrences
    (document_id, starts_at, id, event_id, category_id, status, listed, labels, day);
CREATE INDEX occurrences_registered ON occurrences (organizer_id, event_id, id) WHERE registered;
-- What starts in a range of time, for reminders.
CREATE INDEX occurrences_by_start ON occurrences (starts_at, id) WHERE status = 'scheduled';
