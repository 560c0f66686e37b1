//! What organizers do with their events and dates.

use eventcore::events::{Event, EventStatus, Occurrence, OccurrenceStatus};

use super::{App, Layer};
use crate::backend::Request;
use crate::keys::{Action, Place};
use crate::message::{Effect, Purpose};
use crate::screens::agenda::Dates;
use crate::screens::attendees::Attendees;
use crate::screens::form::Form;
use crate::screens::insights::Insights;

impl App {
    pub(super) fn organize_it(&mut self, action: Action) -> Vec<Effect> {
        if !self.signed_in() {
            return Vec::new();
        }
        if action == Action::New {
            self.edit(Form::new(&self.look));
            return Vec::new();
        }
        if action == Action::Over {
            self.over = if self.over.is_some() { None } else { Some(Dates::default()) };
            return self.load_tab();
        }
        if self.over.is_some() && self.layers.is_empty() {
            return self.act_on_past(action);
        }
        let selected = if self.layers.is_empty() { self.organize.selected().cloned() } else { None };
        let (event, date) = match (selected, self.layers.last()) {
            (Some(event), _) => (Some(event.clone()), event.next_occurrence),
            (None, Some(Layer::Event(looked))) => {
                let detail = looked.detail.as_ref();
                (detail.map(|detail| detail.event.clone()), detail.map(|detail| detail.date.clone()))
            }
            _ => (None, None),
        };
        let Some(event) = event else { return Vec::new() };
        let on_date = !self.layers.is_empty();
        match (action, date) {
            (Action::Edit, Some(date)) if on_date && event.recurrence.is_some() => {
                self.edit(Form::date(&date))
            }
            (Action::Edit | Action::EditAll, _) => self.edit(Form::event(&event)),
            (Action::EditFollowing, Some(date)) if event.recurrence.is_some() => {
                self.edit(Form::following(&date, &event))
            }
            (Action::EditFollowing, _) => self.say('!', "This event has only one date: e edits it"),
            (Action::Publish, _) if event.status == EventStatus::Draft => {
                return vec![self.ask(Purpose::Act("It is public now"), Request::Publish(event.id))];
            }
            (Action::Publish, _) => self.say('!', "It is no draft any more"),
            (Action::CancelDate, Some(date)) if date.status == OccurrenceStatus::Cancelled => {
                return vec![
                    self.ask(Purpose::Act("The date takes place again"), Request::RestoreDate(date.id)),
                ];
            }
            (Action::CancelDate, Some(date)) => {
                let request = Request::CancelDate(date.id);
                self.sure(
                    format!("Cancel this date, for {}?", people(&date)),
                    request,
                    "The date is cancelled",
                );
            }
            (Action::CancelEvent, date) => {
                let next = if event.occurrence_count == 1 { ", for" } else { ", next for" };
                let whom = date.as_ref().map_or_else(String::new, |date| format!("{next} {}", people(date)));
                let what = match event.occurrence_count {
                    1 => "Cancel the event".to_owned(),
                    many => format!("Cancel the whole event and its {many} dates"),
                };
                let words = format!("{what}{whom}? It can't be brought back");
                self.sure(words, Request::CancelEvent(event.id), "The event is cancelled");
            }
            (Action::Insights, _) => {
                self.layers.push(Layer::Insights(Box::new(Insights::of(event.id, &event.title))));
                return self.load_layer();
            }
            (Action::Attendees, Some(date)) => {
                self.layers.push(Layer::Attendees(Box::new(Attendees::of(date))));
                return self.load_layer();
            }
            _ => self.say('!', "The event has no date ahead"),
        }
        Vec::new()
    }

    /// The event that is selected among what I organize.
    pub(super) fn organized(&self) -> Option<&Event> {
        let here = self.at() == Place::Organize && self.over.is_none();
        self.organize.selected().filter(|_| here)
    }

    /// What can be done with a date in the list of what is over; for the rest one opens it.
    fn act_on_past(&mut self, action: Action) -> Vec<Effect> {
        let Some(date) = self.date().cloned() else {
            self.say('!', "Nothing is selected");
            return Vec::new();
        };
        match action {
            Action::Insights => {
                self.layers.push(Layer::Insights(Box::new(Insights::of(date.event_id, &date.title))));
            }
            Action::Attendees => self.layers.push(Layer::Attendees(Box::new(Attendees::of(date)))),
            _ => {
                self.say('!', "Open it first, with ⏎");
                return Vec::new();
            }
        }
        self.load_layer()
    }
}

/// Who is concerned when a date changes.
fn people(date: &Occurrence) -> String {
    match (date.seats_taken, date.waitlist_length) {
        (0, 0) => "nobody yet".to_owned(),
        (1, 0) => "1 person".to_owned(),
        (n, 0) => format!("{n} people"),
        (n, waiting) => format!("{n} people and {waiting} who wait"),
    }
}
