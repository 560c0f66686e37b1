//! The state by messages alone, and pictures of every screen.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use crossterm::event::{KeyCode, KeyModifiers};
use eventcore::accounts::User;
use eventcore::events::{Event, Occurrence};
use eventcore::registrations::{MyRegistration, Registration};
use eventcore::{Cursor, Page};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::ratings_tests::feedback;
use super::*;
use crate::backend::{Answer, Cause, Detail, Refusal};
use crate::keys::Action;
use crate::screens::event::EventScreen;
use crate::theme::Theme;
use crate::view;

pub(crate) fn occurrence(n: usize) -> Occurrence {
    let day = n / 3 + 1;
    let place = ["Hall 2, Berlin", "Pier 4, Hamburg", "上野公園, 東京"][n % 3];
    serde_json::from_value(json!({
        "id": format!("01890000-0000-7000-8000-{n:012}"), "event_id": "01890000-0000-7000-8000-000000000000",
        "title": format!("Evening {n}"), "description": "Talks and *pizza*.\n\n- bring a laptop", "location": place, "url": null,
        "original_start": format!("2027-03-{day:02}T18:30:00+01:00"), "starts_at": format!("2027-03-{day:02}T18:30:00+01:00"),
        "ends_at": format!("2027-03-{day:02}T20:30:00+01:00"), "timezone": "Europe/Berlin", "all_day": false,
        "status": if n % 7 == 5 { "cancelled" } else { "scheduled" }, "overridden": [], "capacity": 40, "seats_taken": n * 8 % 41,
        "seats_left": 40 - n * 8 % 41, "waitlist_length": n % 3, "waitlist_enabled": true, "registration_open": true,
        "category": "workshop", "tags": ["rust", "async"],
        "organizer": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"}, "recurring": true,
        "links": {"google": "https://example.org/g", "outlook": "", "ics": ""}, "version": 1
    }))
    .unwrap()
}

pub(super) fn event() -> Event {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000000", "title": "Evening", "description": "Talks and *pizza*.", "location": "Hall 2, Berlin",
        "url": null, "starts_at": "2027-03-01T18:30:00+01:00", "ends_at": "2027-03-01T20:30:00+01:00", "timezone": "Europe/Berlin",
        "all_day": false, "capacity": 40, "category": null, "tags": [], "visibility": "public", "status": "published",
        "waitlist_enabled": true, "registration_opens_at": null, "registration_closes_at": null, "max_party_size": 10,
        "recurrence": {"rrule": "FREQ=DAILY;COUNT=10", "rdate": [], "exdate": []},
        "organizer": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"}, "co_organizers": [],
        "next_occurrence": occurrence(0), "occurrence_count": 10, "links": {"google": "", "outlook": "", "ics": ""},
        "created_at": "2026-11-23T10:00:00Z", "updated_at": "2026-11-23T10:00:00Z", "version": 3
    }))
    .unwrap()
}

pub(super) fn user() -> User {
    serde_json::from_value(json!({
        "id": "01890000-0000-7000-8000-000000000001", "username": "ada", "email": "ada@example.org", "email_verified": false,
        "display_name": "Ada", "timezone": "Europe/Berlin", "role": "user", "created_at": "2026-11-23T10:00:00Z", "updated_at": "2026-11-23T10:00:00Z", "version": 1
    }))
    .unwrap()
}

pub(super) fn registration(n: usize, status: &str) -> Registration {
    let waits = status == "waitlisted";
    serde_json::from_value(json!({
        "id": format!("01890000-0000-7000-9000-{n:012}"), "occurrence_id": occurrence(n).id, "event_id": event().id,
        "user": {"id": "01890000-0000-7000-8000-000000000001", "username": "ada", "display_name": "Ada"}, "status": status, "party_size": 2,
        "position": if waits { json!(3) } else { Value::Null }, "auto_promote": true,
        "ticket_code": if waits { Value::Null } else { json!("K7QM-3XFD") }, "created_at": "2026-11-23T10:00:00Z",
        "updated_at": "2026-11-23T10:00:00Z", "checked_in_at": null, "checked_in_by": null
    }))
    .unwrap()
}

