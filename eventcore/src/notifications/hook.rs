//! Telling what a transaction has changed, before its commit: people, and those who follow what changes.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::FromRow;

use super::announce;
use super::decision::{News, Telling, decide};
use super::kind::NotificationKind;
use super::notify::{Draft, ToldDetails, inserts, lock_recipients};
use super::occasion::Occasion;
use super::prune::forget;
use crate::changes::{Change, topics_of};
use crate::db::{CommitHook, InsertHook, Locking, Queries, RowInsert, Sql, SqlWriter, Tx, sql};
use crate::error::{Error, Result};
use crate::events::{co_organizes, is_registered};
use crate::id::{CommentId, EventId, OccurrenceId, RegistrationId, UserId};
use crate::jobs::Announcement;
use crate::time::{Clock, Timestamp};
use crate::webhooks;

/// Tells people and webhooks what transactions have changed.
pub(crate) struct Notifier(pub(crate) Arc<dyn Clock>);

impl CommitHook for Notifier {
    fn before_commit<'t>(
        &'t self,
        tx: &'t mut Tx,
        changes: &'t [Change],
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 't>> {
        Box::pin(tell(tx, changes, self.0.now()))
    }
}

impl InsertHook for Notifier {
    fn inserts_for(&self, changes: &[Change]) -> Result<Option<Vec<RowInsert>>> {
        let now = self.0.now();
        let mut drafts = Vec::new();
        for change in changes {
            match decide(change) {
                Telling::Nobody => {}
                Telling::Registrant { user, kind, own, registration, occurrence } => {
                    drafts.push(registrant(user, (kind, own), registration, occurrence, now));
                }
                _ => return Ok(None),
            }
        }
        all_inserts(&drafts, changes, now).map(Some)
    }
}

fn registrant(
    user: UserId,
    (kind, own): (NotificationKind, bool),
    registration: RegistrationId,
    occurrence: OccurrenceId,
    now: Timestamp,
) -> Draft {
    let occasion = Occasion { kind, subject: registration.as_uuid(), at: now };
    let details = ToldDetails { own, ..ToldDetails::default() };
    Draft { details, ..Draft::of_occurrence(user, occasion, occurrence) }
}

/// Tells what a transaction has changed, in it: in one statement, unless many are told. That it has changed
/// is stored by the same statement.
async fn tell(tx: &mut Tx, changes: &[Change], now: Timestamp) -> Result<()> {
    let by = tx.actor();
    let (mut drafts, mut announcements) = (Vec::new(), BTreeMap::new());
    for change in changes {
        match decide(change) {
            Telling::Nobody => {}
            Telling::Registrant { user, kind, own, registration, occurrence } => {
                drafts.push(registrant(user, (kind, own), registration, occurrence, now));
            }
            Telling::Comment { event, comment, author, parent } => {
                drafts.extend(commented(tx, event, comment, author, parent, now).await?);
            }
            Telling::Feedback { occurrence, feedback, author } => {
                let occasion =
                    Occasion { kind: NotificationKind::FeedbackReceived, subject: feedback, at: now };
                let organizers = organizers_of(tx, occurrence).await?;
                // The occurrence is locked, and a deletion that has locked an organizer may wait for it.
                // So this transaction waits for no user, but is run again.
                let living = lock_recipients(tx, organizers.iter().copied(), Locking::Skip).await?;
                if living.len() < organizers.len() {
                    return Err(Error::Contended);
                }
                for organizer in living {
                    if organizer != author {
                        let draft = Draft::of_occurrence(organizer, occasion, occurrence);
                        drafts.push(Draft { actor: Some(author), ..draft });
                    }
                }
            }
            Telling::PasswordChanged { user } => {
                let kind = NotificationKind::PasswordChanged;
                drafts.push(Draft::of_account(user, Occasion { kind, subject: user.as_uuid(), at: now }));
            }
            Telling::SignIn { user, session, client } => {
                let kind = NotificationKind::NewSignIn;
                let draft = Draft::of_account(user, Occasion { kind, subject: session.as_uuid(), at: now });
                let details = ToldDetails { client: Some(client), ..ToldDetails::default() };
                drafts.push(Draft { details, ..draft });
            }
            Telling::WebhookDisabled { user, webhook, receiver, gone } => {
                let kind = NotificationKind::WebhookDisabled;
                let draft = Draft::of_account(user, Occasion { kind, subject: webhook.as_uuid(), at: now });
                let details = ToldDetails { receiver: Some(receiver), gone, ..ToldDetails::default() };
                drafts.push(Draft { details, ..draft });
            }
            Telling::CalendarSubscription { user, subscription, host, gone, missing } => {
                let kind = NotificationKind::CalendarSubscription;
                let occasion = Occasion { kind, subject: subscription.as_uuid(), at: now };
                let details = ToldDetails { receiver: Some(host), gone, missing, ..ToldDetails::default() };
                drafts.push(Draft { details, ..Draft::of_account(user, occasion) });
            }
            Telling::Attendees(news) => add_news(tx, &mut announcements, news, by, now).await?,
            Telling::Forget { user } => forget(tx, user).await?,
        }
    }
    for announcement in announcements.into_values() {
        announce::begin(tx, announcement, now).await?;
    }
    let inserts = all_inserts(&drafts, changes, now)?;
    if !inserts.is_empty() {
        let mut sql = SqlWriter::new(tx.dialect());
        sql.insert_all(inserts);
        sql.query(tx).execute_deferred().await?;
    }
    Ok(())
}

