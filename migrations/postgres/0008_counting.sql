-- Search by looking at the words of each date along the agenda, where many answer; and counting by one look at an index each.

-- The words of a text, cut by the library and parted by blanks: title, tags, location and description, with ` # ` between, which is no word.
ALTER TABLE texts ADD COLUMN words TEXT NOT NULL DEFAULT '';
-- Where the title ends in `words`, and where title, tags and location do: in characters.
ALTER TABLE texts ADD COLUMN title_end BIGINT NOT NULL DEFAULT 0;
ALTER TABLE texts ADD COLUMN head_end BIGINT NOT NULL DEFAULT 0;
-- The library fills them.
UPDATE texts SET cut = FALSE;

-- What is found in the title, and in title, tags and location, comes first where it is asked so.
CREATE INDEX texts_words_title_gin ON texts_words USING gin (ts_filter(words, '{a}'));
CREATE INDEX texts_words_head_gin ON texts_words USING gin (ts_filter(words, '{a,b,c}'));

-- A copy of the event's tags, parted by U+001F, so that counting them reads nothing else.
ALTER TABLE occurrences ADD COLUMN tags TEXT NOT NULL DEFAULT '';
UPDATE occurrences SET tags = coalesce((SELECT string_agg(g.name, chr(31)) FROM event_tags g WHERE g.event_id = occurrences.event_id), '');

DROP INDEX agenda;
CREATE INDEX agenda ON occurrences (starts_at, id) INCLUDE (event_id, text_id, category_id, status, tags) WHERE listed;
DROP INDEX occurrences_of_text;
CREATE INDEX occurrences_of_text ON occurrences (text_id, starts_at, id) INCLUDE (event_id, category_id, status, listed, tags);

-- Ratings are counted here without looking at the feedback itself.
CREATE INDEX feedback_ratings ON feedback (occurrence_id, rating);
