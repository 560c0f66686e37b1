-- Feedback as a whole event shows it: a page of it, and how often each rating was given, are one look at an index each.

-- A copy of the date's: where the date goes to another event, so does what was said of it.
ALTER TABLE feedback ADD COLUMN event_id UUID REFERENCES events (id) ON DELETE CASCADE;
UPDATE feedback SET event_id = (SELECT o.event_id FROM occurrences o WHERE o.id = feedback.occurrence_id);
ALTER TABLE feedback ALTER COLUMN event_id SET NOT NULL;

CREATE INDEX feedback_by_time ON feedback (event_id, created_at, id);
CREATE INDEX feedback_by_rating ON feedback (event_id, rating);

-- Who takes feedback back has said it all the same: the days in which it can be changed are counted from the first word.
CREATE TABLE feedback_taken_back (
    occurrence_id UUID NOT NULL REFERENCES occurrences (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id),
    first_said_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (occurrence_id, user_id)
);
