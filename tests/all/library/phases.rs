//! Upcoming, current and past occurrences: what lists show, who is registered, and until when.

use chrono::NaiveDate;
use chrono_tz::Tz;
use eventcore::agenda::{AgendaFilter, Bound};
use eventcore::events::Occurrence;
use eventcore::registrations::{NewAttendee, Party, RegistrationStatus, TicketInput};
use eventcore::time::{Moment, start_of_day};
use eventcore::{Actor, OccurrenceId, Order, PageRequest, Timestamp};
use rstest::rstest;
use serde_json::json;
use tests::{EventBuilder, Kind, Random, TestDb, at, id_of, new_event, refusal_code};

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    // The clocks change at midnight.
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

/// An occurrence as a plain model sees it.
struct Entry {
    id: OccurrenceId,
    event: eventcore::EventId,
    organizer: eventcore::UserId,
    starts_at: Timestamp,
    ends_at: Timestamp,
    all_day: bool,
    day: NaiveDate,
    public: bool,
    open: bool,
}

fn entry(occurrence: &Occurrence, public: bool) -> Entry {
    let tz: Tz = occurrence.timezone.parse().unwrap();
    let (starts_at, ends_at, day) = match (occurrence.starts_at, occurrence.ends_at) {
        (Moment::Day(first), Moment::Day(last)) => {
            (start_of_day(first, tz), start_of_day(last.succ_opt().unwrap(), tz), first)
        }
        (Moment::At(start), Moment::At(end)) => (
            Timestamp::from(start),
            Timestamp::from(end),
            Timestamp::from(start).in_zone(Tz::UTC).date_naive(),
        ),
        times => panic!("{times:?}"),
    };
    Entry {
        id: occurrence.id,
        event: occurrence.event_id,
        organizer: occurrence.organizer.id,
        starts_at,
        ends_at,
        all_day: occurrence.all_day,
        day,
        public,
        open: occurrence.seats_left > 0,
    }
}

impl Entry {
    fn is_upcoming(&self, now: Timestamp) -> bool {
        if self.all_day { now < self.ends_at } else { now < self.starts_at }
    }

    fn takes_place(&self, now: Timestamp) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    fn is_listed(&self, filter: &AgendaFilter, now: Timestamp) -> bool {
        let in_period = match filter.from {
            None => self.is_upcoming(now),
            Some(Bound::At(from)) => from <= self.starts_at,
            Some(Bound::Day(day, _)) => day <= self.day,
        };
        let current = filter.current && !filter.available && self.takes_place(now);
        (filter.organizer.is_none_or(|organizer| organizer == self.organizer))
            && (filter.organizer.is_some() || filter.event.is_some() || self.public)
            && filter.event.is_none_or(|event| event == self.event)
            && (!filter.available || (self.open && self.is_upcoming(now)))
            && (in_period || current)
    }
}

/// Events of all lengths in many zones: some are about to begin or to end at many of the instants that the
/// test sets.
async fn world(db: &TestDb, ada: &Actor, bob: &Actor) -> Vec<Entry> {
    let mut random = Random(16);
    let mut entries = Vec::new();
    for n in 0..60 {
        let zone = *random.pick(&ZONES);
        let start = NaiveDate::from_ymd_opt(2027, 8, 20).unwrap()
            + chrono::Days::new(u64::try_from(random.below(24)).unwrap());
        let mut event = new_event().title(format!("Jazz {n}")).timezone(zone).capacity(1);
        event = if random.one_in(2) {
            let days = *random.pick(&["P1D", "P1D", "P2D", "P12D", "P40D", "P200D"]);
            event.set("all_day", true).starts_at(start.to_string()).duration(days)
        } else {
            let length = *random.pick(&["PT1H", "PT24H", "PT25H", "PT26H", "P12D", "P200D"]);
            let hour = 3 * random.below(8);
            event.starts_at(format!("{start}T{hour:02}:30:00")).duration(length)
        };
        if random.one_in(3) {
            event = event.rule(*random.pick(&["FREQ=DAILY;COUNT=9", "FREQ=WEEKLY;COUNT=4"]));
        }
        let public = !random.one_in(5);
        let event = if public { event.tags(["jazz"]).category("concert") } else { event.private() };
        let organizer = if random.one_in(2) { ada } else { bob };
        let (id, first) = db.create_event(organizer, event).await;
        if random.one_in(4) {
            db.core.register(organizer, first, &Party::of(1)).await.unwrap();
        }
        entries.extend(db.occurrences(id).await.iter().map(|occurrence| entry(occurrence, public)));
    }
    entries.sort_by_key(|entry| (entry.starts_at, entry.id));
    entries
}

