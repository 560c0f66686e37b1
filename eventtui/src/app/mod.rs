//! The state of the program, and how messages change it: no terminal, no clock, no database.
//!
//! The app is a router: it owns the screens, passes each message to its screen, and performs the effects that
//! the screens request. Code for a single screen is in `screens/`.

mod actions;
mod links;
mod live;
mod live_stream;
mod mouse;
mod notifications;
mod pending_change;
mod prompts;
mod registration;
mod responses;
mod stack;
mod undo;

#[cfg(test)]
pub(crate) mod driven;
#[cfg(test)]
mod key_tests;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod registration_tests;
#[cfg(test)]
mod states_tests;
#[cfg(test)]
mod tests;

use std::path::Path;

use chrono::{DateTime, Utc};
use eventcore::Timestamp;

use crate::backend::Request;
use crate::config::Config;
use crate::drafts::{Draft, Drafts};
use crate::keys::{self, Key, Place, Tab};
use crate::message::{Effect, Message, Purpose};
use crate::reference::Reference;
use crate::screens::owner::Owner;
use crate::screens::prompt::Prompt;
use crate::screens::screen::{AppCommand, Context, LoadFrom, Notice, Screen};
use crate::screens::sign_in::SignInScreen;
use crate::status::Status;
use crate::view_context::ViewContext;
use crate::widgets::text_field::TextField;
use live_stream::Live;
use pending_change::PendingChange;
use stack::Stack;

/// Age from which on the screen is loaded again, in milliseconds.
const FRESH: u64 = 15_000;
/// How long the first notice is shown, in milliseconds: it takes time to read.
const GREETING: u64 = 30_000;

/// The whole state.
#[derive(Debug)]
pub(crate) struct App {
    /// The name of the database or the server.
    pub(crate) source: String,
    pub(crate) cx: Context,
    pub(crate) stack: Stack,
    pending_change: Option<PendingChange>,
    live: Live,
    /// When the screen was loaded last, in milliseconds since the program began.
    refreshed_at: u64,
    began: DateTime<Utc>,
}

impl App {
    pub(crate) fn new(source: &str, view: ViewContext, began: DateTime<Utc>) -> Self {
        Self {
            source: source.to_owned(),
            stack: Stack::new(view.now.date()),
            cx: Context::new(view),
            pending_change: None,
            live: Live::default(),
            refreshed_at: 0,
            began,
        }
    }

    /// Sets the preferences of the configuration.
    pub(crate) fn with_config(&mut self, config: Config) {
        self.cx.config = config;
    }

    /// Restores the drafts of an earlier session. From then on drafts are stored.
    pub(crate) fn with_drafts(&mut self, drafts: Drafts) {
        self.cx.form_drafts.restore(drafts);
    }

    /// Shows the first notice.
    pub(crate) fn greet(&mut self, text: String) {
        self.cx.notice = Some(Notice { sign: '✓', text, until: self.cx.now + GREETING });
    }

    /// The first effects.
    pub(crate) fn begin(&mut self) -> Vec<Effect> {
        self.cx.send(Purpose::CurrentUser, Request::CurrentUser);
        self.load_tab();
        self.run_commands();
        std::mem::take(&mut self.cx.effects)
    }

    /// Changes the state by a message that arrived at `now`, in milliseconds since the program began; returns
    /// the effects to carry out.
    pub(crate) fn update(&mut self, now: u64, message: Message) -> Vec<Effect> {
        self.cx.now = now;
        let local = self.began + chrono::TimeDelta::milliseconds(i64::try_from(now).unwrap_or_default());
        self.cx.view.now = Timestamp::from(local).in_zone(self.cx.view.my_zone).naive_local();
        match message {
            Message::Key(key) => self.press(key),
            Message::Paste(text) => self.paste(&text),
            Message::Click { column, row } => self.click(column, row),
            Message::Scroll { down } => {
                self.call(self.stack.top_owner(), |screen, cx| screen.wheel(down, cx));
            }
            Message::Failed(why) => self.cx.notify('✗', why),
            Message::DraftNotStored(why) => {
                self.cx.form_drafts.cannot_store();
                self.cx.notify('✗', format!("Drafts cannot be stored: {why}"));
            }
            Message::FileSaved(place) => {
                // Only calendar files need words on what to do with them.
                let is_calendar = Path::new(&place).extension().is_some_and(|kind| kind == "ics");
                let then = if is_calendar { ": open it with your calendar" } else { "" };
                self.cx.notify('✓', format!("Saved as {place}{then}"));
            }
            Message::Edited(text) => self.call_top(|screen, cx| screen.edited(&text, cx)),
            Message::Resized { width, height } => self.cx.size = (width, height),
            Message::Tick => {}
            Message::Responded { ticket, outcome } => self.responded(ticket, outcome),
            Message::Live { stream, update } => self.told(stream, update),
            Message::SignedOut => {
                self.signed_out();
                self.cx.notify('!', "You were signed out: A signs in again");
            }
            Message::PreferencesSaved(outcome) => self.preferences_saved(outcome),
        }
        self.pass_time();
        self.load_more();
        self.call(Owner::Tab(self.stack.tab), |screen, cx| screen.settle(cx));
        self.follow_screen();
        std::mem::take(&mut self.cx.effects)
    }

