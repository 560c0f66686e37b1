//! Calendars that organizers follow: what becomes of their events, and of their subscriptions.

use std::time::Duration;

use eventcore::agenda::AgendaFilter;
use eventcore::events::{DuplicateInput, Event, EventStatus, OccurrenceStatus, Visibility};
use eventcore::mails::MailKind;
use eventcore::notifications::NotificationKind;
use eventcore::subscriptions::{
    CalendarSubscription, CalendarSubscriptionInput, FetchError, FetchedCalendar, SubscriptionEnd,
    UnsubscribeChoice, Validators,
};
use eventcore::{Actor, EventCore, OccurrenceId, PageRequest, SubscriptionId, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{CalendarSource, Kind, Mailbox, TestDb, id_of, new_event, refusal_code};

use super::changes::input;

const URL: &str = "https://calendar.example.org/club.ics";

/// A file with these components.
fn file(events: &[&str]) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n", events.concat())
}

fn single(uid: &str, title: &str, start: &str) -> String {
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}@example.org\r\nDTSTART;TZID=Europe/Berlin:{start}\r\nDURATION:PT2H\r\n\
         SUMMARY:{title}\r\nLOCATION:Pier\r\nEND:VEVENT\r\n"
    )
}

fn talk(title: &str) -> String {
    single("talk", title, "20270304T183000")
}

fn walk() -> String {
    single("walk", "Walk", "20270306T100000")
}

async fn follow(core: &EventCore, owner: &Actor) -> CalendarSubscription {
    let new = CalendarSubscriptionInput { url: URL.to_owned(), ..CalendarSubscriptionInput::default() };
    core.subscribe_to_calendar(owner, &new).await.unwrap()
}

/// Reads the calendar again, an hour later.
async fn read_again(db: &TestDb, owner: &Actor, id: SubscriptionId) -> CalendarSubscription {
    db.clock.advance(Duration::from_mins(66));
    db.core.run_due_jobs().await.unwrap();
    db.core.calendar_subscription(owner, id).await.unwrap()
}

async fn events(core: &EventCore, organizer: &Actor) -> Vec<Event> {
    let filter = AgendaFilter {
        organizer: Some(id_of(organizer)),
        from: Some(Timestamp::MIN.into()),
        ..AgendaFilter::default()
    };
    let mut events = core.events(organizer, &filter, &PageRequest::first(100)).await.unwrap().items;
    events.sort_by_key(|event| event.title.clone());
    events
}

async fn event(core: &EventCore, organizer: &Actor, title: &str) -> Event {
    let all = events(core, organizer).await;
    all.into_iter().find(|event| event.title == title).unwrap_or_else(|| panic!("no {title}"))
}

fn occurrence(event: &Event) -> OccurrenceId {
    event.next_occurrence.as_ref().expect("an occurrence").id
}

