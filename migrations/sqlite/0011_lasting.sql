-- Dates that last for more than a day (the longest has 25 hours), by their ends: on which days they go on is asked of every month and week.
CREATE INDEX agenda_lasting ON occurrences (ends_at, id, starts_at) WHERE listed AND ends_at - starts_at > 90000000000;
