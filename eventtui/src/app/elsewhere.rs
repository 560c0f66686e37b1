//! What goes elsewhere: links, files for calendars, texts to an editor, another day.

use chrono::NaiveDate;
use crossterm::event::KeyCode;
use eventcore::calendars::file_name;

use super::answers::words;
use super::{App, Layer, Question};
use crate::backend::{Answer, Refusal, Request};
use crate::keys::{Key, Tab};
use crate::look::Look;
use crate::message::{Effect, Purpose};
use crate::natural_dates;
use crate::widgets::field::Field;
use crate::widgets::list::Position;

/// The day that someone means.
pub(crate) fn day(text: &Field, look: &Look) -> Option<NaiveDate> {
    natural_dates::parse(&text.text(), look.today).map(natural_dates::When::date)
}

impl App {
    fn link(&self) -> Option<String> {
        let date = self.date()?;
        Some(date.url.clone().unwrap_or_else(|| date.links.google.clone()))
    }

    pub(super) fn copy_link(&mut self) -> Vec<Effect> {
        let Some(link) = self.link() else { return Vec::new() };
        self.say('✓', "The link is in the clipboard, if your terminal allows it");
        vec![Effect::Copy(link)]
    }

    pub(super) fn open_link(&mut self) -> Vec<Effect> {
        let Some(link) = self.link() else { return Vec::new() };
        // Whatever else an address may begin with could make a browser do more than show a page.
        if !(link.starts_with("https://") || link.starts_with("http://")) {
            self.say('!', "The event has no link that a browser opens");
            return Vec::new();
        }
        self.say('✓', format!("The browser opens {link}"));
        vec![Effect::Browse(link)]
    }

    /// Asks for the date as a file for calendars, or, among what one organizes, for the whole event.
    pub(super) fn save_calendar(&mut self) -> Vec<Effect> {
        let organized = self.organized();
        let (title, request) = match (organized, self.date()) {
            (Some(event), _) => (&event.title, Request::EventCalendar(event.id)),
            (None, Some(date)) => (&date.title, Request::DateCalendar(date.id)),
            (None, None) => {
                self.say('!', "Nothing is selected that could be saved");
                return Vec::new();
            }
        };
        let name = file_name(title);
        vec![self.ask(Purpose::Calendar(name), request)]
    }

    pub(super) fn take_calendar(&mut self, name: String, outcome: Result<Answer, Refusal>) -> Vec<Effect> {
        match outcome {
            Ok(Answer::Calendar(text)) => return vec![Effect::Keep { name, text }],
            Ok(_) => {}
            Err(refusal) => self.say('✗', words(&refusal)),
        }
        Vec::new()
    }

    /// Gives the description to an editor: there is room for it.
    pub(super) fn write(&mut self) -> Vec<Effect> {
        match self.layers.last_mut() {
            Some(Layer::Form(form)) => vec![Effect::Write(form.description())],
            _ => Vec::new(),
        }
    }

    pub(super) fn take_written(&mut self, text: &str) {
        if let Some(Layer::Form(form)) = self.layers.last_mut() {
            form.describe(text);
            self.has_typed();
        }
    }

    pub(super) fn answer_day(&mut self, mut text: Field, key: Key) -> Vec<Effect> {
        if key.0 != KeyCode::Enter {
            text.press(key);
        } else if let Some(day) = day(&text, &self.look) {
            return self.go_to_day(day);
        }
        self.question = Some(Question::Day(text));
        Vec::new()
    }

