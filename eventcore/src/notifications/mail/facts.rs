//! What a mail about notifications tells, as things are when it is delivered.

use sqlx::FromRow;

use super::truth::Situation;
use crate::calendars::{self, Inviter, ToldBefore};
use crate::core::EventCore;
use crate::db::{Queries, SqlWriter};
use crate::error::{Error, Result};
use crate::events::{EventStatus, OccurrenceStatus, Relation, Visibility, co_organizes, is_registered, zone};
use crate::id::{EventId, NotificationId, OccurrenceId, UserId};
use crate::mails::{
    self, CommentFacts, FeedbackFacts, Invitation, InvitationMethod, NotificationFacts, RegistrationFacts,
    ReplyAddress,
};
use crate::notifications::kind::NotificationKind;
use crate::notifications::notify::ToldDetails;
use crate::notifications::prune::KEPT;
use crate::registrations::{RegistrationStatus, format_ticket_code};
use crate::time::{Moment, Timestamp};

/// A notification, and what it is about as that is now.
#[derive(FromRow)]
struct SubjectRow {
    kind: NotificationKind,
    details: Option<String>,
    told_title: Option<String>,
    told_starts_at: Option<Timestamp>,
    told_timezone: Option<String>,
    told_all_day: bool,
    wanted: bool,
    is_admin: bool,
    is_organizer: bool,
    is_co_organizer: bool,
    is_registered: bool,
    event_id: EventId,
    event_status: EventStatus,
    visibility: Visibility,
    occurrence_id: Option<OccurrenceId>,
    occurrence_status: Option<OccurrenceStatus>,
    title: String,
    location: String,
    url: Option<String>,
    timezone: String,
    all_day: bool,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    organizer: String,
    /// The address of the organizer, if they take replies, it takes mails, and they are not the reader.
    organizer_address: Option<String>,
    registration_status: Option<RegistrationStatus>,
    is_told_registration: bool,
    invited: bool,
    party_size: Option<i64>,
    position: Option<i64>,
    ticket_code: Option<String>,
    author: Option<String>,
    comment: Option<String>,
    rating: Option<i64>,
    feedback: Option<String>,
}

/// What is told of, and the reader's relation to it. Comments and feedback that cannot be read are missing.
///
/// Times follow, with [`MAILED`] and [`FROM`] after them: of registrations that were made until the first, it
/// is not known any more who was promoted, and of those until the second, who was invited by mail. Whoever
/// had a seat, as far as is known, and takes such mails is taken to have been. A mail that was written with
/// this one is not sent: there was no registration any more. One that waits from before may be on its way.
fn select() -> String {
    let co_organizes = co_organizes("e.id", "n.user_id");
    let is_registered = is_registered("e.id", "n.user_id");
    format!(
        "SELECT n.kind, n.details, n.title AS told_title, n.starts_at AS told_starts_at, \
        n.timezone AS told_timezone, n.all_day AS told_all_day, \
        NOT EXISTS (SELECT 1 FROM notification_preferences p \
            WHERE p.user_id = n.user_id AND p.kind = n.kind AND NOT p.email) \
        AND NOT EXISTS (SELECT 1 FROM event_mutes m WHERE m.user_id = n.user_id AND m.event_id = e.id) \
            AS wanted, \
        u.role = 'admin' AS is_admin, e.organizer_id = n.user_id AS is_organizer, \
        {co_organizes} AS is_co_organizer, {is_registered} AS is_registered, \
        e.id AS event_id, e.status AS event_status, e.visibility, \
        o.id AS occurrence_id, o.status AS occurrence_status, \
        coalesce(o.title, e.title) AS title, coalesce(o.location, e.location) AS location, \
        coalesce(o.url, e.url) AS url, coalesce(o.timezone, e.timezone) AS timezone, \
        coalesce(o.all_day, e.all_day) AS all_day, o.starts_at, o.ends_at, h.display_name AS organizer, \
        CASE WHEN h.takes_replies AND h.email_verified_at IS NOT NULL AND h.email_bounced_at IS NULL \
            AND h.disabled_at IS NULL AND h.id <> n.user_id THEN h.email END AS organizer_address, \
        r.status AS registration_status, coalesce(r.id = n.subject_id, FALSE) AS is_told_registration, \
        r.party_size, \
        CASE WHEN r.status = 'waitlisted' THEN (SELECT count(*) FROM registrations w \
            WHERE w.occurrence_id = r.occurrence_id AND w.status = 'waitlisted' \
                AND w.waitlist_number <= r.waitlist_number) END AS position, \
        CASE WHEN r.status IN ('confirmed', 'attended') THEN r.ticket_code END AS ticket_code, \
        a.display_name AS author, c.body AS comment, f.rating, f.text AS feedback, \
        CASE WHEN x.id IS NULL THEN FALSE ELSE (x.waitlist_number IS NULL \
            OR EXISTS (SELECT 1 FROM notifications t WHERE t.user_id = n.user_id \
                AND t.occurrence_id = n.occurrence_id AND t.kind = 'registration_promoted' \
                AND t.created_at >= x.created_at) \
            OR x.created_at <= "
    )
}
/// The next part of [`select`].
const MAILED: &str = ") AND (EXISTS (SELECT 1 FROM notifications t \
                JOIN mails m ON m.id = t.id AND m.state IN ('waiting', 'sent') \
                WHERE t.user_id = n.user_id AND t.occurrence_id = n.occurrence_id \
                    AND t.kind IN ('registration_confirmed', 'registration_promoted', 'event_changed') \
                    AND t.created_at >= x.created_at \
                    AND m.created_at < (SELECT w.created_at FROM mails w WHERE w.id = n.id)) \
            OR NOT EXISTS (SELECT 1 FROM notification_preferences p \
                WHERE p.user_id = n.user_id AND p.kind = 'registration_confirmed' AND NOT p.email) \
                AND x.created_at <= ";