/// The kinds and texts of what someone was told, newest first.
async fn told(core: &EventCore, who: &Actor) -> Vec<(NotificationKind, String)> {
    let all = core.notifications(who, false, &PageRequest::first(100)).await.unwrap().page.items;
    all.into_iter().map(|told| (told.kind, told.text)).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_calendar_changes_its_events(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, source) = (&db.core, CalendarSource::of(&db.core));
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let root = db.admin("root").await;
    let weekly =
        single("club", "Club", "20270305T190000").replace("SUMMARY", "RRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY");
    source.has(&file(&[&talk("Talk"), &weekly]));
    let followed = follow(core, &ada).await;
    assert!(followed.enabled && followed.checked_at.is_none() && followed.report.is_none(), "{followed:?}");
    core.run_due_jobs().await.unwrap();
    let read = core.calendar_subscription(&ada, followed.id).await.unwrap();
    let report = read.report.clone().unwrap();
    assert_eq!((report.created, report.skipped, read.events), (2, 0, 2), "{read:?}");
    assert!(read.succeeded_at.is_some() && read.failure.is_none(), "{read:?}");

    let (talk_event, club) = (event(core, &ada, "Talk").await, event(core, &ada, "Club").await);
    assert_eq!((club.occurrence_count, club.capacity, club.location.as_str()), (3, 100, "Pier"));
    let id = occurrence(&club);
    for refused in [
        refusal_code(core.change_event(&ada, club.id, &json!({"title": "Mine"}), None).await),
        refusal_code(core.replace_event(&ada, club.id, &new_event().input(), None).await),
        refusal_code(core.cancel_event(&ada, club.id, None).await),
        refusal_code(core.delete_event(&ada, club.id, None).await),
        refusal_code(core.change_occurrence(&ada, id, &json!({"title": "Mine"}), None).await),
        refusal_code(core.cancel_occurrence(&ada, id, None).await),
        refusal_code(core.restore_occurrence(&ada, id, None).await),
        refusal_code(core.delete_occurrence(&ada, id, None).await),
        refusal_code(core.split_event(&ada, id, &json!({}), None).await),
    ] {
        assert_eq!(refused, "subscribed_event");
    }
    assert_eq!(
        refusal_code(core.change_event(&bob, club.id, &json!({"title": "x"}), None).await),
        "forbidden"
    );
    // What people do with it is theirs.
    db.register(&bob, occurrence(&talk_event), 2).await;
    db.register(&cid, id, 1).await;
    core.add_co_organizer(&ada, club.id, id_of(&cid)).await.unwrap();
    assert_eq!(refusal_code(core.cancel_event(&cid, club.id, None).await), "subscribed_event");
    let copy = core
        .duplicate_event(&ada, club.id, &input::<DuplicateInput>(json!({"starts_at": "2027-05-01T10:00:00"})))
        .await
        .unwrap();
    core.change_event(&ada, copy.id, &json!({"title": "Mine"}), None).await.unwrap();

    // A change of the calendar moves it, and bob is told.
    let moved = single("talk", "A talk", "20270304T200000");
    source.has(&file(&[&moved, &weekly]));
    let report = read_again(&db, &ada, followed.id).await.report.unwrap();
    assert_eq!((report.updated, report.unchanged), (1, 1), "{report:?}");
    assert!(told(core, &bob).await[0].1.contains("has moved"), "{:?}", told(core, &bob).await);
    let moved = event(core, &ada, "A talk").await;
    assert_eq!(
        (moved.id, moved.starts_at.to_string().as_str()),
        (talk_event.id, "2027-03-04T20:00:00+01:00")
    );
    // An admin takes it down, and it stays down. What is deleted would come back.
    let last = *db.occurrence_ids(club.id).await.last().unwrap();
    for refused in [
        refusal_code(core.delete_event(&root, club.id, None).await),
        refusal_code(core.delete_occurrence(&root, last, None).await),
        refusal_code(core.split_event(&root, last, &json!({}), None).await),
    ] {
        assert_eq!(refused, "subscribed_event");
    }
    core.cancel_event(&root, moved.id, None).await.unwrap();
    core.cancel_occurrence(&root, last, None).await.unwrap();
    core.change_event(&root, club.id, &json!({"visibility": "private"}), None).await.unwrap();
    source.has(&file(&[&talk("Again"), &weekly.replace("SUMMARY:", "SUMMARY:New ")]));
    read_again(&db, &ada, followed.id).await;
    assert_eq!(core.event(&ada, moved.id).await.unwrap().status, EventStatus::Cancelled);
    let club = core.event(&ada, club.id).await.unwrap();
    assert_eq!((&*club.title, club.visibility), ("New Club", Visibility::Private));
    assert_eq!(core.occurrence(&ada, last).await.unwrap().status, OccurrenceStatus::Cancelled);
    assert_eq!(events(core, &ada).await.len(), 3, "the copy is Ada's own");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_not_changed_is_not_read_again_before_a_day(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, source) = (&db.core, CalendarSource::of(&db.core));
    let [ada] = db.people(["ada"]).await;
    let (etag, last_modified) = (Some("\"1\"".to_owned()), Some("Mon, 01 Jun 2026 10:00:00 GMT".to_owned()));
    let validators = Validators { etag, last_modified };
    let bytes = file(&[&talk("Talk")]).into_bytes();
    source.answer(Ok(FetchedCalendar::File { bytes, validators: validators.clone() }));
    let followed = follow(core, &ada).await;
    core.run_due_jobs().await.unwrap();
    let first = source.take();
    assert_eq!((first.len(), first[0].url.as_str(), &first[0].validators), (1, URL, &Validators::default()));
    let read = core.calendar_subscription(&ada, followed.id).await.unwrap();

    source.answer(Ok(FetchedCalendar::NotModified));
    let unchanged = read_again(&db, &ada, followed.id).await;
    assert_eq!(source.take()[0].validators, validators);
    assert!(unchanged.succeeded_at > read.succeeded_at && unchanged.report == read.report);
    // A server that knows neither sends the same file: it changes nothing, and takes no import.
    source.has(&file(&[&talk("Talk")]));
    let unchanged = read_again(&db, &ada, followed.id).await;
    assert_eq!(unchanged.report, read.report, "an import would find it unchanged");
    db.clock.advance(Duration::from_hours(23));
    source.take();
    let whole = read_again(&db, &ada, followed.id).await;
    assert!(source.take().iter().any(|request| request.validators == Validators::default()));
    assert_eq!(whole.report.map(|report| (report.created, report.unchanged)), Some((0, 1)));
    assert_eq!(event(core, &ada, "Talk").await.version, 1);

    // Other options, or another URL, are read at once, and whole.
    core.change_calendar_subscription(&ada, followed.id, &json!({"capacity": 7}), None).await.unwrap();
    source.has(&file(&[&talk("Talk"), &walk()]));
    core.run_due_jobs().await.unwrap();
    assert_eq!(event(core, &ada, "Walk").await.capacity, 7);
    assert_eq!(source.take()[0].validators, Validators::default());
    core.refresh_calendar_subscription(&ada, followed.id).await.unwrap();
    core.refresh_calendar_subscription(&ada, followed.id).await.unwrap();
    core.run_due_jobs().await.unwrap();
    assert_eq!(source.take().len(), 1, "one job for each calendar");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_calendar_lacks_twice_is_ended_and_everyone_is_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, source, mails) = (&db.core, CalendarSource::of(&db.core), Mailbox::of(&db.core));
    let [ada, bob] = db.people(["ada", "bob"]).await;
    db.verify_addresses().await;
    let own = db.create_event(&ada, new_event().title("Own")).await.0;
    let all = file(&[&talk("Talk"), &walk(), &single("run", "Run", "20270307T100000")]);
    source.has(&all);
    let followed = follow(core, &ada).await;
    core.run_due_jobs().await.unwrap();
    let (talk_event, walk_event) = (event(core, &ada, "Talk").await, event(core, &ada, "Walk").await);
    db.register(&bob, occurrence(&talk_event), 1).await;
    mails.take(core).await;

    // It may be a mistake: nothing happens the first time.
    let rest = file(&[&single("run", "Run", "20270307T100000")]);
    source.has(&rest);
    read_again(&db, &ada, followed.id).await;
    source.has(&all);
    read_again(&db, &ada, followed.id).await;
    source.has(&rest);
    read_again(&db, &ada, followed.id).await;
    source.answer(Ok(FetchedCalendar::Refused(503)));
    read_again(&db, &ada, followed.id).await;
    assert_eq!(events(core, &ada).await.len(), 4);
    let is_subscribed = |told: &(NotificationKind, String)| told.0 == NotificationKind::CalendarSubscription;
    assert!(!told(core, &ada).await.iter().any(is_subscribed));

    source.has(&rest);
    let read = read_again(&db, &ada, followed.id).await;
    assert_eq!(read.events, 2, "the cancelled one and what is left: {read:?}");
    assert_eq!(core.event(&bob, talk_event.id).await.unwrap().status, EventStatus::Cancelled);
    assert_eq!(refusal_code(core.event(&ada, walk_event.id).await), "not_found");
    assert!(core.event(&ada, own).await.is_ok());
    let (kind, text) = &told(core, &bob).await[0];
    assert_eq!((*kind, text.contains("is cancelled")), (NotificationKind::EventCancelled, true), "{text}");
    let news: Vec<_> = told(core, &ada).await.into_iter().filter(is_subscribed).collect();
    let [(_, text)] = &news[..] else { panic!("{news:?}") };
    assert!(text.starts_with("2 events have disappeared from the calendar"), "{text}");
    assert!(text.contains("calendar.example.org"), "{text}");
    assert_eq!(mails.kinds(core).await, [(MailKind::CalendarSubscription, "ada@example.org".to_owned())]);

    // What comes back is a new event.
    source.has(&all);
    read_again(&db, &ada, followed.id).await;
    let again: Vec<_> = events(core, &ada).await.into_iter().filter(|event| event.title == "Talk").collect();
    assert_eq!(again.len(), 2);
    assert!(again.iter().any(|event| event.status == EventStatus::Published && event.id != talk_event.id));
    // What is over stays, though most calendars drop it.
    db.clock.set("2027-03-05T12:00:00Z".parse().unwrap());
    source.has(&rest);
    read_again(&db, &ada, followed.id).await;
    read_again(&db, &ada, followed.id).await;
    let talks = events(core, &ada).await;
    assert!(talks.iter().any(|event| event.title == "Talk" && event.status == EventStatus::Published));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_fails_for_three_days_or_is_gone_is_not_read_any_more(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, source, mails) = (&db.core, CalendarSource::of(&db.core), Mailbox::of(&db.core));
    let [ada, bob] = db.people(["ada", "bob"]).await;
    db.verify_addresses().await;
    source.has(&file(&[&talk("Talk")]));
    let id = follow(core, &ada).await.id;
    core.run_due_jobs().await.unwrap();
    let talk_event = event(core, &ada, "Talk").await;
    db.register(&bob, occurrence(&talk_event), 1).await;
    mails.take(core).await;

    let failures = [
        (Ok(FetchedCalendar::Refused(404)), "the server answers with the status 404"),
        (
            Err(FetchError::Failed("no connection within 5 seconds".to_owned())),
            "no connection within 5 seconds",
        ),
        (
            Ok(FetchedCalendar::File { bytes: b"<html>".to_vec(), validators: Validators::default() }),
            "not an iCalendar file",
        ),
    ];
    for (answer, reason) in failures {
        source.answer(answer);
        let failed = read_again(&db, &ada, id).await;
        let failure = failed.failure.clone().unwrap_or_default();
        assert!(failed.enabled && failed.failing_since.is_some(), "{failed:?}");
        assert!(failure.contains(reason), "{failure}");
    }
    // One success, and the days are counted anew.
    source.has(&file(&[&talk("Talk")]));
    assert_eq!(read_again(&db, &ada, id).await.failing_since, None);
    source.answer(Ok(FetchedCalendar::Refused(500)));
    let first = read_again(&db, &ada, id).await;
    let mut last = first.clone();
    while last.enabled {
        assert!(last.checked_at < first.checked_at.map(|at| at.plus(Duration::from_hours(74))), "{last:?}");
        last = read_again(&db, &ada, id).await;
    }
    assert_eq!(last.disabled_because, Some(SubscriptionEnd::Failing));
    assert!(last.checked_at >= first.checked_at.map(|at| at.plus(Duration::from_hours(72))), "{last:?}");
    let news = told(core, &ada).await;
    assert!(news[0].1.contains("could not be read for three days"), "{news:?}");
    assert_eq!(mails.kinds(core).await, [(MailKind::CalendarSubscription, "ada@example.org".to_owned())]);
    source.take();
    read_again(&db, &ada, id).await;
    assert!(source.take().is_empty(), "it is not asked for any more");
    assert_eq!(refusal_code(core.refresh_calendar_subscription(&ada, id).await), "subscription_disabled");
    // That its address is gone does not say that the event is.
    assert_eq!(core.event(&bob, talk_event.id).await.unwrap().status, EventStatus::Published);
    assert_eq!(refusal_code(core.cancel_event(&ada, talk_event.id, None).await), "subscribed_event");

    core.change_calendar_subscription(&ada, id, &json!({"enabled": true}), None).await.unwrap();
    source.answer(Ok(FetchedCalendar::Gone));
    core.run_due_jobs().await.unwrap();
    let gone = core.calendar_subscription(&ada, id).await.unwrap();
    assert_eq!(gone.disabled_because, Some(SubscriptionEnd::Gone));
    assert!(told(core, &ada).await[0].1.contains("is gone"), "{:?}", told(core, &ada).await);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_its_owners_and_ends_with_or_without_its_events(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, source) = (&db.core, CalendarSource::of(&db.core));
    let [ada, bob] = db.people(["ada", "bob"]).await;
    source.has(&file(&[&talk("Talk"), &walk()]));
    let followed = follow(core, &ada).await;
    core.run_due_jobs().await.unwrap();
    let talk_event = event(core, &ada, "Talk").await;
    db.register(&bob, occurrence(&talk_event), 1).await;

    for refused in [
        refusal_code(core.calendar_subscription(&bob, followed.id).await),
        refusal_code(core.change_calendar_subscription(&bob, followed.id, &json!({}), None).await),
        refusal_code(core.refresh_calendar_subscription(&bob, followed.id).await),
        refusal_code(
            core.unsubscribe_from_calendar(&bob, followed.id, UnsubscribeChoice::Cancel, None).await,
        ),
    ] {
        assert_eq!(refused, "not_found");
    }
    assert!(core.calendar_subscriptions(&bob).await.unwrap().is_empty());
    let twice = CalendarSubscriptionInput {
        url: URL.replace("https:", "webcal:"),
        ..CalendarSubscriptionInput::default()
    };
    assert_eq!(refusal_code(core.subscribe_to_calendar(&ada, &twice).await), "invalid_input");
    for url in ["http://example.org/a.ics", "https://127.0.0.1/a.ics", "file:///etc/passwd", "x", ""] {
        let wrong = CalendarSubscriptionInput { url: url.to_owned(), ..twice.clone() };
        assert_eq!(refusal_code(core.subscribe_to_calendar(&bob, &wrong).await), "invalid_input", "{url}");
    }
    for n in 0..100 {
        let (url, enabled) = (format!("https://example.org/{n}"), Some(false));
        let next = CalendarSubscriptionInput { url, enabled, ..twice.clone() };
        core.subscribe_to_calendar(&bob, &next).await.unwrap();
    }
    assert_eq!(refusal_code(core.subscribe_to_calendar(&bob, &twice).await), "quota_exceeded");
    let export = core.export_user(&ada, id_of(&ada)).await.unwrap();
    assert_eq!(export.calendar_subscriptions.len(), 1);

    // Its events become ordinary ones, and following it again makes others.
    core.unsubscribe_from_calendar(&ada, followed.id, UnsubscribeChoice::Keep, None).await.unwrap();
    let changed = core.change_event(&ada, talk_event.id, &json!({"title": "Mine"}), None).await.unwrap();
    assert_eq!(changed.title, "Mine");
    let again = follow(core, &ada).await;
    core.run_due_jobs().await.unwrap();
    assert_eq!(events(core, &ada).await.len(), 4);
    let other = event(core, &ada, "Talk").await;
    db.register(&bob, occurrence(&other), 1).await;
    core.unsubscribe_from_calendar(&ada, again.id, UnsubscribeChoice::Cancel, None).await.unwrap();
    core.run_due_jobs().await.unwrap();
    assert!(core.calendar_subscriptions(&ada).await.unwrap().is_empty());
    assert_eq!(core.event(&bob, other.id).await.unwrap().status, EventStatus::Cancelled);
    assert_eq!(core.event(&bob, talk_event.id).await.unwrap().status, EventStatus::Published);
    assert_eq!(events(core, &ada).await.len(), 3, "nobody had registered for the other walk");

    // New events may be drafts, which the organizer publishes.
    let drafts = CalendarSubscriptionInput { drafts: true, url: URL.to_owned(), ..twice };
    core.subscribe_to_calendar(&ada, &drafts).await.unwrap();
    core.run_due_jobs().await.unwrap();
    let all = events(core, &ada).await;
    let draft = all.iter().find(|event| event.status == EventStatus::Draft).unwrap();
    core.publish_event(&ada, draft.id, None).await.unwrap();
    assert_eq!(refusal_code(core.cancel_event(&ada, draft.id, None).await), "subscribed_event");
    core.delete_user(&ada, id_of(&ada), None).await.unwrap();

    // They go with the account.
    core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    core.run_due_jobs().await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM calendar_subscriptions").await, 0);
    db.check().await;
}
