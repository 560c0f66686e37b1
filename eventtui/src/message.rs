//! Messages that change the state, and the effects that it returns.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::events::Occurrence;
use eventcore::live::{Followed, LiveEvent};
use eventcore::{Cursor, EventId, NotificationId, OccurrenceId, RegistrationId, UserId};

use crate::backend::{ApiError, Request, Response};
use crate::config::Config;
use crate::desktop_notice::DesktopNotices;
use crate::drafts::Draft;
use crate::keys::Key;
use crate::theme::Theme;

/// An event that changes the state.
#[derive(Debug)]
pub(crate) enum Message {
    Key(Key),
    Paste(String),
    /// A mouse click at this cell of the screen.
    Click {
        column: u16,
        row: u16,
    },
    Scroll {
        down: bool,
    },
    Resized {
        width: u16,
        height: u16,
    },
    /// An external program could not be run, or a file not be saved: the reason.
    Failed(String),
    /// A file was saved: its path.
    FileSaved(String),
    /// A draft could not be stored: the reason.
    DraftNotStored(String),
    /// The text from the editor.
    Edited(String),
    /// The time of `App::wakes_at` has been reached.
    Tick,
    Responded {
        ticket: u64,
        outcome: Result<Response, ApiError>,
    },
    /// What the stream of this number tells.
    Live {
        stream: u64,
        update: LiveUpdate,
    },
    /// The session has ended: it expired, or was ended elsewhere.
    SignedOut,
    /// The preferences were saved or refused.
    PreferencesSaved(Result<Box<SavedPreferences>, ApiError>),
}

/// What the task tells that follows what changes.
#[derive(Debug, Clone)]
pub(crate) enum LiveUpdate {
    /// What changes is told from now on.
    Connected,
    /// The connection is lost, or there was none. Another one is tried.
    Lost,
    Told(Arc<LiveEvent>),
}

/// Saved preferences, with their theme and time zone.
#[derive(Debug)]
pub(crate) struct SavedPreferences {
    pub(crate) config: Config,
    pub(crate) theme: Theme,
    pub(crate) zone: Tz,
}

/// Work outside of the state.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    Quit,
    SendRequest {
        ticket: u64,
        request: Request,
    },
    /// Follows what changes by a stream of this number, instead of by the one before it. Without anything to
    /// follow, it only ends that one.
    Follow {
        stream: u64,
        followed: Option<Followed>,
    },
    /// Copies to the clipboard.
    Copy(String),
    /// Shows a notice on the desktop.
    ShowOnDesktop {
        by: DesktopNotices,
        title: String,
        text: String,
    },
    /// Opens a link in the browser.
    OpenLink(String),
    /// Edits the description in the external editor.
    EditDescription(String),
    /// Saves a download under this name, or a numbered one if it is taken.
    SaveFile {
        name: String,
        text: String,
    },
    /// Saves the preferences.
    SavePreferences(Config),
    /// Stores the unsaved text of a form for the next start; `None` removes it.
    StoreDraft {
        key: String,
        draft: Option<Draft>,
    },
}

/// What a request is for. Of several requests for data with the same purpose, only the newest response
/// counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    CurrentUser,
    MyStatuses,
    Agenda(Option<Cursor>),
    Search(Option<Cursor>),
    Month,
    /// The titles of the month that begins on this day.
    MonthTitles(NaiveDate),
    /// The occurrences of the selected day of the month.
    Day(NaiveDate),
    Week,
    MyRegistrations(Option<Cursor>),
    /// Which past occurrences I have not rated.
    Unrated,
    OrganizedEvents(Option<Cursor>),
    /// The past occurrences that I organized.
    PastOccurrences(Option<Cursor>),
    OccurrenceDetail(OccurrenceId),
    /// Opening what this id or link names.
    Find(String),
    Attendees(OccurrenceId, Option<Cursor>),
    Categories,
    CategoryList,
    CoOrganizers(EventId),
    RemoveCoOrganizer(UserId),
    Insights(EventId),
    Comments(EventId),
    Feedback(EventId, Option<Cursor>),
    /// The number of unread notifications.
    News,
    Inbox(Option<Cursor>),
    ReadNotification(NotificationId),
    ReadAllNotifications,
    Mute(EventId),
    NotificationPreferences,
    SaveChannels,
    SaveReminders,
    /// A file to save under this name.
    Download(String),
    SignIn,
    Account,
    Tokens,
    Webhooks,
    Deliveries(Option<Cursor>),
    SaveWebhook,
    /// Replacing the secret of a webhook.
    RotateSecret,
    Subscriptions,
    SaveSubscription,
    /// What an import would do.
    TryImport,
    StoreImport,
    SaveSettings,
    SaveForm,
    SendText,
    /// My registration for an occurrence, as it was known before.
    Register {
        occurrence: Box<Occurrence>,
        party: i64,
    },
    /// Setting whether I may be promoted from the waitlist.
    SetAutoPromote,
    /// A command, with the notice to show on success.
    Command(&'static str),
    DeleteEvent,
    /// A ticket code at the entrance.
    CheckInByCode(String),
    /// A command for each of several attendees.
    AttendeeBatch(AttendeeChange, Vec<RegistrationId>),
}

/// A change that organizers make to several registrations at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttendeeChange {
    CheckedIn,
    CheckInUndone,
    Removed,
}

impl AttendeeChange {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::CheckedIn => "checked in",
            Self::CheckInUndone => "no longer checked in",
            Self::Removed => "removed",
        }
    }
}
