//! Filters of the agenda, and how they become SQL.

use uuid::Uuid;

use super::event::{EventStatus, OccurrenceStatus};
use crate::clock::Timestamp;
use crate::db::{Dialect, Queries, Query, Sql};
use crate::error::{Result, Violations};
use crate::fold::fold;
use crate::id::{EventId, UserId};
use crate::page::{Key, Keyset, Order};

/// Which dates a list shows. [`Default`] is what everyone may find from now on, soonest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgendaFilter {
    /// Words that stand in the title as they are, without case or accents.
    pub title: Option<String>,
    /// Words that stand in the location as they are, without case or accents.
    pub location: Option<String>,
    /// What someone asks for, as [`crate::search::Question`] reads it: up to 500 characters over title, tags, location and description.
    pub q: Option<String>,
    /// Of any of these categories, by their slugs.
    pub categories: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// Only dates that take place and have free seats.
    pub available: bool,
    /// Only dates at which this user, who must be the one that asks, has a place or waits for one.
    pub registered: Option<UserId>,
    /// What answers `q` best comes first: in the title before elsewhere, and soonest first among equals. It needs `q`, and leaves `order` aside.
    pub by_relevance: bool,
    /// Starts at or after this instant; now, when nothing is said. In the past, it lists the past.
    pub from: Option<Timestamp>,
    /// Starts before this instant.
    pub to: Option<Timestamp>,
    /// Published by this user. Who organizes sees drafts and hidden events here too.
    pub organizer: Option<UserId>,
    /// Dates of this event. Who may see the event sees them, listed or not.
    pub event: Option<EventId>,
    /// Dates that take place, or that were cancelled.
    pub status: Option<OccurrenceStatus>,
    /// Events that are drafts, published, or cancelled: for lists of events.
    pub event_status: Option<EventStatus>,
    /// By start: soonest first, or latest first.
    pub order: Order,
}

/// All dates.
pub(super) const DATES: &str = "occurrences o";
/// How long a filter's words may be, in characters.
const MAX_NEEDLE: usize = 200;
/// Trigrams need as many characters to begin with.
const TRIGRAM: usize = 3;
/// A filter that so many texts match finds its page sooner by walking the dates than by gathering the texts.
pub(super) const SELECTIVE: i64 = 1_000;

/// The conditions of a list: SQL and the values for its placeholders.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    /// Tables and joins; `occurrences o`, and, where words are sought, `texts t`.
    pub(super) from: String,
    /// Whether dates are looked up by more than what their own rows say, so that finding them is the work.
    pub(super) looks_up: bool,
    /// Whether the conditions speak of the event itself.
    pub(super) of_event: bool,
    /// What sorts by relevance, with `{o}` for the date.
    pub(super) rank: Option<String>,
    /// What must hold, with `{o}` and `{t}` for the date and its words: the same is asked of other dates of the event too.
    pub(super) wheres: Vec<String>,
    /// Whether words are sought.
    words: bool,
    /// The bounds of the starts, with their conditions.
    earliest: Option<(Timestamp, String)>,
    latest: Option<(Timestamp, String)>,
    values: Vec<Value>,
}

/// A value for a placeholder.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    At(Timestamp),
    Id(Uuid),
    Number(i64),
}

impl Conditions {
    /// Puts the filter into SQL.
    pub(super) async fn of(
        db: &mut impl Queries,
        filter: &AgendaFilter,
        visible: Visible,
        now: Timestamp,
    ) -> Result<Self> {
        let mut conditions = Self {
            from: DATES.to_owned(),
            looks_up: false,
            of_event: false,
            rank: None,
            wheres: Vec::new(),
            words: false,
            earliest: None,
            latest: None,
            values: Vec::new(),
        };
        let needles = filter.needles()?;
        conditions.words(db, &needles).await?;
        conditions.asked(db, filter).await?;
        conditions.labelled(db, filter).await?;
        if visible == Visible::Listed {
            conditions.wheres.push("{o}.listed".to_owned());
        }
        if let Some(organizer) = filter.organizer {
            conditions.compare("{o}.organizer_id =", Value::Id(organizer.as_uuid()));
        }
        if let Some(event) = filter.event {
            conditions.compare("{o}.event_id =", Value::Id(event.as_uuid()));
        }
        let from = filter.from.unwrap_or(now);
        conditions.earliest = Some((from, conditions.compare("{o}.starts_at >=", Value::At(from))));
        if let Some(to) = filter.to {
            conditions.latest = Some((to, conditions.compare("{o}.starts_at <", Value::At(to))));
        }
        if let Some(status) = filter.status {
            conditions.compare("{o}.status =", Value::Text(status.as_str().to_owned()));
        }
        if let Some(status) = filter.event_status {
            conditions.of_event = true;
            conditions.compare("e.status =", Value::Text(status.as_str().to_owned()));
        }
        Ok(conditions)
    }

