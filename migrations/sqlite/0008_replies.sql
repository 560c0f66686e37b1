-- Replies to mails about events.

-- Whether mails about the events that the user organizes name `email` as the address for replies, so that
-- their recipients learn it. Only the user turns it on.
ALTER TABLE users ADD COLUMN takes_replies INTEGER NOT NULL DEFAULT 0 CHECK (takes_replies IN (0, 1));
