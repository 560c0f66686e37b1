//! Credentials: which are refused, what ends them, and races with attackers.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eventcore::accounts::{
    Credentials, NewAccessToken, NewPassword, NewUser, RefreshToken, Session, TokenPair,
};
use eventcore::db::{Queries, Sql};
use eventcore::{Actor, EventCore, PageRequest, Scope, SessionId, UserId};
use jsonwebtoken::{Algorithm, Header};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Kind, TestDb, id_of, refusal_code, sign_jwt};

const PASSWORD: &str = "correct horse 7";
const OTHER: &str = "another horse 8";

fn login(name: &str, password: &str) -> Credentials {
    Credentials { login: name.to_owned(), password: password.to_owned(), ..Credentials::default() }
}

fn refresh_of(pair: &TokenPair) -> RefreshToken {
    RefreshToken { refresh_token: pair.refresh_token.clone(), ..RefreshToken::default() }
}

fn change(current: &str, new: &str) -> NewPassword {
    NewPassword {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
        ..NewPassword::default()
    }
}

fn token_named(name: &str, scope: Scope) -> NewAccessToken {
    NewAccessToken { name: name.to_owned(), scope: Some(scope), ..NewAccessToken::default() }
}

async fn sign_up(core: &EventCore, name: &str) -> UserId {
    let input = NewUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password: Some(PASSWORD.to_owned()),
        ..NewUser::default()
    };
    core.create_user(&Actor::Anonymous, &input).await.unwrap().id
}

async fn sessions(core: &EventCore, actor: &Actor) -> Vec<Session> {
    core.sessions(actor, &PageRequest::default()).await.unwrap().items
}

