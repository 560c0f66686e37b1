//! The state of the program, and how messages change it: no terminal, no clock, no database.

mod account;
#[cfg(test)]
mod account_tests;
mod actions;
mod answers;
mod coming;
#[cfg(test)]
mod coming_tests;
#[cfg(test)]
mod comments_tests;
mod door;
#[cfg(test)]
mod door_tests;
mod drafting;
pub(crate) mod elsewhere;
#[cfg(test)]
mod feedback_tests;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod insights_tests;
mod loads;
#[cfg(test)]
mod month_tests;
mod mouse;
mod organizing;
#[cfg(test)]
mod ratings_tests;
#[cfg(test)]
mod states_tests;
mod talk;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod walk_tests;
#[cfg(test)]
mod week_tests;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use eventcore::EventId;
use eventcore::OccurrenceId;
use eventcore::accounts::User;
use eventcore::events::Occurrence;

use crate::backend::Request;
use crate::config::Config;
use crate::drafts::Drafts;
use crate::keys::{self, Key, Place, Tab};
use crate::look::Look;
use crate::message::{Effect, Message, Purpose};
use crate::screens::account::Account;
use crate::screens::agenda::Dates;
use crate::screens::attendees::Attendees;
use crate::screens::comments::{Comments, Saying};
use crate::screens::event::Looked;
use crate::screens::feedback::Heard;
use crate::screens::form::Form;
use crate::screens::help::Help;
use crate::screens::insights::Insights;
use crate::screens::me::Me;
use crate::screens::mine::Mine;
use crate::screens::month::Month;
use crate::screens::organize::Organize;
use crate::screens::palette::Palette;
use crate::screens::settings::Settings;
use crate::screens::week::Week;
use crate::widgets::field::Field;

/// What lies over a tab.
#[derive(Debug)]
pub(crate) enum Layer {
    Event(Box<Looked>),
    Attendees(Box<Attendees>),
    Insights(Box<Insights>),
    Comments(Box<Comments>),
    Feedback(Box<Heard>),
    Form(Box<Form>),
    Account(Box<Account>),
    Me(Box<Me>),
    Settings(Box<Settings>),
    /// The code of my ticket.
    Ticket(String),
    Help(Box<Help>),
    Palette(Box<Palette>),
}

/// What was said to the person, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) sign: char,
    pub(crate) text: String,
    until: u64,
}

/// A question on the bottom line.
#[derive(Debug)]
pub(crate) enum Question {
    /// How many come.
    Party { date: Box<Occurrence>, size: Field },
    /// Which day to go to.
    Day(Field),
    /// What to say about the event, or how one of its dates was.
    Say { what: String, words: Words },
    /// What can't be undone is asked once, in words that say what will happen.
    Sure { words: String, request: Box<Request>, then: Purpose },
}

/// What someone is saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) event: EventId,
    pub(crate) saying: Saying,
    /// What it was at first.
    first: String,
    pub(crate) body: Field,
}

/// A place that is being given up: nothing is sent until it can't be undone any more.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Leaving {
    id: OccurrenceId,
    at: u64,
}

/// How long giving up a place can be undone.
const UNDO: u64 = 5_000;
/// How long a notice stays.
const NOTICE: u64 = 4_000;
/// How old what is on the screen may get.
const FRESH: u64 = 15_000;

/// Everything.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) place: String,
    pub(crate) look: Look,
    /// What someone prefers, with what they chose since.
    pub(crate) config: Config,
    pub(crate) me: Option<Box<User>>,
    pub(crate) tab: Tab,
    pub(crate) layers: Vec<Layer>,
    pub(crate) agenda: Dates,
    pub(crate) search: Dates,
    pub(crate) month: Month,
    pub(crate) week: Week,
    pub(crate) mine: Mine,
    pub(crate) organize: Organize,
    /// What I organized until today, where that is looked at.
    pub(crate) over: Option<Dates>,
    pub(crate) notice: Option<Notice>,
    pub(crate) question: Option<Question>,
    /// What was typed into forms that were left before they were saved, by what they are for.
    drafts: Drafts,
    /// Whether drafts outlive the program.
    keeps_drafts: bool,
    /// When what is being typed is kept next.
    keeps_at: Option<u64>,
    /// What a form is for that was left while it was being saved.
    saving: Option<String>,
    /// Whether who quits was told that something is not saved.
    warned: bool,
    /// What was not said after all, or not heard: whoever says the same again goes on with it.
    unsaid: Option<Words>,
    /// Dates of which was asked whether I have said how they were.
    looked_after: HashSet<OccurrenceId>,
    leaving: Option<Leaving>,
    waiting: HashMap<u64, Purpose>,
    next_ticket: u64,
    size: (u16, u16),
    /// Milliseconds since the program began.
    pub(crate) now: u64,
    refreshed_at: u64,
    began: DateTime<Utc>,
}

