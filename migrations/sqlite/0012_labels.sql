-- Counting by kind reads one column of a date.

-- Category (its id in hexadecimal digits) and tags, each behind a U+001F: what counting reads of a date, and nothing else.
ALTER TABLE occurrences ADD COLUMN labels TEXT GENERATED ALWAYS AS (hex(category_id) || char(31) || tags) VIRTUAL;

DROP INDEX agenda;
CREATE INDEX agenda ON occurrences (starts_at, id, event_id, text_id, category_id, status, labels, day) WHERE listed;
DROP INDEX occurrences_of_text;
CREATE INDEX occurrences_of_text ON occurrences (text_id, starts_at, id, event_id, category_id, status, listed, labels, day);
