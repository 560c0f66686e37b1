//! The consistency check of what is derived from events: the copies on occurrences, their registration
//! windows and their search documents.
//!
//! It compares what is stored with what the same functions compute that the writes use.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::FromRow;

use super::copies::Copies;
use super::occurrence::state::{OCCURRENCE_STATE_COLUMNS, OccurrenceState};
use super::rows::EventRow;
use crate::db::{Dialect, Queries, Sql};
use crate::error::Result;
use crate::id::{EventId, OccurrenceId};
use crate::search::{DocumentTexts, IndexEntry};
use crate::time::Timestamp;

/// Events that are read at once.
const PAGE: i64 = 200;

/// The occurrence and what is wrong with it, or with its event.
pub(crate) type DerivedFault = (OccurrenceId, String);

/// Finds occurrences whose copies, registration windows or search documents are not what their events say.
pub(crate) async fn wrong_derived_data(db: &mut impl Queries, now: Timestamp) -> Result<Vec<DerivedFault>> {
    let mut found = Vec::new();
    let mut after = EventId::from(uuid::Uuid::nil());
    loop {
        let page = AuditPage::load(db, after, PAGE).await?;
        let Some(last) = page.events.last().map(|event| event.id) else { return Ok(found) };
        let mut before = after;
        for event in &page.events {
            let faults = page.faults(event, now)?;
            if !faults.is_empty() {
                // Its rows are read by several statements, so a change in between looks like a fault, but not
                // like the same one twice.
                let again = AuditPage::load(db, before, 1).await?;
                let event = again.events.first().filter(|again| again.id == event.id);
                let again = event.map(|event| again.faults(event, now)).transpose()?.unwrap_or_default();
                found.extend(faults.intersection(&again).cloned());
            }
            before = event.id;
        }
        after = last;
    }
}

/// Some events with all rows that are derived from them.
struct AuditPage {
    events: Vec<EventRow>,
    occurrences: BTreeMap<EventId, Vec<OccurrenceOfEvent>>,
    documents: BTreeMap<EventId, Vec<StoredDocument>>,
}

#[derive(FromRow)]
struct OccurrenceOfEvent {
    event_id: EventId,
    #[sqlx(flatten)]
    state: OccurrenceState,
    has_registrations: bool,
}

#[derive(FromRow)]
struct StoredDocument {
    id: i64,
    event_id: EventId,
    title: String,
    location: String,
    tokens: String,
    title_end: i64,
    head_end: i64,
    is_indexed: bool,
}

impl AuditPage {
    /// Loads up to `limit` events after another one, by id.
    async fn load(db: &mut impl Queries, after: EventId, limit: i64) -> Result<Self> {
        let text = "SELECT e.*, (SELECT c.slug FROM categories c WHERE c.id = e.category_id) AS category
             FROM events e WHERE e.id > $1 ORDER BY e.id LIMIT $2";
        let events: Vec<EventRow> = db.query(Sql::portable(text)).bind(after).bind(limit).all().await?;
        let mut page = Self { events, occurrences: BTreeMap::new(), documents: BTreeMap::new() };
        let Some(last) = page.events.last().map(|event| event.id) else { return Ok(page) };
        let text = format!(
            "SELECT event_id, {OCCURRENCE_STATE_COLUMNS},
                EXISTS (SELECT 1 FROM registrations r WHERE r.occurrence_id = occurrences.id)
                    AS has_registrations
             FROM occurrences WHERE event_id > $1 AND event_id <= $2 ORDER BY id"
        );
        let rows: Vec<OccurrenceOfEvent> = db.query(Sql::dynamic(text)).bind(after).bind(last).all().await?;
        for row in rows {
            page.occurrences.entry(row.event_id).or_default().push(row);
        }
        let key = match db.dialect() {
            Dialect::Sqlite => "rowid",
            Dialect::Postgres => "id",
        };
        let text = format!(
            "SELECT d.id, d.event_id, d.title, d.location, d.tokens, d.title_end, d.head_end,
                d.indexed AND EXISTS (SELECT 1 FROM search_tokens t WHERE t.{key} = d.id) AS is_indexed
             FROM search_documents d WHERE d.event_id > $1 AND d.event_id <= $2 ORDER BY d.id"
        );
        let rows: Vec<StoredDocument> = db.query(Sql::dynamic(text)).bind(after).bind(last).all().await?;
        for row in rows {
            page.documents.entry(row.event_id).or_default().push(row);
        }
        Ok(page)
    }

