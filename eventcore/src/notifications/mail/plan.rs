//! Which mails follow from the notifications that are due: the rules of digests and limits.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sqlx::FromRow;

use crate::id::{EventId, MailId, NotificationId, UserId};
use crate::mails::{Mail, MailKind, NotificationMail};
use crate::notifications::kind::NotificationKind;
use crate::time::Timestamp;

/// The time in which several comments on an event become one mail, and for which mails are counted.
pub(super) const WINDOW: Duration = Duration::from_hours(1);
/// The mails about notifications that a person gets in that time. Others wait.
const MOST: usize = 60;

/// A notification whose mail is due.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct DueNotification {
    pub(super) user_id: UserId,
    pub(super) id: NotificationId,
    pub(super) kind: NotificationKind,
    pub(super) event_id: Option<EventId>,
}

/// A mail that a person got lately.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct RecentMail {
    pub(super) user_id: UserId,
    pub(super) kind: MailKind,
    pub(super) event_id: EventId,
    pub(super) created_at: Timestamp,
}

/// What becomes of due notifications.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MailPlan {
    /// The mails to write.
    pub(super) mails: Vec<NotificationMail>,
    /// All due notifications, each with the time at which it is due again, or `None` if it is done.
    pub(super) marks: Vec<(UserId, NotificationId, Option<Timestamp>)>,
}

/// Plans the mails. `addresses` has those who get mails about notifications, `recent` their mails of the
/// last [`WINDOW`].
pub(super) fn plan(
    due: &[DueNotification],
    addresses: &HashMap<UserId, String>,
    recent: &[RecentMail],
    now: Timestamp,
) -> MailPlan {
    let mut past: HashMap<UserId, Vec<&RecentMail>> = HashMap::new();
    for mail in recent {
        past.entry(mail.user_id).or_default().push(mail);
    }
    let mut plan = MailPlan::default();
    // The mails of this plan, by person, event and kind, for further comments.
    let mut digests: HashMap<(UserId, EventId, NotificationKind), usize> = HashMap::new();
    let mut counts: HashMap<UserId, usize> = HashMap::new();
    for told in due {
        let mut again = None;
        if let (Some(address), Some(event), Some(about)) =
            (addresses.get(&told.user_id), told.event_id, told.kind.mail())
        {
            let past = past.get(&told.user_id).map_or(&[][..], Vec::as_slice);
            let key = (told.user_id, event, told.kind);
            let count = counts.entry(told.user_id).or_insert(past.len());
            let digest = digests.get(&key).copied().filter(|_| told.kind.is_digested());
            again = wait(told.kind, about, event, past, *count);
            match (digest, again) {
                (Some(n), _) => {
                    again = None;
                    add(&mut plan.mails[n].mail, told.id);
                }
                (None, Some(_)) => {}
                (None, None) => {
                    *count += 1;
                    digests.insert(key, plan.mails.len());
                    plan.mails.push(NotificationMail {
                        id: MailId::from(told.id.as_uuid()),
                        user: told.user_id,
                        address: address.clone(),
                        event,
                        mail: Mail::Notification { about, notifications: vec![told.id] },
                    });
                }
            }
        }
        // A clock that was set back must not keep mails for long.
        let again = again.map(|at| at.clamp(now.plus(Duration::from_secs(1)), now.plus(WINDOW)));
        plan.marks.push((told.user_id, told.id, again));
    }
    plan
}

fn add(mail: &mut Mail, id: NotificationId) {
    if let Mail::Notification { notifications, .. } = mail {
        notifications.push(id);
    }
}

/// Until when a mail has to wait, after those that its reader got in the last [`WINDOW`] and `count` in all.
fn wait(
    kind: NotificationKind,
    about: MailKind,
    event: EventId,
    past: &[&RecentMail],
    count: usize,
) -> Option<Timestamp> {
    let of_the_same = |mail: &&&RecentMail| mail.kind == about && mail.event_id == event;
    let last = past.iter().filter(of_the_same).map(|mail| mail.created_at).max();
    if let Some(last) = last.filter(|_| kind.is_digested()) {
        return Some(last.plus(WINDOW));
    }
    if count < MOST {
        return None;
    }
    let oldest = past.iter().map(|mail| mail.created_at).min();
    Some(oldest.map_or(Timestamp::MAX, |oldest| oldest.plus(WINDOW)))
}

