-- Replies to mails about events.

-- Whether mails about the events that the user organizes name `email` as the address for replies, so that
-- their recipients learn it. Only the user turns it on.
ALTER TABLE users ADD COLUMN takes_replies BOOLEAN NOT NULL DEFAULT FALSE;
