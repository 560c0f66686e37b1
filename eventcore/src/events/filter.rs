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

/// How long a filter's words may be, in characters.
const MAX_NEEDLE: usize = 200;
/// Trigrams need as many characters to begin with.
const TRIGRAM: usize = 3;
/// A filter that so many texts match finds its page sooner by walking the dates than by gathering the texts.
const SELECTIVE: i64 = 1_000;

/// The conditions of a list: SQL and the values for its placeholders.
#[derive(Debug, Clone)]
pub(super) struct Conditions {
    /// Tables and joins; `occurrences o`, `events e`, `users u`, and, where words are sought, `texts t`.
    from: String,
    /// What must hold, with `{o}` and `{t}` for the date and its words: the same is asked of other dates of the event too.
    wheres: Vec<String>,
    /// Whether words are sought.
    words: bool,
    /// The bounds of the starts, with their conditions.
    earliest: Option<(Timestamp, String)>,
    latest: Option<(Timestamp, String)>,
    values: Vec<Value>,
}

/// A value for a placeholder.
#[derive(Debug, Clone)]
enum Value {
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
        now: Timestamp,
    ) -> Result<Self> {
        let mut conditions = Self {
            from: "occurrences o".to_owned(),
            wheres: Vec::new(),
            words: false,
            earliest: None,
            latest: None,
            values: Vec::new(),
        };
        let needles = filter.needles()?;
        conditions.words(db, &needles).await?;
        conditions.from.push_str(" JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id");
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
            conditions.compare("e.status =", Value::Text(status.as_str().to_owned()));
        }
        Ok(conditions)
    }

    /// Adds a condition on a value, and answers it.
    fn compare(&mut self, left: &str, value: Value) -> String {
        let place = self.place(value);
        let condition = format!("{left} {place}");
        self.wheres.push(condition.clone());
        condition
    }

    /// Takes up a value and answers its placeholder.
    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// Words in texts: by trigrams where these tell much, else by looking at each text along the way.
    async fn words(&mut self, db: &mut impl Queries, needles: &[(&'static str, String)]) -> Result<()> {
        if needles.is_empty() {
            return Ok(());
        }
        self.words = true;
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

    /// Tables and joins.
    pub(super) fn from(&self) -> &str {
        &self.from
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
            self.forget_wider_bound(Timestamp::from_micros(number), keyset.comparison());
            let at = self.place(Value::At(Timestamp::from_micros(number)));
            let id = self.place(Value::Id(id));
            self.wheres.push(format!("({{o}}.starts_at, {{o}}.id) {} ({at}, {id})", keyset.comparison()));
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
