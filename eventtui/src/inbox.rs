//! What is known of the user's notifications on all screens: how many are unread, which were read here, and
//! which events were muted here.

use std::collections::{HashMap, HashSet};

use eventcore::notifications::Notification;
use eventcore::{EventId, NotificationId, Timestamp};

/// The number of unread notifications, with the changes of this program that are not confirmed yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// The last count that was loaded.
    counted: i64,
    /// What was read here. Lists that were requested before may still show it as unread.
    read: HashSet<NotificationId>,
    /// What was read here, and is not confirmed yet.
    unconfirmed: HashSet<NotificationId>,
    /// All up to this one were read here.
    read_until: Option<NotificationId>,
    /// All up to this one are shown as read: that is sent once it can no longer be undone.
    reading_until: Option<NotificationId>,
    /// When the newest of the unread ones was written; `None` before the first count.
    told_until: Option<Timestamp>,
    /// The events that were muted or unmuted here.
    muted: HashMap<EventId, bool>,
}

impl Inbox {
    /// The number of all that are unread.
    pub(crate) fn unread(&self) -> i64 {
        if self.reading_until.is_some() {
            return 0;
        }
        let unconfirmed = i64::try_from(self.unconfirmed.len()).unwrap_or(i64::MAX);
        self.counted.saturating_sub(unconfirmed).max(0)
    }

    pub(crate) fn is_unread(&self, notification: &Notification) -> bool {
        notification.read_at.is_none()
            && !self.read.contains(&notification.id)
            && self.read_until.max(self.reading_until).is_none_or(|until| notification.id > until)
    }

    /// Takes a count. While a change is on its way, it may or may not include that, and another one follows.
    pub(crate) fn take_count(&mut self, unread: i64) {
        if self.unconfirmed.is_empty() && self.reading_until.is_none() {
            self.counted = unread;
        }
    }

    /// The notifications that were written since this was last called; none at the first time.
    pub(crate) fn take_news<'a>(&mut self, unread: &'a [Notification]) -> Vec<&'a Notification> {
        let newest = unread.iter().map(|told| told.created_at).max();
        let before = self.told_until.replace(newest.max(self.told_until).unwrap_or(Timestamp::MIN));
        let is_new = |told: &&Notification| before.is_some_and(|before| told.created_at > before);
        unread.iter().filter(is_new).filter(|told| self.is_unread(told)).collect()
    }

    /// Shows a notification as read.
    pub(crate) fn read(&mut self, notification: NotificationId) {
        self.read.insert(notification);
        self.unconfirmed.insert(notification);
    }

    /// The outcome of reading a notification.
    pub(crate) fn confirm(&mut self, notification: NotificationId, is_read: bool) {
        self.unconfirmed.remove(&notification);
        if is_read {
            self.counted = self.counted.saturating_sub(1).max(0);
        } else {
            self.read.remove(&notification);
        }
    }

    /// Shows all notifications up to one as read.
    pub(crate) fn read_all(&mut self, until: NotificationId) {
        self.reading_until = Some(until);
    }

    /// The outcome of reading all: it may also be undone before it is sent.
    pub(crate) fn confirm_all(&mut self, are_read: bool) {
        let until = self.reading_until.take();
        if are_read {
            self.read_until = self.read_until.max(until);
            self.counted = 0;
        }
    }

    /// Whether an event is muted, if it was muted or unmuted here.
    pub(crate) fn is_muted(&self, event: EventId) -> bool {
        self.muted.get(&event).copied().unwrap_or(false)
    }

    pub(crate) fn set_muted(&mut self, event: EventId, muted: bool) {
        self.muted.insert(event, muted);
    }
}
