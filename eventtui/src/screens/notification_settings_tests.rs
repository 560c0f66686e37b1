//! What the user is told, in the app and by e-mail, and when they are reminded.

use crossterm::event::KeyCode;
use eventcore::Violation;
use eventcore::accounts::User;
use eventcore::notifications::{KindPreference, NotificationKind, NotificationPreferences};
use serde_json::json;

use crate::app::driven::{Driven, detail, error, occurrence, user};
use crate::backend::{ApiError, ErrorKind, Notices, NotificationsRequest, ReminderTimes, Request, Response};
use crate::keys::Place;

fn kinds() -> Vec<KindPreference> {
    let all = NotificationKind::ALL.iter();
    all.map(|kind| KindPreference { kind: *kind, in_app: true, email: true }).collect()
}

fn preferences(kinds: &[KindPreference], reminders: &[&str]) -> NotificationPreferences {
    serde_json::from_value(json!({"kinds": kinds, "reminders": reminders})).unwrap()
}

/// The defaults, with an address in this state.
pub(crate) fn preferred(verified: bool, bouncing: bool) -> Response {
    let user = User { email_verified: verified, email_bouncing: bouncing, ..user() };
    let preferences = Box::new(preferences(&kinds(), &["P1D", "PT1H"]));
    Response::NotificationPreferences { preferences, user: Some(Box::new(user)) }
}

pub(crate) fn is_preferences(request: &Request) -> bool {
    *request == Request::Notifications(NotificationsRequest::Preferences)
}

fn opened() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('N')).press(KeyCode::Char('p'));
    driven.respond(is_preferences, Ok(preferred(true, false)));
    driven
}

/// The kinds in the newest request to save them.
fn saved(driven: &Driven) -> Vec<KindPreference> {
    let newest = driven.sent.iter().rev().find_map(|(_, request)| match request {
        Request::Notifications(NotificationsRequest::SetKinds(kinds)) => Some(kinds.clone()),
        _ => None,
    });
    newest.unwrap_or_default()
}

fn is_saving(request: &Request) -> bool {
    matches!(request, Request::Notifications(NotificationsRequest::SetKinds(_)))
}

fn is_reminders(request: &Request) -> bool {
    matches!(request, Request::Notifications(NotificationsRequest::SetReminders { .. }))
}

