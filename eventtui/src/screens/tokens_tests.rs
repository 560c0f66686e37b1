//! Personal access tokens: listed, created, shown once, and revoked.

use crossterm::event::KeyCode;
use eventcore::Scope;
use eventcore::accounts::{AccessToken, NewSecret};
use serde_json::{Value, json};

use crate::app::driven::{Driven, error, user};
use crate::backend::{ErrorKind, Request, Response, TokensRequest};
use crate::keys::Place;

fn token(n: usize, changes: &Value) -> AccessToken {
    let mut token = json!({
        "id": format!("01890000-0000-7000-8000-{n:012}"), "name": format!("backup {n}"), "scope": "read",
        "created_at": "2027-01-02T10:00:00Z", "expires_at": "2027-12-31T23:00:00Z",
        "last_used_at": "2027-02-26T07:15:00Z"
    });
    token.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(token).unwrap()
}

pub(crate) fn tokens(count: usize) -> Vec<AccessToken> {
    let others = (2..count).map(|n| token(n, &json!({"last_used_at": null})));
    let first = [
        token(0, &json!({"scope": "write", "expires_at": null})),
        token(1, &json!({"expires_at": "2027-02-01T10:00:00Z"})),
    ];
    first.into_iter().chain(others).collect()
}

pub(crate) fn secret() -> NewSecret {
    NewSecret { token: token(9, &json!({"last_used_at": null})), secret: format!("evc_{}", "x7Q".repeat(14)) }
}

fn is_list(request: &Request) -> bool {
    *request == Request::Tokens(TokensRequest::List)
}

fn listed(count: usize) -> Driven {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    let me =
        Response::Account { user: Box::new(user()), sessions: crate::screens::account_tests::sessions() };
    driven.press(KeyCode::Char('A')).respond(|r| *r == Request::Account, Ok(me));
    driven.press(KeyCode::Char('t')).respond(is_list, Ok(Response::Tokens(tokens(count))));
    driven
}

#[test]
fn tokens_in_all_their_states() {
    let mut driven = Driven::new().with_agenda(3).signed_in();
    // From anywhere, by the palette.
    driven.press(KeyCode::Char(':')).type_in("api key").press(KeyCode::Enter);
    driven.respond(is_list, Err(error("the server cannot be reached", ErrorKind::Unavailable)));
    insta::assert_snapshot!("tokens_error", driven.picture(80, 24));
    driven.wait(15_000).respond(is_list, Ok(Response::Tokens(Vec::new())));
    insta::assert_snapshot!("tokens_empty", driven.picture(80, 24));
    let driven = listed(4);
    insta::assert_snapshot!("tokens_80x24", driven.picture(80, 24));
    insta::assert_snapshot!("tokens_120x40", driven.picture(120, 40));
    insta::assert_snapshot!("tokens_40x15", driven.picture(40, 15));
}

#[test]
fn a_token_is_created_with_the_password_and_shown_once() {
    let mut driven = listed(3);
    driven.press(KeyCode::Char('n')).type_in("calendar").press(KeyCode::Down).control('u').type_in("admin");
    driven.press(KeyCode::Down).control('u').type_in("soon");
    assert!(driven.picture(80, 24).contains("! 90 days, 31 dec, or never"), "{}", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    assert!(
        driven.picture(80, 24).contains("! must be read, write or calendar"),
        "{}",
        driven.picture(80, 24)
    );
    driven.control('u').type_in("Write").press(KeyCode::Enter);
    assert!(driven.picture(80, 24).contains("! 90 days, 31 dec, or never"), "{}", driven.picture(80, 24));
    driven.control('u').type_in("31 dec");
    insta::assert_snapshot!("token_form_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Enter);
    let is_create = |r: &Request| match r {
        Request::Tokens(TokensRequest::Create(input)) => {
            // The day is included, in my time zone.
            let expires = input.expires_at.map(|at| at.to_string());
            assert_eq!(expires.as_deref(), Some("2027-12-31T23:00:00Z"));
            (input.name.as_str(), input.scope) == ("calendar", Scope::Write)
        }
        _ => false,
    };
    let wants = error("give your password again", ErrorKind::PasswordRequired);
    driven.respond(is_create, Err(wants)).type_in("correct horse 7").press(KeyCode::Enter);
    let confirmed = |r: &Request| match r {
        Request::WithPassword { password, request } => password == "correct horse 7" && is_create(request),
        _ => false,
    };
    driven.respond(confirmed, Ok(Response::NewToken(Box::new(secret()))));
    assert_eq!(driven.app.at(), Place::Secret);
    insta::assert_snapshot!("secret_80x24", driven.picture(80, 24));
    driven.press(KeyCode::Char('y'));
    assert_eq!(driven.copied, [secret().secret]);
    // The list is loaded again; the secret is gone.
    driven.respond(is_list, Ok(Response::Tokens(tokens(4)))).press(KeyCode::Esc);
    assert_eq!(driven.app.at(), Place::Tokens);
    assert!(!driven.picture(80, 24).contains("evc_"), "{}", driven.picture(80, 24));
}

#[test]
fn a_token_is_revoked_after_a_question() {
    let mut driven = listed(3);
    driven.press(KeyCode::Char('j')).press(KeyCode::Char('x'));
    assert_eq!(
        driven.last_line(),
        "Revoke “backup 1”? Programs that use it stop working. y confirms, any other key cancels"
    );
    let id = tokens(3)[1].id;
    driven.press(KeyCode::Char('y'));
    driven.respond(|r| *r == Request::Tokens(TokensRequest::Revoke(id)), Ok(Response::Done));
    assert_eq!(driven.last_line(), "✓ Token revoked");
    assert!(driven.sent.iter().any(|(_, request)| is_list(request)));
}
