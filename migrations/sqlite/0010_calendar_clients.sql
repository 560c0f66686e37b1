-- Calendar programs that follow personal calendars over CalDAV.

-- Tokens for calendar programs alone. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE new_access_tokens (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- SHA-256 of the token.
    hash BLOB NOT NULL CONSTRAINT access_tokens_hash_key UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'calendar')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

INSERT INTO new_access_tokens (id, user_id, name, hash, scope, created_at, expires_at, last_used_at)
    SELECT id, user_id, name, hash, scope, created_at, expires_at, last_used_at FROM access_tokens;
DROP TABLE access_tokens;
ALTER TABLE new_access_tokens RENAME TO access_tokens;

CREATE INDEX access_tokens_of_user ON access_tokens (user_id, created_at, id);

-- What was in a calendar of a user when a program asked: by the difference to what is in it now, the program
-- learns what has changed since, whatever the reason.
CREATE TABLE calendar_snapshots (
    user_id BLOB NOT NULL REFERENCES users (id),
    calendar TEXT NOT NULL CHECK (calendar IN ('attending', 'organizing')),
    -- Derived from the members.
    token BLOB NOT NULL,
    -- 24 bytes for each event, in the order of their ids: the id and the tag of what the calendar shows of it.
    members BLOB NOT NULL,
    -- When a program was last given the token, to the day. A calendar keeps the latest.
    given_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, calendar, token)
) STRICT;