    /// Leaves the bounds of the starts out, and answers them: for who has narrower ones. SQLite would begin at the wider.
    pub(super) fn take_bounds(&mut self) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut take = |bound: Option<(Timestamp, String)>| {
            bound.map(|(at, condition)| {
                self.wheres.retain(|known| *known != condition);
                at
            })
        };
        let (earliest, latest) = (self.earliest.take(), self.latest.take());
        (take(earliest), take(latest))
    }

    /// Takes up an instant and answers its placeholder.
    pub(super) fn at(&mut self, at: Timestamp) -> String {
        self.place(Value::At(at))
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
    async fn words(&mut self, db: &mut impl Queries, needles: &[(&'static str, String)]) -> Result<()> {
        if needles.is_empty() {
            return Ok(());
        }
        (self.words, self.looks_up) = (true, true);
        if db.dialect() == Dialect::Postgres {
            self.from.push_str(" JOIN texts t ON t.id = o.text_id");
            for (column, needle) in needles {
                let pattern =
                    format!("%{}%", needle.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
                self.compare(&format!("{{t}}.{column} LIKE"), Value::Text(pattern));
            }
            return Ok(());
        }
        let phrases: Vec<String> = needles
            .iter()
            .filter(|(_, needle)| needle.chars().count() >= TRIGRAM)
            .map(|(column, needle)| format!("{column} : \"{}\"", needle.replace('"', "\"\"")))
            .collect();
        if phrases.is_empty() || !selective(db, &phrases.join(" AND ")).await? {
            self.from.push_str(" CROSS JOIN texts t ON t.id = o.text_id");
        } else {
            let place = self.place(Value::Text(phrases.join(" AND ")));
            self.from = format!(
                "(SELECT rowid AS id FROM texts_trigrams WHERE texts_trigrams MATCH {place}) found
                 CROSS JOIN texts t ON t.id = found.id CROSS JOIN occurrences o ON o.text_id = t.id"
            );
        }
        for (column, needle) in needles {
            let place = self.place(Value::Text(needle.clone()));
            self.wheres.push(format!("instr({{t}}.{column}, {place}) > 0"));
        }
        Ok(())
    }

    /// The whole condition so far.
    pub(super) fn wheres(&self) -> String {
        self.of_date("o", "t")
    }

    /// The whole condition so far, asked of a date and its words by other names.
    fn of_date(&self, date: &str, words: &str) -> String {
        self.wheres.join(" AND ").replace("{o}", date).replace("{t}", words)
    }

    /// Tables and joins, for [`super::rows::OCCURRENCE_COLUMNS`].
    pub(super) fn from(&self) -> String {
        format!("{} JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id", self.from)
    }

    /// The tables that the conditions need, for counting.
    pub(super) fn narrow(&self) -> String {
        let event = if self.of_event { " JOIN events e ON e.id = o.event_id" } else { "" };
        format!("{}{event}", self.from)
    }

    /// What the list is sorted by, before the id.
    pub(super) fn sorted_by(&self) -> String {
        self.rank.as_deref().unwrap_or("{o}.starts_at").replace("{o}", "o")
    }

    /// The same as a number.
    pub(super) fn position(&self, dialect: Dialect) -> String {
        self.rank.as_ref().map_or_else(|| micros(dialect), |_| self.sorted_by())
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
            let value = if self.rank.is_some() {
                Value::Number(number)
            } else {
                self.forget_wider_bound(Timestamp::from_micros(number), keyset.comparison());
                Value::At(Timestamp::from_micros(number))
            };
            let (at, id) = (self.place(value), self.place(Value::Id(id)));
            let sorted_by = self.rank.clone().unwrap_or_else(|| "{o}.starts_at".to_owned());
            self.wheres.push(format!("({sorted_by}, {{o}}.id) {} ({at}, {id})", keyset.comparison()));
        }
    }

    /// Leaves out the bound that the position of the page is within: SQLite would begin there, and walk over all pages before.
    fn forget_wider_bound(&mut self, position: Timestamp, comparison: &str) {
        let wider = if comparison == ">" {
            self.earliest.take().filter(|(from, _)| *from <= position)
        } else {
            self.latest.take().filter(|(to, _)| position < *to)
        };
        if let Some((_, condition)) = wider {
            self.wheres.retain(|known| *known != condition);
        }
    }

    /// A query with the values bound.
    pub(super) fn query(self, db: &mut impl Queries, text: String) -> Query<'_> {
        let mut query = db.query(Sql::built(text));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::At(at) => query.bind(at),
                Value::Id(id) => query.bind(id),
                Value::Number(number) => query.bind(number),
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

/// The start of a date in microseconds.
pub(super) fn micros(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "o.starts_at".to_owned(),
        Dialect::Postgres => "CAST(extract(epoch FROM o.starts_at) * 1000000 AS BIGINT)".to_owned(),
    }
}

/// Whether few enough texts of SQLite match to begin with them.
async fn selective(db: &mut impl Queries, phrase: &str) -> Result<bool> {
    let found: i64 = db
        .query(Sql::built(format!(
            "SELECT count(*) FROM (SELECT 1 FROM texts_trigrams WHERE texts_trigrams MATCH $1 LIMIT {})",
            SELECTIVE + 1
        )))
        .bind(phrase.to_owned())
        .scalar()
        .await?;
    Ok(found <= SELECTIVE)
}

impl AgendaFilter {
    /// The folded words to look for and the columns to look in; white space alone looks for nothing.
    fn needles(&self) -> Result<Vec<(&'static str, String)>> {
        let mut wrong = Violations::default();
        let mut needles = Vec::new();
        for (column, text) in [("title", &self.title), ("location", &self.location)] {
            let Some(text) = text else { continue };
            if text.chars().count() > MAX_NEEDLE {
                wrong.add(format!("/{column}"), "too_long", "must have at most 200 characters");
            } else if text.contains('\0') {
                wrong.add(format!("/{column}"), "control_character", "must not contain control characters");
            }
            let needle = fold(text);
            if !needle.is_empty() {
                needles.push((column, needle));
            }
        }
        wrong.into_result()?;
        Ok(needles)
    }
}