    fn faults(&self, event: &EventRow, now: Timestamp) -> Result<BTreeSet<DerivedFault>> {
        let copies = Copies::of(event)?;
        let occurrences = self.occurrences.get(&event.id).map_or(&[][..], Vec::as_slice);
        let documents = self.documents.get(&event.id).map_or(&[][..], Vec::as_slice);
        let shared = documents.first().map(|document| document.id);
        let mut faults = BTreeSet::new();
        // Most occurrences share a document and its texts: what these give is computed once.
        let mut compared: HashMap<i64, (DocumentTexts, bool)> = HashMap::new();
        for row in occurrences {
            let occurrence = &row.state;
            if row.has_registrations && !occurrence.registered {
                faults.insert((occurrence.id, "it has registrations, but `registered` is false".to_owned()));
            }
            let mut right = occurrence.clone();
            copies.copy_to(&mut right);
            if !occurrence.is_over(now) && right.open_period != occurrence.open_period {
                let what = "the registration window is not that of the event or its override";
                faults.insert((occurrence.id, what.to_owned()));
            }
            let wrong = wrong_copies(&right, occurrence, now);
            if !wrong.is_empty() {
                let what = format!("copies that are not what the event says: {}", wrong.join(", "));
                faults.insert((occurrence.id, what));
            }
            let texts = occurrence.texts(event)?;
            let document = documents.iter().find(|document| document.id == occurrence.document_id);
            let is_right = document.is_some_and(|document| {
                let is_shared = shared == Some(document.id);
                let is_of_texts = match compared.get(&document.id) {
                    Some((same, is_of_texts)) if *same == texts => *is_of_texts,
                    _ => {
                        let is_of_texts = document.is_of(&texts);
                        compared.insert(document.id, (texts, is_of_texts));
                        is_of_texts
                    }
                };
                // The texts of occurrences that are over may be those that the event had.
                (occurrence.is_over(now) || is_shared == occurrence.inherits_texts()) && is_of_texts
            });
            if !is_right {
                faults.insert((occurrence.id, "the search document is not that of its texts".to_owned()));
            }
        }
        Ok(faults)
    }
}

impl StoredDocument {
    /// Whether it is what these texts give, and in the index.
    fn is_of(&self, texts: &DocumentTexts) -> bool {
        // The form of the full-text index, which depends on the dialect, is not compared.
        let entry = IndexEntry::of(Dialect::Sqlite, texts);
        let IndexEntry { title, location, tokens, title_end, head_end, .. } = entry;
        self.is_indexed
            && (&self.title, &self.location, &self.tokens) == (&title, &location, &tokens)
            && (self.title_end, self.head_end) == (title_end, head_end)
    }
}

/// The names of the copies of an occurrence that are wrong. Occurrences that are over keep what they had,
/// except what decides whether lists show them.
fn wrong_copies(right: &OccurrenceState, stored: &OccurrenceState, now: Timestamp) -> Vec<&'static str> {
    let is_over = stored.is_over(now);
    let wrong = [
        ("organizer_id", right.organizer_id != stored.organizer_id),
        ("listed", right.listed != stored.listed),
        ("category_id", !is_over && right.category_id != stored.category_id),
        ("tags", !is_over && right.tags != stored.tags),
        ("all_day", !stored.has_begun(now) && right.all_day != stored.all_day),
        ("capacity", !is_over && right.capacity != stored.capacity),
    ];
    wrong.into_iter().filter(|(_, is_wrong)| *is_wrong).map(|(name, _)| name).collect()
}
