//! The changes of registrations that are published after commits, and their order.

use std::collections::BTreeSet;

use eventcore::changes::{CancelledBy, Change};
use eventcore::registrations::{Party, RegistrationStatus};
use eventcore::{OccurrenceId, PageRequest, RegistrationId};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use tests::{Kind, TestDb, id_of, new_event};

use super::changes::{input, published};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_on_registrations_are_told(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let [ada, bob, cid, dan] = db.people(["ada", "bob", "cid", "dan"]).await;
    let [bobs, cids, dans] = [&bob, &cid, &dan].map(id_of);
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(2)).await;
    let (core, mut changes) = (&db.core, db.core.changes());

    let bobs_place = db.register(&bob, occurrence, 2).await.id;
    db.register(&bob, occurrence, 2).await;
    let cids_place = db.register(&cid, occurrence, 1).await.id;
    let dan_added = input(json!({"username": "dan", "party_size": 1}));
    let dans_place = core.add_registration(&ada, occurrence, &dan_added).await.unwrap().registration.id;
    let expected = [
        Change::Registered { occurrence, registration: bobs_place, user: bobs },
        Change::Waitlisted { occurrence, registration: cids_place, user: cids },
        Change::Waitlisted { occurrence, registration: dans_place, user: dans },
    ];
    assert_eq!(published(&mut changes), expected);

    // A seat that a smaller party frees goes to the first who waits, one that an organizer frees to the next.
    db.register(&bob, occurrence, 1).await;
    for _ in 0..2 {
        core.remove_registration(&ada, occurrence, bobs_place, None).await.unwrap();
    }
    for _ in 0..2 {
        core.cancel_registration(&dan, occurrence, None).await.unwrap();
    }
    let by = CancelledBy::Organizer;
    let expected = [
        Change::RegistrationChanged { occurrence, registration: bobs_place, user: bobs },
        Change::Promoted { occurrence, registration: cids_place, user: cids },
        Change::RegistrationCancelled { occurrence, registration: bobs_place, user: bobs, by },
        Change::Promoted { occurrence, registration: dans_place, user: dans },
        Change::RegistrationCancelled {
            occurrence,
            registration: dans_place,
            user: dans,
            by: CancelledBy::Attendee,
        },
    ];
    assert_eq!(published(&mut changes), expected);

    for _ in 0..2 {
        core.check_in(&ada, cids_place, None).await.unwrap();
    }
    for _ in 0..2 {
        core.undo_check_in(&ada, cids_place, None).await.unwrap();
    }
    core.delete_user(&cid, cids, None).await.unwrap();
    let expected = [
        Change::CheckedIn { occurrence, registration: cids_place, user: cids },
        Change::CheckInUndone { occurrence, registration: cids_place, user: cids },
        Change::RegistrationCancelled {
            occurrence,
            registration: cids_place,
            user: cids,
            by: CancelledBy::AccountDeletion,
        },
        Change::AccountDeleted { user: cids },
    ];
    assert_eq!(published(&mut changes), expected);
}

/// Replays what was told of one-person registrations for an occurrence: at no time more people have seats
/// than there are, and nothing happens to a registration before it is made.
fn replay(told: &[Change], occurrence: OccurrenceId, seats: usize) -> BTreeSet<RegistrationId> {
    let (mut seated, mut waiting) = (BTreeSet::new(), BTreeSet::new());
    for change in told {
        match *change {
            Change::Registered { occurrence: of, registration, .. } if of == occurrence => {
                assert!(seated.insert(registration), "{change:?}");
            }
            Change::Waitlisted { occurrence: of, registration, .. } if of == occurrence => {
                assert!(waiting.insert(registration), "{change:?}");
            }
            Change::Promoted { occurrence: of, registration, .. } if of == occurrence => {
                assert!(waiting.remove(&registration) && seated.insert(registration), "{change:?}");
            }
            Change::RegistrationCancelled { occurrence: of, registration, .. } if of == occurrence => {
                assert!(waiting.remove(&registration) || seated.remove(&registration), "{change:?}");
            }
            _ => panic!("{change:?}"),
        }
        assert!(seated.len() <= seats, "{change:?}");
    }
    seated
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_in_the_order_of_their_commits(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let ada = db.user("ada").await;
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    let guests = db.guests(12).await;
    let mut changes = db.core.changes();
    let come_and_go = guests.iter().map(async |guest| {
        for round in 0..8 {
            db.core.register(guest, occurrence, &Party::of(1)).await.unwrap();
            if round < 7 {
                db.core.cancel_registration(guest, occurrence, None).await.unwrap();
            }
        }
    });
    join_all(come_and_go).await;
    // A commit that is told late holds back those after it.
    let last = db.core.add_comment(&ada, event, &input(json!({"body": "end"}))).await.unwrap().id;
    let mut told = Vec::new();
    loop {
        match changes.next().await.expect("a library that lives").expect("no loss") {
            Change::CommentPosted { comment, .. } if comment == last => break,
            change => told.push(change),
        }
    }
    let seated = replay(&told, occurrence, 4);
    let page = PageRequest::first(100);
    let live = db.core.registrations(&ada, occurrence, None, &page).await.unwrap();
    let live = live.items.into_iter().filter(|listed| listed.status == RegistrationStatus::Confirmed);
    assert_eq!(seated, live.map(|listed| listed.id).collect());
}
