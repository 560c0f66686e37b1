//! [`CalendarContent`]: what a calendar of a user had when it was read, which many requests share.

use std::collections::HashMap;
use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::file::CalendarFile;
use super::shown::{FeedEvent, Shown};
use crate::changes::Topic;
use crate::db::text_enum;
use crate::id::{EventId, UserId};
use crate::time::{LeadTime, Timestamp};

/// The files that are kept with a calendar, in bytes.
const MAX_FILES: usize = 20 << 20;
/// What an occurrence that is attended takes, in bytes.
const ATTENDED: usize = 100;

text_enum! {
    /// Which calendar of a user.
    pub enum CalendarKind {
        /// The occurrences that they attend or wait for, of events that others organize.
        Attending = "attending",
        /// The events that they organize, whole.
        Organizing = "organizing",
    }
}

/// A file in a calendar: that of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMember {
    /// The event.
    pub event: EventId,
    /// Differs whenever the file does.
    pub tag: u64,
}

/// The members of a calendar, with what it shows of them.
#[derive(Debug)]
pub(super) struct CalendarContent {
    /// By event.
    pub(super) members: Vec<CalendarMember>,
    /// What the calendar shows of each member.
    pub(super) shown: Vec<FeedEvent>,
    /// When programs remind of events that are shown whole.
    pub(super) reminders: Vec<LeadTime>,
    pub(super) token: Uuid,
    /// When the first occurrence or event leaves the calendar because it ended long ago.
    pub(super) leaves_at: Option<Timestamp>,
    /// The events whose changes may change the calendar, by id: also those that it does not show now.
    watched: Vec<EventId>,
    /// About how many bytes it takes without files.
    own_size: usize,
    /// The size of the files that are kept, in bytes.
    files_size: AtomicUsize,
    kept: Mutex<Kept>,
}

/// What is added to the content while it is shared.
#[derive(Debug, Default)]
struct Kept {
    files: HashMap<EventId, Arc<CalendarFile>>,
    /// When the snapshot of the token was stored, or found.
    remembered_at: Option<Timestamp>,
}

impl CalendarKind {
    pub(super) const fn shows(self, shown: &Shown) -> bool {
        match shown {
            Shown::Whole => matches!(self, Self::Organizing),
            Shown::Some(_) => matches!(self, Self::Attending),
        }
    }

    /// What programs show as the name of the calendar.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Attending => "Attending",
            Self::Organizing => "Organizing",
        }
    }
}

impl CalendarContent {
    pub(super) fn new(
        found: Vec<(CalendarMember, FeedEvent)>,
        watched: Vec<EventId>,
        leaves_at: Option<Timestamp>,
        reminders: Vec<LeadTime>,
    ) -> Self {
        let (members, shown): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let of_attended = |event: &FeedEvent| match &event.shown {
            Shown::Whole => 0,
            Shown::Some(attended) => attended.len() * ATTENDED,
        };
        let own_size = size_of::<Self>()
            + members.len() * (size_of::<CalendarMember>() + size_of::<FeedEvent>())
            + shown.iter().map(of_attended).sum::<usize>()
            + watched.len() * size_of::<EventId>();
        Self {
            token: token(&members),
            members,
            shown,
            reminders,
            leaves_at,
            watched,
            own_size,
            files_size: AtomicUsize::new(0),
            kept: Mutex::default(),
        }
    }

    /// Whether something that changed may change the calendar of this owner.
    pub(super) fn is_about(&self, owner: UserId, topic: &Topic) -> bool {
        match topic {
            Topic::Event(event) => self.watched.binary_search(event).is_ok(),
            Topic::Calendars(user) => *user == owner,
            Topic::Categories => true,
            Topic::Occurrence(_)
            | Topic::Notification(..)
            | Topic::Inbox(_)
            | Topic::Account(_)
            | Topic::Lists => false,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.own_size + self.files_size.load(Ordering::Relaxed)
    }

    /// The file of an event, if it was kept.
    pub(super) fn file(&self, event: EventId) -> Option<Arc<CalendarFile>> {
        self.kept(|kept| kept.files.get(&event).cloned())
    }

    /// Keeps the file of an event while there is room. It may be newer than the tag of its member: then the
    /// calendar is read anew before it is asked for again.
    pub(super) fn keep_file(&self, event: EventId, file: &Arc<CalendarFile>) {
        let size = size_of::<CalendarFile>() + file.text.len() + file.file_name.len();
        self.kept(|kept| {
            let has_room = self.files_size.load(Ordering::Relaxed) + size <= MAX_FILES;
            if has_room && kept.files.insert(event, file.clone()).is_none() {
                self.files_size.fetch_add(size, Ordering::Relaxed);
            }
        });
    }

    /// When the snapshot of the token was stored, or found.
    pub(super) fn remembered_at(&self) -> Option<Timestamp> {
        self.kept(|kept| kept.remembered_at)
    }

    pub(super) fn set_remembered(&self, at: Timestamp) {
        self.kept(|kept| kept.remembered_at = Some(at));
    }

    fn kept<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        // What is kept is valid after each step.
        with(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The token of a calendar with these members.
pub(super) fn token(members: &[CalendarMember]) -> Uuid {
    let mut digest = Sha256::new();
    for member in members {
        digest.update(member.event.as_uuid().as_bytes());
        digest.update(member.tag.to_be_bytes());
    }
    let digest: [u8; 32] = digest.finalize().into();
    uuid::Builder::from_custom_bytes(digest.first_chunk().copied().unwrap_or_default()).into_uuid()
}
