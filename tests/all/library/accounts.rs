//! Accounts: uniqueness, sessions, tokens and deletion.

use std::time::Duration;

use eventcore::accounts::{
    Credentials, NewAccessToken, NewPassword, NewUser, RefreshToken, TokenPair, UserFilter,
};
use eventcore::agenda::AgendaFilter;
use eventcore::db::{Queries, Sql};
use eventcore::events::EventStatus;
use eventcore::{Actor, Error, EventCore, PageRequest, Precondition, Role, Scope};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, id_of, new_event};

const PASSWORD: &str = "correct horse 7";

fn new_user(username: &str, email: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        email: email.to_owned(),
        password: Some(PASSWORD.to_owned()),
        ..NewUser::default()
    }
}

fn credentials(login: &str, password: &str) -> Credentials {
    Credentials { login: login.to_owned(), password: password.to_owned(), ..Credentials::default() }
}

fn refresh_of(pair: &TokenPair) -> RefreshToken {
    RefreshToken { refresh_token: pair.refresh_token.clone(), ..RefreshToken::default() }
}

async fn ada(core: &EventCore) -> TokenPair {
    core.create_user(&Actor::Anonymous, &new_user("Ada", "Ada@Example.org")).await.unwrap();
    core.sign_in(&credentials("ada", PASSWORD), Some("a browser")).await.unwrap()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usernames_and_emails_are_unique_without_case(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let user = core.create_user(&Actor::Anonymous, &new_user("Ada", "Ada@Example.org")).await.unwrap();
    assert_eq!((user.username.as_str(), user.email.as_deref()), ("ada", Some("Ada@Example.org")));
    for (name, email, code) in
        [("aDa", "other@example.org", "username_taken"), ("other", "ADA@example.ORG", "email_taken")]
    {
        assert_eq!(
            core.create_user(&Actor::Anonymous, &new_user(name, email)).await.unwrap_err().code(),
            code
        );
    }
    for login in ["ada", "ADA", "ada@example.org", "ADA@EXAMPLE.ORG"] {
        core.sign_in(&credentials(login, PASSWORD), None).await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_concurrent_sign_ups_gets_the_username(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut racing = tokio::task::JoinSet::new();
    for i in 0..8 {
        let core = db.core.clone();
        racing.spawn(async move {
            core.create_user(
                &Actor::System,
                &NewUser { password: None, ..new_user("ada", &format!("{i}@example.org")) },
            )
            .await
        });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|o| o.as_ref().map_or_else(|e| e.code() == "username_taken", |_| true)));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_used_again_after_20_seconds_ends_the_family(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let first = ada(core).await;
    let second = core.refresh(&refresh_of(&first)).await.unwrap();
    core.authenticate(&second.access_token).await.unwrap();
    db.clock.advance(Duration::from_secs(20));
    let again = core.refresh(&refresh_of(&first)).await.unwrap();
    assert_eq!(
        (&again.access_token, &again.refresh_token, again.expires_in),
        (&second.access_token, &second.refresh_token, 880)
    );
    let kept = Sql::portable("SELECT successor FROM refresh_tokens WHERE successor IS NOT NULL");
    let kept: Vec<u8> = core.db().read().await.unwrap().query(kept).scalar().await.unwrap();
    let readable = String::from_utf8_lossy(&kept);
    assert!(!readable.contains("token") && !readable.contains(&second.refresh_token), "{readable}");
    db.clock.advance(Duration::from_micros(1));
    assert_eq!(core.refresh(&refresh_of(&first)).await.unwrap_err().code(), "invalid_credentials");
    assert_eq!(core.refresh(&refresh_of(&second)).await.unwrap_err().code(), "invalid_credentials");
    assert_eq!(core.authenticate(&second.access_token).await.unwrap_err().code(), "invalid_credentials");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_uses_of_a_refresh_token_at_once_get_the_same_pair(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let pair = ada(&db.core).await;
    let (one, other) = (db.another().await, db.another().await);
    let (a, b) = (refresh_of(&pair), refresh_of(&pair));
    let (one, other) = tokio::join!(one.refresh(&a), other.refresh(&b));
    assert_eq!(one.as_ref().unwrap(), other.as_ref().unwrap());
    db.core.refresh(&refresh_of(&one.unwrap())).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_expire(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let pair = ada(core).await;
    db.clock.advance(Duration::from_mins(15));
    assert_eq!(core.authenticate(&pair.access_token).await.unwrap_err().code(), "token_expired");
    db.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(core.refresh(&refresh_of(&pair)).await.unwrap_err().code(), "invalid_credentials");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_ends_the_other_sessions(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let here = ada(core).await;
    let there = core.sign_in(&credentials("ada", PASSWORD), Some("a phone")).await.unwrap();
    let actor = core.authenticate(&here.access_token).await.unwrap();
    let sessions = core.sessions(&actor, &PageRequest::default()).await.unwrap().items;
    assert_eq!(
        sessions.iter().filter(|s| s.current).map(|s| s.user_agent.as_deref()).collect::<Vec<_>>(),
        [Some("a browser")]
    );
    let change = |current: &str, new: &str| NewPassword {
        current_password: current.to_owned(),
        new_password: new.to_owned(),
        ..NewPassword::default()
    };
    assert_eq!(
        core.change_password(&actor, &change("wrong", "another horse 8")).await.unwrap_err().code(),
        "invalid_input"
    );
    core.change_password(&actor, &change(PASSWORD, "another horse 8")).await.unwrap();
    core.authenticate(&here.access_token).await.unwrap();
    assert!(core.authenticate(&there.access_token).await.is_err());
    assert!(core.refresh(&refresh_of(&there)).await.is_err());
    assert!(core.sign_in(&credentials("ada", PASSWORD), None).await.is_err());
    core.sign_in(&credentials("ada", "another horse 8"), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_accept_each_others_tokens(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let pair = ada(&db.core).await;
    let other = db.another().await;
    other.authenticate(&pair.access_token).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personal_access_tokens_are_scoped_and_revocable(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let owner = db.user("ada").await;
    let named =
        |scope| NewAccessToken { name: "backup".to_owned(), scope: Some(scope), ..NewAccessToken::default() };
    let reads = core.create_access_token(&owner, &named(Scope::Read)).await.unwrap();
    assert!(reads.secret.starts_with("evc_"));
    let script = core.authenticate(&reads.secret).await.unwrap();
    core.sessions(&script, &PageRequest::default()).await.unwrap();
    assert_eq!(
        core.create_access_token(&script, &named(Scope::Write)).await.unwrap_err().code(),
        "forbidden"
    );
    core.delete_access_token(&owner, reads.token.id).await.unwrap();
    assert_eq!(core.authenticate(&reads.secret).await.unwrap_err().code(), "invalid_credentials");
    let soon =
        NewAccessToken { expires_at: Some(core.now().plus(Duration::from_mins(1))), ..named(Scope::Write) };
    let brief = core.create_access_token(&owner, &soon).await.unwrap();
    db.clock.advance(Duration::from_mins(1));
    assert_eq!(core.authenticate(&brief.secret).await.unwrap_err().code(), "token_expired");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabling_and_demotion_take_effect_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    db.admin("root").await;
    let admin = db.admin("boss").await;
    let pair = core.open_session(&Actor::System, id_of(&admin)).await.unwrap();
    core.change_user(&Actor::System, id_of(&admin), &json!({"role": "user"}), None).await.unwrap();
    let demoted = core.authenticate(&pair.access_token).await.unwrap();
    assert_eq!(
        core.users(&demoted, &UserFilter::default(), &PageRequest::default()).await.unwrap_err().code(),
        "forbidden"
    );
    core.set_user_disabled(&Actor::System, "boss", true).await.unwrap();
    assert!(core.authenticate(&pair.access_token).await.is_err());
    core.set_user_disabled(&Actor::System, "boss", false).await.unwrap();
    core.open_session(&Actor::System, id_of(&admin)).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_admin_stays(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let root = db.admin("root").await;
    assert_eq!(core.delete_user(&root, id_of(&root), None).await.unwrap_err().code(), "forbidden");
    assert_eq!(
        core.change_user(&root, id_of(&root), &json!({"role": "user"}), None).await.unwrap_err().code(),
        "forbidden"
    );
    db.admin("other").await;
    core.delete_user(&root, id_of(&root), None).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_changed_by_merge_patch_and_version(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let id = id_of(&ada);
    let changed = core
        .change_user(
            &ada,
            id,
            &json!({"display_name": "Countess", "timezone": "Europe/London"}),
            Some(&Precondition::version(1)),
        )
        .await
        .unwrap();
    assert_eq!(
        (changed.display_name.as_str(), changed.timezone.as_str(), changed.version),
        ("Countess", "Europe/London", 2)
    );
    let stale = core
        .change_user(&ada, id, &json!({"display_name": "x"}), Some(&Precondition::version(1)))
        .await
        .unwrap_err();
    assert!(matches!(stale, Error::VersionMismatch { current: 2 }));
    assert_eq!(core.change_user(&bob, id, &json!({}), None).await.unwrap_err().code(), "forbidden");
    assert_eq!(
        core.change_user(&ada, id, &json!({"email": "BOB@example.org"}), None).await.unwrap_err().code(),
        "email_taken"
    );
    assert_eq!(
        core.change_user(&ada, id, &json!({"role": "admin"}), None).await.unwrap_err().code(),
        "forbidden"
    );
    let wrong = core
        .change_user(&ada, id, &json!({"email": 1, "timezone": "Mars", "password": "x"}), None)
        .await
        .unwrap_err();
    let Error::Invalid(wrong) = wrong else { panic!("{wrong}") };
    assert_eq!(wrong.as_slice().len(), 3);
}

/// All text columns of all tables, concatenated.
async fn everything(db: &TestDb) -> String {
    let tables = match db.kind {
        Kind::Sqlite => {
            "SELECT name FROM sqlite_schema \
                 WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'sqlite%' AND \
                 name NOT LIKE '%trigrams%'"
        }
        Kind::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
    };
    let mut reader = db.core.db().read().await.unwrap();
    let tables: Vec<(String,)> = reader.query(Sql::portable(tables)).all().await.unwrap();
    let mut all = String::new();
    for (table,) in tables {
        let columns: Vec<(String,)> = match db.kind {
            Kind::Sqlite => reader
                .query(Sql::dynamic(format!(
                    "SELECT name FROM pragma_table_info('{table}') WHERE type = 'TEXT'"
                )))
                .all()
                .await
                .unwrap(),
            Kind::Postgres => {
                let sql = format!(
                    "SELECT column_name::text FROM information_schema.columns \
                         WHERE table_name = '{table}' AND data_type = 'text'"
                );
                reader.query(Sql::dynamic(sql)).all().await.unwrap()
            }
        };
        for (column,) in columns {
            let texts: Vec<(Option<String>,)> =
                reader.query(Sql::dynamic(format!("SELECT {column} FROM {table}"))).all().await.unwrap();
            all.extend(texts.into_iter().filter_map(|(text,)| text).map(|text| text + "\n"));
        }
    }
    all
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_user_cannot_sign_in_and_leaves_no_name_behind(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let input = NewUser {
        display_name: Some("Xanthippe Quill".to_owned()),
        ..new_user("xanthippe", "xanthippe@quill.example")
    };
    let user = core.create_user(&Actor::Anonymous, &input).await.unwrap();
    let pair = core.sign_in(&credentials("xanthippe", PASSWORD), Some("xanthippe's phone")).await.unwrap();
    let actor = core.authenticate(&pair.access_token).await.unwrap();
    let named = NewAccessToken { name: "xanthippe's script".to_owned(), ..NewAccessToken::default() };
    let secret = core.create_access_token(&actor, &named).await.unwrap().secret;
    assert!(everything(&db).await.to_lowercase().contains("xanthippe"));

    core.delete_user(&actor, user.id, None).await.unwrap();
    let left = everything(&db).await.to_lowercase();
    assert!(!left.contains("xanthippe") && !left.contains("quill"), "{left}");
    assert!(core.sign_in(&credentials("xanthippe", PASSWORD), None).await.is_err());
    assert!(core.authenticate(&pair.access_token).await.is_err());
    assert!(core.authenticate(&secret).await.is_err());
    assert!(core.refresh(&refresh_of(&pair)).await.is_err());
    assert_eq!(core.user(&Actor::System, user.id).await.unwrap_err().code(), "not_found");
    core.create_user(&Actor::Anonymous, &new_user("xanthippe", "xanthippe@quill.example")).await.unwrap();
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_deleted_user_are_handed_over_or_cancelled(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let shared = core.create_event(&ada, &new_event().title("shared").input()).await.unwrap();
    core.add_co_organizer(&ada, shared.id, id_of(&bob)).await.unwrap();
    let lone = core.create_event(&ada, &new_event().title("lone").input()).await.unwrap();
    let draft = core.create_event(&ada, &new_event().title("draft").draft().input()).await.unwrap();
    core.delete_user(&ada, id_of(&ada), None).await.unwrap();
    let shared = core.event(&Actor::Anonymous, shared.id).await.unwrap();
    assert_eq!(
        (shared.organizer.username.as_str(), shared.co_organizers.len(), shared.status),
        ("bob", 0, EventStatus::Published)
    );
    let lone = core.event(&Actor::Anonymous, lone.id).await.unwrap();
    assert_eq!((lone.organizer.display_name.as_str(), lone.status), ("deleted user", EventStatus::Cancelled));
    assert_eq!(core.event(&Actor::System, draft.id).await.unwrap_err().code(), "not_found");
    let mine = AgendaFilter { organizer: Some(id_of(&bob)), ..AgendaFilter::default() };
    assert_eq!(core.occurrences(&bob, &mine, &PageRequest::default()).await.unwrap().items.len(), 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_list_and_search_users_in_pages(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let root = db.admin("root").await;
    for i in 0..25 {
        db.clock.advance(Duration::from_secs(1));
        db.user(&format!("person{i:02}")).await;
    }
    let mut names = Vec::new();
    let mut request = PageRequest { count: true, ..PageRequest::first(7) };
    loop {
        let page = core.users(&root, &UserFilter::default(), &request).await.unwrap();
        assert_eq!(page.total, Some(26));
        names.extend(page.items.into_iter().map(|user| user.username));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(names.len(), 26);
    assert!(names[1..].is_sorted());
    let found = core
        .users(&root, &UserFilter { q: Some("PERSON1".to_owned()) }, &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(found.items.len(), 10);
    let stranger = Actor::user(found.items[0].id, Role::User);
    assert_eq!(
        core.users(&stranger, &UserFilter::default(), &PageRequest::default()).await.unwrap_err().code(),
        "forbidden"
    );
}
