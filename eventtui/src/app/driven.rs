//! For tests: an app that is driven by messages, without a terminal, a clock or a backend, and the data it
//! receives.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use crossterm::event::{KeyCode, KeyModifiers};
use eventcore::accounts::User;
use eventcore::events::{Event, Occurrence};
use eventcore::live::Followed;
use eventcore::registrations::{MyRegistration, Registration};
use eventcore::{Cursor, Page, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use chrono::{DateTime, Utc};

use super::App;
use crate::backend::{ApiError, ErrorKind, Notices, OccurrenceDetail, Request, Response};
use crate::drafts::Drafts;
use crate::keys::{Action, Key};
use crate::message::{Effect, Message};
use crate::natural_dates::DayOrder;
use crate::screens::ratings_tests::feedback;
use crate::screens::screen::Screen;
use crate::theme::Theme;
use crate::view;
use crate::view_context::ViewContext;

pub(crate) fn occurrence(n: usize) -> Occurrence {
    let day = n / 3 + 1;
    let place = ["Hall 2, Berlin", "Pier 4, Hamburg", "上野公園, 東京"][n % 3];
    serde_json::from_value(json!({
        "id": format!("01890000-0000-7000-8000-{n:012}"), "event_id": "01890000-0000-7000-8000-000000000000",
        "title": format!("Evening {n}"), "description": "Talks and *pizza*.\n\n- bring a laptop",
        "location": place, "url": null, "original_start": format!("2027-03-{day:02}T18:30:00+01:00"),
        "starts_at": format!("2027-03-{day:02}T18:30:00+01:00"),
        "ends_at": format!("2027-03-{day:02}T20:30:00+01:00"), "timezone": "Europe/Berlin", "all_day": false,
        "status": if n % 7 == 5 { "cancelled" } else { "scheduled" }, "overridden": [], "capacity": 40,
        "seats_taken": n * 8 % 41, "seats_left": 40 - n * 8 % 41, "waitlist_length": n % 3,
        "waitlist_enabled": true, "registration_open": true, "category": "workshop",
        "tags": ["rust", "async"],
        "organizer": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"},
        "recurring": true, "links": {
            "google": "https://example.org/g", "outlook": "",
            "ics": "https://events.example/api/v1/occurrences/1.ics",
            "page": "https://events.example/occurrences/1"
        },
        "version": 1
    }))
    .unwrap()
}

pub(crate) fn event() -> Event {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000000", "title": "Evening", "description": "Talks and *pizza*.",
        "location": "Hall 2, Berlin", "url": null, "starts_at": "2027-03-01T18:30:00+01:00",
        "ends_at": "2027-03-01T20:30:00+01:00", "timezone": "Europe/Berlin", "all_day": false, "capacity": 40,
        "category": null, "tags": [], "visibility": "public", "status": "published", "waitlist_enabled": true,
        "registration_opens_at": null, "registration_closes_at": null, "max_party_size": 10,
        "recurrence": {"rrule": "FREQ=DAILY;COUNT=10", "rdate": [], "exdate": []},
        "organizer": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"},
        "co_organizers": [], "next_occurrence": occurrence(0), "occurrence_count": 10,
        "links": {"google": "", "outlook": "", "ics": ""}, "created_at": "2026-11-23T10:00:00Z",
        "updated_at": "2026-11-23T10:00:00Z", "version": 3
    }))
    .unwrap()
}

pub(crate) fn user() -> User {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000001", "username": "ada", "email": "ada@example.org",
        "email_verified": false, "display_name": "Ada", "timezone": "Europe/Berlin", "role": "user",
        "created_at": "2026-11-23T10:00:00Z", "updated_at": "2026-11-23T10:00:00Z", "version": 1
    }))
    .unwrap()
}

pub(crate) fn registration(n: usize, status: &str) -> Registration {
    let waits = status == "waitlisted";
    serde_json::from_value(json!({
        "id": format!("01890000-0000-7000-9000-{n:012}"), "occurrence_id": occurrence(n).id,
        "event_id": event().id,
        "user": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"},
        "status": status, "party_size": 2, "position": if waits { json!(3) } else { Value::Null },
        "auto_promote": true, "ticket_code": if waits { Value::Null } else { json!("K7QM-3XFD") },
        "created_at": "2026-11-23T10:00:00Z", "updated_at": "2026-11-23T10:00:00Z", "checked_in_at": null,
        "checked_in_by": null
    }))
    .unwrap()
}

pub(crate) fn page<T>(items: Vec<T>, next: Option<&str>) -> Page<T> {
    Page { next: next.map(|next| Cursor::from(next.to_owned())), ..Page::whole(items) }
}

/// An occurrence with all details, for a registered user.
pub(crate) fn detail(occurrence: Occurrence) -> OccurrenceDetail {
    let registration = Some(self::registration(1, "confirmed"));
    let feedback = feedback([0; 5], &[]);
    let occurrences = (0..10).map(self::occurrence).collect();
    OccurrenceDetail {
        occurrence,
        event: event(),
        registration,
        occurrences,
        feedback,
        comment_count: Some(0),
        my_feedback: None,
        notices: Notices::default(),
    }
}

pub(crate) fn error(message: &str, kind: ErrorKind) -> ApiError {
    ApiError { message: message.to_owned(), fields: Vec::new(), kind }
}

