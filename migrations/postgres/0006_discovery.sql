-- What kind of event it is, the words that find it, and what people say about it.

CREATE TABLE categories (
    id UUID PRIMARY KEY,
    -- What links name it by now; `category_slugs` has the former ones too.
    slug TEXT NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- `#rrggbb`, in which clients show it.
    colour TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

-- Every slug that a category ever had, so that links survive its renaming.
CREATE TABLE category_slugs (
    slug TEXT PRIMARY KEY,
    category_id UUID NOT NULL REFERENCES categories (id) ON DELETE CASCADE
);

CREATE INDEX category_slugs_of_category ON category_slugs (category_id);

INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at) VALUES
    ('018bcfe5-6800-7000-8000-000000000001', 'conference', 'Conference', 'Talks by many, over a day or more', '#3366cc', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000002', 'workshop', 'Workshop', 'Learn by doing, in a small group', '#dc7633', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000003', 'concert', 'Concert', 'Music, live', '#8e44ad', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000004', 'meetup', 'Meetup', 'People with something in common', '#1e8449', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000005', 'exhibition', 'Exhibition', 'Things to see', '#b7950b', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000006', 'sports', 'Sports', 'To play or to watch', '#c0392b', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000007', 'course', 'Course', 'Lessons that build on each other', '#117a65', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000008', 'festival', 'Festival', 'A celebration over days', '#d81b60', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-000000000009', 'online', 'Online', 'Wherever you are', '#2e86c1', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00'),
    ('018bcfe5-6800-7000-8000-00000000000a', 'other', 'Other', 'What fits nowhere else', '#616a6b', TIMESTAMPTZ '2023-11-14 22:13:20+00', TIMESTAMPTZ '2023-11-14 22:13:20+00');
INSERT INTO category_slugs (slug, category_id) SELECT slug, id FROM categories;

ALTER TABLE events ADD COLUMN category_id UUID REFERENCES categories (id);
-- JSON list of the tags as they are shown: only ever read whole. `event_tags` is what finds by them.
ALTER TABLE events ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
CREATE INDEX events_of_category ON events (category_id);

-- A copy, so that the agenda of a category is one index range, and that counting by category reads nothing else.
ALTER TABLE occurrences ADD COLUMN category_id UUID;
CREATE INDEX agenda_of_category ON occurrences (category_id, starts_at, id, event_id, status) WHERE listed;

CREATE TABLE event_tags (
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- No case, no accents: what is compared.
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (event_id, folded)
);

CREATE INDEX event_tags_by_word ON event_tags (folded, event_id);

-- False until the library has cut the words out of a text: only it knows how.
ALTER TABLE texts ADD COLUMN cut BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX texts_uncut ON texts (id) WHERE NOT cut;

-- The words by which texts are found, cut by the library with their places; weight A is the title, B tags, C the location, D the description.
CREATE TABLE texts_words (
    id BIGINT PRIMARY KEY REFERENCES texts (id) ON DELETE CASCADE,
    words TSVECTOR NOT NULL
);
CREATE INDEX texts_words_gin ON texts_words USING gin (words);

CREATE TABLE comments (
    id UUID PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- What it replies to; replies have no replies.
    parent_id UUID REFERENCES comments (id) ON DELETE CASCADE,
    author_id UUID NOT NULL REFERENCES users (id),
    -- Markdown; empty once deleted.
    body TEXT NOT NULL,
    -- Set by an organizer: others see a placeholder.
    hidden_at TIMESTAMPTZ,
    -- Set where replies keep a deleted comment's place.
    deleted_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    edited_at TIMESTAMPTZ,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE INDEX comments_of_event ON comments (event_id, created_at, id) WHERE parent_id IS NULL;
CREATE INDEX comments_of_parent ON comments (parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_of_author ON comments (author_id, created_at, id);

CREATE TABLE feedback (
    id UUID PRIMARY KEY,
    occurrence_id UUID NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    rating BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text TEXT NOT NULL,
    -- What an organizer says to it, in public.
    answer TEXT,
    answered_by UUID REFERENCES users (id),
    answered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT feedback_once_key UNIQUE (occurrence_id, user_id),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
);

CREATE INDEX feedback_of_user ON feedback (user_id, created_at, id);