/// The INSERTs of notifications, of what has changed, and of the jobs that tell webhooks.
fn all_inserts(drafts: &[Draft], changes: &[Change], now: Timestamp) -> Result<Vec<RowInsert>> {
    let mut all = inserts(drafts, topics_of(changes), now)?;
    all.extend(webhooks::insert(changes, now)?);
    Ok(all)
}

/// Adds news to the announcement of its event.
async fn add_news(
    tx: &mut Tx,
    announcements: &mut BTreeMap<(EventId, bool), Announcement>,
    news: News,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    let key = (news.event(), news.is_cancellation());
    let announcement = announcements.entry(key).or_insert_with(|| announce::empty(key.0, key.1, by, now));
    announce::add(tx, announcement, news, now).await
}

impl Draft {
    pub(super) fn of_occurrence(user: UserId, occasion: Occasion, occurrence: OccurrenceId) -> Self {
        let details = ToldDetails::default();
        Self { user, occasion, event: None, occurrence: Some(occurrence), actor: None, details }
    }

    pub(super) fn of_account(user: UserId, occasion: Occasion) -> Self {
        Self { user, occasion, event: None, occurrence: None, actor: None, details: ToldDetails::default() }
    }
}

#[derive(FromRow)]
struct Interested {
    user_id: UserId,
    replied_to: bool,
}

/// The notifications of a comment: to the author of the parent, if they can still see the event, and to the
/// organizers, who get no second one for a reply to a comment of theirs.
async fn commented(
    tx: &mut Tx,
    event: EventId,
    comment: CommentId,
    author: UserId,
    parent: Option<CommentId>,
    now: Timestamp,
) -> Result<Vec<Draft>> {
    let mut interested: Vec<Interested> = tx
        .query(Sql::dynamic(format!(
            "SELECT c.author_id AS user_id, TRUE AS replied_to FROM comments c
             JOIN events e ON e.id = c.event_id JOIN users u ON u.id = c.author_id
             WHERE c.id = $2 AND c.deleted_at IS NULL AND u.deleted_at IS NULL
                AND ((e.status <> 'draft' AND e.visibility <> 'private') OR e.organizer_id = c.author_id
                    OR u.role = 'admin'
                    OR {} OR (e.status <> 'draft' AND {}))
             UNION ALL SELECT e.organizer_id, FALSE FROM events e WHERE e.id = $1
             UNION ALL SELECT g.user_id, FALSE FROM event_organizers g WHERE g.event_id = $1",
            co_organizes("e.id", "c.author_id"),
            is_registered("e.id", "c.author_id")
        )))
        .bind(event)
        .bind(parent)
        .all()
        .await?;
    // Who organizes the event and wrote the parent is told of the reply.
    interested.sort_by_key(|one| !one.replied_to);
    let living = lock_recipients(tx, interested.iter().map(|one| one.user_id), Locking::Wait).await?;
    interested.retain(|one| living.contains(&one.user_id));
    let mut told: Vec<UserId> = vec![author];
    let mut drafts = Vec::new();
    for Interested { user_id, replied_to } in interested {
        if told.contains(&user_id) {
            continue;
        }
        told.push(user_id);
        let kind = if replied_to { NotificationKind::CommentReply } else { NotificationKind::NewComment };
        let occasion = Occasion { kind, subject: comment.as_uuid(), at: now };
        let draft = Draft::of_account(user_id, occasion);
        drafts.push(Draft { event: Some(event), actor: Some(author), ..draft });
    }
    Ok(drafts)
}

/// The organizer and the co-organizers of the event of an occurrence, if they are not deleted.
async fn organizers_of(tx: &mut Tx, occurrence: OccurrenceId) -> Result<Vec<UserId>> {
    let organizers: Vec<(UserId,)> = tx
        .query(sql!(
            "SELECT u.id FROM users u WHERE u.deleted_at IS NULL AND u.id IN (
                SELECT o.organizer_id FROM occurrences o WHERE o.id = $1
                UNION SELECT g.user_id FROM occurrences o JOIN event_organizers g ON g.event_id = o.event_id
                    WHERE o.id = $1)"
        ))
        .bind(occurrence)
        .all()
        .await?;
    Ok(organizers.into_iter().map(|(user,)| user).collect())
}
