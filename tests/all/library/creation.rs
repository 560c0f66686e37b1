//! Events of several callers that are created in one transaction: none of them is at the mercy of another.

use std::future::poll_fn;
use std::task::Poll;

use eventcore::db::{Queries, Sql};
use eventcore::{EventCore, Quotas};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use tests::{EventBuilder, Kind, TestDb, id_of, new_event, refusal_code};

#[rstest]
#[case::sqlite(
    Kind::Sqlite,
    &["CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.title = 'Crowd'
        BEGIN SELECT RAISE(ABORT, 'a crowd'); END"]
)]
#[case::postgres(
    Kind::Postgres,
    &["CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.title = 'Crowd' THEN RAISE EXCEPTION 'a crowd'; END IF;
        RETURN NEW;
     END $$",
     "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()"]
)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_error_of_one_event_fails_no_other(#[case] kind: Kind, #[case] refuse: &[&str]) {
    let db = TestDb::new(kind).await;
    let [ada, gone] = db.people(["ada", "gone"]).await;
    db.core.delete_user(&gone, id_of(&gone), None).await.unwrap();
    let mut tx = db.core.db().begin().await.unwrap();
    for statement in refuse {
        tx.query(Sql::dynamic((*statement).to_owned())).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
    let kinds: [(EventBuilder, Option<&str>); 6] = [
        (new_event().title("Jazz").category("concert").tags(["late", "loud"]), None),
        (new_event().title("Crowd"), Some("internal")),
        (new_event().title("Yoga").rule("FREQ=WEEKLY;COUNT=5"), None),
        (new_event().category("nothing"), Some("invalid_input")),
        (new_event().starts_at("2001-01-01T10:00:00"), Some("invalid_input")),
        (new_event().title("Chess").draft(), None),
    ];
    let inputs: Vec<_> =
        (0..6).flat_map(|_| &kinds).map(|(event, refused)| (event.input(), refused)).collect();
    let create = inputs.iter().map(|(input, _)| db.core.create_event(&ada, input));
    let stranger = db.core.create_event(&gone, &inputs[0].0);
    let (outcomes, stranger) = tokio::join!(join_all(create), stranger);
    assert_eq!(refusal_code(stranger), "unauthenticated");
    for (outcome, (_, refused)) in outcomes.into_iter().zip(&inputs) {
        match refused {
            Some(code) => assert_eq!(refusal_code(outcome), *code),
            None => {
                // As it is read, each caller is told of their own event.
                let event = outcome.unwrap();
                assert_eq!(db.core.event(&ada, event.id).await.unwrap(), event);
            }
        }
    }
    assert_eq!(db.number("SELECT count(*) FROM occurrences").await, 6 * (1 + 5 + 1));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_are_exact_for_events_that_come_at_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let people = db.people(["ada", "bob", "cid"]).await;
    let quotas = Quotas { events_per_day: Some(4), ..Quotas::default() };
    let core =
        EventCore::builder().url(&db.url).clock(db.clock.clone()).quotas(quotas).connect().await.unwrap();
    let input = new_event().input();
    let create = (0..24).map(|number| core.create_event(&people[number % 3], &input));
    let outcomes = join_all(create).await;
    for (number, person) in people.iter().enumerate() {
        let own = outcomes.iter().skip(number).step_by(3);
        assert_eq!(own.clone().filter(|outcome| outcome.is_ok()).count(), 4);
        assert!(
            own.filter_map(|outcome| outcome.as_ref().err()).all(|error| error.code() == "quota_exceeded")
        );
        let more = core.create_event(person, &input).await;
        assert_eq!(refusal_code(more), "quota_exceeded");
    }
    assert_eq!(db.number("SELECT count(*) FROM events").await, 12);
    core.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_account_or_category_delays_only_events_of_it_on_postgres() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let mut other = db.core.db().begin().await.unwrap();
    let lock = Sql::portable("SELECT id FROM users WHERE id = $1 FOR UPDATE");
    other.query(lock).bind(id_of(&ada)).execute().await.unwrap();
    let lock = Sql::portable("SELECT id FROM categories WHERE slug = 'concert' FOR UPDATE");
    other.query(lock).execute().await.unwrap();
    let (plain, concert) = (new_event().input(), new_event().category("concert").input());
    let mut waiting =
        vec![Box::pin(db.core.create_event(&ada, &plain)), Box::pin(db.core.create_event(&bob, &concert))];
    for call in &mut waiting {
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        assert!(first.is_pending());
    }
    for outcome in join_all((0..12).map(|_| db.core.create_event(&bob, &plain))).await {
        outcome.unwrap();
    }
    let locks = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.number(locks).await < 2 {
        tests::pause().await;
    }
    assert_eq!(db.number("SELECT count(*) FROM events").await, 12);
    drop(other);
    for outcome in join_all(waiting).await {
        outcome.unwrap();
    }
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_long_series_at_once_are_created_whole(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    // Together more occurrences than one transaction creates.
    let input = new_event().rule("FREQ=DAILY;COUNT=150").input();
    let outcomes = join_all((0..16).map(|_| db.core.create_event(&ada, &input))).await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().occurrence_count, 150);
    }
    assert_eq!(db.number("SELECT count(*) FROM occurrences").await, 16 * 150);
    let patch = json!({"title": "Renamed"});
    let events = db.core.create_event(&ada, &input).await.unwrap();
    db.core.change_event(&ada, events.id, &patch, None).await.unwrap();
    db.check().await;
}
