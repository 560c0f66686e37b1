//! Messages that change the state, and the effects that it returns.

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::{Cursor, EventId, OccurrenceId, RegistrationId};

use crate::backend::{Answer, Refusal, Request};
use crate::config::Config;
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
    Wheel {
        down: bool,
    },
    Resized {
        width: u16,
        height: u16,
    },
    /// An external program could not be run, or a file not be saved: the reason.
    Failed(String),
    /// A file was saved: its path.
    Kept(String),
    /// A draft could not be stored: the reason.
    Unkept(String),
    /// The text from the editor.
    Written(String),
    /// The time of `App::wakes_at` has been reached.
    Tick,
    Answered {
        ticket: u64,
        outcome: Result<Answer, Refusal>,
    },
    /// The preferences were saved or refused.
    Preferred(Result<Box<Settled>, Refusal>),
}

/// Saved preferences, with their theme and time zone.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) config: Config,
    pub(crate) theme: Theme,
    pub(crate) mine: Tz,
}

/// Work outside of the state.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    Quit,
    Run {
        ticket: u64,
        request: Request,
    },
    /// Copies to the clipboard.
    Copy(String),
    /// Opens a link in the browser.
    Browse(String),
    /// Edits a text in the external editor.
    Write(String),
    /// Saves a download under this name, or a numbered one if it is taken.
    Keep {
        name: String,
        text: String,
    },
    /// Saves the preferences.
    Prefer(Config),
    /// Stores the unsaved text of a form for the next start; `None` removes it.
    Draft {
        of: String,
        draft: Option<Draft>,
    },
}

/// What a request is for. Of several requests for the same purpose, only the newest is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Me,
    Marks,
    Agenda(Option<Cursor>),
    Search(Option<Cursor>),
    Month,
    /// The occurrences of the selected day of the month.
    Day(NaiveDate),
    Week,
    Mine(Option<Cursor>),
    /// Which past occurrences I have not rated.
    Due,
    Organized(Option<Cursor>),
    /// The past occurrences that I organized.
    Over(Option<Cursor>),
    Detail(OccurrenceId),
    Attendees(OccurrenceId, Option<Cursor>),
    Insights(EventId),
    Comments(EventId),
    Feedback(EventId, Option<Cursor>),
    /// An iCalendar file to save under this name.
    Calendar(String),
    SignIn,
    Account,
    Settings,
    Save,
    Say,
    /// My registration for an occurrence with this capacity, of which this many seats were free before.
    Come {
        capacity: i64,
        left: i64,
    },
    /// Pausing or resuming my promotion from the waitlist.
    PassOver,
    /// A command, with the notice to show on success.
    Act(&'static str),
    /// A command for each of several attendees.
    All(AtDoor, Vec<RegistrationId>),
}

/// What happens to attendees at check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtDoor {
    In,
    NoLongerIn,
    OffTheList,
}

impl AtDoor {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::In => "checked in",
            Self::NoLongerIn => "no longer checked in",
            Self::OffTheList => "removed",
        }
    }
}
