-- Insights count all registrations of an event: here without looking at the registrations themselves.
CREATE INDEX registrations_insights ON registrations (event_id, occurrence_id, status, waitlist_number, created_at, party_size);