#[test]
fn the_table_says_what_is_told_and_whether_mail_arrives() {
    let mut driven = opened();
    insta::assert_snapshot!("notification_settings_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("notification_settings_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("notification_settings_40x15", driven.picture(40, 15));
    let mut says = |verified, bouncing, words: &str| {
        driven.press(KeyCode::Char('R')).respond(is_preferences, Ok(preferred(verified, bouncing)));
        let picture = driven.picture(100, 24);
        assert!(picture.contains(words) && picture.contains("e-mail !"), "{picture}");
    };
    says(false, false, "! ada@example.org is not verified: nothing is mailed until you follow the link");
    says(true, true, "✗ ada@example.org refuses mail: nothing is mailed until you change it");
}

#[test]
fn channels_are_turned_off_one_after_another() {
    let mut driven = opened();
    driven.press(KeyCode::Char('e'));
    let mut first = kinds();
    first[0].email = false;
    assert_eq!(saved(&driven), first);
    // A second change waits for the answer, and is shown at once.
    driven.press(KeyCode::Char('j')).press(KeyCode::Char('a'));
    let asked = |driven: &Driven| driven.sent.iter().filter(|(_, request)| is_saving(request)).count();
    assert_eq!(asked(&driven), 1);
    assert_eq!(driven.picture(80, 24).matches("[ ]").count(), 2, "{}", driven.picture(80, 24));
    let answer = |kinds: &[KindPreference]| {
        let preferences = Box::new(preferences(kinds, &["P1D", "PT1H"]));
        Ok(Response::NotificationPreferences { preferences, user: None })
    };
    driven.respond(is_saving, answer(&first));
    let mut second = first.clone();
    second[1].in_app = false;
    assert_eq!(saved(&driven), second);
    driven.respond(is_saving, answer(&second));
    assert_eq!(driven.picture(80, 24).matches("[ ]").count(), 2);
    // A refused change is taken back.
    driven.press(KeyCode::Char('a'));
    driven.respond(is_saving, Err(error("the server does not answer", ErrorKind::Unavailable)));
    assert_eq!(driven.picture(80, 24).matches("[ ]").count(), 2, "{}", driven.picture(80, 24));
    assert!(driven.last_line().starts_with("✗ the server does not answer"));
    // What waits when the program ends is sent.
    driven.press(KeyCode::Char('e')).press(KeyCode::Char('e')).press(KeyCode::Char('q'));
    assert!(driven.quit && asked(&driven) == 2);
}

#[test]
fn security_notices_stay_on() {
    let mut driven = opened();
    driven.press(KeyCode::Char('G')).press(KeyCode::Char('e'));
    assert_eq!(driven.last_line(), "! Notices about your account cannot be turned off");
    assert!(!driven.sent.iter().any(|(_, request)| is_saving(request)));
}

#[test]
fn reminders_are_typed_as_people_speak() {
    let mut driven = opened();
    driven.press(KeyCode::Char('r'));
    assert_eq!(driven.app.at(), Place::Settings);
    insta::assert_snapshot!("reminders_80x24", driven.picture(80, 24));
    driven.control('u').type_in("1 day, soon");
    driven.press(KeyCode::Enter);
    let picture = driven.picture(100, 24);
    assert!(picture.contains("! “soon” is not understood: try 1 day, 2 hours or 30 min"), "{picture}");
    assert!(!driven.sent.iter().any(|(_, request)| is_reminders(request)));
    // What the library refuses is named by its part.
    driven.control('u').type_in("1 day, 90 days").press(KeyCode::Enter);
    let message = "must be 1 minute to 60 days, in whole minutes".to_owned();
    let wrong = Violation { pointer: "/reminders/1".into(), code: "out_of_range".into(), message };
    let refused = ApiError { message: "invalid".into(), fields: vec![wrong], kind: ErrorKind::Other };
    driven.respond(is_reminders, Err(refused));
    let picture = driven.picture(120, 24);
    assert!(picture.contains("! “90 days” must be 1 minute to 60 days, in whole minutes"), "{picture}");
    driven.control('u').type_in("2 days, 30 min").press(KeyCode::Enter);
    let set = |reminders: &[&str]| {
        let reminders = Some(reminders.iter().map(ToString::to_string).collect());
        Request::Notifications(NotificationsRequest::SetReminders { occurrence: None, reminders })
    };
    driven.respond(|r| *r == set(&["P2D", "PT30M"]), Ok(preferred(true, false)));
    assert_eq!(
        (driven.app.at(), driven.last_line().as_str()),
        (Place::NotificationSettings, "✓ Reminders saved")
    );
    driven.press(KeyCode::Char('r')).control('u').type_in("none").press(KeyCode::Enter);
    assert!(driven.sent.iter().any(|(_, request)| *request == set(&[])));
}

/// The screen of an occurrence of whose registration these are the reminders.
fn reminded(own: Option<&[&str]>, muted: bool) -> Driven {
    let leads = |leads: &[&str]| leads.iter().map(|lead| lead.parse().unwrap()).collect();
    let mut shown = detail(occurrence(1));
    let reminders = Some(ReminderTimes { own: own.map(leads), usual: leads(&["P1D", "PT1H"]) });
    shown.notices = Notices { muted, reminders };
    let mut driven = Driven::new().with_agenda(9).signed_in();
    driven.press(KeyCode::Down).press(KeyCode::Enter).respond(
        |r| matches!(r, Request::OccurrenceDetail(_)),
        Ok(Response::OccurrenceDetail(Box::new(shown))),
    );
    driven
}

#[test]
fn a_registration_has_its_own_reminders() {
    let mut driven = reminded(None, false);
    insta::assert_snapshot!("event_reminders_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('b'));
    assert!(driven.picture(80, 24).contains("→ as always: 1 day, 1 hour"), "{}", driven.picture(80, 24));
    driven.type_in("2 h").press(KeyCode::Enter);
    let set = |reminders: Option<Vec<String>>| {
        let occurrence = Some(occurrence(1).id);
        Request::Notifications(NotificationsRequest::SetReminders { occurrence, reminders })
    };
    driven.respond(|r| *r == set(Some(vec!["PT2H".to_owned()])), Ok(Response::Done));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Event, "✓ Reminders saved"));
    let own = |own: &[&str], words: &str| {
        let picture = reminded(Some(own), false).picture(100, 24);
        assert!(picture.contains(words), "{picture}");
    };
    own(&["PT2H"], " Reminded 2 hours before this one · b");
    own(&[], " No reminders of this one · b");
    // Empty, the list of the account applies again.
    let mut driven = reminded(Some(&["PT2H"]), false);
    driven.press(KeyCode::Char('b')).control('u').press(KeyCode::Enter);
    assert!(driven.sent.iter().any(|(_, request)| *request == set(None)));
    assert!(reminded(None, true).picture(80, 24).contains("‖ Muted: you are told nothing of it"));
    let mut other = Driven::new().with_agenda(9).signed_in().with_detail();
    other.press(KeyCode::Char('b'));
    assert!(other.last_line().starts_with("! You are not registered for it"), "{}", other.last_line());
}
