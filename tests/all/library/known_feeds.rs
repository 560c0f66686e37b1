//! What a process knows of feeds and calendars without reading their events: exactly what it would read.

use std::pin::pin;
use std::time::Duration;

use eventcore::accounts::CalendarOwner;
use eventcore::agenda::AgendaFilter;
use eventcore::calendars::{
    CalendarFeed, CalendarKind, CalendarMember, FeedLinks, ImportOptions, SyndicationFormat,
};
use eventcore::registrations::Party;
use eventcore::{Actor, EventCore, EventId};
use futures_util::FutureExt;
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Random, TestDb, at, id_of, new_event};

type Fingerprint = Vec<u8>;

fn links() -> FeedLinks {
    let base = "https://example.org".to_owned();
    FeedLinks { address: format!("{base}/x.atom"), calendar: format!("{base}/x.ics"), base }
}

/// The fingerprints of a calendar and of its Atom feed, as they are read.
async fn read(core: &EventCore, filter: &AgendaFilter) -> (Fingerprint, Fingerprint) {
    let feed = core.calendar_feed(&Actor::Anonymous, filter, "Events").await.unwrap();
    let atom = feed.version().syndicated(SyndicationFormat::Atom, &links());
    (feed.version().fingerprint().to_vec(), atom.fingerprint().to_vec())
}

/// As [`read`], by a transaction, which knows nothing but what it reads.
async fn would_read(core: &EventCore, filter: &AgendaFilter) -> (Fingerprint, Fingerprint) {
    let transaction = core.begin_transaction().await.unwrap();
    read(transaction.core(), filter).await
}

/// The whole calendar.
async fn text(core: &EventCore, filter: &AgendaFilter) -> String {
    let mut feed = core.calendar_feed(&Actor::Anonymous, filter, "Events").await.unwrap();
    let mut text = String::new();
    while let Some(part) = feed.next_part().await.unwrap() {
        text.push_str(&part);
    }
    text
}

/// Those of them that are known.
async fn known(core: &EventCore, filter: &AgendaFilter) -> (Option<Fingerprint>, Option<Fingerprint>) {
    let calendar = core.known_feed(&Actor::Anonymous, filter, "Events", false).await.unwrap();
    let atom = core.known_feed(&Actor::Anonymous, filter, "Events", true).await.unwrap();
    let atom = atom.map(|atom| atom.syndicated(SyndicationFormat::Atom, &links()));
    let print = |version: eventcore::calendars::FeedVersion| version.fingerprint().to_vec();
    (calendar.map(print), atom.map(print))
}

