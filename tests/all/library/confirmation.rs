//! Changes of credentials: what they want, and what they end.

use std::time::Duration;

use eventcore::accounts::{Confirmation, Credentials, NewAccessToken, NewPassword, TokenPair};
use eventcore::{Actor, Credential, Error, EventCore, PageRequest, Role, Scope, Violation};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, id_of, refusal_code};

const PASSWORD: &str = "correct horse 7";
const OTHER: &str = "another horse 8";

async fn sign_in(core: &EventCore, name: &str, password: &str) -> TokenPair {
    let credentials =
        Credentials { login: name.to_owned(), password: password.to_owned(), ..Default::default() };
    core.sign_in(&credentials, None).await.unwrap()
}

async fn session(core: &EventCore, name: &str, password: &str) -> Actor {
    core.authenticate(&sign_in(core, name, password).await.access_token).await.unwrap()
}

fn script(current_password: Option<&str>) -> NewAccessToken {
    NewAccessToken {
        name: "script".to_owned(),
        scope: Some(Scope::Write),
        current_password: current_password.map(str::to_owned),
        ..Default::default()
    }
}

fn new_password(current: &str, new: &str) -> NewPassword {
    NewPassword { current_password: current.to_owned(), new_password: new.to_owned(), ..Default::default() }
}

fn confirmation(password: &str) -> Confirmation {
    Confirmation { password: password.to_owned(), ..Default::default() }
}

