//! How filters of the agenda become SQL.

use std::time::Duration;

use chrono::NaiveDate;
use uuid::Uuid;

use super::filter::{AgendaFilter, Bound};
use crate::clock::Timestamp;
use crate::db::{Dialect, Queries, Query, Sql};
use crate::error::Result;
use crate::page::{Key, Keyset};
use crate::search::{Part, Question};

/// Trigrams need as many characters to begin with.
const TRIGRAM: usize = 3;
/// A filter that so many texts match finds its page sooner by walking the dates than by gathering the texts.
const SELECTIVE: i64 = 1_000;

/// A day begins at most so long before or after it does elsewhere: from UTC+14 to UTC-12.
pub(super) const FARTHEST: Duration = Duration::from_hours(26);

/// Dates that are looked at before it is counted how many texts match.
const GLANCE: i64 = 512;

/// What a list is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The first that fulfil the conditions.
    Page,
    /// All that do.
    All,
    /// Those that fulfil all conditions but `from` and `to`: the caller adds its own.
    AnyTime,
}

/// Where the look for dates begins.
#[derive(Debug, Clone)]
pub(super) enum Beginning {
    /// At the dates themselves.
    Dates,
    /// At texts that may answer: SQL for their ids.
    Texts(String),
    /// At the texts in which all stands that is wanted: SQL for their ids.
    Answers(String),
    /// At events: SQL for their ids.
    Events(String),
    /// At some occurrences: SQL for their ids.
    Occurrences(String),
}

/// The conditions of a list: SQL and the values for its placeholders.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    pub(super) begins: Beginning,
    /// Where it might begin as well, if these find few.
    pub(super) lookups: Vec<Lookup>,
    /// Whether the conditions speak of the event itself.
    pub(super) of_event: bool,
    /// What is asked for in words, where what is near comes first.
    pub(super) ranked: Option<Question>,
    /// How far from the top of the list its part begins, in microseconds.
    pub(super) offset: i64,
    /// What must hold, with `{o}` and `{t}` for the date and its words: the same is asked of other dates of the event too.
    pub(super) wheres: Vec<String>,
    /// Whether the conditions speak of the words of a date.
    pub(super) words: bool,
    /// Those of the conditions that say what must stand in its words.
    pub(super) wanted: Vec<String>,
    /// Those that say which tags its event has, and all of them in one, to be asked of each date.
    pub(super) tagged: Vec<String>,
    pub(super) tags: Option<String>,
    pub(super) dialect: Dialect,
    /// The bounds of the starts.
    earliest: Option<Edge>,
    latest: Option<Edge>,
    values: Vec<Value>,
}

/// An end of what a list spans.
#[derive(Debug, Clone)]
struct Edge {
    at: Timestamp,
    /// That a date starts on this side of it.
    condition: String,
    /// What is said of days beside, where it is the end of a day.
    by_day: Option<String>,
}

/// A value for a placeholder.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    At(Timestamp),
    Id(Uuid),
}

impl Conditions {
    /// Puts the filter into SQL.
    pub(super) async fn of(
        db: &mut impl Queries,
        filter: &AgendaFilter,
        visible: Visible,
        need: Need,
        now: Timestamp,
    ) -> Result<Self> {
        let mut conditions = Self {
            begins: Beginning::Dates,
            lookups: Vec::new(),
            of_event: false,
            ranked: None,
            offset: 0,
            wheres: Vec::new(),
            words: false,
            wanted: Vec::new(),
            tagged: Vec::new(),
            tags: None,
            dialect: db.dialect(),
            earliest: None,
            latest: None,
            values: Vec::new(),
        };
        filter.wrong().into_result()?;
        conditions.labelled(db, filter).await?;
        conditions.words(&filter.needles());
        conditions.asked(filter);
        if visible == Visible::Listed {
            conditions.wheres.push("{o}.listed".to_owned());
        }
        if let Some(organizer) = filter.organizer {
            conditions.compare("{o}.organizer_id =", Value::Id(organizer.as_uuid()));
        }
        if let Some(event) = filter.event {
            conditions.compare("{o}.event_id =", Value::Id(event.as_uuid()));
        }
        if need != Need::AnyTime {
            conditions.starts(filter.from.unwrap_or(Bound::At(now)), filter.to);
        }
        if let Some(status) = filter.status {
            conditions.compare("{o}.status =", Value::Text(status.as_str().to_owned()));
        }
        if let Some(status) = filter.event_status {
            conditions.of_event = true;
            conditions.compare("e.status =", Value::Text(status.as_str().to_owned()));
        }
        if need == Need::All {
            conditions.begin(db, need).await?;
        }
        Ok(conditions)
    }

