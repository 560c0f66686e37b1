-- Which events users have imported from calendar files: importing a file again changes them.
CREATE TABLE imported_events (
    user_id UUID NOT NULL REFERENCES users (id),
    -- The UID of the file, or its digest.
    uid TEXT NOT NULL,
    -- Tells the events apart into which a file divides a series; empty for the first.
    part TEXT NOT NULL,
    event_id UUID NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, uid, part)
);
CREATE INDEX imported_events_event ON imported_events (event_id);