/// The rest of [`select`].
const FROM: &str = ") END AS invited \
    FROM notifications n JOIN users u ON u.id = n.user_id \
    LEFT JOIN occurrences o ON o.id = n.occurrence_id \
    JOIN events e ON e.id = coalesce(o.event_id, n.event_id) \
    JOIN users h ON h.id = e.organizer_id \
    LEFT JOIN registrations r ON r.id = (SELECT l.id FROM registrations l \
        WHERE l.occurrence_id = n.occurrence_id AND l.user_id = n.user_id AND l.status <> 'cancelled') \
    LEFT JOIN registrations x ON n.kind = 'registration_cancelled' AND x.id = n.subject_id \
    LEFT JOIN users a ON a.id = n.actor_id \
    LEFT JOIN comments c ON n.kind IN ('new_comment', 'comment_reply') AND c.id = n.subject_id \
        AND c.deleted_at IS NULL AND c.hidden_at IS NULL \
    LEFT JOIN feedback f ON n.kind = 'feedback_received' AND f.id = n.subject_id ";

/// What a mail about these notifications of a user tells. `None` if nothing of it is true any more.
pub(crate) async fn mail_facts(
    core: &EventCore,
    user: UserId,
    notifications: &[NotificationId],
) -> Result<Option<NotificationFacts>> {
    let (now, key) = (core.now(), core.link_key().await?);
    let mut db = core.db().read().await?;
    let mut sql = SqlWriter::new(core.db().dialect());
    sql.push(&select()).value(now.minus(KEPT)).push(MAILED).value(now.minus(mails::KEPT)).push(FROM);
    sql.push("WHERE n.user_id = ").value(user.as_uuid()).push(" AND n.id IN (");
    sql.separated(", ", notifications, |sql, id| _ = sql.value(id.as_uuid()));
    sql.push(") ORDER BY n.id");
    let rows: Vec<SubjectRow> = sql.query(&mut db).all().await?;
    let mut told = Vec::new();
    for row in rows {
        let details = row.details()?;
        if row.situation(&details, now).is_true() {
            told.push((row, details));
        }
    }
    let mut found = facts(&told);
    let answers = core.mailer_cell().get().and_then(|mailer| mailer.address_for_answers());
    if let (Some(found), Some((row, _)), Some(address)) = (&mut found, told.first(), answers) {
        let inviter = Inviter { address: &address, key: &key, now };
        found.invitation = row.invitation(&mut db, user, &inviter).await?;
    }
    // What the reader did is told to nobody but their calendar.
    Ok(found.filter(|found| !found.own || found.invitation.is_some()))
}

impl SubjectRow {
    /// What the calendar of the reader is told.
    async fn invitation(
        &self,
        db: &mut impl Queries,
        user: UserId,
        inviter: &Inviter<'_>,
    ) -> Result<Option<Invitation>> {
        let has_seats = matches!(
            self.registration_status,
            Some(RegistrationStatus::Confirmed | RegistrationStatus::Attended)
        );
        let method = match self.kind {
            NotificationKind::RegistrationConfirmed | NotificationKind::RegistrationPromoted => {
                InvitationMethod::Request
            }
            NotificationKind::EventChanged if has_seats => InvitationMethod::Request,
            NotificationKind::EventCancelled if has_seats => InvitationMethod::Cancel,
            NotificationKind::RegistrationCancelled => InvitationMethod::Cancel,
            _ => return Ok(None),
        };
        let Some(occurrence) = self.occurrence_id else { return Ok(None) };
        let is_closed = self.kind == NotificationKind::RegistrationCancelled;
        let told = self.told_starts_at.filter(|_| is_closed).map(|starts_at| ToldBefore {
            title: self.told_title.clone().unwrap_or_default(),
            starts_at,
            tz: zone(self.told_timezone.as_ref().unwrap_or(&self.timezone)),
            all_day: self.told_all_day,
        });
        calendars::invitation(db, (occurrence, user), method, inviter, told.as_ref()).await
    }

