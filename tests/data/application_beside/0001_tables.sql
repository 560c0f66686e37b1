-- The tables of an application that share a schema, or a file, with those of the library: no name collides.

CREATE TABLE invoices (id INTEGER PRIMARY KEY, event_title TEXT NOT NULL);

INSERT INTO invoices VALUES (1, 'Jazz in the north');
