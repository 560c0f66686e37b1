//! Answers to the questions on the bottom line.

use chrono::NaiveDate;
use crossterm::event::KeyCode;

use super::App;
use crate::backend::{ApiError, Request, Response};
use crate::keys::{Key, Tab};
use crate::message::Purpose;
use crate::reference::Reference;
use crate::screens::compose::{ComposeMode, Composition};
use crate::screens::prompt::{self, Confirmation, PasswordPrompt, Prompt};
use crate::screens::screen::{Handled, explain};
use crate::view_context::ordinal;

impl App {
    /// Passes a key to the question: Esc cancels, Enter answers, others edit.
    pub(super) fn answer_prompt(&mut self, prompt: Prompt, key: Key) {
        match prompt {
            Prompt::Compose(composition) if key.0 == KeyCode::Esc => self.store_unsent(composition),
            Prompt::Party { .. } | Prompt::Day(_) | Prompt::Link(_) | Prompt::Confirm(_)
                if key.0 == KeyCode::Esc => {}
            Prompt::Party { occurrence, mut size } => {
                if key.0 == KeyCode::Enter {
                    match size.text().trim().parse::<i64>() {
                        Ok(party) if party > 0 => return self.register(&occurrence, party),
                        _ => self.cx.notify('!', "The party size must be a number from 1"),
                    }
                } else {
                    size.press(key);
                }
                self.cx.prompt = Some(Prompt::Party { occurrence, size });
            }
            Prompt::Day(mut field) => {
                if key.0 != KeyCode::Enter {
                    field.press(key);
                } else if let Some(day) = prompt::day(&field, &self.cx.view) {
                    return self.go_to_day(day);
                }
                self.cx.prompt = Some(Prompt::Day(field));
            }
            Prompt::Link(mut field) => {
                if key.0 != KeyCode::Enter {
                    field.press(key);
                } else if let Some(reference) = Reference::parse(&field.text()) {
                    return self.find(reference, field.text());
                }
                self.cx.prompt = Some(Prompt::Link(field));
            }
            Prompt::Compose(mut composition) => {
                if key.0 == KeyCode::Enter {
                    return self.send(composition);
                }
                composition.body.press(key);
                self.cx.prompt = Some(Prompt::Compose(composition));
            }
            Prompt::Password(waiting) if key.0 == KeyCode::Esc => {
                self.route(waiting.owner, waiting.purpose, Err(waiting.error));
            }
            Prompt::Password(waiting) if key.0 == KeyCode::Enter && !waiting.field.text().is_empty() => {
                let PasswordPrompt { field, request, purpose, owner, .. } = waiting;
                self.cx.owner = owner;
                self.cx.send(purpose, Request::WithPassword { password: field.text(), request });
                self.cx.owner = crate::screens::owner::Owner::App;
            }
            Prompt::Password(mut waiting) => {
                waiting.field.press(key);
                self.cx.prompt = Some(Prompt::Password(waiting));
            }
            Prompt::Confirm(confirmation) => {
                if matches!(key.0, KeyCode::Char('y' | 'Y')) {
                    self.confirmed(confirmation);
                }
            }
        }
    }

    /// Sends the confirmed request of a screen.
    fn confirmed(&mut self, confirmation: Confirmation) {
        let Confirmation { request, then, owner, .. } = confirmation;
        self.cx.owner = owner;
        self.cx.send(then, *request);
        self.cx.owner = crate::screens::owner::Owner::App;
    }

    /// Shows a day in the calendar on top, else in the agenda.
    fn go_to_day(&mut self, day: NaiveDate) {
        let handled = self.call(self.stack.top_owner(), |screen, cx| screen.go_to_day(day, cx));
        if handled != Some(Handled::Yes) {
            self.show_agenda(day);
        }
    }

    /// Shows the agenda from a day on; from now on if that is today.
    pub(super) fn show_agenda(&mut self, day: NaiveDate) {
        let from = Some(day).filter(|day| *day != self.cx.view.now.date());
        self.stack.tabs.agenda.show_from(from);
        self.open_tab(Tab::Agenda);
    }

    /// Keeps a text that was cancelled, if anything was typed.
    fn store_unsent(&mut self, composition: Composition) {
        if composition.is_changed() {
            self.cx.notify('✓', "Draft kept: the same key continues it");
            self.cx.unsent = Some(composition);
        }
    }

    /// Sends a text. It is kept until the answer arrives.
    fn send(&mut self, composition: Composition) {
        if composition.body.is_empty() {
            return;
        }
        match composition.request() {
            Ok(request) => {
                self.cx.unsent = Some(composition);
                self.cx.asked_after = self.cx.keys;
                self.cx.send(Purpose::SendText, request);
            }
            Err(wrong) => {
                self.cx.notify('!', wrong);
                self.cx.prompt = Some(Prompt::Compose(composition));
            }
        }
    }

    /// Shows whether a text was accepted. A refused text is kept.
    pub(super) fn sent(&mut self, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Registration(registration)) => {
                self.cx.unsent = None;
                let (name, party) = (&registration.user.display_name, registration.party_size);
                let text = match registration.position {
                    Some(position) => {
                        format!("{name} is {} on the waitlist, party of {party}", ordinal(position))
                    }
                    None => format!("{name} registered, party of {party}"),
                };
                self.cx.notify('✓', text);
                self.registration_changed(&registration);
            }
            Ok(_) => {
                let mode = self.cx.unsent.take().map(|composition| composition.mode);
                if let Some(ComposeMode::Rating(occurrence)) = mode {
                    self.cx.view.unrated.remove(&occurrence);
                }
                self.cx.notify('✓', mode.map_or("Done", ComposeMode::sent));
            }
            Err(error) => {
                let unsent = self.cx.unsent.take();
                if unsent.is_some() && self.cx.may_ask_again() {
                    self.cx.notify_error(&error);
                    self.cx.prompt = unsent.map(Prompt::Compose);
                } else {
                    self.cx.unsent = unsent;
                    self.cx.notify('✗', format!("{} · your text is kept", explain(&error)));
                }
            }
        }
        self.refresh();
    }

    /// Registers the user for an occurrence, or changes the party size.
    fn register(&mut self, occurrence: &eventcore::events::Occurrence, party: i64) {
        self.drop_cancellation(occurrence.id);
        let purpose = Purpose::Register { occurrence: Box::new(occurrence.clone()), party };
        self.cx.asked_after = self.cx.keys;
        self.cx.send(purpose, Request::Register { occurrence: occurrence.id, party });
    }
}
