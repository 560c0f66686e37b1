//! Mails of notifications: each that is wanted once, and none that is not true any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eventcore::db::{Queries, Sql};
use eventcore::mails::{DeliveryError, Mail, MailKind, OutgoingMail};
use eventcore::{Actor, EventCore, EventId, NotificationId, OccurrenceId, PageRequest};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, Mailbox, TestDb, at, id_of, new_event};

use super::changes::input;

/// A database with workers, and what they deliver.
pub(super) struct Office {
    pub(super) db: TestDb,
    mailbox: Arc<Mailbox>,
}

impl Office {
    /// With these users, whose addresses are verified.
    pub(super) async fn of<const N: usize>(kind: Kind, names: [&str; N]) -> (Self, [Actor; N]) {
        Self::with(kind, names, Mailbox::of).await
    }

    /// As [`Self::of`], with another mailer.
    async fn with<const N: usize>(
        kind: Kind,
        names: [&str; N],
        mailbox: impl FnOnce(&EventCore) -> Arc<Mailbox>,
    ) -> (Self, [Actor; N]) {
        let db = TestDb::new(kind).await;
        db.core.ensure_jobs().await.unwrap();
        db.core.run_due_jobs().await.unwrap();
        let people = db.people(names).await;
        db.verify_addresses().await;
        let mailbox = mailbox(&db.core);
        (Self { db, mailbox }, people)
    }

    /// Lets the workers do what is due five seconds later.
    pub(super) async fn mails(&self) -> Vec<OutgoingMail> {
        self.db.clock.advance(Duration::from_secs(5));
        self.mailbox.take(&self.db.core).await
    }

    /// As [`Self::mails`]: who was told what, sorted: `bob: reminder`.
    async fn told(&self) -> Vec<String> {
        let told = |mail: &OutgoingMail| format!("{}: {}", mail.username, mail.mail.kind());
        let mut told: Vec<String> = self.mails().await.iter().map(told).collect();
        told.sort();
        told
    }

