//! Registration: refusals, registration windows, private events, check-in and lists.

use std::time::Duration;

use eventcore::registrations::{NewAttendee, Party, RegistrationStatus, TicketInput};
use eventcore::{Actor, OccurrenceId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, id_of, new_event, refusal_code};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_own_code(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let one = Party::of(1);
    for (changes, refusal) in [
        (json!({"registration_opens_at": "2026-11-24T10:00:00Z"}), "registration_not_open"),
        (json!({"registration_closes_at": "2026-11-23T10:00:00Z"}), "registration_closed"),
        (json!({"visibility": "private"}), "not_found"),
        (json!({"status": "draft"}), "not_found"),
        (json!({"capacity": 1, "waitlist_enabled": false}), "event_full"),
        (json!({"capacity": 1, "max_party_size": 1}), "party_too_large"),
    ] {
        let (_, occurrence) = db.create_event(&ada, new_event().with(&changes)).await;
        assert_eq!(
            refusal_code(db.core.register(&bob, occurrence, &Party::of(2)).await),
            refusal,
            "{changes}"
        );
        assert_eq!(db.board(occurrence).await, "");
    }
    let (_, draft) = db.create_event(&ada, new_event().draft()).await;
    assert_eq!(refusal_code(db.core.register(&ada, draft, &one).await), "event_not_published");
    let (event, occurrence) = db.create_event(&ada, new_event().starts_at("2026-11-23T12:00:00Z")).await;
    let (_, unlisted) = db.create_event(&ada, new_event().visibility("unlisted")).await;
    assert_eq!(db.register(&bob, unlisted, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(refusal_code(db.core.register(&Actor::Anonymous, occurrence, &one).await), "unauthenticated");
    assert_eq!(
        refusal_code(db.core.register(&bob, OccurrenceId::from(uuid::Uuid::nil()), &one).await),
        "not_found"
    );
    db.register(&bob, occurrence, 2).await;
    db.clock.set(at("2026-11-23T12:00:00Z"));
    assert_eq!(refusal_code(db.core.register(&cid, occurrence, &one).await), "occurrence_past");
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &one).await), "occurrence_past");
    assert!(
        !db.core.register(&bob, occurrence, &Party::of(2)).await.unwrap().created,
        "saying it again changes nothing"
    );
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(refusal_code(db.core.register(&cid, occurrence, &one).await), "occurrence_cancelled");
    db.clock.set(at("2026-11-23T13:00:00Z"));
    assert_eq!(
        refusal_code(db.core.cancel_registration(&bob, occurrence, None).await),
        "occurrence_past",
        "what is over stays as it was"
    );
    assert_eq!(db.board(occurrence).await, "bob 2");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registration_windows_bind_users_and_not_organizers(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, occurrence) = db
        .create_event(
            &ada,
            new_event()
                .registration_opens_at("2026-11-24T10:00:00Z")
                .registration_closes_at("2026-11-25T10:00:00Z"),
        )
        .await;
    let attendee = |name: &str, party| NewAttendee {
        username: Some(name.to_owned()),
        party_size: Some(party),
        ..NewAttendee::default()
    };
    let added = db.core.add_registration(&ada, occurrence, &attendee("bob", 2)).await.unwrap();
    assert!(added.created && added.registration.user.id == id_of(&bob));
    assert_eq!(
        refusal_code(db.core.register(&bob, occurrence, &Party::of(3)).await),
        "registration_not_open"
    );
    assert_eq!(db.register(&bob, occurrence, 1).await.party_size, 1, "seats can be given back at any time");
    assert_eq!(
        refusal_code(db.core.register(&ada, occurrence, &Party::of(1)).await),
        "registration_not_open"
    );
    db.clock.set(at("2026-11-24T10:00:00Z"));
    assert!(db.core.occurrence(&bob, occurrence).await.unwrap().registration_open);
    assert_eq!(db.register(&bob, occurrence, 3).await.party_size, 3);
    db.clock.set(at("2026-11-25T10:00:00Z"));
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &Party::of(4)).await), "registration_closed");
    assert_eq!(
        db.core
            .add_registration(&ada, occurrence, &attendee("bob", 4))
            .await
            .unwrap()
            .registration
            .party_size,
        4
    );
    for wrong in [
        json!({}),
        json!({"user_id": id_of(&bob), "username": "bob"}),
        json!({"username": "bob", "party_size": 0}),
        json!({"user_id": 3}),
        json!({"username": "bob", "x": 1}),
    ] {
        let wrong: NewAttendee = serde_json::from_value(wrong).unwrap();
        assert_eq!(refusal_code(db.core.add_registration(&ada, occurrence, &wrong).await), "invalid_input");
    }
    assert_eq!(
        refusal_code(db.core.add_registration(&ada, occurrence, &attendee("nobody", 1)).await),
        "not_found"
    );
    assert_eq!(
        refusal_code(db.core.add_registration(&bob, occurrence, &attendee("bob", 1)).await),
        "forbidden"
    );
    assert_eq!(
        refusal_code(db.core.remove_registration(&bob, occurrence, added.registration.id, None).await),
        "forbidden"
    );
    let (_, other) = db.create_event(&ada, new_event()).await;
    assert_eq!(
        refusal_code(db.core.remove_registration(&ada, other, added.registration.id, None).await),
        "not_found"
    );
    db.core.remove_registration(&ada, occurrence, added.registration.id, None).await.unwrap();
    db.core.remove_registration(&ada, occurrence, added.registration.id, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_event_is_visible_to_its_attendees(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event().private()).await;
    assert_eq!(refusal_code(db.core.event(&bob, event).await), "not_found");
    let attendee = NewAttendee { user_id: Some(id_of(&bob)), ..NewAttendee::default() };
    let id = db.core.add_registration(&ada, occurrence, &attendee).await.unwrap().registration.id;
    assert_eq!(db.core.event(&bob, event).await.unwrap().id, event);
    assert_eq!(db.register(&bob, occurrence, 2).await.id, id);
    let mine = db.core.my_registrations(&bob, None, &PageRequest::default()).await.unwrap().items;
    assert_eq!(mine[0].occurrence.as_ref().unwrap().id, occurrence);
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(refusal_code(db.core.event(&bob, event).await), "not_found");
    assert_eq!(refusal_code(db.core.register(&bob, occurrence, &Party::of(1)).await), "not_found");
    let mine = db.core.my_registrations(&bob, None, &PageRequest::default()).await.unwrap().items;
    assert!(mine[0].registration.status == RegistrationStatus::Cancelled && mine[0].occurrence.is_none());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_checked_in_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    let (_, other_occurrence) = db.create_event(&ada, new_event()).await;
    let ticket = db.register(&bob, occurrence, 4).await;
    let waits = db.register(&cid, occurrence, 1).await;
    let shown = |code: &str| TicketInput { code: Some(code.to_owned()), ..TicketInput::default() };
    let code_of_bob = ticket.ticket_code.clone().unwrap();
    assert_eq!(refusal_code(db.core.check_in(&bob, ticket.id, None).await), "forbidden");
    assert_eq!(refusal_code(db.core.check_in(&cid, ticket.id, None).await), "not_found");
    assert_eq!(refusal_code(db.core.check_in_by_code(&cid, &shown(&code_of_bob)).await), "not_found");
    assert_eq!(refusal_code(db.core.check_in(&ada, waits.id, None).await), "not_confirmed");
    for (wrong, refusal) in
        [("", "not_found"), ("0000-0000-0000-0000-0000-0000-0000", "not_found"), ("💥", "not_found")]
    {
        assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &shown(wrong)).await), refusal, "{wrong}");
    }
    assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &TicketInput::default()).await), "invalid_input");
    let elsewhere = TicketInput { occurrence_id: Some(other_occurrence), ..shown(&code_of_bob) };
    assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &elsewhere).await), "wrong_occurrence");
    let first = db
        .core
        .check_in_by_code(
            &ada,
            &TicketInput { occurrence_id: Some(occurrence), ..shown(&code_of_bob.to_lowercase()) },
        )
        .await
        .unwrap();
    assert!(!first.already && first.registration.status == RegistrationStatus::Attended);
    assert_eq!(first.registration.checked_in_by, Some(id_of(&ada)));
    db.clock.advance(Duration::from_mins(5));
    let second = db.core.check_in(&ada, ticket.id, None).await.unwrap();
    assert!(second.already);
    assert_eq!(second.registration.checked_in_at, first.registration.checked_in_at);
    assert_eq!(db.board(occurrence).await, "bob 4+ | cid 1");
    let undone = db.core.undo_check_in(&ada, ticket.id, None).await.unwrap();
    assert!(undone.status == RegistrationStatus::Confirmed && undone.checked_in_at.is_none());
    assert_eq!(db.core.undo_check_in(&ada, ticket.id, None).await.unwrap(), undone);
    db.core.check_in(&ada, ticket.id, None).await.unwrap();
    db.core.cancel_registration(&bob, occurrence, None).await.unwrap();
    assert_eq!(db.board(occurrence).await, "cid 1");
    assert_eq!(refusal_code(db.core.check_in(&ada, ticket.id, None).await), "not_confirmed");
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(refusal_code(db.core.check_in(&ada, waits.id, None).await), "occurrence_cancelled");
}

