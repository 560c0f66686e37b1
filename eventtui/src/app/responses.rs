//! Dispatches responses to the screens that sent the requests, and the registrations and occurrences in
//! them to all screens.

use eventcore::accounts::User;
use eventcore::registrations::{MyRegistration, Registration};

use super::App;
use crate::backend::{ApiError, ErrorKind, Request, Response, unexpected_response};
use crate::channels::ChannelChanges;
use crate::inbox::Inbox;
use crate::message::{Purpose, SavedPreferences};
use crate::screens::attendees::AttendeesScreen;
use crate::screens::form::FormScreen;
use crate::screens::import_report::ImportReportScreen;
use crate::screens::owner::Owner;
use crate::screens::prompt::{PasswordPrompt, Prompt};
use crate::screens::reminders::ReminderScreen;
use crate::screens::screen::{LoadFrom, Screen};
use crate::screens::settings::SettingsScreen;
use crate::screens::sign_in::SignInScreen;
use crate::screens::webhook_form::WebhookFormScreen;
use crate::view_context::{MyStatus, ViewContext};
use crate::widgets::text_field::TextField;

impl App {
    pub(super) fn responded(&mut self, ticket: u64, outcome: Result<Response, ApiError>) {
        // A newer request for the same purpose was sent since.
        let Some((owner, purpose)) = self.cx.waiting.remove(&ticket) else { return };
        let refused = self.cx.may_need_password.take_if(|(of, _)| *of == ticket);
        match (outcome, refused) {
            (Err(error), Some((_, request)))
                if error.kind == ErrorKind::PasswordRequired && self.cx.prompt.is_none() =>
            {
                let (field, request) = (TextField::default(), Box::new(request));
                let waiting = PasswordPrompt { field, request, purpose, owner, error };
                self.cx.prompt = Some(Prompt::Password(waiting));
            }
            (outcome, _) => self.route(owner, purpose, outcome),
        }
    }