pub(super) fn page<T>(items: Vec<T>, next: Option<&str>) -> Page<T> {
    Page { items, next: next.map(|next| Cursor::from(next.to_owned())), previous: None, total: None }
}

/// All about a date, for someone with a place there.
pub(super) fn detail(date: Occurrence) -> Detail {
    let place = Some(registration(1, "confirmed"));
    let feedback = feedback([0; 5], &[]);
    let dates = (0..10).map(occurrence).collect();
    Detail { date, event: event(), place, dates, feedback, comments: Some(0), mine: None }
}

pub(super) fn refusal(message: &str, cause: Cause) -> Refusal {
    Refusal { message: message.to_owned(), fields: Vec::new(), cause }
}

/// A program that is driven by hand.
pub(super) struct Driven {
    pub(super) app: App,
    now: u64,
    pub(super) asked: Vec<(u64, Request)>,
    pub(super) quit: bool,
    pub(super) copied: Vec<String>,
    /// What was handed to other programs.
    pub(super) handed: Vec<Effect>,
    /// The drafts that are kept for the next time.
    pub(super) drafts: Drafts,
}

impl Driven {
    pub(super) fn new() -> Self {
        let began: DateTime<Utc> = "2027-02-27T09:00:00Z".parse().unwrap();
        let mine = chrono_tz::Tz::Europe__Berlin;
        let today = began.with_timezone(&mine).naive_local();
        let view = ViewContext {
            theme: Theme::PLAIN,
            my_zone: mine,
            in_my_zone: false,
            now: today,
            unrated: HashSet::new(),
            my_statuses: HashMap::new(),
        };
        let mut app = App::new("events.db", view, began);
        app.update(0, Message::Resized { width: 80, height: 24 });
        let mut driven = Self {
            app,
            now: 0,
            asked: Vec::new(),
            quit: false,
            copied: Vec::new(),
            handed: Vec::new(),
            drafts: Drafts::new(),
        };
        let effects = driven.app.begin();
        driven.take(effects);
        driven
    }

    pub(super) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.quit = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::Browse(_) | Effect::Keep { .. } | Effect::Write(_) | Effect::Prefer(_) => {
                    self.handed.push(effect)
                }
                Effect::Draft { of, draft: Some(draft) } => _ = self.drafts.insert(of, draft),
                Effect::Draft { of, draft: None } => _ = self.drafts.remove(&of),
                Effect::Run { ticket, request } => self.asked.push((ticket, request)),
            }
        }
    }

    pub(super) fn send(&mut self, message: Message) -> &mut Self {
        let effects = self.app.update(self.now, message);
        self.take(effects);
        self
    }

    pub(super) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.send(Message::Key(Key(code, KeyModifiers::NONE)))
    }

    pub(super) fn control(&mut self, letter: char) -> &mut Self {
        self.send(Message::Key(Key(KeyCode::Char(letter), KeyModifiers::CONTROL)))
    }

    pub(super) fn type_in(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press(KeyCode::Char(letter));
        }
        self
    }

    pub(super) fn wait(&mut self, millis: u64) -> &mut Self {
        self.now += millis;
        self.send(Message::Tick)
    }

    /// Answers the newest question of a kind.
    pub(super) fn answer(
        &mut self,
        is: impl Fn(&Request) -> bool,
        outcome: Result<Answer, Refusal>,
    ) -> &mut Self {
        let place = self.asked.iter().rposition(|(_, request)| is(request));
        let (ticket, _) =
            self.asked.remove(place.unwrap_or_else(|| panic!("nobody asked: {:?}", self.asked)));
        self.send(Message::Answered { ticket, outcome })
    }

    pub(super) fn with_agenda(mut self, dates: usize) -> Self {
        let items = (0..dates).map(occurrence).collect();
        self.answer(|r| matches!(r, Request::Agenda { .. }), Ok(Answer::Dates(page(items, None))));
        self
    }

    pub(super) fn signed_in(mut self) -> Self {
        self.answer(|r| *r == Request::Me, Ok(Answer::Me(Some(Box::new(user())))));
        let mine = ["confirmed", "waitlisted"].iter().enumerate();
        let items = mine.map(|(n, status)| MyRegistration {
            registration: registration(n + 1, status),
            occurrence: Some(occurrence(n + 1)),
        });
        let items = items.collect();
        self.answer(|r| matches!(r, Request::Mine { .. }), Ok(Answer::Mine(page(items, None))));
        self
    }

    pub(super) fn with_detail(mut self) -> Self {
        self.press(KeyCode::Down).press(KeyCode::Enter);
        let detail = detail(occurrence(1));
        self.answer(|r| matches!(r, Request::Date(_)), Ok(Answer::Date(Box::new(detail))));
        self
    }

    /// Runs an action as a key would.
    pub(super) fn act(&mut self, action: Action) -> &mut Self {
        self.app.act(action);
        let effects = std::mem::take(&mut self.app.cx.effects);
        self.take(effects);
        self
    }

    /// The layer on top.
    pub(super) fn layer<T: Screen>(&mut self) -> &mut T {
        let layer = self.app.stack.layers.last_mut().expect("a layer is open");
        let screen: &mut dyn Any = &mut *layer.screen;
        screen.downcast_mut().expect("it is of another kind")
    }

    pub(super) fn picture(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.app)).unwrap();
        terminal.backend().to_string()
    }

    pub(super) fn last_line(&self) -> String {
        let picture = self.picture(200, 24);
        picture.lines().nth(22).unwrap().trim_matches(['"', ' ']).to_owned()
    }
}