    /// When dates start.
    fn starts(&mut self, from: Bound, to: Option<Bound>) {
        self.earliest = Some(self.edge(">=", from, from.instant().minus(FARTHEST)));
        self.latest = to.map(|to| self.edge("<", to, to.instant().plus(FARTHEST)));
    }

    /// An end at `bound`; of days no date on the right side of it starts on the other side of `widest`.
    fn edge(&mut self, comparison: &str, bound: Bound, widest: Timestamp) -> Edge {
        let (at, by_day) = match bound {
            Bound::At(at) => (at, None),
            Bound::Day(day, _) => (widest, Some(self.on_day(comparison, bound.instant(), day))),
        };
        let condition = self.compare(&format!("{{o}}.starts_at {comparison}"), Value::At(at));
        Edge { at, condition, by_day }
    }

    /// Compares the starts of dates with times, and the days of all others.
    fn on_day(&mut self, comparison: &str, at: Timestamp, day: NaiveDate) -> String {
        let (at, day) = (self.place(Value::At(at)), self.place(Value::Text(day.to_string())));
        let condition = format!(
            "({{o}}.day IS NULL AND {{o}}.starts_at {comparison} {at} OR {{o}}.day {comparison} {day})"
        );
        self.wheres.push(condition.clone());
        condition
    }

    /// Adds a condition on a value, and answers it.
    pub(super) fn compare(&mut self, left: &str, value: Value) -> String {
        let place = self.place(value);
        let condition = format!("{left} {place}");
        self.wheres.push(condition.clone());
        condition
    }