/// Reads all pages, in both directions, with their total.
async fn listed(db: &TestDb, actor: &Actor, filter: &AgendaFilter, limit: u32) -> Vec<OccurrenceId> {
    let mut page = PageRequest { count: true, ..PageRequest::first(limit) };
    let (mut ids, mut last) = (Vec::new(), Vec::new());
    let mut previous = None;
    loop {
        let found = db.core.occurrences(actor, filter, &page).await.unwrap();
        last.clone_from(&found.items);
        ids.extend(found.items.iter().map(|occurrence| occurrence.id));
        assert!(found.total >= i64::try_from(ids.len()).ok());
        match found.next {
            Some(next) => page.cursor = Some(next),
            None => {
                assert_eq!(found.total, i64::try_from(ids.len()).ok());
                previous = found.previous.or(previous);
                break;
            }
        }
    }
    let mut back: Vec<OccurrenceId> = last.iter().rev().map(|occurrence| occurrence.id).collect();
    while let Some(cursor) = previous {
        page.cursor = Some(cursor);
        let found = db.core.occurrences(actor, filter, &page).await.unwrap();
        back.extend(found.items.iter().rev().map(|occurrence| occurrence.id));
        previous = found.previous;
    }
    back.reverse();
    assert_eq!(back, ids, "backwards: {filter:?}");
    ids
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_every_instant_lists_show_what_a_model_shows(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let entries = world(&db, &ada, &bob).await;
    let mut random = Random(5);
    let tick = std::time::Duration::from_micros(1);
    let (mut current, mut begun) = (0, 0);
    for _ in 0..40 {
        let sample = random.pick(&entries);
        let edge = if random.one_in(2) { sample.starts_at } else { sample.ends_at };
        let now = *random.pick(&[edge.minus(tick), edge, edge.plus(tick)]);
        db.clock.set(now);
        let mut filter = AgendaFilter {
            current: random.one_in(2),
            available: random.one_in(5),
            order: if random.one_in(4) { Order::Descending } else { Order::Ascending },
            q: random.one_in(3).then(|| "jazz".to_owned()),
            ..AgendaFilter::default()
        };
        match random.below(6) {
            0 => filter.from = Some(Bound::At(sample.starts_at)),
            1 => filter.from = Some(Bound::Day(sample.day, Tz::UTC)),
            2 => filter.event = Some(sample.event),
            3 => filter.organizer = Some(sample.organizer),
            _ => {}
        }
        let actor = if sample.organizer == id_of(&ada) { &ada } else { &bob };
        let mut expected: Vec<&Entry> =
            entries.iter().filter(|entry| entry.is_listed(&filter, now)).collect();
        current += expected.iter().filter(|entry| entry.takes_place(now) && !entry.all_day).count();
        begun += expected.iter().filter(|entry| entry.takes_place(now) && entry.all_day).count();
        if filter.order == Order::Descending {
            expected.reverse();
        }
        let ids: Vec<OccurrenceId> = expected.iter().map(|entry| entry.id).collect();
        let limit = *random.pick(&[1, 3, 7, 100]);
        let limit = limit.max(u32::try_from(ids.len() / 12).unwrap() + 1);
        assert_eq!(listed(&db, actor, &filter, limit).await, ids, "{now} {filter:?}");

        // Each event once, by its first occurrence.
        let mut events: Vec<eventcore::EventId> = Vec::new();
        let mut in_order = expected;
        in_order.sort_by_key(|entry| (entry.starts_at, entry.id));
        for entry in in_order {
            if !events.contains(&entry.event) {
                events.push(entry.event);
            }
        }
        if filter.order == Order::Ascending {
            let page = PageRequest { count: true, ..PageRequest::first(100) };
            let found = db.core.events(actor, &filter, &page).await.unwrap();
            assert_eq!(found.total, i64::try_from(events.len()).ok(), "{now} {filter:?}");
            assert_eq!(
                found.items.iter().map(|event| event.id).collect::<Vec<_>>(),
                events,
                "{now} {filter:?}"
            );
            for event in found.items {
                let next = entries.iter().find(|entry| entry.event == event.id && entry.is_upcoming(now));
                let shown = event.next_occurrence.map(|next| next.id);
                assert_eq!(shown, next.map(|entry| entry.id), "{now} {}", event.title);
            }
        }
        let facets = db.core.facets(actor, &filter, Tz::UTC).await.unwrap();
        assert_eq!(facets.total, i64::try_from(ids.len()).unwrap(), "{now} {filter:?}");
        let months: i64 = facets.months.iter().map(|month| month.count).sum();
        assert_eq!(months, facets.total, "{now} {filter:?}");

        let mut public: Vec<_> =
            entries.iter().filter(|entry| entry.public && entry.is_upcoming(now)).collect();
        public.sort_by_key(|entry| entry.event);
        public.dedup_by_key(|entry| entry.event);
        let upcoming = i64::try_from(public.len()).unwrap();
        assert_eq!(db.core.category("concert").await.unwrap().upcoming_events, upcoming, "{now}");
        let tags = db.core.tags("jazz", 1).await.unwrap();
        assert_eq!(tags.first().map_or(0, |tag| tag.count), upcoming, "{now}");
    }
    assert!(current > 20 && begun > 100, "{current} current ones and {begun} all-day ones were expected");
}

/// The first and the last instant of an all-day event, by what its zone does on that day.
const DAYS: [(&str, &str, &str, &str, &str); 6] = [
    ("Europe/Berlin", "2026-11-23", "P1D", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"),
    ("Pacific/Auckland", "2026-12-23", "P3D", "2026-12-22T11:00:00Z", "2026-12-25T11:00:00Z"),
    ("Pacific/Pago_Pago", "2026-12-23", "P1D", "2026-12-23T11:00:00Z", "2026-12-24T11:00:00Z"),
    // 25 and 23 hours.
    ("Europe/Berlin", "2027-10-31", "P1D", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"),
    ("Europe/Berlin", "2027-03-28", "P1D", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"),
    // The next day begins at 01:00: its midnight does not exist.
    ("America/Santiago", "2027-09-04", "P1D", "2027-09-04T04:00:00Z", "2027-09-05T04:00:00Z"),
];

fn all_day(zone: &str, first: &str, days: &str) -> EventBuilder {
    new_event().set("all_day", true).starts_at(first).duration(days).timezone(zone).capacity(2)
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_all_day_occurrence_is_upcoming_until_its_last_day_ends(#[case] kind: Kind) {
    for (zone, first, days, begins, ends) in DAYS {
        let db = TestDb::new(kind).await;
        let [ada, bob, cid, dan] = db.people(["ada", "bob", "cid", "dan"]).await;
        let (event, occurrence) = db.create_event(&ada, all_day(zone, first, days)).await;
        let (begins, ends) = (at(begins), at(ends));
        let last = ends.minus(std::time::Duration::from_micros(1));
        for now in [begins, last] {
            db.clock.set(now);
            let shown = db.core.event(&bob, event).await.unwrap();
            let next = shown.next_occurrence.expect("an occurrence");
            assert!(next.id == occurrence && next.registration_open, "{zone} {first} {now}");
            assert_eq!(listed(&db, &bob, &AgendaFilter::default(), 9).await, [occurrence], "{zone} {now}");
        }
        // Users register on its last day, and are promoted when seats become free. Each takes a second.
        db.clock.set(ends.minus(std::time::Duration::from_secs(9)));
        db.register(&bob, occurrence, 2).await;
        assert_eq!(db.register(&cid, occurrence, 1).await.status, RegistrationStatus::Waitlisted);
        db.clock.set(last);
        db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
        assert_eq!(db.board(occurrence).await, "cid 1");
        db.core.change_event(&ada, event, &json!({"capacity": 3}), None).await.unwrap();
        db.check().await;

        db.clock.set(ends);
        let shown = db.core.event(&bob, event).await.unwrap();
        assert_eq!(shown.next_occurrence, None, "{zone} {first}");
        assert!(!db.core.occurrence(&bob, occurrence).await.unwrap().registration_open);
        // What is shown has changed at the end, so that caches ask again.
        assert_eq!(db.core.dated_event(&bob, event).await.unwrap().1, ends, "{zone} {first}");
        assert_eq!(db.core.dated_occurrence(&bob, occurrence).await.unwrap().1, ends, "{zone} {first}");
        for current in [false, true] {
            let filter = AgendaFilter { current, ..AgendaFilter::default() };
            assert_eq!(listed(&db, &bob, &filter, 9).await, [], "{zone} {first}");
        }
        let refused = db.core.register(&dan, occurrence, &Party::of(1)).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.to_string().as_str()),
            ("occurrence_past", "this occurrence is over")
        );
        assert_eq!(
            refusal_code(db.core.cancel_registration(&cid, occurrence, None).await),
            "occurrence_past"
        );
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_add_walk_ins_and_check_in_until_a_day_after_the_end(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid, dan, eve] = db.people(["ada", "bob", "cid", "dan", "eve"]).await;
    let evening = new_event().capacity(3).starts_at("2026-11-23T12:00:00Z").duration("PT2H");
    let (_, occurrence) = db.create_event(&ada, evening).await;
    db.register(&bob, occurrence, 2).await;
    let late = db.register(&cid, occurrence, 2).await;
    let walk_in = |name: &str, party_size| NewAttendee {
        username: Some(name.to_owned()),
        party_size: Some(party_size),
        ..NewAttendee::default()
    };
    db.clock.set(at("2026-11-23T12:00:00Z"));
    // Nobody is promoted any more, so that a seat that is free is given at the door, and nobody is put on the
    // waitlist.
    let added = db.core.add_registration(&ada, occurrence, &walk_in("dan", 1)).await.unwrap().registration;
    assert_eq!(added.status, RegistrationStatus::Confirmed);
    assert_eq!(
        refusal_code(db.core.add_registration(&ada, occurrence, &walk_in("eve", 1)).await),
        "event_full"
    );
    assert_eq!(refusal_code(db.core.register(&eve, occurrence, &Party::of(1)).await), "occurrence_past");
    assert_eq!(refusal_code(db.core.register(&dan, occurrence, &Party::of(2)).await), "occurrence_past");
    assert_eq!(
        refusal_code(db.core.add_registration(&bob, occurrence, &walk_in("bob", 1)).await),
        "forbidden"
    );

    db.clock.set(at("2026-11-24T14:00:00Z"));
    // A smaller party frees a seat, which does not go to the waitlist.
    db.core.add_registration(&ada, occurrence, &walk_in("bob", 1)).await.unwrap();
    assert_eq!(db.board(occurrence).await, "bob 1, dan 1 | cid 2");
    db.core.add_registration(&ada, occurrence, &walk_in("eve", 1)).await.unwrap();
    assert_eq!(
        db.core.check_in(&ada, added.id, None).await.unwrap().registration.status,
        RegistrationStatus::Attended
    );

    db.clock.set(at("2026-11-24T14:00:00.000001Z"));
    for refused in [walk_in("cid", 1), walk_in("eve", 2)] {
        let refused = db.core.add_registration(&ada, occurrence, &refused).await;
        assert_eq!(refusal_code(refused), "occurrence_past");
    }
    let eve_registration = db.core.my_registration(&eve, occurrence).await.unwrap();
    let closed = db.core.check_in(&ada, eve_registration.id, None).await;
    assert_eq!(refusal_code(closed), "check_in_closed");
    let code = eve_registration.ticket_code.clone();
    for occurrence_id in [None, Some(occurrence)] {
        let ticket = TicketInput { code: code.clone(), occurrence_id, ..TicketInput::default() };
        assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &ticket).await), "check_in_closed");
    }
    // A check-in that is repeated returns the first one, also later.
    assert!(db.core.check_in(&ada, added.id, None).await.unwrap().already);
    assert_eq!(late.status, RegistrationStatus::Waitlisted);
    db.check().await;
}