/// Without an occurrence, a ticket is taken from 24 hours before the start until 24 hours after the end.
#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_without_an_occurrence_is_taken_about_its_time(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let night = new_event().starts_at("2027-03-04T18:00:00").ends_at("2027-03-05T02:00:00");
    let fair = new_event().set("all_day", true).timezone("Europe/Berlin").starts_at("2027-06-01");
    let fair = fair.ends_at("2027-06-02");
    for (event, near, far) in [
        (
            night,
            ["2027-03-03T18:00:00Z", "2027-03-04T18:00:00Z", "2027-03-06T02:00:00Z"],
            ["2027-03-03T17:59:59Z", "2027-03-06T02:00:01Z"],
        ),
        (
            fair,
            ["2027-05-30T22:00:00Z", "2027-06-02T12:00:00Z", "2027-06-03T22:00:00Z"],
            ["2027-05-30T21:59:59Z", "2027-06-03T22:00:01Z"],
        ),
    ] {
        let (_, occurrence) = db.create_event(&ada, event).await;
        let ticket = db.register(&bob, occurrence, 1).await;
        let shown = TicketInput { code: ticket.ticket_code.clone(), ..TicketInput::default() };
        for at in far {
            db.clock.set(at.parse().unwrap());
            let refused = db.core.check_in_by_code(&ada, &shown).await;
            assert_eq!(refusal_code(refused), "check_in_closed", "{at}");
            let here = TicketInput { occurrence_id: Some(occurrence), ..shown.clone() };
            let named = db.core.check_in_by_code(&ada, &here).await;
            if at == far[0] {
                assert!(named.is_ok(), "{at}: the occurrence is named");
                db.core.undo_check_in(&ada, ticket.id, None).await.unwrap();
            } else {
                assert_eq!(refusal_code(named), "check_in_closed", "{at}: over for more than a day");
            }
        }
        for at in near {
            db.clock.set(at.parse().unwrap());
            assert!(db.core.check_in_by_code(&ada, &shown).await.is_ok(), "{at}");
            db.core.undo_check_in(&ada, ticket.id, None).await.unwrap();
        }
        db.clock.set("2027-03-06T03:00:00Z".parse().unwrap());
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_page_through_attendees_and_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(6)).await;
    let mut people = Vec::new();
    for number in 0..15 {
        let who = db.user(&format!("person{number}")).await;
        db.register(&who, occurrence, 2).await;
        people.push(who);
    }
    db.core.cancel_registration(&people[4], occurrence, None).await.unwrap();
    let listed = async |status: Option<RegistrationStatus>| {
        let mut request = PageRequest { count: true, ..PageRequest::first(4) };
        let (mut names, mut positions) = (Vec::new(), Vec::new());
        loop {
            let page = db.core.registrations(&ada, occurrence, status, &request).await.unwrap();
            names.extend(
                page.items
                    .iter()
                    .map(|r| r.user.username.trim_start_matches("person").parse::<usize>().unwrap()),
            );
            positions.extend(page.items.iter().map(|r| r.position));
            let Some(next) = page.next else { return (names, positions, page.total.unwrap()) };
            request.cursor = Some(next);
        }
    };
    let waiting: Vec<usize> = [3].into_iter().chain(5..15).collect();
    assert_eq!(
        listed(Some(RegistrationStatus::Waitlisted)).await,
        (waiting, (1..=11).map(Some).collect(), 11)
    );
    assert_eq!(listed(Some(RegistrationStatus::Confirmed)).await, (vec![0, 1, 2], vec![None; 3], 3));
    assert_eq!(listed(Some(RegistrationStatus::Cancelled)).await, (vec![4], vec![None], 1));
    let (names, positions, total) = listed(None).await;
    assert_eq!((names, total), ((0..15).collect(), 15));
    assert_eq!((positions[3], positions[4], positions[5], positions[14]), (Some(1), None, Some(2), Some(11)));
    assert_eq!(
        refusal_code(db.core.registrations(&people[0], occurrence, None, &PageRequest::default()).await),
        "forbidden"
    );
    assert_eq!(
        refusal_code(
            db.core.registrations(&Actor::Anonymous, occurrence, None, &PageRequest::default()).await
        ),
        "unauthenticated"
    );
    let one =
        db.core.registrations(&ada, occurrence, None, &PageRequest::first(1)).await.unwrap().items.remove(0);
    assert_eq!(db.core.registration(&people[0], one.id).await.unwrap(), one);
    assert_eq!(refusal_code(db.core.registration(&people[1], one.id).await), "not_found");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn my_registrations_are_listed_upcoming_first(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let mut occurrences = Vec::new();
    for day in ["2026-11-26", "2026-11-24", "2027-01-01", "2026-11-25", "2026-12-01"] {
        let (_, occurrence) =
            db.create_event(&ada, new_event().title(day).starts_at(format!("{day}T18:30:00Z"))).await;
        db.register(&bob, occurrence, 1).await;
        occurrences.push(occurrence);
    }
    db.core.cancel_registration(&bob, occurrences[4], None).await.unwrap();
    db.clock.set(at("2026-11-26T00:00:00Z"));
    let listed = async |status: Option<RegistrationStatus>, limit: u32| {
        let mut request = PageRequest { count: true, ..PageRequest::first(limit) };
        let mut titles = Vec::new();
        loop {
            let page = db.core.my_registrations(&bob, status, &request).await.unwrap();
            titles.extend(page.items.into_iter().map(|mine| mine.occurrence.unwrap().title));
            let Some(next) = page.next else { return (titles.join(" "), page.total.unwrap()) };
            request.cursor = Some(next);
        }
    };
    for limit in [2, 20] {
        assert_eq!(
            listed(None, limit).await,
            ("2026-11-26 2026-12-01 2027-01-01 2026-11-25 2026-11-24".to_owned(), 5)
        );
        assert_eq!(
            listed(Some(RegistrationStatus::Confirmed), limit).await,
            ("2026-11-26 2027-01-01 2026-11-25 2026-11-24".to_owned(), 4)
        );
    }
    assert_eq!(
        refusal_code(db.core.my_registrations(&Actor::Anonymous, None, &PageRequest::default()).await),
        "unauthenticated"
    );
}
