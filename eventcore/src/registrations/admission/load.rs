//! Locking occurrences, and reading all that decides about the requests of a batch.

use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::super::occurrence_facts::{self, OccurrenceFacts};
use super::super::registration::{RegistrationRow, RegistrationStatus};
use super::request::AdmissionRequest;
use crate::accounts::{FoundSession, PublicProfile, SessionClaim, valid_session};
use crate::actor::Role;
use crate::db::{Dialect, Locking, Queries, Sql, Tx};
use crate::error::{Error, Result};
use crate::id::{RegistrationId, UserId};
use crate::seats::{WaitingLine, WaitingParty};
use crate::time::Timestamp;

/// Registrations read from the head of a waitlist: for a newcomer, who only must not overtake, and for
/// someone who may free seats. Bounded, so that the cost does not depend on the length of the list.
const NEXT: usize = 1;
const FEW: usize = 16;

/// Who waits.
pub(super) type Waiter = (RegistrationId, UserId);

/// What is stored about the occurrence of a request, its attendee and its caller.
#[derive(Debug)]
pub(super) struct LoadedRequest {
    pub(super) facts: OccurrenceFacts,
    /// The session of the caller; `None` if it is not valid, or there is none to look up.
    pub(super) session: Option<FoundSession>,
    /// The attendee; `None` if the account does not exist or was deleted.
    pub(super) attendee: Option<PublicProfile>,
    /// The live registration of the attendee.
    pub(super) live: Option<RegistrationRow>,
    /// The position of `live` on the waitlist.
    pub(super) position: Option<i64>,
    /// Whether the attendee ever had a registration for the occurrence.
    pub(super) had_registration: bool,
    pub(super) line: WaitingLine<Waiter>,
}

/// The requests as one JSON argument, which both databases can unnest. Ids are hexadecimal digits, which
/// SQLite's `unhex()` and PostgreSQL's `uuid` both read.
fn asked(requests: &[AdmissionRequest]) -> String {
    let hex = |id: Uuid| id.simple().to_string();
    let asked = requests.iter().zip(0..).map(|(request, number): (_, i64)| {
        let claim = request.caller.session();
        let wanted = request.wanted();
        let (party_size, auto_promote) = wanted.unwrap_or_default();
        json!({
            "number": number,
            "occurrence_id": hex(request.occurrence.as_uuid()),
            "attendee_id": request.attendee.map(|id| hex(id.as_uuid())),
            "actor_id": request.caller.user_id().map(|id| hex(id.as_uuid())),
            "session_id": claim.map(|SessionClaim { session, .. }| hex(session.as_uuid())),
            "signing_key": claim.and_then(|SessionClaim { key, .. }| key.as_deref()),
            "registers": wanted.is_some(),
            "party_size": party_size,
            "auto_promote": auto_promote,
        })
    });
    serde_json::Value::Array(asked.collect()).to_string()
}

/// The requests as rows, from the argument `$1`. The condition, which all fulfil, makes PostgreSQL expect few
/// of them: it then looks each up by an index, and never reads whole tables.
const fn asked_rows(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT value ->> 'number' AS number, unhex(value ->> 'occurrence_id') AS occurrence_id,
                unhex(value ->> 'attendee_id') AS attendee_id, unhex(value ->> 'actor_id') AS actor_id,
                unhex(value ->> 'session_id') AS session_id, value ->> 'signing_key' AS signing_key,
                value ->> 'registers' AS registers FROM json_each($1)"
        }
        Dialect::Postgres => {
            "SELECT * FROM json_to_recordset($1::json) AS asked (number bigint, occurrence_id uuid,
                attendee_id uuid, actor_id uuid, session_id uuid, signing_key text, registers boolean,
                party_size bigint, auto_promote boolean) WHERE number BETWEEN 0 AND 1000000"
        }
    }
}