    /// When the screen changes without a message, if it does.
    pub(crate) fn wakes_at(&self) -> Option<u64> {
        let now = self.cx.now;
        let spinner = self.statuses().filter_map(|status| status.wakes_at(now));
        let notice = self.cx.notice.as_ref().map(|notice| notice.until);
        let pending = self.pending_change.as_ref().map(|pending| pending.at);
        // The seconds until the next try are counted down.
        let countdown =
            self.status().and_then(|status| status.failure.as_ref()).map(|_| (now / 1_000 + 1) * 1_000);
        spinner
            .chain(countdown)
            .chain(notice)
            .chain(pending)
            .chain(self.cx.form_drafts.store_at)
            .chain(self.live.wakes_at())
            .chain([self.refreshed_at + self.fresh()])
            .min()
    }

    /// The loading states of the tab and of the layer on top.
    fn statuses(&self) -> impl Iterator<Item = &Status> {
        let layer = self.stack.layers.last().and_then(|layer| layer.screen.status());
        self.stack.shown_tab().status().into_iter().chain(layer)
    }

    /// The loading state to show: that of the layer on top if it has one, else that of the tab.
    pub(crate) fn status(&self) -> Option<&Status> {
        self.statuses().last()
    }

    /// Seconds until the screen is loaded again.
    pub(crate) fn tries_again_in(&self) -> u64 {
        (self.refreshed_at + self.fresh()).saturating_sub(self.cx.now).div_ceil(1_000)
    }

    /// The place of the screen on top, which selects the key bindings.
    pub(crate) fn at(&self) -> Place {
        self.stack.top().place()
    }

    /// The drafts of open forms, for a program that ends without notice.
    pub(crate) fn last_drafts(&self) -> Vec<(String, Option<Draft>)> {
        let is_known = |(key, draft): &(String, Option<Draft>)| {
            draft.is_some() || self.cx.form_drafts.get(key).is_some()
        };
        self.open_drafts().into_iter().filter(is_known).collect()
    }

    fn open_drafts(&self) -> Vec<(String, Option<Draft>)> {
        self.stack.layers.iter().filter_map(|layer| layer.screen.draft()).collect()
    }

    /// Stores the drafts of open forms.
    fn store_drafts(&mut self) {
        self.cx.form_drafts.store_at = None;
        for (key, draft) in self.open_drafts() {
            let effect = self.cx.form_drafts.set(key, draft);
            self.cx.effects.extend(effect);
        }
    }

    /// Calls a screen, then performs what it requests. None if the screen was closed.
    fn call<R>(&mut self, owner: Owner, call: impl FnOnce(&mut dyn Screen, &mut Context) -> R) -> Option<R> {
        let screen = self.stack.get_mut(owner)?;
        self.cx.owner = owner;
        let result = call(screen, &mut self.cx);
        self.cx.owner = Owner::App;
        self.run_commands();
        Some(result)
    }

    fn call_top<R>(&mut self, call: impl FnOnce(&mut dyn Screen, &mut Context) -> R) -> R
    where
        R: Default,
    {
        self.call(self.stack.top_owner(), call).unwrap_or_default()
    }