    /// Takes up a value and answers its placeholder.
    pub(super) fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// Words in texts: by trigrams where these tell much, else by looking at each text along the way.
    fn words(&mut self, needles: &[(&'static str, String)]) {
        if needles.is_empty() {
            return;
        }
        self.words = true;
        if self.dialect == Dialect::Postgres {
            for (column, needle) in needles {
                let pattern =
                    format!("%{}%", needle.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
                self.compare(&format!("{{t}}.{column} LIKE"), Value::Text(pattern));
            }
            return;
        }
        let phrases: Vec<String> = needles
            .iter()
            .filter(|(_, needle)| needle.chars().count() >= TRIGRAM)
            .map(|(column, needle)| format!("{column} : \"{}\"", needle.replace('"', "\"\"")))
            .collect();
        if !phrases.is_empty() {
            self.lookups.push(Lookup::Trigrams(phrases.join(" AND ")));
        }
        for (column, needle) in needles {
            let place = self.place(Value::Text(needle.clone()));
            self.wheres.push(format!("instr({{t}}.{column}, {place}) > 0"));
        }
    }

    /// Begins at the texts or events that an index finds, where these are few, or, for texts, where all dates are needed; not where a better beginning is
    /// known.
    pub(super) async fn begin(&mut self, db: &mut impl Queries, need: Need) -> Result<()> {
        for lookup in std::mem::take(&mut self.lookups) {
            let in_any_case = need == Need::All && !matches!(lookup, Lookup::Tag(_));
            if matches!(self.begins, Beginning::Dates)
                && (in_any_case || finds_few(db, &lookup.found(self.dialect, "$1"), lookup.text()).await?)
            {
                let place = self.place(Value::Text(lookup.text().to_owned()));
                let found = lookup.found(self.dialect, &place);
                self.begins = match lookup {
                    Lookup::Trigrams(_) => Beginning::Texts(found),
                    Lookup::Words(..) => Beginning::Answers(found),
                    Lookup::Tag(_) => Beginning::Events(found),
                };
            }
        }
        Ok(())
    }

    /// Does not look again at the words of texts that the index has found for them.
    pub(super) fn rely_on_index(&mut self) {
        if matches!(self.begins, Beginning::Answers(_)) {
            self.wheres.retain(|condition| !self.wanted.contains(condition));
            self.words = self.wheres.iter().any(|condition| condition.contains("{t}"));
        }
    }

    /// The first dates of the list, up to `limit`: SQL for their `id`, `event_id` and `starts_at`.
    pub(super) fn first(&self, keyset: &Keyset, limit: i64) -> String {
        format!(
            "SELECT o.id, o.event_id, o.starts_at FROM {} WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            self.narrow(),
            self.wheres(),
            dir = keyset.direction(),
        )
    }

    /// The same where words are sought, but only among the first dates that fulfil what is said of dates alone: SQL, or nothing where another look is as
    /// quick. What is found among them in full is the page. Where the list ends is looked at last: PostgreSQL thinks that there is little between two
    /// instants, and would sort it, where it walks from the first on until it has enough.
    pub(super) fn glance(&self, keyset: &Keyset, limit: i64) -> Option<String> {
        if !self.words || !matches!(self.begins, Beginning::Dates) {
            return None;
        }
        let end = if keyset.comparison() == ">" { &self.latest } else { &self.earliest };
        let is_end = |condition: &String| {
            end.as_ref()
                .is_some_and(|end| *condition == end.condition || Some(condition) == end.by_day.as_ref())
        };
        let (mut at_last, of_dates): (Vec<_>, Vec<_>) =
            self.wheres.iter().cloned().partition(|condition| condition.contains("{t}") || is_end(condition));
        let mut dates = Self { words: false, wheres: of_dates, ..self.clone() };
        if self.dialect == Dialect::Postgres {
            // It would begin at all events that have a tag.
            dates.wheres.retain(|condition| !self.tagged.contains(condition));
            at_last.extend(self.tags.clone());
        }
        let words = Self { wheres: at_last, ..self.clone() };
        let dir = keyset.direction();
        Some(format!(
            "SELECT o.id, o.event_id, o.starts_at FROM
                (SELECT o.id, o.event_id, o.text_id, o.starts_at, o.day FROM {} WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {GLANCE}) o
                {} texts t ON t.id = o.text_id WHERE {} ORDER BY o.starts_at {dir}, o.id {dir} LIMIT {limit}",
            dates.narrow(),
            dates.wheres(),
            self.join(),
            words.wheres(),
        ))
    }

    /// The whole condition so far.
    pub(super) fn wheres(&self) -> String {
        self.of_date("o", "t")
    }

    /// The whole condition so far, asked of a date and its words by other names.
    fn of_date(&self, date: &str, words: &str) -> String {
        self.wheres.join(" AND ").replace("{o}", date).replace("{t}", words)
    }

    /// How tables are joined: SQLite would take another order, and PostgreSQL knows best.
    const fn join(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        }
    }

    /// The tables of dates, and, where the conditions speak of them, of words.
    fn tables(&self) -> String {
        let join = self.join();
        let words = if self.words { format!(" {join} texts t ON t.id = o.text_id") } else { String::new() };
        match &self.begins {
            Beginning::Dates => format!("occurrences o{words}"),
            Beginning::Answers(texts) if !self.words => {
                format!("({texts}) found {join} occurrences o ON o.text_id = found.id")
            }
            Beginning::Texts(texts) | Beginning::Answers(texts) => format!(
                "({texts}) found {join} texts t ON t.id = found.id {join} occurrences o ON o.text_id = t.id"
            ),
            Beginning::Events(events) => {
                format!("({events}) found {join} occurrences o ON o.event_id = found.id{words}")
            }
            Beginning::Occurrences(occurrences) => {
                format!("({occurrences}) found {join} occurrences o ON o.id = found.id{words}")
            }
        }
    }

    /// The tables that the conditions need, for counting.
    pub(super) fn narrow(&self) -> String {
        let event = if self.of_event { " JOIN events e ON e.id = o.event_id" } else { "" };
        format!("{}{event}", self.tables())
    }

    /// Where a date stands in the list.
    pub(super) fn position(&self) -> String {
        format!("{} + {}", micros(self.dialect), self.offset)
    }

    /// Keeps only the first date of each event, by start, of those that fulfil the conditions so far.
    pub(super) fn first_of_each_event(&mut self) {
        let words = if self.words { " JOIN texts words ON words.id = earlier.text_id" } else { "" };
        self.wheres.push(format!(
            "NOT EXISTS (SELECT 1 FROM occurrences earlier{words} WHERE earlier.event_id = {{o}}.event_id
                AND (earlier.starts_at, earlier.id) < ({{o}}.starts_at, {{o}}.id) AND {})",
            self.of_date("earlier", "words")
        ));
    }

    /// Keeps what comes after the position of the page.
    pub(super) fn beyond(&mut self, keyset: &Keyset) {
        if let Some(Key { number, id }) = keyset.position {
            let at = Timestamp::from_micros(number.saturating_sub(self.offset));
            self.forget_wider_bound(at, keyset.comparison());
            let (at, id) = (self.place(Value::At(at)), self.place(Value::Id(id)));
            self.wheres.push(format!("({{o}}.starts_at, {{o}}.id) {} ({at}, {id})", keyset.comparison()));
        }
    }

    /// Leaves out the bound that the position of the page is within: SQLite would begin there, and walk over all pages before.
    fn forget_wider_bound(&mut self, position: Timestamp, comparison: &str) {
        let wider = if comparison == ">" {
            self.earliest.take().filter(|from| from.at <= position)
        } else {
            self.latest.take().filter(|to| position < to.at)
        };
        if let Some(wider) = wider {
            self.wheres.retain(|known| *known != wider.condition);
        }
    }

    /// A query with the values bound, planned for them.
    pub(super) fn query(self, db: &mut impl Queries, text: String) -> Query<'_> {
        // What everyone may find from an instant on is always found in one way.
        let plain = self.wheres.len() <= 2;
        let query = self.bound(db, text);
        if plain { query } else { query.planned_anew() }
    }