#[test]
fn the_agenda_in_all_its_states() {
    let mut new = Driven::new();
    insta::assert_snapshot!("agenda_loading", new.wait(200).picture(80, 24));
    insta::assert_snapshot!("agenda_empty", Driven::new().with_agenda(0).picture(80, 24));
    let mut failed = Driven::new();
    failed.answer(
        |r| matches!(r, Request::Agenda { .. }),
        Err(refusal("the server cannot be reached", Cause::Away)),
    );
    insta::assert_snapshot!("agenda_failed", failed.picture(80, 24));
    let full = Driven::new().with_agenda(60).signed_in();
    insta::assert_snapshot!("agenda_80x24", full.picture(80, 24));
    insta::assert_snapshot!("agenda_120x40", full.picture(120, 40));
    insta::assert_snapshot!("agenda_40x15", full.picture(40, 15));
}

#[test]
fn one_date_with_all_about_it() {
    let looked = Driven::new().with_agenda(9).signed_in().with_detail();
    insta::assert_snapshot!("event_80x24", looked.picture(80, 24));
    insta::assert_snapshot!("event_120x40", looked.picture(120, 40));
    insta::assert_snapshot!("event_40x15", looked.picture(40, 15));
    let mut looked = looked;
    insta::assert_snapshot!("ticket_80x24", looked.press(KeyCode::Char('v')).picture(80, 24));
    assert!(looked.picture(40, 10).contains("too small for the QR code"));
}

