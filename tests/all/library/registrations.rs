//! Registration, capacity and waitlists, through the library's door.

use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::feedback::FeedbackInput;
use eventcore::registrations::{NewAttendee, Party, RegistrationStatus, ShownTicket};
use eventcore::{Actor, Error, OccurrenceId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, at, id_of, new_event, refusal_code};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_go_to_who_comes_first_and_then_to_the_head_of_the_list(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, date) = db.create_event(&ada, new_event()).await;
    let first = db.core.register(&bob, date, &Party::of(3)).await.unwrap();
    assert!(
        first.created
            && first.registration.status == RegistrationStatus::Confirmed
            && first.registration.position.is_none()
    );
    let again = db.core.register(&bob, date, &Party::default()).await.unwrap();
    assert!(!again.created && again.registration == first.registration);
    let waits = db.register(&cid, date, 2).await;
    assert_eq!(
        (waits.status, waits.position, waits.ticket_code.as_deref()),
        (RegistrationStatus::Waitlisted, Some(1), None)
    );
    // One seat is free, but Cid was first.
    assert_eq!(db.register(&dan, date, 1).await.position, Some(2));
    assert_eq!(db.register(&eve, date, 4).await.position, Some(3));
    assert_eq!(db.board(date).await, "bob 3 | cid 2, dan 1, eve 4");
    db.core.cancel_registration(&bob, date).await.unwrap();
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(db.board(date).await, "cid 2, dan 1 | eve 4");
    let ticket = db.core.my_registration(&cid, date).await.unwrap().ticket_code.unwrap();
    assert_eq!(ticket.replace('-', "").len(), 28);
    // Bob is a newcomer again, with a registration of its own.
    let anew = db.register(&bob, date, 1).await;
    assert!(anew.id != first.registration.id && anew.position == Some(2));
    db.core.cancel_registration(&dan, date).await.unwrap();
    db.core.cancel_registration(&cid, date).await.unwrap();
    assert_eq!(db.board(date).await, "eve 4 | bob 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parties_change_their_size(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, date) = db.create_event(&ada, new_event().max_party_size(3)).await;
    assert_eq!(db.register(&bob, date, 1).await.party_size, 1);
    assert_eq!(db.register(&bob, date, 3).await.party_size, 3);
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(4)).await), "party_too_large");
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(0)).await), "invalid_input");
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(i64::MAX)).await), "party_too_large");
    assert_eq!(db.register(&cid, date, 2).await.position, Some(1));
    assert_eq!(db.register(&dan, date, 1).await.position, Some(2));
    // Who waits may bring more people, and keeps the place.
    assert_eq!(db.register(&cid, date, 3).await.position, Some(1));
    assert_eq!(db.board(date).await, "bob 3 | cid 3, dan 1");
    // The head fits once it is small enough, and so does the next.
    assert_eq!(db.register(&cid, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(date).await, "bob 3, cid 1 | dan 1");
    assert_eq!(refusal_code(db.core.register(&cid, date, &Party::of(2)).await), "event_full");
    assert_eq!(db.register(&bob, date, 1).await.party_size, 1);
    assert_eq!(db.board(date).await, "bob 1, cid 1, dan 1");
    assert_eq!(db.register(&cid, date, 2).await.party_size, 2);
    assert_eq!(refusal_code(db.core.register(&cid, date, &Party::of(3)).await), "event_full");
    assert_eq!(db.register(&eve, date, 1).await.position, Some(1));
    assert_eq!(db.board(date).await, "bob 1, cid 2, dan 1 | eve 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_want_to_be_promoted_is_passed_over_and_keeps_the_place(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan, eve] = db.people(["bob", "cid", "dan", "eve"]).await;
    let (_, date) = db.create_event(&ada, new_event()).await;
    db.register(&bob, date, 4).await;
    let later = Party { auto_promote: Some(false), ..Party::default() };
    assert_eq!(
        db.core
            .register(&cid, date, &Party { party_size: Some(2), ..later.clone() })
            .await
            .unwrap()
            .registration
            .position,
        Some(1)
    );
    assert_eq!(db.register(&dan, date, 3).await.position, Some(2));
    db.register(&bob, date, 2).await;
    assert_eq!(db.board(date).await, "bob 2 | cid 2, dan 3");
    // Dan steps aside as well: nobody is next, and a newcomer sits down.
    db.core.register(&dan, date, &later).await.unwrap();
    assert_eq!(db.register(&eve, date, 1).await.status, RegistrationStatus::Confirmed);
    let now = Party { auto_promote: Some(true), ..Party::default() };
    assert_eq!(
        db.core.register(&cid, date, &now).await.unwrap().registration.position,
        Some(1),
        "one seat is too few"
    );
    db.core.cancel_registration(&eve, date).await.unwrap();
    assert_eq!(db.board(date).await, "bob 2, cid 2 | dan 3");
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(db.board(date).await, "cid 2 | dan 3");
    db.core.cancel_registration(&cid, date).await.unwrap();
    assert_eq!(
        db.core.register(&dan, date, &now).await.unwrap().registration.status,
        RegistrationStatus::Confirmed
    );
    assert_eq!(db.board(date).await, "dan 3");
}

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
        let (_, date) = db.create_event(&ada, new_event().with(&changes)).await;
        assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(2)).await), refusal, "{changes}");
        assert_eq!(db.board(date).await, "");
    }
    let (_, draft) = db.create_event(&ada, new_event().draft()).await;
    assert_eq!(refusal_code(db.core.register(&ada, draft, &one).await), "event_not_published");
    let (event, date) = db.create_event(&ada, new_event().starts_at("2026-11-23T12:00:00Z")).await;
    let (_, unlisted) = db.create_event(&ada, new_event().visibility("unlisted")).await;
    assert_eq!(db.register(&bob, unlisted, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(refusal_code(db.core.register(&Actor::Anonymous, date, &one).await), "unauthenticated");
    assert_eq!(
        refusal_code(db.core.register(&bob, OccurrenceId::from(uuid::Uuid::nil()), &one).await),
        "not_found"
    );
    db.register(&bob, date, 2).await;
    db.clock.set(at("2026-11-23T12:00:00Z"));
    assert_eq!(refusal_code(db.core.register(&cid, date, &one).await), "occurrence_past");
    assert_eq!(refusal_code(db.core.register(&bob, date, &one).await), "occurrence_past");
    assert!(
        !db.core.register(&bob, date, &Party::of(2)).await.unwrap().created,
        "saying it again changes nothing"
    );
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(refusal_code(db.core.register(&cid, date, &one).await), "occurrence_cancelled");
    db.clock.set(at("2026-11-23T13:00:00Z"));
    assert_eq!(
        refusal_code(db.core.cancel_registration(&bob, date).await),
        "occurrence_past",
        "what is over stays as it was"
    );
    assert_eq!(db.board(date).await, "bob 2");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_bind_people_and_not_organizers(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, date) = db
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
    let added = db.core.add_registration(&ada, date, &attendee("bob", 2)).await.unwrap();
    assert!(added.created && added.registration.user.id == id_of(&bob));
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(3)).await), "registration_not_open");
    assert_eq!(db.register(&bob, date, 1).await.party_size, 1, "seats can be given back at any time");
    assert_eq!(refusal_code(db.core.register(&ada, date, &Party::of(1)).await), "registration_not_open");
    db.clock.set(at("2026-11-24T10:00:00Z"));
    assert!(db.core.occurrence(&bob, date).await.unwrap().registration_open);
    assert_eq!(db.register(&bob, date, 3).await.party_size, 3);
    db.clock.set(at("2026-11-25T10:00:00Z"));
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(4)).await), "registration_closed");
    assert_eq!(
        db.core.add_registration(&ada, date, &attendee("bob", 4)).await.unwrap().registration.party_size,
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
        assert_eq!(refusal_code(db.core.add_registration(&ada, date, &wrong).await), "invalid_input");
    }
    assert_eq!(refusal_code(db.core.add_registration(&ada, date, &attendee("nobody", 1)).await), "not_found");
    assert_eq!(refusal_code(db.core.add_registration(&bob, date, &attendee("bob", 1)).await), "forbidden");
    assert_eq!(
        refusal_code(db.core.remove_registration(&bob, date, added.registration.id).await),
        "forbidden"
    );
    let (_, other) = db.create_event(&ada, new_event()).await;
    assert_eq!(
        refusal_code(db.core.remove_registration(&ada, other, added.registration.id).await),
        "not_found"
    );
    db.core.remove_registration(&ada, date, added.registration.id).await.unwrap();
    db.core.remove_registration(&ada, date, added.registration.id).await.unwrap();
    assert_eq!(db.board(date).await, "");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_raised_and_lowered(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid, dan] = db.people(["bob", "cid", "dan"]).await;
    let (event, date) = db.create_event(&ada, new_event()).await;
    db.register(&bob, date, 4).await;
    db.register(&cid, date, 3).await;
    db.register(&dan, date, 1).await;
    let capacity =
        async |n: i64| db.core.change_event(&ada, event, &json!({"capacity": n}), None).await.unwrap();
    capacity(6).await;
    assert_eq!(db.board(date).await, "bob 4 | cid 3, dan 1");
    capacity(8).await;
    assert_eq!(db.board(date).await, "bob 4, cid 3, dan 1");
    capacity(2).await;
    assert_eq!(db.board(date).await, "bob 4, cid 3, dan 1", "nobody is evicted");
    let eve = db.user("eve").await;
    assert!(!db.core.occurrence(&eve, date).await.unwrap().registration_open);
    assert_eq!(refusal_code(db.core.register(&eve, date, &Party::of(1)).await), "registration_closed");
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(refusal_code(db.core.register(&eve, date, &Party::of(1)).await), "registration_closed");
    db.core.cancel_registration(&cid, date).await.unwrap();
    assert_eq!(db.register(&eve, date, 1).await.status, RegistrationStatus::Confirmed);
    assert_eq!(db.board(date).await, "dan 1, eve 1");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_the_system_leaves_their_seats_to_the_next(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let [bob, cid] = db.people(["bob", "cid"]).await;
    let (_, date) = db.create_event(&ada, new_event()).await;
    db.register(&bob, date, 4).await;
    db.register(&cid, date, 2).await;
    assert_eq!(db.core.export_user(&bob, id_of(&bob)).await.unwrap().registrations.len(), 1);
    db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    assert_eq!(db.board(date).await, "cid 2");
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(1)).await), "unauthenticated");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_event_is_there_for_those_who_are_registered(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (event, date) = db.create_event(&ada, new_event().private()).await;
    assert_eq!(refusal_code(db.core.event(&bob, event).await), "not_found");
    let attendee = NewAttendee { user_id: Some(id_of(&bob)), ..NewAttendee::default() };
    let id = db.core.add_registration(&ada, date, &attendee).await.unwrap().registration.id;
    assert_eq!(db.core.event(&bob, event).await.unwrap().id, event);
    assert_eq!(db.register(&bob, date, 2).await.id, id);
    let mine = db.core.my_registrations(&bob, None, &PageRequest::default()).await.unwrap().items;
    assert_eq!(mine[0].occurrence.as_ref().unwrap().id, date);
    db.core.cancel_registration(&bob, date).await.unwrap();
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(refusal_code(db.core.event(&bob, event).await), "not_found");
    assert_eq!(refusal_code(db.core.register(&bob, date, &Party::of(1)).await), "not_found");
    let mine = db.core.my_registrations(&bob, None, &PageRequest::default()).await.unwrap().items;
    assert!(mine[0].registration.status == RegistrationStatus::Cancelled && mine[0].occurrence.is_none());
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_checked_in_once(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid] = db.people(["ada", "bob", "cid"]).await;
    let (event, date) = db.create_event(&ada, new_event()).await;
    let (_, other_date) = db.create_event(&ada, new_event()).await;
    let ticket = db.register(&bob, date, 4).await;
    let waits = db.register(&cid, date, 1).await;
    let shown = |code: &str| ShownTicket { code: Some(code.to_owned()), ..ShownTicket::default() };
    let code_of_bob = ticket.ticket_code.clone().unwrap();
    assert_eq!(refusal_code(db.core.check_in(&bob, ticket.id).await), "forbidden");
    assert_eq!(refusal_code(db.core.check_in(&cid, ticket.id).await), "not_found");
    assert_eq!(refusal_code(db.core.check_in_by_code(&cid, &shown(&code_of_bob)).await), "not_found");
    assert_eq!(refusal_code(db.core.check_in(&ada, waits.id).await), "not_confirmed");
    for (wrong, refusal) in
        [("", "not_found"), ("0000-0000-0000-0000-0000-0000-0000", "not_found"), ("💥", "not_found")]
    {
        assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &shown(wrong)).await), refusal, "{wrong}");
    }
    assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &ShownTicket::default()).await), "invalid_input");
    let elsewhere = ShownTicket { occurrence_id: Some(other_date), ..shown(&code_of_bob) };
    assert_eq!(refusal_code(db.core.check_in_by_code(&ada, &elsewhere).await), "not_found");
    let first = db
        .core
        .check_in_by_code(
            &ada,
            &ShownTicket { occurrence_id: Some(date), ..shown(&code_of_bob.to_lowercase()) },
        )
        .await
        .unwrap();
    assert!(!first.already && first.registration.status == RegistrationStatus::Attended);
    assert_eq!(first.registration.checked_in_by, Some(id_of(&ada)));
    db.clock.advance(Duration::from_mins(5));
    let second = db.core.check_in(&ada, ticket.id).await.unwrap();
    assert!(second.already);
    assert_eq!(second.registration.checked_in_at, first.registration.checked_in_at);
    assert_eq!(db.board(date).await, "bob 4+ | cid 1");
    let undone = db.core.undo_check_in(&ada, ticket.id).await.unwrap();
    assert!(undone.status == RegistrationStatus::Confirmed && undone.checked_in_at.is_none());
    assert_eq!(db.core.undo_check_in(&ada, ticket.id).await.unwrap(), undone);
    db.core.check_in(&ada, ticket.id).await.unwrap();
    db.core.cancel_registration(&bob, date).await.unwrap();
    assert_eq!(db.board(date).await, "cid 1");
    assert_eq!(refusal_code(db.core.check_in(&ada, ticket.id).await), "not_confirmed");
    db.core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(refusal_code(db.core.check_in(&ada, waits.id).await), "occurrence_cancelled");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organizers_page_through_attendees_and_waitlist(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (_, date) = db.create_event(&ada, new_event().capacity(6)).await;
    let mut people = Vec::new();
    for number in 0..15 {
        let who = db.user(&format!("person{number}")).await;
        db.register(&who, date, 2).await;
        people.push(who);
    }
    db.core.cancel_registration(&people[4], date).await.unwrap();
    let listed = async |status: Option<RegistrationStatus>| {
        let mut request = PageRequest { count: true, ..PageRequest::first(4) };
        let (mut names, mut positions) = (Vec::new(), Vec::new());
        loop {
            let page = db.core.registrations(&ada, date, status, &request).await.unwrap();
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
        refusal_code(db.core.registrations(&people[0], date, None, &PageRequest::default()).await),
        "forbidden"
    );
    assert_eq!(
        refusal_code(db.core.registrations(&Actor::Anonymous, date, None, &PageRequest::default()).await),
        "unauthenticated"
    );
    let one = db.core.registrations(&ada, date, None, &PageRequest::first(1)).await.unwrap().items.remove(0);
    assert_eq!(db.core.registration(&people[0], one.id).await.unwrap(), one);
    assert_eq!(refusal_code(db.core.registration(&people[1], one.id).await), "not_found");
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mine_are_listed_with_what_is_ahead_first(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let mut dates = Vec::new();
    for day in ["2026-11-26", "2026-11-24", "2027-01-01", "2026-11-25", "2026-12-01"] {
        let (_, date) =
            db.create_event(&ada, new_event().title(day).starts_at(format!("{day}T18:30:00Z"))).await;
        db.register(&bob, date, 1).await;
        dates.push(date);
    }
    db.core.cancel_registration(&bob, dates[4]).await.unwrap();
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

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_count_is_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, date) = db.create_event(&ada, new_event()).await;
    db.register(&bob, date, 2).await;
    for (spoil, what) in [
        ("UPDATE occurrences SET seats_taken = 1", "seats_taken is 1, and the parties hold 2"),
        ("UPDATE occurrences SET seats_taken = 2, waitlist_length = 1", "waitlist_length is 1, and 0 wait"),
        (
            "UPDATE registrations SET status = 'waitlisted', waitlist_number = 1",
            "seats_taken is 2, and the parties hold 0",
        ),
    ] {
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::same(spoil)).execute().await.unwrap();
        tx.commit().await.unwrap();
        let found = db.core.recount().await.unwrap();
        assert!(found.iter().any(|wrong| wrong.occurrence == date && wrong.what == what), "{found:?}");
    }
    let found: Vec<String> = db.core.recount().await.unwrap().into_iter().map(|wrong| wrong.what).collect();
    assert!(
        found.iter().any(|what| what.contains("next_waitlist_number"))
            && found.iter().any(|what| what.contains("waits, and 4 of 4 seats are free")),
        "{found:?}"
    );
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_of_another_event_than_its_date_is_found(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob] = db.people(["ada", "bob"]).await;
    let (_, date) = db.create_event(&ada, new_event()).await;
    let (other, _) = db.create_event(&ada, new_event()).await;
    db.register(&bob, date, 2).await;
    db.pass(&date.to_string(), "2024-03-04T18:30:00Z").await;
    db.core
        .give_feedback(&bob, date, &FeedbackInput { rating: Some(5), ..FeedbackInput::default() }, None)
        .await
        .unwrap();
    assert_eq!(db.core.recount().await.unwrap(), []);
    for (spoil, what) in [
        ("UPDATE registrations SET event_id = $1", "1 registrations name another event than the date's"),
        // Said of a date at which nobody is registered any more.
        ("UPDATE feedback SET event_id = $1", "1 pieces of feedback name another event than the date's"),
    ] {
        let mut tx = db.core.db().begin().await.unwrap();
        tx.query(Sql::same(spoil)).bind(other).execute().await.unwrap();
        tx.commit().await.unwrap();
        let found = db.core.recount().await.unwrap();
        assert_eq!(
            found.iter().map(|wrong| (wrong.occurrence, wrong.what.as_str())).collect::<Vec<_>>(),
            [(date, what)]
        );
        let mut tx = db.core.db().begin().await.unwrap();
        for mend in ["DELETE FROM registrations", "UPDATE occurrences SET seats_taken = 0"] {
            tx.query(Sql::same(mend)).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_edits_and_departures_at_once_leave_every_count_right(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let (core, other) = (&db.core, db.another().await);
    let ada = db.user("ada").await;
    let (event, date) = db.create_event(&ada, new_event().capacity(20)).await;
    let mut people = tokio::task::JoinSet::new();
    for number in 0..40_i64 {
        let who = db.user(&format!("person{number}")).await;
        let core = if number % 2 == 0 { core.clone() } else { other.clone() };
        people.spawn(async move {
            // Answers whether they have a place in the end. It may be closed to them, while more seats are taken than there are.
            let put = async |party| match core.register(&who, date, &Party::of(party)).await {
                Ok(_) => true,
                Err(Error::RegistrationClosed) => false,
                Err(other) => panic!("{other}"),
            };
            let came = put(number % 3 + 1).await;
            match number % 4 {
                0 => core.cancel_registration(&who, date).await.unwrap(),
                1 => core.delete_user(&who, id_of(&who), None).await.unwrap(),
                _ => return put(1).await || came,
            }
            false
        });
    }
    for capacity in [25, 15, 30, 10, 12] {
        core.change_event(&ada, event, &json!({"capacity": capacity}), None).await.unwrap();
    }
    let stayed = people.join_all().await.into_iter().filter(|stayed| *stayed).count();
    let (taken, waiting) = db.counts(date).await;
    assert!(taken >= 12 || waiting == 0, "{taken} sit, {waiting} wait");
    let all =
        db.number("SELECT count(*) FROM registrations WHERE status IN ('confirmed', 'waitlisted')").await;
    assert_eq!(usize::try_from(all).unwrap(), stayed);
    db.check().await;
}
