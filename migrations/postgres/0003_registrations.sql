-- Registrations, and what people say about events: comments and feedback.

CREATE TABLE registrations (
    id UUID PRIMARY KEY,
    occurrence_id UUID NOT NULL REFERENCES occurrences (id),
    event_id UUID NOT NULL REFERENCES events (id),
    user_id UUID NOT NULL REFERENCES users (id),
    status TEXT NOT NULL CHECK (status IN ('confirmed', 'waitlisted', 'cancelled', 'attended')),
    party_size BIGINT NOT NULL CHECK (party_size >= 1),
    -- The order on the waitlist. It stays as a record when the registration is promoted.
    waitlist_number BIGINT,
    -- Whether it may be promoted. Otherwise it keeps its place on the waitlist, and others are promoted.
    auto_promote BOOLEAN NOT NULL DEFAULT TRUE,
    -- A random code, shown as a QR code at the door.
    ticket_code TEXT NOT NULL CONSTRAINT registrations_ticket_code_key UNIQUE,
    checked_in_at TIMESTAMPTZ,
    checked_in_by UUID REFERENCES users (id),
    -- Reminders for this registration, as in `users`; null: those of the user.
    reminders TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (status <> 'waitlisted' OR waitlist_number IS NOT NULL),
    CHECK ((status = 'attended') = (checked_in_at IS NOT NULL))
);

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
CREATE INDEX registrations_of_occurrence ON registrations (occurrence_id, created_at, id)
    INCLUDE (status, waitlist_number, party_size);

CREATE TABLE comments (
    id UUID PRIMARY KEY,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    -- The comment to which it replies. Replies have no replies.
    parent_id UUID REFERENCES comments (id) ON DELETE CASCADE,
    author_id UUID NOT NULL REFERENCES users (id),
    -- Markdown; empty once deleted.
    body TEXT NOT NULL,
    -- Set by an organizer: others see a placeholder.
    hidden_at TIMESTAMPTZ,
    -- Set instead of deleting the row if there are replies.
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
    -- A copy of the occurrence's: where the occurrence becomes part of another event, so does its feedback.
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    rating BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text TEXT NOT NULL,
    -- The public answer of an organizer.
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
CREATE INDEX feedback_by_time ON feedback (event_id, created_at, id);
-- Ratings are counted without reading the feedback itself.
CREATE INDEX feedback_by_rating ON feedback (event_id, rating);
CREATE INDEX feedback_ratings ON feedback (occurrence_id, rating);

-- Feedback that its author withdrew: if it is given again, the days in which it may be changed are counted
-- from the first time.
CREATE TABLE withdrawn_feedback (
    occurrence_id UUID NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    first_submitted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (occurrence_id, user_id)
);