/// Locks what the requests will change; returns for each whether it may change anything.
///
/// A request whose registration is already as it should be gets no lock, so that it writes nothing: a row
/// lock is a write on PostgreSQL. Accounts are locked against deletion: a concurrent deletion has committed
/// before, or waits and then cancels what this transaction registers.
///
/// SQLite's single writer needs no row locks.
pub(super) async fn lock(tx: &mut Tx, requests: &[AdmissionRequest], locking: Locking) -> Result<Vec<bool>> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(vec![true; requests.len()]);
    }
    let skip = locking.clause();
    // The count makes PostgreSQL lock all accounts before it locks the first occurrence: the lock order.
    let locked: Vec<(i64,)> = tx
        .query(Sql::dynamic(format!(
            "WITH asked AS MATERIALIZED ({}),
                changing AS MATERIALIZED (SELECT a.number, a.occurrence_id, a.attendee_id FROM asked a
                    WHERE a.registers <> EXISTS (SELECT 1 FROM registrations r
                        WHERE r.occurrence_id = a.occurrence_id AND r.user_id = a.attendee_id
                            AND r.status <> 'cancelled'
                            AND (NOT a.registers OR (r.party_size = coalesce(a.party_size, r.party_size)
                                AND r.auto_promote = coalesce(a.auto_promote, r.auto_promote))))),
                people AS MATERIALIZED (SELECT u.id FROM users u
                    WHERE u.id IN (SELECT c.attendee_id FROM changing c) ORDER BY u.id FOR KEY SHARE{skip}),
                locked AS MATERIALIZED (SELECT o.id FROM occurrences o
                    WHERE (SELECT count(*) FROM people) > 0
                        AND o.id IN (SELECT c.occurrence_id FROM changing c)
                    ORDER BY o.id FOR UPDATE{skip})
             SELECT c.number FROM changing c JOIN people p ON p.id = c.attendee_id
                JOIN locked l ON l.id = c.occurrence_id",
            asked_rows(Dialect::Postgres)
        )))
        .bind(asked(requests))
        .all()
        .await?;
    let mut may_change = vec![false; requests.len()];
    for (number,) in locked {
        if let Some(request) = usize::try_from(number).ok().and_then(|number| may_change.get_mut(number)) {
            *request = true;
        }
    }
    Ok(may_change)
}

#[derive(FromRow)]
struct LoadedRow {
    number: i64,
    caller_role: Option<Role>,
    confirmed_at: Option<Timestamp>,
    #[sqlx(flatten)]
    facts: OccurrenceFacts,
    attendee_id: Option<UserId>,
    attendee_name: Option<String>,
    attendee_display_name: Option<String>,
    own_id: Option<RegistrationId>,
    own_status: Option<RegistrationStatus>,
    own_party_size: Option<i64>,
    own_waitlist_number: Option<i64>,
    own_auto_promote: Option<bool>,
    own_ticket_code: Option<String>,
    own_checked_in_at: Option<Timestamp>,
    own_checked_in_by: Option<UserId>,
    own_created_at: Option<Timestamp>,
    own_updated_at: Option<Timestamp>,
    position: Option<i64>,
    had_registration: bool,
    line: Option<String>,
}

/// The statement that loads requests: `$1` are the requests and `$2` is now. In the order of its joins it
/// looks up each request by itself, so that its cost does not depend on the size of the tables.
///
/// A live registration is found by a subquery with both ids. As a join of them, PostgreSQL read all
/// registrations of the occurrence for each request, as long as its statistics said that occurrences have
/// few; and as a join by the id that was found, all registrations, as long as it believed the table to be
/// empty. It does not take a lateral subquery with a LIMIT apart.
fn statement(dialect: Dialect) -> String {
    let own_id = "(SELECT l.id FROM registrations l
                WHERE l.occurrence_id = o.id AND l.user_id = q.attendee_id AND l.status <> 'cancelled')";
    let own = match dialect {
        Dialect::Sqlite => format!("registrations m ON m.id = {own_id}"),
        Dialect::Postgres => {
            format!("LATERAL (SELECT r.* FROM registrations r WHERE r.id = {own_id} LIMIT 1) m ON TRUE")
        }
    };
    let line = |limit| {
        let rows = format!(
            "(SELECT w.id, w.user_id, w.party_size, w.waitlist_number FROM registrations w
                WHERE w.occurrence_id = o.id AND w.status = 'waitlisted' AND w.auto_promote
                    AND w.party_size <= o.capacity ORDER BY w.waitlist_number LIMIT {limit}) n"
        );
        match dialect {
            Dialect::Sqlite => format!(
                "(SELECT json_group_array(json_array(hex(n.id), hex(n.user_id), n.party_size,
                    n.waitlist_number)) FROM {rows})"
            ),
            Dialect::Postgres => format!(
                "(SELECT json_agg(json_build_array(n.id, n.user_id, n.party_size, n.waitlist_number))::text
                    FROM {rows})"
            ),
        }
    };
    format!(
        "WITH asked AS MATERIALIZED ({})
         SELECT q.number, u.role AS caller_role, s.confirmed_at, {}, q.attendee_id,
            h.username AS attendee_name, h.display_name AS attendee_display_name,
            m.id AS own_id, m.status AS own_status, m.party_size AS own_party_size,
            m.waitlist_number AS own_waitlist_number, m.auto_promote AS own_auto_promote,
            m.ticket_code AS own_ticket_code, m.checked_in_at AS own_checked_in_at,
            m.checked_in_by AS own_checked_in_by, m.created_at AS own_created_at,
            m.updated_at AS own_updated_at,
            CASE WHEN q.registers AND m.status = 'waitlisted' THEN (SELECT count(*) FROM registrations w
                WHERE w.occurrence_id = o.id AND w.status = 'waitlisted'
                    AND w.waitlist_number <= m.waitlist_number) END AS position,
            CASE WHEN q.registers OR m.id IS NOT NULL THEN m.id IS NOT NULL
                ELSE EXISTS (SELECT 1 FROM registrations r WHERE r.user_id = q.attendee_id
                    AND r.occurrence_id = o.id) END AS had_registration,
            CASE WHEN o.waitlist_length = 0 THEN NULL WHEN m.id IS NULL THEN {} ELSE {} END AS line
         FROM asked q CROSS JOIN occurrences o CROSS JOIN events e
            LEFT JOIN users h ON h.id = q.attendee_id AND h.deleted_at IS NULL
            LEFT JOIN {own}
            LEFT JOIN sessions s ON s.id = q.session_id AND s.user_id = q.actor_id
            LEFT JOIN users u ON u.id = s.user_id AND {}
         WHERE o.id = q.occurrence_id AND e.id = o.event_id",
        asked_rows(dialect),
        occurrence_facts::columns("q.actor_id"),
        line(NEXT),
        line(FEW),
        valid_session("$2", "q.signing_key"),
    )
}

