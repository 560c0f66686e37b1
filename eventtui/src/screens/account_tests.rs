//! The account, the profile, the password and the preferences.

use crossterm::event::KeyCode;
use eventcore::accounts::Session;
use serde_json::json;

use crate::app::driven::{Driven, user};
use crate::backend::{ApiError, ErrorKind, Request, Response};
use crate::config::{Config, Start};
use crate::desktop_notice::DesktopNotices;
use crate::keys::Place;
use crate::message::{Effect, Message, SavedPreferences};
use crate::theme::Theme;

fn session(n: i64, agent: Option<&str>, current: bool) -> Session {
    serde_json::from_value(json!({
        "id": format!("01890000-0000-7000-8000-0000000000d{n}"), "user_agent": agent,
        "created_at": format!("2027-02-{:02}T08:00:00Z", 20 + n), "last_used_at": "2027-02-27T08:45:00Z",
        "expires_at": "2027-03-29T08:45:00Z", "current": current
    }))
    .unwrap()
}

pub(crate) fn sessions() -> Vec<Session> {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0";
    vec![
        session(1, Some("eventtui"), true),
        session(2, Some(agent), false),
        session(3, Some("\u{1b}[31mcurl"), false),
        session(4, None, false),
    ]
}

/// The screen before the response.
fn asked() -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    driven.press(KeyCode::Char('A'));
    driven
}

fn shown(sessions: Vec<Session>) -> Driven {
    let mut driven = asked();
    let response = Response::Account { user: Box::new(user()), sessions };
    driven.respond(|r| *r == Request::Account, Ok(response));
    driven
}

fn error(message: &str) -> ApiError {
    ApiError { message: message.to_owned(), fields: Vec::new(), kind: ErrorKind::Other }
}

#[test]
fn all_sizes_and_states() {
    let mut driven = asked();
    driven.wait(200);
    insta::assert_snapshot!("me_loading", driven.picture(80, 24));
    driven.respond(|r| *r == Request::Account, Err(ApiError::unavailable("the server does not answer")));
    insta::assert_snapshot!("me_error", driven.picture(80, 24));
    assert!(shown(Vec::new()).picture(80, 24).contains("None: the database is opened without signing in."));
    let mut driven = shown(sessions());
    driven.press(KeyCode::Down);
    insta::assert_snapshot!("me_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("me_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("me_40x15", driven.picture(40, 15));
}

#[test]
fn long_values_wrap_on_a_small_screen() {
    let mut driven = asked();
    let mut me = user();
    me.email = Some("augusta.ada.king.countess.of.lovelace@analytical-engines.example".to_owned());
    (me.display_name, me.timezone) =
        ("Augusta Ada King".to_owned(), "America/Argentina/ComodRivadavia".to_owned());
    driven.app.cx.config.start = Some(Start::Server("https://events.analytical-engines.example".to_owned()));
    driven.respond(
        |r| *r == Request::Account,
        Ok(Response::Account { user: Box::new(me), sessions: sessions() }),
    );
    insta::assert_snapshot!("me_long_40x15", driven.picture(40, 15));
    driven.send(Message::Resized { width: 40, height: 15 });
    for n in 0..4 {
        assert!(driven.picture(40, 15).contains('▌'), "{n}: {}", driven.picture(40, 15));
        driven.press(KeyCode::Down);
    }
    insta::assert_snapshot!("me_long_80x24", driven.picture(80, 24));
}

#[test]
fn ending_a_session_needs_confirmation() {
    let mut driven = shown(sessions());
    driven.press(KeyCode::Down).press(KeyCode::Down).press(KeyCode::Char('x'));
    assert_eq!(
        driven.last_line(),
        "End the session of ␛[31mcurl, last used 27 Feb 2027 09:45? y confirms, any other key cancels"
    );
    let id = sessions()[2].id;
    driven.press(KeyCode::Char('n'));
    assert!(!driven.sent.iter().any(|(_, request)| *request == Request::EndSession(id)));
    driven.type_in("xy").respond(|r| *r == Request::EndSession(id), Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Session ended");
    let left: Vec<_> = sessions().into_iter().filter(|session| session.id != id).collect();
    let response = Response::Account { user: Box::new(user()), sessions: left };
    driven.respond(|r| *r == Request::Account, Ok(response));
    assert!(driven.picture(80, 24).contains("Sessions (3)"));
    // Ending the current session signs out.
    driven.press(KeyCode::Char('g')).type_in("xy");
    driven.respond(|r| *r == Request::SignOut, Ok(Response::CurrentUser(None)));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Agenda, "✓ Signed out"));
    assert!(driven.app.cx.me.is_none());
}

#[test]
fn only_changed_profile_fields_are_sent() {
    let mut driven = shown(sessions());
    driven.press(KeyCode::Char('e'));
    insta::assert_snapshot!("profile_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    assert_eq!(driven.app.at(), Place::Account, "nothing differs");
    driven.press(KeyCode::Char('e')).type_in(" L.").press(KeyCode::Tab).press(KeyCode::Tab).control('u');
    driven.press(KeyCode::Enter);
    assert!(
        !driven.sent.iter().any(|(_, request)| matches!(request, Request::ChangeProfile { .. })),
        "a zone is missing"
    );
    driven.type_in("Mars/Olympus").press(KeyCode::Enter);
    let is_change = |r: &Request| {
        let changes = json!({"display_name": "Ada L.", "timezone": "Mars/Olympus"});
        matches!(r, Request::ChangeProfile { version: 1, patch, .. } if *patch == changes)
    };
    let message = "must be an IANA time zone such as Europe/London".to_owned();
    let wrong = eventcore::Violation { pointer: "/timezone".to_owned(), code: "invalid".into(), message };
    driven.respond(is_change, Err(ApiError { fields: vec![wrong], ..error("1 field is wrong") }));
    assert!(driven.picture(80, 24).contains("! must be an IANA"), "{}", driven.picture(80, 24));
    driven.control('u').type_in("Asia/Tokyo").control('s');
    let mut changed = user();
    (changed.display_name, changed.timezone) = ("Ada L.".to_owned(), "Asia/Tokyo".to_owned());
    driven.respond(
        |r| matches!(r, Request::ChangeProfile { .. }),
        Ok(Response::CurrentUser(Some(Box::new(changed)))),
    );
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Account, "✓ Saved"));
    assert!(driven.picture(80, 24).contains("Ada L. (ada)"));
}