/// Which feeds are known, as letters.
async fn known_formats(core: &EventCore, filter: &AgendaFilter) -> &'static str {
    match known(core, filter).await {
        (Some(_), Some(_)) => "calendar and Atom",
        (Some(_), None) => "calendar",
        (None, None) => "none",
        (None, Some(_)) => "Atom",
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_known_until_something_that_it_shows_changes(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let core = &db.core;
    let (ada, bob, admin) = (db.user("ada").await, db.user("bob").await, db.admin("root").await);
    let other = db.another().await;
    let all = AgendaFilter::default();
    let series = new_event().rule("FREQ=WEEKLY;COUNT=4").category("concert");
    let (event, occurrence) = db.create_event(&ada, series).await;
    let draft = db.create_event(&ada, new_event().draft()).await.0;
    assert_eq!(known_formats(core, &all).await, "none");

    macro_rules! after {
        ($change:expr, $known:literal) => {{
            // A change has another time than what was before.
            db.clock.advance(Duration::from_secs(1));
            let before = read(core, &all).await;
            assert_eq!(before, would_read(core, &all).await);
            assert_eq!(known(core, &all).await, (Some(before.0.clone()), Some(before.1.clone())));
            $change.await.unwrap();
            let found = known_formats(core, &all).await;
            assert_eq!(found, $known, "{}", stringify!($change));
            let after = would_read(core, &all).await;
            let changed = (before.0 != after.0, before.1 != after.1);
            // Whatever has changed is not known.
            assert!(!changed.0 || found == "none", "{}", stringify!($change));
            assert!(!changed.1 || found != "calendar and Atom", "{}", stringify!($change));
            changed
        }};
    }
    // Seats, drafts and what people are told are not shown.
    let nothing = (false, false);
    assert_eq!(after!(core.register(&bob, occurrence, &Party::default()), "calendar and Atom"), nothing);
    assert_eq!(after!(core.cancel_registration(&bob, occurrence, None), "calendar and Atom"), nothing);
    assert_eq!(after!(core.create_event(&ada, &new_event().draft().input()), "calendar and Atom"), nothing);
    let name = json!({"display_name": "Ada L."});
    assert_eq!(after!(core.change_user(&ada, id_of(&ada), &name, None), "calendar"), (false, true));

    let both = (true, true);
    assert_eq!(after!(core.create_event(&ada, &new_event().input()), "none"), both);
    assert_eq!(after!(other.create_event(&ada, &new_event().input()), "none"), both);
    assert_eq!(after!(core.publish_event(&ada, draft, None), "none"), both);
    assert_eq!(after!(core.change_event(&ada, event, &json!({"title": "Other"}), None), "none"), both);
    let patch = json!({"location": "Attic"});
    assert_eq!(after!(other.change_occurrence(&ada, occurrence, &patch, None), "none"), both);
    assert_eq!(after!(core.cancel_occurrence(&ada, occurrence, None), "none"), both);
    let concert = json!({"name": "Gig"});
    assert_eq!(after!(core.change_category(&admin, "concert", &concert, None), "none"), both);
    assert_eq!(after!(core.delete_event(&ada, draft, None), "none"), both);
    assert_eq!(after!(core.cancel_event(&ada, event, None), "none"), both);
    let file = b"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nDTSTART:20280304T183000Z\nEND:VEVENT\n\
        END:VCALENDAR\n";
    assert_eq!(after!(other.import_calendar(&ada, file.to_vec(), &ImportOptions::default()), "none"), both);
    other.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_known_until_an_occurrence_ends_or_for_minutes(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    let all = AgendaFilter::default();
    for start in ["2027-03-04T18:30:00", "2027-03-04T18:32:00"] {
        db.create_event(&ada, new_event().timezone("UTC").starts_at(start).duration("PT1H")).await;
    }
    db.clock.set(at("2027-03-04T19:29:00Z"));
    let before = read(core, &all).await;
    db.clock.set(at("2027-03-04T19:29:59Z"));
    assert_eq!(known(core, &all).await, (Some(before.0.clone()), Some(before.1)));
    db.clock.set(at("2027-03-04T19:30:00Z"));
    assert_eq!(known_formats(core, &all).await, "none");
    let after = read(core, &all).await;
    assert_ne!(after.0, before.0, "one event is over");
    assert_eq!(known(core, &all).await.0, Some(after.0));
    // The log of changes may not have what was committed long ago.
    db.clock.set(at("2027-03-05T12:00:00Z"));
    read(core, &all).await;
    db.clock.advance(Duration::from_mins(6));
    assert_eq!(known_formats(core, &all).await, "none");

    // What depends on the time, or on who asks, is never known.
    for filter in [
        AgendaFilter { available: true, ..AgendaFilter::default() },
        AgendaFilter { overlaps: true, ..AgendaFilter::default() },
        AgendaFilter { from: Some(at("2027-01-01T00:00:00Z").into()), ..AgendaFilter::default() },
    ] {
        read(core, &filter).await;
        assert_eq!(known_formats(core, &filter).await, "none", "{filter:?}");
    }
    core.calendar_feed(&ada, &all, "Events").await.unwrap();
    assert_eq!(core.known_feed(&ada, &all, "Events", false).await.unwrap(), None);
    // Nor is what a transaction has not committed.
    read(core, &all).await;
    let one = core.begin_transaction().await.unwrap();
    one.core().create_event(&ada, &new_event().starts_at("2028-03-04T18:30:00").input()).await.unwrap();
    let within = read(one.core(), &all).await;
    drop(one);
    assert_ne!(known(core, &all).await.0, Some(within.0));
}

fn seconds(number: usize) -> Duration {
    Duration::from_secs(number.try_into().unwrap())
}

/// Feeds of public lists, of all kinds.
fn filters(organizer: &Actor) -> [AgendaFilter; 6] {
    let all = AgendaFilter::default();
    [
        all.clone(),
        AgendaFilter { categories: vec!["concert".to_owned()], ..all.clone() },
        AgendaFilter { tags: vec!["jazz".to_owned()], ..all.clone() },
        AgendaFilter { organizer: organizer.user_id(), ..all.clone() },
        AgendaFilter { q: Some("late".to_owned()), ..all.clone() },
        AgendaFilter { to: Some(at("2026-11-24T10:00:00Z").into()), ..all },
    ]
}

/// People who change things in one process or another.
struct Walk {
    random: Random,
    ada: Actor,
    bob: Actor,
    admin: Actor,
    events: Vec<EventId>,
}

impl Walk {
    async fn of(db: &TestDb, seed: u64) -> Self {
        let (ada, bob, admin) = (db.user("ada").await, db.user("bob").await, db.admin("root").await);
        Self { random: Random(seed), ada, bob, admin, events: Vec::new() }
    }

    /// Changes something, or tries to.
    async fn step(&mut self, db: &TestDb, core: &EventCore) {
        let Self { random, ada, bob, admin, .. } = self;
        let word = *random.pick(&["late", "early", "loud", "quiet"]);
        let event = self.events.get(random.below(self.events.len().max(1))).copied();
        let Some(event) = event.filter(|_| !random.one_in(4)) else {
            let start = core.now().plus(seconds(random.below(30 * 3_600) + 60)).to_string();
            let mut new = new_event().title(word).starts_at(start).duration("PT1H").tags(["jazz"]);
            if random.one_in(2) {
                new = new.category("concert").rule("FREQ=DAILY;COUNT=3");
            }
            let new = if random.one_in(4) { new.draft() } else { new };
            self.events.push(core.create_event(ada, &new.input()).await.unwrap().id);
            return;
        };
        let occurrences = db.occurrence_ids(event).await;
        let occurrence = *random.pick(&occurrences);
        let patch = match random.below(5) {
            0 => json!({"title": word}),
            1 => json!({"tags": if random.one_in(2) { vec!["jazz"] } else { Vec::new() }}),
            2 => json!({"category": random.pick(&["concert", "workshop"])}),
            3 => json!({"visibility": random.pick(&["public", "unlisted", "private"])}),
            _ => json!({"status": random.pick(&["draft", "published"])}),
        };
        // Some of it is refused: what is over, or cancelled, or has registrations.
        match random.below(18) {
            0..4 => drop(core.change_event(ada, event, &patch, None).await),
            4 => drop(core.change_occurrence(ada, occurrence, &json!({"title": word}), None).await),
            5 => drop(core.cancel_occurrence(ada, occurrence, None).await),
            6 => drop(core.restore_occurrence(ada, occurrence, None).await),
            7 => drop(core.split_event(ada, occurrence, &json!({"title": word}), None).await),
            8 => drop(core.register(&*bob, occurrence, &Party::default()).await),
            9 => drop(core.cancel_registration(&*bob, occurrence, None).await),
            10 => drop(core.change_category(admin, "concert", &json!({"name": word}), None).await),
            11 => drop(core.change_user(ada, id_of(ada), &json!({"display_name": word}), None).await),
            12 if random.one_in(2) => drop(core.cancel_event(ada, event, None).await),
            12 => {
                if core.delete_event(ada, event, None).await.is_ok() {
                    self.events.retain(|id| *id != event);
                }
            }
            13 => drop(core.add_co_organizer(ada, event, id_of(bob)).await),
            14 => drop(core.remove_co_organizer(ada, event, id_of(bob)).await),
            15 => {
                let party = Party::of(1 + i64::from(random.one_in(2)));
                drop(core.register(&*bob, occurrence, &party).await);
            }
            16 => {
                let lists = [json!(null), json!([]), json!(["PT1H"]), json!(["P1D", "PT2H"])];
                let input = serde_json::from_value(json!({"reminders": random.pick(&lists)})).unwrap();
                drop(core.set_registration_reminders(bob, occurrence, &input).await);
            }
            _ => {
                let lists = [json!([]), json!(["PT1H"]), json!(["P1D", "PT2H"])];
                let input = json!({"kinds": [], "reminders": random.pick(&lists)});
                let input = serde_json::from_value(input).unwrap();
                core.set_notification_preferences(bob, &input).await.unwrap();
            }
        }
    }
}

/// The calendar of a user, with the texts of its files.
async fn calendar(core: &EventCore, user: &Actor, kind: CalendarKind) -> Vec<(CalendarMember, String)> {
    let (username, display_name) = ("someone".to_owned(), "Someone".to_owned());
    let owner = CalendarOwner { id: id_of(user), username, display_name, email: None };
    let collection = core.calendar_collection(&owner, kind).await.unwrap();
    let files = collection.files(collection.members(), None).await.unwrap();
    assert_eq!(files.len(), collection.members().len());
    files.into_iter().map(|(member, file)| (member, file.text.clone())).collect()
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_knows_of_a_calendar_is_what_it_would_read(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let processes = [db.core.clone(), db.another().await];
    let mut walk = Walk::of(&db, 11).await;
    let mut sizes = [0; 3];
    for step in 0..200 {
        // Sometimes so long that events leave the calendars.
        let passes = match walk.random.below(12) {
            0..3 => walk.random.below(2 * 3_600),
            3 => walk.random.below(40 * 86_400),
            _ => 0,
        };
        db.clock.advance(seconds(passes + 1));
        let core = walk.random.pick(&processes).clone();
        walk.step(&db, &core).await;
        let shown = [
            (walk.ada, CalendarKind::Organizing),
            (walk.bob, CalendarKind::Organizing),
            (walk.bob, CalendarKind::Attending),
        ];
        for ((user, kind), size) in shown.into_iter().zip(&mut sizes) {
            let core = walk.random.pick(&processes).clone();
            let known = calendar(&core, &user, kind).await;
            // A transaction knows nothing but what it reads.
            let transaction = core.begin_transaction().await.unwrap();
            let would = calendar(transaction.core(), &user, kind).await;
            drop(transaction);
            assert_eq!(known, would, "step {step}: {kind} of {:?}", user.user_id());
            *size += known.len();
        }
    }
    assert!(sizes.iter().all(|size| *size > 30), "{sizes:?}");
    processes[1].close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_knows_of_a_feed_is_what_it_would_read(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let processes = [db.core.clone(), db.another().await];
    let mut walk = Walk::of(&db, 7).await;
    let filters = filters(&walk.ada);
    let (mut known_calendars, mut known_atoms, mut steps_known) = (0, 0, 0);
    for step in 0..150 {
        let passes = if walk.random.one_in(3) { walk.random.below(2 * 3_600) } else { 0 };
        db.clock.advance(seconds(passes + 1));
        let core = walk.random.pick(&processes).clone();
        walk.step(&db, &core).await;
        let before = known_calendars;
        for filter in &filters {
            let core = walk.random.pick(&processes).clone();
            let (calendar, atom) = known(&core, filter).await;
            let would = would_read(&core, filter).await;
            // What is known makes the feed, too.
            assert_eq!(read(&core, filter).await, would, "step {step}: {filter:?}");
            let transaction = core.begin_transaction().await.unwrap();
            let text_would_be = text(transaction.core(), filter).await;
            drop(transaction);
            assert_eq!(text(&core, filter).await, text_would_be, "step {step}: {filter:?}");
            known_calendars += usize::from(calendar.is_some());
            known_atoms += usize::from(atom.is_some());
            assert!(calendar.is_none_or(|known| known == would.0), "step {step}: {filter:?}");
            assert!(atom.is_none_or(|known| known == would.1), "step {step}, Atom: {filter:?}");
        }
        steps_known += usize::from(known_calendars > before);
    }
    assert!(known_atoms > 40 && known_calendars > known_atoms && steps_known > 15, "seldom known");
    processes[1].close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_feed_that_are_given_up_are_read_again(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, ada) = (&db.core, db.user("ada").await);
    for number in 0..250 {
        db.create_event(&ada, new_event().title(format!("Evening {number}"))).await;
    }
    let all = AgendaFilter::default();
    let whole = text(core, &all).await;
    assert_eq!(whole.matches("BEGIN:VEVENT").count(), 250);
    let feed = async || core.calendar_feed(&Actor::Anonymous, &all, "Events").await.unwrap();
    for format in [None, Some(SyndicationFormat::Atom)] {
        let in_format = |feed: CalendarFeed| match format {
            None => feed,
            Some(format) => feed.syndicated(format, links()),
        };
        let mut expected = Vec::new();
        let mut steady = in_format(feed().await);
        while let Some(part) = steady.next_part().await.unwrap() {
            expected.push(part);
        }
        assert_eq!(expected.len(), 5, "the head, three parts and the end");
        let mut interrupted = in_format(feed().await);
        for (index, part) in expected.iter().enumerate() {
            let mut found = None;
            // Given up before it reads, while it waits for rows, and while it writes.
            for polls in [0, 1, 2, 10, 100] {
                let mut call = pin!(interrupted.next_part());
                for _ in 0..polls {
                    if found.is_none() {
                        found = call.as_mut().now_or_never();
                        tokio::task::yield_now().await;
                    }
                }
                if found.is_some() {
                    break;
                }
            }
            let found = match found {
                Some(found) => found,
                None => interrupted.next_part().await,
            };
            assert_eq!(found.unwrap().as_ref(), Some(part), "part {index}");
        }
        assert_eq!(interrupted.next_part().await.unwrap(), None);
    }
}