/// The people of due notifications, each once.
pub(super) fn people(due: &[DueNotification]) -> Vec<UserId> {
    let mut seen = HashSet::new();
    due.iter().map(|told| told.user_id).filter(|user| seen.insert(*user)).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn due(user: u128, id: u128, kind: NotificationKind, event: u128) -> DueNotification {
        let (user_id, id) = (Uuid::from_u128(user).into(), Uuid::from_u128(id).into());
        DueNotification { user_id, id, kind, event_id: Some(Uuid::from_u128(event).into()) }
    }

    fn recent(user: u128, kind: MailKind, event: u128, minutes_ago: u64) -> RecentMail {
        let created_at = NOW.minus(Duration::from_mins(minutes_ago));
        let (user_id, event_id) = (Uuid::from_u128(user).into(), Uuid::from_u128(event).into());
        RecentMail { user_id, kind, event_id, created_at }
    }

    fn planned(due: &[DueNotification], recent: &[RecentMail]) -> MailPlan {
        let address = |user: u128| (UserId::from(Uuid::from_u128(user)), format!("{user}@example.org"));
        plan(due, &HashMap::from([address(1), address(2)]), recent, NOW)
    }

    fn sizes(plan: &MailPlan) -> Vec<usize> {
        let size = |mail: &NotificationMail| match &mail.mail {
            Mail::Notification { notifications, .. } => notifications.len(),
            _ => 0,
        };
        plan.mails.iter().map(size).collect()
    }

    #[test]
    fn each_notification_is_a_mail_but_what_others_write_is_one_for_an_event() {
        use NotificationKind::{CommentReply, NewComment, Reminder};
        let due = [
            due(1, 1, NewComment, 7),
            due(1, 2, NewComment, 7),
            due(1, 3, NewComment, 8),
            due(1, 4, CommentReply, 7),
            due(2, 5, NewComment, 7),
            due(1, 6, Reminder, 7),
            due(1, 7, Reminder, 7),
            due(1, 8, NewComment, 7),
        ];
        let plan = planned(&due, &[]);
        assert_eq!(sizes(&plan), [3, 1, 1, 1, 1, 1]);
        assert_eq!(plan.mails[0].id.as_uuid(), Uuid::from_u128(1));
        assert_eq!(plan.marks.len(), due.len());
        assert!(plan.marks.iter().all(|(.., again)| again.is_none()));
    }

    #[test]
    fn comments_wait_for_an_hour_after_a_mail_about_the_same() {
        use NotificationKind::{CommentReply, NewComment};
        let due = [due(1, 1, NewComment, 7), due(1, 2, NewComment, 7), due(1, 3, CommentReply, 7)];
        let plan =
            planned(&due, &[recent(1, MailKind::NewComment, 7, 20), recent(2, MailKind::NewComment, 7, 1)]);
        let again = Some(NOW.plus(Duration::from_mins(40)));
        assert_eq!(plan.marks.iter().map(|(.., again)| *again).collect::<Vec<_>>(), [again, again, None]);
        assert_eq!(sizes(&plan), [1]);
    }

    #[test]
    fn those_without_an_address_and_security_notices_get_nothing() {
        use NotificationKind::{NewSignIn, Reminder};
        let plan = planned(&[due(3, 1, Reminder, 7), due(1, 2, NewSignIn, 7)], &[]);
        assert_eq!(plan.mails, []);
        assert!(plan.marks.len() == 2 && plan.marks.iter().all(|(.., again)| again.is_none()));
    }

    #[test]
    fn a_person_gets_so_many_mails_in_an_hour_and_the_others_later() {
        let due: Vec<_> = (0..70).map(|n| due(1, n, NotificationKind::EventChanged, 7)).collect();
        let plan = planned(&due, &[recent(1, MailKind::Reminder, 8, 50)]);
        assert_eq!(plan.mails.len(), MOST - 1);
        let later = plan.marks.iter().filter(|(.., again)| *again == Some(NOW.plus(Duration::from_mins(10))));
        assert_eq!(later.count(), 11);
        let all_at_once = planned(&due, &[]);
        let later = all_at_once.marks.iter().filter(|(.., again)| *again == Some(NOW.plus(WINDOW)));
        assert_eq!(later.count(), 10);
    }
}