#[test]
fn other_screens() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('4'));
    let mine = |n: usize, status: &str| MyRegistration {
        registration: registration(n, status),
        occurrence: Some(occurrence(n)),
    };
    let items = vec![mine(1, "confirmed"), mine(2, "waitlisted")];
    driven.answer(|r| matches!(r, Request::Mine { .. }), Ok(Answer::Mine(page(items, None))));
    insta::assert_snapshot!("mine_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('5'));
    driven.answer(|r| matches!(r, Request::Organized { .. }), Ok(Answer::Events(page(vec![event()], None))));
    insta::assert_snapshot!("organize_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('a'));
    let people = vec![registration(1, "confirmed"), registration(2, "waitlisted")];
    driven.answer(
        |r| matches!(r, Request::Attendees { .. }),
        Ok(Answer::Attendees { date: Box::new(occurrence(0)), page: page(people, None) }),
    );
    insta::assert_snapshot!("attendees_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('?'));
    insta::assert_snapshot!("help_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Esc).press(KeyCode::Char(':')).type_in("code");
    insta::assert_snapshot!("palette_80x24", driven.picture(80, 24));
}

#[test]
fn a_place_is_taken_and_given_up_and_kept_after_all() {
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Char('r')).press(KeyCode::Backspace).type_in("3").press(KeyCode::Enter);
    let id = occurrence(0).id;
    driven.answer(
        |r| *r == Request::Register { occurrence: id, party: 3 },
        Ok(Answer::Place(Box::new(registration(0, "waitlisted")))),
    );
    assert_eq!(driven.last_line(), "✓ Others are waiting: you are 3rd on the waitlist");
    driven.press(KeyCode::Char('x')).wait(4_900).press(KeyCode::Char('u')).wait(9_000);
    assert!(
        !driven.asked.iter().any(|(_, request)| matches!(request, Request::Unregister(_))),
        "it was undone"
    );
    driven.press(KeyCode::Char('x')).wait(5_000);
    driven.answer(|r| *r == Request::Unregister(id), Err(refusal("the server does not answer", Cause::Away)));
    assert_eq!(driven.last_line(), "✗ the server does not answer. Showing the last known state");
    // Who quits at once has given it up all the same.
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).press(KeyCode::Char('q'));
    assert!(
        driven.quit
            && driven.asked.iter().any(|(_, request)| *request == Request::Unregister(occurrence(1).id))
    );
}

#[test]
fn only_the_newest_answer_counts() {
    let mut driven = Driven::new().with_agenda(3);
    driven.press(KeyCode::Char('/')).type_in("ab");
    let asked: Vec<_> = driven
        .asked
        .iter()
        .filter(|(_, request)| matches!(request, Request::Agenda { .. }))
        .cloned()
        .collect();
    let words = asked.iter().map(|(_, request)| match request {
        Request::Agenda { wish: filter, .. } => filter.words.as_str(),
        _ => "",
    });
    assert_eq!(words.collect::<Vec<_>>(), ["", "a", "ab"]);
    driven.send(Message::Answered {
        ticket: asked[2].0,
        outcome: Ok(Answer::Dates(page(vec![occurrence(7)], None))),
    });
    driven.send(Message::Answered {
        ticket: asked[1].0,
        outcome: Ok(Answer::Dates(page(vec![occurrence(8)], None))),
    });
    assert_eq!(driven.app.stack.tabs.search.list.items, [occurrence(7)]);
}

#[test]
fn pages_are_loaded_before_one_comes_to_their_end() {
    let mut driven = Driven::new();
    let items = (0..60).map(occurrence).collect();
    driven.answer(|r| matches!(r, Request::Agenda { .. }), Ok(Answer::Dates(page(items, Some("more")))));
    for _ in 0..10 {
        driven.press(KeyCode::Down);
    }
    let more = |r: &Request| matches!(r, Request::Agenda { cursor: Some(_), .. });
    assert_eq!(driven.asked.iter().filter(|(_, request)| more(request)).count(), 1);
    driven.answer(more, Ok(Answer::Dates(page(vec![occurrence(60)], None))));
    driven.press(KeyCode::Char('G'));
    assert_eq!(driven.app.stack.tabs.agenda.list.position.selected, 60);
    // Fresh dates come every quarter of a minute: those of the page that is read.
    driven.wait(15_000).answer(more, Ok(Answer::Dates(page(vec![occurrence(61)], None))));
    assert_eq!(driven.app.stack.tabs.agenda.list.items.len(), 61);
    assert_eq!(
        driven.app.stack.tabs.agenda.list.selected().map(|date| date.title.as_str()),
        Some("Evening 61")
    );
    driven.press(KeyCode::Char('g')).wait(15_000);
    assert!(driven.asked.iter().any(|(_, request)| matches!(request, Request::Agenda { cursor: None, .. })));
}

#[test]
fn what_is_sought_anew_is_not_loaded_from_where_one_was() {
    let mut driven = Driven::new();
    driven.press(KeyCode::Char('/')).type_in("evening");
    let search = |r: &Request| matches!(r, Request::Agenda { .. });
    let items = (0..60).map(occurrence).collect();
    driven.answer(search, Ok(Answer::Dates(page(items, Some("more")))));
    for _ in 0..20 {
        driven.press(KeyCode::Down);
    }
    driven.answer(search, Ok(Answer::Dates(page((20..60).map(occurrence).collect(), None))));
    for _ in 0..60 {
        driven.press(KeyCode::Down);
    }
    // Other words; and before their answer comes it is time to load anew.
    driven.type_in("s").wait(15_000);
    let newest = driven.asked.iter().rev().find(|(_, request)| search(request));
    assert!(matches!(newest, Some((_, Request::Agenda { cursor: None, .. }))), "{:?}", driven.asked);
}

#[test]
fn who_is_signed_out_is_asked_to_sign_in() {
    let mut driven = Driven::new().with_agenda(3);
    driven.answer(|r| *r == Request::Me, Ok(Answer::Me(None)));
    driven.press(KeyCode::Char('r'));
    insta::assert_snapshot!("account_80x24", driven.picture(80, 24));
    driven.type_in("ada").press(KeyCode::Tab).type_in("wrong").press(KeyCode::Enter);
    let sign_in = Request::SignIn { login: "ada".to_owned(), password: "wrong".to_owned() };
    driven.answer(|r| *r == sign_in, Err(refusal("these credentials are not right", Cause::Other)));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("✗ these credentials are not right") && !picture.contains("wrong"), "{picture}");
    driven.press(KeyCode::Enter).answer(|r| *r == sign_in, Ok(Answer::Me(Some(Box::new(user())))));
    assert!(driven.picture(80, 24).contains("ada@events.db"));
    assert_eq!(driven.app.at(), Place::Agenda);
    // A sign-in that ends meanwhile takes what was mine off the screen.
    driven.press(KeyCode::Char('4'));
    driven.answer(|r| matches!(r, Request::Mine { .. }), Err(refusal("sign in first", Cause::SignedOut)));
    assert!(driven.app.cx.me.is_none() && driven.picture(80, 24).contains("Sign in (A)"));
}

