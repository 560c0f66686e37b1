//! What was committed, read afterwards by any process.

use std::sync::Arc;
use std::time::Duration;

use eventcore::accounts::ExternalUser;
use eventcore::changes::Change;
use eventcore::error::Cause;
use eventcore::registrations::Party;
use eventcore::{ChangeCursor, Error, EventCore, ManualClock, Result};
use rstest::rstest;
use tests::{Kind, TestDb, id_of, new_event};

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn committed_changes_are_read_once_by_any_process(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let week = Duration::from_hours(7 * 24);
    let open = async || {
        let clock: Arc<ManualClock> = db.clock.clone();
        EventCore::builder().url(&db.url).clock(clock).keep_changes(week).open().await.unwrap()
    };
    let (writer, reader) = (open().await, open().await);
    assert_eq!(
        db.core.changes_after(&ChangeCursor::BEGINNING).await.unwrap_err().cause(),
        Some(Cause::WrongSetting)
    );
    let ada = db.user("ada").await;
    let (_, occurrence) = db.create_event(&ada, new_event().capacity(100)).await;
    let mut cursor = reader.change_cursor().await.unwrap();

    // Transactions that overlap: each change is read once, and none is missed.
    let mut guests = Vec::new();
    for n in 0..40 {
        guests.push(db.user(&format!("guest-{n}")).await);
    }
    let party = Party::default();
    let calls = guests.iter().map(|guest| writer.register(guest, occurrence, &party));
    let all = futures_util::future::join_all(calls);
    tokio::pin!(all);
    let mut read = Vec::new();
    loop {
        let done = tokio::select! {
            outcomes = &mut all => {
                assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
                true
            }
            more = reader.changes_after(&cursor) => {
                let more = more.unwrap();
                assert!(more.is_complete);
                read.extend(more.changes);
                cursor = more.next.to_string().parse().unwrap();
                false
            }
        };
        if done {
            break;
        }
    }
    // One that is rolled back is never read.
    let failed: Result<()> = writer
        .transact(async |tx| {
            tx.core().cancel_registration(&guests[0], occurrence, None).await?;
            Err(Error::Overloaded)
        })
        .await;
    failed.unwrap_err();
    let rest = reader.changes_after(&cursor).await.unwrap();
    read.extend(rest.changes);
    let mut users: Vec<_> = read
        .iter()
        .map(|change| match change {
            Change::Registered { user, .. } => *user,
            other => panic!("{other:?}"),
        })
        .collect();
    users.sort();
    let mut expected: Vec<_> = guests.iter().map(id_of).collect();
    expected.sort();
    assert_eq!(users, expected);
    assert!(reader.changes_after(&rest.next).await.unwrap().changes.is_empty());

    // One that begins first and ends last is read when it has ended, and after what it has seen.
    let late = rest.next;
    let held = writer.begin_transaction().await.unwrap();
    held.core().cancel_registration(&guests[0], occurrence, None).await.unwrap();
    let seen = reader.changes_after(&late).await.unwrap();
    assert!(seen.changes.is_empty());
    held.commit().await.unwrap();
    let seen = reader.changes_after(&seen.next).await.unwrap();
    assert!(matches!(seen.changes[..], [Change::RegistrationCancelled { .. }]), "{seen:?}");

    // After the time for which they are kept they are gone, and whoever has not read them is told so.
    db.clock.advance(week + Duration::from_mins(1));
    writer.ensure_jobs().await.unwrap();
    writer.run_due_jobs().await.unwrap();
    let forgotten = reader.changes_after(&late).await.unwrap();
    assert!(forgotten.changes.is_empty() && !forgotten.is_complete, "{forgotten:?}");
    // Once older transactions of other tests, on the same server, have ended.
    tests::wait_until("a new cursor misses nothing", async || {
        let cursor = reader.change_cursor().await.unwrap();
        reader.changes_after(&cursor).await.unwrap().is_complete
    })
    .await;
    writer.close().await;
    reader.close().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changes_are_read_in_parts(#[case] kind: Kind) {
    let db = TestDb::new(kind).await;
    let clock: Arc<ManualClock> = db.clock.clone();
    let day = Duration::from_hours(24);
    let core = EventCore::builder().url(&db.url).clock(clock).keep_changes(day).open().await.unwrap();
    let mut created = Vec::new();
    for n in 0..1_203 {
        let member = ExternalUser::new(format!("member-{n}@example.org"), format!("Member {n}"));
        created.push(core.user_for(&n.to_string(), &member).await.unwrap().id);
    }
    let (mut cursor, mut read, mut rounds) = (ChangeCursor::BEGINNING, Vec::new(), 0);
    loop {
        let part = core.changes_after(&cursor).await.unwrap();
        read.extend(part.changes);
        cursor = part.next.to_string().parse().unwrap();
        rounds += 1;
        if !part.has_more {
            break;
        }
    }
    assert!(rounds > 2, "{rounds}");
    let users: Vec<_> = read
        .iter()
        .map(|change| match change {
            Change::AccountCreated { user, .. } => *user,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(users, created);
    core.close().await;
}
