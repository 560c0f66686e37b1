-- Feedback as a whole event shows it: a page of it, and how often each rating was given, are one look at an index each.

-- SQLite adds no column that must have a value, so the table is made anew.
CREATE TABLE feedback_of_event (
    id BLOB PRIMARY KEY,
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    -- A copy of the date's: where the date goes to another event, so does what was said of it.
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
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
INSERT INTO feedback_of_event (id, occurrence_id, event_id, user_id, rating, text, answer, answered_by, answered_at, created_at, updated_at, version)
    SELECT f.id, f.occurrence_id, o.event_id, f.user_id, f.rating, f.text, f.answer, f.answered_by, f.answered_at, f.created_at, f.updated_at, f.version
    FROM feedback f JOIN occurrences o ON o.id = f.occurrence_id;
DROP TABLE feedback;
ALTER TABLE feedback_of_event RENAME TO feedback;

CREATE INDEX feedback_of_user ON feedback (user_id, created_at, id);
CREATE INDEX feedback_ratings ON feedback (occurrence_id, rating);
CREATE INDEX feedback_by_time ON feedback (event_id, created_at, id);
CREATE INDEX feedback_by_rating ON feedback (event_id, rating);

-- Who takes feedback back has said it all the same: the days in which it can be changed are counted from the first word.
CREATE TABLE feedback_taken_back (
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    first_said_at INTEGER NOT NULL,
    PRIMARY KEY (occurrence_id, user_id)
) STRICT;