    fn call_all(&mut self, mut call: impl FnMut(&mut dyn Screen, &mut Context)) {
        for owner in self.stack.owners() {
            self.call(owner, &mut call);
        }
    }

    /// Performs the requests of screens, in order.
    fn run_commands(&mut self) {
        for command in std::mem::take(&mut self.cx.commands) {
            match command {
                AppCommand::Open(screen) => {
                    self.stack.push(screen);
                    self.load_layer(LoadFrom::Selection);
                }
                AppCommand::SignIn => {
                    self.stack.push(Box::<SignInScreen>::default());
                    self.cx.notify('!', "Sign in first, or create an account with ^N");
                }
                AppCommand::Close(owner) => self.stack.remove(owner),
                AppCommand::RunAction(action) => self.run_action(action),
                AppCommand::Find(reference) => self.find(reference, String::new()),
                AppCommand::ShowAgenda(day) => self.show_agenda(day),
                AppCommand::Refresh => _ = self.refresh(),
                AppCommand::UserLoaded(user) => self.user_loaded(user),
                AppCommand::RegistrationChanged(registration) => self.registration_changed(&registration),
                AppCommand::ReadAllNotifications(until) => self.read_all_notifications(until),
            }
        }
    }

    fn pass_time(&mut self) {
        let now = self.cx.now;
        self.cx.notice.take_if(|notice| notice.until <= now);
        if self.cx.form_drafts.store_at.is_some_and(|at| at <= now) {
            self.store_drafts();
        }
        if self.pending_change.as_ref().is_some_and(|pending| pending.at <= now) {
            self.send_pending();
        }
        self.load_told();
        if now >= self.refreshed_at + self.fresh() {
            self.refresh();
        }
    }

    /// Loads the screen on top again; returns whether anything is loaded. The earlier data is shown
    /// meanwhile.
    fn refresh(&mut self) -> bool {
        self.refreshed_at = self.cx.now;
        if !self.live.is_connected() {
            self.load_news();
        }
        // A screen with text fields has nothing to load, and typing is not disturbed.
        if !self.stack.layers.is_empty() && self.at().is_typed_in() {
            return false;
        }
        let before = self.cx.requests_sent();
        self.call(self.stack.top_owner(), |screen, cx| screen.load(LoadFrom::Selection, cx));
        if self.cx.me.is_some() {
            self.cx.send(Purpose::MyStatuses, Request::MyRegistrations { cursor: None });
        }
        self.cx.requests_sent() != before
    }

    /// Loads the tab from its start.
    fn load_tab(&mut self) {
        self.call(Owner::Tab(self.stack.tab), |screen, cx| screen.load(LoadFrom::Start, cx));
    }

    /// Loads the layer on top, if there is one.
    fn load_layer(&mut self, from: LoadFrom) {
        if !self.stack.layers.is_empty() {
            self.call(self.stack.top_owner(), |screen, cx| screen.load(from, cx));
        }
    }

    /// Loads the next page of the layer on top; of the tab, if the layer has no list.
    fn load_more(&mut self) {
        let top = self.stack.top_owner();
        let has_list = self.stack.get_mut(top).is_some_and(|screen| screen.list().is_some());
        let owner = if has_list { top } else { Owner::Tab(self.stack.tab) };
        self.call(owner, Screen::load_more);
    }

    fn open_tab(&mut self, tab: Tab) {
        self.stack.show_tab(tab);
        self.load_tab();
    }

    fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.cx.prompt {
            prompt.paste(text);
        } else if !self.at().is_typed_in() && Reference::parse(text).is_some() {
            let mut field = TextField::default();
            field.paste(text.trim());
            self.cx.prompt = Some(Prompt::Link(field));
        } else {
            self.call_top(|screen, cx| screen.paste(text, cx));
        }
    }

    fn press(&mut self, key: Key) {
        self.cx.keys += 1;
        // A warning belongs to the previous key.
        self.cx.notice.take_if(|notice| notice.sign == '!');
        if let Some(prompt) = self.cx.prompt.take() {
            return self.answer_prompt(prompt, key);
        }
        if self.call_top(|screen, cx| screen.capture(key, cx)) {
            return;
        }
        match keys::action(self.at(), key) {
            Some(action) => self.run_action(action),
            None => self.call_top(|screen, cx| screen.press(key, cx)),
        }
    }
}