#[test]
fn an_organizer_takes_replies_of_attendees_if_they_say_so() {
    let mut driven = shown(sessions());
    driven.press(KeyCode::Char('e')).press(KeyCode::BackTab).control('u').type_in("perhaps");
    driven.press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("! must be yes or no"), "{}", driven.picture(80, 24));
    driven.control('u').type_in("yes").press(KeyCode::Enter);
    let consent = json!({"takes_replies": true});
    let is_consent = |r: &Request| matches!(r, Request::ChangeProfile { patch, .. } if *patch == consent);
    let consenting = eventcore::accounts::User { takes_replies: true, ..user() };
    driven.respond(is_consent, Ok(Response::CurrentUser(Some(Box::new(consenting)))));
    let picture = driven.picture(80, 24);
    assert!(picture.contains("ada@example.org (not verified), for replies of attendees too"), "{picture}");
    driven.press(KeyCode::Char('e'));
    assert!(driven.picture(80, 24).contains("Replies to me       yes"), "{}", driven.picture(80, 24));
}

#[test]
fn a_new_password_is_repeated_and_a_wrong_one_is_refused() {
    let mut driven = shown(sessions());
    let fill = |driven: &mut Driven, texts: [&str; 3]| {
        for text in texts {
            driven.control('u').type_in(text).press(KeyCode::Tab);
        }
        driven.press(KeyCode::Enter);
    };
    driven.press(KeyCode::Char('p'));
    fill(&mut driven, ["correct horse 7", "another horse 8", "another horse 9"]);
    let picture = driven.picture(80, 24);
    assert!(picture.contains("! does not match") && !picture.contains("horse"), "{picture}");
    driven.press(KeyCode::Tab);
    fill(&mut driven, ["wrong horse 7", "another horse 8", "another horse 8"]);
    let asks = |r: &Request| matches!(r, Request::ChangePassword { new, .. } if new == "another horse 8");
    driven.respond(asks, Err(error("these credentials are not right")));
    insta::assert_snapshot!("password_80x24", driven.picture(80, 24));
    assert!(driven.app.cx.me.is_some());
    let changes = |driven: &Driven| driven.sent.iter().filter(|(_, request)| asks(request)).count();
    driven.press(KeyCode::Enter).press(KeyCode::Enter);
    assert_eq!(changes(&driven), 1, "a password that is being changed is not changed twice");
    // The response to a closed screen is shown, and the screen that is open stays.
    driven.press(KeyCode::Esc).press(KeyCode::Char('e')).respond(asks, Err(error("the server is away")));
    assert_eq!((driven.app.at(), driven.last_line().as_str()), (Place::Settings, "✗ the server is away"));
    driven.press(KeyCode::Esc).press(KeyCode::Char('p'));
    fill(&mut driven, ["correct horse 7", "another horse 8", "another horse 8"]);
    driven.respond(asks, Ok(Response::Done));
    assert_eq!(driven.app.at(), Place::Account);
    assert_eq!(driven.last_line(), "✓ Password changed, other sessions ended");
}

#[test]
fn valid_preferences_are_stored() {
    let mut driven = Driven::new().with_agenda(3);
    // Changes of this session are proposed.
    driven.type_in("Tz,");
    assert_eq!(driven.app.at(), Place::Settings);
    driven.press(KeyCode::Tab).type_in("Mars").press(KeyCode::Tab).press(KeyCode::Tab).type_in("example.org");
    driven.press(KeyCode::Enter);
    insta::assert_snapshot!("preferences_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("preferences_40x15", driven.picture(40, 15));
    assert!(driven.handed.is_empty());
    driven
        .control('u')
        .type_in("Asia/Tokyo")
        .press(KeyCode::Tab)
        .press(KeyCode::Tab)
        .control('u')
        .type_in("https://example.org")
        .press(KeyCode::Tab)
        .control('u')
        .type_in("osc9");
    driven.press(KeyCode::Enter);
    let config = Config {
        theme: Some("dark".to_owned()),
        timezone: Some(chrono_tz::Tz::Asia__Tokyo),
        in_my_zone: true,
        start: Some(Start::Server("https://example.org".to_owned())),
        notices: DesktopNotices::Osc9,
    };
    assert_eq!(driven.handed, [Effect::SavePreferences(config.clone())]);
    driven
        .send(Message::PreferencesSaved(Err(error("/root/config.toml cannot be written: no space is left"))));
    assert!(driven.picture(80, 24).contains("✗ /root/config.toml cannot be written"));
    driven.press(KeyCode::Enter);
    let kept =
        SavedPreferences { config: config.clone(), theme: Theme::DARK, zone: chrono_tz::Tz::Asia__Tokyo };
    driven.send(Message::PreferencesSaved(Ok(Box::new(kept))));
    assert_eq!((driven.app.at(), &driven.app.cx.config), (Place::Agenda, &config));
    assert_eq!(driven.last_line(), "✓ Saved: applies now and at every start");
    assert_eq!(
        (driven.app.cx.view.my_zone, driven.app.cx.view.in_my_zone),
        (chrono_tz::Tz::Asia__Tokyo, true)
    );
}
