//! Check-in by ticket code: a prompt that stays open from one code to the next, for scanners and for typing.

use crossterm::event::KeyCode;
use eventcore::OccurrenceId;
use ratatui::text::Line;

use crate::backend::{ApiError, ErrorKind, Request, Response};
use crate::keys::Key;
use crate::message::Purpose;
use crate::screens::screen::{AppCommand, Context, explain};
use crate::view_context::ViewContext;
use crate::widgets::text::{clean, wrapped};
use crate::widgets::text_field::{CURSOR, TextField};

/// The prompt for ticket codes.
#[derive(Debug, Default)]
pub(super) struct CodePrompt {
    field: TextField,
    /// The outcome of the last code: its sign and a text.
    outcome: Option<(char, String)>,
    /// The code of a ticket for another occurrence, while it is asked whether to take it.
    asks_about: Option<String>,
}

impl CodePrompt {
    /// Takes a key: Enter sends the code, others edit it. Returns whether the key belongs to the prompt.
    pub(super) fn press(&mut self, key: Key, occurrence: OccurrenceId, cx: &mut Context) -> bool {
        if let Some(code) = self.asks_about.take() {
            match key.0 {
                // Not Y, with which the code of the next ticket may begin.
                KeyCode::Char('y') => {
                    self.send(code, None, cx);
                    return true;
                }
                KeyCode::Esc => {
                    self.outcome = Some(('!', "Not checked in".to_owned()));
                    return true;
                }
                // Whoever scans on, answers no.
                _ => self.outcome = None,
            }
        }
        if key.0 == KeyCode::Enter {
            self.send_typed(occurrence, cx);
            return true;
        }
        self.field.press(key)
    }

    /// Takes pasted text. A line end after it sends the code, as Enter does.
    pub(super) fn paste(&mut self, text: &str, occurrence: OccurrenceId, cx: &mut Context) {
        self.asks_about = None;
        self.field.paste(text);
        if text.ends_with(['\r', '\n']) {
            self.send_typed(occurrence, cx);
        }
    }

    fn send_typed(&mut self, occurrence: OccurrenceId, cx: &mut Context) {
        if !self.field.is_empty() {
            let code = std::mem::take(&mut self.field).text().trim().to_owned();
            self.send(code, Some(occurrence), cx);
        }
    }

    fn send(&mut self, code: String, occurrence: Option<OccurrenceId>, cx: &mut Context) {
        self.outcome = None;
        cx.send(Purpose::CheckInByCode(code.clone()), Request::CheckInByCode { occurrence, code });
    }

    /// Shows the outcome for a code. A refused code can be corrected, or be replaced by scanning the next.
    pub(super) fn show(&mut self, code: String, outcome: &Result<(char, String), ApiError>) {
        match outcome {
            Ok(checked_in) => self.outcome = Some(checked_in.clone()),
            Err(error) if error.kind == ErrorKind::WrongOccurrence => {
                let text =
                    format!("{}. y checks it in there, any other key does not", capitalized(&error.message));
                (self.outcome, self.asks_about) = (Some(('!', text)), Some(code));
            }
            Err(error) => {
                self.outcome = Some(('✗', explain(error)));
                if self.field.is_empty() {
                    self.field = TextField::suggestion(&code);
                }
            }
        }
    }

    /// The outcome of the last code and the prompt, wrapped so that a code stays whole.
    pub(super) fn lines(&self, view: &ViewContext, width: u16) -> Vec<Line<'static>> {
        let room = usize::from(width).saturating_sub(2).max(1);
        let (before, text) = (self.field.before(), self.field.text());
        let after = text.get(before.len()..).unwrap_or_default();
        let prompt = format!("Ticket code: {}{CURSOR}{} · Enter checks in", clean(&before), clean(after));
        let outcome = self.outcome.iter().flat_map(|(sign, text)| {
            let style = match sign {
                '✓' => view.theme.good,
                '!' => view.theme.warn,
                _ => view.theme.bad,
            };
            let lines = wrapped(&format!("{sign} {}", clean(text)), room).into_iter();
            lines.map(move |line| Line::styled(format!(" {line}"), style))
        });
        let prompt = wrapped(&prompt, room).into_iter();
        outcome.chain(prompt.map(|line| Line::styled(format!(" {line}"), view.theme.accent))).collect()
    }
}

/// The notice for a check-in. All screens learn of it.
pub(super) fn checked_in(
    outcome: Result<Response, ApiError>,
    cx: &mut Context,
) -> Result<(char, String), ApiError> {
    cx.refresh();
    match outcome? {
        Response::CheckedIn { registration, already } => {
            let name = &registration.user.display_name;
            let notice = if already {
                ('!', format!("{name} is already checked in"))
            } else {
                let people = match registration.party_size {
                    1 => "1 person".to_owned(),
                    many => format!("{many} people"),
                };
                ('✓', format!("{name} checked in ({people})"))
            };
            cx.commands.push(AppCommand::RegistrationChanged(registration));
            Ok(notice)
        }
        _ => Err(crate::backend::unexpected_response()),
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
