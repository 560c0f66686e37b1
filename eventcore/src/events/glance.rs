//! A glance along the dates for what many of them answer: to gather all that match costs as much as they are many, where a page needs but a few.

use super::agenda::{Placed, fetch};
use super::filter::{AgendaFilter, Conditions, Visible};
use super::finding::MAX_QUESTION;
use super::rows::OccurrenceRow;
use crate::clock::Timestamp;
use crate::db::Queries;
use crate::error::Result;
use crate::page::Keyset;
use crate::search::{Question, Texts};

/// Dates that tell whether it is worth to look further.
const GLANCE: i64 = 64;
/// Dates that are looked at in the end.
const LOOK: i64 = 1_024;

/// The rows of a page, where they are found among the first dates; nothing where the words must be looked up.
pub(super) async fn along(
    db: &mut impl Queries,
    filter: &AgendaFilter,
    visible: Visible,
    now: Timestamp,
    keyset: &Keyset,
) -> Result<Option<Vec<Placed>>> {
    let Some(question) = asked(filter) else { return Ok(None) };
    let others = AgendaFilter { q: None, ..filter.clone() };
    let mut conditions = Conditions::of(db, &others, visible, now).await?;
    conditions.beyond(keyset);
    for limit in [GLANCE, LOOK] {
        let mut rows = fetch(db, conditions.clone(), keyset, limit).await?;
        let looked = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        rows.retain(|placed| question.fits(&texts(&placed.row)));
        let found = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if found >= keyset.fetch() || looked < limit {
            rows.truncate(usize::try_from(keyset.fetch()).unwrap_or(usize::MAX));
            return Ok(Some(rows));
        }
        if found * LOOK < keyset.fetch() * looked {
            break;
        }
    }
    Ok(None)
}

/// What is asked for, where the order is that of the dates.
fn asked(filter: &AgendaFilter) -> Option<Question> {
    let text =
        filter.q.as_ref().filter(|text| !filter.by_relevance && text.chars().count() <= MAX_QUESTION)?;
    Some(Question::parse(text)).filter(|question| !question.is_empty())
}

fn texts(row: &OccurrenceRow) -> Texts {
    let tags: Vec<String> = serde_json::from_str(&row.tags).unwrap_or_default();
    Texts::of(&[&row.title, &tags.join(" "), &row.location, &row.description])
}