#[test]
fn nothing_from_others_reaches_the_terminal_as_it_is() {
    let mut driven = Driven::new();
    let mut date = occurrence(0);
    date.title = "\u{1b}[31mred\u{7}\u{202e}".to_owned();
    date.location = "a\tb".to_owned();
    driven.answer(|r| matches!(r, Request::Agenda { .. }), Ok(Answer::Dates(page(vec![date], None))));
    let picture = driven.picture(120, 40);
    assert!(
        !picture.contains(['\u{1b}', '\u{7}', '\u{202e}', '\t']) && picture.contains("␛[31mred␛␛"),
        "{picture}"
    );
}

#[test]
fn what_cannot_be_undone_is_asked_once() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.press(KeyCode::Char('D'));
    assert_eq!(
        driven.last_line(),
        "Cancel “Evening” and all 10 dates? Next date: 8 registered, 1 waiting. This cannot be undone. y confirms, any other key cancels"
    );
    driven.press(KeyCode::Char('n'));
    assert!(!driven.asked.iter().any(|(_, request)| matches!(request, Request::CancelEvent(_))));
    driven.press(KeyCode::Char('D')).press(KeyCode::Char('y'));
    assert!(driven.asked.iter().any(|(_, request)| matches!(request, Request::CancelEvent(_))));
    driven.press(KeyCode::Char('y'));
    assert_eq!(driven.copied, ["https://example.org/g"]);
}

