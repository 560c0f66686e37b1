//! Reading one's registrations for many occurrences.

use super::registration::{COLUMNS, POSITION, PositionedRow, Registration};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{RowList, SqlWriter};
use crate::error::Result;
use crate::id::OccurrenceId;

/// Occurrences of one statement.
const OCCURRENCES_OF_STATEMENT: usize = 1_000;

impl EventCore {
    /// The actor's live registrations for those of the occurrences for which they have one, by occurrence:
    /// for lists that show what the reader attends.
    ///
    /// # Errors
    /// `unauthenticated` for anonymous callers.
    pub async fn my_registrations_at(
        &self,
        actor: &Actor,
        occurrences: &[OccurrenceId],
    ) -> Result<Vec<Registration>> {
        let user = actor.signed_in()?.id;
        let mut db = self.db().read().await?;
        let mut registrations = Vec::new();
        for some in occurrences.chunks(OCCURRENCES_OF_STATEMENT) {
            let mut sql = SqlWriter::new(self.db().dialect());
            sql.push("SELECT ").push(COLUMNS).push(", ").push(POSITION).push(" FROM ");
            sql.rows("v", RowList::default().ids("id", some.iter().map(|id| id.as_uuid())));
            sql.push(" JOIN registrations r ON r.occurrence_id = v.id JOIN users u ON u.id = r.user_id ");
            sql.push("WHERE r.status <> 'cancelled' AND r.user_id = ").value(user.as_uuid());
            let rows: Vec<PositionedRow> = sql.query(&mut db).all().await?;
            registrations.extend(rows.into_iter().map(PositionedRow::registration));
        }
        registrations.sort_by_key(|registration| registration.occurrence_id);
        registrations.dedup_by_key(|registration| registration.id);
        Ok(registrations)
    }
}