    /// Passes a response to whom it is for.
    pub(super) fn route(&mut self, owner: Owner, purpose: Purpose, outcome: Result<Response, ApiError>) {
        if let Err(error) = &outcome
            && error.kind == ErrorKind::SignedOut
            && purpose != Purpose::SignIn
        {
            self.signed_out();
        }
        match purpose {
            Purpose::CurrentUser => self.take_user(outcome),
            Purpose::Command(done) => self.done(done, outcome),
            Purpose::Register { .. } | Purpose::SetAutoPromote => self.registered(&purpose, outcome),
            Purpose::SendText => self.sent(outcome),
            Purpose::Download(name) => self.take_file(name, outcome),
            Purpose::MyStatuses | Purpose::Unrated | Purpose::Categories => self.loaded(&outcome),
            Purpose::SignIn => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    SignInScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::SaveSettings => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    SettingsScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::SaveForm => {
                let left = self.cx.form_drafts.saving.take();
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    FormScreen::finish(left, outcome, &mut self.cx);
                }
            }
            Purpose::Find(text) => self.found(&text, outcome),
            Purpose::News => self.take_news(outcome),
            Purpose::ReadNotification(notification) => self.notification_read(notification, outcome),
            Purpose::ReadAllNotifications => self.all_notifications_read(outcome),
            Purpose::Mute(event) => self.event_muted(event, outcome),
            Purpose::SaveChannels => self.channels_saved(owner, outcome),
            Purpose::SaveReminders => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    ReminderScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::SaveWebhook => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    WebhookFormScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::SaveSubscription => self.deliver_or_done(owner, purpose, outcome, "Calendar saved"),
            // A closed form needs no response.
            Purpose::TryImport => _ = self.deliver(owner, purpose, outcome),
            Purpose::StoreImport => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    ImportReportScreen::finish(outcome, &mut self.cx);
                }
            }
            Purpose::RotateSecret => WebhookFormScreen::finish(outcome, &mut self.cx),
            Purpose::RemoveCoOrganizer(_) => {
                self.deliver_or_done(owner, purpose, outcome, "Co-organizer removed");
            }
            Purpose::DeleteEvent => self.event_deleted(owner, outcome),
            Purpose::CheckInByCode(_) => {
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    AttendeesScreen::notify_checked_in(outcome, &mut self.cx);
                }
            }
            Purpose::AttendeeBatch(then, ref ids) => {
                let ids = ids.clone();
                if let Some(outcome) = self.deliver(owner, purpose, outcome) {
                    AttendeesScreen::finish(None, then, ids, outcome, &mut self.cx);
                }
            }
            Purpose::Agenda(_)
            | Purpose::Search(_)
            | Purpose::Month
            | Purpose::MonthTitles(_)
            | Purpose::Day(_)
            | Purpose::Week
            | Purpose::MyRegistrations(_)
            | Purpose::OrganizedEvents(_)
            | Purpose::PastOccurrences(_)
            | Purpose::OccurrenceDetail(_)
            | Purpose::Attendees(..)
            | Purpose::CoOrganizers(_)
            | Purpose::CategoryList
            | Purpose::Insights(_)
            | Purpose::Comments(_)
            | Purpose::Feedback(..)
            | Purpose::Tokens
            | Purpose::Webhooks
            | Purpose::Deliveries(_)
            | Purpose::Subscriptions
            | Purpose::Inbox(_)
            | Purpose::NotificationPreferences
            | Purpose::Account => {
                self.loaded(&outcome);
                // A closed screen needs no response.
                self.deliver(owner, purpose, outcome);
            }
        }
        self.run_commands();
    }

    /// Passes a response to the screen that sent the request. Returns it if that screen was closed.
    pub(super) fn deliver(
        &mut self,
        owner: Owner,
        purpose: Purpose,
        outcome: Result<Response, ApiError>,
    ) -> Option<Result<Response, ApiError>> {
        let mut undelivered = Some(outcome);
        self.call(owner, |screen, cx| {
            if let Some(outcome) = undelivered.take() {
                screen.responded(purpose, outcome, cx);
            }
        });
        undelivered
    }

    /// Passes a response to the screen that sent the request, or shows the notice of a command if that screen
    /// was closed.
    fn deliver_or_done(
        &mut self,
        owner: Owner,
        purpose: Purpose,
        outcome: Result<Response, ApiError>,
        done: &'static str,
    ) {
        if let Some(outcome) = self.deliver(owner, purpose, outcome) {
            self.done(done, outcome);
        }
    }

    /// Takes from a response what concerns all screens, not only the one that sent the request.
    fn loaded(&mut self, outcome: &Result<Response, ApiError>) {
        match outcome {
            Err(error) => self.cx.notify_error(error),
            Ok(Response::MyRegistrations(page)) => self.set_my_statuses(&page.items),
            Ok(Response::Categories(categories)) => self.cx.view.categories.clone_from(categories),
            Ok(Response::Notifications(page)) => self.cx.inbox.take_count(page.unread_count),
            Ok(Response::Unrated(unrated)) => self.cx.view.unrated.extend(unrated),
            Ok(Response::Attendees { occurrence, .. }) => {
                self.call_all(|screen, _| screen.occurrence_loaded(occurrence));
            }
            Ok(Response::OccurrenceDetail(detail)) => {
                let id = detail.occurrence.id;
                self.call_all(|screen, _| screen.occurrence_loaded(&detail.occurrence));
                if detail.my_feedback.is_some() {
                    self.cx.view.unrated.remove(&id);
                }
                match &detail.registration {
                    // The cancellation is not sent yet, but shown.
                    Some(_) if self.is_cancelling(id) => {}
                    Some(registration) => {
                        self.cx.view.my_statuses.insert(id, MyStatus::from(registration));
                    }
                    None => _ = self.cx.view.my_statuses.remove(&id),
                }
            }
            Ok(
                Response::CurrentUser(_)
                | Response::Account { .. }
                | Response::Tokens(_)
                | Response::NewToken(_)
                | Response::Webhooks(_)
                | Response::WebhookSecret(_)
                | Response::Deliveries(_)
                | Response::Subscriptions(_)
                | Response::Import(_)
                | Response::Occurrences(_)
                | Response::OccurrencesOn(_)
                | Response::DailyCounts(_)
                | Response::Events(_)
                | Response::CoOrganizers(_)
                | Response::Insights(_)
                | Response::File(_)
                | Response::Comments(_)
                | Response::Feedback(_)
                | Response::Muted(_)
                | Response::NotificationPreferences { .. }
                | Response::Registration(_)
                | Response::CheckedIn { .. }
                | Response::Event(_)
                | Response::Occurrence(_)
                | Response::Batch(_)
                | Response::Done,
            ) => {}
        }
    }

    /// Closes the screen of an event that was deleted.
    fn event_deleted(&mut self, owner: Owner, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(_) => {
                self.stack.remove(owner);
                self.cx.notify('✓', "Event deleted");
                self.refresh();
            }
            Err(error) => self.cx.notify_error(&error),
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
    pub(super) fn signed_out(&mut self) {
        self.cx.me = None;
        self.cx.inbox = Inbox::default();
        self.cx.channels = ChannelChanges::default();
        self.cx.view.my_statuses.clear();
        self.cx.view.unrated.clear();
        self.call_all(Screen::signed_out);
    }

    fn take_user(&mut self, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::CurrentUser(me)) => self.user_loaded(Ok(me)),
            Ok(_) => self.user_loaded(Err(unexpected_response())),
            Err(error) => self.user_loaded(Err(error)),
        }
    }

    /// Sets who is signed in, and loads what belongs to the user.
    pub(super) fn user_loaded(&mut self, user: Result<Option<Box<User>>, ApiError>) {
        match user {
            Ok(None) => self.signed_out(),
            Ok(me) => self.cx.me = me,
            Err(error) => self.cx.notify_error(&error),
        }
        if self.cx.me.is_some() {
            self.cx.send(Purpose::MyStatuses, Request::MyRegistrations { cursor: None });
            self.load_news();
            self.load_tab();
            self.load_layer(LoadFrom::Selection);
        }
    }

    /// Shows the notice for a change.
    fn done(&mut self, done: &'static str, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Registration(registration)) => {
                let name = &registration.user.display_name;
                self.cx.notify('✓', format!("{name} is no longer checked in"));
                self.registration_changed(&registration);
            }
            Ok(checked_in @ Response::CheckedIn { .. }) => {
                AttendeesScreen::notify_checked_in(Ok(checked_in), &mut self.cx);
                return;
            }
            Ok(Response::CurrentUser(me)) => {
                self.cx.notify('✓', done);
                return self.user_loaded(Ok(me));
            }
            Ok(_) => self.cx.notify('✓', done),
            Err(error) => self.cx.notify_error(&error),
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
    pub(super) fn preferences_saved(&mut self, outcome: Result<Box<SavedPreferences>, ApiError>) {
        let mut is_shown = false;
        let error = outcome.as_ref().err();
        self.call_all(|screen, cx| is_shown = is_shown || screen.preferences_saved(error, cx));
        match outcome {
            Ok(saved) => {
                let SavedPreferences { config, theme, zone } = *saved;
                let in_my_zone = config.in_my_zone;
                self.set_view(ViewContext { theme, my_zone: zone, in_my_zone, ..self.cx.view.clone() });
                self.cx.config = config;
                self.cx.notify('✓', "Saved: applies now and at every start");
            }
            Err(error) if !is_shown => self.cx.notify('✗', error.message),
            Err(_) => {}
        }
        self.run_commands();
    }
}
