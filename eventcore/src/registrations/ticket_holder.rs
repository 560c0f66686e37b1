//! What a ticket code shows to its holder.

use super::registration::{COLUMNS, POSITION, PositionedRow, Registration};
use super::ticket;
use crate::core::EventCore;
use crate::db::{Queries, Sql};
use crate::error::{Error, Result};
use crate::events::{self, Occurrence};

/// A registration and its occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The registration.
    pub registration: Registration,
    /// The occurrence, also if it is private.
    pub occurrence: Occurrence,
}

impl EventCore {
    /// The ticket with a code. There is no other permission: the code is unguessable, and only the attendee
    /// and the organizers learn it.
    ///
    /// # Errors
    /// `not_found` for an unknown code.
    pub async fn ticket(&self, code: &str) -> Result<Ticket> {
        // Text that cannot be a code is answered like an unknown code.
        let code = ticket::parse(code).ok_or(Error::NotFound("ticket"))?;
        let mut db = self.db().read().await?;
        let row: Option<PositionedRow> = db
            .query(Sql::dynamic(format!(
                "SELECT {COLUMNS}, {POSITION} FROM registrations r JOIN users u ON u.id = r.user_id
                 WHERE r.ticket_code = $1"
            )))
            .bind(code)
            .optional()
            .await?;
        let registration = row.ok_or(Error::NotFound("ticket"))?.registration();
        let occurrence = events::load_occurrence(&mut db, registration.occurrence_id, self.now()).await?;
        Ok(Ticket { registration, occurrence })
    }
}
