-- Registrations, and what people say about events: comments and feedback.

CREATE TABLE registrations (
    id BLOB PRIMARY KEY,
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id),
    event_id BLOB NOT NULL REFERENCES events (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled', 'attended')),
    party_size INTEGER NOT NULL CHECK (party_size >= 1),
    -- The order on the waitlist. It stays as a record when the registration is promoted.
    waitlist_number INTEGER,
    -- Whether it may be promoted. Otherwise it keeps its place on the waitlist, and others are promoted.
    auto_promote INTEGER NOT NULL DEFAULT TRUE CHECK (auto_promote IN (0, 1)),
    -- A random code, shown as a QR code at the door.
    ticket_code TEXT NOT NULL CONSTRAINT registrations_ticket_code_key UNIQUE,
    checked_in_at INTEGER,
    checked_in_by BLOB REFERENCES users (id),
    -- Reminders for this registration, as in `users`; null: those of the user.
    reminders TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (status <> 'waitlisted' OR waitlist_number IS NOT NULL),
    CHECK ((status = 'attended') = (checked_in_at IS NOT NULL))
) STRICT;

-- A user has at most one live registration for an occurrence.
CREATE UNIQUE INDEX registrations_live ON registrations (occurrence_id, user_id) WHERE status <> 'cancelled';
CREATE UNIQUE INDEX registrations_waitlist ON registrations (occurrence_id, waitlist_number)
    WHERE status = 'waitlisted';
-- The head of the waitlist.
CREATE INDEX registrations_promotable ON registrations (occurrence_id, waitlist_number)
    WHERE status = 'waitlisted' AND auto_promote;
CREATE INDEX registrations_of_user ON registrations (user_id, occurrence_id);
CREATE INDEX registrations_of_event ON registrations (event_id, user_id);
-- Lists of an occurrence in their order, and insights, which read nothing but the index.
CREATE INDEX registrations_of_occurrence ON registrations
    (occurrence_id, created_at, id, status, waitlist_number, party_size);

CREATE TABLE comments (
    id BLOB PRIMARY KEY,
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- The comment to which it replies. Replies have no replies.
    parent_id BLOB REFERENCES comments (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES users (id),
    -- Markdown; empty once deleted.
    body TEXT NOT NULL,
    -- Set by an organizer: others see a placeholder.
    hidden_at INTEGER,
    -- Set instead of deleting the row if there are replies.
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
    -- A copy of the occurrence's: where the occurrence becomes part of another event, so does its feedback.
    event_id BLOB NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text TEXT NOT NULL,
    -- The public answer of an organizer.
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
CREATE INDEX feedback_by_time ON feedback (event_id, created_at, id);
-- Ratings are counted without reading the feedback itself.
CREATE INDEX feedback_by_rating ON feedback (event_id, rating);
CREATE INDEX feedback_ratings ON feedback (occurrence_id, rating);

-- Feedback that its author withdrew: if it is given again, the days in which it may be changed are counted
-- from the first time.
CREATE TABLE withdrawn_feedback (
    occurrence_id BLOB NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id),
    first_submitted_at INTEGER NOT NULL,
    PRIMARY KEY (occurrence_id, user_id)
) STRICT;
