//! When what a client sees of an event or occurrence last changed (`Last-Modified`, RFC 9110 8.8.2).

use sqlx::FromRow;

use crate::db::SqlWriter;
use crate::id::EventId;
use crate::time::Timestamp;

/// The times that date a representation. Those in the future have changed nothing yet.
#[derive(FromRow)]
pub(super) struct Dates {
    /// The event was changed, its co-organizers included.
    #[sqlx(rename = "dated_event")]
    event: Timestamp,
    /// The organizer's profile was changed.
    #[sqlx(rename = "dated_organizer")]
    organizer: Timestamp,
    /// The profile of a co-organizer was changed.
    #[sqlx(rename = "dated_co_organizers")]
    co_organizers: Option<Timestamp>,
    /// The category got another slug.
    #[sqlx(rename = "dated_category")]
    category: Option<Timestamp>,
    /// An occurrence was added or changed.
    #[sqlx(rename = "dated_occurrences")]
    occurrences: Option<Timestamp>,
    /// Somebody registered or cancelled.
    #[sqlx(rename = "dated_seats")]
    seats: Option<Timestamp>,
    /// An occurrence is no longer upcoming, so that it is closed, and not the next one.
    #[sqlx(rename = "dated_no_longer_upcoming")]
    no_longer_upcoming: Option<Timestamp>,
    #[sqlx(rename = "dated_registration_opens_at")]
    registration_opens_at: Option<Timestamp>,
    #[sqlx(rename = "dated_registration_closes_at")]
    registration_closes_at: Option<Timestamp>,
}

impl Dates {
    /// The columns for an occurrence `o` with its event `e`, organizer `u` and category `ec`.
    pub(super) const OF_OCCURRENCE: &str = "e.updated_at AS dated_event, u.updated_at AS dated_organizer,
        CAST(NULL AS TIMESTAMPTZ) AS dated_co_organizers, ec.updated_at AS dated_category,
        o.updated_at AS dated_occurrences, o.seats_changed_at AS dated_seats,
        o.upcoming_until AS dated_no_longer_upcoming,
        o.registration_opens_at AS dated_registration_opens_at,
        o.registration_closes_at AS dated_registration_closes_at";

    /// The columns for an event `e` with its organizer `u`, its category `ec` and [`Self::push_join`].
    pub(super) const OF_EVENT: &str = "e.updated_at AS dated_event, u.updated_at AS dated_organizer,
        (SELECT max(p.updated_at) FROM event_organizers x JOIN users p ON p.id = x.user_id
            WHERE x.event_id = e.id) AS dated_co_organizers,
        ec.updated_at AS dated_category, dates.*";

    /// Joins what is known of all occurrences of an event: `dates`, which has one row, from one scan.
    pub(super) fn push_join(sql: &mut SqlWriter, event: EventId, now: Timestamp) {
        sql.push(
            " CROSS JOIN (SELECT count(*) AS occurrence_count, max(x.updated_at) AS dated_occurrences,
                max(x.seats_changed_at) AS dated_seats",
        );
        for (column, name) in [
            ("upcoming_until", "no_longer_upcoming"),
            ("registration_opens_at", "registration_opens_at"),
            ("registration_closes_at", "registration_closes_at"),
        ] {
            sql.push(&format!(", max(CASE WHEN x.{column} <= ")).value(now);
            sql.push(&format!(" THEN x.{column} END) AS dated_{name}"));
        }
        sql.push(" FROM occurrences x WHERE x.event_id = ").value(event.as_uuid()).push(") dates");
    }

    /// The latest of the times until `now`.
    pub(super) fn last_modified(&self, now: Timestamp) -> Timestamp {
        let optional = [
            self.co_organizers,
            self.category,
            self.occurrences,
            self.seats,
            self.no_longer_upcoming,
            self.registration_opens_at,
            self.registration_closes_at,
        ];
        let all = optional.into_iter().flatten().chain([self.event, self.organizer]);
        all.filter(|at| *at <= now).max().unwrap_or(self.event)
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
            organizer: at(1),
            co_organizers: None,
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
