//! Answers to invitations, which change registrations.

use sqlx::FromRow;

use super::invitation::is_mark_of;
use super::reply_file::{InvitationAnswer, InvitationReply, InvitedOccurrence};
use crate::accounts::Email;
use crate::actor::{Actor, Role};
use crate::core::EventCore;
use crate::db::{Queries, sql};
use crate::error::{Error, Result};
use crate::id::{OccurrenceId, UserId};
use crate::registrations::{Party, RegistrationStatus};
use crate::time::Timestamp;

/// What an answer to an invitation has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// The attendee is registered, now with this status.
    Registered(RegistrationStatus),
    /// The registration is cancelled.
    Cancelled,
    /// It was so already, or a seat that is held tentatively is held on.
    Unchanged,
    /// The answer is older than the registration, or than its end: it was to an invitation before that.
    Outdated,
}

/// An occurrence for which the attendee has registered, with the live registration.
#[derive(Debug, FromRow)]
struct AnsweredRow {
    id: OccurrenceId,
    status: Option<RegistrationStatus>,
    /// Of the last registration, cancelled ones included.
    party_size: Option<i64>,
    auto_promote: Option<bool>,
    /// When the live registration was made, or when the last one ended.
    since: Timestamp,
}

impl EventCore {
    /// Does what an attendee has answered to an invitation: a decline cancels the registration, and whoever
    /// accepts after a decline is registered again. A tentative answer keeps a seat; on the waitlist it keeps
    /// the place, but is passed over until it is accepted.
    ///
    /// The UID of an invitation has a mark that only its reader knows: an answer without it is refused, so
    /// that nobody answers for somebody else. Only the system may hand answers over: besides, the program
    /// that does has to compare the sender with the attendee.
    ///
    /// # Errors
    /// `forbidden` for others than the system; `not_found` if no user has the address, or the user was not
    /// invited, or the mark is not that of their invitation; those of [`EventCore::register`] and
    /// [`EventCore::cancel_registration`].
    pub async fn answer_invitation(&self, actor: &Actor, reply: &InvitationReply) -> Result<ReplyOutcome> {
        if !matches!(actor, Actor::System) {
            return Err(Error::Forbidden("only the system hands answers over"));
        }
        let key = self.link_key().await?;
        let address: Email = reply.attendee.parse().map_err(|_| Error::NotFound("attendee"))?;
        let mut db = self.db().read().await?;
        let user: Option<(UserId,)> = db
            .query(sql!(
                "SELECT id FROM users WHERE email_folded = $1 AND deleted_at IS NULL AND disabled_at IS NULL"
            ))
            .bind(address.folded())
            .optional()
            .await?;
        let (user,) = user.ok_or(Error::NotFound("attendee"))?;
        if !is_mark_of(&key, reply.event, user, &reply.mark) {
            return Err(Error::NotFound("invitation"));
        }
        let answered = find(&mut db, reply, user).await?.ok_or(Error::NotFound("invitation"))?;
        drop(db);
        // DTSTAMP has no fractions of a second.
        let second = |at: Timestamp| at.as_micros().div_euclid(1_000_000);
        if reply.answered_at.is_some_and(|at| second(at) < second(answered.since)) {
            return Ok(ReplyOutcome::Outdated);
        }
        self.act_on(&answered, user, reply.answer).await
    }

    async fn act_on(
        &self,
        answered: &AnsweredRow,
        user: UserId,
        answer: InvitationAnswer,
    ) -> Result<ReplyOutcome> {
        let attendee = Actor::user(user, Role::User);
        let auto_promote = answer == InvitationAnswer::Accepted;
        match (answer, answered.status) {
            (InvitationAnswer::Declined, Some(_)) => {
                self.decline_invitation(attendee, answered.id).await?;
                Ok(ReplyOutcome::Cancelled)
            }
            (InvitationAnswer::Accepted, None) => {
                let party = Party { party_size: answered.party_size, ..Party::default() };
                let registered = self.register(attendee, answered.id, &party).await?;
                Ok(ReplyOutcome::Registered(registered.registration.status))
            }
            (_, Some(RegistrationStatus::Waitlisted)) if answered.auto_promote != Some(auto_promote) => {
                let party_size = answered.party_size;
                let party = Party { party_size, auto_promote: Some(auto_promote), ..Party::default() };
                let registered = self.register(attendee, answered.id, &party).await?;
                Ok(ReplyOutcome::Registered(registered.registration.status))
            }
            _ => Ok(ReplyOutcome::Unchanged),
        }
    }
}

/// The occurrence to which the user was invited, by the names that their calendar knows it by. Without a
/// RECURRENCE-ID it is the only one of its event, or was when the user was invited.
async fn find(db: &mut impl Queries, reply: &InvitationReply, user: UserId) -> Result<Option<AnsweredRow>> {
    let (at, day) = match reply.occurrence {
        Some(InvitedOccurrence::At(at)) => (Some(at), None),
        Some(InvitedOccurrence::Day(day)) => (None, Some(format!("{day}%"))),
        None => (None, None),
    };
    let mut found: Vec<AnsweredRow> = db
        .query(sql!(
            "SELECT o.id, r.status, r.auto_promote,
                coalesce(r.created_at, (SELECT max(x.updated_at) FROM registrations x
                    WHERE x.occurrence_id = o.id AND x.user_id = $2)) AS since,
                (SELECT x.party_size FROM registrations x WHERE x.occurrence_id = o.id AND x.user_id = $2
                 ORDER BY x.created_at DESC, x.id DESC LIMIT 1) AS party_size
             FROM occurrences o
             LEFT JOIN registrations r
                ON r.occurrence_id = o.id AND r.user_id = $2 AND r.status <> 'cancelled'
             WHERE (o.event_id = $1 AND o.invitation_event IS NULL OR o.invitation_event = $1)
                AND CASE
                    WHEN coalesce(o.invitation_start, o.original_start) = $3 THEN TRUE
                    WHEN coalesce(o.invitation_local, o.original_local) LIKE $4 THEN TRUE
                    WHEN $3 IS NOT NULL OR $4 IS NOT NULL THEN FALSE
                    WHEN o.invitation_event IS NOT NULL THEN o.invitation_start IS NULL
                    ELSE (SELECT e.rrule IS NULL AND e.rdate = '[]' FROM events e WHERE e.id = o.event_id)
                END
                AND EXISTS (SELECT 1 FROM registrations x WHERE x.occurrence_id = o.id AND x.user_id = $2)
             LIMIT 2"
        ))
        .bind(reply.event)
        .bind(user)
        .bind(at)
        .bind(day)
        .all()
        .await?;
    // Of several, none is meant for sure.
    Ok(if found.len() == 1 { found.pop() } else { None })
}
