//! The changes that are published after commits: the right ones for each operation, none for what is rolled
//! back or changes nothing, in the order of the commits.

use std::time::Duration;

use eventcore::changes::{Change, Changes};
use eventcore::db::{Queries, Sql};
use eventcore::{Actor, Error};
use futures_util::FutureExt;
use rstest::rstest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::{Kind, TestDb, at, id_of, new_event};

pub(super) fn input<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("an input")
}

/// What was published since the last call. Operations publish before they return, if none runs beside them.
pub(super) fn published(changes: &mut Changes) -> Vec<Change> {
    let mut all = Vec::new();
    while let Some(change) = changes.next().now_or_never() {
        all.push(change.expect("a library that lives").expect("no loss"));
    }
    all
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_accounts_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, mut changes) = (&db.core, db.core.changes());
    let ada = db.user_with_password("ada", "correct horse 7").await;
    let user = id_of(&ada);
    assert_eq!(published(&mut changes), [Change::AccountCreated { user }]);

    for _ in 0..2 {
        core.change_user(&ada, user, &json!({"display_name": "Ada L."}), None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::AccountChanged { user }], "the second changes nothing");

    let login = input(json!({"login": "ada", "password": "correct horse 7"}));
    let pair = core.sign_in(&login, None).await.unwrap();
    let signed_in = published(&mut changes);
    assert!(matches!(*signed_in, [Change::SignedIn { user: who, .. }] if who == user), "{signed_in:?}");
    let ada = core.authenticate(&pair.access_token).await.unwrap();

    let token = core.create_access_token(&ada, &input(json!({"name": "script"}))).await.unwrap().token.id;
    core.delete_access_token(&ada, token).await.unwrap();
    core.delete_access_token(&ada, token).await.unwrap_err();
    let tokens = [Change::AccessTokenCreated { user, token }, Change::AccessTokenRevoked { user, token }];
    assert_eq!(published(&mut changes), tokens);

    let new = json!({"current_password": "correct horse 7", "new_password": "battery staple 9"});
    core.change_password(&ada, &input(new)).await.unwrap();
    core.reset_password(&Actor::System, "ada", "paper clip 1234").await.unwrap();
    assert_eq!(published(&mut changes), [Change::PasswordChanged { user }, Change::PasswordChanged { user }]);

    for disabled in [true, true, false, false] {
        core.set_user_disabled(&Actor::System, "ada", disabled).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::AccountDisabled { user }, Change::AccountEnabled { user }]);

    core.delete_user(&Actor::System, user, None).await.unwrap();
    assert_eq!(published(&mut changes), [Change::AccountDeleted { user }]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_categories_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let root = db.admin("root").await;
    let (core, mut changes) = (&db.core, db.core.changes());
    let category = core.create_category(&root, &input(json!({"slug": "opera", "name": "Opera"}))).await;
    let category = category.unwrap().id;
    core.create_category(&root, &input(json!({"slug": "opera", "name": "Opera"}))).await.unwrap_err();
    for _ in 0..2 {
        core.change_category(&root, "opera", &json!({"name": "Operas"}), None).await.unwrap();
    }
    core.delete_category(&root, "opera", None, None).await.unwrap();
    let expected = [
        Change::CategoryCreated { category },
        Change::CategoryChanged { category },
        Change::CategoryDeleted { category },
    ];
    assert_eq!(published(&mut changes), expected);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_comments_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (event, _) = db.create_event(&ada, new_event()).await;
    let (core, mut changes) = (&db.core, db.core.changes());
    let comment = core.add_comment(&bob, event, &input(json!({"body": "Who comes?"}))).await.unwrap().id;
    let posted = Change::CommentPosted { event, comment, author: id_of(&bob), parent: None };
    assert_eq!(published(&mut changes), [posted]);

    let reply = json!({"body": "All of us", "parent_id": comment});
    let reply = core.add_comment(&ada, event, &input(reply)).await.unwrap().id;
    let posted = Change::CommentPosted { event, comment: reply, author: id_of(&ada), parent: Some(comment) };
    assert_eq!(published(&mut changes), [posted]);

    for _ in 0..2 {
        core.change_comment(&bob, comment, &json!({"body": "Who else?"}), None).await.unwrap();
    }
    core.change_comment(&ada, comment, &json!({"body": "Me"}), None).await.unwrap_err();
    assert_eq!(published(&mut changes), [Change::CommentChanged { event, comment }]);

    for hidden in [true, true, false] {
        core.hide_comment(&ada, comment, hidden, None).await.unwrap();
    }
    let hidden = [true, false].map(|hidden| Change::CommentHidden { event, comment, hidden });
    assert_eq!(published(&mut changes), hidden);

    core.delete_comment(&bob, comment, None).await.unwrap();
    core.delete_comment(&ada, reply, None).await.unwrap();
    let deleted = [comment, reply].map(|comment| Change::CommentDeleted { event, comment });
    assert_eq!(published(&mut changes), deleted);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_feedback_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    db.clock.set(at("2027-03-06T00:00:00Z"));
    let (core, mut changes) = (&db.core, db.core.changes());
    let give = async |rating| {
        let given = core.submit_feedback(&bob, occurrence, &input(json!({"rating": rating})), None).await;
        given.unwrap().0.id
    };
    let feedback = give(4).await;
    give(4).await;
    give(5).await;
    let user = id_of(&bob);
    let expected = [
        Change::FeedbackGiven { occurrence, feedback, user },
        Change::FeedbackChanged { occurrence, feedback, user },
    ];
    assert_eq!(published(&mut changes), expected);

    for _ in 0..2 {
        let thanks = input(json!({"body": "Thank you"}));
        core.answer_feedback(&ada, feedback, Some(&thanks), None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::FeedbackAnswered { occurrence, feedback }]);

    for _ in 0..2 {
        core.withdraw_feedback(&bob, occurrence, None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::FeedbackWithdrawn { occurrence, feedback, user }]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_reminders_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db.create_event(&ada, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    let (core, mut changes) = (&db.core, db.core.changes());
    let changed = Change::RemindersChanged { user: id_of(&bob) };
    let of_user = async |preferences| {
        core.set_notification_preferences(&bob, &input(preferences)).await.unwrap();
    };
    of_user(json!({"kinds": [{"kind": "reminder", "in_app": true, "email": false}]})).await;
    assert_eq!(published(&mut changes), [], "the kinds alone");
    for _ in 0..2 {
        of_user(json!({"kinds": [], "reminders": ["PT2H"]})).await;
    }
    assert_eq!(published(&mut changes), std::slice::from_ref(&changed));
    for _ in 0..2 {
        let own = input(json!({"reminders": ["PT3H"]}));
        core.set_registration_reminders(&bob, occurrence, &own).await.unwrap();
    }
    assert_eq!(published(&mut changes), [changed]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_events_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (core, mut changes) = (&db.core, db.core.changes());
    core.create_event(&ada, &new_event().starts_at("2020-01-01T10:00:00").input()).await.unwrap_err();
    assert_eq!(published(&mut changes), []);
    let event = core.create_event(&ada, &new_event().draft().input()).await.unwrap().id;
    let organizer = id_of(&ada);
    assert_eq!(published(&mut changes), [Change::EventCreated { event, organizer }]);
    for _ in 0..2 {
        core.publish_event(&ada, event, None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::EventPublished { event }]);
    for _ in 0..2 {
        core.change_event(&ada, event, &json!({"title": "Matinee"}), None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::EventChanged { event, old_location: None }]);
    core.change_event(&ada, event, &json!({"status": "draft"}), None).await.unwrap();
    core.change_event(&ada, event, &json!({"status": "published"}), None).await.unwrap();
    assert_eq!(
        published(&mut changes),
        [Change::EventUnpublished { event }, Change::EventPublished { event }]
    );

    let user = id_of(&bob);
    for _ in 0..2 {
        core.add_co_organizer(&ada, event, user).await.unwrap();
    }
    core.remove_co_organizer(&ada, event, user).await.unwrap();
    let organizers = [Change::CoOrganizerAdded { event, user }, Change::CoOrganizerRemoved { event, user }];
    assert_eq!(published(&mut changes), organizers);

    for _ in 0..2 {
        core.cancel_event(&ada, event, None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::EventCancelled { event, at: core.now() }]);
    core.delete_event(&ada, event, None).await.unwrap();
    assert_eq!(published(&mut changes), [Change::EventDeleted { event, organizers: vec![id_of(&ada)] }]);

    // What becomes of the events of a deleted account.
    let (handed_over, _) = db.create_event(&ada, new_event()).await;
    core.add_co_organizer(&ada, handed_over, user).await.unwrap();
    // They are locked in the order of their ids, and so of their creation.
    db.clock.advance(Duration::from_secs(1));
    let (cancelled, _) = db.create_event(&ada, new_event()).await;
    db.clock.advance(Duration::from_secs(1));
    let (deleted, _) = db.create_event(&ada, new_event().draft()).await;
    published(&mut changes);
    core.delete_user(&ada, id_of(&ada), None).await.unwrap();
    let expected = [
        Change::OrganizerChanged { event: handed_over, organizer: user },
        Change::EventCancelled { event: cancelled, at: core.now() },
        Change::EventDeleted { event: deleted, organizers: vec![id_of(&ada)] },
        Change::AccountDeleted { user: id_of(&ada) },
    ];
    assert_eq!(published(&mut changes), expected);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_occurrences_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let series = new_event().rule("FREQ=DAILY;COUNT=4");
    let event = db.core.create_event(&ada, &series.input()).await.unwrap().id;
    let [first, second, third, fourth] = db.occurrence_ids(event).await[..] else { panic!("four") };
    db.register(&bob, second, 1).await;
    let (core, mut changes) = (&db.core, db.core.changes());

    for _ in 0..2 {
        core.change_occurrence(&ada, first, &json!({"title": "Opening"}), None).await.unwrap();
    }
    assert_eq!(
        published(&mut changes),
        [Change::OccurrenceChanged { event, occurrence: first, old_location: None }]
    );
    let later = json!({"starts_at": "2027-03-04T19:00:00"});
    core.change_occurrence(&ada, first, &later, None).await.unwrap();
    let old_starts_at = at("2027-03-04T18:30:00Z");
    assert_eq!(
        published(&mut changes),
        [Change::OccurrenceMoved { event, occurrence: first, old_starts_at }]
    );
    core.change_occurrence(&ada, first, &json!({"location": "Attic"}), None).await.unwrap();
    let [Change::OccurrenceChanged { old_location: Some(old), .. }] = &published(&mut changes)[..] else {
        panic!("a change of the place")
    };
    assert_eq!(old, "Room 2");

    for _ in 0..2 {
        core.cancel_occurrence(&ada, second, None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::OccurrenceCancelled { event, occurrence: second }]);
    for _ in 0..2 {
        core.restore_occurrence(&ada, second, None).await.unwrap();
    }
    assert_eq!(published(&mut changes), [Change::OccurrenceRestored { event, occurrence: second }]);

    core.delete_occurrence(&ada, second, None).await.unwrap_err();
    core.delete_occurrence(&ada, fourth, None).await.unwrap();
    assert_eq!(published(&mut changes), [Change::OccurrenceDeleted { event, occurrence: fourth }]);

    // A longer rule, and then one that has only the first.
    let rule = |count| json!({"recurrence": {"rrule": format!("FREQ=DAILY;COUNT={count}")}});
    core.change_event(&ada, event, &rule(6), None).await.unwrap();
    assert_eq!(
        published(&mut changes),
        [Change::EventChanged { event, old_location: None }, Change::OccurrencesAdded { event, count: 2 }]
    );
    core.change_event(&ada, event, &rule(1), None).await.unwrap();
    let told = published(&mut changes);
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(
        told[..2],
        [
            Change::EventChanged { event, old_location: None },
            Change::OccurrenceCancelled { event, occurrence: second },
        ]
    );
    assert!(told.contains(&Change::OccurrenceDeleted { event, occurrence: third }));

    // Another hour moves the rest of a series.
    let (event, _) = db.create_event(&ada, new_event().rule("FREQ=DAILY;COUNT=2")).await;
    let [first, second] = db.occurrence_ids(event).await[..] else { panic!("two") };
    published(&mut changes);
    core.change_event(&ada, event, &json!({"starts_at": "2027-03-04T20:00:00"}), None).await.unwrap();
    let mut told = published(&mut changes);
    assert_eq!(told.remove(0), Change::EventChanged { event, old_location: None });
    assert_eq!(told.len(), 2, "{told:?}");
    for (occurrence, old) in [(first, "2027-03-04T18:30:00Z"), (second, "2027-03-05T18:30:00Z")] {
        let moved = Change::OccurrenceMoved { event, occurrence, old_starts_at: at(old) };
        assert!(told.contains(&moved), "{told:?}");
    }

    let new_event = core.split_event(&ada, second, &json!({}), None).await.unwrap().id;
    assert_eq!(
        published(&mut changes),
        [
            Change::EventSplit { event, new_event },
            Change::EventChanged { event: new_event, old_location: None }
        ]
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn occurrences_that_the_daily_job_creates_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, _) = db.create_event(&ada, new_event().rule("FREQ=WEEKLY")).await;
    let mut changes = db.core.changes();
    db.clock.advance(Duration::from_hours(14 * 24));
    assert_eq!(db.core.extend_schedules().await.unwrap(), 2);
    assert_eq!(db.core.extend_schedules().await.unwrap(), 0);
    assert_eq!(published(&mut changes), [Change::OccurrencesAdded { event, count: 2 }]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rolled_back_is_not_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, _) = db.create_event(&ada, new_event()).await;
    let (core, mut changes) = (&db.core, db.core.changes());
    let comment = |body: &str| input(json!({"body": body}));

    // Of several operations in one transaction nothing is told before its commit.
    let transaction = core.begin_transaction().await.unwrap();
    let first = transaction.core().add_comment(&ada, event, &comment("first")).await.unwrap().id;
    let second = transaction.core().add_comment(&ada, event, &comment("second")).await.unwrap().id;
    assert_eq!(published(&mut changes), []);
    transaction.commit().await.unwrap();
    let author = id_of(&ada);
    let posted =
        [first, second].map(|comment| Change::CommentPosted { event, comment, author, parent: None });
    assert_eq!(published(&mut changes), posted);

    // Dropped.
    let transaction = core.begin_transaction().await.unwrap();
    transaction.core().add_comment(&ada, event, &comment("third")).await.unwrap();
    drop(transaction);
    // One operation has failed.
    let transaction = core.begin_transaction().await.unwrap();
    transaction.core().add_comment(&ada, event, &comment("fourth")).await.unwrap();
    transaction.core().add_comment(&ada, event, &comment("")).await.unwrap_err();
    assert!(transaction.commit().await.is_err());
    assert_eq!(published(&mut changes), []);
    assert_eq!(db.number("SELECT count(*) FROM comments").await, 2);

    // The commit fails: a deferred constraint is violated.
    let mut tx = core.db().begin().await.unwrap();
    let setup = "CREATE TABLE parents (id TEXT PRIMARY KEY)";
    tx.query(Sql::portable(setup)).execute().await.unwrap();
    let setup = "CREATE TABLE children (parent TEXT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)";
    tx.query(Sql::portable(setup)).execute().await.unwrap();
    let triggers: &[&str] = match kind {
        Kind::Sqlite => &["CREATE TRIGGER orphan AFTER INSERT ON comments BEGIN
             INSERT INTO children VALUES ('nobody'); END"],
        Kind::Postgres => &[
            "CREATE FUNCTION add_orphan() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO children VALUES ('nobody'); RETURN NEW; END $$",
            "CREATE TRIGGER orphan AFTER INSERT ON comments FOR EACH ROW EXECUTE FUNCTION add_orphan()",
        ],
    };
    for trigger in triggers {
        tx.query(Sql::portable(trigger)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    core.add_comment(&ada, event, &comment("fifth")).await.unwrap_err();
    assert_eq!(published(&mut changes), []);
    assert_eq!(db.number("SELECT count(*) FROM comments").await, 2);
}

/// PostgreSQL alone aborts transactions that would not be serializable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_transaction_is_told_once() {
    let db = TestDb::new(Kind::Postgres).await;
    let ada = db.user("ada").await;
    let (event, _) = db.create_event(&ada, new_event()).await;
    let mut tx = db.core.db().begin().await.unwrap();
    for sql in [
        // Sequences are not rolled back.
        "CREATE SEQUENCE attempts",
        "CREATE FUNCTION give_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') <= 3 THEN
                RAISE EXCEPTION 'try again' USING ERRCODE = 'serialization_failure';
            END IF;
            RETURN NEW;
         END $$",
        "CREATE TRIGGER give_way AFTER UPDATE ON comments FOR EACH ROW EXECUTE FUNCTION give_way()",
    ] {
        tx.query(Sql::portable(sql)).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    let comment = db.core.add_comment(&ada, event, &input(json!({"body": "first"}))).await.unwrap().id;
    let mut changes = db.core.changes();
    db.core.change_comment(&ada, comment, &json!({"body": "second"}), None).await.unwrap();
    assert_eq!(db.number("SELECT last_value FROM attempts").await, 4);
    assert_eq!(published(&mut changes), [Change::CommentChanged { event, comment }]);
    // The last attempt fails, too.
    let refused = db.core.change_comment(&ada, comment, &json!({"body": ""}), None).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert_eq!(published(&mut changes), []);
}
