//! What happens to the program, and what it does about it.

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::{Cursor, EventId, OccurrenceId, RegistrationId};

use crate::backend::{Answer, Refusal, Request};
use crate::config::Config;
use crate::drafts::Draft;
use crate::keys::Key;
use crate::theme::Theme;

/// What happened.
#[derive(Debug)]
pub(crate) enum Message {
    Key(Key),
    Paste(String),
    /// A click on a row of the screen, or a turn of the wheel.
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
    /// Another program could not be run, or a file not be kept, and why.
    Failed(String),
    /// Where a file is kept.
    Kept(String),
    /// A draft could not be kept, and why.
    Unkept(String),
    /// What an editor made of a text.
    Written(String),
    /// Time has passed.
    Tick,
    Answered {
        ticket: u64,
        outcome: Result<Answer, Refusal>,
    },
    /// The preferences are kept, or why not.
    Preferred(Result<Box<Settled>, Refusal>),
}

/// Preferences that hold from now on, and what they mean.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) config: Config,
    pub(crate) theme: Theme,
    pub(crate) mine: Tz,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    Quit,
    Run {
        ticket: u64,
        request: Request,
    },
    /// To the clipboard.
    Copy(String),
    /// In the browser.
    Browse(String),
    /// In the editor, which has the terminal meanwhile.
    Write(String),
    /// As a file of its own, of that name or one like it.
    Keep {
        name: String,
        text: String,
    },
    /// In the configuration.
    Prefer(Config),
    /// What was typed into a form and not saved, for the next time; or that nothing was.
    Draft {
        of: String,
        draft: Option<Draft>,
    },
}

/// What an answer is for. Of several for one purpose, only the newest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Me,
    Marks,
    Agenda(Option<Cursor>),
    Search(Option<Cursor>),
    Month,
    /// The dates of a day of the month.
    Day(NaiveDate),
    Week,
    Mine(Option<Cursor>),
    /// Whether something is to be said of these dates.
    Due,
    Organized(Option<Cursor>),
    /// The dates that I organized, until today.
    Over(Option<Cursor>),
    Detail(OccurrenceId),
    Attendees(OccurrenceId, Option<Cursor>),
    Insights(EventId),
    Comments(EventId),
    Feedback(EventId, Option<Cursor>),
    /// A file for calendars, of that name.
    Calendar(String),
    SignIn,
    Account,
    Settings,
    Save,
    Say,
    /// I register for a date with so many seats, of which so many seem to be left.
    Come {
        capacity: i64,
        left: i64,
    },
    /// I let others pass, or no longer.
    PassOver,
    /// Something was done; what to say then.
    Act(&'static str),
    /// Something was done at the door for each of several people.
    All(AtDoor, Vec<RegistrationId>),
}

/// What people at the door are then.
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