impl App {
    pub(crate) fn new(place: &str, look: Look, began: DateTime<Utc>) -> Self {
        Self {
            place: place.to_owned(),
            month: Month::at(look.today.date()),
            week: Week::at(look.today.date()),
            look,
            config: Config::default(),
            me: None,
            tab: Tab::Agenda,
            layers: Vec::new(),
            agenda: Dates::default(),
            search: Dates::default(),
            mine: Mine::default(),
            organize: Organize::default(),
            over: None,
            notice: None,
            question: None,
            drafts: Drafts::new(),
            keeps_drafts: false,
            keeps_at: None,
            saving: None,
            warned: false,
            unsaid: None,
            looked_after: HashSet::new(),
            leaving: None,
            waiting: HashMap::new(),
            next_ticket: 0,
            size: (80, 24),
            now: 0,
            refreshed_at: 0,
            began,
        }
    }

    /// What to do first.
    pub(crate) fn begin(&mut self) -> Vec<Effect> {
        let mut effects = vec![self.ask(Purpose::Me, Request::Me)];
        effects.extend(self.load_tab());
        effects
    }

    /// Takes in what happened at `now`, in milliseconds since the program began; answers what is to be done.
    pub(crate) fn update(&mut self, now: u64, message: Message) -> Vec<Effect> {
        self.now = now;
        let local = self.began + chrono::TimeDelta::milliseconds(i64::try_from(now).unwrap_or_default());
        self.look.today = local.with_timezone(&self.look.mine).naive_local();
        let mut effects = match message {
            Message::Key(key) => self.press(key),
            Message::Paste(text) => self.paste(&text),
            Message::Click { column, row } => self.click(column, row),
            Message::Wheel { down } => self.turn_wheel(down),
            Message::Failed(why) => {
                self.say('✗', why);
                Vec::new()
            }
            Message::Unkept(why) => {
                self.cannot_keep(&why);
                Vec::new()
            }
            Message::Kept(place) => {
                self.say('✓', format!("Kept as {place}: a calendar opens it"));
                Vec::new()
            }
            Message::Written(text) => {
                self.take_written(&text);
                Vec::new()
            }
            Message::Resized { width, height } => {
                self.size = (width, height);
                Vec::new()
            }
            Message::Tick => Vec::new(),
            Message::Answered { ticket, outcome } => self.answered(ticket, outcome),
            Message::Preferred(outcome) => {
                self.take_preferred(outcome);
                Vec::new()
            }
        };
        effects.extend(self.pass_time());
        effects.extend(self.load_ahead());
        self.settle();
        effects
    }

    /// When something changes by itself next, if anything does.
    pub(crate) fn wakes_at(&self) -> Option<u64> {
        let slow = self.statuses().filter_map(|status| status.wakes_at(self.now));
        let notice = self.notice.as_ref().map(|notice| notice.until);
        let leaving = self.leaving.as_ref().map(|leaving| leaving.at);
        // The seconds until the next try are counted down.
        let count = self.status().failure.as_ref().map(|_| (self.now / 1_000 + 1) * 1_000);
        slow.chain(count)
            .chain(notice)
            .chain(leaving)
            .chain(self.keeps_at)
            .chain([self.refreshed_at + FRESH])
            .min()
    }

    fn statuses(&self) -> impl Iterator<Item = &crate::status::Status> {
        let layer = self.layers.last().and_then(|layer| match layer {
            Layer::Event(looked) => Some(&looked.status),
            Layer::Attendees(attendees) => Some(&attendees.list.status),
            Layer::Insights(insights) => Some(&insights.status),
            Layer::Comments(comments) => Some(&comments.status),
            Layer::Feedback(heard) => Some(&heard.list.status),
            Layer::Form(form) => Some(&form.status),
            Layer::Account(account) => Some(&account.status),
            Layer::Me(me) => Some(&me.status),
            Layer::Settings(settings) => Some(&settings.status),
            Layer::Ticket(_) | Layer::Help(_) | Layer::Palette(_) => None,
        });
        [self.tab_status()].into_iter().chain(layer)
    }

    pub(crate) fn tab_status(&self) -> &crate::status::Status {
        match self.tab {
            Tab::Agenda => &self.agenda.list.status,
            Tab::Month => &self.month.status,
            Tab::Week => &self.week.status,
            Tab::Search => &self.search.list.status,
            Tab::Mine => &self.mine.status,
            Tab::Organize => self.over.as_ref().map_or(&self.organize.status, |over| &over.list.status),
        }
    }

    /// Seconds until what is on the screen is loaded anew.
    pub(crate) fn tries_again_in(&self) -> u64 {
        (self.refreshed_at + FRESH).saturating_sub(self.now).div_ceil(1_000)
    }

    /// The status of what is on top.
    pub(crate) fn status(&self) -> &crate::status::Status {
        self.statuses().last().unwrap_or_else(|| self.tab_status())
    }

