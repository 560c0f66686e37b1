//! What is loaded, and when: the screen that is shown, what lies over it, and the pages that one comes to.

use eventcore::events::OccurrenceStatus;

use super::{App, Layer};
use crate::backend::{Request, held};
use crate::keys::Tab;
use crate::message::{Effect, Purpose};
use crate::screens::agenda::Dates;

/// Past dates of which is asked at once whether something is to be said of them.
const DUE: usize = 20;

impl App {
    /// Loads anew what is on the screen, with what is known shown meanwhile.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
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
            Tab::Organize => {
                self.over.as_ref().map_or(&self.organize.position, |over| &over.list.position).selected
            }
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

    pub(super) fn load_tab(&mut self) -> Vec<Effect> {
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
                let counts = self.month.request(&self.look);
                return vec![self.ask(Purpose::Month, counts), self.load_day()];
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
            Tab::Organize => match &mut self.over {
                Some(over) => {
                    over.list.status.begin(now);
                    (Purpose::Over(None), Dates::over(None, &self.look))
                }
                None => {
                    self.organize.status.begin(now);
                    (Purpose::Organized(None), Request::Organized { cursor: None })
                }
            },
        };
        vec![self.ask(purpose, request)]
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

    pub(super) fn load_layer(&mut self) -> Vec<Effect> {
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
            Some(Layer::Feedback(heard)) => {
                // Who has come far down keeps what was loaded.
                if heard.list.position.selected >= 50 {
                    return Vec::new();
                }
                heard.list.status.begin(now);
                let event = heard.event;
                (Purpose::Feedback(event, None), Request::Feedback { event, cursor: None })
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
    pub(super) fn load_ahead(&mut self) -> Vec<Effect> {
        let now = self.now;
        if let Some(Layer::Attendees(attendees)) = self.layers.last_mut() {
            let Some(cursor) = attendees.list.wanted(now) else { return Vec::new() };
            let occurrence = attendees.date.id;
            let request = Request::Attendees { occurrence, cursor: Some(cursor.clone()) };
            return vec![self.ask(Purpose::Attendees(occurrence, Some(cursor)), request)];
        }
        if let Some(Layer::Feedback(heard)) = self.layers.last_mut() {
            let Some(cursor) = heard.list.wanted(now) else { return Vec::new() };
            let event = heard.event;
            let request = Request::Feedback { event, cursor: Some(cursor.clone()) };
            return vec![self.ask(Purpose::Feedback(event, Some(cursor)), request)];
        }
        let due = self.look_after_past();
        let (now, look) = (self.now, &self.look);
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
            Tab::Organize => match &mut self.over {
                Some(over) => over
                    .list
                    .wanted(now)
                    .map(|cursor| (Purpose::Over(Some(cursor.clone())), Dates::over(Some(cursor), look))),
                None => self.organize.wanted(now).map(|cursor| {
                    (Purpose::Organized(Some(cursor.clone())), Request::Organized { cursor: Some(cursor) })
                }),
            },
            Tab::Month | Tab::Week => None,
        };
        let wanted = wanted.map(|(purpose, request)| self.ask(purpose, request));
        due.into_iter().chain(wanted).collect()
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
