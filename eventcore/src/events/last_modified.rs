//! When what a client sees of an event or occurrence last changed (`Last-Modified`, RFC 9110 8.8.2).

use sqlx::FromRow;

use super::event::{Event, Occurrence};
use crate::actor::Actor;
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::id::{EventId, OccurrenceId};
use crate::time::Timestamp;

/// The times that date a representation. Those in the future have changed nothing yet.
#[derive(FromRow)]
struct Dates {
    /// The event was changed, its co-organizers included.
    event: Timestamp,
    /// The organizer's profile, or that of a co-organizer, was changed.
    people: Timestamp,
    /// The category got another slug.
    category: Option<Timestamp>,
    /// An occurrence was added or changed.
    occurrences: Option<Timestamp>,
    /// Somebody registered or cancelled.
    seats: Option<Timestamp>,
    /// An occurrence is no longer upcoming, so that it is closed, and not the next one.
    no_longer_upcoming: Option<Timestamp>,
    registration_opens_at: Option<Timestamp>,
    registration_closes_at: Option<Timestamp>,
}

impl Dates {
    /// The latest of the times until `now`.
    fn last_modified(&self, now: Timestamp) -> Timestamp {
        let optional = [
            self.category,
            self.occurrences,
            self.seats,
            self.no_longer_upcoming,
            self.registration_opens_at,
            self.registration_closes_at,
        ];
        let all = optional.into_iter().flatten().chain([self.event, self.people]);
        all.filter(|at| *at <= now).max().unwrap_or(self.event)
    }
}

impl EventCore {
    /// An event, and when anything that it shows last changed.
    ///
    /// # Errors
    /// As [`EventCore::event`].
    pub async fn dated_event(&self, actor: &Actor, id: EventId) -> Result<(Event, Timestamp)> {
        // The date comes first: then it is never later than what the event shows.
        let modified_at = self.event_modified_at(id).await?;
        Ok((self.event(actor, id).await?, modified_at))
    }

    /// An occurrence, and when anything that it shows last changed.
    ///
    /// # Errors
    /// As [`EventCore::occurrence`].
    pub async fn dated_occurrence(&self, actor: &Actor, id: OccurrenceId) -> Result<(Occurrence, Timestamp)> {
        let modified_at = self.occurrence_modified_at(id).await?;
        Ok((self.occurrence(actor, id).await?, modified_at))
    }

    async fn event_modified_at(&self, id: EventId) -> Result<Timestamp> {
        let now = self.now();
        let mut db = self.db().read().await?;
        let dates: Option<Dates> = db
            .query(sql!(
                "SELECT e.updated_at AS event,
                    (SELECT max(u.updated_at) FROM users u WHERE u.id = e.organizer_id OR u.id IN
                        (SELECT x.user_id FROM event_organizers x WHERE x.event_id = e.id)) AS people,
                    (SELECT c.updated_at FROM categories c WHERE c.id = e.category_id) AS category,
                    (SELECT max(o.updated_at) FROM occurrences o WHERE o.event_id = e.id) AS occurrences,
                    (SELECT max(o.seats_changed_at) FROM occurrences o WHERE o.event_id = e.id) AS seats,
                    (SELECT max(o.upcoming_until) FROM occurrences o
                        WHERE o.event_id = e.id AND o.upcoming_until <= $2) AS no_longer_upcoming,
                    (SELECT max(o.registration_opens_at) FROM occurrences o
                        WHERE o.event_id = e.id AND o.registration_opens_at <= $2) AS registration_opens_at,
                    (SELECT max(o.registration_closes_at) FROM occurrences o
                        WHERE o.event_id = e.id AND o.registration_closes_at <= $2) AS registration_closes_at
                 FROM events e WHERE e.id = $1"
            ))
            .bind(id)
            .bind(now)
            .optional()
            .await?;
        dates.map(|dates| dates.last_modified(now)).ok_or(Error::NotFound("event"))
    }

    async fn occurrence_modified_at(&self, id: OccurrenceId) -> Result<Timestamp> {
        let now = self.now();
        let mut db = self.db().read().await?;
        let dates: Option<Dates> = db
            .query(sql!(
                "SELECT e.updated_at AS event, u.updated_at AS people,
                    (SELECT c.updated_at FROM categories c WHERE c.id = e.category_id) AS category,
                    o.updated_at AS occurrences, o.seats_changed_at AS seats,
                    o.upcoming_until AS no_longer_upcoming,
                    o.registration_opens_at, o.registration_closes_at
                 FROM occurrences o JOIN events e ON e.id = o.event_id JOIN users u ON u.id = e.organizer_id
                 WHERE o.id = $1"
            ))
            .bind(id)
            .optional()
            .await?;
        dates.map(|dates| dates.last_modified(now)).ok_or(Error::NotFound("occurrence"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_ahead_has_changed_nothing() {
        let at = |hour: u32| format!("2027-03-04T{hour:02}:00:00Z").parse::<Timestamp>().unwrap();
        let dates = Dates {
            event: at(2),
            people: at(1),
            category: None,
            occurrences: Some(at(3)),
            seats: Some(at(4)),
            no_longer_upcoming: Some(at(9)),
            registration_opens_at: Some(at(6)),
            registration_closes_at: Some(at(8)),
        };
        for (now, date) in [(5, 4), (6, 6), (7, 6), (8, 8), (9, 9), (12, 9)] {
            assert_eq!(dates.last_modified(at(now)), at(date), "{now}");
        }
    }
}
