-- The tables of an application that embeds the library, in the SQL of both databases. Three have names of
-- tables of the library.

CREATE TABLE users (id INTEGER PRIMARY KEY, nickname TEXT NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, happened TEXT NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
CREATE TABLE invoices (id INTEGER PRIMARY KEY, event_title TEXT NOT NULL);

INSERT INTO users VALUES (1, 'ada of the application');
INSERT INTO events VALUES (1, 'an order was placed');
INSERT INTO sessions VALUES (1, 1);
INSERT INTO invoices VALUES (1, 'Jazz in the north');
