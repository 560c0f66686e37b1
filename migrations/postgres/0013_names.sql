-- Tables and columns of search named for what they hold: documents, which the library indexes by their
-- tokens. No row changes.

ALTER TABLE texts RENAME TO search_documents;
-- Whether the library has indexed the document.
ALTER TABLE search_documents RENAME COLUMN cut TO indexed;
-- The tokens of title, tags, location and description, separated by spaces, with ` # ` between the four
-- texts.
ALTER TABLE search_documents RENAME COLUMN words TO tokens;
ALTER INDEX texts_pkey RENAME TO search_documents_pkey;
ALTER INDEX texts_of_event RENAME TO search_documents_of_event;
ALTER INDEX texts_title RENAME TO search_documents_title;
ALTER INDEX texts_location RENAME TO search_documents_location;
ALTER INDEX texts_uncut RENAME TO search_documents_unindexed;

ALTER TABLE occurrences RENAME COLUMN text_id TO document_id;
ALTER INDEX occurrences_of_text RENAME TO occurrences_of_document;

-- The full-text index. Weight A is the title, B the tags, C the location, D the description.
ALTER TABLE texts_words RENAME TO search_tokens;
ALTER TABLE search_tokens RENAME COLUMN words TO tokens;
ALTER INDEX texts_words_pkey RENAME TO search_tokens_pkey;
ALTER INDEX texts_words_gin RENAME TO search_tokens_gin;
ALTER INDEX texts_words_title_gin RENAME TO search_tokens_title_gin;
ALTER INDEX texts_words_head_gin RENAME TO search_tokens_head_gin;

ALTER INDEX event_tags_by_word RENAME TO event_tags_by_folded;

-- Feedback that its author withdrew, so that it keeps its date if it is given again.
ALTER TABLE feedback_taken_back RENAME TO withdrawn_feedback;
ALTER TABLE withdrawn_feedback RENAME COLUMN first_said_at TO first_submitted_at;
