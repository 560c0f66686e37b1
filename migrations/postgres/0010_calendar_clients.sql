-- Calendar programs that follow personal calendars over CalDAV.

-- Tokens for calendar programs alone.
ALTER TABLE access_tokens DROP CONSTRAINT access_tokens_scope_check,
    ADD CONSTRAINT access_tokens_scope_check CHECK (scope IN ('read', 'write', 'calendar'));

-- What was in a calendar of a user when a program asked: by the difference to what is in it now, the program
-- learns what has changed since, whatever the reason.
CREATE TABLE calendar_snapshots (
    user_id UUID NOT NULL REFERENCES users (id),
    calendar TEXT NOT NULL CHECK (calendar IN ('attending', 'organizing')),
    -- Derived from the members.
    token UUID NOT NULL,
    -- 24 bytes for each event, in the order of their ids: the id and the tag of what the calendar shows of it.
    members BYTEA NOT NULL,
    -- When a program was last given the token, to the day. A calendar keeps the latest.
    given_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, calendar, token)
);