/// Pointers and codes of what is invalid.
fn wrong<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<(String, String)> {
    match outcome {
        Err(Error::Invalid(violations)) => {
            let pair = |v: &Violation| (v.pointer.clone(), v.code.to_string());
            violations.as_slice().iter().map(pair).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn at(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// The actor as the next request of the session finds them.
async fn again(core: &EventCore, pair: &TokenPair) -> Actor {
    core.authenticate(&pair.access_token).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_can_be_changed_for_five_minutes_after_the_password(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    db.user_with_password("ada", PASSWORD).await;
    let pair = sign_in(core, "ada", PASSWORD).await;
    db.clock.advance(Duration::from_secs(299));
    core.create_access_token(&again(core, &pair).await, &script(None)).await.unwrap();
    db.clock.advance(Duration::from_secs(1));
    let refresh =
        eventcore::accounts::RefreshToken { refresh_token: pair.refresh_token.clone(), ..Default::default() };
    let pair = core.refresh(&refresh).await.unwrap();
    let ada = again(core, &pair).await;
    let (me, email) = (id_of(&ada), json!({"email": "countess@example.org"}));
    let other = core.open_session(&Actor::System, me).await.unwrap();
    let there = again(core, &other).await.signed_in().unwrap().session().unwrap();
    assert_eq!(refusal_code(core.create_access_token(&ada, &script(None)).await), "password_required");
    assert_eq!(refusal_code(core.change_user(&ada, me, &email, None).await), "password_required");
    assert_eq!(refusal_code(core.end_session(&ada, there).await), "password_required");
    assert_eq!(refusal_code(core.end_other_sessions(&ada).await), "password_required");
    assert_eq!(refusal_code(core.delete_user(&ada, me, None).await), "password_required");
    core.change_user(&ada, me, &json!({"display_name": "Countess"}), None).await.unwrap();

    // A request that carries the password needs no other.
    let wrong_password = wrong(core.create_access_token(&ada, &script(Some(OTHER))).await);
    assert_eq!(wrong_password, at("/current_password", "wrong_password"));
    core.create_access_token(&ada, &script(Some(PASSWORD))).await.unwrap();
    let with = |password: &str| json!({"email": "countess@example.org", "current_password": password});
    let wrong_password = wrong(core.change_user(&ada, me, &with(OTHER), None).await);
    assert_eq!(wrong_password, at("/current_password", "wrong_password"));
    core.change_user(&ada, me, &with(PASSWORD), None).await.unwrap();
    let not_a_text = json!({"display_name": "X", "current_password": 7});
    assert_eq!(
        wrong(core.change_user(&ada, me, &not_a_text, None).await),
        at("/current_password", "wrong_type")
    );

    // Giving it once is enough for five minutes, in this session only.
    assert_eq!(
        wrong(core.confirm_password(&ada, &confirmation(OTHER)).await),
        at("/password", "wrong_password")
    );
    core.confirm_password(&ada, &confirmation(PASSWORD)).await.unwrap();
    let ada = again(core, &pair).await;
    core.end_session(&ada, there).await.unwrap();
    core.create_access_token(&ada, &script(None)).await.unwrap();
    db.clock.advance(Duration::from_mins(5));
    let ada = again(core, &pair).await;
    assert_eq!(refusal_code(core.delete_user(&ada, me, None).await), "password_required");
    // Who wants to leave may always do so.
    core.end_session(&ada, ada.signed_in().unwrap().session().unwrap()).await.unwrap();
    assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "invalid_credentials");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_give_their_password_for_what_makes_admins_and_takes_accounts(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let root = db.user_with_password("root", PASSWORD).await;
    core.change_user(&Actor::System, id_of(&root), &json!({"role": "admin"}), None).await.unwrap();
    let (bob, pair) = (id_of(&db.user("bob").await), sign_in(core, "root", PASSWORD).await);
    db.clock.advance(Duration::from_mins(5));
    let root = again(core, &pair).await;
    assert!(root.is_admin());
    let promotion = json!({"role": "admin"});
    assert_eq!(refusal_code(core.change_user(&root, bob, &promotion, None).await), "password_required");
    let taken = json!({"email": "root@example.net"});
    assert_eq!(refusal_code(core.change_user(&root, bob, &taken, None).await), "password_required");
    assert_eq!(refusal_code(core.delete_user(&root, bob, None).await), "password_required");
    let promotion = json!({"role": "admin", "current_password": PASSWORD});
    assert_eq!(core.change_user(&root, bob, &promotion, None).await.unwrap().role, Role::Admin);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_is_checked_and_revokes_personal_tokens(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    db.user_with_password("ada", PASSWORD).await;
    let ada = session(core, "ada", PASSWORD).await;
    let secret = core.create_access_token(&ada, &script(None)).await.unwrap().secret;
    let token = core.authenticate(&secret).await.unwrap();
    assert_eq!(
        wrong(core.change_password(&ada, &new_password(OTHER, "a third horse 9")).await),
        at("/current_password", "wrong_password")
    );
    assert_eq!(
        wrong(core.change_password(&ada, &new_password(PASSWORD, PASSWORD)).await),
        at("/new_password", "unchanged")
    );
    assert_eq!(refusal_code(core.change_password(&token, &new_password(PASSWORD, OTHER)).await), "forbidden");
    core.authenticate(&secret).await.unwrap();
    core.change_password(&ada, &new_password(PASSWORD, OTHER)).await.unwrap();
    assert_eq!(refusal_code(core.authenticate(&secret).await), "invalid_credentials");
    assert_eq!(core.access_tokens(&ada).await.unwrap(), []);
}

/// A session that ends with the password must leave no token behind.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_survives_a_change_of_password_that_it_races_with(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    db.user_with_password("ada", PASSWORD).await;
    let ada = session(core, "ada", PASSWORD).await;
    let (mut old, mut new) = (PASSWORD, OTHER);
    for _ in 0..4 {
        let thief = session(core, "ada", old).await;
        let change = new_password(old, new);
        let steal = async || {
            loop {
                if let Err(error) = other.create_access_token(&thief, &script(None)).await {
                    return error.code();
                }
            }
        };
        let (changed, stopped) = tokio::join!(core.change_password(&ada, &change), steal());
        changed.unwrap();
        assert!(["invalid_credentials", "invalid_input"].contains(&stopped), "{stopped}");
        // One hundred tokens may have been made before, of which none is left.
        assert_eq!(core.access_tokens(&ada).await.unwrap(), []);
        (old, new) = (new, old);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_are_listed_and_can_be_ended(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let ada = db.user("ada").await;
    let open = async || core.open_session(&Actor::System, id_of(&ada)).await.unwrap().access_token;
    let first = core.authenticate(&open().await).await.unwrap();
    for _ in 0..130 {
        db.clock.advance(Duration::from_millis(1));
        open().await;
    }
    let (mut listed, mut request) = (Vec::new(), PageRequest { count: true, ..PageRequest::first(50) });
    loop {
        let page = core.sessions(&first, &request).await.unwrap();
        assert_eq!(page.total, Some(131));
        listed.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(listed.len(), 131);
    assert!(listed.is_sorted_by_key(|session| std::cmp::Reverse((session.created_at, session.id))));
    assert!(listed.last().is_some_and(|session| session.current));
    assert_eq!(core.export_user(&first, id_of(&ada)).await.unwrap().sessions.len(), 131);
    core.end_session(&first, listed[129].id).await.unwrap();
    core.end_other_sessions(&first).await.unwrap();
    let left = core.sessions(&first, &PageRequest::default()).await.unwrap().items;
    assert_eq!(left.iter().map(|session| session.current).collect::<Vec<_>>(), [true]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_after_90_days_however_often_it_is_used(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    db.user_with_password("ada", PASSWORD).await;
    let mut pair = sign_in(core, "ada", PASSWORD).await;
    let refresh = async |pair: &TokenPair| {
        let token = pair.refresh_token.clone();
        core.refresh(&eventcore::accounts::RefreshToken { refresh_token: token, ..Default::default() }).await
    };
    for day in 1..90 {
        db.clock.advance(Duration::from_hours(24));
        pair = refresh(&pair).await.unwrap();
        let left = i64::from(30.min(90 - day)) * 86_400;
        assert_eq!(pair.refresh_expires_in, left, "day {day}");
    }
    db.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    pair = refresh(&pair).await.unwrap();
    core.authenticate(&pair.access_token).await.unwrap();
    db.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "invalid_credentials");
    assert_eq!(refusal_code(refresh(&pair).await), "invalid_credentials");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_signs_and_the_old_one_is_accepted_until_its_tokens_expire(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    db.user_with_password("ada", PASSWORD).await;
    let first = sign_in(core, "ada", PASSWORD).await.access_token;
    let ada = other.authenticate(&first).await.unwrap();
    assert_eq!(refusal_code(core.rotate_signing_key(&ada, false).await), "forbidden");
    core.rotate_signing_key(&Actor::System, false).await.unwrap();
    let second = sign_in(&other, "ada", PASSWORD).await.access_token;
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    assert_ne!(kid(&first), kid(&second));
    db.clock.advance(Duration::from_secs(899));
    for core in [core, &other] {
        core.authenticate(&first).await.unwrap();
        core.authenticate(&second).await.unwrap();
    }
    db.clock.advance(Duration::from_mins(5));
    let third = sign_in(core, "ada", PASSWORD).await.access_token;
    core.rotate_signing_key(&Actor::System, false).await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM signing_keys").await, 2, "retired keys are deleted");
    core.rotate_signing_key(&Actor::System, true).await.unwrap();
    for core in [core, &other] {
        assert_eq!(refusal_code(core.authenticate(&third).await), "invalid_credentials");
    }
    assert!(matches!(
        session(&other, "ada", PASSWORD).await.signed_in().unwrap().credential,
        Credential::Session { .. }
    ));
}