/// An app that is driven by messages.
pub(crate) struct Driven {
    pub(crate) app: App,
    now: u64,
    pub(crate) sent: Vec<(u64, Request)>,
    pub(crate) quit: bool,
    pub(crate) copied: Vec<String>,
    /// Effects for other programs.
    pub(crate) handed: Vec<Effect>,
    /// What is followed, by the numbers of the streams.
    pub(crate) followed: Vec<(u64, Option<Followed>)>,
    /// The stored drafts.
    pub(crate) drafts: Drafts,
}

impl Driven {
    pub(crate) fn new() -> Self {
        let began: DateTime<Utc> = "2027-02-27T09:00:00Z".parse().unwrap();
        let mine = chrono_tz::Tz::Europe__Berlin;
        let today = Timestamp::from(began).in_zone(mine).naive_local();
        let view = ViewContext {
            theme: Theme::PLAIN,
            my_zone: mine,
            in_my_zone: false,
            now: today,
            day_order: DayOrder::DayFirst,
            categories: Vec::new(),
            unrated: HashSet::new(),
            my_statuses: HashMap::new(),
        };
        let mut app = App::new("events.db", view, began);
        app.update(0, Message::Resized { width: 80, height: 24 });
        let mut driven = Self {
            app,
            now: 0,
            sent: Vec::new(),
            quit: false,
            copied: Vec::new(),
            handed: Vec::new(),
            followed: Vec::new(),
            drafts: Drafts::new(),
        };
        let effects = driven.app.begin();
        driven.take(effects);
        driven
    }

    pub(crate) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.quit = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::OpenLink(_)
                | Effect::ShowOnDesktop { .. }
                | Effect::SaveFile { .. }
                | Effect::EditDescription(_)
                | Effect::SavePreferences(_) => self.handed.push(effect),
                Effect::StoreDraft { key, draft: Some(draft) } => _ = self.drafts.insert(key, draft),
                Effect::StoreDraft { key, draft: None } => _ = self.drafts.remove(&key),
                Effect::Follow { stream, followed } => self.followed.push((stream, followed)),
                Effect::SendRequest { ticket, request } => self.sent.push((ticket, request)),
            }
        }
    }

    pub(crate) fn send(&mut self, message: Message) -> &mut Self {
        let effects = self.app.update(self.now, message);
        self.take(effects);
        self
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.send(Message::Key(Key(code, KeyModifiers::NONE)))
    }

    pub(crate) fn control(&mut self, letter: char) -> &mut Self {
        self.send(Message::Key(Key(KeyCode::Char(letter), KeyModifiers::CONTROL)))
    }

    pub(crate) fn type_in(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press(KeyCode::Char(letter));
        }
        self
    }

    pub(crate) fn wait(&mut self, millis: u64) -> &mut Self {
        self.now += millis;
        self.send(Message::Tick)
    }

    /// Responds to the newest request of a kind.
    pub(crate) fn respond(
        &mut self,
        is: impl Fn(&Request) -> bool,
        outcome: Result<Response, ApiError>,
    ) -> &mut Self {
        let place = self.sent.iter().rposition(|(_, request)| is(request));
        let (ticket, _) =
            self.sent.remove(place.unwrap_or_else(|| panic!("no such request: {:?}", self.sent)));
        self.send(Message::Responded { ticket, outcome })
    }

    pub(crate) fn with_agenda(mut self, count: usize) -> Self {
        let items = (0..count).map(occurrence).collect();
        self.respond(
            |r| matches!(r, Request::Occurrences { .. }),
            Ok(Response::Occurrences(page(items, None))),
        );
        self
    }

    pub(crate) fn signed_in(mut self) -> Self {
        self.respond(|r| *r == Request::CurrentUser, Ok(Response::CurrentUser(Some(Box::new(user())))));
        let mine = ["confirmed", "waitlisted"].iter().enumerate();
        let items = mine.map(|(n, status)| MyRegistration {
            registration: registration(n + 1, status),
            occurrence: Some(occurrence(n + 1)),
        });
        let items = items.collect();
        self.respond(
            |r| matches!(r, Request::MyRegistrations { .. }),
            Ok(Response::MyRegistrations(page(items, None))),
        );
        self
    }

    pub(crate) fn with_detail(mut self) -> Self {
        self.press(KeyCode::Down).press(KeyCode::Enter);
        let detail = detail(occurrence(1));
        self.respond(
            |r| matches!(r, Request::OccurrenceDetail(_)),
            Ok(Response::OccurrenceDetail(Box::new(detail))),
        );
        self
    }

    /// Runs an action as a key would.
    pub(crate) fn run_action(&mut self, action: Action) -> &mut Self {
        self.app.run_action(action);
        let effects = std::mem::take(&mut self.app.cx.effects);
        self.take(effects);
        self
    }

    /// The layer on top.
    pub(crate) fn layer<T: Screen>(&mut self) -> &mut T {
        let layer = self.app.stack.layers.last_mut().expect("a layer is open");
        let screen: &mut dyn Any = &mut *layer.screen;
        screen.downcast_mut().expect("it is of another kind")
    }

    pub(crate) fn picture(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.app)).unwrap();
        terminal.backend().to_string()
    }

    pub(crate) fn last_line(&self) -> String {
        let picture = self.picture(200, 24);
        picture.lines().nth(22).unwrap().trim_matches(['"', ' ']).to_owned()
    }
}