    /// Changes users by SQL.
    pub(super) async fn set(&self, assignment: &str, name: &str) {
        let mut tx = self.db.core.db().begin().await.unwrap();
        let sql = format!("UPDATE users SET {assignment} WHERE username = $1");
        tx.query(Sql::dynamic(sql)).bind(name.to_owned()).execute().await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn comment(&self, who: &Actor, event: EventId, text: &str) {
        self.db.core.add_comment(who, event, &input(json!({"body": text}))).await.unwrap();
    }
}

/// The notifications that a mail is about.
fn notifications(mail: &OutgoingMail) -> Vec<NotificationId> {
    match &mail.mail {
        Mail::Notification { notifications, .. } => notifications.clone(),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_mailed_once_under_the_id_of_its_notification(#[case] kind: Kind) {
    let (office, [ada, bob, cid, dan]) = Office::of(kind, ["ada", "bob", "cid", "dan"]).await;
    let (db, core) = (&office.db, &office.db.core);
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(1)).await;
    let (mut mails, mut known) = (Vec::new(), BTreeSet::new());
    let mut expect = async |expected: &[&str]| {
        let mut taken = office.mails().await;
        taken.sort_by_key(|mail| format!("{} {}", mail.username, mail.mail.kind()));
        let told: Vec<String> =
            taken.iter().map(|mail| format!("{}: {}", mail.username, mail.mail.kind())).collect();
        assert_eq!(told, expected);
        mails.extend(taken);
        for who in [&ada, &bob, &cid, &dan] {
            let page = core.notifications(who, false, &PageRequest::first(100)).await.unwrap().page;
            known.extend(page.items.iter().map(|told| told.id.as_uuid()));
        }
    };
    let bobs = db.register(&bob, occurrence, 1).await;
    db.register(&cid, occurrence, 1).await;
    expect(&["bob: registration_confirmed", "cid: registration_waitlisted"]).await;
    core.cancel_registration(&bob, occurrence, None).await.unwrap();
    expect(&["cid: registration_promoted"]).await;
    core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
    expect(&["cid: event_changed"]).await;
    let asked = core.add_comment(&cid, event, &input(json!({"body": "Who *plays*?"}))).await.unwrap();
    let reply = input(json!({"body": "All do.", "parent_id": asked.id}));
    core.add_comment(&ada, event, &reply).await.unwrap();
    expect(&["ada: new_comment", "cid: comment_reply"]).await;
    db.clock.set(at("2027-03-03T18:30:05Z"));
    core.run_due_jobs().await.unwrap();
    expect(&["cid: reminder"]).await;
    let cids = core.my_registration(cid, occurrence).await.unwrap();
    core.remove_registration(&ada, occurrence, cids.id, None).await.unwrap();
    expect(&["cid: registration_cancelled"]).await;
    db.register(&dan, occurrence, 1).await;
    expect(&["dan: registration_confirmed"]).await;
    let past = db.create_event(&ada, new_event()).await.1;
    db.register(&bob, past, 1).await;
    expect(&["bob: registration_confirmed"]).await;
    core.cancel_event(&ada, event, None).await.unwrap();
    expect(&["dan: event_cancelled"]).await;
    db.clock.set(at("2027-03-05T18:30:00Z"));
    core.run_due_jobs().await.unwrap();
    office.mailbox.take(core).await;
    core.submit_feedback(&bob, past, &input(json!({"rating": 4, "body": "Fine"})), None).await.unwrap();
    expect(&["ada: feedback_received"]).await;
    expect(&[]).await;

    let mut ids = BTreeSet::new();
    for mail in &mails {
        assert!(known.contains(&mail.id.as_uuid()), "{mail:?}");
        assert_eq!(notifications(mail)[0].as_uuid(), mail.id.as_uuid());
        assert!(ids.insert(mail.id), "{mail:?}");
    }
    let kinds: BTreeSet<MailKind> = mails.iter().map(|mail| mail.mail.kind()).collect();
    let all: BTreeSet<MailKind> =
        MailKind::ALL.iter().copied().filter(|kind| !kind.is_about_account()).collect();
    assert_eq!(kinds, all);
    let first = mails[0].facts.as_ref().unwrap();
    let mine = first.registration.as_ref().unwrap();
    assert_eq!((&*first.title, mine.party_size), ("Evening", 1));
    assert_eq!(mine.ticket_code, bobs.ticket_code);
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_want_mails_at_a_verified_address_get_them(#[case] kind: Kind) {
    let names = ["ada", "bob", "cid", "dan", "eve", "fay", "gil"];
    let (office, [ada, bob, cid, dan, eve, fay, gil]) = Office::of(kind, names).await;
    let (event, occurrence) = office.db.create_event(&ada, new_event().capacity(10)).await;
    office.set("email_verified_at = NULL", "bob").await;
    office.set("email_bounced_at = created_at", "cid").await;
    office.set("disabled_at = created_at", "dan").await;
    let without = input(json!({"kinds": [{"kind": "registration_confirmed", "email": false}]}));
    office.db.core.set_notification_preferences(&eve, &without).await.unwrap();
    office.db.core.mute_event(&fay, event).await.unwrap();
    let by_mail_alone = input(json!({"kinds": [{"kind": "registration_confirmed", "in_app": false}]}));
    office.db.core.set_notification_preferences(&gil, &by_mail_alone).await.unwrap();
    for who in [&bob, &cid, &dan, &eve, &fay, &gil] {
        office.db.register(who, occurrence, 1).await;
    }
    assert_eq!(office.told().await, ["gil: registration_confirmed"]);
    // What they were not told then is not told afterwards.
    office.db.verify_addresses().await;
    office.set("email_bounced_at = NULL", "cid").await;
    assert_eq!(office.told().await, [] as [&str; 0]);
    assert_eq!(office.db.number("SELECT count(*) FROM notifications WHERE mail_due_at IS NOT NULL").await, 0);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_true_any_more_is_not_mailed(#[case] kind: Kind) {
    let names = ["ada", "bob", "cid", "dan", "eve", "fay", "gil", "hal"];
    let (office, [ada, bob, cid, dan, eve, fay, gil, hal]) = Office::of(kind, names).await;
    let (db, core) = (&office.db, &office.db.core);
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(9)).await;
    let (_, other) = db.create_event(&ada, new_event()).await;
    for who in [&bob, &cid, &dan, &eve, &fay, &gil, &hal] {
        db.register(who, occurrence, 1).await;
    }
    db.register(&hal, other, 1).await;
    // The mails are written, and their delivery fails; what happens then decides.
    for _ in 0..8 {
        office.mailbox.fail_next(DeliveryError::Temporary("away".to_owned()));
    }
    assert_eq!(office.told().await, [] as [&str; 0]);
    core.cancel_registration(&bob, occurrence, None).await.unwrap();
    core.mute_event(&cid, event).await.unwrap();
    let without = input(json!({"kinds": [{"kind": "registration_confirmed", "email": false}]}));
    core.set_notification_preferences(&dan, &without).await.unwrap();
    core.delete_user(&eve, id_of(&eve), None).await.unwrap();
    office.set("email_bounced_at = created_at", "fay").await;
    core.set_user_disabled(&Actor::System, "gil", true).await.unwrap();
    core.cancel_occurrence(&ada, other, None).await.unwrap();
    db.clock.advance(Duration::from_mins(1));
    // Others are told of the cancellation instead.
    assert_eq!(office.told().await, ["hal: event_cancelled", "hal: registration_confirmed"]);
    let dropped = "SELECT count(*) FROM mails WHERE state = 'dropped'";
    assert_eq!(db.number(dropped).await, 7, "bob twice, cid, dan, fay, gil, and hal once");

    // A reminder of what has moved since.
    db.clock.set(at("2027-03-04T17:30:00Z"));
    for _ in 0..2 {
        office.mailbox.fail_next(DeliveryError::Temporary("away".to_owned()));
    }
    core.run_due_jobs().await.unwrap();
    assert_eq!(office.told().await, [] as [&str; 0], "reminders of dan and hal");
    core.change_occurrence(&ada, occurrence, &json!({"starts_at": "2027-03-06T18:30:00Z"}), None)
        .await
        .unwrap();
    db.clock.advance(Duration::from_mins(1));
    let told = office.told().await;
    assert_eq!(told, ["dan: event_changed", "hal: event_changed"]);
    assert_eq!(db.number(dropped).await, 2, "both reminders; the others are pruned");
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_may_not_see_an_event_any_more_get_no_mail_about_it(#[case] kind: Kind) {
    let (office, [ada, bob, cid, gil]) = Office::of(kind, ["ada", "bob", "cid", "gil"]).await;
    let (db, core) = (&office.db, &office.db.core);
    let (event, occurrence) = db.create_event(&ada, new_event()).await;
    core.add_co_organizer(&ada, event, id_of(&gil)).await.unwrap();
    db.register(&bob, occurrence, 1).await;
    office.mails().await;
    let asked = core.add_comment(&cid, event, &input(json!({"body": "Who plays?"}))).await.unwrap();
    let reply = input(json!({"body": "All do.", "parent_id": asked.id}));
    core.add_comment(&bob, event, &reply).await.unwrap();
    core.change_event(&ada, event, &json!({"visibility": "private"}), None).await.unwrap();
    core.remove_co_organizer(&ada, event, id_of(&gil)).await.unwrap();
    let mails = office.mails().await;
    let told: Vec<&str> = mails.iter().map(|mail| &*mail.username).collect();
    assert_eq!(told, ["ada"], "cid sees the event no more, and gil organizes it no more");
    let facts = mails[0].facts.as_ref().unwrap();
    assert_eq!(facts.comments.len(), 2);
    assert_eq!(facts.page, None, "its page is for nobody who is not signed in");
    // Whose registration an organizer cancels is told what they knew, and no more.
    core.change_event(&ada, event, &json!({"title": "Secret"}), None).await.unwrap();
    let bobs = core.my_registration(bob, occurrence).await.unwrap();
    core.remove_registration(&ada, occurrence, bobs.id, None).await.unwrap();
    core.change_event(&ada, event, &json!({"title": "More secret"}), None).await.unwrap();
    let mails = office.mails().await;
    assert_eq!(mails.len(), 1);
    let facts = mails[0].facts.as_ref().unwrap();
    assert_eq!((mails[0].mail.kind(), &*facts.title), (MailKind::RegistrationCancelled, "Secret"));
    assert_eq!((&*facts.location, facts.page.as_deref(), facts.registration.as_ref()), ("", None, None));
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_gets_a_mail_for_their_calendar_if_they_were_invited_by_mail(#[case] kind: Kind) {
    let (office, [ada, bob, cid, dan, eve]) =
        Office::with(kind, ["ada", "bob", "cid", "dan", "eve"], Mailbox::inviting).await;
    let core = &office.db.core;
    let leave =
        async |who: &Actor, occurrence| core.cancel_registration(who, occurrence, None).await.unwrap();
    let (event, occurrence) =
        office.db.create_event(&ada, new_event().starts_at("2027-11-04T18:30:00").capacity(3)).await;
    // Dan takes no mails about seats, but others.
    let seats_off = input(json!({"kinds": [{"kind": "registration_confirmed", "email": false}]}));
    core.set_notification_preferences(&dan, &seats_off).await.unwrap();
    for who in [&bob, &cid, &dan] {
        office.db.register(who, occurrence, 1).await;
    }
    assert_eq!(office.told().await, ["bob: registration_confirmed", "cid: registration_confirmed"]);
    leave(&bob, occurrence).await;
    leave(&dan, occurrence).await;
    let mails = office.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let facts = mails[0].facts.as_ref().unwrap();
    let invitation = facts.invitation.as_ref().unwrap();
    assert_eq!((&*mails[0].username, facts.own, invitation.method.as_str()), ("bob", true, "CANCEL"));
    assert!(core.notifications(&dan, false, &PageRequest::first(9)).await.unwrap().page.items.len() == 1);

    // Who leaves before the mail is written was not invited.
    office.db.register(&bob, occurrence, 1).await;
    leave(&bob, occurrence).await;
    assert_eq!(office.told().await, [] as [&str; 0]);
    // Who is registered again needs no end of it.
    office.db.register(&bob, occurrence, 1).await;
    assert_eq!(office.told().await, ["bob: registration_confirmed"]);
    leave(&bob, occurrence).await;
    office.db.register(&bob, occurrence, 1).await;
    assert_eq!(office.told().await, ["bob: registration_confirmed"]);

    // Who has only waited was not, though the change was mailed to them too.
    office.db.register(&dan, occurrence, 1).await;
    office.db.register(&eve, occurrence, 1).await;
    assert_eq!(office.told().await, ["eve: registration_waitlisted"]);
    core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
    core.run_due_jobs().await.unwrap();
    let changed = ["bob", "cid", "dan", "eve"].map(|name| format!("{name}: event_changed"));
    assert_eq!(office.told().await, changed);
    leave(&eve, occurrence).await;
    assert_eq!(office.told().await, [] as [&str; 0]);

    // After a month it is not known any more to whom mails were sent.
    office.db.register(&eve, occurrence, 1).await;
    assert_eq!(office.told().await, ["eve: registration_waitlisted"]);
    office.db.clock.advance(Duration::from_hours(40 * 24));
    core.run_due_jobs().await.unwrap();
    office.mails().await;
    leave(&eve, occurrence).await;
    assert_eq!(office.told().await, [] as [&str; 0]);
    // The event is cancelled before the mail is sent. Dan's calendar had the change, but is forgotten.
    leave(&cid, occurrence).await;
    leave(&dan, occurrence).await;
    core.cancel_event(&ada, event, None).await.unwrap();
    assert_eq!(office.told().await, ["bob: event_cancelled", "cid: registration_cancelled"]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_comments_on_an_event_become_one_mail_an_hour(#[case] kind: Kind) {
    let (office, [ada, bob, cid]) = Office::of(kind, ["ada", "bob", "cid"]).await;
    let db = &office.db;
    let (event, _) = db.create_event(&ada, new_event()).await;
    let (other, _) = db.create_event(&ada, new_event()).await;
    let authors = |mails: &[OutgoingMail]| -> Vec<usize> {
        mails.iter().map(|mail| mail.facts.as_ref().unwrap().comments.len()).collect()
    };
    office.comment(&bob, event, "one").await;
    assert_eq!(authors(&office.mails().await), [1]);
    for n in 0..50 {
        db.clock.advance(Duration::from_mins(1));
        office.comment(if n % 2 == 0 { &bob } else { &cid }, event, "more").await;
        assert_eq!(office.told().await, [] as [&str; 0], "{n}");
    }
    office.comment(&bob, other, "another event").await;
    assert_eq!(authors(&office.mails().await), [1]);
    db.clock.advance(Duration::from_mins(10));
    let mails = office.mails().await;
    assert_eq!(authors(&mails), [50]);
    assert_eq!(notifications(&mails[0]).len(), 50);
    db.clock.advance(Duration::from_hours(2));
    assert_eq!(office.told().await, [] as [&str; 0]);
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_audience_is_mailed_in_batches_after_the_mails_to_single_people(#[case] kind: Kind) {
    let (office, [ada, bob]) = Office::of(kind, ["ada", "bob"]).await;
    let (db, core) = (&office.db, &office.db.core);
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(1_000)).await;
    let guests = db.guests(700).await;
    for guest in &guests {
        db.register(guest, occurrence, 1).await;
    }
    db.clock.advance(Duration::from_secs(5));
    core.run_due_jobs().await.unwrap();
    db.verify_addresses().await;
    core.cancel_event(&ada, event, None).await.unwrap();
    // The whole audience is told by a job, and mails are written after that.
    core.run_due_jobs().await.unwrap();
    let (_, next): (_, OccurrenceId) = db.create_event(&ada, new_event()).await;
    db.register(&bob, next, 1).await;
    let mails = office.mails().await;
    assert_eq!(mails.len(), 701);
    let place = mails.iter().position(|mail| mail.username == "bob").unwrap();
    assert_eq!(mails[place].mail.kind(), MailKind::RegistrationConfirmed);
    assert_eq!(place, 0, "before the others");
    let people: BTreeSet<&str> = mails.iter().map(|mail| &*mail.username).collect();
    assert_eq!(people.len(), 701);
    assert_eq!(office.told().await, [] as [&str; 0]);
}
