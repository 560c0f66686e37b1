//! Waitlist positions across the pages of a list.

use super::registration::{Registration, RegistrationRow, RegistrationStatus, waiting_between};
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::id::OccurrenceId;

/// Carries waitlist positions from one page of registrations to the next, so that each page is numbered from
/// the page before instead of from the head of the list.
#[derive(Debug, Clone, Copy, Default)]
pub struct WaitlistPositions {
    /// Waitlist number and position of the last waiting registration so far.
    number: i64,
    position: i64,
}

fn waitlist_number(row: &RegistrationRow) -> Option<i64> {
    row.waitlist_number.filter(|_| row.status == RegistrationStatus::Waitlisted)
}

impl WaitlistPositions {
    /// Gives the waiting registrations of the next page their positions.
    ///
    /// Positions are those of the moment of the page; a registration may have been promoted since.
    pub(super) async fn number(
        &mut self,
        db: &mut impl Queries,
        occurrence: OccurrenceId,
        rows: Vec<RegistrationRow>,
    ) -> Result<Vec<Registration>> {
        let mut numbers: Vec<i64> = rows.iter().filter_map(waitlist_number).collect();
        numbers.sort_unstable();
        let Some((first, last)) = numbers.first().copied().zip(numbers.last().copied()) else {
            return Ok(rows.into_iter().map(|row| row.registration(None)).collect());
        };
        if first <= self.number {
            *self = Self::default();
        }
        let ahead = self.position + waiting_between(db, occurrence, self.number, first - 1).await?;
        // A page of all statuses skips waiting registrations that were created later; they count too.
        let between: Vec<(i64,)> = db
            .query(sql!(
                "SELECT waitlist_number FROM registrations WHERE occurrence_id = $1 AND status = 'waitlisted'
                    AND waitlist_number > $2 AND waitlist_number < $3"
            ))
            .bind(occurrence)
            .bind(first)
            .bind(last)
            .all()
            .await?;
        numbers.extend(between.into_iter().map(|(number,)| number));
        numbers.sort_unstable();
        numbers.dedup();
        let position_of = |number: i64| {
            let at = numbers.binary_search(&number).ok()?;
            Some(ahead + i64::try_from(at).ok()? + 1)
        };
        *self = Self { number: last, position: position_of(last).unwrap_or(ahead) };
        let registrations = rows.into_iter().map(|row| {
            let position = waitlist_number(&row).and_then(position_of);
            row.registration(position)
        });
        Ok(registrations.collect())
    }
}
