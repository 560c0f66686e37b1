//! The consistency check: seat counts of occurrences against their registrations; and their registration
//! windows, their copies of columns and their search documents against their events.

use sqlx::FromRow;

use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::Result;
use crate::events;
use crate::id::OccurrenceId;

/// A fault that the consistency check found at an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The occurrence.
    pub occurrence: OccurrenceId,
    /// The message for the operator.
    pub what: String,
}

#[derive(FromRow)]
struct SeatAudit {
    id: OccurrenceId,
    capacity: i64,
    seats_taken: i64,
    waitlist_length: i64,
    next_waitlist_number: i64,
    seated: i64,
    waiting: i64,
    last_number: i64,
    foreign_registrations: i64,
    foreign_feedback: i64,
    next_party: Option<i64>,
    promotes: bool,
}

impl SeatAudit {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.seats_taken != self.seated {
            faults.push(format!("seats_taken is {}, but the parties hold {}", self.seats_taken, self.seated));
        }
        if self.waitlist_length != self.waiting {
            faults.push(format!(
                "waitlist_length is {}, but {} are waiting",
                self.waitlist_length, self.waiting
            ));
        }
        if self.next_waitlist_number <= self.last_number {
            faults.push(format!(
                "next_waitlist_number is {}, but {} is used already",
                self.next_waitlist_number, self.last_number
            ));
        }
        if self.foreign_registrations > 0 {
            faults.push(format!("{} registrations name another event", self.foreign_registrations));
        }
        if self.foreign_feedback > 0 {
            faults.push(format!("{} feedback entries name another event", self.foreign_feedback));
        }
        if let Some(party) = self.next_party
            && self.promotes
            && self.seated + party <= self.capacity
        {
            faults.push(format!(
                "a party of {party} is waiting, but {} of {} seats are free",
                self.capacity - self.seated,
                self.capacity
            ));
        }
        faults
    }
}

impl EventCore {
    /// Compares the seat counts of all occurrences with their registrations.
    ///
    /// Also reports parties that wait although their seats are free, registrations and feedback that name
    /// another event than their occurrence does, registration windows that are not those of the event, and
    /// copies and search documents that are not what their event says. Takes a time linear in the size of the
    /// database.
    pub async fn check_consistency(&self) -> Result<Vec<Discrepancy>> {
        let mut db = self.db().read().await?;
        let rows: Vec<SeatAudit> = db
            .query(sql!(
                "SELECT o.id, o.capacity, o.seats_taken, o.waitlist_length, o.next_waitlist_number,
                    CAST(coalesce(c.seated, 0) AS BIGINT) AS seated, CAST(coalesce(c.waiting,
                        0) AS BIGINT) AS waiting,
                    CAST(coalesce(c.last_number, 0) AS BIGINT) AS last_number,
                    CAST(coalesce(c.foreign_events, 0) AS BIGINT) AS foreign_registrations,
                    coalesce(f.foreign_events, 0) AS foreign_feedback,
                    (SELECT w.party_size FROM registrations w WHERE w.occurrence_id = o.id
                        AND w.status = 'waitlisted'
                        AND w.auto_promote AND w.party_size <= o.capacity
                            ORDER BY w.waitlist_number LIMIT 1) AS next_party,
                    o.status = 'scheduled' AND e.status = 'published' AND o.upcoming_until > $1 AS promotes
                 FROM occurrences o JOIN events e ON e.id = o.event_id LEFT JOIN (
                    SELECT r.occurrence_id,
                        sum(CASE WHEN r.status IN ('confirmed', 'attended') THEN r.party_size
                            ELSE 0 END) AS seated,
                        sum(CASE WHEN r.status = 'waitlisted' THEN 1 ELSE 0 END) AS waiting,
                        max(r.waitlist_number) AS last_number,
                        sum(CASE WHEN r.event_id <> p.event_id THEN 1 ELSE 0 END) AS foreign_events
                    FROM registrations r JOIN occurrences p ON p.id = r.occurrence_id
                    GROUP BY r.occurrence_id) c ON c.occurrence_id = o.id
                 LEFT JOIN (
                    SELECT s.occurrence_id, count(*) AS foreign_events
                    FROM feedback s JOIN occurrences p ON p.id = s.occurrence_id
                    WHERE s.event_id <> p.event_id GROUP BY s.occurrence_id) f ON f.occurrence_id = o.id
                 WHERE c.occurrence_id IS NOT NULL OR f.occurrence_id IS NOT NULL OR o.seats_taken <> 0
                    OR o.waitlist_length <> 0"
            ))
            .bind(self.now())
            .all()
            .await?;
        let discrepancies = rows.into_iter().flat_map(|row| {
            let occurrence = row.id;
            row.faults().into_iter().map(move |what| Discrepancy { occurrence, what })
        });
        let mut discrepancies: Vec<Discrepancy> = discrepancies.collect();
        for (occurrence, what) in events::wrong_derived_data(&mut db, self.now()).await? {
            discrepancies.push(Discrepancy { occurrence, what });
        }
        Ok(discrepancies)
    }
}
