//! Lists of registrations: positions, pages, and the number of statements.

use eventcore::registrations::{NewAttendee, Party, RegistrationStatus, WaitlistPositions};
use eventcore::{Actor, EventCore, OccurrenceId, PageRequest};
use rstest::rstest;
use tests::{Kind, TestDb, id_of, new_event};

/// An occurrence with a waitlist of 20, two seated and two cancelled registrations.
async fn occurrence_with_waitlist(db: &TestDb, ada: &Actor) -> OccurrenceId {
    let occurrence = db.create_series(ada, new_event().capacity(2)).await[0];
    let later = Party { auto_promote: Some(false), ..Party::default() };
    let mut people = Vec::new();
    for number in 0..24 {
        let who = db.user(&format!("person{number}")).await;
        let party =
            if number == 1 { Party { party_size: Some(2), ..later.clone() } } else { Party::default() };
        db.clock.advance(std::time::Duration::from_secs(1));
        db.core.register(&who, occurrence, &party).await.unwrap();
        people.push(who);
    }
    for gone in [5, 13] {
        db.core.cancel_registration(&people[gone], occurrence, None).await.unwrap();
    }
    occurrence
}

/// The positions in the waitlist, from all pages of a list.
async fn all_positions(
    core: &EventCore,
    ada: &Actor,
    occurrence: OccurrenceId,
    status: Option<RegistrationStatus>,
    limit: u32,
) -> Vec<i64> {
    let (mut walk, mut request, mut places) =
        (WaitlistPositions::default(), PageRequest::first(limit), Vec::new());
    loop {
        let page =
            core.registrations_with_positions(ada, occurrence, status, &request, &mut walk).await.unwrap();
        assert_eq!(page, core.registrations(ada, occurrence, status, &request).await.unwrap());
        places.extend(page.items.iter().filter_map(|registration| registration.position));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return places,
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_continue_from_page_to_page(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let occurrence = occurrence_with_waitlist(&db, &ada).await;
    for limit in [1, 3, 7, 100] {
        for status in [None, Some(RegistrationStatus::Waitlisted)] {
            assert_eq!(
                all_positions(&db.core, &ada, occurrence, status, limit).await,
                (1..=20).collect::<Vec<_>>(),
                "{limit} {status:?}"
            );
        }
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paging_shows_each_position_once_while_the_waitlist_moves(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let occurrence = occurrence_with_waitlist(&db, &ada).await;
    let (mut walk, mut request) = (WaitlistPositions::default(), PageRequest::first(5));
    let status = Some(RegistrationStatus::Waitlisted);
    let first =
        db.core.registrations_with_positions(&ada, occurrence, status, &request, &mut walk).await.unwrap();
    db.core.remove_registration(&ada, occurrence, first.items[2].id, None).await.unwrap();
    request.cursor = first.next;
    let second =
        db.core.registrations_with_positions(&ada, occurrence, status, &request, &mut walk).await.unwrap();
    let places: Vec<_> = second.items.iter().map(|registration| registration.position).collect();
    assert_eq!(places, (6..=10).map(Some).collect::<Vec<_>>());
    let alone = db.core.registrations(&ada, occurrence, status, &request).await.unwrap();
    assert_eq!(alone.items[0].position, Some(5), "a page by itself counts what stands there now");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn my_registrations_have_positions_and_the_occurrences_i_may_see(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let one = db.create_series(&ada, new_event().title("waits").capacity(1)).await[0];
    for who in [&cid, &ada, &bob] {
        db.core.register(who, one, &Party::default()).await.unwrap();
    }
    let open = db.create_series(&ada, new_event().capacity(2).title("left")).await[0];
    let private = db
        .create_series(&ada, new_event().capacity(2).title("private").private().rule("FREQ=DAILY;COUNT=2"))
        .await;
    let secret = db.create_series(&ada, new_event().capacity(2).title("secret").private()).await[0];
    db.core.register(&bob, open, &Party::default()).await.unwrap();
    for occurrence in [private[0], private[1], secret] {
        let attendee = NewAttendee { user_id: Some(id_of(&bob)), ..NewAttendee::default() };
        db.core.add_registration(&ada, occurrence, &attendee).await.unwrap();
    }
    for occurrence in [open, private[1], secret] {
        db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    }
    let page = db.core.my_registrations(&bob, None, &PageRequest::default()).await.unwrap();
    let mut told: Vec<String> = page
        .items
        .into_iter()
        .map(|mine| {
            format!(
                "{} {:?} {}",
                mine.registration.status,
                mine.registration.position,
                mine.occurrence.map_or("-".to_owned(), |occurrence| occurrence.title)
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "cancelled None -",
            "cancelled None left",
            "cancelled None private",
            "confirmed None private",
            "waitlisted Some(2) waits"
        ]
    );
    let exported = db.core.export_user(&bob, id_of(&bob)).await.unwrap().registrations;
    assert_eq!(exported.iter().filter_map(|registration| registration.position).collect::<Vec<_>>(), [2]);
}

/// The number of statements of some reads, counted by PostgreSQL. SQLite runs the same statements.
async fn statements(db: &TestDb, read: impl AsyncFn(&EventCore)) -> i64 {
    let mut counts = Vec::new();
    for reads in [false, true] {
        let before = db.transactions().await;
        let core = db.another().await;
        if reads {
            read(&core).await;
        }
        core.close().await;
        counts.push(db.transactions().await - before);
    }
    counts[1] - counts[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_takes_at_most_eleven_statements() {
    let db = TestDb::new(Kind::Postgres).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let occurrence = occurrence_with_waitlist(&db, &ada).await;
    let mine = db.create_series(&ada, new_event().capacity(5).rule("FREQ=DAILY;COUNT=30")).await;
    for (number, occurrence) in mine.iter().enumerate() {
        db.core.register(&bob, *occurrence, &Party::default()).await.unwrap();
        if number % 2 == 0 {
            db.core.cancel_registration(&bob, *occurrence, None).await.unwrap();
        }
    }
    db.core.close().await;
    let page = PageRequest { count: true, ..PageRequest::first(100) };
    let of_mine = statements(&db, async |core| {
        assert_eq!(core.my_registrations(&bob, None, &page).await.unwrap().items.len(), 30);
    });
    let of_mine = of_mine.await;
    assert!((1..=11).contains(&of_mine), "{of_mine}");
    for status in [None, Some(RegistrationStatus::Waitlisted)] {
        let of_occurrence = statements(&db, async |core| {
            assert!(core.registrations(&ada, occurrence, status, &page).await.unwrap().items.len() >= 20);
        });
        let of_occurrence = of_occurrence.await;
        assert!((1..=11).contains(&of_occurrence), "{of_occurrence}");
    }
}
