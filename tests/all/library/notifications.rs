//! Notifications: who is told of each change, once, and who is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use eventcore::changes::Changes;
use eventcore::db::{Queries, Sql};
use eventcore::notifications::{Notification, PreferencesInput};
use eventcore::registrations::{NewAttendee, Party};
use eventcore::subscriptions::FetchedCalendar;
use eventcore::{Actor, EventCore, EventId, OccurrenceId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{CalendarSource, Kind, TestDb, WebhookReceiver, at, id_of, new_event};

use super::changes::{input, published};

/// All notifications of a user, newest first.
async fn all(core: &EventCore, who: &Actor) -> Vec<Notification> {
    let (mut items, mut request) = (Vec::new(), PageRequest::first(100));
    loop {
        let page = core.notifications(who, false, &request).await.unwrap().page;
        items.extend(page.items);
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return items,
        }
    }
}

/// The people of a table, and what they have been told so far.
struct Cast {
    people: Vec<(&'static str, Actor)>,
    told: BTreeMap<&'static str, usize>,
    changes: Changes,
    seen: BTreeSet<String>,
}

impl Cast {
    async fn of(db: &TestDb, names: &[&'static str]) -> Self {
        let mut people = Vec::new();
        for name in names {
            people.push((*name, db.user(name).await));
        }
        Self { people, told: BTreeMap::new(), changes: db.core.changes(), seen: BTreeSet::new() }
    }

    fn actor(&self, name: &str) -> Actor {
        self.people.iter().find(|(other, _)| *other == name).expect("a person").1
    }

    /// Asserts who was told what since the last call: `bob: reminder, cid: event_changed`.
    #[track_caller]
    fn check(&mut self, operation: &str, lists: &[Vec<Notification>], expected: &str) {
        let mut told = Vec::new();
        for ((name, _), list) in self.people.iter().zip(lists) {
            let before = self.told.insert(name, list.len()).unwrap_or(0);
            let mut kinds: Vec<String> =
                list[..list.len() - before].iter().map(|told| told.kind.to_string()).collect();
            kinds.sort();
            if !kinds.is_empty() {
                told.push(format!("{name}: {}", kinds.join(" ")));
            }
        }
        assert_eq!(told.join(", "), expected, "{operation}");
        for change in published(&mut self.changes) {
            let kind = serde_json::to_value(change).unwrap()["kind"].as_str().unwrap().to_owned();
            self.seen.insert(kind);
        }
    }
}

/// Runs an operation, a second later, and asserts who was told what.
macro_rules! told {
    ($db:expr, $cast:expr, $operation:expr, $expected:expr) => {{
        $db.clock.advance(Duration::from_secs(1));
        let done = $operation.await.expect(stringify!($operation));
        let mut lists = Vec::new();
        for (_, actor) in &$cast.people {
            // The deleted account is not signed in any more, but its list is empty.
            lists.push(all(&$db.core, actor).await);
        }
        $cast.check(stringify!($operation), &lists, $expected);
        done
    }};
}

/// The kinds of changes, from the source: a new one must be added to the table.
fn all_kinds() -> BTreeSet<String> {
    let source = include_str!("../../../eventcore/src/changes/change.rs");
    let body = source.split("pub enum Change {").nth(1).unwrap().split("\n}").next().unwrap();
    let variants = body.lines().filter_map(|line| line.strip_prefix("    ")?.split(" {").next());
    let names = variants.filter(|name| name.starts_with(char::is_uppercase));
    let snake = |name: &str| {
        let mut snake = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        snake
    };
    names.map(snake).collect()
}

/// Registering, waiting, moving up, check-in, and leaving.
async fn registrations_are_told(db: &TestDb, cast: &mut Cast, occurrences: &[OccurrenceId]) {
    let core = &db.core;
    let [ada, gil, bob, cid] = ["ada", "gil", "bob", "cid"].map(|name| cast.actor(name));

    let [first, second, _] = occurrences[..] else { panic!("three") };
    let one = Party::of(1);
    told!(db, cast, core.register(&bob, first, &one), "bob: registration_confirmed");
    told!(db, cast, core.register(&bob, first, &one), "");
    told!(db, cast, core.register(&cid, first, &one), "cid: registration_waitlisted");
    let later = input(json!({"auto_promote": false}));
    told!(db, cast, core.register(&cid, first, &later), "");
    told!(db, cast, core.register(&cid, first, &input(json!({"auto_promote": true}))), "");
    told!(db, cast, core.cancel_registration(&bob, first, None), "cid: registration_promoted");
    let guest: NewAttendee = input(json!({"username": "bob"}));
    let added = told!(db, cast, core.add_registration(&gil, second, &guest), "bob: registration_confirmed");
    let ticket = added.registration.id;
    told!(db, cast, core.check_in(&ada, ticket, None), "");
    told!(db, cast, core.undo_check_in(&ada, ticket, None), "");
    told!(db, cast, core.remove_registration(&ada, second, ticket, None), "bob: registration_cancelled");
    let own: NewAttendee = input(json!({"username": "ada"}));
    let own = told!(db, cast, core.add_registration(&ada, second, &own), "ada: registration_confirmed");
    told!(db, cast, core.remove_registration(&ada, second, own.registration.id, None), "");
}

/// Changes of single occurrences.
async fn occurrences_are_told(db: &TestDb, cast: &mut Cast, occurrences: &[OccurrenceId]) {
    let core = &db.core;
    let [ada, gil] = ["ada", "gil"].map(|name| cast.actor(name));

    let [first, _, third] = occurrences[..] else { panic!("three") };
    told!(db, cast, core.change_occurrence(&ada, first, &json!({"title": "Opening"}), None), "");
    let moved = json!({"starts_at": "2027-03-04T19:00:00"});
    told!(db, cast, core.change_occurrence(&ada, first, &moved, None), "cid: event_changed");
    let longer = json!({"duration": "PT5H"});
    told!(db, cast, core.change_occurrence(&ada, first, &longer, None), "cid: event_changed");
    let elsewhere = json!({"location": "Attic"});
    told!(db, cast, core.change_occurrence(&ada, first, &elsewhere, None), "cid: event_changed");
    told!(db, cast, core.cancel_occurrence(&gil, first, None), "cid: event_cancelled");
    told!(db, cast, core.restore_occurrence(&ada, first, None), "cid: event_changed");
    told!(db, cast, core.delete_occurrence(&ada, third, None), "");
}

/// Changes of whole events.
async fn events_are_told(db: &TestDb, cast: &mut Cast, event: EventId, occurrences: &[OccurrenceId]) {
    let core = &db.core;
    let [ada, gil] = ["ada", "gil"].map(|name| cast.actor(name));
    let root = db.admin("rootevents").await;
    let one = Party::of(1);

    let [_, second, _] = occurrences[..] else { panic!("three") };
    told!(db, cast, core.change_event(&ada, event, &json!({"title": "Matinee"}), None), "");
    told!(db, cast, core.register(&gil, second, &one), "gil: registration_confirmed");
    // Cid's occurrence has a place of its own, and Gil does it herself.
    told!(db, cast, core.change_event(&gil, event, &json!({"location": "Cellar"}), None), "");
    let again = json!({"location": "Hall"});
    told!(db, cast, core.change_event(&ada, event, &again, None), "gil: event_changed");
    let rule = json!({"recurrence": {"rrule": "FREQ=DAILY;COUNT=4"}});
    told!(db, cast, core.change_event(&ada, event, &rule, None), "");
    let hour = json!({"starts_at": "2027-03-04T20:00:00"});
    told!(db, cast, core.change_event(&ada, event, &hour, None), "gil: event_changed");
    let split = told!(db, cast, core.split_event(&ada, second, &json!({}), None), "").id;
    let cancelled = core.cancel_event(&root, split, None);
    told!(db, cast, cancelled, "gil: event_cancelled");
    told!(db, cast, core.remove_co_organizer(&ada, split, id_of(&gil)), "");
}

/// Comments and feedback.
async fn opinions_are_told(db: &TestDb, cast: &mut Cast, event: EventId, occurrences: &[OccurrenceId]) {
    let core = &db.core;
    let [ada, cid, eve] = ["ada", "cid", "eve"].map(|name| cast.actor(name));

    let [first, _, _] = occurrences[..] else { panic!("three") };
    let comment = input(json!({"body": "Who plays?"}));
    let asked =
        told!(db, cast, core.add_comment(&eve, event, &comment), "ada: new_comment, gil: new_comment").id;
    let reply = input(json!({"body": "All do.", "parent_id": asked}));
    told!(db, cast, core.add_comment(&ada, event, &reply), "gil: new_comment, eve: comment_reply");
    told!(db, cast, core.add_comment(&eve, event, &reply), "ada: new_comment, gil: new_comment");
    told!(db, cast, core.change_comment(&eve, asked, &json!({"body": "Who?"}), None), "");
    told!(db, cast, core.hide_comment(&ada, asked, true, None), "");
    told!(db, cast, core.delete_comment(&eve, asked, None), "");

    db.pass(&first.to_string(), "2026-11-01T18:00:00Z").await;
    let rating = input(json!({"rating": 4}));
    let (feedback, _) = told!(
        db,
        cast,
        core.submit_feedback(&cid, first, &rating, None),
        "ada: feedback_received, gil: feedback_received"
    );
    told!(db, cast, core.submit_feedback(&cid, first, &input(json!({"rating": 5})), None), "");
    let thanks = input(json!({"body": "Thanks"}));
    told!(db, cast, core.answer_feedback(&ada, feedback.id, Some(&thanks), None), "");
    told!(db, cast, core.withdraw_feedback(&cid, first, None), "");
}

/// Categories and accounts.
async fn accounts_are_told(db: &TestDb, cast: &mut Cast) {
    let core = &db.core;
    let bob = cast.actor("bob");
    let root = db.admin("rootaccounts").await;

    let category = input(json!({"slug": "opera", "name": "Opera"}));
    told!(db, cast, core.create_category(&root, &category), "");
    told!(db, cast, core.change_category(&root, "opera", &json!({"name": "Operas"}), None), "");
    told!(db, cast, core.delete_category(&root, "opera", Some("concert"), None), "");

    told!(db, cast, core.change_user(&bob, id_of(&bob), &json!({"display_name": "Bobby"}), None), "");
    let token = told!(db, cast, core.create_access_token(&bob, &input(json!({"name": "script"}))), "");
    told!(db, cast, core.delete_access_token(&bob, token.token.id), "");
    for reminders in [["PT2H", "PT5H"], ["P1D", "PT1H"]] {
        let preferences = input(json!({"kinds": [], "reminders": reminders}));
        told!(db, cast, core.set_notification_preferences(&bob, &preferences), "");
    }
    told!(db, cast, core.create_personal_calendar(&bob), "");
    told!(db, cast, core.revoke_personal_calendar(&bob), "");
    let password = core.reset_password(&Actor::System, "bob", "correct horse 7");
    told!(db, cast, password, "bob: password_changed");
    let login = input(json!({"login": "bob", "password": "correct horse 7"}));
    told!(db, cast, core.sign_in(&login, Some("laptop")), "");
    told!(db, cast, core.sign_in(&login, Some("laptop")), "");
    told!(db, cast, core.sign_in(&login, Some("phone")), "bob: new_sign_in");
    let pair = told!(db, cast, core.sign_in(&login, Some("phone")), "");
    told!(db, cast, core.sign_out(&input(json!({"refresh_token": pair.refresh_token}))), "");
    told!(db, cast, core.read_all_notifications(&bob, None), "");
    told!(db, cast, core.set_user_disabled(&Actor::System, "bob", true), "");
    told!(db, cast, core.set_user_disabled(&Actor::System, "bob", false), "");
}

/// A webhook whose receiver is gone.
async fn webhooks_are_told(db: &TestDb, cast: &mut Cast) {
    let core = &db.core;
    let bob = cast.actor("bob");
    let receiver = WebhookReceiver::of(core);
    let new = input(json!({"url": "https://hooks.example.org/", "kinds": ["comment.posted"]}));
    let webhook = told!(db, cast, core.create_webhook(&bob, &new), "").webhook.id;
    told!(db, cast, core.test_webhook(&bob, webhook), "");
    receiver.answer_next(Ok(410));
    told!(db, cast, core.run_due_jobs(), "bob: webhook_disabled");
}

/// A calendar that loses an event, and then is gone.
async fn calendars_are_told(db: &TestDb, cast: &mut Cast) {
    let (core, bob, source) = (&db.core, cast.actor("bob"), CalendarSource::of(&db.core));
    let event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20370304T183000Z\r\nSUMMARY:Chess\r\nEND:VEVENT\r\n";
    let file = |events: &str| format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n");
    source.has(&file(event));
    let new = input(json!({"url": "https://calendar.example.org/a.ics"}));
    let id = told!(db, cast, core.subscribe_to_calendar(&bob, &new), "").id;
    told!(db, cast, core.run_due_jobs(), "");
    source.has(&file(""));
    for news in ["", "bob: calendar_subscription"] {
        told!(db, cast, core.refresh_calendar_subscription(&bob, id), "");
        told!(db, cast, core.run_due_jobs(), news);
    }
    source.answer(Ok(FetchedCalendar::Gone));
    told!(db, cast, core.refresh_calendar_subscription(&bob, id), "");
    told!(db, cast, core.run_due_jobs(), "bob: calendar_subscription");
}

/// Deletion of an account, and the daily job.
async fn deletion_is_told(db: &TestDb, cast: &mut Cast) {
    let core = &db.core;
    let [ada, gil, bob, cid, eve] = ["ada", "gil", "bob", "cid", "eve"].map(|name| cast.actor(name));

    // What becomes of the events of a deleted account, and of its registrations.
    let (handed_over, _) = db.create_event(&eve, new_event()).await;
    core.add_co_organizer(&eve, handed_over, id_of(&gil)).await.unwrap();
    let (released, occurrence) = db.create_event(&eve, new_event()).await;
    db.register(&bob, occurrence, 1).await;
    let empty = core.create_event(&eve, &new_event().draft().input()).await.unwrap().id;
    told!(db, cast, core.delete_event(&eve, empty, None), "bob: registration_confirmed");
    told!(db, cast, core.create_event(&eve, &new_event().draft().input()), "");
    let (_, full) = db.create_event(&ada, new_event().capacity(1)).await;
    db.register(&eve, full, 1).await;
    db.register(&cid, full, 1).await;
    cast.told.remove("eve");
    told!(
        db,
        cast,
        core.delete_user(&eve, id_of(&eve), None),
        "bob: event_cancelled, cid: registration_promoted registration_waitlisted"
    );
    assert!(core.event(&ada, released).await.is_ok());
    assert!(all(core, &eve).await.is_empty());

    db.create_event(&ada, new_event().rule("FREQ=WEEKLY")).await;
    db.clock.advance(Duration::from_hours(24 * 30));
    told!(db, cast, core.extend_schedules(), "");
    let new = input(json!({"username": "new", "email": "new@example.org"}));
    told!(db, cast, core.create_user(&Actor::System, &new), "");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_told_to_those_whom_it_concerns(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let mut cast = Cast::of(&db, &["ada", "gil", "bob", "cid", "eve"]).await;
    let [ada, gil] = ["ada", "gil"].map(|name| cast.actor(name));
    let (core, cast) = (&db.core, &mut cast);

    let draft = new_event().rule("FREQ=DAILY;COUNT=3").capacity(1).draft().input();
    let event = told!(db, cast, core.create_event(&ada, &draft), "").id;
    told!(db, cast, core.publish_event(&ada, event, None), "");
    told!(db, cast, core.change_event(&ada, event, &json!({"status": "draft"}), None), "");
    told!(db, cast, core.publish_event(&ada, event, None), "");
    told!(db, cast, core.add_co_organizer(&ada, event, id_of(&gil)), "");
    let occurrences = db.occurrence_ids(event).await;
    registrations_are_told(&db, cast, &occurrences).await;
    occurrences_are_told(&db, cast, &occurrences).await;
    events_are_told(&db, cast, event, &occurrences).await;
    opinions_are_told(&db, cast, event, &occurrences).await;
    accounts_are_told(&db, cast).await;
    webhooks_are_told(&db, cast).await;
    calendars_are_told(&db, cast).await;
    deletion_is_told(&db, cast).await;

    let missing: Vec<_> = all_kinds().difference(&cast.seen).cloned().collect();
    assert_eq!(missing, [] as [String; 0], "changes that this table lacks");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_is_not_told_to_those_who_can_no_longer_see_the_event(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (event, _) = db.create_event(&ada, new_event()).await;
    let asked = db.core.add_comment(&bob, event, &input(json!({"body": "Who?"}))).await.unwrap().id;
    let reply = input(json!({"body": "All.", "parent_id": asked}));
    db.core.add_comment(&ada, event, &reply).await.unwrap();
    assert_eq!(all(&db.core, &bob).await.len(), 1);
    db.core.change_event(&ada, event, &json!({"visibility": "private"}), None).await.unwrap();
    db.core.add_comment(&ada, event, &reply).await.unwrap();
    assert_eq!(all(&db.core, &bob).await.len(), 1);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_that_moves_is_told_once_with_its_old_and_new_start(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let series = new_event().title("Lecture").timezone("Europe/Berlin").rule("FREQ=DAILY;COUNT=5");
    let (event, _) = db.create_event(&ada, series).await;
    let ids = db.occurrence_ids(event).await;
    for occurrence in &ids {
        db.register(&bob, *occurrence, 1).await;
    }
    db.register(&cid, ids[3], 1).await;
    db.clock.advance(Duration::from_secs(1));
    let change = json!({"starts_at": "2027-03-04T20:00:00", "location": "Cellar"});
    db.core.change_event(&ada, event, &change, None).await.unwrap();

    let told = all(&db.core, &bob).await;
    assert_eq!(told.len(), 6);
    assert_eq!((told[0].occurrence_id, told[0].event_id), (Some(ids[0]), Some(event)));
    assert_eq!(
        told[0].text,
        "“Lecture” has moved from Thursday, 4 March 2027, 18:30 (Europe/Berlin) to Thursday, 4 March 2027, \
         20:00 (Europe/Berlin). The place of “Lecture” on Thursday, 4 March 2027, 20:00 (Europe/Berlin) has \
         changed; it was Room 2."
    );
    let cids = all(&db.core, &cid).await;
    assert_eq!(cids[0].starts_at.unwrap().to_string(), "2027-03-07T20:00:00+01:00");
    assert_eq!(cids[0].old_starts_at.unwrap().to_string(), "2027-03-07T18:30:00+01:00");
}

/// Registers so many guests by SQL, because each registration alone takes long.
async fn crowd(db: &TestDb, occurrence: OccurrenceId, guests: &[Actor]) {
    for guest in guests {
        let party = Party::of(1);
        db.core.register(guest, occurrence, &party).await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_audience_is_told_by_a_job_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(1000)).await;
    let guests = db.guests(130).await;
    crowd(&db, occurrence, &guests).await;
    let cancelled = "SELECT count(*) FROM notifications WHERE kind = 'event_cancelled'";
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(db.number(cancelled).await, 100, "the first are told in the transaction");
    assert_eq!(db.number("SELECT count(*) FROM jobs WHERE kind = 'announce'").await, 1);

    // As if a worker had taken the job, and had been killed in the middle of it.
    let mut tx = db.core.db().begin().await.unwrap();
    let lost = "UPDATE jobs SET state = 'running', leases = 1, attempts = 1, due_at = $1";
    tx.query(Sql::portable(lost)).bind(db.core.now().plus(eventcore::jobs::LEASE)).execute().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.core.run_due_jobs().await.unwrap(), 0);
    db.clock.advance(eventcore::jobs::LEASE);
    let other = db.another().await;
    let (here, there) = tokio::join!(db.core.run_due_jobs(), other.run_due_jobs());
    assert_eq!(here.unwrap() + there.unwrap(), 1);
    assert_eq!(db.number(cancelled).await, 130);
    for guest in &guests {
        assert_eq!(all(&db.core, guest).await.len(), 2);
    }
    other.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_batch_has_told_is_not_told_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(1000)).await;
    let guests = db.guests(110).await;
    crowd(&db, occurrence, &guests).await;
    db.core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
    // The job begins anew, as if it did not know what was told.
    let mut tx = db.core.db().begin().await.unwrap();
    let select = Sql::portable("SELECT payload FROM jobs WHERE kind = 'announce'");
    let payload: String = tx.query(select).scalar().await.unwrap();
    let mut payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
    payload["after"] = serde_json::Value::Null;
    tx.query(Sql::portable("UPDATE jobs SET payload = $1 WHERE kind = 'announce'"))
        .bind(payload.to_string())
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    db.core.run_due_jobs().await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM notifications WHERE kind = 'event_changed'").await, 110);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn muted_events_and_unwanted_kinds_are_not_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (loud, first) = db.create_event(&ada, new_event()).await;
    let (quiet, second) = db.create_event(&ada, new_event()).await;
    db.core.mute_event(&bob, quiet).await.unwrap();
    assert!(db.core.is_muted(&bob, quiet).await.unwrap() && !db.core.is_muted(&bob, loud).await.unwrap());
    let wanted: PreferencesInput = input(json!({"kinds": [
        {"kind": "registration_confirmed", "in_app": false, "email": true},
        {"kind": "event_changed", "in_app": false, "email": false},
    ]}));
    db.core.set_notification_preferences(&bob, &wanted).await.unwrap();
    for occurrence in [first, second] {
        db.register(&bob, occurrence, 1).await;
    }
    for event in [loud, quiet] {
        db.core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
        db.core.cancel_event(&ada, event, None).await.unwrap();
    }
    let told: Vec<String> = all(&db.core, &bob).await.iter().map(|told| told.kind.to_string()).collect();
    assert_eq!(told, ["event_cancelled"]);
    assert_eq!(db.core.notifications(&bob, true, &PageRequest::first(1)).await.unwrap().unread_count, 1);
    db.core.unmute_event(&bob, quiet).await.unwrap();
    assert!(!db.core.is_muted(&bob, quiet).await.unwrap());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_are_kept_for_90_days(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    db.core.ensure_jobs().await.unwrap();
    let (_, first) = db.create_event(&ada, new_event()).await;
    db.register(&bob, first, 1).await;
    db.clock.set(at("2026-12-31T12:00:00Z"));
    let (_, second) = db.create_event(&ada, new_event()).await;
    db.register(&bob, second, 1).await;
    db.clock.set(at("2027-03-01T12:00:00Z"));
    db.core.run_due_jobs().await.unwrap();
    let left = all(&db.core, &bob).await;
    assert_eq!(left.iter().map(|told| told.occurrence_id).collect::<Vec<_>>(), [Some(second)]);
}