    /// The agenda from a day on, or the month or the week that it is in.
    pub(super) fn go_to_day(&mut self, day: NaiveDate) -> Vec<Effect> {
        if self.tab == Tab::Week {
            self.week.go_to(day);
            return if self.week.is_outdated() { self.open_tab(Tab::Week) } else { Vec::new() };
        }
        if self.tab == Tab::Month {
            self.month.day = day;
            return self.load_month();
        }
        self.agenda.from = Some(day).filter(|day| *day != self.look.today.date());
        self.agenda.list.position = Position::default();
        self.open_tab(Tab::Agenda)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Driven;
    use super::*;
    use crate::backend::Cause;

    fn looked() -> Driven {
        Driven::new().with_agenda(9).signed_in().with_detail()
    }

    #[test]
    fn one_goes_to_a_day_as_one_says_it() {
        let mut driven = Driven::new().with_agenda(9);
        driven.press(KeyCode::Char('d')).type_in("soon");
        assert_eq!(driven.last_line(), "Which day? soon▏ ! say a day, such as: fri, +10, 4 dec, 2027-03-04");
        driven.press(KeyCode::Enter).control('u').type_in("+10");
        assert_eq!(driven.last_line(), "Which day? +10▏ → Tue 9 March 2027 · in 10 days · ⏎ goes there");
        driven.press(KeyCode::Enter);
        let from: NaiveDate = "2027-03-09".parse().unwrap();
        let asked =
            |request: &Request| matches!(request, Request::Agenda { wish, .. } if wish.from == Some(from));
        assert!(driven.asked.iter().any(|(_, request)| asked(request)), "{:?}", driven.asked);
        driven.press(KeyCode::Char('2')).press(KeyCode::Char('d')).type_in("24.12.").press(KeyCode::Enter);
        assert!(driven.picture(80, 24).contains("December 2027"));
    }

    #[test]
    fn only_pages_are_opened() {
        let mut driven = looked();
        driven.press(KeyCode::Char('o'));
        assert_eq!(driven.handed, [Effect::Browse("https://example.org/g".to_owned())]);
        let Some(Layer::Event(looked)) = driven.app.layers.last_mut() else { panic!("no event") };
        looked.detail.as_mut().unwrap().date.url = Some("file:///etc/passwd".to_owned());
        driven.press(KeyCode::Char('o'));
        assert_eq!(driven.handed.len(), 1);
        assert_eq!(driven.last_line(), "! The event has no link that a browser opens");
    }

    #[test]
    fn a_date_goes_into_a_calendar() {
        let mut driven = looked();
        driven.press(KeyCode::Char('i'));
        let date = |request: &Request| matches!(request, Request::DateCalendar(_));
        driven.answer(date, Ok(Answer::Calendar("BEGIN:VCALENDAR".to_owned())));
        let kept = Effect::Keep { name: "evening-1.ics".to_owned(), text: "BEGIN:VCALENDAR".to_owned() };
        assert_eq!(driven.handed, [kept]);
        driven.send(crate::message::Message::Kept("~/Downloads/evening-1.ics".to_owned()));
        assert_eq!(driven.last_line(), "✓ Kept as ~/Downloads/evening-1.ics: a calendar opens it");
        let away = Refusal::away("the server cannot be reached");
        driven.press(KeyCode::Char('i')).answer(date, Err(away));
        assert!(driven.last_line().starts_with("✗ the server cannot be reached"));
        assert_eq!(driven.handed.len(), 1);
        let gone =
            Refusal { message: "there is no such event".to_owned(), fields: Vec::new(), cause: Cause::Other };
        driven.press(KeyCode::Esc).press(KeyCode::Char('5'));
        let events = super::super::tests::page(vec![super::super::tests::event()], None);
        driven.answer(|request| matches!(request, Request::Organized { .. }), Ok(Answer::Events(events)));
        driven
            .press(KeyCode::Char('i'))
            .answer(|request| matches!(request, Request::EventCalendar(_)), Err(gone));
        assert_eq!(driven.last_line(), "✗ there is no such event");
    }

    #[test]
    fn a_long_text_is_read_to_its_end() {
        let mut driven = looked();
        let Some(Layer::Event(looked)) = driven.app.layers.last_mut() else { panic!("no event") };
        looked.detail.as_mut().unwrap().date.description =
            (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n\n");
        assert!(!driven.picture(80, 24).contains("line 59"));
        for _ in 0..20 {
            driven.press(KeyCode::PageDown);
        }
        assert!(driven.picture(80, 24).contains("line 59"), "{}", driven.picture(80, 24));
        for _ in 0..20 {
            driven.press(KeyCode::PageUp);
        }
        assert!(driven.picture(80, 24).contains(" Evening 1 "));
    }

    #[test]
    fn a_search_shows_what_narrows_it() {
        let mut driven = Driven::new().with_agenda(3);
        driven.press(KeyCode::Char('/')).type_in("evening @pier to:+10 from:soon");
        let wish = driven.asked.iter().rev().find_map(|(_, request)| match request {
            Request::Agenda { wish, .. } => Some(wish.clone()),
            _ => None,
        });
        let wish = wish.unwrap();
        assert_eq!((wish.words.as_str(), wish.place.as_str(), wish.from), ("evening", "pier", None));
        driven.answer(
            |request| matches!(request, Request::Agenda { .. }),
            Ok(crate::backend::Answer::Dates(super::super::tests::page(
                vec![super::super::tests::occurrence(1)],
                None,
            ))),
        );
        insta::assert_snapshot!("search_80x24", driven.picture(80, 24));
    }
}
