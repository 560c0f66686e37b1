//! What is loaded, and when: the screen that is shown, what lies over it, and the pages that one comes to.

use eventcore::Cursor;
use eventcore::events::OccurrenceStatus;

use super::{App, Layer};
use crate::backend::{Request, held};
use crate::keys::Tab;
use crate::message::{Effect, Purpose};
use crate::screens::agenda::Dates;
use crate::widgets::list::Pages;

/// Past dates of which is asked at once whether something is to be said of them.
const DUE: usize = 20;

impl App {
    /// Loads anew what is on the screen, with what is known shown meanwhile.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        self.refreshed_at = self.now;
        // Who types is left alone.
        if matches!(
            self.layers.last(),
            Some(
                Layer::Form(_) | Layer::Account(_) | Layer::Settings(_) | Layer::Help(_) | Layer::Palette(_)
            )
        ) {
            return Vec::new();
        }
        let mut effects = match self.layers.last() {
            Some(_) => self.load_layer(),
            None => self.load(|list| list.here()),
        };
        if self.me.is_some() {
            effects.push(self.ask(Purpose::Marks, Request::Mine { cursor: None }));
        }
        effects
    }

    /// Loads this tab: its list from the start.
    pub(super) fn load_tab(&mut self) -> Vec<Effect> {
        self.load(|_| None)
    }

    fn load(&mut self, from: impl Fn(&dyn Pages) -> Option<Cursor>) -> Vec<Effect> {
        let now = self.now;
        match self.tab {
            Tab::Month => {
                self.month.status.begin(now);
                let counts = self.month.request(&self.look);
                return vec![self.ask(Purpose::Month, counts), self.load_day()];
            }
            Tab::Week => {
                self.week.status.begin(now);
                let request = self.week.request(&self.look);
                return vec![self.ask(Purpose::Week, request)];
            }
            Tab::Mine | Tab::Organize if self.me.is_none() => return Vec::new(),
            Tab::Agenda | Tab::Search | Tab::Mine | Tab::Organize => {}
        }
        let Some(list) = self.list_of_tab() else { return Vec::new() };
        list.status().begin(now);
        let cursor = from(list);
        if cursor.is_none() {
            list.start_over();
        }
        self.page_of_tab(cursor).map(|(purpose, request)| self.ask(purpose, request)).into_iter().collect()
    }

    /// The list of this tab, if it is one.
    pub(super) fn list_of_tab(&mut self) -> Option<&mut dyn Pages> {
        Some(match self.tab {
            Tab::Agenda => &mut self.agenda.list,
            Tab::Search => &mut self.search.list,
            Tab::Mine => &mut self.mine,
            Tab::Organize => match &mut self.over {
                Some(over) => &mut over.list,
                None => &mut self.organize,
            },
            Tab::Month | Tab::Week => return None,
        })
    }

    /// What to ask for a page of it.
    fn page_of_tab(&self, cursor: Option<Cursor>) -> Option<(Purpose, Request)> {
        let at = cursor.clone();
        Some(match self.tab {
            Tab::Agenda => (Purpose::Agenda(at), self.agenda.request(cursor, &self.look)),
            Tab::Search => (Purpose::Search(at), self.search.request(cursor, &self.look)),
            Tab::Mine => (Purpose::Mine(at), Request::Mine { cursor }),
            Tab::Organize if self.over.is_some() => (Purpose::Over(at), Dates::over(cursor, &self.look)),
            Tab::Organize => (Purpose::Organized(at), Request::Organized { cursor }),
            Tab::Month | Tab::Week => return None,
        })
    }

    /// The list of what lies over the tab, if it is one.
    fn list_of_layer(&mut self) -> Option<&mut dyn Pages> {
        match self.layers.last_mut()? {
            Layer::Attendees(attendees) => Some(&mut attendees.list),
            Layer::Feedback(heard) => Some(&mut heard.list),
            _ => None,
        }
    }

    /// What to ask for a page of it.
    fn page_of_layer(&self, cursor: Option<Cursor>) -> Option<(Purpose, Request)> {
        let at = cursor.clone();
        match self.layers.last()? {
            Layer::Attendees(attendees) => {
                let occurrence = attendees.date.id;
                Some((Purpose::Attendees(occurrence, at), Request::Attendees { occurrence, cursor }))
            }
            Layer::Feedback(heard) => {
                let event = heard.event;
                Some((Purpose::Feedback(event, at), Request::Feedback { event, cursor }))
            }
            _ => None,
        }
    }

    /// Loads the dates of the day that is selected in the month.
    fn load_day(&mut self) -> Effect {
        let request = self.month.request_day(&self.look);
        self.ask(Purpose::Day(self.month.day), request)
    }

    /// Loads what is not known of the day that was gone to in the month.
    pub(super) fn load_month(&mut self) -> Vec<Effect> {
        if self.month.is_outdated() {
            return self.load_tab();
        }
        if self.month.wants_day() { vec![self.load_day()] } else { Vec::new() }
    }

    /// Loads what lies over the tab: of a list the page that is read.
    pub(super) fn load_layer(&mut self) -> Vec<Effect> {
        self.load_over(|list| list.here())
    }

    /// Loads the list that lies over the tab from its start.
    pub(super) fn load_layer_anew(&mut self) -> Vec<Effect> {
        self.load_over(|_| None)
    }

    fn load_over(&mut self, from: impl Fn(&dyn Pages) -> Option<Cursor>) -> Vec<Effect> {
        let now = self.now;
        if let Some(list) = self.list_of_layer() {
            list.status().begin(now);
            let cursor = from(list);
            if cursor.is_none() {
                list.start_over();
            }
            let page = self.page_of_layer(cursor);
            return page.map(|(purpose, request)| self.ask(purpose, request)).into_iter().collect();
        }
        let (purpose, request) = match self.layers.last_mut() {
            Some(Layer::Event(looked)) => {
                looked.status.begin(now);
                (Purpose::Detail(looked.id), Request::Date(looked.id))
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

    /// Loads the page after or before what is held of a list, before one comes to its end.
    pub(super) fn load_ahead(&mut self) -> Vec<Effect> {
        let now = self.now;
        let due = self.look_after_past();
        let of_layer = self.list_of_layer().map(|list| list.wanted(now));
        let page = match of_layer {
            Some(wanted) => wanted.and_then(|cursor| self.page_of_layer(Some(cursor))),
            None => {
                let wanted = self.list_of_tab().and_then(|list| list.wanted(now));
                wanted.and_then(|cursor| self.page_of_tab(Some(cursor)))
            }
        };
        let page = page.map(|(purpose, request)| self.ask(purpose, request));
        due.into_iter().chain(page).collect()
    }

    /// Asks whether I have said how the last dates were at which I was.
    fn look_after_past(&mut self) -> Option<Effect> {
        if self.tab != Tab::Mine || !self.layers.is_empty() {
            return None;
        }
        let past = self.mine.items.iter().filter_map(|mine| {
            let date = mine.occurrence.as_ref().filter(|date| self.look.is_over(date))?;
            let was_there = held(&mine.registration) && date.status == OccurrenceStatus::Scheduled;
            (was_there && !self.looked_after.contains(&date.id)).then_some(date.id)
        });
        let past: Vec<_> = past.take(DUE).collect();
        if past.is_empty() {
            return None;
        }
        self.looked_after.extend(&past);
        Some(self.ask(Purpose::Due, Request::Due(past)))
    }
}