    fn details(&self) -> Result<ToldDetails> {
        match &self.details {
            Some(json) => serde_json::from_str(json).map_err(Error::internal),
            None => Ok(ToldDetails::default()),
        }
    }

    fn situation(&self, details: &ToldDetails, now: Timestamp) -> Situation {
        Situation {
            kind: self.kind,
            wanted: self.wanted,
            relation: self.relation(),
            event: self.event_status,
            visibility: self.visibility,
            occurrence: self.occurrence_status,
            begun: self.starts_at.is_some_and(|at| at <= now),
            ended: self.ends_at.is_some_and(|at| at <= now),
            moved_again: self.starts_at != self.told_starts_at,
            tells_start: details.old_starts_at.is_some(),
            registration: self.registration_status,
            is_told_registration: self.is_told_registration,
            own: details.own,
            invited: self.invited,
            readable: self.comment.is_some() || self.feedback.is_some(),
        }
    }

    fn relation(&self) -> Relation {
        if self.is_admin {
            Relation::Admin
        } else if self.is_organizer {
            Relation::Organizer
        } else if self.is_co_organizer {
            Relation::CoOrganizer
        } else if self.is_registered {
            Relation::Registered
        } else {
            Relation::Stranger
        }
    }

    /// Where replies go. Readers who see the event no more learn no address from it.
    fn reply_to(&self) -> Option<ReplyAddress> {
        let sees = self.relation().sees(self.event_status, self.visibility);
        let address = self.organizer_address.clone().filter(|_| sees && self.kind.is_for_attendees())?;
        Some(ReplyAddress { name: self.organizer.clone(), address })
    }

    /// Path of the page, which is for everyone who has the link.
    fn page(&self) -> Option<String> {
        if self.visibility == Visibility::Private || self.event_status == EventStatus::Draft {
            return None;
        }
        Some(match self.occurrence_id {
            Some(id) => format!("/occurrences/{id}"),
            None => format!("/events/{}", self.event_id),
        })
    }

    /// The registration, unless what is told is that it ended.
    fn registration(&self) -> Option<RegistrationFacts> {
        let party_size = self.party_size.filter(|_| self.registration_status.is_some())?;
        let is_cancelled = self.occurrence_status == Some(OccurrenceStatus::Cancelled);
        let ticket_code = self.ticket_code.as_deref().filter(|_| !is_cancelled).map(format_ticket_code);
        Some(RegistrationFacts { party_size, position: self.position, ticket_code })
    }
}

/// The facts of notifications that are true.
fn facts(told: &[(SubjectRow, ToldDetails)]) -> Option<NotificationFacts> {
    let (first, details) = told.first()?;
    // Those who may not see the event any more are told what they knew.
    let is_closed = first.kind == NotificationKind::RegistrationCancelled;
    let (title, starts_at, timezone, all_day) = if is_closed {
        let title = first.told_title.clone().unwrap_or_default();
        let timezone = first.told_timezone.clone().unwrap_or_else(|| first.timezone.clone());
        (title, first.told_starts_at, timezone, first.told_all_day)
    } else {
        (first.title.clone(), first.starts_at, first.timezone.clone(), first.all_day)
    };
    let tz = zone(&timezone);
    let moment = |at| if all_day { Moment::day(at, tz) } else { Moment::at(at, tz) };
    let when = match (starts_at, first.ends_at) {
        (Some(start), _) if is_closed => Some((moment(start), moment(start))),
        (Some(start), Some(end)) => Some(Moment::span(start, end, tz, all_day)),
        _ => None,
    };
    let shown = |text: &str| if is_closed { String::new() } else { text.to_owned() };
    Some(NotificationFacts {
        title,
        page: first.page().filter(|_| !is_closed),
        when,
        location: shown(&first.location),
        url: first.url.clone().filter(|_| !is_closed),
        organizer: shown(&first.organizer),
        reply_to: first.reply_to(),
        old_starts_at: details.old_starts_at.map(moment),
        old_location: details.old_location.clone(),
        restored: details.restored,
        own: details.own,
        registration: first.registration().filter(|_| !is_closed),
        comments: told.iter().filter_map(|(row, _)| comment(row)).collect(),
        feedback: told.iter().filter_map(|(row, _)| feedback(row)).collect(),
        timezone,
        invitation: None,
    })
}

fn comment(row: &SubjectRow) -> Option<CommentFacts> {
    Some(CommentFacts { author: author(row), text: row.comment.clone()? })
}

fn feedback(row: &SubjectRow) -> Option<FeedbackFacts> {
    Some(FeedbackFacts { author: author(row), rating: row.rating?, text: row.feedback.clone()? })
}

fn author(row: &SubjectRow) -> String {
    row.author.clone().unwrap_or_else(|| "Someone".to_owned())
}
