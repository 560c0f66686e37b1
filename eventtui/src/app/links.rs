//! Links copied to the clipboard or opened in the browser, and calendar files.

use eventcore::calendars::file_name;

use super::App;
use crate::backend::{ApiError, Request, Response};
use crate::message::{Effect, Purpose};
use crate::reference::Reference;
use crate::screens::event::EventScreen;
use crate::screens::prompt::Prompt;
use crate::widgets::text_field::TextField;

impl App {
    /// Copies the address of the selected occurrence: on a server its page, on a database the id. Servers
    /// without pages have the calendar file only.
    pub(super) fn copy_link(&mut self) {
        let Some(occurrence) = self.occurrence() else { return };
        let links = [&occurrence.links.page, &occurrence.links.ics];
        let (address, what) = match links.into_iter().find(|link| is_web_link(link)) {
            Some(link) => (link.clone(), "Link"),
            None => (occurrence.id.to_string(), "Id"),
        };
        self.cx.notify('✓', format!("{what} copied, if your terminal allows it: O opens it"));
        self.cx.effects.push(Effect::Copy(address));
    }

    /// Opens the link of the selected occurrence: its own, else the one that adds it to a calendar.
    pub(super) fn open_link(&mut self) {
        let Some(occurrence) = self.occurrence() else { return };
        let link = occurrence.url.clone().unwrap_or_else(|| occurrence.links.google.clone());
        // Other schemes could make a browser run programs or read files.
        if !is_web_link(&link) {
            return self.cx.notify('!', "This event has no web link");
        }
        self.cx.notify('✓', format!("Opening {link} in the browser"));
        self.cx.effects.push(Effect::OpenLink(link));
    }

    /// Looks for the occurrence that an id or a link names. `typed` is asked for again if there is none.
    pub(super) fn find(&mut self, reference: Reference, typed: String) {
        self.cx.asked_after = self.cx.keys;
        self.cx.send(Purpose::Find(typed), Request::Find(reference));
    }

    pub(super) fn found(&mut self, typed: &str, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::Occurrence(occurrence)) => EventScreen::open(Some(&occurrence), &mut self.cx),
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => {
                self.cx.notify_error(&error);
                if !typed.is_empty() && self.cx.may_ask_again() {
                    self.cx.prompt = Some(Prompt::Link(TextField::of(typed)));
                }
            }
        }
    }

    /// Requests the calendar file of the selected event, or of the selected occurrence.
    pub(super) fn save_calendar(&mut self) {
        let (title, request) = match (self.stack.top().event(), self.occurrence()) {
            (Some(event), _) => (&event.title, Request::EventCalendar(event.id)),
            (None, Some(occurrence)) => (&occurrence.title, Request::OccurrenceCalendar(occurrence.id)),
            (None, None) => return self.cx.notify('!', "Nothing is selected"),
        };
        let name = file_name(title);
        self.cx.send(Purpose::Download(name), request);
    }

    pub(super) fn take_file(&mut self, name: String, outcome: Result<Response, ApiError>) {
        match outcome {
            Ok(Response::File(text)) => self.cx.effects.push(Effect::SaveFile { name, text }),
            Ok(_) => self.cx.notify_unexpected(),
            Err(error) => self.cx.notify_error(&error),
        }
    }
}

fn is_web_link(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::super::driven::Driven;
    use crossterm::event::KeyCode;

    use super::*;
    use crate::app::driven::{occurrence, page};
    use crate::backend::ErrorKind;
    use crate::keys::Place;
    use crate::message::Message;

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
    fn the_own_address_is_copied_and_never_that_of_a_calendar() {
        let mut driven = looked();
        driven.press(KeyCode::Char('y'));
        assert_eq!(driven.copied, ["https://events.example/occurrences/1"]);
        // Older servers have no pages.
        let event = driven.layer::<EventScreen>().detail.as_mut().unwrap();
        event.occurrence.links.page = String::new();
        driven.press(KeyCode::Char('y'));
        assert_eq!(driven.copied[1], "https://events.example/api/v1/occurrences/1.ics");
        // A database has no address on the web.
        let event = driven.layer::<EventScreen>().detail.as_mut().unwrap();
        event.occurrence.links.page = "/occurrences/1".to_owned();
        event.occurrence.links.ics = "/api/v1/occurrences/1.ics".to_owned();
        driven.press(KeyCode::Char('y'));
        assert_eq!(driven.copied[2], occurrence(1).id.to_string());
        assert_eq!(driven.last_line(), "✓ Id copied, if your terminal allows it: O opens it");
    }

    #[test]
    fn links_and_ids_are_opened() {
        let is_find = |r: &Request| matches!(r, Request::Find(_));
        let mut driven = Driven::new().with_agenda(3).signed_in();
        driven.press(KeyCode::Char('O')).type_in("jazz").press(KeyCode::Enter);
        assert_eq!(driven.last_line(), "Link or id: jazz▏ · ! not the id or link of an event or occurrence");
        let id = occurrence(1).id.to_string();
        driven.control('u').type_in(&id);
        assert_eq!(driven.last_line(), format!("Link or id: {id}▏ · Enter opens it"));
        // What was typed stays after an error.
        let none = ApiError::other("no such event");
        driven.press(KeyCode::Enter).respond(is_find, Err(none));
        assert!(driven.picture(80, 24).contains("✗ no such event"), "{}", driven.picture(80, 24));
        assert_eq!(driven.last_line(), format!("Link or id: {id}▏ · Enter opens it"));
        let found = || Ok(Response::Occurrence(Box::new(occurrence(1))));
        driven.press(KeyCode::Enter).respond(is_find, found());
        assert_eq!(driven.app.at(), Place::Event);
        // A link that is pasted into a list is asked about; in the search, Enter opens it.
        let link = format!("https://events.example/events/{}", occurrence(1).event_id);
        driven.press(KeyCode::Esc).send(Message::Paste(format!("{link}\n")));
        assert_eq!(driven.last_line(), format!("Link or id: {link}▏ · Enter opens it"));
        driven.press(KeyCode::Esc).press(KeyCode::Char('/')).send(Message::Paste(link));
        let nothing = Ok(Response::Occurrences(page(Vec::new(), None)));
        driven.respond(|r| matches!(r, Request::Occurrences { .. }), nothing);
        assert!(driven.picture(80, 24).contains("⏎ opens it."), "{}", driven.picture(80, 24));
        driven.press(KeyCode::Enter).respond(is_find, found());
        assert_eq!(driven.app.at(), Place::Event);
    }

    #[test]
    fn occurrences_are_saved_as_calendar_files() {
        let mut driven = looked();
        driven.press(KeyCode::Char('i'));
        let date = |request: &Request| matches!(request, Request::OccurrenceCalendar(_));
        driven.respond(date, Ok(Response::File("BEGIN:VCALENDAR".to_owned())));
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
