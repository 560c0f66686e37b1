//! Dispatches answers to the screens that sent the requests, and the registrations and occurrences in them to
//! all screens.

use eventcore::accounts::User;
use eventcore::registrations::{MyRegistration, Registration};

use super::App;
use crate::backend::{Answer, Cause, Refusal, Request, nonsense};
use crate::message::{Purpose, Settled};
use crate::screens::attendees::AttendeesScreen;
use crate::screens::form::FormScreen;
use crate::screens::owner::Owner;
use crate::screens::screen::{LoadFrom, Screen};
use crate::screens::settings::SettingsScreen;
use crate::screens::sign_in::SignInScreen;
use crate::view_context::{MyStatus, ViewContext};

impl App {
    pub(super) fn answered(&mut self, ticket: u64, outcome: Result<Answer, Refusal>) {
        // A newer request for the same purpose was sent since.
        let Some((owner, purpose)) = self.cx.waiting.remove(&ticket) else { return };
        if let Err(refusal) = &outcome
            && refusal.cause == Cause::SignedOut
            && purpose != Purpose::SignIn
        {
            self.signed_out();
        }
        match purpose {
            Purpose::Me => self.take_user(outcome),
            Purpose::Act(done) => self.done(done, outcome),
            Purpose::Come { .. } | Purpose::PassOver => self.registered(&purpose, outcome),
            Purpose::Say => self.sent(outcome),
            Purpose::Calendar(name) => self.take_calendar(name, outcome),
            Purpose::Marks | Purpose::Due => self.loaded(&outcome),
            Purpose::SignIn => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    SignInScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::Settings => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    SettingsScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::Save => {
                let left = self.cx.form_drafts.saving.take();
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    FormScreen::finish(left, outcome, &mut self.cx);
                }
            }
            Purpose::All(then, ref ids) => {
                let ids = ids.clone();
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    AttendeesScreen::finish(None, then, ids, outcome, &mut self.cx);
                }
            }
            Purpose::Agenda(_)
            | Purpose::Search(_)
            | Purpose::Month
            | Purpose::Day(_)
            | Purpose::Week
            | Purpose::Mine(_)
            | Purpose::Organized(_)
            | Purpose::Over(_)
            | Purpose::Detail(_)
            | Purpose::Attendees(..)
            | Purpose::Insights(_)
            | Purpose::Comments(_)
            | Purpose::Feedback(..)
            | Purpose::Account => {
                self.loaded(&outcome);
                // A closed screen needs no answer.
                self.deliver(owner, purpose, outcome);
            }
        }
        self.run_commands();
    }

    /// Passes an answer to the screen that sent the request. Returns it if that screen was closed.
    fn deliver(
        &mut self,
        owner: Owner,
        purpose: Purpose,
        outcome: Result<Answer, Refusal>,
    ) -> Option<Result<Answer, Refusal>> {
        let mut undelivered = Some(outcome);
        self.call(owner, |screen, cx| {
            if let Some(outcome) = undelivered.take() {
                screen.answered(purpose, outcome, cx);
            }
        });
        undelivered
    }

    /// Takes from an answer what concerns all screens, not only the one that sent the request.
    fn loaded(&mut self, outcome: &Result<Answer, Refusal>) {
        match outcome {
            Err(refusal) => self.cx.notify_refused(refusal),
            Ok(Answer::Mine(page)) => self.set_my_statuses(&page.items),
            Ok(Answer::Due(unrated)) => self.cx.view.unrated.extend(unrated),
            Ok(Answer::Attendees { date, .. }) => {
                self.call_all(|screen, _| screen.occurrence_loaded(date));
            }
            Ok(Answer::Date(detail)) => {
                let id = detail.date.id;
                self.call_all(|screen, _| screen.occurrence_loaded(&detail.date));
                if detail.mine.is_some() {
                    self.cx.view.unrated.remove(&id);
                }
                match &detail.place {
                    // The cancellation is not sent yet, but shown.
                    Some(_) if self.is_cancelling(id) => {}
                    Some(registration) => {
                        self.cx.view.my_statuses.insert(id, MyStatus::from(registration));
                    }
                    None => _ = self.cx.view.my_statuses.remove(&id),
                }
            }
            Ok(
                Answer::Me(_)
                | Answer::Account { .. }
                | Answer::Dates(_)
                | Answer::Days(_)
                | Answer::Month(_)
                | Answer::Events(_)
                | Answer::Insights(_)
                | Answer::Calendar(_)
                | Answer::Comments(_)
                | Answer::Feedback(_)
                | Answer::Place(_)
                | Answer::CheckedIn { .. }
                | Answer::Event(_)
                | Answer::Changed(_)
                | Answer::Each(_)
                | Answer::Done,
            ) => {}
        }
    }

    fn set_my_statuses(&mut self, mine: &[MyRegistration]) {
        for mine in mine {
            let registration = &mine.registration;
            // The cancellation is not sent yet, but shown.
            if !self.is_cancelling(registration.occurrence_id) {
                let status = MyStatus::from(registration);
                self.cx.view.my_statuses.insert(registration.occurrence_id, status);
            }
        }
    }

    /// Forgets what belongs to the user.
    fn signed_out(&mut self) {
        self.cx.me = None;
        self.cx.view.my_statuses.clear();
        self.cx.view.unrated.clear();
        self.call_all(Screen::signed_out);
    }

    fn take_user(&mut self, outcome: Result<Answer, Refusal>) {
        match outcome {
            Ok(Answer::Me(me)) => self.user_loaded(Ok(me)),
            Ok(_) => self.user_loaded(Err(nonsense())),
            Err(refusal) => self.user_loaded(Err(refusal)),
        }
    }

    /// Sets who is signed in, and loads what belongs to the user.
    pub(super) fn user_loaded(&mut self, user: Result<Option<Box<User>>, Refusal>) {
        match user {
            Ok(None) => self.signed_out(),
            Ok(me) => self.cx.me = me,
            Err(refusal) => self.cx.notify_refused(&refusal),
        }
        if self.cx.me.is_some() {
            self.cx.ask(Purpose::Marks, Request::Mine { cursor: None });
            self.load_tab();
            self.load_layer(LoadFrom::Selection);
        }
    }

    /// Shows the notice for a change.
    fn done(&mut self, done: &'static str, outcome: Result<Answer, Refusal>) {
        match outcome {
            Ok(Answer::Place(registration)) => {
                let name = &registration.user.display_name;
                self.cx.notify('✓', format!("{name} is no longer checked in"));
                self.registration_changed(&registration);
            }
            Ok(Answer::CheckedIn { registration, already }) => {
                let name = &registration.user.display_name;
                if already {
                    self.cx.notify('!', format!("{name} is already checked in"));
                } else {
                    let people = match registration.party_size {
                        1 => "1 person".to_owned(),
                        many => format!("{many} people"),
                    };
                    self.cx.notify('✓', format!("{name} checked in ({people})"));
                }
                self.registration_changed(&registration);
            }
            Ok(Answer::Me(me)) => {
                self.cx.notify('✓', done);
                return self.user_loaded(Ok(me));
            }
            Ok(_) => self.cx.notify('✓', done),
            Err(refusal) => self.cx.notify_refused(&refusal),
        }
        self.refresh();
    }

    /// Shows a registration in its current state on all screens. Organizers receive those of others, too.
    pub(super) fn registration_changed(&mut self, registration: &Registration) {
        let mine = self.cx.me.as_ref().is_some_and(|me| me.id == registration.user.id);
        if mine {
            let status = MyStatus::from(registration);
            self.cx.view.my_statuses.insert(registration.occurrence_id, status);
        }
        self.call_all(|screen, _| screen.registration_changed(registration, mine));
    }

    /// Applies preferences that were stored. The settings may have been closed meanwhile.
    pub(super) fn preferences_saved(&mut self, outcome: Result<Box<Settled>, Refusal>) {
        let mut is_shown = false;
        let refusal = outcome.as_ref().err();
        self.call_all(|screen, cx| is_shown = is_shown || screen.preferences_saved(refusal, cx));
        match outcome {
            Ok(settled) => {
                let Settled { config, theme, mine } = *settled;
                let in_my_zone = config.in_mine;
                self.set_view(ViewContext { theme, my_zone: mine, in_my_zone, ..self.cx.view.clone() });
                self.cx.config = config;
                self.cx.notify('✓', "Saved: applies now and at every start");
            }
            Err(refusal) if !is_shown => self.cx.notify('✗', refusal.message),
            Err(_) => {}
        }
        self.run_commands();
    }
}
