//! Conditions on what is found by words, categories, tags, seats and registrations.

use super::event::{EventStatus, OccurrenceStatus};
use super::filter::{AgendaFilter, Conditions, DATES, SELECTIVE, Value, micros};
use crate::categories;
use crate::db::{Dialect, Queries, Sql};
use crate::error::{Error, Result, Violations};
use crate::fold::fold;
use crate::search::{Part, Question};

/// How long a question may be, in characters.
pub(super) const MAX_QUESTION: usize = 500;
/// How many categories or tags one filter names at most.
const MAX_LABELS: usize = 20;
/// What no start in microseconds reaches: one rank lies so far behind the other.
const RANK: &str = "1000000000000000000";

impl Conditions {
    /// What someone asks for in words.
    pub(super) async fn asked(&mut self, db: &mut impl Queries, filter: &AgendaFilter) -> Result<()> {
        let text = filter.q.as_deref().filter(|text| !text.trim().is_empty());
        let Some(text) = text else {
            return if filter.by_relevance {
                Err(Error::invalid("/sort", "needs_q", "sorts by relevance only where q says to what"))
            } else {
                Ok(())
            };
        };
        if text.chars().count() > MAX_QUESTION {
            return Err(Error::invalid("/q", "too_long", "must have at most 500 characters"));
        }
        let question = Question::parse(text);
        if question.is_empty() {
            // Only signs: they stand nowhere.
            self.wheres.push("1 = 0".to_owned());
        }
        self.looks_up = true;
        let dialect = db.dialect();
        let lookup = question.lookup(dialect);
        if let Some(wanted) = lookup.wanted {
            if dialect == Dialect::Sqlite && self.from == DATES && rare_words(db, &wanted).await? {
                let place = self.place(Value::Text(wanted.clone()));
                self.from = format!(
                    "(SELECT rowid AS id FROM texts_words WHERE texts_words MATCH {place}) asked CROSS JOIN occurrences o ON o.text_id = asked.id"
                );
            }
            let texts = self.texts(dialect, wanted);
            self.wheres.push(format!("{{o}}.text_id IN ({texts})"));
        }
        if let Some(unwanted) = lookup.unwanted {
            let texts = self.texts(dialect, unwanted);
            self.wheres.push(format!("{{o}}.text_id NOT IN ({texts})"));
        }
        if filter.by_relevance {
            self.rank(dialect, &question);
        }
        Ok(())
    }

    /// A query for the texts that match.
    fn texts(&mut self, dialect: Dialect, lookup: String) -> String {
        let place = self.place(Value::Text(lookup));
        match dialect {
            Dialect::Sqlite => format!("SELECT rowid FROM texts_words WHERE texts_words MATCH {place}"),
            Dialect::Postgres => {
                format!("SELECT w.id FROM texts_words w WHERE w.words @@ CAST({place} AS tsquery)")
            }
        }
    }

    /// Title before tags and location, these before the description; then by start.
    fn rank(&mut self, dialect: Dialect, question: &Question) {
        let start = micros(dialect).replace("o.", "{o}.");
        let (title, head) = (question.within(dialect, Part::Title), question.within(dialect, Part::Head));
        let (Some(title), Some(head)) = (title, head) else {
            self.rank = Some(format!("({start})"));
            return;
        };
        let (title, head) = (self.texts(dialect, title), self.texts(dialect, head));
        self.rank = Some(format!(
            "(CASE WHEN {{o}}.text_id IN ({title}) THEN 0 WHEN {{o}}.text_id IN ({head}) THEN {RANK} ELSE 2 * {RANK} END + {start})"
        ));
    }

    /// Category, tags, free seats, and one's own registrations.
    pub(super) async fn labelled(&mut self, db: &mut impl Queries, filter: &AgendaFilter) -> Result<()> {
        filter.labels()?;
        if !filter.categories.is_empty() {
            let known = categories::find_many(db, &filter.categories).await?;
            let places: Vec<String> = known.iter().map(|id| self.place(Value::Id(id.as_uuid()))).collect();
            // A slug that names nothing has no dates.
            let any = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
            self.wheres.push(format!("{{o}}.category_id IN ({any})"));
        }
        self.looks_up |= !filter.tags.is_empty() || filter.registered.is_some();
        for tag in &filter.tags {
            let folded = fold(tag.trim().trim_start_matches('#'));
            if db.dialect() == Dialect::Sqlite && self.from == DATES && rare_tag(db, &folded).await? {
                let place = self.place(Value::Text(folded.clone()));
                self.from = format!(
                    "(SELECT event_id FROM event_tags WHERE folded = {place}) tagged CROSS JOIN occurrences o ON o.event_id = tagged.event_id"
                );
            }
            let place = self.place(Value::Text(folded));
            self.wheres.push(format!(
                "EXISTS (SELECT 1 FROM event_tags g WHERE g.event_id = {{o}}.event_id AND g.folded = {place})"
            ));
        }
        if filter.available {
            self.wheres.push("{o}.seats_taken < {o}.capacity".to_owned());
            self.compare("{o}.status =", Value::Text(OccurrenceStatus::Scheduled.as_str().to_owned()));
        }
        if let Some(user) = filter.registered {
            let place = self.place(Value::Id(user.as_uuid()));
            self.wheres.push(format!(
                "{{o}}.id IN (SELECT r.occurrence_id FROM registrations r WHERE r.user_id = {place} AND r.status <> 'cancelled')"
            ));
            self.of_event = true;
            self.compare("e.status <>", Value::Text(EventStatus::Draft.as_str().to_owned()));
        }
        Ok(())
    }
}

impl AgendaFilter {
    fn labels(&self) -> Result<()> {
        let mut wrong = Violations::default();
        for (name, labels) in [("category", &self.categories), ("tag", &self.tags)] {
            if labels.len() > MAX_LABELS {
                wrong.add(format!("/{name}"), "too_many", "must be given at most 20 times");
            }
            for label in labels {
                if label.chars().count() > 200 {
                    wrong.add(format!("/{name}"), "too_long", "must have at most 200 characters");
                } else if label.contains('\0') {
                    wrong.add(format!("/{name}"), "control_character", "must not contain control characters");
                }
            }
        }
        wrong.into_result()
    }
}

/// Whether so few texts match that it is best to begin with them.
async fn rare_words(db: &mut impl Queries, lookup: &str) -> Result<bool> {
    let found: i64 = db
        .query(Sql::built(format!(
            "SELECT count(*) FROM (SELECT 1 FROM texts_words WHERE texts_words MATCH $1 LIMIT {})",
            SELECTIVE + 1
        )))
        .bind(lookup.to_owned())
        .scalar()
        .await?;
    Ok(found <= SELECTIVE)
}

/// Whether so few events have the tag that it is best to begin with them.
async fn rare_tag(db: &mut impl Queries, folded: &str) -> Result<bool> {
    let found: i64 = db
        .query(Sql::built(format!(
            "SELECT count(*) FROM (SELECT 1 FROM event_tags WHERE folded = $1 LIMIT {})",
            SELECTIVE + 1
        )))
        .bind(folded.to_owned())
        .scalar()
        .await?;
    Ok(found <= SELECTIVE)
}
