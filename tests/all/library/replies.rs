//! Replies to mails about an event go to its organizer, if they say so.

use std::time::Duration;

use eventcore::mails::MailKind;
use eventcore::{Actor, Error};
use rstest::rstest;
use serde_json::json;
use tests::{Kind, id_of, new_event};

use super::changes::input;
use super::notification_mails::Office;

/// Who was told what, and where replies go.
async fn told(office: &Office) -> Vec<(String, MailKind, Option<String>)> {
    let told = office.mails().await.into_iter().map(|mail| {
        let kind = mail.mail.kind();
        let to = mail.facts.and_then(|facts| facts.reply_to);
        (mail.username, kind, to.map(|to| format!("{} <{}>", to.name, to.address)))
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

async fn take_replies(office: &Office, actor: &Actor, user: &Actor, takes: bool) -> Result<(), Error> {
    let patch = json!({"takes_replies": takes});
    let changed = office.db.core.change_user(actor, id_of(user), &patch, None).await?;
    assert_eq!(changed.takes_replies, takes);
    Ok(())
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_go_to_an_organizer_who_takes_them(#[case] kind: Kind) {
    let (office, [ada, bob, cid]) = Office::of(kind, ["ada", "bob", "cid"]).await;
    let (db, core) = (&office.db, &office.db.core);
    let (event, occurrence) = db.create_event(&ada, new_event().capacity(1)).await;
    core.add_co_organizer(&ada, event, id_of(&cid)).await.unwrap();
    take_replies(&office, &cid, &cid, true).await.unwrap();
    db.register(&bob, occurrence, 1).await;
    let confirmed = |to: Option<&str>| {
        vec![("bob".to_owned(), MailKind::RegistrationConfirmed, to.map(ToOwned::to_owned))]
    };
    assert_eq!(told(&office).await, confirmed(None), "the organizer has not said so");

    take_replies(&office, &ada, &ada, true).await.unwrap();
    core.change_event(&ada, event, &json!({"location": "Attic"}), None).await.unwrap();
    let ada_address = "ada <ada@example.org>";
    let of = |name: &str, kind, to: Option<&str>| (name.to_owned(), kind, to.map(ToOwned::to_owned));
    assert_eq!(told(&office).await, [of("bob", MailKind::EventChanged, Some(ada_address))]);
    // What others write is answered where they wrote it.
    let asked = core.add_comment(&bob, event, &input(json!({"body": "Who plays?"}))).await.unwrap();
    let reply = input(json!({"body": "All do.", "parent_id": asked.id}));
    core.add_comment(&ada, event, &reply).await.unwrap();
    let comments = told(&office).await;
    assert!(comments.len() == 3 && comments.iter().all(|(.., to)| to.is_none()), "{comments:?}");
    // The organizer needs no address of their own.
    db.register(&ada, occurrence, 1).await;
    assert_eq!(told(&office).await, [of("ada", MailKind::RegistrationWaitlisted, None)]);

    // An address that takes no mails, or that may be another's, takes no replies either.
    for (assignment, undone) in [
        ("email_verified_at = NULL", "email_verified_at = created_at"),
        ("email_bounced_at = created_at", "email_bounced_at = NULL"),
        ("disabled_at = created_at", "disabled_at = NULL"),
    ] {
        let (_, next) = db.create_event(&ada, new_event()).await;
        office.set(assignment, "ada").await;
        db.register(&bob, next, 1).await;
        assert_eq!(told(&office).await, confirmed(None), "{assignment}");
        office.set(undone, "ada").await;
        let (_, next) = db.create_event(&ada, new_event()).await;
        db.register(&bob, next, 1).await;
        assert_eq!(told(&office).await, confirmed(Some(ada_address)), "{undone}");
    }

    // What holds is decided when the mail is delivered.
    let (_, next) = db.create_event(&ada, new_event()).await;
    db.register(&bob, next, 1).await;
    take_replies(&office, &ada, &ada, false).await.unwrap();
    assert_eq!(told(&office).await, confirmed(None));
    db.check().await;
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_see_the_event_no_more_learn_no_address(#[case] kind: Kind) {
    let (office, [ada, bob]) = Office::of(kind, ["ada", "bob"]).await;
    let (db, core) = (&office.db, &office.db.core);
    take_replies(&office, &ada, &ada, true).await.unwrap();
    for (visibility, address) in [("public", Some("ada@example.org")), ("private", None)] {
        let (event, occurrence) = db.create_event(&ada, new_event()).await;
        let bobs = db.register(&bob, occurrence, 1).await;
        core.change_event(&ada, event, &json!({"visibility": visibility}), None).await.unwrap();
        office.mails().await;
        core.remove_registration(&ada, occurrence, bobs.id, None).await.unwrap();
        let mails = office.mails().await;
        assert_eq!(mails.len(), 1, "{visibility}");
        assert_eq!(mails[0].mail.kind(), MailKind::RegistrationCancelled);
        let to = mails[0].facts.as_ref().unwrap().reply_to.as_ref();
        assert_eq!(to.map(|to| &*to.address), address, "{visibility}");
    }
}

#[rstest]
#[case::sqlite(Kind::Sqlite)]
#[case::postgres(Kind::Postgres)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_users_publish_their_own_address(#[case] kind: Kind) {
    let (office, [ada, bob]) = Office::of(kind, ["ada", "bob"]).await;
    let admin = office.db.admin("root").await;
    for actor in [&admin, &Actor::System, &bob] {
        let refused = take_replies(&office, actor, &ada, true).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "{actor:?}");
    }
    take_replies(&office, &ada, &ada, true).await.unwrap();
    // What an admin changes leaves it, and they may turn it off.
    let renamed = json!({"display_name": "Countess"});
    let changed = office.db.core.change_user(&admin, id_of(&ada), &renamed, None).await.unwrap();
    assert!(changed.takes_replies);
    take_replies(&office, &admin, &ada, false).await.unwrap();
    // It ends with the account.
    take_replies(&office, &bob, &bob, true).await.unwrap();
    office.db.clock.advance(Duration::from_secs(1));
    office.db.core.delete_user(&bob, id_of(&bob), None).await.unwrap();
    assert_eq!(office.db.number("SELECT count(*) FROM users WHERE takes_replies").await, 0);
}
