-- Mails of notifications.

-- From when on a worker writes its mail; null once that is done, and for what is not told by mail.
ALTER TABLE notifications ADD COLUMN mail_due_at TIMESTAMPTZ;
-- What workers ask for. Rows leave it as soon as their mails are written.
CREATE INDEX notifications_to_mail ON notifications (mail_due_at, user_id, id) WHERE mail_due_at IS NOT NULL;

-- The event that a notification is about, for limits and digests; null for mails about accounts.
ALTER TABLE mails ADD COLUMN event_id UUID;
