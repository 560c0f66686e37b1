-- What kind of event it is, the words that find it, and what people say about it.

CREATE TABLE categories (
    id BLOB PRIMARY KEY,
    -- What links name it by now; `category_slugs` has the former ones too.
    slug TEXT NOT NULL CONSTRAINT categories_slug_key UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- `#rrggbb`, in which clients show it.
    colour TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- Every slug that a category ever had, so that links survive its renaming.
CREATE TABLE category_slugs (
    slug TEXT PRIMARY KEY,
    category_id BLOB NOT NULL REFERENCES categories (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX category_slugs_of_category ON category_slugs (category_id);

INSERT INTO categories (id, slug, name, description, colour, created_at, updated_at) VALUES
    (x'018bcfe5680070008000000000000001', 'conference', 'Conference', 'Talks by many, over a day or more', '#3366cc', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000002', 'workshop', 'Workshop', 'Learn by doing, in a small group', '#dc7633', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000003', 'concert', 'Concert', 'Music, live', '#8e44ad', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000004', 'meetup', 'Meetup', 'People with something in common', '#1e8449', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000005', 'exhibition', 'Exhibition', 'Things to see', '#b7950b', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000006', 'sports', 'Sports', 'To play or to watch', '#c0392b', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000007', 'course', 'Course', 'Lessons that build on each other', '#117a65', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000008', 'festival', 'Festival', 'A celebration over days', '#d81b60', 1700000000000000, 1700000000000000),
    (x'018bcfe5680070008000000000000009', 'online', 'Online', 'Wherever you are', '#2e86c1', 1700000000000000, 1700000000000000),
    (x'018bcfe568007000800000000000000a', 'other', 'Other', 'What fits nowhere else', '#616a6b', 1700000000000000, 1700000000000000);
INSERT INTO category_slugs (slug, category_id) SELECT slug, id FROM categories;

ALTER TABLE events ADD COLUMN category_id BLOB REFERENCES categories (id);
-- JSON list of the tags as they are shown: only ever read whole. `event_tags` is what finds by them.
ALTER TABLE events ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
CREATE INDEX events_of_category ON events (category_id);

-- A copy, so that the agenda of a category is one index range, and that counting by category reads nothing else.
ALTER TABLE occurrences ADD COLUMN category_id BLOB;
CREATE INDEX agenda_of_category ON occurrences (category_id, starts_at, id, event_id, status) WHERE listed;

CREATE TABLE event_tags (
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- No case, no accents: what is compared.
    folded TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (event_id, folded)
) STRICT;

CREATE INDEX event_tags_by_word ON event_tags (folded, event_id);

-- False until the library has cut the words out of a text: only it knows how.
ALTER TABLE texts ADD COLUMN cut INTEGER NOT NULL DEFAULT FALSE CHECK (cut IN (0, 1));
CREATE INDEX texts_uncut ON texts (id) WHERE NOT cut;

-- The words by which texts are found, cut by the library and parted by blanks; this tokenizer only parts at the blanks again.
CREATE VIRTUAL TABLE texts_words USING fts5 (title, tags, location, description, content = '', contentless_delete = 1,
    tokenize = "ascii tokenchars '+#'", prefix = '2 3');
CREATE TRIGGER texts_words_deleted AFTER DELETE ON texts BEGIN
    DELETE FROM texts_words WHERE rowid = old.id;
END;

CREATE TABLE comments (
    id BLOB PRIMARY KEY,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- What it replies to; replies have no replies.
    parent_id BLOB REFERENCES comments (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES users (id),
    -- Markdown; empty once deleted.
    body TEXT NOT NULL,
    -- Set by an organizer: others see a placeholder.
    hidden_at INTEGER,
    -- Set where replies keep a deleted comment's place.
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    edited_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX comments_of_event ON comments (event_id, created_at, id) WHERE parent_id IS NULL;
CREATE INDEX comments_of_parent ON comments (parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_of_author ON comments (author_id, created_at, id);

CREATE TABLE feedback (
    id BLOB PRIMARY KEY,
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text TEXT NOT NULL,
    -- What an organizer says to it, in public.
    answer TEXT,
    answered_by BLOB REFERENCES users (id),
    answered_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT feedback_once_key UNIQUE (occurrence_id, user_id),
    CHECK ((answer IS NULL) = (answered_at IS NULL))
) STRICT;

CREATE INDEX feedback_of_user ON feedback (user_id, created_at, id);
