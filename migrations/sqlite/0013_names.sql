-- Tables and columns of search named for what they hold: documents, which the library indexes by their
-- tokens. No row changes.

DROP TRIGGER texts_inserted;
DROP TRIGGER texts_deleted;
DROP TRIGGER texts_updated;
DROP TRIGGER texts_words_deleted;
DROP TABLE texts_trigrams;
DROP INDEX texts_of_event;
DROP INDEX texts_uncut;
DROP INDEX occurrences_of_text;
DROP INDEX event_tags_by_word;

ALTER TABLE texts RENAME TO search_documents;
-- Whether the library has indexed the document.
ALTER TABLE search_documents RENAME COLUMN cut TO indexed;
-- The tokens of title, tags, location and description, separated by spaces, with ` # ` between the four
-- texts.
ALTER TABLE search_documents RENAME COLUMN words TO tokens;
CREATE INDEX search_documents_of_event ON search_documents (event_id);
CREATE INDEX search_documents_unindexed ON search_documents (id) WHERE NOT indexed;

ALTER TABLE occurrences RENAME COLUMN text_id TO document_id;
CREATE INDEX occurrences_of_document ON occurrences
    (document_id, starts_at, id, event_id, category_id, status, listed, labels, day);

-- The full-text index.
ALTER TABLE texts_words RENAME TO search_tokens;
CREATE TRIGGER search_tokens_deleted AFTER DELETE ON search_documents BEGIN
    DELETE FROM search_tokens WHERE rowid = old.id;
END;

-- The trigram index. An FTS5 table names the table of its content when it is created, so it is built anew.
CREATE VIRTUAL TABLE search_trigrams USING fts5 (title, location,
    content = 'search_documents', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
INSERT INTO search_trigrams (search_trigrams) VALUES ('rebuild');
CREATE TRIGGER search_documents_inserted AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;
CREATE TRIGGER search_documents_deleted AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_trigrams (search_trigrams, rowid, title, location)
    VALUES ('delete', old.id, old.title, old.location);
END;
CREATE TRIGGER search_documents_updated AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_trigrams (search_trigrams, rowid, title, location)
    VALUES ('delete', old.id, old.title, old.location);
    INSERT INTO search_trigrams (rowid, title, location) VALUES (new.id, new.title, new.location);
END;

CREATE INDEX event_tags_by_folded ON event_tags (folded, event_id);

-- Feedback that its author withdrew, so that it keeps its date if it is given again.
ALTER TABLE feedback_taken_back RENAME TO withdrawn_feedback;
ALTER TABLE withdrawn_feedback RENAME COLUMN first_said_at TO first_submitted_at;