#[test]
fn every_screen_fits_on_every_terminal() {
    for (width, height) in [(120, 40), (80, 24), (40, 15), (12, 5), (1, 1)] {
        for keys in ["", ",", "2", "w", "3", "4", "5", "?", ":", "A", "n", "r"] {
            let mut driven = Driven::new().with_agenda(60).signed_in();
            driven.send(Message::Resized { width, height }).type_in(keys);
            driven.press(KeyCode::PageDown).press(KeyCode::End);
            driven.picture(width, height);
        }
        Driven::new().with_agenda(9).signed_in().with_detail().picture(width, height);
    }
}

#[test]
fn a_page_that_did_not_come_is_asked_for_again_after_a_while() {
    let mut driven = Driven::new();
    let items = (0..60).map(occurrence).collect();
    driven.answer(|r| matches!(r, Request::Agenda { .. }), Ok(Answer::Dates(page(items, Some("more")))));
    let more = |r: &Request| matches!(r, Request::Agenda { cursor: Some(_), .. });
    let asked = |driven: &Driven| driven.asked.iter().filter(|(_, request)| more(request)).count();
    driven.press(KeyCode::Char('G')).answer(more, Err(refusal("the server does not answer", Cause::Away)));
    assert_eq!(asked(&driven), 0, "a server that is away is not asked without a pause");
    driven.wait(4_999);
    assert_eq!(asked(&driven), 0);
    driven.wait(1);
    assert_eq!(asked(&driven), 1);
    driven.answer(more, Ok(Answer::Dates(page(vec![occurrence(60)], None))));
    assert_eq!(driven.app.stack.tabs.agenda.list.items.len(), 61);
}

#[test]
fn each_deed_is_answered_even_where_another_was_done_meanwhile() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    let (first, second) = (occurrence(1).id, occurrence(2).id);
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).wait(5_000);
    driven.press(KeyCode::Down).press(KeyCode::Char('x')).wait(5_000);
    driven.answer(|r| *r == Request::Unregister(second), Ok(Answer::Done));
    let cause = Cause::Other;
    driven.answer(|r| *r == Request::Unregister(first), Err(refusal("this date is over", cause)));
    assert_eq!(driven.last_line(), "✗ this date is over");
}

#[test]
fn days_are_typed_in_words() {
    let mut driven = Driven::new().with_agenda(9);
    driven.press(KeyCode::Char('d')).type_in("soon");
    assert_eq!(driven.last_line(), "Go to date: soon▏ ! not a date: try fri, +10, 4 dec, 2027-03-04");
    driven.press(KeyCode::Enter).control('u').type_in("+10");
    assert_eq!(driven.last_line(), "Go to date: +10▏ → Tue 9 March 2027 · in 10 days · Enter goes there");
    driven.press(KeyCode::Enter);
    let from: chrono::NaiveDate = "2027-03-09".parse().unwrap();
    let asked =
        |request: &Request| matches!(request, Request::Agenda { wish, .. } if wish.from == Some(from));
    assert!(driven.asked.iter().any(|(_, request)| asked(request)), "{:?}", driven.asked);
    driven.press(KeyCode::Char('2')).press(KeyCode::Char('d')).type_in("24.12.").press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("December 2027"));
}

#[test]
fn long_descriptions_scroll_to_their_end() {
    let mut driven = Driven::new().with_agenda(9).signed_in().with_detail();
    driven.layer::<EventScreen>().detail.as_mut().unwrap().date.description =
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
fn a_search_shows_its_conditions() {
    let mut driven = Driven::new().with_agenda(3);
    driven.press(KeyCode::Char('/')).type_in("evening @pier to:+10 from:soon");
    let filter = driven.asked.iter().rev().find_map(|(_, request)| match request {
        Request::Agenda { wish, .. } => Some(wish.clone()),
        _ => None,
    });
    let filter = filter.unwrap();
    assert_eq!((filter.words.as_str(), filter.place.as_str(), filter.from), ("evening", "pier", None));
    driven.answer(
        |request| matches!(request, Request::Agenda { .. }),
        Ok(Answer::Dates(page(vec![occurrence(1)], None))),
    );
    insta::assert_snapshot!("search_80x24", driven.picture(80, 24));
}