async fn sign_in(core: &EventCore, name: &str) -> TokenPair {
    core.sign_in(&login(name, PASSWORD), None).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_tokens_are_refused_and_valid_ones_expire_by_the_clock(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let (ada, bob) = (sign_up(core, "ada").await, sign_up(core, "bob").await);
    let pair = sign_in(core, "ada").await;
    let Actor::User(signed_in) = core.authenticate(&pair.access_token).await.unwrap() else {
        panic!("a user")
    };
    let session = signed_in.session().unwrap();
    let (kid, secret): (String, String) = core
        .db()
        .read()
        .await
        .unwrap()
        .query(Sql::portable("SELECT id, secret FROM signing_keys"))
        .one()
        .await
        .unwrap();
    let now = core.now().as_micros() / 1_000_000;
    let claims = |change: Value| {
        let mut claims = json!({"iss": "eventcore", "aud": "eventcore/api/v1", "sub": ada, "sid": session});
        claims["exp"] = json!(now + 900);
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    };
    let header = |alg, typ: &str, kid: &str| {
        let mut header = Header::new(alg);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(kid.to_owned()));
        header
    };
    let forge = |alg, secret: &str, claims: &Value| sign_jwt(&header(alg, "at+jwt", &kid), secret, claims);
    let hs256 = |change: Value| forge(Algorithm::HS256, &secret, &claims(change));
    for change in [json!({}), json!({"nbf": now}), json!({"aud": ["elsewhere", "eventcore/api/v1"]})] {
        let known = core.authenticate(&hs256(change.clone())).await.unwrap();
        assert_eq!(known, Actor::User(signed_in), "the forger knows how: {change}");
    }

    let none = |signature: &str| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.{signature}",
            part(json!({"alg": "none", "typ": "at+jwt", "kid": kid})),
            part(claims(json!({})))
        )
    };
    let [head, body, signature] = pair.access_token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for (what, forged) in [
        ("no algorithm", none("")),
        ("no algorithm, another's signature", none(signature)),
        ("a foreign key", forge(Algorithm::HS256, "0123456789abcdef0123456789abcdef", &claims(json!({})))),
        ("no key", forge(Algorithm::HS256, "", &claims(json!({})))),
        ("another algorithm", forge(Algorithm::HS512, &secret, &claims(json!({})))),
        ("another issuer", hs256(json!({"iss": "elsewhere"}))),
        ("no issuer", hs256(json!({"iss": null}))),
        ("made for somebody else", hs256(json!({"aud": "elsewhere"}))),
        ("made for nobody", hs256(json!({"aud": null}))),
        ("not valid yet", hs256(json!({"nbf": now + 1}))),
        ("another type", sign_jwt(&header(Algorithm::HS256, "JWT", &kid), &secret, &claims(json!({})))),
        ("an unknown key", sign_jwt(&header(Algorithm::HS256, "at+jwt", "x"), &secret, &claims(json!({})))),
        (
            "a key id with NUL",
            sign_jwt(&header(Algorithm::HS256, "at+jwt", "\0"), &secret, &claims(json!({}))),
        ),
        ("no type and no key", sign_jwt(&Header::default(), &secret, &claims(json!({})))),
        ("no end", hs256(json!({"exp": null}))),
        ("no session", hs256(json!({"sid": null}))),
        ("a session that never was", hs256(json!({"sid": SessionId::at(core.now())}))),
        ("another's session", hs256(json!({"sub": bob}))),
        ("somebody who never was", hs256(json!({"sub": UserId::at(core.now())}))),
        ("an id that is none", hs256(json!({"sub": "ada"}))),
        ("a piece missing", format!("{head}.{body}")),
        ("a piece too many", format!("{}.{signature}", pair.access_token)),
        ("the refresh token", pair.refresh_token.clone()),
        ("half a personal token", "evc_".to_owned()),
        ("a made up personal token", format!("evc_{}", "A".repeat(43))),
        ("nothing", String::new()),
        ("no token", "\0💥".to_owned()),
    ] {
        assert_eq!(refusal_code(core.authenticate(&forged).await), "invalid_credentials", "{what}");
    }

    assert_eq!(refusal_code(core.authenticate(&hs256(json!({"exp": now}))).await), "token_expired");
    db.clock.advance(Duration::from_secs(899));
    core.authenticate(&pair.access_token).await.unwrap();
    db.clock.advance(Duration::from_secs(1));
    assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "token_expired");
    core.authenticate(&core.refresh(&refresh_of(&pair)).await.unwrap().access_token).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_expires_thirty_days_after_its_last_use(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    sign_up(core, "ada").await;
    let (used, unused) = (sign_in(core, "ada").await, sign_in(core, "ada").await);
    let month = Duration::from_hours(30 * 24);
    db.clock.advance(month.saturating_sub(Duration::from_micros(1)));
    let renewed = core.refresh(&refresh_of(&used)).await.unwrap();
    db.clock.advance(Duration::from_micros(1));
    assert_eq!(refusal_code(core.refresh(&refresh_of(&unused)).await), "invalid_credentials");
    db.clock.advance(month.saturating_sub(Duration::from_micros(2)));
    let renewed = core.refresh(&refresh_of(&renewed)).await.unwrap();
    assert_eq!(
        db.number("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL").await,
        1,
        "what has run out is cleared away"
    );
    let here = core.authenticate(&sign_in(core, "ada").await.access_token).await.unwrap();
    assert_eq!(sessions(core, &here).await.len(), 2);
    assert_eq!(db.number("SELECT count(*) FROM sessions").await, 2, "the unused one is cleared away");
    core.authenticate(&renewed.access_token).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_one_session_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    sign_up(core, "ada").await;
    let (here, there) = (sign_in(core, "ada").await, sign_in(core, "ada").await);
    core.sign_out(&refresh_of(&here)).await.unwrap();
    assert_eq!(refusal_code(core.authenticate(&here.access_token).await), "invalid_credentials");
    assert_eq!(refusal_code(core.refresh(&refresh_of(&here)).await), "invalid_credentials");
    core.sign_out(&refresh_of(&here)).await.unwrap();
    let renewed = core.refresh(&refresh_of(&there)).await.unwrap();
    core.sign_out(&refresh_of(&there)).await.unwrap();
    assert_eq!(
        refusal_code(core.authenticate(&renewed.access_token).await),
        "invalid_credentials",
        "an old token ends its session, too"
    );
    assert_eq!(db.number("SELECT count(*) FROM refresh_tokens").await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_list_and_revoke_only_their_own_sessions(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    sign_up(core, "ada").await;
    let bob = db.user("bob").await;
    let (here, there) = (sign_in(core, "ada").await, sign_in(core, "ada").await);
    let ada = core.authenticate(&here.access_token).await.unwrap();
    let other = sessions(core, &ada).await.into_iter().find(|session| !session.current).unwrap();
    assert_eq!(refusal_code(core.end_session(&bob, other.id).await), "not_found");
    let reader = core.create_access_token(&ada, &token_named("reader", Scope::Read)).await.unwrap();
    let reader = core.authenticate(&reader.secret).await.unwrap();
    assert_eq!(refusal_code(core.end_session(&reader, other.id).await), "forbidden");
    assert_eq!(refusal_code(core.end_session(&Actor::Anonymous, other.id).await), "unauthenticated");
    core.end_session(&ada, other.id).await.unwrap();
    assert_eq!(refusal_code(core.end_session(&ada, other.id).await), "not_found");
    assert_eq!(refusal_code(core.authenticate(&there.access_token).await), "invalid_credentials");
    assert_eq!(sessions(core, &ada).await.len(), 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_do_not_reveal_whether_an_account_exists(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    sign_up(core, "ada").await;
    sign_up(core, "off").await;
    db.user("without").await;
    core.set_user_disabled(&Actor::System, "off", true).await.unwrap();
    let mut refusals = std::collections::BTreeSet::new();
    for (name, password) in [
        ("ada", "wrong horse 77"),
        ("nobody", PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("off", PASSWORD),
        ("without", ""),
        ("ada\0", PASSWORD),
        ("", PASSWORD),
    ] {
        refusals.insert(format!("{:?}", core.sign_in(&login(name, password), None).await.unwrap_err()));
    }
    assert_eq!(Vec::from_iter(refusals), ["InvalidCredentials"]);
    assert_eq!(refusal_code(core.profile_by_username("ada\0").await), "not_found");
    assert_eq!(core.profile_by_username("ADA").await.unwrap().username, "ada");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_sign_ins_that_race_with_it(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    sign_up(core, "ada").await;
    let actor = core.authenticate(&sign_in(core, "ada").await.access_token).await.unwrap();
    let (mut old, mut new) = (PASSWORD, OTHER);
    for _ in 0..6 {
        let (credentials, change) = (login("ada", old), change(old, new));
        let (one, two, changed) = tokio::join!(
            other.sign_in(&credentials, None),
            core.sign_in(&credentials, None),
            core.change_password(&actor, &change)
        );
        changed.unwrap();
        for pair in [one, two].into_iter().flatten() {
            assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "invalid_credentials");
        }
        assert_eq!(sessions(core, &actor).await.len(), 1);
        (old, new) = (new, old);
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_concurrent_password_changes_succeeds(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    sign_up(core, "ada").await;
    let actor = core.authenticate(&sign_in(core, "ada").await.access_token).await.unwrap();
    let (one, two) = (change(PASSWORD, "one more horse 9"), change(PASSWORD, "two more horses 9"));
    let (first, second) =
        tokio::join!(core.change_password(&actor, &one), other.change_password(&actor, &two));
    let holds = match (first, second) {
        (Ok(()), Err(error)) if error.code() == "invalid_input" => "one more horse 9",
        (Err(error), Ok(())) if error.code() == "invalid_input" => "two more horses 9",
        both => panic!("{both:?}"),
    };
    core.sign_in(&login("ada", holds), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_resets_passwords_and_disables_users(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    sign_up(core, "ada").await;
    let pair = sign_in(core, "ada").await;
    let ada = core.authenticate(&pair.access_token).await.unwrap();
    let script = core.create_access_token(&ada, &token_named("script", Scope::Write)).await.unwrap().secret;
    assert_eq!(refusal_code(core.reset_password(&ada, "ada", OTHER).await), "forbidden");
    assert_eq!(
        refusal_code(core.reset_password(&Actor::System, "ada", "ada@example.org").await),
        "invalid_input"
    );
    assert_eq!(refusal_code(core.reset_password(&Actor::System, "nobody", OTHER).await), "not_found");
    assert_eq!(core.reset_password(&Actor::System, "ADA", OTHER).await.unwrap().version, 2);
    assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "invalid_credentials");
    assert_eq!(refusal_code(core.authenticate(&script).await), "invalid_credentials");
    let unchanged = core.reset_password(&Actor::System, "ada", OTHER).await;
    assert_eq!(refusal_code(unchanged), "invalid_input");
    let pair = core.sign_in(&login("ada", OTHER), None).await.unwrap();
    let ada = core.authenticate(&pair.access_token).await.unwrap();
    let script = core.create_access_token(&ada, &token_named("script", Scope::Write)).await.unwrap().secret;

    core.set_user_disabled(&Actor::System, "ada", true).await.unwrap();
    for token in [&pair.access_token, &script] {
        assert_eq!(refusal_code(core.authenticate(token).await), "invalid_credentials");
    }
    assert_eq!(refusal_code(core.refresh(&refresh_of(&pair)).await), "invalid_credentials");
    assert_eq!(refusal_code(core.open_session(&Actor::System, id_of(&ada)).await), "invalid_credentials");
    core.set_user_disabled(&Actor::System, "ada", false).await.unwrap();
    core.authenticate(&script).await.unwrap();
    core.sign_in(&login("ada", OTHER), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_tokens_record_their_use_and_create_no_tokens(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let owner = db.user("ada").await;
    let made = core.create_access_token(&owner, &token_named("script", Scope::Write)).await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM access_tokens WHERE last_used_at IS NULL").await, 1);
    let used = async || core.access_tokens(&owner).await.unwrap()[0].last_used_at;
    let first = core.now();
    let script = core.authenticate(&made.secret).await.unwrap();
    assert_eq!(used().await, Some(first));
    db.clock.advance(Duration::from_secs(59));
    core.authenticate(&made.secret).await.unwrap();
    assert_eq!(used().await, Some(first));
    db.clock.advance(Duration::from_secs(1));
    core.authenticate(&made.secret).await.unwrap();
    assert_eq!(used().await, Some(core.now()));

    core.change_user(&script, id_of(&owner), &json!({"display_name": "Countess"}), None).await.unwrap();
    assert_eq!(
        refusal_code(core.create_access_token(&script, &token_named("child", Scope::Read)).await),
        "forbidden"
    );
    assert_eq!(
        refusal_code(core.delete_access_token(&db.user("bob").await, made.token.id).await),
        "not_found"
    );
    for i in 1..100 {
        core.create_access_token(&owner, &token_named(&i.to_string(), Scope::Read)).await.unwrap();
    }
    assert_eq!(
        refusal_code(core.create_access_token(&owner, &token_named("one too many", Scope::Read)).await),
        "invalid_input"
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configured_secret_signs_and_other_signatures_are_refused(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let with = async |secret: &str| {
        let builder = EventCore::builder().url(&db.url).clock(db.clock.clone());
        builder.jwt_secret(secret.to_owned()).connect().await
    };
    let (here, there) = (with(&"a".repeat(32)).await.unwrap(), with(&"a".repeat(32)).await.unwrap());
    let elsewhere = with(&"b".repeat(32)).await.unwrap();
    let ada = db.user("ada").await;
    let pair = here.open_session(&Actor::System, id_of(&ada)).await.unwrap();
    there.authenticate(&pair.access_token).await.unwrap();
    for core in [&elsewhere, &db.core] {
        assert_eq!(refusal_code(core.authenticate(&pair.access_token).await), "invalid_credentials");
    }
    let refusal = with("short").await.unwrap_err().to_string();
    assert_eq!(refusal, "the JWT secret must have at least 32 bytes");
}
