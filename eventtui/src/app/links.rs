//! Links copied to the clipboard or opened in the browser, and calendar files.

use eventcore::calendars::file_name;

use super::App;
use crate::backend::{ApiError, Request, Response};
use crate::message::{Effect, Purpose};

impl App {
    /// The link of the selected occurrence: its own address, else the one that adds it to a calendar.
    fn link(&self) -> Option<String> {
        let occurrence = self.occurrence()?;
        Some(occurrence.url.clone().unwrap_or_else(|| occurrence.links.google.clone()))
    }

    pub(super) fn copy_link(&mut self) {
        let Some(link) = self.link() else { return };
        self.cx.notify('✓', "Link copied, if your terminal allows it");
        self.cx.effects.push(Effect::Copy(link));
    }

    pub(super) fn open_link(&mut self) {
        let Some(link) = self.link() else { return };
        // Other schemes could make a browser run programs or read files.
        if !(link.starts_with("https://") || link.starts_with("http://")) {
            return self.cx.notify('!', "This event has no web link");
        }
        self.cx.notify('✓', format!("Opening {link} in the browser"));
        self.cx.effects.push(Effect::OpenLink(link));
    }

    /// Requests the calendar file of the selected event, or of the selected occurrence.
    pub(super) fn save_calendar(&mut self) {
        let (title, request) = match (self.stack.top().event(), self.occurrence()) {
            (Some(event), _) => (&event.title, Request::EventCalendar(event.id)),
            (None, Some(occurrence)) => (&occurrence.title, Request::OccurrenceCalendar(occurrence.id)),
            (None, None) => return self.cx.notify('!', "Nothing is selected"),
        };
        let name = file_name(title);
        self.cx.send(Purpose::CalendarFile(name), request);
    }

    pub(super) fn take_calendar(&mut self, name: String, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Calendar(text)) => self.cx.effects.push(Effect::SaveFile { name, text }),
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => self.cx.notify_error(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::driven::Driven;
    use crossterm::event::KeyCode;

    use super::*;
    use crate::backend::ErrorKind;
    use crate::screens::event::EventScreen;

    fn looked() -> Driven {
        Driven::new().with_agenda(9).signed_in().with_detail()
    }

    #[test]
    fn only_web_links_are_opened() {
        let mut driven = looked();
        driven.press(KeyCode::Char('o'));
        assert_eq!(driven.handed, [Effect::OpenLink("https://example.org/g".to_owned())]);
        driven.layer::<EventScreen>().detail.as_mut().unwrap().occurrence.url =
            Some("file:///etc/passwd".to_owned());
        driven.press(KeyCode::Char('o'));
        assert_eq!(driven.handed.len(), 1);
        assert_eq!(driven.last_line(), "! This event has no web link");
    }

    #[test]
    fn occurrences_are_saved_as_calendar_files() {
        let mut driven = looked();
        driven.press(KeyCode::Char('i'));
        let date = |request: &Request| matches!(request, Request::OccurrenceCalendar(_));
        driven.respond(date, Ok(Response::Calendar("BEGIN:VCALENDAR".to_owned())));
        let kept = Effect::SaveFile { name: "evening-1.ics".to_owned(), text: "BEGIN:VCALENDAR".to_owned() };
        assert_eq!(driven.handed, [kept]);
        driven.send(crate::message::Message::FileSaved("~/Downloads/evening-1.ics".to_owned()));
        assert_eq!(driven.last_line(), "✓ Saved as ~/Downloads/evening-1.ics: open it with your calendar");
        let away = ApiError::unavailable("the server cannot be reached");
        driven.press(KeyCode::Char('i')).respond(date, Err(away));
        assert!(driven.last_line().starts_with("✗ the server cannot be reached"));
        assert_eq!(driven.handed.len(), 1);
        let gone = ApiError {
            message: "there is no such event".to_owned(),
            fields: Vec::new(),
            kind: ErrorKind::Other,
        };
        driven.press(KeyCode::Esc).press(KeyCode::Char('5'));
        let events = super::super::driven::page(vec![super::super::driven::event()], None);
        driven.respond(
            |request| matches!(request, Request::OrganizedEvents { .. }),
            Ok(Response::Events(events)),
        );
        driven
            .press(KeyCode::Char('i'))
            .respond(|request| matches!(request, Request::EventCalendar(_)), Err(gone));
        assert_eq!(driven.last_line(), "✗ there is no such event");
    }
}
