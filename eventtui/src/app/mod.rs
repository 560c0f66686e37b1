//! The state of the program, and how messages change it: no terminal, no clock, no database.

mod account;
#[cfg(test)]
mod account_tests;
mod actions;
mod answers;
#[cfg(test)]
mod comments_tests;
pub(crate) mod elsewhere;
#[cfg(test)]
mod insights_tests;
mod mouse;
#[cfg(test)]
mod ratings_tests;
mod talk;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod walk_tests;
#[cfg(test)]
mod week_tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use eventcore::EventId;
use eventcore::OccurrenceId;
use eventcore::accounts::User;
use eventcore::events::Occurrence;

use crate::backend::Request;
use crate::config::Config;
use crate::keys::{self, Key, Place, Tab};
use crate::look::Look;
use crate::message::{Effect, Message, Purpose};
use crate::screens::account::Account;
use crate::screens::agenda::Dates;
use crate::screens::attendees::Attendees;
use crate::screens::comments::{Comments, Saying};
use crate::screens::event::Looked;
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
    /// How it was: stars, and words behind them.
    Rate { date: Box<Occurrence>, said: Field },
    /// What to say about the event.
    Say { event: EventId, saying: Saying, body: Field },
    /// What can't be undone is asked once, in words that say what will happen.
    Sure { words: String, request: Box<Request>, then: &'static str },
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
    pub(crate) notice: Option<Notice>,
    pub(crate) question: Option<Question>,
    /// A new event that was left before it was saved.
    draft: Option<Box<Form>>,
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
            notice: None,
            question: None,
            draft: None,
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
        slow.chain(notice).chain(leaving).chain([self.refreshed_at + FRESH]).min()
    }

    fn statuses(&self) -> impl Iterator<Item = &crate::status::Status> {
        let layer = self.layers.last().and_then(|layer| match layer {
            Layer::Event(looked) => Some(&looked.status),
            Layer::Attendees(attendees) => Some(&attendees.list.status),
            Layer::Insights(insights) => Some(&insights.status),
            Layer::Comments(comments) => Some(&comments.status),
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
            Tab::Organize => &self.organize.status,
        }
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
            matches!(asked, Purpose::Act(_) | Purpose::Calendar(_)) || std::mem::discriminant(asked) != kind
        });
        self.next_ticket += 1;
        self.waiting.insert(self.next_ticket, purpose);
        Effect::Run { ticket: self.next_ticket, request }
    }

    fn pass_time(&mut self) -> Vec<Effect> {
        if self.notice.as_ref().is_some_and(|notice| notice.until <= self.now) {
            self.notice = None;
        }
        let mut effects = Vec::new();
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

    /// Loads anew what is on the screen, with what is known shown meanwhile.
    fn refresh(&mut self) -> Vec<Effect> {
        self.refreshed_at = self.now;
        // Who types is left alone, and who has come far down keeps what was loaded.
        if matches!(
            self.layers.last(),
            Some(
                Layer::Form(_) | Layer::Account(_) | Layer::Settings(_) | Layer::Help(_) | Layer::Palette(_)
            )
        ) {
            return Vec::new();
        }
        let mut effects = self.load_layer();
        let far = match self.tab {
            Tab::Agenda => self.agenda.list.position.selected,
            Tab::Search => self.search.list.position.selected,
            Tab::Mine => self.mine.position.selected,
            Tab::Organize => self.organize.position.selected,
            Tab::Month | Tab::Week => 0,
        };
        if self.layers.is_empty() && far < 50 {
            effects.extend(self.load_tab());
        }
        if self.me.is_some() {
            effects.push(self.ask(Purpose::Marks, Request::Mine { cursor: None }));
        }
        effects
    }

    fn load_tab(&mut self) -> Vec<Effect> {
        let now = self.now;
        let (purpose, request) = match self.tab {
            Tab::Agenda => {
                self.agenda.list.status.begin(now);
                (Purpose::Agenda(None), self.agenda.request(None, &self.look))
            }
            Tab::Search => {
                self.search.list.status.begin(now);
                (Purpose::Search(None), self.search.request(None, &self.look))
            }
            Tab::Month => {
                self.month.status.begin(now);
                (Purpose::Month, self.month.request(&self.look))
            }
            Tab::Week => {
                self.week.status.begin(now);
                (Purpose::Week, self.week.request(&self.look))
            }
            Tab::Mine | Tab::Organize if self.me.is_none() => return Vec::new(),
            Tab::Mine => {
                self.mine.status.begin(now);
                (Purpose::Mine(None), Request::Mine { cursor: None })
            }
            Tab::Organize => {
                self.organize.status.begin(now);
                (Purpose::Organized(None), Request::Organized { cursor: None })
            }
        };
        vec![self.ask(purpose, request)]
    }

    fn load_layer(&mut self) -> Vec<Effect> {
        let now = self.now;
        let (purpose, request) = match self.layers.last_mut() {
            Some(Layer::Event(looked)) => {
                looked.status.begin(now);
                (Purpose::Detail(looked.id), Request::Date(looked.id))
            }
            Some(Layer::Attendees(attendees)) => {
                attendees.list.status.begin(now);
                let occurrence = attendees.date.id;
                (Purpose::Attendees(occurrence, None), Request::Attendees { occurrence, cursor: None })
            }
            Some(Layer::Comments(comments)) => {
                comments.status.begin(now);
                (Purpose::Comments(comments.event), Request::Comments(comments.event))
            }
            Some(Layer::Me(me)) => {
                me.status.begin(now);
                (Purpose::Account, Request::Account)
            }
            Some(Layer::Insights(insights)) => {
                insights.status.begin(now);
                (Purpose::Insights(insights.event), Request::Insights(insights.event))
            }
            _ => return Vec::new(),
        };
        vec![self.ask(purpose, request)]
    }

    /// Loads the next page of a list before one comes to its end.
    fn load_ahead(&mut self) -> Vec<Effect> {
        let (now, look) = (self.now, &self.look);
        if let Some(Layer::Attendees(attendees)) = self.layers.last_mut() {
            let Some(cursor) = attendees.list.wanted(now) else { return Vec::new() };
            let occurrence = attendees.date.id;
            let request = Request::Attendees { occurrence, cursor: Some(cursor.clone()) };
            return vec![self.ask(Purpose::Attendees(occurrence, Some(cursor)), request)];
        }
        let wanted = match self.tab {
            Tab::Agenda => self.agenda.list.wanted(now).map(|cursor| {
                (Purpose::Agenda(Some(cursor.clone())), self.agenda.request(Some(cursor), look))
            }),
            Tab::Search => self.search.list.wanted(now).map(|cursor| {
                (Purpose::Search(Some(cursor.clone())), self.search.request(Some(cursor), look))
            }),
            Tab::Mine => self
                .mine
                .wanted(now)
                .map(|cursor| (Purpose::Mine(Some(cursor.clone())), Request::Mine { cursor: Some(cursor) })),
            Tab::Organize => self.organize.wanted(now).map(|cursor| {
                (Purpose::Organized(Some(cursor.clone())), Request::Organized { cursor: Some(cursor) })
            }),
            Tab::Month | Tab::Week => None,
        };
        wanted.map(|(purpose, request)| self.ask(purpose, request)).into_iter().collect()
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        match self.layers.last_mut() {
            Some(Layer::Form(form)) => form.paste(text),
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
            Some(Layer::Form(form)) => form.press(key),
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
