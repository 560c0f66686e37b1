//! Users whom an application knows by its own ids, and long lists as it reads them.

use eventcore::accounts::ExternalUser;
use eventcore::agenda::AgendaFilter;
use eventcore::registrations::Party;
use eventcore::{Actor, Result};
use rstest::rstest;
use tests::{Kind, TestDb, id_of, new_event};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_an_application_are_known_by_its_ids(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let member = ExternalUser::new("ada@example.org", "Ada Lovelace").email_is_verified(true);
    // Eight requests of a new user at once make one account.
    let calls = (0..8).map(|_| core.user_for("1815", &member));
    let mut users = Vec::new();
    for user in futures_util::future::join_all(calls).await {
        users.push(user.unwrap());
    }
    let ada = users[0].clone();
    assert!(users.iter().all(|user| user.id == ada.id));
    assert_eq!((ada.email.as_deref(), ada.email_verified), (Some("ada@example.org"), true));
    assert_eq!(ada.display_name, "Ada Lovelace");
    assert!(ada.username.starts_with("user-"), "{}", ada.username);
    assert_eq!(db.number("SELECT count(*) FROM users").await, 1);
    core.create_event(&ada.actor(), &new_event().input()).await.unwrap();
    let export = core.export_user(&ada.actor(), ada.id).await.unwrap();
    assert_eq!(export.external_id.as_deref(), Some("1815"));

    // Another id with the same address is another person: it is not theirs.
    let code = |outcome: Result<eventcore::accounts::User>| outcome.unwrap_err().code();
    assert_eq!(code(core.user_for("1816", &member).await), "email_taken");
    for id in ["", &"x".repeat(256), "a\nb"] {
        assert_eq!(code(core.user_for(id, &member).await), "invalid_input");
    }
    let named = ExternalUser::new("grace@example.org", "Grace").username("grace").timezone("Europe/Berlin");
    let grace = core.user_for("1906", &named).await.unwrap();
    assert_eq!((&*grace.username, &*grace.timezone), ("grace", "Europe/Berlin"));

    // An existing account is linked by the system alone.
    let bob = db.user("bob").await;
    let refused = core.link_user(&ada.actor(), id_of(&bob), Some("7")).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    let taken = core.link_user(&Actor::System, id_of(&bob), Some("1906")).await.unwrap_err();
    assert_eq!(taken.code(), "invalid_input");
    core.link_user(&Actor::System, id_of(&bob), Some("7")).await.unwrap();
    assert_eq!(core.user_for("7", &named).await.unwrap().id, id_of(&bob));

    // Who is disabled is refused; who is deleted is someone new afterwards.
    core.set_user_disabled(&Actor::System, "grace", true).await.unwrap();
    assert_eq!(code(core.user_for("1906", &named).await), "forbidden");
    core.set_user_disabled(&Actor::System, "grace", false).await.unwrap();
    core.delete_user(&Actor::System, grace.id, None).await.unwrap();
    assert_ne!(core.user_for("1906", &named).await.unwrap().id, grace.id);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_are_streams(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let course = new_event().rule("FREQ=DAILY;COUNT=250").capacity(10);
    db.create_event(&ada, course).await;
    let mut stream = db.core.occurrence_stream(Actor::Anonymous, AgendaFilter::default());
    let mut starts = Vec::new();
    let mut ids = Vec::new();
    while let Some(occurrence) = stream.next().await {
        let occurrence = occurrence.unwrap();
        starts.push(occurrence.starts_at);
        ids.push(occurrence.id);
    }
    assert_eq!(starts.len(), 250);
    assert!(starts.is_sorted());
    assert!(stream.next().await.is_none());

    // Which of them the reader attends, in one call.
    let bob = db.user("bob").await;
    for occurrence in [ids[3], ids[200]] {
        db.core.register(&bob, occurrence, &Party::default()).await.unwrap();
    }
    db.core.register(&bob, ids[7], &Party::default()).await.unwrap();
    db.core.cancel_registration(&bob, ids[7], None).await.unwrap();
    ids.push(ids[3]);
    let mut attended: Vec<_> = db.core.my_registrations_at(&bob, &ids).await.unwrap();
    attended.sort_by_key(|registration| ids.iter().position(|id| *id == registration.occurrence_id));
    let attended: Vec<_> = attended.into_iter().map(|registration| registration.occurrence_id).collect();
    assert_eq!(attended, [ids[3], ids[200]]);
    assert_eq!(db.core.my_registrations_at(&ada, &ids).await.unwrap(), []);

    // The list of attendees is for organizers.
    let mut attendees = db.core.registration_stream(ada, ids[3], None);
    assert_eq!(attendees.next().await.unwrap().unwrap().user.id, id_of(&bob));
    assert!(attendees.next().await.is_none());
    let mut refused = db.core.registration_stream(bob, ids[3], None);
    assert_eq!(refused.next().await.unwrap().unwrap_err().code(), "forbidden");
    assert!(refused.next().await.is_none());
}
