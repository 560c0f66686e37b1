//! Places in a waitlist, told along its pages.

use super::registration::{Registration, RegistrationRow, RegistrationStatus, waiting_between};
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::OccurrenceId;

/// How far someone has come who goes through the registrations of a date page by page: the last who waits, and their place.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitlistPositions {
    number: i64,
    position: i64,
}

fn waiting(row: &RegistrationRow) -> Option<i64> {
    row.waitlist_number.filter(|_| row.status == RegistrationStatus::Waitlisted)
}

impl WaitlistPositions {
    /// Tells those of a page who wait their places. Whoever is on the page stood in the list, though they may have been promoted since.
    pub(super) async fn positioned(
        &mut self,
        db: &mut impl Queries,
        occurrence: OccurrenceId,
        rows: Vec<RegistrationRow>,
    ) -> Result<Vec<Registration>> {
        let mut numbers: Vec<i64> = rows.iter().filter_map(waiting).collect();
        numbers.sort_unstable();
        let Some((first, last)) = numbers.first().copied().zip(numbers.last().copied()) else {
            return Ok(rows.into_iter().map(|row| row.registration(None)).collect());
        };
        if first <= self.number {
            *self = Self::default();
        }
        let ahead = self.position + waiting_between(db, occurrence, self.number, first - 1).await?;
        // Where the page is not one of the waitlist alone, others may stand between those of the page.
        let between: Vec<(i64,)> = db
            .query(sql!(
                "SELECT waitlist_number FROM registrations
                 WHERE occurrence_id = $1 AND status = 'waitlisted' AND waitlist_number > $2 AND waitlist_number < $3"
            ))
            .bind(occurrence)
            .bind(first)
            .bind(last)
            .all()
            .await?;
        numbers.extend(between.into_iter().map(|(number,)| number));
        numbers.sort_unstable();
        numbers.dedup();
        let place = |number: i64| {
            let at = numbers.binary_search(&number).ok()?;
            Some(ahead + i64::try_from(at).ok()? + 1)
        };
        *self = Self { number: last, position: place(last).unwrap_or(ahead) };
        let positioned = rows.into_iter().map(|row| {
            let position = waiting(&row).and_then(place);
            row.registration(position)
        });
        Ok(positioned.collect())
    }
}
