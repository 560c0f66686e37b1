//! The questions on the bottom line.

use chrono::NaiveDate;
use eventcore::events::Occurrence;

use super::compose::Composition;
use super::owner::Owner;
use crate::backend::{ApiError, Request};
use crate::message::Purpose;
use crate::natural_dates;
use crate::reference::Reference;
use crate::view_context::ViewContext;
use crate::widgets::text::fit;
use crate::widgets::text_field::{CURSOR, TextField};

/// A question on the bottom line. Keys and pasted text go to it until it is answered or cancelled.
#[derive(Debug)]
pub(crate) enum Prompt {
    /// The party size of a registration.
    Party {
        occurrence: Box<Occurrence>,
        size: TextField,
    },
    /// A day to show.
    Day(TextField),
    /// An id or a link to open.
    Link(TextField),
    /// A comment, a rating and the like.
    Compose(Composition),
    Confirm(Confirmation),
    /// The password, before a change of credentials.
    Password(PasswordPrompt),
}

/// A change of credentials that waits for the password.
#[derive(Debug)]
pub(crate) struct PasswordPrompt {
    pub(crate) field: TextField,
    pub(crate) request: Box<Request>,
    pub(crate) purpose: Purpose,
    /// Who receives the response to the request.
    pub(crate) owner: Owner,
    /// The response, if the password is not given.
    pub(crate) error: ApiError,
}

/// The question before a change that cannot be undone.
#[derive(Debug)]
pub(crate) struct Confirmation {
    pub(crate) text: String,
    pub(crate) request: Box<Request>,
    pub(crate) then: Purpose,
    /// Who receives the answer to the request.
    pub(crate) owner: Owner,
}

impl Prompt {
    pub(crate) fn paste(&mut self, text: &str) {
        match self {
            Self::Party { size: field, .. }
            | Self::Day(field)
            | Self::Link(field)
            | Self::Password(PasswordPrompt { field, .. })
            | Self::Compose(Composition { body: field, .. }) => field.paste(text),
            // Pasted text confirms nothing.
            Self::Confirm(_) => {}
        }
    }

    /// The question, with what was typed so far and how to answer.
    pub(crate) fn text(&self, view: &ViewContext) -> String {
        match self {
            Self::Party { occurrence, size } => {
                let title = fit(&occurrence.title, 30);
                format!(
                    "Party size for {}: {} · Enter registers · Esc cancels",
                    title.trim_end(),
                    typed(size)
                )
            }
            Self::Day(field) => {
                let hint = match day(field, view) {
                    _ if field.is_empty() => "fri, +10, 4 dec, 2027-03-04".to_owned(),
                    Some(day) => format!("→ {} · Enter goes there", view.day(day)),
                    None => "! not a date: try fri, +10, 4 dec, 2027-03-04".to_owned(),
                };
                format!("Go to date: {} {hint}", typed(field))
            }
            Self::Link(field) => {
                let hint = match Reference::parse(&field.text()) {
                    Some(_) => "Enter opens it",
                    None if field.is_empty() => "paste or type it · Esc cancels",
                    None => "! not the id or link of an event or occurrence",
                };
                format!("Link or id: {} · {hint}", typed(field))
            }
            Self::Compose(composition) => {
                let (label, then) = (&composition.label, composition.mode.enter());
                format!("{label}: {} · Enter {then}", typed(&composition.body))
            }
            Self::Password(PasswordPrompt { field, .. }) => {
                let (before, all) = (field.before().chars().count(), field.text().chars().count());
                let (before, after) = ("•".repeat(before), "•".repeat(all.saturating_sub(before)));
                format!("Your password: {before}{CURSOR}{after} · Enter continues · Esc cancels")
            }
            Self::Confirm(confirmation) => {
                let stop = if confirmation.text.ends_with('?') { "" } else { "." };
                format!("{}{stop} y confirms, any other key cancels", confirmation.text)
            }
        }
    }
}

/// The day that was typed.
pub(crate) fn day(field: &TextField, view: &ViewContext) -> Option<NaiveDate> {
    natural_dates::read_day(&field.text(), view.dates())
}

/// The text with the cursor in it.
fn typed(field: &TextField) -> String {
    let (all, before) = (field.text(), field.before());
    let after = all.get(before.len()..).unwrap_or_default();
    format!("{before}{CURSOR}{after}")
}
