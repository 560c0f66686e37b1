//! When the user is reminded: of everything, or of one registration.

use eventcore::OccurrenceId;
use eventcore::time::LeadTime;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::entries::{Entries, Entry};
use super::screen::{Context, Handled, Screen};
use crate::backend::{ApiError, ErrorKind, NotificationsRequest, Request, Response};
use crate::keys::{Action, Place};
use crate::message::Purpose;
use crate::natural_dates::{lead_time_parts, read_lead_times, write_lead_times};
use crate::status::Status;
use crate::widgets::text::clean;

/// The field in errors.
const POINTER: &str = "/reminders";

/// A form with the list of lead times.
#[derive(Debug)]
pub(crate) struct ReminderScreen {
    /// The occurrence of the registration, with its title; None: the list of the account.
    of: Option<(OccurrenceId, String)>,
    /// What an empty field means: the default, or the list of the account.
    usual: Vec<LeadTime>,
    entries: Entries,
}

impl ReminderScreen {
    /// The list of the account.
    pub(crate) fn of_account(leads: &[LeadTime]) -> Self {
        let usual = read_lead_times("1 day, 1 hour").unwrap_or_default();
        Self { of: None, usual, entries: entries(&write_lead_times(leads)) }
    }

    /// The list of a registration, or none if that of the account applies to it.
    pub(crate) fn of_registration(
        (occurrence, title): (OccurrenceId, &str),
        own: Option<&[LeadTime]>,
        usual: &[LeadTime],
    ) -> Self {
        let text = own.map(write_lead_times).unwrap_or_default();
        Self { of: Some((occurrence, title.to_owned())), usual: usual.to_vec(), entries: entries(&text) }
    }

    fn save(&mut self, cx: &mut Context) {
        if self.entries.are_sending() || !self.entries.are_complete() {
            return;
        }
        let text = self.entries.text(0);
        let reminders = match read_lead_times(&text) {
            _ if text.is_empty() => None,
            Ok(leads) => Some(leads.iter().map(ToString::to_string).collect()),
            Err(wrong) => return self.entries.show_error(refusal(wrong)),
        };
        let occurrence = self.of.as_ref().map(|(occurrence, _)| *occurrence);
        self.entries.status.begin(cx.now);
        let request = NotificationsRequest::SetReminders { occurrence, reminders };
        cx.send(Purpose::SaveReminders, Request::Notifications(request));
    }

    /// The error with the parts of the text that it refers to.
    fn named(&self, mut error: ApiError) -> ApiError {
        let text = self.entries.text(0);
        for wrong in &mut error.fields {
            let place = wrong.pointer.strip_prefix("/reminders/").and_then(|place| place.parse().ok());
            if let Some(part) = place.and_then(|place| lead_time_parts(&text).nth(place)) {
                wrong.message = format!("“{part}” {}", wrong.message);
            }
            POINTER.clone_into(&mut wrong.pointer);
        }
        error
    }

    /// Shows the outcome of saving, also after the screen was closed.
    pub(crate) fn finish(outcome: Result<Response, ApiError>, cx: &mut Context) {
        match outcome {
            Ok(_) => cx.notify('✓', "Reminders saved"),
            Err(error) => cx.notify_error(&error),
        }
        cx.refresh();
    }

    fn beside(&self) -> String {
        let text = self.entries.text(0);
        let usual = write_lead_times(&self.usual);
        match (read_lead_times(&text), &self.of) {
            _ if text.is_empty() && self.of.is_some() => format!("→ as always: {usual}"),
            _ if text.is_empty() => format!("→ the default: {usual}"),
            (Ok(leads), _) => match leads.len() {
                0 => "→ no reminders".to_owned(),
                1 => format!("→ {} before the start", write_lead_times(&leads)),
                many => format!("→ {many} reminders: {} before", write_lead_times(&leads)),
            },
            (Err(wrong), _) => format!("! {wrong}"),
        }
    }
}

fn entries(text: &str) -> Entries {
    Entries::of(vec![Entry::of("Remind me before", POINTER, text).optional()])
}

fn refusal(message: String) -> ApiError {
    let wrong = eventcore::Violation {
        pointer: POINTER.to_owned(),
        code: "invalid".into(),
        message: message.clone(),
    };
    ApiError { message, fields: vec![wrong], kind: ErrorKind::Other }
}

impl Screen for ReminderScreen {
    fn place(&self) -> Place {
        Place::Settings
    }

    fn status(&self) -> Option<&Status> {
        Some(&self.entries.status)
    }

    fn perform(&mut self, action: Action, cx: &mut Context) -> Handled {
        match action {
            Action::Save => self.save(cx),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        Some(&mut self.entries)
    }

    fn responded(&mut self, _purpose: Purpose, outcome: Result<Response, ApiError>, cx: &mut Context) {
        let outcome = outcome.map_err(|error| self.named(error));
        if let Some(response) = self.entries.saved(outcome, cx.now) {
            cx.close();
            Self::finish(Ok(response), cx);
        }
    }

    fn signed_out(&mut self, cx: &mut Context) {
        cx.close();
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, cx: &Context) {
        let theme = cx.view.theme;
        let (title, empty) = match &self.of {
            Some((_, title)) => (format!(" Reminders of {}", clean(title)), "as always"),
            None => (" Reminders of all my registrations".to_owned(), "the default"),
        };
        let mut lines = vec![Line::raw(""), Line::styled(title, theme.accent), Line::raw("")];
        lines.extend(self.entries.lines(&cx.view, area.width, |_| Some(self.beside())));
        let words = format!(" Up to 5, such as: 1 day, 1 hour, 30 min. none: no reminders; empty: {empty}");
        lines.push(Line::styled(words, theme.muted));
        lines.push(Line::styled(" Enter saves", theme.muted));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
    }
}