    /// Whose keys hold.
    pub(crate) fn at(&self) -> Place {
        match self.layers.last() {
            Some(Layer::Event(_)) => Place::Event,
            Some(Layer::Attendees(_)) => Place::Attendees,
            Some(Layer::Insights(_)) => Place::Insights,
            Some(Layer::Comments(_)) => Place::Comments,
            Some(Layer::Feedback(_)) => Place::Feedback,
            Some(Layer::Form(_)) => Place::Form,
            Some(Layer::Account(_)) => Place::Account,
            Some(Layer::Me(_)) => Place::Me,
            Some(Layer::Settings(_)) => Place::Settings,
            Some(Layer::Ticket(_)) => Place::Ticket,
            Some(Layer::Help(_)) => Place::Help,
            Some(Layer::Palette(_)) => Place::Palette,
            None => match self.tab {
                Tab::Agenda => Place::Agenda,
                Tab::Month => Place::Month,
                Tab::Week => Place::Week,
                Tab::Search => Place::Search,
                Tab::Mine => Place::Mine,
                Tab::Organize => Place::Organize,
            },
        }
    }

    /// Rows of a list on the screen.
    fn height(&self) -> usize {
        usize::from(self.size.1.saturating_sub(5)).max(1)
    }

    pub(crate) fn say(&mut self, sign: char, text: impl Into<String>) {
        self.notice = Some(Notice { sign, text: text.into(), until: self.now + NOTICE });
    }

    /// Says what one should know at first, for as long as it takes to read it.
    pub(crate) fn greet(&mut self, text: String) {
        self.notice = Some(Notice { sign: '✓', text, until: self.now + 30_000 });
    }

    /// Asks for something; what was asked for the same purpose before does not count any more, but for deeds, of which each is answered.
    fn ask(&mut self, purpose: Purpose, request: Request) -> Effect {
        let kind = std::mem::discriminant(&purpose);
        self.waiting.retain(|_, asked| {
            matches!(
                asked,
                Purpose::Act(_)
                    | Purpose::All(..)
                    | Purpose::Come { .. }
                    | Purpose::PassOver
                    | Purpose::Say
                    | Purpose::Calendar(_)
            ) || std::mem::discriminant(asked) != kind
        });
        self.next_ticket += 1;
        self.waiting.insert(self.next_ticket, purpose);
        Effect::Run { ticket: self.next_ticket, request }
    }

    fn pass_time(&mut self) -> Vec<Effect> {
        if self.notice.as_ref().is_some_and(|notice| notice.until <= self.now) {
            self.notice = None;
        }
        let mut effects = self.keep_typed();
        if self.leaving.as_ref().is_some_and(|leaving| leaving.at <= self.now) {
            effects.extend(self.leave_now());
        }
        if self.now >= self.refreshed_at + FRESH {
            effects.extend(self.refresh());
        }
        effects
    }

    /// Sends what could be undone until now.
    fn leave_now(&mut self) -> Option<Effect> {
        let leaving = self.leaving.take()?;
        Some(self.ask(Purpose::Act("Your place is given up"), Request::Unregister(leaving.id)))
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(question) = &mut self.question {
            match question {
                Question::Party { size: field, .. }
                | Question::Day(field)
                | Question::Say { words: Words { body: field, .. }, .. } => field.paste(text),
                // Who pastes does not say yes to what can't be undone.
                Question::Sure { .. } => {}
            }
            return Vec::new();
        }
        match self.layers.last_mut() {
            Some(Layer::Form(form)) => {
                form.paste(text);
                self.has_typed();
            }
            Some(Layer::Account(account)) => account.entries.paste(text),
            Some(Layer::Settings(settings)) => settings.entries.paste(text),
            Some(Layer::Help(help)) => help.words.paste(text),
            Some(Layer::Palette(palette)) => palette.words.paste(text),
            Some(Layer::Attendees(attendees)) => {
                if let Some(code) = &mut attendees.code {
                    code.paste(text);
                }
            }
            None if self.tab == Tab::Search => {
                self.search.words.paste(text);
                return self.load_tab();
            }
            _ => {}
        }
        Vec::new()
    }

    fn press(&mut self, key: Key) -> Vec<Effect> {
        // What was wrong with the key before says nothing about this one.
        self.notice = self.notice.take().filter(|notice| notice.sign != '!');
        if let Some(question) = self.question.take() {
            return self.answer_question(question, key);
        }
        if let Some(Layer::Attendees(attendees)) = self.layers.last_mut()
            && let Some(code) = &mut attendees.code
            && code.press(key)
        {
            return Vec::new();
        }
        if let Some(action) = keys::action(self.at(), key) {
            return self.act(action);
        }
        match self.layers.last_mut() {
            Some(Layer::Form(form)) => {
                form.press(key);
                self.has_typed();
            }
            Some(Layer::Account(account)) => account.entries.press(key),
            Some(Layer::Settings(settings)) => settings.entries.press(key),
            Some(Layer::Help(help)) => help.press(key),
            Some(Layer::Palette(palette)) => palette.press(key),
            None if self.tab == Tab::Search => {
                let before = self.search.words.text();
                self.search.words.press(key);
                if self.search.words.text() != before {
                    return self.load_tab();
                }
            }
            _ => {}
        }
        Vec::new()
    }
}
