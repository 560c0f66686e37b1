//! Searching for users, exporting their data, and deleting several of them at once.

use std::time::Duration;

use eventcore::accounts::{Credentials, NewAccessToken, NewUser, UserFilter};
use eventcore::db::{Queries, Sql};
use eventcore::events::EventStatus;
use eventcore::mails::{DeliveryError, MailKind, MailState};
use eventcore::{Actor, Error, EventCore, PageRequest, Role};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Mailbox, TestDb, id_of, new_event, refusal_code};

async fn named(core: &EventCore, username: &str, display_name: &str, email: &str) -> Actor {
    let input = NewUser {
        username: username.to_owned(),
        display_name: Some(display_name.to_owned()),
        email: email.to_owned(),
        ..NewUser::default()
    };
    Actor::user(core.create_user(&Actor::System, &input).await.unwrap().id, Role::User)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_search_users_without_case_and_accents(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let jorg = named(core, "j.mueller", "JÖRG Müller", "jörg@müller.example").await;
    db.clock.advance(Duration::from_secs(1));
    named(core, "soren", "Søren", "s@example.org").await;
    db.clock.advance(Duration::from_secs(1));
    named(core, "percent", "100% _", "p@example.org").await;
    let found = async |q: &str| {
        let filter = UserFilter { q: Some(q.to_owned()) };
        let page = core.users(&Actor::System, &filter, &PageRequest::default()).await.unwrap();
        page.items.into_iter().map(|user| user.username).collect::<Vec<_>>().join(" ")
    };
    for (q, names) in [
        ("jorg", "j.mueller"),
        ("Jo\u{308}RG  muller", "j.mueller"),
        ("J.MUELLER", "j.mueller"),
        ("@MULLER", "j.mueller"),
        ("SOREN", "soren"),
        ("%", "percent"),
        ("_", "percent"),
        ("example.org", "soren percent"),
        ("  ", "j.mueller soren percent"),
        ("mueller jorg", ""),
    ] {
        assert_eq!(found(q).await, names, "{q:?}");
    }
    core.change_user(&jorg, id_of(&jorg), &json!({"display_name": "George", "email": "g@example.net"}), None)
        .await
        .unwrap();
    assert_eq!(
        (found("jorg").await.as_str(), found("george").await.as_str(), found("example.net").await.as_str()),
        ("", "j.mueller", "j.mueller")
    );
    for q in ["a".repeat(201), "a\0".to_owned()] {
        assert_eq!(
            refusal_code(
                core.users(&Actor::System, &UserFilter { q: Some(q) }, &PageRequest::default()).await
            ),
            "invalid_input"
        );
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_invalid_fields_of_a_new_account_are_reported_together(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let input: NewUser = serde_json::from_value(json!({
        "username": "a b", "email": "nowhere", "password": "short", "display_name": "\u{7}",
        "timezone": "Mars/Olympus", "role": "queen", "nick": "x"
    }))
    .unwrap();
    let Error::Invalid(wrong) = db.core.create_user(&Actor::Anonymous, &input).await.unwrap_err() else {
        panic!("invalid")
    };
    let mut named: Vec<_> = wrong.as_slice().iter().map(|v| (v.pointer.as_str(), v.code.as_ref())).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            ("/display_name", "control_character"),
            ("/email", "invalid"),
            ("/nick", "unknown_field"),
            ("/password", "too_short"),
            ("/role", "invalid"),
            ("/timezone", "invalid"),
            ("/username", "invalid"),
        ]
    );
    let admin = NewUser {
        username: "eve".to_owned(),
        email: "eve@example.org".to_owned(),
        password: Some("correct horse 7".to_owned()),
        role: Some(Role::Admin),
        ..NewUser::default()
    };
    assert_eq!(refusal_code(db.core.create_user(&Actor::Anonymous, &admin).await), "unauthenticated");
    assert_eq!(refusal_code(db.core.create_user(&db.user("bob").await, &admin).await), "forbidden");
    assert_eq!(db.core.create_user(&db.admin("root").await, &admin).await.unwrap().role, Role::Admin);
    let bare = NewUser {
        password: None,
        username: "nopass".to_owned(),
        email: "n@example.org".to_owned(),
        ..NewUser::default()
    };
    assert_eq!(refusal_code(db.core.create_user(&Actor::Anonymous, &bare).await), "invalid_input");
    assert_eq!(db.number("SELECT count(*) FROM users").await, 3, "nothing is half-written");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_admins_export_all_personal_data(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let own = core.create_event(&ada, &new_event().title("own").draft().input()).await.unwrap();
    let shared = core.create_event(&bob, &new_event().title("shared").input()).await.unwrap();
    core.add_co_organizer(&bob, shared.id, id_of(&ada)).await.unwrap();
    let named = NewAccessToken { name: "script".to_owned(), ..NewAccessToken::default() };
    let secret = core.create_access_token(&ada, &named).await.unwrap().secret;
    let session = core
        .authenticate(&core.open_session(&Actor::System, id_of(&ada)).await.unwrap().access_token)
        .await
        .unwrap();
    for (actor, current) in [(&session, true), (&db.admin("root").await, false), (&Actor::System, false)] {
        let export = core.export_user(actor, id_of(&ada)).await.unwrap();
        assert_eq!(export.user.username, "ada");
        assert_eq!(export.events.iter().map(|event| event.id).collect::<Vec<_>>(), [own.id]);
        assert_eq!(export.co_organized.iter().map(|event| event.id).collect::<Vec<_>>(), [shared.id]);
        assert_eq!(export.sessions.iter().map(|session| session.current).collect::<Vec<_>>(), [current]);
        assert_eq!(export.access_tokens[0].name, "script");
        assert!(!serde_json::to_string(&export).unwrap().contains(&secret));
    }
    assert_eq!(refusal_code(core.export_user(&bob, id_of(&ada)).await), "forbidden");
    assert_eq!(refusal_code(core.export_user(&Actor::Anonymous, id_of(&ada)).await), "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_what_is_kept_of_mails_links_and_sign_ins(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    core.ensure_jobs().await.unwrap();
    core.run_due_jobs().await.unwrap();
    let mailbox = Mailbox::of(core);
    let account = json!({"username": "ada", "email": "ada@example.org", "password": "correct horse 7"});
    let account: NewUser = serde_json::from_value(account).unwrap();
    let ada = Actor::user(core.create_user(&Actor::Anonymous, &account).await.unwrap().id, Role::User);
    db.clock.advance(Duration::from_secs(1));
    let login = json!({"login": "ada", "password": "correct horse 7"});
    let login: Credentials = serde_json::from_value(login).unwrap();
    core.sign_in(&login, Some("Firefox/150.0")).await.unwrap();
    core.sign_in(&login, Some("curl/8.1")).await.unwrap();
    mailbox.take(core).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    let registration = db.register(&ada, occurrence, 1).await;
    let own = serde_json::from_value(json!({"reminders": ["PT2H"]})).unwrap();
    core.set_registration_reminders(&ada, occurrence, &own).await.unwrap();
    db.verify_addresses().await;
    mailbox.fail_next(DeliveryError::Temporary("away".to_owned()));
    db.clock.advance(Duration::from_secs(5));
    mailbox.take(core).await;

    let export = core.export_user(&ada, id_of(&ada)).await.unwrap();
    let told: Vec<_> = export.mails.iter().map(|mail| (mail.kind, mail.state, &*mail.address)).collect();
    let (sent, waiting, address) = (MailState::Sent, MailState::Waiting, "ada@example.org");
    assert_eq!(
        told,
        [
            (MailKind::VerifyEmail, sent, address),
            (MailKind::NewSignIn, sent, address),
            (MailKind::RegistrationConfirmed, waiting, address),
        ]
    );
    let [_, sign_in, confirmed] = &export.mails[..] else { panic!("{told:?}") };
    assert_eq!((sign_in.user_agent.as_deref(), sign_in.event_id), (Some("curl/8.1"), None));
    assert_eq!(
        (confirmed.last_error.as_deref(), confirmed.event_id),
        (Some("away"), Some(registration.event_id))
    );
    assert_eq!(export.notifications.len(), 2, "of the sign-in and of the registration");
    assert_eq!(export.known_clients.len(), 2);
    assert_eq!((export.mailed_links.len(), &*export.mailed_links[0].email), (1, address));
    assert_eq!(export.own_reminders.len(), 1);
    assert_eq!(export.own_reminders[0].registration_id, registration.id);
    assert_eq!(serde_json::to_value(&export.own_reminders[0].reminders).unwrap(), json!(["PT2H"]));
    // It is read back by clients, and has no link that still works.
    let text = serde_json::to_string(&export).unwrap();
    serde_json::from_str::<eventcore::privacy::Export>(&text).unwrap();
    assert!(!text.contains("token="), "{text}");
    let bob = db.user("bob").await;
    let others = core.export_user(&bob, id_of(&bob)).await.unwrap();
    assert!(others.mails.iter().all(|mail| mail.address == "bob@example.org"));
    assert!(others.known_clients.is_empty() && others.own_reminders.is_empty());
}

/// The fields of the export that have the rows of a table about people. A table without one has its reason.
const TABLES: &[(&str, Result<&str, &str>)] = &[
    ("access_tokens", Ok("access_tokens")),
    ("account_links", Ok("mailed_links")),
    ("calendar_snapshots", Err("follow from their events and registrations")),
    ("calendar_subscriptions", Ok("calendar_subscriptions")),
    ("comments", Ok("comments")),
    ("event_mutes", Ok("muted_events")),
    ("event_organizers", Ok("co_organized")),
    ("events", Ok("events")),
    ("feedback", Ok("feedback")),
    ("imported_events", Ok("imported_events")),
    ("known_clients", Ok("known_clients")),
    ("mails", Ok("mails")),
    ("notification_preferences", Ok("notification_preferences")),
    ("notifications", Ok("notifications")),
    ("occurrences", Err("follow from their events")),
    ("personal_calendars", Ok("calendar_address_created_at")),
    ("registrations", Ok("registrations")),
    ("sessions", Ok("sessions")),
    ("webhooks", Ok("webhooks")),
    ("withdrawn_feedback", Ok("withdrawn_feedback")),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_about_people_is_exported_or_its_absence_is_decided() {
    let db = TestDb::new(Kind::Sqlite).await;
    let ada = db.user("ada").await;
    let mut reader = db.core.db().read().await.unwrap();
    let tables: Vec<(String,)> = reader
        .query(Sql::portable(
            "SELECT DISTINCT t.name FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
             WHERE t.type = 'table' AND c.name IN ('user_id', 'organizer_id', 'author_id', 'actor_id',
                'owner_id', 'checked_in_by', 'answered_by') ORDER BY t.name",
        ))
        .all()
        .await
        .unwrap();
    let tables: Vec<&str> = tables.iter().map(|(name,)| name.as_str()).collect();
    assert_eq!(tables, TABLES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let export = db.core.export_user(&ada, id_of(&ada)).await.unwrap();
    let export = serde_json::to_value(export).unwrap();
    for (table, decided) in TABLES {
        if let Ok(field) = decided {
            assert!(export.get(field).is_some(), "{table}: {field}");
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_of_two_leaving_admins_stays(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    let mut stays = db.admin("admin0").await;
    for round in 1..9 {
        let next = db.admin(&format!("admin{round}")).await;
        let step_down = json!({"role": "user"});
        let (deleted, demoted) = tokio::join!(
            core.delete_user(&next, id_of(&next), None),
            other.change_user(&stays, id_of(&stays), &step_down, None)
        );
        assert!(deleted.is_ok() != demoted.is_ok(), "{deleted:?} {demoted:?}");
        assert_eq!(refusal_code(deleted.and(demoted.map(drop))), "forbidden");
        assert_eq!(
            db.number("SELECT count(*) FROM users WHERE role = 'admin' AND deleted_at IS NULL").await,
            1
        );
        if core.user(&Actor::System, id_of(&stays)).await.unwrap().role != Role::Admin {
            stays = next;
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_left_without_an_active_organizer(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    for round in 0..12 {
        let (ada, bob) = (db.user(&format!("ada{round}")).await, db.user(&format!("bob{round}")).await);
        let shared = core.create_event(&ada, &new_event().title("shared").input()).await.unwrap().id;
        let (late, heir) = (new_event().title("late").input(), async {
            core.add_co_organizer(&ada, shared, id_of(&bob)).await
        });
        let (created, named, left, gone) = tokio::join!(
            other.create_event(&ada, &late),
            heir,
            core.delete_user(&ada, id_of(&ada), None),
            other.delete_user(&bob, id_of(&bob), None)
        );
        left.unwrap();
        gone.unwrap();
        for refusal in [created.map(drop).err(), named.map(drop).err()].into_iter().flatten() {
            assert!(
                matches!(refusal, Error::Unauthenticated | Error::NotFound(_) | Error::Forbidden(_)),
                "{refusal:?}"
            );
        }
        let orphans = "SELECT count(*) FROM events e JOIN users u ON u.id = e.organizer_id \
                       WHERE u.deleted_at IS NOT NULL AND e.status <> 'cancelled'";
        assert_eq!(db.number(orphans).await, 0);
        let helpers = "SELECT count(*) FROM event_organizers o JOIN users u ON u.id = o.user_id \
                       WHERE u.deleted_at IS NOT NULL";
        assert_eq!(db.number(helpers).await, 0);
    }
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_handed_over_to_an_active_user(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let [ada, off, bob] = db.people(["ada", "off", "bob"]).await;
    let event = core.create_event(&ada, &new_event().title("shared").input()).await.unwrap().id;
    for helper in [&off, &bob] {
        db.clock.advance(Duration::from_secs(1));
        core.add_co_organizer(&ada, event, id_of(helper)).await.unwrap();
    }
    core.set_user_disabled(&Actor::System, "off", true).await.unwrap();
    core.delete_user(&ada, id_of(&ada), None).await.unwrap();
    let event = core.event(&Actor::Anonymous, event).await.unwrap();
    assert_eq!((event.organizer.username.as_str(), event.status), ("bob", EventStatus::Published));
    assert_eq!(event.co_organizers.into_iter().map(|user| user.username).collect::<Vec<_>>(), ["off"]);
}