/// Loads the requests whose occurrence exists; `None` for the others.
pub(super) async fn load(
    tx: &mut Tx,
    requests: &[AdmissionRequest],
    now: Timestamp,
) -> Result<Vec<Option<LoadedRequest>>> {
    let dialect = tx.dialect();
    let rows: Vec<LoadedRow> =
        tx.query(Sql::dynamic(statement(dialect))).bind(asked(requests)).bind(now).all().await?;
    let mut loaded: Vec<Option<LoadedRequest>> = requests.iter().map(|_| None).collect();
    for row in rows {
        let number = usize::try_from(row.number).map_err(Error::internal)?;
        if let Some(request) = loaded.get_mut(number) {
            *request = Some(row.into_request()?);
        }
    }
    Ok(loaded)
}

impl LoadedRow {
    fn into_request(self) -> Result<LoadedRequest> {
        let live = self.live();
        let limit = if live.is_some() { FEW } else { NEXT };
        let waiting: Vec<(Uuid, Uuid, i64, i64)> = match &self.line {
            Some(json) => serde_json::from_str(json).map_err(Error::internal)?,
            None => Vec::new(),
        };
        let waiting = waiting.into_iter().map(|(id, user, party, number)| {
            let id = (id.into(), user.into());
            WaitingParty { id, party, number }
        });
        let attendee = self.attendee_id.zip(self.attendee_name).zip(self.attendee_display_name);
        Ok(LoadedRequest {
            session: self.caller_role.map(|role| (role, self.confirmed_at)),
            attendee: attendee.map(|((id, username), display_name)| PublicProfile {
                id,
                username,
                display_name,
            }),
            position: self.position,
            had_registration: self.had_registration,
            line: WaitingLine::new(waiting.collect(), limit),
            live,
            facts: self.facts,
        })
    }

    /// The live registration of the attendee.
    fn live(&self) -> Option<RegistrationRow> {
        Some(RegistrationRow {
            id: self.own_id?,
            occurrence_id: self.facts.id,
            event_id: self.facts.event_id,
            user_id: self.attendee_id?,
            username: self.attendee_name.clone().unwrap_or_default(),
            display_name: self.attendee_display_name.clone().unwrap_or_default(),
            status: self.own_status?,
            party_size: self.own_party_size?,
            waitlist_number: self.own_waitlist_number,
            auto_promote: self.own_auto_promote?,
            ticket_code: self.own_ticket_code.clone()?,
            checked_in_at: self.own_checked_in_at,
            checked_in_by: self.own_checked_in_by,
            created_at: self.own_created_at?,
            updated_at: self.own_updated_at?,
        })
    }
}