    /// The same, planned once for whatever they are. PostgreSQL plans for the values that it sees as long as these promise less work than any others would,
    /// and so anew each time for all that is ahead: here it sees none.
    pub(super) fn query_for_any(self, db: &mut impl Queries, text: String) -> Query<'_> {
        let text = match self.dialect {
            Dialect::Sqlite => text,
            Dialect::Postgres => unseen(&text),
        };
        self.bound(db, text)
    }

    fn bound(self, db: &mut impl Queries, text: String) -> Query<'_> {
        let mut query = db.query(Sql::built(text));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::At(at) => query.bind(at),
                Value::Id(id) => query.bind(id),
            };
        }
        query
    }
}

/// What the list may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visible {
    /// Only what is listed.
    Listed,
    /// All that the filter lets through: whoever asks may see it.
    All,
}

/// The same SQL with each placeholder in a query of its own, whose answer is not known before it is run.
fn unseen(text: &str) -> String {
    let mut pieces = text.split('$');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |sql, piece| {
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(end);
        sql + "(SELECT $" + number + ")" + rest
    })
}

/// The start of a date in microseconds.
pub(super) fn micros(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "o.starts_at".to_owned(),
        Dialect::Postgres => "CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)".to_owned(),
    }
}

/// What to look up in an index of texts.
#[derive(Debug, Clone)]
pub(super) enum Lookup {
    /// In SQLite's trigrams of titles and locations.
    Trigrams(String),
    /// In the words, all or those of a part.
    Words(Part, String),
    /// Among the tags of events: where few have it.
    Tag(String),
}

impl Lookup {
    /// All that a question wants, in a part of the words; nothing where it wants nothing.
    pub(super) fn words(question: &Question, part: Part, dialect: Dialect) -> Option<Self> {
        Some(Self::Words(part, question.within(dialect, part)?))
    }

    const fn text(&self) -> &str {
        match self {
            Self::Trigrams(text) | Self::Words(_, text) | Self::Tag(text) => text.as_str(),
        }
    }

    /// SQL for the ids of the texts, or events, where `place` has [`Self::text`].
    fn found(&self, dialect: Dialect, place: &str) -> String {
        match (self, dialect) {
            (Self::Words(part, _), Dialect::Postgres) => {
                let words = match part {
                    Part::Title => "ts_filter(w.words, '{a}')",
                    Part::Head => "ts_filter(w.words, '{a,b,c}')",
                    Part::Whole => "w.words",
                };
                format!("SELECT w.id FROM texts_words w WHERE {words} @@ CAST({place} AS tsquery)")
            }
            (Self::Words(..), Dialect::Sqlite) => {
                format!("SELECT rowid AS id FROM texts_words WHERE texts_words MATCH {place}")
            }
            (Self::Trigrams(_), _) => {
                format!("SELECT rowid AS id FROM texts_trigrams WHERE texts_trigrams MATCH {place}")
            }
            (Self::Tag(_), _) => format!("SELECT event_id AS id FROM event_tags WHERE folded = {place}"),
        }
    }
}

/// Whether a query for `$1` has so few rows that it is best to begin with them.
async fn finds_few(db: &mut impl Queries, rows: &str, sought: &str) -> Result<bool> {
    let text = format!("SELECT count(*) FROM ({rows} LIMIT {}) AS few", SELECTIVE + 1);
    let found: i64 = db.query(Sql::built(text)).bind(sought.to_owned()).planned_anew().scalar().await?;
    Ok(found <= SELECTIVE)
}

#[cfg(test)]
mod tests {
    use super::unseen;

    #[test]
    fn values_are_out_of_sight_of_the_planner() {
        assert_eq!(
            unseen("a = $1 AND b IN ($2, $13)"),
            "a = (SELECT $1) AND b IN ((SELECT $2), (SELECT $13))"
        );
        assert_eq!(unseen("a"), "a");
    }
}
